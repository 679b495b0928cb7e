"""How far does a value lead back along one line?

Where all but one of the steps back from a value are barred, and that one is no gate, a walker has no choice. Such steps
make a *run*. Whoever walks along one is taken to where it ends in logarithmic time, by jump pointers (Myers 1983).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from shortcut_audit.search.lineage import UNIT, Lineage
from shortcut_audit.search.steps import Step
from shortcut_audit.search.trails import Trail, Trails


class _Place(NamedTuple):
    """A value on a run."""

    over: int
    """The value that it leads back to; itself at the end of the run. So does `jump`, some steps further."""
    jump: int
    depth: int
    """How many steps the end is away, and what they cost."""
    cost: int
    slot: int
    level: int


class Runs:
    """The runs of one graph, as far as they have been asked for."""

    __slots__ = ("_along", "_known", "lineage", "trails")

    def __init__(self, lineage: Lineage) -> None:
        self.lineage = lineage
        self._known: dict[int, _Place] = {}
        self.trails = Trails(lineage.values)
        self._along: dict[tuple[Trail, int], Trail] = {}

    def leap(self, number: int, stops: Callable[[int], bool]) -> tuple[int, int] | None:
        """Where a walker comes to by a run, and what that costs; None where none begins.

        It is the first value where it `stops`, or the end. What lies behind a value where it stops must be such, too.
        """
        place = self._place(number)
        if not place.depth:
            return None
        here = place
        at = number
        while here.depth and (at == number or not stops(at)):
            at = here.over if stops(here.jump) else here.jump
            here = self._known[at]
        return at, place.cost - here.cost

    def along(self, trail: Trail, number: int) -> Trail:
        """The trail that goes on along a run to a value. What several have in common is gone along once."""
        new = []
        while number != trail.number and (trail, number) not in self._along:
            new.append(number)
            number = self._known[number].over
        further = trail if number == trail.number else self._along[trail, number]
        for each in reversed(new):
            place = self._known[each]
            further = self._along[trail, each] = self.trails.on(further, each, place.slot, place.level)
        return further

    def _place(self, number: int) -> _Place:
        walked = []
        while number not in self._known:
            step = self._only(number)
            if step is None:
                self._known[number] = _Place(number, number, 0, 0, 0, 0)
            else:
                walked.append((number, step))
                number = step[0]
        place = self._known[number]
        for each, (over, level, slot) in reversed(walked):
            far = self._known[place.jump]
            even = place.depth - far.depth == far.depth - self._known[far.jump].depth
            place = _Place(over, far.jump if even else over, place.depth + 1, place.cost + UNIT[level], slot, level)
            self._known[each] = place
        return place

    def _only(self, number: int) -> tuple[int, int, int] | None:
        """The one step back from a value that a walker may take, if it is no gate; None where there are others."""
        if self.lineage.multiplies(number):
            return None
        steps = [step for step in self.lineage.parents(number) if step[1] != Step.NONLINEAR]
        return steps[0] if len(steps) == 1 and steps[0][1] != Step.GATE else None

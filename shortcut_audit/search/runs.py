"""How far does a value lead back along one line?

Where all but one of the steps back from a value are barred, or lead to values from which none leads on, a walker has no
choice. Such steps make a *run*. Whoever walks along one is taken to where it ends in logarithmic time, by jump pointers
(Myers 1983), unless another operand reads what stands beside it. No gate is passed after a learned map: there are runs
of gates and what is cheaper than a map, and runs without gates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from shortcut_audit.search import gates
from shortcut_audit.search.holdings import as_set
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.prices import UNIT
from shortcut_audit.search.steps import Step
from shortcut_audit.search.trails import Trail, Trails


class _Only(NamedTuple):
    """The one step back from a value by which a walker may go on."""

    over: int
    slot: int
    level: int
    beside: frozenset[int]
    """What else the walker would come to, and the gates that he passes with what they are computed from."""


class _Place(NamedTuple):
    """A value on a run."""

    over: int
    """The value that it leads back to; itself at the end of the run. So does `jump`, some steps further."""
    jump: int
    depth: int
    """How many steps the end is away, and what they cost."""
    cost: int
    end: int


class Runs:
    """The runs of one graph, as far as they have been asked for."""

    __slots__ = ("_along", "_cheap", "_plain", "_steps", "lineage", "trails")

    def __init__(self, lineage: Lineage) -> None:
        self.lineage = lineage
        self.trails = Trails(lineage.values)
        self._along: dict[tuple[Trail, int], Trail] = {}
        self._steps = _Steps(lineage)
        self._cheap = _Lines(lineage, self._steps, barred=Step.LINEAR)
        self._plain = _Lines(lineage, self._steps, barred=Step.GATE)

    def leap(
        self, number: int, cost: int, stops: Callable[[int], bool], others: Callable[[], int] = int
    ) -> tuple[int, int] | None:
        """Where a walker that has come at some cost is taken by a run, and what that costs; None where none begins.

        It is the first value where it `stops`, or the end. What lies behind a value where it stops must be such, too.
        `others` are the values that other operands are computed from, as a set: none of them may stand beside the run.
        Of two runs the one that leads further is taken.
        """
        kinds = (self._cheap, self._plain) if cost < UNIT[Step.LINEAR] else (self._plain,)
        found = (lines.leap(number, stops, others) for lines in kinds)
        return min((leapt for leapt in found if leapt is not None), default=None)

    def along(self, trail: Trail, number: int) -> Trail:
        """The trail that goes on along a run to a value. What several have in common is gone along once."""
        new = list[tuple[int, _Only]]()
        while number != trail.number and (trail, number) not in self._along:
            step = self._steps.back(number)
            assert step is not None, "a walker has come by a run"
            new.append((number, step))
            number = step.over
        further = trail if number == trail.number else self._along[trail, number]
        for each, step in reversed(new):
            further = self._along[trail, each] = self.trails.on(further, each, step.slot, step.level)
        return further


class _Steps:
    """The one step back from each value, as far as it has been asked for."""

    __slots__ = ("_known", "_lineage")

    def __init__(self, lineage: Lineage) -> None:
        self._lineage = lineage
        self._known: dict[int, _Only | None] = {}

    def back(self, number: int) -> _Only | None:
        """The one step back from a value that leads on; None where there is none."""
        if number not in self._known:
            self._known[number] = self._found(number)
        return self._known[number]

    def _found(self, number: int) -> _Only | None:
        """The one step back from a value that leads on; None where there are others, or a matrix is the gate.

        From a sum of linear maps of a value that it adds itself the step to that value is the only one: no other way
        is cheaper, and none may end before it.
        """
        parents = self._lineage.parents(number)
        steps = [step for step in parents if step[1] != Step.NONLINEAR]
        if len(steps) < len(parents) and self._lineage.multiplies(number):
            return None
        entry = self._lineage.added_up(number)
        summed = [step for step in steps if step[0] == entry]
        if summed:
            steps = summed[:1]  # no way may end before it, and all are as dear
        onward = [step for step in steps if not self._is_end(step[0])] if len(steps) > 1 else steps
        if len(onward) != 1:
            return None
        ((over, level, slot),) = onward
        beside = frozenset(parent for parent, _, _ in steps) - {over}
        passed = gates.past(self._lineage, number, slot) if level == Step.GATE else beside
        return _Only(over, slot, level, beside | passed)

    def _is_end(self, number: int) -> bool:
        """Whether no step leads on from a value."""
        return all(level == Step.NONLINEAR for _, level, _ in self._lineage.parents(number))


class _Lines:
    """Runs of steps of some classes."""

    __slots__ = ("_barred", "_beside", "_known", "_places", "_steps")

    def __init__(self, lineage: Lineage, steps: _Steps, *, barred: Step) -> None:
        """Those that `steps` make, without any of the class that is `barred`."""
        self._places = lineage.ancestry.places
        self._steps, self._barred = steps, barred
        self._known: dict[int, _Place] = {}
        self._beside: dict[int, int] = {}
        """By the end of a run, all that stands beside what leads there, as a set of bits."""

    def leap(self, number: int, stops: Callable[[int], bool], others: Callable[[], int]) -> tuple[int, int] | None:
        """As `Runs.leap`."""
        place = self._place(number)
        beside = self._beside.get(place.end, 0)
        if not place.depth or (beside and beside & others() & (1 << self._places.of_value[number]) - 1):
            return None
        here, at = place, number
        while here.depth and (at == number or not stops(at)):
            at = here.over if stops(here.jump) else here.jump
            here = self._known[at]
        return at, place.cost - here.cost

    def _place(self, number: int) -> _Place:
        walked = []
        while number not in self._known:
            step = self._steps.back(number)
            if step is None or step.level == self._barred:
                self._known[number] = _Place(number, number, 0, 0, number)
            else:
                walked.append((number, step))
                number = step.over
        place = self._known[number]
        if walked:
            beside = as_set(self._places.of_value[each] for _, step in walked for each in step.beside)
            self._beside[place.end] = self._beside.get(place.end, 0) | beside
        for each, step in reversed(walked):
            far = self._known[place.jump]
            even = place.depth - far.depth == far.depth - self._known[far.jump].depth
            cost = place.cost + UNIT[step.level]
            place = _Place(step.over, far.jump if even else step.over, place.depth + 1, cost, place.end)
            self._known[each] = place
        return place

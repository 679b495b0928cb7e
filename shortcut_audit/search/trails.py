"""Which steps lead from a fork to a value?

Trails that begin alike share what they have in common, step by step: a thousand sums behind one route of a thousand
steps hold a thousand steps, and what is asked of a trail is answered from what is known of the one before its last
step.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, TypeVar

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Op, Value
from shortcut_audit.search.steps import Step

State = TypeVar("State")


@frozen
class Link:
    """One step of a route: the op that makes it, the slot by which it is entered, and what it does to what passes."""

    op: Op
    slot: int
    step: Step
    number: int
    """Number of the value that it makes."""


Test = Callable[[Link], bool]
"""Something that a step may be."""


class Trail:
    """The steps from a fork to a value, in this order. One that is made of the same steps is the same trail."""

    __slots__ = ("_jump", "_known", "before", "last", "length", "number", "serial")

    def __init__(
        self,
        number: int,
        serial: int,
        known: dict[Hashable, dict[int, Any]],
        before: Trail | None = None,
        last: Link | None = None,
    ) -> None:
        """`number` is that of the value it leads to; `known` what has been asked of all trails, by their serial."""
        self.number = number
        self.serial = serial
        self.before = before
        """The trail without its last step; None where there is no step."""
        self.last = last
        self.length: int = 0 if before is None else before.length + 1
        self._known = known
        self._jump = None if before is None else before.leap()

    @property
    def jump(self) -> Trail:
        """One of its beginnings, by which shorter ones are found fast (Myers 1983); itself where there is no step."""
        return self if self._jump is None else self._jump

    def leap(self) -> Trail:
        """The jump of a trail that is one step longer."""
        far = self.jump
        return far.jump if self.length - far.length == far.length - far.jump.length else self

    def __len__(self) -> int:
        return self.length

    def _back(self) -> Iterator[tuple[Trail, Link]]:
        at: Trail | None = self
        while at is not None and at.last is not None:
            yield at, at.last
            at = at.before

    def __iter__(self) -> Iterator[Link]:
        """The steps, from the fork on."""
        return reversed([link for _, link in self._back()])

    def _start(self, length: int) -> Trail:
        """The trail of so many of the first steps."""
        at = self
        while at.length > length:
            at = at.jump if at.jump.length >= length or at.before is None else at.before
        return at

    def up_to(self, number: int) -> Trail:
        """The longest of its beginnings that leads to no later value than this one; its fork where none does."""
        at = self
        while at.number > number and at.before is not None:
            at = at.jump if at.jump.number > number else at.before
        return at

    def leads_through(self, number: int) -> bool:
        """Whether a value is its fork, or made by one of its steps."""
        return self.up_to(number).number == number

    def ends(self, count: int) -> tuple[tuple[Link, ...], tuple[Link, ...]]:
        """The first and the last steps, half of `count` of each; all of them as the first where there are no more."""
        if self.length <= count:
            return tuple(self), ()
        last = [link for _, (_, link) in zip(range(count // 2), self._back(), strict=False)]
        return tuple(self._start(count // 2)), tuple(reversed(last))

    def fold(self, key: Hashable, start: State, onward: Callable[[State, Trail], State]) -> State:
        """What comes of `start` when each step has been added in turn; kept under a key. It must hold no trail."""
        known, new, at = self._known.setdefault(key, {}), list[Trail](), self
        while at.before is not None and at.serial not in known:
            new.append(at)
            at = at.before
        found: State = known.get(at.serial, start)
        for each in reversed(new):
            found = known[each.serial] = onward(found, each)
        return found

    def first(self, test: Test, key: Hashable = None) -> Trail | None:
        """The trail up to the first step that passes a test; None where none does. Kept under a key, or the test."""

        def onward(found: int, trail: Trail) -> int:
            return found or (trail.length if trail.last is not None and test(trail.last) else 0)

        length = self.fold(key or test, 0, onward)
        return self._start(length) if length else None

    def latest(self, test: Test) -> Trail | None:
        """The trail up to the last step that passes a test; None where none does. Kept under the test."""

        def onward(found: int, trail: Trail) -> int:
            return trail.length if trail.last is not None and test(trail.last) else found

        length = self.fold(("latest", test), 0, onward)
        return self._start(length) if length else None

    def any(self, test: Test, key: Hashable = None) -> bool:
        """Whether any step passes a test."""
        return self.first(test, key) is not None


class Trails:
    """The trails of one search."""

    __slots__ = ("_asked", "_known", "_starts", "_values")

    def __init__(self, values: Sequence[Value]) -> None:
        self._values = values
        self._starts: dict[int, Trail] = {}
        self._known: dict[tuple[Trail, int, int, int], Trail] = {}
        self._asked: dict[Hashable, dict[int, Any]] = {}

    def at(self, fork: int) -> Trail:
        """The trail of no step."""
        if fork not in self._starts:
            self._starts[fork] = Trail(fork, self._serial(), self._asked)
        return self._starts[fork]

    def on(self, before: Trail, number: int, slot: int, level: int) -> Trail:
        """The trail that goes on to a value, by a slot of its op, through a step of a class."""
        key = before, number, slot, level
        if key not in self._known:
            op = self._values[number].op
            assert op is not None, "a route leads through ops"
            self._known[key] = Trail(number, self._serial(), self._asked, before, Link(op, slot, Step(level), number))
        return self._known[key]

    def _serial(self) -> int:
        """A number that no trail has yet."""
        return len(self._starts) + len(self._known)

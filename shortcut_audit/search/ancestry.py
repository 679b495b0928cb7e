"""From which values is a value computed, and through which one value does all of its past pass?

One sweep over a graph answers for all merges. The past of a value is a set of bits, kept only as long as somebody is
still to read it. The value through which all of a past passes is its *dominator*: in a graph without cycles the lowest
common ancestor, among dominators, of what the value is computed from (Cooper, Harvey, Kennedy 2001), found in
logarithmic time by jump pointers (Myers 1983).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from functools import reduce


class Dominators:
    """The tree of dominators of what has been entered, in topological order.

    What is computed from nothing hangs on a root of its own that stands for no value.
    """

    __slots__ = ("_depth", "_jump", "_over", "_root")

    def __init__(self, size: int) -> None:
        self._root = size
        self._over = [size] * (size + 1)
        self._jump = [size] * (size + 1)
        self._depth = [0] * (size + 1)

    def enter(self, number: int, above: Sequence[int]) -> None:
        """Takes in one value, given what it is computed from."""
        over, depth, jump = reduce(self._common, above) if above else self._root, self._depth, self._jump
        self._over[number], depth[number] = over, depth[over] + 1
        far = jump[over]
        jump[number] = jump[far] if depth[over] - depth[far] == depth[far] - depth[jump[far]] else over

    def of(self, number: int) -> int | None:
        """The nearest value before another one through which all of that one's past passes."""
        over = self._over[number]
        return None if over == self._root else over

    def common(self, numbers: Sequence[int]) -> int | None:
        """The nearest value through which all passes that some values are computed from, or one of them."""
        found = reduce(self._common, numbers)
        return None if found == self._root else found

    def _common(self, one: int, other: int) -> int:
        over, depth, jump = self._over, self._depth, self._jump
        if depth[one] < depth[other]:
            one, other = other, one
        level = depth[other]
        while depth[one] > level:
            one = jump[one] if depth[jump[one]] >= level else over[one]
        while one != other:
            one, other = (jump[one], jump[other]) if jump[one] != jump[other] else (over[one], over[other])
        return one


class Ancestry:
    """A sweep over the values of a graph, as far as it has been asked for."""

    __slots__ = ("_above", "_next", "_own", "_parting", "_past", "_pinned", "_pins", "_place", "_read", "dominators")

    def __init__(self, above: Sequence[Sequence[int]], sums: Iterable[Sequence[int]]) -> None:
        """Nothing is entered yet.

        `above`: what each value is computed from. `sums`: the operands of the sums whose pasts are asked for, each with
        the result behind them, in the order in which they will be. Only operands and what is read twice have bits of
        their own: whatever is computed from a value that is read once is computed from its reader.
        """
        self._above = above
        reads, self._read = [0] * len(above), list(range(len(above)))
        for number, read in enumerate(above):
            for given in read:
                reads[given] += 1
                self._read[given] = number
        self._pins: dict[int, int] = {}
        self._pinned: deque[tuple[int, Sequence[int]]] = deque()
        latest = 0
        for *operands, result in sums:
            latest = max(latest, result, *operands)
            self._pinned.append((latest, operands))
            for number in operands:
                reads[number] += 1 if reads[number] else 2
                self._pins[number] = latest
        self._own = [count > 1 for count in reads]
        """Whether two routes may part at a value."""
        self._parting = [number for number, own in enumerate(self._own) if own]
        self._place = self._placed()
        self._past: dict[int, int] = {}
        self._next = 0
        self.dominators = Dominators(len(above))

    def _placed(self) -> list[int]:
        """The bit that stands for each value; -1 for one from which nothing is computed."""
        places, last = [-1] * len(self._own), len(self._parting)
        for number in reversed(range(len(places))):
            if self._own[number]:
                places[number] = last = last - 1
            elif self._read[number] > number:
                places[number] = places[self._read[number]]
        return places

    def past(self, number: int) -> int:
        """All that an operand is computed from, and itself, as a set of bits (`holds`)."""
        self._reach(number)
        return self._past[number]

    def kept(self, number: int) -> int | None:
        """The past of a value, if it is still at hand."""
        return self._past.get(number)

    def dominator(self, number: int) -> int | None:
        """The nearest value before another one through which all of that one's past passes."""
        self._reach(number)
        return self.dominators.of(number)

    def is_read_again(self, number: int) -> bool:
        """Whether a value has readers that have not been reached."""
        return self._read[number] >= self._next

    def _reach(self, number: int) -> None:
        while self._next <= number:
            self._enter(self._next)
            self._next += 1

    def holds(self, past: int, number: int) -> bool:
        """Whether a value is in a past."""
        place = self._place[number]
        return place >= 0 and bool(past >> place & 1)

    def earliest(self, past: int) -> int | None:
        """The earliest value of a past that has a bit of its own; None where there is none."""
        return self._parting[(past & -past).bit_length() - 1] if past else None

    def _enter(self, number: int) -> None:
        above, kept = self._above[number], self._past
        self.dominators.enter(number, above)
        past = kept[above[0]] if above else 0
        for given in above[1:]:
            if kept[given] is not past:
                past |= kept[given]
        if self._own[number]:
            past |= 1 << self._place[number]
        if self._read[number] > number or number in self._pins:
            kept[number] = past
        for given in set(above):
            if self._read[given] == number and given not in self._pins:
                del kept[given]
        self._forget(number)

    def _forget(self, number: int) -> None:
        """Lets go of the operands of sums that lie behind."""
        kept = self._past
        while self._pinned and self._pinned[0][0] < number:
            for given in self._pinned.popleft()[1]:
                if self._pins.get(given, number) < number:
                    del self._pins[given]
                    if self._read[given] < number:
                        kept.pop(given, None)

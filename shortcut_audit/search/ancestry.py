"""From which values is a value computed, and through which one value does all of its past pass?

One sweep over a graph answers for all merges. The past of a value is a set of bits, kept only as long as somebody is
still to read it; what is computed from a value is another one, and what lies between two values is in both. The value
through which all of a past passes is its *dominator*: in a graph without cycles the lowest common ancestor, among
dominators, of what the value is computed from (Cooper, Harvey, Kennedy 2001), found in logarithmic time by jump
pointers (Myers 1983).
"""

from __future__ import annotations

from collections import Counter, deque
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


class Places:
    """Where values stand in a set of bits, and ops: where the value that they make stands, or before several."""

    __slots__ = ("of_op", "of_value", "standing")

    def __init__(self, together: Sequence[int]) -> None:
        """`together`: for each value, in topological order, the first one that its op makes."""
        several, first = Counter(together), dict[int, int]()
        self.of_value: list[int] = []
        self.of_op: list[int] = []
        """For each value, where the op stands that makes it."""
        self.standing: list[int] = []
        """What stands at each place; before several that one op makes, the first of them."""
        for number, made in enumerate(together):
            if several[made] > 1 and made not in first:
                first[made] = len(self.standing)
                self.standing.append(number)
            self.of_value.append(len(self.standing))
            self.of_op.append(first.get(made, len(self.standing)))
            self.standing.append(number)

    def marks(self, number: int) -> int:
        """A value and the op that makes it, as a set of bits."""
        of_op, of_value = self.of_op[number], self.of_value[number]
        return 1 << of_value if of_op == of_value else 1 << of_op | 1 << of_value


BLOCKS, BLOCKS_KEPT = 16, 4
"""In how many blocks a large graph is swept a second time, and of how many what was found is held in memory."""

BLOCK = 1 << 10
"""The fewest values of a block."""


class Descent:
    """What is computed from each value that several others read, as sets of bits.

    The sets of a large graph would take more memory than all the rest: those of a block of values are made when one of
    them is asked for, from what was known behind the block.
    """

    __slots__ = ("_above", "_behind", "_blocks", "_places", "_reads", "_size")

    def __init__(self, above: Sequence[Sequence[int]], places: Places) -> None:
        self._above = above
        self._places = places
        self._reads = Counter(given for read in above for given in set(read))
        self._size = max(BLOCK, -(-len(above) // BLOCKS))
        self._behind: dict[int, dict[int, int]] = {}
        """For each block, by what it reads that lies before it or in it, what is computed from that behind it."""
        self._blocks: dict[int, dict[int, int]] = {}
        waiting: dict[int, int] = {}
        for block in reversed(range(-(-len(above) // self._size))):
            self._behind[block] = dict(waiting)
            self._keep(block, self._swept(block, waiting))

    def of(self, number: int) -> int | None:
        """The values that are computed from another one, itself not, and their ops; None where only one reads it."""
        if self._reads[number] < 2:
            return None
        block = number // self._size
        found = self._blocks.pop(block, None)
        if found is None:
            found = self._swept(block, dict(self._behind[block]))
        self._keep(block, found)
        return found[number]

    def _keep(self, block: int, found: dict[int, int]) -> None:
        self._blocks[block] = found
        if len(self._blocks) > BLOCKS_KEPT:
            del self._blocks[next(iter(self._blocks))]

    def _swept(self, block: int, waiting: dict[int, int]) -> dict[int, int]:
        """What is computed from the values of a block, which are taken out of what waits."""
        found: dict[int, int] = {}
        for number in reversed(range(block * self._size, min((block + 1) * self._size, len(self._above)))):
            below = waiting.pop(number, 0)
            if self._reads[number] > 1:
                found[number] = below
            if self._above[number]:
                below |= self._places.marks(number)
            for given in set(self._above[number]):
                known = waiting.get(given)
                waiting[given] = below if known is None else known | below
        return found


class Ancestry:
    """A sweep over the values of a graph, as far as it has been asked for."""

    __slots__ = ("_above", "_descent", "_next", "_past", "_pinned", "_pins", "_read", "dominators", "places")

    def __init__(
        self, above: Sequence[Sequence[int]], sums: Iterable[Sequence[int]], together: Sequence[int] | None = None
    ) -> None:
        """Nothing is entered yet.

        `above`: what each value is computed from. `sums`: the operands of the sums whose pasts are asked for, each with
        the result behind them, in the order in which they will be. `together`: as in `Places`.
        """
        self._above = above
        self.places = Places(range(len(above)) if together is None else together)
        self._read = list(range(len(above)))
        for number, read in enumerate(above):
            for given in read:
                self._read[given] = number
        self._pins: dict[int, int] = {}
        self._pinned: deque[tuple[int, Sequence[int]]] = deque()
        latest = 0
        for *operands, result in sums:
            latest = max(latest, result, *operands)
            self._pinned.append((latest, operands))
            for number in operands:
                self._pins[number] = latest
        self._past: dict[int, int] = {}
        self._next = 0
        self._descent: Descent | None = None
        self.dominators = Dominators(len(above))
        for number, read in enumerate(above):
            self.dominators.enter(number, read)

    @property
    def descent(self) -> Descent:
        """A sweep the other way, made when it is first asked for."""
        if self._descent is None:
            self._descent = Descent(self._above, self.places)
        return self._descent

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
        return bool(past >> self.places.of_value[number] & 1)

    def earliest(self, past: int) -> int | None:
        """The earliest value of a past; None where there is none."""
        return self.places.standing[(past & -past).bit_length() - 1] if past else None

    def _enter(self, number: int) -> None:
        above, kept = self._above[number], self._past
        past = kept[above[0]] if above else 0
        for given in above[1:]:
            if kept[given] is not past:
                past |= kept[given]
        if self._read[number] > number or number in self._pins:
            kept[number] = past | self.places.marks(number)
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

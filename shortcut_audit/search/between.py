"""What lies between the forks of a merge and its operands, and how dear is the cheapest route through it?

One pass over what the search has seen answers for all ways at once. Where the whole past of a merge passes through one
value, the stretch between the two is *closed*: it is measured once, and later searches leap over it.
"""

from __future__ import annotations

from collections.abc import Iterable

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Op
from shortcut_audit.operators.table import is_weight_layer
from shortcut_audit.search.extent import NOTHING, Extent
from shortcut_audit.search.lineage import UNIT, Lineage
from shortcut_audit.search.steps import Step
from shortcut_audit.search.walk import Exploration


@frozen
class Reached:
    """The ways (as bits) that lead from their fork to one value."""

    levels: tuple[int, ...]
    """The ways with a route of no dearer steps than a class, class by class. The last one holds all ways that lead
    here."""
    working: int
    """The ways that do real work before they are here."""
    mixing: int
    """The ways that mix positions before they are here."""
    weighing: int
    """The ways that read learned weights before they are here."""


UNREACHED = Reached((0,) * len(Step), 0, 0, 0)


class Between:
    """For each way of an exploration: what lies between its fork and the operands, and how dear the cheapest route is.

    One pass in topological order serves all ways: they are bits, one for all that have fork and cut in common. A way
    that cuts something out (walk.Way) has a second: by it its own operand is looked at, by the first what the others do
    beside it.
    """

    __slots__ = ("_beside", "_forks", "_leaps", "_lineage", "_out", "_own", "_reached")

    def __init__(self, lineage: Lineage, exploration: Exploration) -> None:
        self._lineage = lineage
        self._forks: list[int] = []
        self._leaps = exploration.leaps
        self._out: dict[int, int] = {}
        bits: dict[tuple[int, frozenset[int]], int] = {}
        self._beside = [self._bit(bits, way.fork, way.cut) for way in exploration.ways]
        self._own = [self._bit(bits, way.fork, frozenset()) for way in exploration.ways]
        self._reached = self._spread(exploration.cones)

    def _bit(self, bits: dict[tuple[int, frozenset[int]], int], fork: int, cut: frozenset[int]) -> int:
        if (fork, cut) not in bits:
            bit = bits[fork, cut] = len(self._forks)
            self._forks.append(fork)
            for number in cut - {fork}:
                self._out[number] = self._out.get(number, 0) | 1 << bit
        return bits[fork, cut]

    def beside(self, way: int) -> int:
        """The bit by which the other operands are looked at, from a way's fork beside what it cuts out."""
        return self._beside[way]

    def own(self, way: int) -> int:
        """The bit by which a way's own operand is looked at."""
        return self._own[way]

    def _spread(self, seen: Iterable[int]) -> dict[int, Reached]:
        starts: dict[int, int] = {}
        for position, fork in enumerate(self._forks):
            starts[fork] = starts.get(fork, 0) | 1 << position
        first = min(starts, default=0)
        reached: dict[int, Reached] = {}
        for number in sorted(number for number in seen if number >= first):
            here = self._arrivals(number, reached, starts.get(number, 0))
            if here is not None:
                reached[number] = here
        return reached

    def parents(self, number: int) -> tuple[tuple[int, int, int], ...]:
        """(parent, step class, input slot) of what a value is computed from; of a closed stretch, where it begins."""
        if number in self._leaps:
            return ((self._lineage.closed[number][0], int(Step.NONLINEAR), 0),)
        return self._lineage.parents(number)

    def _extent(self, number: int) -> Extent:
        """What stands between a value and its parents: its op, or the closed stretch that was leapt over."""
        if number in self._leaps:
            return self._lineage.closed[number][1]
        op = self._lineage.values[number].op
        return NOTHING if op is None else self._lineage.measure.of(op)

    def _arrivals(self, number: int, reached: dict[int, Reached], starting: int) -> Reached | None:
        levels = [0] * len(Step)
        working = mixing = weighing = 0
        for parent, level, _ in self.parents(number):
            above = reached.get(parent)
            if above is not None:
                working |= above.working
                mixing |= above.mixing
                weighing |= above.weighing
                for dearer in range(level, len(Step)):  # by steps of this class, and so by dearer ones, too
                    levels[dearer] |= above.levels[dearer]
        arriving = levels[-1]
        if not arriving and not starting:
            return None
        if arriving:
            extent = self._extent(number)
            working |= arriving if extent.working else 0
            mixing |= arriving if extent.mixing else 0
            weighing |= arriving if extent.parameters or extent.tied else 0
        if starting:
            levels = [level | starting for level in levels]
        lost = self._out.get(number, 0)
        if lost:
            levels = [level & ~lost for level in levels]
        kept = ~(starting | lost)  # at its fork a way has met nothing yet
        return Reached(tuple(levels), working & kept, mixing & kept, weighing & kept)

    def reached(self, operand: int) -> Reached:
        """The ways that lead to a value, and how they do."""
        return self._reached.get(operand, UNREACHED)

    def extent(self, bit: int, operands: Iterable[int]) -> Extent:
        """What lies between a way's fork and some values."""
        total, last = NOTHING, None
        for number in self.region(bit, operands):
            op = self._lineage.values[number].op
            if op is not last or number in self._leaps:
                total += self._extent(number)
            last = op
        return total

    def cost(self, bit: int, operand: int) -> int:
        """What the cheapest route from a way's fork to a value costs; the value must be computed from the fork."""
        costs = {self._forks[bit]: 0}
        for number in self.region(bit, [operand]):
            costs[number] = min(costs[p] + UNIT[level] for p, level, _ in self.parents(number) if p in costs)
        return costs[operand]

    def layers_in_series(self, bit: int, operand: int) -> int | None:
        """The most weight layers in a row between a way's fork and a value; None if what lies there is not linear."""
        deep = {self._forks[bit]: 0}
        for number in self.region(bit, [operand]):
            op = self._lineage.values[number].op
            above = [(deep[p], level) for p, level, _ in self.parents(number) if p in deep]
            if op is None or any(level > Step.LINEAR for _, level in above):
                return None
            deep[number] = max(layers for layers, _ in above) + is_weight_layer(op)
        return deep[operand]

    def ops(self, bit: int, operands: Iterable[int]) -> tuple[Op, ...]:
        """The ops between a way's fork and some values, leapt-over ones included."""
        return self._ops(self.region(bit, operands))

    def passed(self, bit: int, operand: int) -> tuple[Op, ...]:
        """The ops between a way's fork and a value through which anything of the fork passes.

        What only tells a selection what to select is not among them (theory: selection).
        """
        return self._ops(self.region(bit, [operand], steered=False))

    def _ops(self, numbers: Iterable[int]) -> tuple[Op, ...]:
        found: dict[Op, None] = {}
        for number in numbers:
            inside = self._interior(number) if number in self._leaps else [number]
            found.update((op, None) for n in inside if (op := self._lineage.values[n].op) is not None)
        return tuple(found)

    def region(self, bit: int, operands: Iterable[int], *, steered: bool = True) -> list[int]:
        """The values computed from a way's fork from which any of `operands` is computed; the fork itself is not.

        `steered`: whether what tells a selection what to select is followed, too.
        """
        fork = self._forks[bit]
        found = {number for number in operands if number != fork and self.reached(number).levels[-1] >> bit & 1}
        waiting = list(found)
        while waiting:
            number = waiting.pop()
            for parent, _, slot in self.parents(number):
                if not steered and self._lineage.steers(number, slot):
                    continue
                if parent != fork and parent not in found and self.reached(parent).levels[-1] >> bit & 1:
                    found.add(parent)
                    waiting.append(parent)
        return sorted(found)

    def _interior(self, result: int) -> list[int]:
        entry = self._lineage.closed[result][0]
        found, waiting = {result}, [result]
        while waiting:
            for parent, _, _ in self._lineage.parents(waiting.pop()):
                if parent > entry and parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return sorted(found)


def close(lineage: Lineage, result: int, inside: Iterable[int], exploration: Exploration) -> None:
    """Notes the stretch between a merge's result and the one value through which all of its past passes, if any.

    `inside`: what the merge makes between its operands and its result.
    """
    if exploration.entry is None or any(level != Step.NONLINEAR for _, level, _ in lineage.parents(result)):
        return  # open, or walkers may pass through the result
    entry = exploration.entry
    total, seen = NOTHING, set()
    # In topological order the values that one op makes need not be neighbours: `seen`.
    for number in sorted([*(n for n in exploration.cones if n > entry), *inside, result]):
        op = lineage.values[number].op
        if number in exploration.leaps:
            total += lineage.closed[number][1]
        elif op is not None and op not in seen:
            seen.add(op)
            total += lineage.measure.of(op)
    lineage.closed[result] = (entry, total)

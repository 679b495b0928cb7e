"""What lies between an addition and the values that its operands have in common, and what does each way cost?

The search walks outward from one merge, in reverse topological order, and stops as soon as no operand can find a
cheaper way back: its cost grows with what a shortcut spans, not with the model. No path is ever enumerated.

A *walker* follows one operand back along its cheapest route, and stops at the first value that lies in the cone of
another operand: a possible fork. The cost of a route counts its steps by class, the dearest class first; it is kept
in one integer, CLASS_BITS bits a class, so that costs add and compare as numbers do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import TypeAlias

from shortcut_audit.extent import NOTHING, Extent, Measure
from shortcut_audit.graph import ModelGraph, Op, Value
from shortcut_audit.operators import OPERATORS, REDUCTIONS, Kinship, Step, step

CLASS_BITS = 32
"""A route has fewer than 2**32 steps of one class."""

PATIENCE = 512
"""How many values more a search looks at when no cheaper way can be found, for an earlier fork at the same cost."""

HURRY = 8
"""How much faster it loses patience when there is nothing left to find but the value through which all passes."""

_Stand: TypeAlias = tuple[int, int, int, int]
"""Where a walker stands: cost so far; the value it came from, the input slot and the class of that step."""

UNIT: tuple[int, ...] = (0, *(1 << (CLASS_BITS * level) for level in Step if level > Step.VIEW))
"""The cost of one step, by class. Views cost nothing."""


def dearest(cost: int) -> Step:
    """The dearest class among the steps of a route of this cost."""
    return Step(max(cost.bit_length() - 1, 0) // CLASS_BITS)


class Lineage:
    """A graph, prepared for walking back: values as numbers in topological order, parents with their step class.

    Merges are looked at in topological order, and each one whose whole past passes through one value *closes* the
    stretch between the two: a later search that comes upon its result leaps to that value, and takes what lies between
    from the extent noted here. Nested skips then cost what they add, not what they span.
    """

    __slots__ = ("_origins", "_parents", "_roots", "_sources", "closed", "graph", "measure", "number", "values")

    def __init__(self, graph: ModelGraph) -> None:
        self.graph = graph
        self.measure = Measure(graph)
        self.values: tuple[Value, ...] = tuple(graph.values.values())
        self.number = {name: i for i, name in enumerate(graph.values)}
        self.closed: dict[int, tuple[int, Extent]] = {}
        """For a merge's result: the one value through which all of its past passes, and what lies between."""
        self._parents: list[tuple[tuple[int, int, int], ...] | None] = [None] * len(self.values)
        self._roots = self._trace(_is_pointwise)
        self._origins = self._trace(_makes_statistics)
        self._sources: list[int] | None = None

    def parents(self, number: int) -> tuple[tuple[int, int, int], ...]:
        """(parent, step class, input slot) of everything that a value is computed from."""
        known = self._parents[number]
        if known is None:
            known = self._parents[number] = tuple(self._steps_into(self.values[number].op))
        return known

    def _steps_into(self, op: Op | None) -> Iterator[tuple[int, int, int]]:
        if op is None:
            return
        read = [(self.number[given], slot) for slot, given in enumerate(op.inputs) if isinstance(given, str)]
        kinship = self._kinship([parent for parent, _ in read])
        for parent, slot in read:
            yield parent, int(step(self.graph, op, slot, kinship)), slot

    def _kinship(self, read: list[int]) -> Kinship:
        if len({self._roots[parent] for parent in read}) == 1:
            return Kinship.SAME_ELEMENT
        return Kinship.STATISTIC if len({self._origins[parent] for parent in read}) == 1 else Kinship.STRANGERS

    def _trace(self, through: Callable[[Op], bool]) -> list[int]:
        """For each value, the one value that it is computed from by such ops alone; itself where there is none."""
        found = list(range(len(self.values)))
        for number, value in enumerate(self.values):
            if value.op is not None and through(value.op):
                above = {found[self.number[given]] for given in value.op.inputs if isinstance(given, str)}
                if len(above) == 1:
                    found[number] = above.pop()
        return found

    def sources(self, number: int) -> int:
        """The model's inputs (values computed from no value) that a value depends on, as a set of bits."""
        if self._sources is None:
            self._sources = self._all_sources()
        return self._sources[number]

    def _all_sources(self) -> list[int]:
        found: list[int] = []
        origins = 0
        for value in self.values:
            bits = 0
            for given in value.op.inputs if value.op else ():
                if isinstance(given, str):
                    bits |= found[self.number[given]]
            if not bits:
                bits, origins = 1 << origins, origins + 1
            found.append(bits)
        return found


def _is_pointwise(op: Op) -> bool:
    row = OPERATORS.get(op.kind)
    return row is not None and row.pointwise


def _makes_statistics(op: Op) -> bool:
    """Whether statistics of a value stay such: weightless element-wise ops and reductions."""
    return op.kind in REDUCTIONS or (_is_pointwise(op) and not any(weight.learned for weight in op.weights()))


@dataclass(frozen=True, slots=True)
class Way:
    """One operand's cheapest way back to a value that another operand is computed from, too."""

    operand: int
    """Position of the operand in the merge."""
    fork: int
    """Number of the value where the way ends."""
    cost: int
    links: tuple[tuple[int, int, int], ...]
    """(value, input slot by which the way enters its op, step class), from fork to merge."""


@dataclass(slots=True)
class Exploration:
    """What a search around one merge has seen."""

    ways: list[Way] = field(default_factory=list)
    """The cheapest way of each operand that has one, cheapest first; the earlier fork where two cost the same."""
    cones: dict[int, int] = field(default_factory=dict)
    """For each value seen: the operands that are computed from it, as a set of bits."""
    leaps: frozenset[int] = frozenset()
    """The values seen from which the search leapt over a closed stretch."""
    entry: int | None = None
    """The one value through which everything seen passes, if there is one."""


def explore(lineage: Lineage, operands: Sequence[int], offsets: Sequence[int]) -> Exploration:
    """Walks back from the operands of one merge until no cheaper way can be found.

    `operands` are value numbers, `offsets` what each has cost already (a negation). Values are taken in reverse
    topological order, so that all that is computed from a value has been seen when its own turn comes: which operands
    it feeds, and the cheapest way to it, are then final. When no cheaper way can be found, the search goes on for a few
    values more, for an earlier fork at the same cost, and for the one value through which everything passes.
    """
    walkers = _Walkers(lineage, operands, offsets)
    cones: dict[int, int] = {}
    for position, operand in enumerate(operands):
        cones[operand] = cones.get(operand, 0) | 1 << position
    heap = [-operand for operand in cones]
    heapify(heap)
    everyone = (1 << len(operands)) - 1
    patience, leaps, entry = PATIENCE, set(), None
    seen: dict[int, int] = {}
    while heap and (walkers.hopeful or patience > 0):
        number = -heappop(heap)
        cone = seen[number] = cones.pop(number)
        if not walkers.hopeful:
            patience -= 1 if walkers.standing else HURRY
        walkers.arrive(number, cone)
        if entry is None and not heap and cone == everyone:
            entry = number
            patience = 0
        closed = lineage.closed.get(number)
        if closed is not None and (not heap or -heap[0] <= closed[0]):
            leaps.add(number)
            above: Iterable[int] = (closed[0],)
        else:
            above = [parent for parent, _, _ in lineage.parents(number)]
        for parent in above:
            if parent not in cones:
                cones[parent] = 0
                heappush(heap, -parent)
            cones[parent] |= cone
    return Exploration(walkers.ways(), seen, frozenset(leaps), entry)


class _Walkers:
    """The walkers of one search: where each operand's stands, what it has cost, and how it came there."""

    def __init__(self, lineage: Lineage, operands: Sequence[int], offsets: Sequence[int]) -> None:
        self._lineage = lineage
        self._fronts: list[dict[int, _Stand]] = [
            {operand: (offset, -1, 0, 0)} for operand, offset in zip(operands, offsets, strict=True)
        ]
        self._trails: list[dict[int, _Stand]] = [{} for _ in operands]
        self._best: dict[int, tuple[int, int]] = {}
        self.hopeful = len(operands)
        """How many stands may still find a cheaper way than is known. The others can only find an earlier fork."""

    @property
    def standing(self) -> bool:
        """Whether any walker can still move."""
        return any(self._fronts)

    def arrive(self, number: int, cone: int) -> None:
        """All walkers that stand at a value settle there if it is shared, or move on to its parents."""
        shared = cone & (cone - 1)
        for position in _bits(cone):
            stand = self._fronts[position].pop(number, None)
            if stand is not None:
                self.hopeful -= stand[0] < self._limit(position)
                self._trails[position][number] = stand
                if shared:
                    self._settle(position, number, stand[0])
                else:
                    self._advance(position, number, stand[0])

    def _limit(self, position: int) -> int:
        """What a way of an operand must cost less than, to be news."""
        return self._best[position][0] if position in self._best else UNIT[Step.NONLINEAR]

    def _settle(self, position: int, fork: int, cost: int) -> None:
        """Takes note of a fork, and drops the stands from which no better one can be found."""
        limit, front = self._limit(position), self._fronts[position]
        if cost > limit:
            return
        self._best[position] = (cost, fork)
        for number, stand in list(front.items()):
            self.hopeful -= cost <= stand[0] < limit
            if stand[0] > cost:
                del front[number]

    def _advance(self, position: int, number: int, cost: int) -> None:
        front, limit = self._fronts[position], self._limit(position)
        for parent, level, slot in self._lineage.parents(number):
            further = cost + UNIT[level]
            if further > limit or level == Step.NONLINEAR or (level == Step.GATE and cost >= UNIT[Step.LINEAR]):
                continue  # a learned map of a gated value is a nonlinear layer (GLU, Shazeer 2020), no gated shortcut
            known = front.get(parent)
            if known is None or further < known[0]:
                self.hopeful += (further < limit) - (known is not None and known[0] < limit)
                front[parent] = (further, number, slot, level)

    def ways(self) -> list[Way]:
        """The way of each operand that found a fork, cheapest first, the earlier fork where two cost the same."""
        found = [Way(p, fork, cost, self._links(p, fork)) for p, (cost, fork) in self._best.items()]
        return sorted(found, key=lambda way: (way.cost, way.fork))

    def _links(self, position: int, fork: int) -> tuple[tuple[int, int, int], ...]:
        trail = self._trails[position]
        links = []
        _, child, slot, level = trail[fork]
        while child >= 0:
            links.append((child, slot, level))
            _, child, slot, level = trail[child]
        return tuple(links)


def _bits(cone: int) -> Iterator[int]:
    while cone:
        low = cone & -cone
        yield low.bit_length() - 1
        cone ^= low


@dataclass(frozen=True, slots=True)
class Reached:
    """Which ways (bits) lead from their fork to one value."""

    levels: tuple[int, ...]
    """By step class: the ways with a route of no dearer steps than that. The last one: all ways that lead here."""
    working: int
    """The ways that do real work before they are here."""
    mixing: int
    """The ways that mix positions before they are here."""


UNREACHED = Reached((0,) * len(Step), 0, 0)


class Between:
    """For each way of an exploration: what lies between its fork and the operands, and how dear the cheapest route is.

    One pass in topological order serves all ways: they are bits.
    """

    __slots__ = ("_leaps", "_lineage", "_reached", "_ways")

    def __init__(self, lineage: Lineage, exploration: Exploration) -> None:
        self._lineage = lineage
        self._ways = exploration.ways
        self._leaps = exploration.leaps
        self._reached = self._spread(exploration.cones)

    def _spread(self, seen: Iterable[int]) -> dict[int, Reached]:
        starts: dict[int, int] = {}
        for position, way in enumerate(self._ways):
            starts[way.fork] = starts.get(way.fork, 0) | 1 << position
        first = min(starts, default=0)
        reached: dict[int, Reached] = {}
        for number in sorted(number for number in seen if number >= first):
            here = self._arrivals(number, reached, starts.get(number, 0))
            if here is not None:
                reached[number] = here
        return reached

    def _parents(self, number: int) -> tuple[tuple[int, int, int], ...]:
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
        working = mixing = 0
        for parent, level, _ in self._parents(number):
            above = reached.get(parent)
            if above is not None:
                working |= above.working
                mixing |= above.mixing
                for dearer in range(level, len(Step)):
                    levels[dearer] |= above.levels[dearer]
        arriving = levels[-1]
        if not arriving and not starting:
            return None
        if arriving:
            extent = self._extent(number)
            working |= arriving if extent.working else 0
            mixing |= arriving if extent.mixing else 0
        if starting:
            levels = [level | starting for level in levels]
        return Reached(tuple(levels), working & ~starting, mixing & ~starting)

    def reached(self, operand: int) -> Reached:
        """Which ways lead to a value, and how."""
        return self._reached.get(operand, UNREACHED)

    def extent(self, way: int, operands: Iterable[int]) -> Extent:
        """What lies between a way's fork and some values."""
        total, last = NOTHING, None
        for number in self._region(way, operands):
            op = self._lineage.values[number].op
            if op is not last or number in self._leaps:
                total += self._extent(number)
            last = op
        return total

    def cost(self, way: int, operand: int) -> int:
        """What the cheapest route from a way's fork to a value costs; the value must be computed from the fork."""
        costs = {self._ways[way].fork: 0}
        for number in self._region(way, [operand]):
            costs[number] = min(costs[p] + UNIT[level] for p, level, _ in self._parents(number) if p in costs)
        return costs[operand]

    def ops(self, way: int, operands: Iterable[int]) -> tuple[Op, ...]:
        """The ops between a way's fork and some values, leapt-over ones included."""
        found: dict[Op, None] = {}
        for number in self._region(way, operands):
            inside = self._interior(number) if number in self._leaps else [number]
            found.update((op, None) for n in inside if (op := self._lineage.values[n].op) is not None)
        return tuple(found)

    def _region(self, way: int, operands: Iterable[int]) -> list[int]:
        """The values computed from a way's fork from which any of `operands` is computed; the fork itself is not."""
        fork = self._ways[way].fork
        found = {number for number in operands if number != fork and self.reached(number).levels[-1] >> way & 1}
        waiting = list(found)
        while waiting:
            for parent, _, _ in self._parents(waiting.pop()):
                if parent != fork and parent not in found and self.reached(parent).levels[-1] >> way & 1:
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
    for number in sorted([*(n for n in exploration.cones if n > entry), *inside, result]):
        op = lineage.values[number].op
        if number in exploration.leaps:
            total += lineage.closed[number][1]
        elif op is not None and op not in seen:
            seen.add(op)
            total += lineage.measure.of(op)
    lineage.closed[result] = (entry, total)

"""What lies between an addition and the values that its operands have in common, and what does each way cost?

The search walks outward from one merge, in reverse topological order, and stops as soon as no operand can find a
cheaper way back: its cost grows with what a shortcut spans, not with the model. No path is ever enumerated.

A *walker* follows one operand back along its cheapest route, and stops at the first value that lies in the cone of
another operand: a possible fork. The cost of a route counts its steps by class, the dearest class first; it is kept
in one integer, CLASS_BITS bits a class, so that costs add and compare as numbers do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from shortcut_audit.graph import ModelGraph, Op, Value
from shortcut_audit.operators import OPERATORS, Step, does_work, mixes, step

CLASS_BITS = 32
"""A route has fewer than 2**32 steps of one class."""

UNIT: tuple[int, ...] = tuple(1 << (CLASS_BITS * level) for level in Step)
"""The cost of one step, by class."""


def dearest(cost: int) -> Step:
    """The dearest class among the steps of a route of this cost."""
    return Step(max(cost.bit_length() - 1, 0) // CLASS_BITS)


class Lineage:
    """A graph, prepared for walking back: values as numbers in topological order, parents with their step class."""

    __slots__ = ("_parents", "_roots", "_sources", "graph", "number", "values")

    def __init__(self, graph: ModelGraph) -> None:
        self.graph = graph
        self.values: tuple[Value, ...] = tuple(graph.values.values())
        self.number = {name: i for i, name in enumerate(graph.values)}
        self._parents: list[tuple[tuple[int, int, int], ...] | None] = [None] * len(self.values)
        self._roots = self._pointwise_roots()
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
        same_element = len({self._roots[parent] for parent, _ in read}) == 1
        for parent, slot in read:
            yield parent, int(step(self.graph, op, slot, same_element)), slot

    def _pointwise_roots(self) -> list[int]:
        """For each value, the value that it is an element-wise function of: x for x * sigmoid(x), or itself."""
        roots = list(range(len(self.values)))
        for number, value in enumerate(self.values):
            row = OPERATORS.get(value.op.kind) if value.op else None
            if value.op is not None and row is not None and row.pointwise:
                above = {roots[self.number[given]] for given in value.op.inputs if isinstance(given, str)}
                if len(above) == 1:
                    roots[number] = above.pop()
        return roots

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


def explore(lineage: Lineage, operands: Sequence[int], offsets: Sequence[int]) -> Exploration:
    """Walks back from the operands of one merge until no cheaper way can be found.

    `operands` are value numbers, `offsets` what each has cost already (a negation). Values are taken in reverse
    topological order, so that all that is computed from a value has been seen when its own turn comes: which operands
    it feeds, and the cheapest way to it, are then final.
    """
    cones: dict[int, int] = {}
    walkers: list[dict[int, tuple[int, int, int, int]]] = [{} for _ in operands]
    trails: list[dict[int, tuple[int, int, int]]] = [{} for _ in operands]
    best: dict[int, tuple[int, int]] = {}
    heap: list[int] = []
    for position, (operand, offset) in enumerate(zip(operands, offsets, strict=True)):
        if operand not in cones:
            heappush(heap, -operand)
        cones[operand] = cones.get(operand, 0) | 1 << position
        walkers[position][operand] = (offset, -1, 0, 0)
    alive = len(operands)
    seen: dict[int, int] = {}
    while heap and alive:
        number = -heappop(heap)
        cone = seen[number] = cones.pop(number)
        shared = cone & (cone - 1)
        for position in _bits(cone):
            walker = walkers[position].pop(number, None)
            if walker is None:
                continue
            alive -= 1
            cost, *link = walker
            trails[position][number] = (link[0], link[1], link[2])
            if shared:
                alive -= _settle(best, position, number, cost, walkers[position])
            else:
                limit = best[position][0] if position in best else UNIT[Step.NONLINEAR]
                alive += _advance(lineage, number, cost, limit, walkers[position])
        for parent, _, _ in lineage.parents(number):
            if parent not in cones:
                cones[parent] = 0
                heappush(heap, -parent)
            cones[parent] |= cone
    ways = [Way(p, fork, cost, _links(trails[p], fork)) for p, (cost, fork) in best.items()]
    ways.sort(key=lambda way: (way.cost, way.fork))
    return Exploration(ways, seen)


def _settle(
    best: dict[int, tuple[int, int]], position: int, fork: int, cost: int, walkers: dict[int, tuple[int, int, int, int]]
) -> int:
    """Takes note of a fork, and drops the walkers that can no longer find a cheaper one. Returns how many."""
    if position in best and best[position][0] < cost:
        return 0
    best[position] = (cost, fork)
    dropped = [number for number, walker in walkers.items() if walker[0] > cost]
    for number in dropped:
        del walkers[number]
    return len(dropped)


def _advance(
    lineage: Lineage, number: int, cost: int, limit: int, walkers: dict[int, tuple[int, int, int, int]]
) -> int:
    """Moves a walker on to the parents of a value, as far as its way stays worth it. Returns how many walkers more."""
    more = 0
    for parent, level, slot in lineage.parents(number):
        further = cost + UNIT[level]
        if further > limit or level == Step.NONLINEAR:
            continue
        known = walkers.get(parent)
        if known is None or further < known[0]:
            more += known is None
            walkers[parent] = (further, number, slot, level)
    return more


def _links(trail: dict[int, tuple[int, int, int]], fork: int) -> tuple[tuple[int, int, int], ...]:
    links = []
    child, slot, level = trail[fork]
    while child >= 0:
        links.append((child, slot, level))
        child, slot, level = trail[child]
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


class Between:
    """For each way of an exploration: what lies between its fork and the operands, and how dear the cheapest route is.

    One pass in topological order serves all ways: they are bits.
    """

    __slots__ = ("_cones", "_reached", "_ways")

    def __init__(self, lineage: Lineage, exploration: Exploration) -> None:
        self._ways = exploration.ways
        self._cones = exploration.cones
        self._reached = self._spread(lineage)

    def _spread(self, lineage: Lineage) -> dict[int, Reached]:
        starts: dict[int, int] = {}
        for position, way in enumerate(self._ways):
            starts[way.fork] = starts.get(way.fork, 0) | 1 << position
        first = min(starts, default=0)
        reached: dict[int, Reached] = {}
        for number in sorted(number for number in self._cones if number >= first):
            here = self._arrivals(lineage, number, reached, starts.get(number, 0))
            if here is not None:
                reached[number] = here
        return reached

    @staticmethod
    def _arrivals(lineage: Lineage, number: int, reached: dict[int, Reached], starting: int) -> Reached | None:
        levels = [0] * len(Step)
        working = mixing = 0
        for parent, level, _ in lineage.parents(number):
            above = reached.get(parent)
            if above is not None:
                working |= above.working
                mixing |= above.mixing
                for dearer in range(level, len(Step)):
                    levels[dearer] |= above.levels[dearer]
        arriving = levels[-1]
        if not arriving and not starting:
            return None
        op = lineage.values[number].op
        if arriving and op is not None:
            working |= arriving if does_work(op) else 0
            mixing |= arriving if mixes(op) else 0
        if starting:
            levels = [level | starting for level in levels]
        return Reached(tuple(levels), working & ~starting, mixing & ~starting)

    def dearest(self, way: int, operand: int) -> Step | None:
        """The dearest class on the cheapest route from a way's fork to a value; None if it is not computed from it."""
        here = self._reached.get(operand)
        if here is None or not here.levels[-1] >> way & 1:
            return None
        return next(Step(level) for level, ways in enumerate(here.levels) if ways >> way & 1)

    def works(self, way: int, operand: int) -> bool:
        """Whether real work is done between a way's fork and a value."""
        here = self._reached.get(operand)
        return here is not None and bool(here.working >> way & 1)

    def mixes(self, way: int, operand: int) -> bool:
        """Whether positions are mixed between a way's fork and a value."""
        here = self._reached.get(operand)
        return here is not None and bool(here.mixing >> way & 1)

    def region(self, way: int, operands: int) -> list[int]:
        """The values computed from a way's fork from which any of `operands` (bits) is computed; the fork is not."""
        fork, mine = self._ways[way].fork, 1 << way
        return [
            number
            for number, here in self._reached.items()
            if here.levels[-1] & mine and self._cones[number] & operands and number != fork
        ]

"""By which way does each operand of a merge lead back to a value that another operand is computed from, too?

The search walks outward from one merge, in reverse topological order, and stops as soon as no operand can find a
cheaper way back: its cost grows with what a shortcut spans, not with the model. No path is ever enumerated.

A *walker* follows one operand back along its cheapest route, and stops at the first value that lies in the cone of
another operand: a possible fork.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import TypeAlias

from shortcut_audit.search.lineage import UNIT, Lineage
from shortcut_audit.search.steps import Step

PATIENCE = 512
"""How many values more a search looks at when no cheaper way can be found, for an earlier fork at the same cost."""

HURRY = 8
"""How much faster it loses patience when there is nothing left to find but the value through which all passes."""

_Stand: TypeAlias = tuple[int, int, int, int]
"""Where a walker stands: cost so far; the value it came from, the input slot and the class of that step."""


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

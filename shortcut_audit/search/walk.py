"""By which way does each operand of a merge lead back to a value that another operand is computed from, too?

The search walks outward from one merge, in reverse topological order, and stops as soon as no operand can find a
cheaper way back: its cost grows with what a shortcut spans, not with the model. No path is ever enumerated.

A *walker* follows one operand back along its cheapest route, and stops at the first value that lies in the cone of
another operand: a possible fork. What comes to another operand through the gates that the walker has passed is not that
operand's (gates.py): walkers behind different gates look at different cones. So do walkers that have passed a fork that
gave no verdict: the next one must be reached beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from shortcut_audit.frozen import frozen
from shortcut_audit.search import gates
from shortcut_audit.search.cones import Cones
from shortcut_audit.search.lineage import UNIT, Lineage
from shortcut_audit.search.steps import Step

PATIENCE = 512
"""How many values more a search looks at when no cheaper way can be found, for an earlier fork at the same cost."""

HURRY = 8
"""How much faster it loses patience where there is nothing left to find but the value through which all passes."""


class _Stand(NamedTuple):
    """How a walker came to where it stands."""

    cost: int
    """The price of the way from the merge to here."""
    child: int
    """The value that it came from; -1 at an operand."""
    cut: int
    """The cut by which it stood there."""
    slot: int
    level: int
    bare: bool = False
    """Whether it has passed a matrix gate: nothing learned may stand before one."""


@frozen
class Way:
    """One operand's cheapest way back to a value that another operand is computed from, too."""

    operand: int
    """Position of the operand in the merge."""
    fork: int
    """Number of the value where the way ends."""
    cost: int
    links: tuple[tuple[int, int, int], ...]
    """(value, input slot by which the way enters its op, step class), from fork to merge."""
    cut: frozenset[int] = frozenset()
    """What comes to the other operands through these values is not theirs."""


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
    partial: bool = False
    """Whether the search passed over values from which no walker could learn anything."""


def explore(
    lineage: Lineage,
    operands: Sequence[int],
    offsets: Sequence[int],
    barred: frozenset[tuple[int, int]] = frozenset(),
    *,
    parted: frozenset[tuple[int, int]] = frozenset(),
    thorough: bool = False,
) -> Exploration:
    """Walks back from the operands of one merge until no cheaper way can be found.

    `operands` are value numbers, `offsets` what each has cost already (a negation), `barred` the forks (operand, value)
    that gave no verdict, `parted` those of which the operands hold different pieces. Values are taken in reverse
    topological order, so that all that is computed from a value has been seen when its own turn comes: which operands
    it feeds, and the cheapest way to it, are then final. When no cheaper way can be found, the search goes on for a few
    values more, for an earlier fork at the same cost, and for the one value through which everything passes. A thorough
    search passes over nothing.
    """
    cones = Cones(operands)
    walkers = _Walkers(lineage, cones, operands, offsets, barred, parted)
    patience, leaps, entry, partial, sources = PATIENCE, set(), None, False, 0
    seen: dict[int, int] = {}
    while cones.latest >= 0 and (walkers.hopeful or patience > 0):
        number, cone = cones.take()
        useful = cone & walkers.watched
        if not (walkers.hopeful and useful):
            patience -= 1 if useful else HURRY
            if patience < 0 and not thorough:
                partial = True
                cones.spread(number, ())
                continue
        seen[number] = cone & cones.everyone
        walkers.arrive(number, cone)
        if entry is None and not (partial or sources) and cones.latest < 0 and seen[number] == cones.everyone:
            entry = number
            patience = patience if parted else 0  # behind the entry, forks of the same cost are left
        sources += not lineage.parents(number)
        closed = lineage.closed.get(number)
        if closed is not None and cones.latest <= closed[0]:  # nobody else waits for what lies between
            leaps.add(number)
            cones.spread(number, (closed[0],))
        else:
            cones.spread(number, [parent for parent, _, _ in lineage.parents(number)])
    return Exploration(walkers.ways(), seen, frozenset(leaps), entry, partial)


class _Walkers:
    """The walkers of one search: where each operand's stands, what it has cost, and how it came there.

    A walker stands at a value by a cut, that of the gates that it has passed.
    """

    def __init__(
        self,
        lineage: Lineage,
        cones: Cones,
        operands: Sequence[int],
        offsets: Sequence[int],
        barred: frozenset[tuple[int, int]],
        parted: frozenset[tuple[int, int]],
    ) -> None:
        self._lineage = lineage
        self._cones = cones
        self._barred, self._parted = barred, parted
        self._fronts: list[dict[int, dict[int, _Stand]]] = [
            {operand: {0: _Stand(offset, -1, 0, 0, 0)}} for operand, offset in zip(operands, offsets, strict=True)
        ]
        self._trails: list[dict[tuple[int, int], _Stand]] = [{} for _ in operands]
        self._best: dict[int, tuple[int, int, int]] = {}
        self._standing = {0: len(operands)}
        self.watched = cones.everyone
        """The fields of the cuts by which walkers stand: only there can anything be learned."""
        self.hopeful = len(operands)
        """How many stands may still find a cheaper way than is known. The others can only find an earlier fork."""

    def arrive(self, number: int, cone: int) -> None:
        """All walkers that stand at a value settle there if it is shared, or move on to its parents."""
        for position in _bits(cone & self._cones.everyone):
            for cut, stand in self._fronts[position].pop(number, {}).items():
                self._count(position, cut, stand, -1)
                self._trails[position][number, cut] = stand
                shared = bool(self._cones.field(cone, cut) & ~(1 << position))
                if not shared or number in self._cones.cuts[cut] or (position, number) in self._parted:
                    self._advance(position, number, cut, stand)
                elif (position, number) in self._barred:
                    beside = self._cones.cut(cut, frozenset({number}))
                    if beside != cut:
                        self._trails[position][number, beside] = stand
                        self._advance(position, number, beside, stand)
                else:
                    self._settle(position, number, cut, stand.cost)

    def _count(self, position: int, cut: int, stand: _Stand, more: int) -> None:
        """A stand is taken (1), or left (-1)."""
        self.hopeful += more * (stand.cost < self._limit(position))
        self._standing[cut] = self._standing.get(cut, 0) + more
        if self._standing[cut]:
            self.watched |= self._cones.mask(cut)
        else:
            self.watched &= ~self._cones.mask(cut)

    def _limit(self, position: int) -> int:
        """What a way of an operand must cost less than, to be news. Of two operands only one can be the shortcut."""
        known = [self._best[rival][0] for rival in self._rivals(position) if rival in self._best]
        return min(known, default=UNIT[Step.NONLINEAR])

    def _rivals(self, position: int) -> Sequence[int]:
        return (0, 1) if len(self._fronts) == 2 else (position,)

    def _settle(self, position: int, fork: int, cut: int, cost: int) -> None:
        """Takes note of a fork, and drops the stands from which no better one can be found."""
        if cost > self._limit(position):
            return
        rivals = self._rivals(position)
        stands = [(p, n, c, s) for p in rivals for n, by in self._fronts[p].items() for c, s in by.items()]
        for rival, _, by, stand in stands:
            self._count(rival, by, stand, -1)
        self._best[position] = (cost, fork, cut)
        for rival, number, by, stand in stands:
            if stand.cost <= cost:
                self._count(rival, by, stand, 1)
            else:
                del self._fronts[rival][number][by]

    def _advance(self, position: int, number: int, cut: int, came: _Stand) -> None:
        """A walker moves on to what a value is computed from.

        It does not pass a nonlinearity, nor a gate before a learned map: a map of a gated value is a nonlinear layer
        (GLU, Shazeer 2020). Behind a matrix gate it passes nothing learned: that would be attention.
        """
        front, limit = self._fronts[position], self._limit(position)
        for parent, step, slot in self._lineage.parents(number):
            matrix = step == Step.NONLINEAR and self._lineage.multiplies(number)
            level = int(Step.GATE) if matrix else step
            further = came.cost + UNIT[level]
            mapped = level == Step.GATE and came.cost >= UNIT[Step.DIAGONAL if matrix else Step.LINEAR]
            if further > limit or level == Step.NONLINEAR or mapped or (came.bare and level > Step.GATE):
                continue
            by = self._cones.cut(cut, gates.past(self._lineage, number, slot)) if level == Step.GATE else cut
            known = front.setdefault(parent, {}).get(by)
            if known is None or further < known.cost:
                if known is not None:
                    self._count(position, by, known, -1)
                front[parent][by] = _Stand(further, number, cut, slot, level, came.bare or matrix)
                self._count(position, by, front[parent][by], 1)

    def ways(self) -> list[Way]:
        """The way of each operand that found a fork, cheapest first, the earlier fork where two cost the same."""
        found = [
            Way(p, fork, cost, self._links(p, fork, cut), self._cones.cuts[cut])
            for p, (cost, fork, cut) in self._best.items()
        ]
        return sorted(found, key=lambda way: (way.cost, way.fork))

    def _links(self, position: int, fork: int, cut: int) -> tuple[tuple[int, int, int], ...]:
        trail = self._trails[position]
        links = []
        stand = trail[fork, cut]
        while stand.child >= 0:
            links.append((stand.child, stand.slot, stand.level))
            stand = trail[stand.child, stand.cut]
        return tuple(links)


def _bits(cone: int) -> Iterator[int]:
    while cone:
        low = cone & -cone
        yield low.bit_length() - 1
        cone ^= low

"""By which way does each operand of a merge lead back to a value that another operand is computed from, too?

A *walker* follows one operand back along its cheapest route, and stops at the first value that lies in the cone of
another operand: a possible fork. What comes to another operand through the gates that the walker has passed is not that
operand's (gates.py): walkers behind different gates look at different cones. So do walkers that have passed a fork that
gave no verdict: the next one must be reached beside it.

The search goes in reverse topological order, and looks at values where walkers stand alone: what lies beside them is
answered for by the cones (cones.py). Its cost grows with the routes, not with what they skip. No path is enumerated.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from shortcut_audit.frozen import frozen
from shortcut_audit.search import gates
from shortcut_audit.search.cones import Cones
from shortcut_audit.search.prices import UNIT
from shortcut_audit.search.runs import Runs
from shortcut_audit.search.steps import Step
from shortcut_audit.search.trails import Trail

LEAPT = -1
"""Stands for the slot where a walker has come by a run of steps."""


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
    latest: int = sys.maxsize
    """The latest value where its way may end: it has passed a sum of linear maps of that one, and of none behind it."""


@frozen
class Way:
    """One operand's cheapest way back to a value that another operand is computed from, too."""

    operand: int
    """Position of the operand in the merge."""
    fork: int
    """Number of the value where the way ends."""
    cost: int
    trail: Trail
    """The steps from fork to merge."""
    cut: frozenset[int] = frozenset()
    """What comes to the other operands through these values is not theirs."""


def explore(
    runs: Runs,
    operands: Sequence[int],
    offsets: Sequence[int],
    barred: frozenset[tuple[int, int]] = frozenset(),
    *,
    parted: frozenset[tuple[int, int]] = frozenset(),
) -> tuple[Way, ...]:
    """The cheapest way of each operand that has one, cheapest first; the earlier fork where two cost the same.

    `operands` are value numbers, `offsets` what each has cost already (a negation), `barred` the forks (operand, value)
    that gave no verdict, `parted` those of which the operands hold different pieces. Values are taken in reverse
    topological order: the cheapest way to one is final when its turn comes. When no cheaper way can be found, an
    earlier fork at the same cost is looked for, up to the one value through which everything passes, if there is one.
    """
    lineage = runs.lineage
    cones = Cones(lineage, operands)
    first = cones.earliest
    if first is None:
        return ()
    walkers = _Walkers(runs, cones, operands, offsets, barred, parted)
    entry = None if parted else lineage.ancestry.dominators.common(operands)
    first = 0 if parted else first
    while walkers.latest >= first and (walkers.hopeful or entry is None or walkers.latest >= entry):
        walkers.arrive()
    return walkers.ways()


class _Walkers:
    """The walkers of one search: where each operand's stands, what it has cost, and how it came there.

    A walker stands at a value by a cut, that of the gates that it has passed.
    """

    def __init__(
        self,
        runs: Runs,
        cones: Cones,
        operands: Sequence[int],
        offsets: Sequence[int],
        barred: frozenset[tuple[int, int]],
        parted: frozenset[tuple[int, int]],
    ) -> None:
        self._lineage = runs.lineage
        self._runs = runs
        self._cones = cones
        self._barred, self._parted = barred, parted
        self._fronts: list[dict[int, dict[int, _Stand]]] = [
            {operand: {0: _Stand(offset, -1, 0, 0, 0)}} for operand, offset in zip(operands, offsets, strict=True)
        ]
        self._at: dict[int, set[int]] = {}
        for position, operand in enumerate(operands):
            self._at.setdefault(operand, set()).add(position)
        self._order = sorted(-operand for operand in self._at)
        self._trails: list[dict[tuple[int, int], _Stand]] = [{} for _ in operands]
        self._best: dict[int, tuple[int, int, int]] = {}
        bounds = [self._bound(position, operand) for position, operand in enumerate(operands)]
        self._limits = [min(bounds)] * 2 if len(bounds) == 2 else bounds
        """What a way of each operand must cost less than, to be news. Of two operands only one can be the shortcut."""
        self.hopeful = sum(offset < limit for offset, limit in zip(offsets, self._limits, strict=True))
        """How many stands may still find a cheaper way than is known. The others can only find an earlier fork."""

    def _bound(self, position: int, operand: int) -> int:
        """The price of no step at all, where another operand is computed from this one; else that of a nonlinearity."""
        place = position, operand
        stops = place not in self._barred and place not in self._parted and self._cones.shared(operand, position, 0)
        return self._fronts[position][operand][0].cost if stops else UNIT[Step.NONLINEAR]

    @property
    def latest(self) -> int:
        """The latest value where a walker has stood that has not had its turn; -1 where there is none."""
        return -self._order[0] if self._order else -1

    def arrive(self) -> None:
        """All walkers that stand at the latest value settle there if it is shared, or move on to its parents."""
        number = -heappop(self._order)
        for position in sorted(self._at.pop(number)):
            for cut, stand in self._fronts[position].pop(number, {}).items():
                self._count(position, stand, -1)
                self._trails[position][number, cut] = stand
                shared = self._cones.shared(number, position, cut)
                ends = shared and number <= stand.latest and not self._cones.reads_original(position, number)
                if not ends or number in self._cones.cuts[cut] or (position, number) in self._parted:
                    self._advance(position, number, cut, stand)
                elif (position, number) in self._barred:
                    beside = self._cones.cut(cut, frozenset({number}))
                    if beside != cut:
                        self._trails[position][number, beside] = stand
                        self._advance(position, number, beside, stand)
                else:
                    self._settle(position, number, cut, stand.cost)

    def _count(self, position: int, stand: _Stand, more: int) -> None:
        """A stand is taken (1), or left (-1)."""
        self.hopeful += more * (stand.cost < self._limits[position])

    def _settle(self, position: int, fork: int, cut: int, cost: int) -> None:
        """Takes note of a fork, and drops the stands from which no better one can be found."""
        if cost > self._limits[position]:
            return
        rivals = (0, 1) if len(self._fronts) == 2 else (position,)
        stands = [(p, n, c, s) for p in rivals for n, by in self._fronts[p].items() for c, s in by.items()]
        for rival, _, _, stand in stands:
            self._count(rival, stand, -1)
        self._best[position] = cost, fork, cut
        for rival in rivals:
            self._limits[rival] = cost
        for rival, number, by, stand in stands:
            if stand.cost <= cost:
                self._count(rival, stand, 1)
            else:
                del self._fronts[rival][number][by]

    def _advance(self, position: int, number: int, cut: int, came: _Stand) -> None:
        """A walker moves on to what a value is computed from.

        It does not pass a nonlinearity, nor a gate before a learned map: a map of a gated value is a nonlinear layer
        (GLU, Shazeer 2020). Behind a matrix gate it passes nothing learned: that would be attention.
        """
        cones = self._cones
        leapt = None if came.bare else self._runs.leap(number, came.cost, cones.shares, lambda: cones.others(position))
        if leapt is not None:
            end, price = leapt
            self._stand(position, end, _Stand(came.cost + price, number, cut, LEAPT, 0, latest=came.latest), cut)
            return
        limit, latest = self._limits[position], min(came.latest, self._lineage.added_up(number))
        for parent, step, slot in self._lineage.parents(number):
            matrix = step == Step.NONLINEAR and self._lineage.multiplies(number)
            level = int(Step.GATE) if matrix else step
            mapped = level == Step.GATE and came.cost >= UNIT[Step.DIAGONAL if matrix else Step.LINEAR]
            further = came.cost + UNIT[level]
            if further > limit or level == Step.NONLINEAR or mapped or (came.bare and level > Step.GATE):
                continue
            by = (
                self._cones.cut(cut, cones.touched(position, gates.past(self._lineage, number, slot)))
                if level == Step.GATE
                else cut
            )
            stand = _Stand(further, number, cut, slot, level, came.bare or matrix, latest)
            self._stand(position, parent, stand, by)

    def _stand(self, position: int, number: int, stand: _Stand, cut: int = 0) -> None:
        """A walker takes its stand at a value by a cut, unless it has come there no dearer, or would in vain."""
        if stand.cost > self._limits[position]:
            return
        front = self._fronts[position].setdefault(number, {})
        known = front.get(cut)
        if known is not None and known.cost <= stand.cost:
            return
        if known is not None:
            self._count(position, known, -1)
        front[cut] = stand
        self._count(position, stand, 1)
        if number not in self._at:
            self._at[number] = set()
            heappush(self._order, -number)
        self._at[number].add(position)

    def ways(self) -> tuple[Way, ...]:
        """The way of each operand that found a fork, cheapest first, the earlier fork where two cost the same."""
        found = [
            Way(p, fork, cost, self._trail(p, fork, cut), self._cones.cuts[cut])
            for p, (cost, fork, cut) in self._best.items()
        ]
        return tuple(sorted(found, key=lambda way: (way.cost, way.fork)))

    def _trail(self, position: int, fork: int, cut: int) -> Trail:
        stands, runs = self._trails[position], self._runs
        trail, stand = runs.trails.at(fork), stands[fork, cut]
        while stand.child >= 0:
            if stand.slot == LEAPT:
                trail = runs.along(trail, stand.child)
            else:
                trail = runs.trails.on(trail, stand.child, stand.slot, stand.level)
            stand = stands[stand.child, stand.cut]
        return trail

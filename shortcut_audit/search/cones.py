"""Which operands of a merge are computed from a value that one of them leads back to?

By a *cut* an operand is computed from a value only if it is so beside the values that are cut out. Cut 0 cuts nothing
out, and is answered by what the sweep over the graph knows (ancestry.py). For any other the operand's past is walked
back, beside the cut and as far as it is asked for, but only where the cut takes something out of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from heapq import heappop, heappush
from operator import or_

from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.reading import UNREAD

PARTED_OPERANDS = 8
"""Sums of more operands are looked at with the same cones behind all gates."""

CUTS = 32
"""How many cuts the walkers of one search tell apart."""


class Cones:
    """The pasts of the operands of one merge, by all cuts that are made."""

    __slots__ = ("_beside", "_doubled", "_lineage", "_operands", "_others", "_pasts", "_shared", "cuts")

    def __init__(self, lineage: Lineage, operands: Sequence[int]) -> None:
        self._lineage = lineage
        self._operands = operands
        self._pasts = [lineage.ancestry.past(operand) for operand in operands]
        seen = self._shared = 0
        for past in self._pasts:
            self._shared |= seen & past
            seen |= past
        self.cuts: list[frozenset[int]] = [frozenset()]
        """What each cut takes out."""
        self._others: dict[int, int] = {}
        self._beside: dict[tuple[int, int], _Beside | None] = {}
        self._doubled: dict[tuple[int, int], bool] = {}

    @property
    def earliest(self) -> int | None:
        """The earliest value that several operands are computed from; None where there is none."""
        return self._lineage.ancestry.earliest(self._shared)

    def shared(self, number: int, position: int, cut: int) -> bool:
        """Whether another operand than the one at a position is computed from a value that this one leads back to."""
        if not self.shares(number):
            return False
        return not cut or any(self._holds(other, cut, number) for other in range(len(self._pasts)) if other != position)

    def shares(self, number: int) -> bool:
        """Whether several operands are computed from a value. If so, they are from all that it is computed from."""
        return self._lineage.ancestry.holds(self._shared, number)

    def others(self, position: int) -> int:
        """What the operands but the one at a position are computed from, as a set of bits.

        Of many operands, what several are: nothing is cut out of their pasts.
        """
        if len(self._pasts) > PARTED_OPERANDS:
            return self._shared
        if position not in self._others:
            self._others[position] = reduce(or_, (past for at, past in enumerate(self._pasts) if at != position), 0)
        return self._others[position]

    def touched(self, position: int, values: frozenset[int]) -> frozenset[int]:
        """Those of some values that any operand but the one at a position is computed from."""
        others, holds = self.others(position), self._lineage.ancestry.holds
        return frozenset(value for value in values if holds(others, value))

    def reads_original(self, position: int, number: int) -> bool:
        """Whether a value is a copy, and another operand than the one at a position reads what it is a copy of, too.

        Then that is what both start from, and what is made of it is skipped, whichever of the two it reads.
        """
        lineage, copies = self._lineage, list[int]()
        while lineage.original[number] != number and (position, number) not in self._doubled:
            copies.append(number)
            number = lineage.above[number][0]
        found = self._doubled.get((position, number), False)
        others = self.others(position) if copies else 0
        for copy in reversed(copies):
            beside = others & ~(1 << lineage.ancestry.places.of_value[copy])
            found = found or lineage.readers(lineage.above[copy][0]).among(beside) is not UNREAD
            self._doubled[position, copy] = found
        return found

    def _holds(self, position: int, cut: int, number: int) -> bool:
        if not self._lineage.ancestry.holds(self._pasts[position], number):
            return False
        key = position, cut
        if key not in self._beside:
            past, out = self._pasts[position], self.cuts[cut]
            touched = any(self._lineage.ancestry.holds(past, value) for value in out)
            self._beside[key] = _Beside(self._lineage, self._operands[position], out) if touched else None
        beside = self._beside[key]
        return beside is None or beside.holds(number)

    def cut(self, base: int, values: frozenset[int]) -> int:
        """The cut that takes out these values besides those of another one; that one where there are too many."""
        wanted = self.cuts[base] | values
        if len(wanted) == len(self.cuts[base]) or len(self._pasts) > PARTED_OPERANDS:
            return base
        if wanted in self.cuts:
            return self.cuts.index(wanted)
        if len(self.cuts) == CUTS:
            return base
        self.cuts.append(wanted)
        return len(self.cuts) - 1


class _Beside:
    """What an operand is computed from beside a cut, walked back as far as it has been asked for."""

    __slots__ = ("_lineage", "_out", "_seen", "_waiting")

    def __init__(self, lineage: Lineage, operand: int, out: frozenset[int]) -> None:
        self._lineage = lineage
        self._out = out
        self._seen = {operand}
        self._waiting = [-operand]

    def holds(self, number: int) -> bool:
        """Whether the operand is computed from a value; a value that is cut out is computed from, but leads nowhere."""
        while self._waiting and -self._waiting[0] > number:
            last = -heappop(self._waiting)
            if last not in self._out:
                for parent in self._lineage.above[last]:
                    if parent not in self._seen:
                        self._seen.add(parent)
                        heappush(self._waiting, -parent)
        return number in self._seen

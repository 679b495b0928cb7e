"""What does a cut take out of what lies between a fork and other values?

All that is computed from the fork by way of the cut alone, and all that leads to those values by way of it alone. That
is little, as a rule: a gate, and what only the gate is read by. It is taken out of what lies between the two beside no
cut, which is known (ancestry.py), so that the many sums which come back to one fork, each beside a cut of its own, are
not walked back one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from heapq import heapify, heappop, heappush

from shortcut_audit.search.lineage import Lineage

TAKEN_OUT = 64
"""How many values may be looked at to find out what a cut takes out. Where there are more, the rest is walked."""


class Beside:
    """What is computed from one fork, beside a cut."""

    __slots__ = ("_below", "_fork", "_left", "_lineage", "_lost", "_out", "_waiting")

    def __init__(self, lineage: Lineage, fork: int, below: int, out: Collection[int]) -> None:
        """`below`: all that is computed from the fork, as a set of bits; `out`: the values that are cut out."""
        self._lineage = lineage
        self._fork = fork
        self._below = below
        self._out = frozenset(number for number in out if self._is_below(number))
        self._lost = set(self._out)
        """What is computed from the fork by way of the cut alone, as far as that has been asked for."""
        self._waiting = [reader for number in self._out for reader in lineage.below[number]]
        heapify(self._waiting)
        self._left = TAKEN_OUT

    def between(self, numbers: Iterable[int], past: int) -> int | None:
        """What lies between the fork and some values of this past, as a set of bits; None where it must be walked."""
        tops, ops = set(numbers) - self._out, past & self._below
        if not self._out:
            return ops
        if not self._lose(max(tops, default=0)):
            return None
        leading = self._leading(tops, past)
        return None if leading is None else self._without(ops, self._lost | leading)

    def _is_below(self, number: int) -> bool:
        return self._lineage.ancestry.holds(self._below, number)

    def _lose(self, latest: int) -> bool:
        """Looks for what is lost, up to a value; False where that is too much."""
        while self._waiting and self._waiting[0] <= latest and self._left:
            number = heappop(self._waiting)
            self._left -= 1
            given = [parent for parent in self._lineage.above[number] if parent == self._fork or self._is_below(parent)]
            if number not in self._lost and self._lost.issuperset(given):
                self._lost.add(number)
                for reader in self._lineage.below[number]:
                    heappush(self._waiting, reader)
        return not self._waiting or self._waiting[0] > latest

    def _leading(self, tops: Collection[int], past: int) -> set[int] | None:
        """What leads from the fork to some values by way of the cut alone; None where that is too much to look for."""
        lineage, holds = self._lineage, self._lineage.ancestry.holds
        found = {number for number in self._out if holds(past, number)}
        waiting = [-parent for number in found for parent in lineage.above[number]]
        heapify(waiting)
        left = TAKEN_OUT
        while waiting:
            number = -heappop(waiting)
            if number <= self._fork or number in found or number in tops or not self._is_below(number):
                continue
            left -= len(lineage.below[number])
            if left < 0:
                return None
            if all(reader in found or not holds(past, reader) for reader in lineage.below[number]):
                found.add(number)
                for parent in lineage.above[number]:
                    heappush(waiting, -parent)
        return found

    def _without(self, ops: int, numbers: Iterable[int]) -> int:
        """A set without some values, and without the ops of which it holds no value any more."""
        places, values = self._lineage.ancestry.places, self._lineage.values
        numbers = tuple(numbers)
        for number in numbers:
            ops &= ~(1 << places.of_value[number])
        for number in numbers:
            op = values[number].op
            made = () if op is None else (self._lineage.number[name] for name in op.outputs if name is not None)
            if not any(ops >> places.of_value[each] & 1 for each in made):
                ops &= ~(1 << places.of_op[number])
        return ops

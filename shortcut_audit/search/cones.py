"""Which operands of a merge are computed from each value, as the search walks back?

The operands are bits. A *cut* has a field of bits of its own: by it an operand is computed from a value only if it is
so beside the values that are cut out. Field 0 cuts nothing out.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

PARTED_OPERANDS = 8
"""Sums of more operands are looked at with the same cones behind all gates."""

CUTS = 32
"""How many cuts the walkers of one search tell apart."""


class Cones:
    """The values that wait for their turn, the latest first, and the fields of each."""

    __slots__ = ("_fields", "_order", "_out", "_width", "cuts", "everyone")

    def __init__(self, operands: Sequence[int]) -> None:
        self._width = len(operands)
        self.everyone = (1 << self._width) - 1
        """The bits of all operands."""
        self._fields: dict[int, int] = {}
        for position, operand in enumerate(operands):
            self._fields[operand] = self._fields.get(operand, 0) | 1 << position
        self._order = [-operand for operand in self._fields]
        heapify(self._order)
        self._out: dict[int, int] = {}
        self.cuts: list[frozenset[int]] = [frozenset()]
        """What each cut takes out."""

    @property
    def latest(self) -> int:
        """The value whose turn is next; -1 where none waits."""
        return -self._order[0] if self._order else -1

    def take(self) -> tuple[int, int]:
        """The latest value that waits, and its fields."""
        number = -heappop(self._order)
        return number, self._fields[number]

    def spread(self, number: int, above: Sequence[int]) -> None:
        """What is computed from a value is computed from its parents, but for the cuts that take the value out."""
        cone = self._fields.pop(number) & ~self._out.get(number, 0)
        for parent in above:
            if parent not in self._fields:
                self._fields[parent] = 0
                heappush(self._order, -parent)
            self._fields[parent] |= cone

    def field(self, cone: int, cut: int) -> int:
        """The operands that are computed from a value by a cut."""
        return cone >> cut * self._width & self.everyone

    def mask(self, cut: int) -> int:
        """The bits of a cut's field."""
        return self.everyone << cut * self._width

    def cut(self, base: int, values: frozenset[int]) -> int:
        """The cut that takes out these values besides those of another one; that one where there are too many."""
        wanted = self.cuts[base] | values
        if len(wanted) == len(self.cuts[base]) or self._width > PARTED_OPERANDS:
            return base
        if wanted in self.cuts:
            return self.cuts.index(wanted)
        if len(self.cuts) == CUTS:
            return base
        made = len(self.cuts)
        self.cuts.append(wanted)
        for number in wanted:
            self._out[number] = self._out.get(number, 0) | self.mask(made)
        for number, cone in self._fields.items():
            self._fields[number] = cone | self.field(cone, base) << made * self._width
        return made

"""Which lanes are taken between two rows of a picture?

Arcs are laid down the shorter first: one that is laid down already, and that overlaps with the next one, begins or ends
within that. It is enough to know what stands at the ends of arcs, and a tree over the rows knows it for any stretch.
"""

from __future__ import annotations


class Lanes:
    """The arcs that have been laid down, none of them longer than the next one."""

    __slots__ = ("_rows", "_taken")

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._taken = [0] * (2 * rows)
        """The lanes taken, as a set of bits: of each row behind the `rows`-th place, before it of two places each."""

    def lay(self, first: int, last: int, lane: int) -> None:
        """An arc is laid down in a lane."""
        for row in {first, last}:
            at = row + self._rows
            while at:
                self._taken[at] |= 1 << lane
                at >>= 1

    def innermost(self, first: int, last: int) -> int:
        """The innermost lane that is free for an arc."""
        taken = self._between(first, last)
        return (~taken & (taken + 1)).bit_length() - 1

    def around(self, first: int, last: int) -> int:
        """The innermost lane around all arcs that overlap with an arc."""
        return self._between(first, last).bit_length()

    def _between(self, first: int, last: int) -> int:
        taken, start, stop = 0, first + self._rows, last + self._rows + 1
        while start < stop:
            if start & 1:
                taken |= self._taken[start]
                start += 1
            if stop & 1:
                stop -= 1
                taken |= self._taken[stop]
            start, stop = start >> 1, stop >> 1
        return taken

"""How do those values read a fork that are made of it and stand in a set?

A set is a number, a bit for each place (ancestry.Places). What its members read together is told without looking at
each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shortcut_audit.operators.pieces import EVERYTHING
from shortcut_audit.search.holdings import as_set
from shortcut_audit.search.reading import UNREAD, Reading


class Readers:
    """The values that are made of a fork itself: how do those of them read it that are in a set of bits?"""

    __slots__ = ("_at", "_axes", "_joining", "_others", "_starts", "_stops")

    def __init__(self, readings: Mapping[int, Reading]) -> None:
        """`readings`: how each of them reads the fork, by its place in a set."""
        self._at = {place: reading.piece or EVERYTHING for place, reading in readings.items()}
        self._joining = as_set(place for place, reading in readings.items() if reading.joined)
        self._others = as_set(place for place, reading in readings.items() if reading.otherwise)
        axes: dict[int, list[int]] = {}
        for place, piece in self._at.items():
            axes.setdefault(piece.axis, []).append(place)
        self._axes = tuple(map(as_set, axes.values()))
        self._starts = _Ranks(sorted(self._at, key=lambda place: self._at[place].start))
        self._stops = _Ranks(sorted(self._at, key=lambda place: -self._at[place].stop))

    def among(self, values: int) -> Reading:
        """How those that are in a set read the fork."""
        here = values & (self._joining | self._others)
        if not here:
            return UNREAD
        along = sum(bool(here & places) for places in self._axes)
        one, other = self._at[self._starts.first(here)], self._at[self._stops.first(here)]
        return Reading(
            joined=bool(here & self._joining),
            otherwise=bool(here & self._others),
            piece=one.around(other) if along == 1 else EVERYTHING,
        )


class _Ranks:
    """Places in an order of their own. The first of a set is found by the digits of its rank."""

    __slots__ = ("_digits",)

    def __init__(self, ordered: Sequence[int]) -> None:
        ranks = range(len(ordered).bit_length())
        self._digits = [as_set(p for rank, p in enumerate(ordered) if rank >> digit & 1) for digit in reversed(ranks)]

    def first(self, found: int) -> int:
        """The place of a set that comes first; there is one."""
        for ones in self._digits:
            found = found & ~ones or found
        return found.bit_length() - 1

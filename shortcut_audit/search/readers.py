"""How do those values read a fork that are made of it and stand in a set?

A set is a number, a bit for each place (ancestry.Places). What its members read together is told without looking at
each of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

from shortcut_audit.operators.pieces import EVERYTHING, Piece
from shortcut_audit.search.holdings import as_set, places_in
from shortcut_audit.search.reading import UNREAD, Reading


class Readers:
    """The values that are made of a fork itself: how do those of them read it that are in a set of bits?"""

    __slots__ = ("_at", "_axes", "_joining", "_others", "_starts", "_stops")

    def __init__(self, readings: Mapping[int, Reading]) -> None:
        """`readings`: how each of them reads the fork, by its place in a set."""
        self._at = {place: reading.piece or EVERYTHING for place, reading in readings.items()}
        self._joining = as_set(place for place, reading in readings.items() if reading.joined)
        self._others = as_set(place for place, reading in readings.items() if reading.otherwise)
        axes: dict[tuple[int, str | None], list[int]] = {}
        for place, piece in self._at.items():
            axes.setdefault(piece.along, []).append(place)
        self._axes = {along: as_set(places) for along, places in axes.items()}
        self._starts = _Ranks({place: piece.start for place, piece in self._at.items()})
        self._stops = _Ranks({place: -piece.stop for place, piece in self._at.items()})

    def among(self, values: int) -> Reading:
        """How those that are in a set read the fork."""
        here = values & (self._joining | self._others)
        if not here:
            return UNREAD
        along = sum(bool(here & places) for places in self._axes.values())
        one, other = self._at[self._starts.first(here)], self._at[self._stops.first(here)]
        return Reading(
            joined=bool(here & self._joining),
            otherwise=bool(here & self._others),
            piece=one.around(other) if along == 1 else EVERYTHING,
        )

    def overlap(self, values: int, piece: Piece) -> bool:
        """Whether any of those that are in a set may read an element that is in a piece of the fork."""
        here = values & (self._joining | self._others)
        if here & ~self._axes.get(piece.along, 0) or piece.axis == EVERYTHING.axis:
            return bool(here)
        return bool(self._stops.those(-piece.start, self._starts.those(piece.stop, here)))

    def pieces(self, values: int) -> set[Piece]:
        """What each of those reads that are in a set."""
        return {self._at[place] for place in places_in(values & (self._joining | self._others))}


class _Ranks:
    """Places in the order of what stands there. Which of a set come first is found by the digits of their ranks."""

    __slots__ = ("_digits", "_standing")

    def __init__(self, standing: Mapping[int, int]) -> None:
        ordered = sorted(standing, key=standing.__getitem__)
        self._standing = [standing[place] for place in ordered]
        ranks = range(len(ordered).bit_length())
        self._digits = [as_set(p for rank, p in enumerate(ordered) if rank >> digit & 1) for digit in reversed(ranks)]

    def first(self, found: int) -> int:
        """The place of a set that comes first; there is one."""
        for ones in self._digits:
            if not found & (found - 1):
                break  # one alone comes first
            found = found & ~ones or found
        return found.bit_length() - 1

    def those(self, below: int, found: int) -> int:
        """The places of a set where less than a number stands."""
        rank, less = bisect_left(self._standing, below), 0
        for digit, ones in zip(reversed(range(len(self._digits))), self._digits, strict=True):
            if rank >> digit & 1:
                less |= found & ~ones
                found &= ones
            else:
                found &= ~ones
        return less

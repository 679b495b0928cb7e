"""Where will a reader of a distant file leap to next?

A network repeats its layers, so a file that stores it repeats the lengths of what is leapt over: the weights. Where the
last leaps went as those before them did, the next ones are likely to go on so, and what they will land on can be asked
for before it is needed. Layer 10 has a longer name than layer 9, so lengths may differ by the bytes of a few names.
"""

from __future__ import annotations

from itertools import pairwise

PERIOD = 64
"""Leaps in the longest pattern that is looked for. A layer of a transformer takes four to sixteen."""

TOLERANCE = 128
"""Bytes by which leaps of equal weights may differ."""

GUARD = 512
"""Bytes that are asked for before the place that is expected, since several leaps ahead their differences add up."""


class Rhythm:
    """The leaps so far, and what was read after each."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._lengths: list[int] = []

    def leapt(self, start: int) -> None:
        """The reader has leapt to this offset."""
        self._starts.append(start)
        self._lengths.append(0)

    def read(self, end: int) -> None:
        """All up to this offset was read since the last leap."""
        if self._starts:
            self._lengths[-1] = max(self._lengths[-1], end - self._starts[-1])

    def ahead(self, count: int) -> list[tuple[int, int]]:
        """Offset and length of what the next leaps are likely to land on, in their order; empty where nothing tells."""
        period = self._period()
        if not period:
            return []
        starts, lengths = self._starts[-period - 1 :], self._lengths[-period:]
        places, at = [], starts[-1]
        for step in range(count):
            turn = step % period
            at += starts[turn + 1] - starts[turn]
            places.append((max(at - GUARD, 0), GUARD + lengths[turn]))
        return places

    def _period(self) -> int:
        """Leaps after which the pattern begins anew, seen twice; 0 where there is none."""
        strides = [end - start for start, end in pairwise(self._starts[-2 * PERIOD - 1 :])]
        for period in range(1, len(strides) // 2 + 1):
            last, before = strides[-period:], strides[-2 * period : -period]
            if all(one > 0 and abs(one - other) <= TOLERANCE for one, other in zip(last, before, strict=True)):
                return period
        return 0

"""Which bytes of a distant file are fetched, so that some of it can be read as if it were here?

The file is fetched in pieces, as they are asked for, and each is kept. What is read on is fetched in pieces that double
in length. Where what is asked for next lies a little further on, all up to it is fetched with it; where it lies far,
it is leapt to. How far is far is measured: leaping costs a round trip, reading through costs the bytes between. Where
the leaps show a pattern, what the next ones will land on is asked for at once, so that their round trips overlap.
"""

from __future__ import annotations

import io
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import overload

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.loaders.remote.rhythm import Rhythm

FIRST = 64 * 2**10
"""Bytes of the first piece. Most ONNX files without their weights are a few times as long."""

LANDING = 8 * 2**10
"""Bytes that are fetched after a leap. The head of a stored tensor takes some 100."""

PIECE = 2**20
"""Bytes of the longest piece."""

NEAR, FAR = 16 * 2**10, 64 * 2**10
"""Bytes that are read through whatever a round trip costs, and that are leapt over whatever it costs.

A bias has 4 to 16 KB, a matrix a megabyte. At 50 ms and 10 MB/s a round trip costs as much as 500 KB, but 24 layers of
a transformer, read through wherever that pays, would take 5 MB instead of 2.
"""

AHEAD = 8
"""Landings that are asked for before they are needed: at once, as a browser does, no burden to a server."""

BYTES_LIMIT = 96 * 2**20
"""Bytes that are fetched of one model. What is left of the largest known without its weights is 10 MB."""

REQUESTS_LIMIT = 5_000
"""Pieces that are fetched of one model: four minutes at 50 ms each."""

Fetch = Callable[[int, int], bytes]
"""Brings the bytes from one offset up to another, all of them, or raises UnreadableModel."""

Begin = Callable[[int, int], "Future[bytes] | None"]
"""Begins to bring them, once and without a second try; None where the file's filesystem does one thing at a time."""


@dataclass(slots=True)
class Transfer:
    """What it took to read a distant model."""

    size: int = 0
    """Bytes of the file, or files."""
    fetched: int = 0
    """Bytes of it that came over the network, or were asked for."""
    requests: int = 0
    version: str = ""
    """What the server tells this version of the file from others by; empty where it says nothing of that."""

    def __str__(self) -> str:
        unit, scale = ("MB", 1e6) if self.size >= 1e6 else ("kB", 1e3)
        often = "1 request" if self.requests == 1 else f"{self.requests:,} requests"
        return f"read {self.fetched / scale:,.1f} of {self.size / scale:,.1f} {unit} in {often}"


@dataclass(slots=True)
class _Piece:
    start: int
    data: bytearray

    @property
    def end(self) -> int:
        return self.start + len(self.data)


class Ranges:
    """A distant file of `size` bytes; `head` has already been fetched of it. Index and slice it like bytes."""

    def __init__(self, fetch: Fetch, size: int, head: bytes, transfer: Transfer, begin: Begin | None = None) -> None:
        self._fetch = fetch
        self._begin = begin
        self._rhythm = Rhythm()
        self._begun: dict[int, tuple[int, Future[bytes]]] = {}
        """By offset: where it ends, and what comes of it."""
        self._size = size
        self._transfer = transfer
        self._pieces = [_Piece(0, bytearray(head))]
        self._starts = [0]
        self._last = self._pieces[0]
        self._window = max(len(head), LANDING)
        self._round_trip = float("inf")
        self._bandwidth = 0.0
        """Bytes a second."""

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, where: int, /) -> int: ...
    @overload
    def __getitem__(self, where: slice, /) -> bytes: ...
    def __getitem__(self, where: int | slice, /) -> int | bytes:
        if isinstance(where, slice):
            start, end, _ = where.indices(self._size)
            return self.read(start, end)
        if not 0 <= where < self._size:
            raise IndexError(where)
        piece = self._last
        if not piece.start <= where < piece.end:
            piece = self._last = self._holding(where, where + 1)
        return piece.data[where - piece.start]

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`, or to the file's end."""
        end = min(end, self._size)
        if start >= end:
            return b""
        piece = self._last = self._holding(start, end)
        return bytes(piece.data[start - piece.start : end - piece.start])

    def close(self) -> None:
        """Gives up what was asked for and is not needed."""
        for _, coming in self._begun.values():
            coming.cancel()
        self._begun.clear()

    def _holding(self, start: int, end: int) -> _Piece:
        """The piece that holds all of these bytes, once they have been fetched."""
        at = bisect_right(self._starts, start) - 1
        if at < 0 or start - self._pieces[at].end > self._near():
            at = self._leapt(start, at + 1)
        piece = self._pieces[at]
        while piece.end < end:
            self._extend(piece, at, end)
        self._rhythm.read(end)
        return piece

    def _leapt(self, start: int, at: int) -> int:
        """Makes the piece that a leap lands in, the `at`th or the one before it, and says which it is."""
        self._rhythm.leapt(start)
        self._window = LANDING
        self._look_ahead()
        first, data = self._expected(start) or (start, bytearray())
        if at and self._pieces[at - 1].end >= first:
            before = self._pieces[at - 1]
            before.data += data[before.end - first :]
            at -= 1
        else:
            self._pieces.insert(at, _Piece(first, data))
            self._starts.insert(at, first)
        self._join(at)
        return at

    def _look_ahead(self) -> None:
        """Asks for what the next leaps are likely to land on, but for what is here or on its way."""
        if self._begin is None:
            return
        for start, length in self._rhythm.ahead(AHEAD):
            end = min(start + max(length, LANDING), start + PIECE, self._size)
            at = bisect_left(self._starts, end) - 1
            known = [(self._pieces[at].start, self._pieces[at].end)] if at >= 0 else []
            known += [(begun, until) for begun, (until, _) in self._begun.items()]
            if start < end and all(end <= one or other <= start for one, other in known) and self._allows(start, end):
                coming = self._begin(start, end)
                if coming is None:
                    return
                self._begun[start] = end, coming
                self._transfer.requests += 1
                self._transfer.fetched += end - start

    def _expected(self, start: int) -> tuple[int, bytearray] | None:
        """What was asked for ahead and holds the byte at this offset, and its own offset; None where nothing does."""
        for begun, (end, coming) in self._begun.items():
            if begun <= start < end:
                del self._begun[begun]
                failed = (
                    coming.exception() is not None
                )  # it is asked for again, in earnest: then it is said what is wrong
                return None if failed else (begun, bytearray(coming.result()))
        return None

    def _extend(self, piece: _Piece, at: int, end: int) -> None:
        """Fetches what follows a piece, and joins it with the next one where they meet."""
        limit = self._starts[at + 1] if at + 1 < len(self._starts) else self._size
        stop = min(max(end, piece.end + self._window), max(piece.end + PIECE, 0), limit)
        piece.data += self._fetched(piece.end, stop)
        self._window = min(2 * self._window, PIECE)
        self._join(at)

    def _join(self, at: int) -> None:
        """Makes one piece of the `at`th and the next one, where they meet."""
        if at + 1 < len(self._pieces) and self._pieces[at].end >= self._starts[at + 1]:
            piece, following = self._pieces[at], self._pieces[at + 1]
            piece.data += following.data[piece.end - following.start :]
            del self._pieces[at + 1], self._starts[at + 1]

    def _allows(self, start: int, end: int) -> bool:
        return self._transfer.requests < REQUESTS_LIMIT and self._transfer.fetched + end - start <= BYTES_LIMIT

    def _fetched(self, start: int, end: int) -> bytes:
        transfer = self._transfer
        if not self._allows(start, end):
            raise UnreadableModel(
                f"takes more than {BYTES_LIMIT >> 20} MiB or {REQUESTS_LIMIT:,} requests to read from there; "
                "download it, and audit the file"
            )
        begun = time.monotonic()
        data = self._fetch(start, end)
        taken = time.monotonic() - begun
        transfer.requests += 1
        transfer.fetched += len(data)
        self._round_trip = min(self._round_trip, taken)
        if taken > self._round_trip:
            self._bandwidth = max(self._bandwidth, len(data) / (taken - self._round_trip))
        return data

    def _near(self) -> float:
        """Up to how many bytes are read through rather than leapt over: as many as come in the time of a round trip."""
        if not self._bandwidth:
            return NEAR
        return min(max(self._round_trip * self._bandwidth, NEAR), FAR)


class RangesFile(io.RawIOBase):
    """The ranges of a distant file as a file that can be read and sought in."""

    def __init__(self, ranges: Ranges) -> None:
        self._ranges = ranges
        self._at = 0

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def seekable(self) -> bool:
        """Whether it can be sought in: always."""
        return True

    def tell(self) -> int:
        """The offset of what is read next."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Goes to an offset."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._ranges)}[whence]
        if base + offset < 0:
            raise OSError(22, "Invalid argument")
        self._at = base + offset
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes; all that are left where no number is given."""
        end = len(self._ranges) if size is None or size < 0 else self._at + size
        data = self._ranges.read(self._at, end)
        self._at += len(data)
        return data

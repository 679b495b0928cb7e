"""Which bytes of a distant file are fetched, so that some of it can be read as if it were here?

The file is fetched in pieces, as they are asked for, and each is kept. What is read on is fetched in pieces that double
in length. Where what is asked for next lies a little further on, all up to it is fetched with it; where it lies far,
it is leapt to. How far is far is measured: leaping costs a round trip, reading through costs the bytes between.
"""

from __future__ import annotations

import io
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import overload

from shortcut_audit.errors import UnreadableModel

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

BYTES_LIMIT = 96 * 2**20
"""Bytes that are fetched of one model. What is left of the largest known without its weights is 10 MB."""

REQUESTS_LIMIT = 5_000
"""Pieces that are fetched of one model: four minutes at 50 ms each."""

Fetch = Callable[[int, int], bytes]
"""Brings the bytes from one offset up to another, all of them, or raises UnreadableModel."""


@dataclass(slots=True)
class Transfer:
    """What it took to read a distant model."""

    size: int = 0
    """Bytes of the file, or files."""
    fetched: int = 0
    """Bytes of it that came over the network."""
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

    def __init__(self, fetch: Fetch, size: int, head: bytes, transfer: Transfer) -> None:
        self._fetch = fetch
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

    def _holding(self, start: int, end: int) -> _Piece:
        """The piece that holds all of these bytes, once they have been fetched."""
        at = bisect_right(self._starts, start) - 1
        piece = self._pieces[at] if at >= 0 else None
        if piece is None or start - piece.end > self._near():
            piece = _Piece(start, bytearray())
            at += 1
            self._pieces.insert(at, piece)
            self._starts.insert(at, start)
            self._window = LANDING
        while piece.end < end:
            self._extend(piece, at, end)
        return piece

    def _extend(self, piece: _Piece, at: int, end: int) -> None:
        """Fetches what follows a piece, and joins it with the next one where they meet."""
        following = self._pieces[at + 1] if at + 1 < len(self._pieces) else None
        limit = self._size if following is None else following.start
        stop = min(max(end, piece.end + self._window), max(piece.end + PIECE, 0), limit)
        piece.data += self._fetched(piece.end, stop)
        self._window = min(2 * self._window, PIECE)
        if following is not None and piece.end == following.start:
            piece.data += following.data
            del self._pieces[at + 1], self._starts[at + 1]

    def _fetched(self, start: int, end: int) -> bytes:
        transfer = self._transfer
        if transfer.requests >= REQUESTS_LIMIT or transfer.fetched + end - start > BYTES_LIMIT:
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
    """The same as a file that can be read and sought in."""

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

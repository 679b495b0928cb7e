"""Which fields stand in these bytes of a protobuf message?

Only tags, lengths and numbers are looked at, never the body of a field. Wire format:
https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, overload

from shortcut_audit.errors import UnreadableModel

FIELD_LIMIT = 2_000_000
"""Fields that are walked before a file is given up: a second or two."""

DEPTH_LIMIT = 100
"""Messages within messages that protobuf follows."""

HIGHEST_FIELD = 2**29 - 1

VARINT, FIXED64, BYTES, GROUP, END_GROUP, FIXED32 = range(6)
"""Wire types: how a field says where it ends. Submessages, strings and payloads are BYTES."""


class Data(Protocol):
    """Bytes, or what can be indexed and sliced as bytes can: a mapped file, one that lies elsewhere."""

    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, where: int, /) -> int: ...
    @overload
    def __getitem__(self, where: slice, /) -> bytes: ...


class Damaged(Exception):
    """These bytes are no protobuf message; the text says where and why."""


@dataclass(slots=True, eq=False, repr=False)
class Reader:
    """Walks a file's bytes, with what it may still spend on it."""

    data: Data
    fields_left: int = FIELD_LIMIT

    def fields(self, start: int, end: int, depth: int) -> Iterator[tuple[int, int, int, int, int]]:
        """Every field of the message in data[start:end], which lies `depth` messages deep.

        Of each: its number, its wire type, where it starts, where its body starts after tag and length, where it stops.
        Raises Damaged when the bytes are no message, IndexError when the data ends within a field, and UnreadableModel
        when there are too many.
        """
        data, at = self.data, start
        while at < end:
            self.fields_left -= 1
            if self.fields_left < 0:
                raise UnreadableModel(f"holds more than {FIELD_LIMIT} fields, more than is read")
            field_start = at
            tag = data[at]
            at += 1
            if tag > 127:
                tag, at = self._number(field_start)
            number, wire = tag >> 3, tag & 7
            if not 0 < number <= HIGHEST_FIELD:
                raise Damaged(f"no field has the number {number}, as at byte {field_start}")
            body = at
            if wire == BYTES:
                size = data[at]
                body = at + 1
                if size > 127:
                    size, body = self._number(at)
                at = body + size
            elif wire == GROUP:
                at = self._after_group(number, at, end, depth)
            else:
                at = self._after_number(wire, at)
            if at > end:
                what = f"claims to end at byte {at}, but what holds it ends at {end}"
                raise Damaged(f"field {number}, at byte {field_start}, {what}")
            yield number, wire, field_start, body, at

    def _after_number(self, wire: int, at: int) -> int:
        if wire == VARINT:
            return self._number(at)[1]
        if wire == FIXED64:
            return at + 8
        if wire == FIXED32:
            return at + 4
        raise Damaged(f"wire type {wire} is out of place at byte {at - 1}")

    def _after_group(self, number: int, at: int, end: int, depth: int) -> int:
        """Where the group `number` ends whose first field is at `at`. ONNX has no groups: this one is unknown."""
        opened = [number]
        while opened:
            if depth + len(opened) > DEPTH_LIMIT:
                raise Damaged(f"its groups nest deeper than protobuf's limit of {DEPTH_LIMIT} messages")
            self.fields_left -= 1
            if at >= end or self.fields_left < 0:
                raise Damaged(f"the group that is open at byte {at} does not end")
            tag, at = self._number(at)
            number, wire = tag >> 3, tag & 7
            if wire == GROUP:
                opened.append(number)
            elif wire == END_GROUP:
                if opened.pop() != number:
                    raise Damaged(f"group {number} ends at byte {at} without having begun")
            elif wire == BYTES:
                size, at = self._number(at)
                at += size
            else:
                at = self._after_number(wire, at)
        return at

    def _number(self, at: int) -> tuple[int, int]:
        """The varint at `at`, and where it ends. At most ten bytes: 64 bits."""
        value, shift, start = 0, 0, at
        while shift < 70:
            byte = self.data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value, at
            shift += 7
        raise Damaged(f"the number at byte {start} has more than ten bytes")


def encoded(number: int) -> bytes:
    """A number as protobuf writes it: seven bits a byte, lowest first."""
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    written.append(number)
    return bytes(written)


def field_of(number: int, body: bytes) -> bytes:
    """A field of wire type BYTES as protobuf writes it."""
    return encoded(number << 3 | BYTES) + encoded(len(body)) + body

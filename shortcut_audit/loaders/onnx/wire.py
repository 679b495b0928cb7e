"""What does this ONNX file hold, payloads aside?

The protobuf is walked in place, field by field, and a small *skeleton* of it is copied out, which `onnx` then parses.
Only what is long is looked into: a field of at most `LIMIT` bytes is copied as it stands, so a node costs one step.
What is longer is entered where it may hold a tensor, kept where its text matters (names), and left out otherwise.

A payload over `LIMIT` bytes is neither copied nor read. The skeleton says of such a tensor what ONNX says of one whose
data lies in another file: `data_location` is EXTERNAL, and `external_data` gives the length where it tells something.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.loaders.lookalikes import EXPORT, HEAD, lookalike
from shortcut_audit.loaders.onnx.fields import BYTES, DEPTH_LIMIT, Damaged, Data, Reader, field_of
from shortcut_audit.loaders.onnx.metadata import METADATA_READ
from shortcut_audit.loaders.regular import regular

LIMIT = 1024
"""Bytes up to which a field is copied without looking into it."""

FILE_LIMIT = 2**31 - 1
"""Bytes beyond which protobuf reads no message."""

SKELETON_LIMIT = 24 * 2**20
"""Bytes that may be left of a file when payloads are gone. A transformer of 80 layers leaves some 5 MB."""

COUNTED_FROM = 3 * 2**20
"""Bytes of a skeleton up to which its messages need not be counted: parsed, they take 300 MB at the worst."""

MESSAGE_LIMIT = 1_000_000
"""Messages in a skeleton. An empty one takes two bytes in the file and two hundred when parsed."""

NUMBERS_TO_A_MESSAGE = 16
"""A number in a packed list takes a byte in the file and up to sixteen when parsed: lists grow by doubling."""

RELEASED_AT_ONCE = 64 * 2**20
"""Bytes of the file after which memory is given back."""

REMEDY = "download or export it again"


SUBMESSAGES: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 8: "leaf", 14: "leaf", 20: "training", 25: "function", 26: "leaf"},
    "training": {1: "graph", 2: "graph", 3: "leaf", 4: "leaf"},
    "graph": {
        1: "node", 5: "tensor", 11: "value", 12: "value", 13: "value", 14: "annotation",
        15: "sparse tensor", 16: "leaf",
    },
    "function": {7: "node", 9: "leaf", 11: "attribute", 12: "value", 14: "leaf"},
    "node": {5: "attribute", 9: "leaf", 10: "device"},
    "attribute": {
        5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 14: "type", 15: "type",
        22: "sparse tensor", 23: "sparse tensor",
    },
    "sparse tensor": {1: "tensor", 2: "tensor"},
    "tensor": {3: "leaf", 13: "leaf", 16: "leaf"},
    "value": {2: "type", 4: "leaf"},
    "type": {1: "tensor type", 4: "type", 5: "type", 7: "leaf", 8: "tensor type", 9: "type"},
    "tensor type": {2: "shape"},
    "shape": {1: "leaf"},
    "annotation": {2: "leaf"},
    "device": {2: "sharding"},
    "sharding": {3: "device group", 4: "sharded dimension"},
    "device group": {},
    "sharded dimension": {2: "leaf"},
    "leaf": {},
}  # fmt: skip
"""Which kind of message stands in which field of which (onnx.proto3 of ONNX 1.23). A "leaf" holds none. What sequences,
maps and optionals are made of stands in them as a type does in a type."""

NUMBERS: Mapping[str, frozenset[int]] = {
    "attribute": frozenset({8}),
    "tensor": frozenset({1, 5, 7, 11}),
    "sparse tensor": frozenset({3}),
    "sharding": frozenset({2}),
    "device group": frozenset({2}),
}
"""Fields that list whole numbers. Packed, as they may be, each number takes as little as a byte."""

ENTERED = frozenset({"graph", "function", "node", "attribute", "tensor", "sparse tensor"})
"""Kinds in which a payload may stand."""

KEPT: Mapping[str, frozenset[int]] = {
    "model": frozenset({8}),
    "graph": frozenset({11, 12, 13}),
    "function": frozenset({1, 4, 5, 6, 9, 10, 12, 13}),
    "node": frozenset({1, 2, 3, 4, 7, 8, 9}),
    "attribute": frozenset({1, 7, 8, 9, 14, 15, 21}),
    "sparse tensor": frozenset({3}),
    "tensor": frozenset({8}),
}
"""Fields that are copied however long: names, lists of numbers, types, metadata. Other long ones are left out."""

METADATA, KEY = 9, 1
USED_METADATA = frozenset(key.encode() for key in METADATA_READ)
"""The keys of a node's metadata that somebody reads; exporters write as much again beside them."""

GRAPH, INT32_DATA, RAW_DATA, EXTERNAL_DATA = 7, 5, 9, 13
DIMS = 1
"""Sizes of a tensor, each of ten bytes at most."""

PAYLOAD = frozenset({4, INT32_DATA, 6, 7, RAW_DATA, 10, 11})
"""Fields of a tensor that hold its elements: float, int32, string, int64, raw, double and uint64 data."""

IS_EXTERNAL = b"\x70\x01"
"""The field `data_location: EXTERNAL` of a tensor, as it stands in a file."""


def skeleton(path: Path) -> bytes:
    """The ONNX model in `path` without long payloads, a protobuf message that `onnx.ModelProto` parses.

    Raises UnreadableModel when the file cannot be opened, is no regular file, is too large, or is no ONNX model.
    """
    with _mapped(path) as data:
        return skeleton_of(data, path.suffix)


def skeleton_of(data: Data, suffix: str) -> bytes:
    """The skeleton of an ONNX model's bytes, from a file with this suffix.

    Raises UnreadableModel when they are too many, or no ONNX model.
    """
    if len(data) > FILE_LIMIT:
        size = f"{len(data)} bytes, over protobuf's limit of 2 GiB"
        raise UnreadableModel(f"{size}; save the model with its weights as external data")
    try:
        found = _Walk(data, Reader(data)).model()
        if len(found) > COUNTED_FROM:
            _check_messages(found)
    except (Damaged, IndexError) as error:
        reason = str(error) if isinstance(error, Damaged) else "it ends in the middle of a field"
        raise UnreadableModel(
            lookalike(data[:HEAD], EXPORT, suffix) or f"not an intact ONNX file: {reason}; {REMEDY}"
        ) from None
    return found


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    """The bytes of a regular file, none of them read yet."""
    with regular(path) as (descriptor, size), mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data:
        if hasattr(mmap, "MADV_RANDOM") and size > RELEASED_AT_ONCE:
            data.madvise(mmap.MADV_RANDOM)  # Else the system reads ahead into payloads.
        yield data


@dataclass(slots=True, eq=False, repr=False)
class _Walk:
    """One pass over the file, with what it may still copy."""

    data: Data
    reader: Reader
    bytes_left: int = SKELETON_LIMIT
    released: int = 0
    """Up to where pages of the file that were touched have been given back."""

    def model(self) -> bytes:
        """The skeleton of the model."""
        end = len(self.data)
        if all(number != GRAPH for number, *_ in self.reader.fields(0, end, 0)):
            raise Damaged("it holds no graph")
        return self._message("model", 0, end, 0)

    def _message(self, kind: str, start: int, end: int, depth: int) -> bytes:
        """The skeleton of the message of this kind that stands in data[start:end], `depth` messages deep."""
        if depth > DEPTH_LIMIT:
            raise Damaged(f"its graphs nest deeper than protobuf's limit of {DEPTH_LIMIT} messages")
        if kind == "tensor":
            return self._tensor(start, end, depth)
        inside, kept = SUBMESSAGES[kind], KEPT[kind]
        pieces: list[bytes] = []
        copied = start
        for number, wire, at, body, stop in self.reader.fields(start, end, depth):
            if wire != BYTES and number in inside:
                raise Damaged(f"field {number} of a {kind}, at byte {at}, has the wrong wire type")
            unused = kind == "node" and number == METADATA and not self._is_read(body, stop, depth + 1)
            if not unused and (stop - body <= LIMIT or number in kept):
                continue
            pieces.append(self._copy(copied, at))
            copied = stop
            if inside.get(number) in ENTERED:
                pieces.append(field_of(number, self._message(inside[number], body, stop, depth + 1)))
        pieces.append(self._copy(copied, end))
        return b"".join(pieces)

    def _is_read(self, start: int, end: int, depth: int) -> bool:
        """Whether somebody reads the entry of a node's metadata that stands in data[start:end]."""
        key = b""
        for number, wire, _, body, stop in self.reader.fields(start, end, depth):
            if number == KEY and wire == BYTES:
                key = self.data[body:stop]
        return key in USED_METADATA

    def _tensor(self, start: int, end: int, depth: int) -> bytes:
        """A tensor: its payload is kept whole or not at all, as several fields may hold parts of it."""
        pieces: list[bytes] = []
        payload: list[tuple[int, int]] = []
        size, only_raw, copied = 0, True, start
        for number, _, at, body, stop in self.reader.fields(start, end, depth):
            if number == DIMS and stop - body > LIMIT:
                raise UnreadableModel(f"a stored tensor has more than {LIMIT // 10} dimensions; {REMEDY}")
            if number not in PAYLOAD and (stop - body <= LIMIT or number in KEPT["tensor"]):
                continue
            pieces.append(self._copy(copied, at))
            copied = stop
            if number in PAYLOAD:
                # A negative number takes ten bytes of int32_data, where raw data hold it in four at most.
                size += (stop - body) * 2 // 5 if number == INT32_DATA else stop - body
                only_raw = only_raw and number == RAW_DATA
                if size <= LIMIT:
                    payload.append((at, stop))
        pieces.append(self._copy(copied, end))
        self._release(start)
        if size <= LIMIT:
            pieces += [self._copy(at, stop) for at, stop in payload]
        else:
            length = field_of(1, b"length") + field_of(2, str(size).encode())
            pieces += [IS_EXTERNAL, field_of(EXTERNAL_DATA, length) if only_raw else b""]
        return b"".join(pieces)

    def _copy(self, start: int, end: int) -> bytes:
        self.bytes_left -= end - start
        if self.bytes_left < 0:
            raise UnreadableModel(f"holds more than {SKELETON_LIMIT >> 20} MiB beside its weights, more than is read")
        return self.data[start:end]

    def _release(self, at: int) -> None:
        """Gives back the pages before `at`: with each that is touched, the system maps some around it."""
        if at - self.released < RELEASED_AT_ONCE or not hasattr(mmap, "MADV_DONTNEED"):
            return
        if isinstance(self.data, mmap.mmap):
            end = at - at % mmap.PAGESIZE
            self.data.madvise(mmap.MADV_DONTNEED, self.released, end - self.released)
            self.released = end


def _check_messages(skeleton: bytes) -> None:
    """Raises UnreadableModel when parsing the skeleton would make too many objects of it."""
    reader, count, numbers = Reader(skeleton), 0, 0
    waiting = [("model", 0, len(skeleton), 0)]
    while waiting:
        kind, start, end, depth = waiting.pop()
        inside, lists = SUBMESSAGES[kind], NUMBERS.get(kind, frozenset())
        for number, wire, _, body, stop in reader.fields(start, end, depth):
            if wire != BYTES:
                continue
            held = inside.get(number)
            if held is not None:
                count += 1
                if held != "leaf":
                    waiting.append((held, body, stop, depth + 1))
            elif number in lists:
                numbers += stop - body
            if count + numbers // NUMBERS_TO_A_MESSAGE > MESSAGE_LIMIT:
                raise UnreadableModel(
                    f"holds more than {MESSAGE_LIMIT} nodes, attributes and the like, more than is read"
                )

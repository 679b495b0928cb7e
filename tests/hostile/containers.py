"""Which bytes are no ONNX file, or only just one?"""

from __future__ import annotations

import gzip
import random

from onnx import ModelProto

from tests.hostile.case import Case, audited, reject, same
from tests.hostile.drawing import clean, content, field, graph, model, saved, varint

GOOD = clean().SerializeToString()
GRAPH = graph("f = Conv<pads = [1, 1, 1, 1]>(x, w)", "y = Add(f, x)").SerializeToString()

START_GROUP, END_GROUP = varint(200 << 3 | 3), varint(200 << 3 | 4)


def _named(name: bytes) -> bytes:
    """The clean twin with one node's name replaced in the bytes, where no encoder stands in the way."""
    made = clean()
    made.graph.node[1].name = "N" * len(name)
    return made.SerializeToString().replace(b"N" * len(name), name)


def _numbers(bytes_each: int, times: int) -> bytes:
    """The clean twin beside a node with so many lists of so many bytes: as many numbers."""
    lists = (field(1, b"a%d" % n) + field(8, b"\x05" * bytes_each) + varint(20 << 3) + b"\x07" for n in range(times))
    attributes = b"".join(field(5, one) for one in lists)
    return GOOD + field(7, field(1, field(1, b"x") + field(2, b"z") + field(4, b"F") + field(7, b"e") + attributes))


LISTED: tuple[Case, ...] = (
    same("one identity shortcut", saved(clean())),
    reject("0 bytes", content(b""), "empty file"),
    reject("4 KiB random bytes", content(random.Random(1).randbytes(4096)), "not an intact ONNX file"),
    reject("valid model minus its last byte", content(GOOD[:-1]), "not an intact ONNX file"),
    reject(
        "an HTML error page saved as .onnx",
        content(b"<!DOCTYPE html>\n<html><body>404</body></html>"),
        "looks like HTML",
    ),
    reject("a torch zip named .onnx", content(b"PK\x03\x04" + bytes(60)), "a zip archive"),
    same("valid model followed by unknown fields", content(GOOD + field(999, b"later") + varint(998 << 3) + b"\x01")),
    reject(
        "graph length prefix 2 GiB-1 but 3 bytes follow",
        content(varint(7 << 3 | 2) + varint(2**31 - 1) + b"abc"),
        "not an intact ONNX file",
    ),
    reject("11-byte varint", content(b"\x08" + b"\x80" * 10 + b"\x01" + GOOD), "more than ten bytes"),
    same("99 nested unknown groups", content(GOOD + START_GROUP * 99 + END_GROUP * 99)),
    same("node name is not UTF-8", content(_named(b"\xff\xfe\xfd"))),
    same("NUL bytes inside names", content(_named(b"a\0b"))),
)

UNLISTED: tuple[Case, ...] = (
    reject(
        "24 million numbers in lists of 65 000",
        lambda folder: content(_numbers(65_000, 370))(folder),
        "more than is read",
    ),
    reject(
        "22 million numbers in lists of 900", lambda folder: content(_numbers(900, 25_000))(folder), "more than is read"
    ),
    audited(
        "a million numbers that nobody reads",
        lambda folder: content(_numbers(65_000, 16))(folder),
        "^e::F: defined neither by ONNX.* it stays opaque$",
        identity=1,
        lower_bound=False,  # what it makes leads to no output
        uncounted=[],
    ),
    reject("one byte", content(b"\x08"), "not an intact ONNX file"),
    reject("a line feed", content(b"\n"), "plain text"),
    reject("zeros", content(bytes(4096)), "not an intact ONNX file"),
    reject("a gzip archive", content(gzip.compress(GOOD)), "gzip"),
    reject("a Git LFS pointer", content(b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n"), "git lfs pull"),
    reject("a picture", content(b"\x89PNG\r\n\x1a\n" + bytes(100)), "a picture; name the model's file"),
    reject("a pickle", content(b"\x80\x04\x95\x10\x00\x00\x00"), "(?i)pickle"),
    reject("the text format", content(b'<ir_version: 8, opset_import: ["": 17]>\ng (float x) => (float y) {}'), "ONNX"),
    reject("JSON", content(b'{"irVersion": "8", "graph": {}}'), "ONNX"),
    reject("UTF-16", content("<html>".encode("utf-16")), "ONNX"),
    reject("cut in the middle of a tag", content(GOOD + b"\xba"), "not an intact ONNX file"),
    reject("followed by a text", content(GOOD + b"THE END"), "not an intact ONNX file"),
    reject("followed by zeros", content(GOOD + bytes(16)), "not an intact ONNX file"),
    reject("a field with the number 0", content(GOOD + b"\x02\x00"), "not an intact ONNX file"),
    reject("a group that does not end", content(GOOD + START_GROUP), "not an intact ONNX file"),
    reject("a group that has not begun", content(GOOD + END_GROUP), "not an intact ONNX file"),
    reject("a group that ends as another", content(GOOD + START_GROUP + varint(201 << 3 | 4)), "not an intact"),
    reject("101 nested unknown groups", content(GOOD + START_GROUP * 101 + END_GROUP * 101), "not an intact"),
    reject("wire type 7", content(GOOD + varint(200 << 3 | 7)), "not an intact ONNX file"),
    reject("a graph that is a number", content(b"\x08\x08" + varint(7 << 3) + b"\x01"), "not an intact ONNX file"),
    reject(
        "a field that claims 2**64 - 1 bytes",
        content(GOOD + varint(999 << 3 | 2) + b"\xff" * 9 + b"\x01"),
        "not an intact ONNX file",
    ),
    same("tags and lengths in more bytes than they need", content(GOOD + b"\xba\x80\x00\x80\x80\x00")),
    same(
        "a field of two gigabytes, announced at the end of a number",
        content(GOOD + varint(998 << 3) + b"\xff" * 9 + b"\x01"),
    ),
    # Protobuf merges the two messages: what stands in the second is added to the first.
    same(
        "the graph in two pieces",
        content(
            model(graph("f = Conv<pads = [1, 1, 1, 1]>(x, w)")).SerializeToString()
            + field(7, field(1, clean().graph.node[1].SerializeToString()))
        ),
    ),
    reject("the same graph twice", content(GOOD + field(7, GRAPH)), "twice"),
    reject(
        "a million unknown fields, and another",
        lambda folder: content(GOOD + (varint(998 << 3) + b"\x01") * 2_100_000)(folder),
        "2000000 fields",
    ),
    reject(
        "a million nodes of two bytes each",
        lambda folder: content(GOOD + field(7, b"\x0a\x00" * 1_100_000))(folder),
        "nodes",
    ),
    reject(
        "a thousand names of 100 kB",
        lambda folder: content(GOOD + field(7, field(1, field(3, b"n" * 100_000)) * 1000))(folder),
        "MiB",
    ),
    reject(
        "an empty message for a graph",
        content(ModelProto(ir_version=8).SerializeToString() + field(7, b"")),
        "opset_import",
    ),
    reject("a graph without nodes, whose output nobody makes", saved(model(graph())), "made by nothing"),
)

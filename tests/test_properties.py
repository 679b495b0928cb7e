"""Does the command end in a report or in one line, whatever bytes it is given?

Good models with bytes changed, cut off, or put together from two: exit status 0, 1 or 2, never a traceback. That no
change of a graph that means nothing changes a verdict is asked in test_metamorphic.py.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shortcut_audit.command.cli import execute
from shortcut_audit.loaders.onnx.wire import skeleton
from tests.hostile import archives, drawing, functions, subgraphs
from tests.loaders.pt2.pt2_archives import document

SAMPLES = Path(__file__).parents[1] / "samples"

ONNX = (
    drawing.clean().SerializeToString(),
    functions.calling(functions.BLOCK, nodes=(functions.call("Block", "x w"),)).SerializeToString(),
    subgraphs.nested(3),
    skeleton(SAMPLES / "highway.onnx"),
    skeleton(SAMPLES / "cifar-resnet20-a.onnx"),
)
DOCUMENT = json.dumps(document(archives.PROJECTION)).encode()
ARCHIVE = archives.packed({"model/models/model.json": DOCUMENT})

Edit = Callable[[bytes], bytes]


def _overwritten(place: float, piece: bytes) -> Edit:
    return lambda data: data[: (at := int(place * len(data)))] + piece + data[at + len(piece) :]


def _inserted(place: float, piece: bytes) -> Edit:
    return lambda data: data[: (at := int(place * len(data)))] + piece + data[at:]


def _without(place: float, length: int) -> Edit:
    return lambda data: data[: (at := int(place * len(data)))] + data[at + length :]


def _repeated(place: float, length: int) -> Edit:
    return lambda data: data[: (at := int(place * len(data))) + length] + data[at:]


def _cut(place: float) -> Edit:
    return lambda data: data[: int(place * len(data))]


PLACES = st.floats(0, 1)
PIECES = st.binary(min_size=1, max_size=8) | st.sampled_from(
    [b"\xff" * 10, b"\0", b"-1", b"Add", b"null", b'{"as_int": -1}']
)
LENGTHS = st.integers(1, 64)
EDITS = st.lists(
    st.one_of(
        st.builds(_overwritten, PLACES, PIECES),
        st.builds(_inserted, PLACES, PIECES),
        st.builds(_without, PLACES, LENGTHS),
        st.builds(_repeated, PLACES, LENGTHS),
        st.builds(_cut, PLACES),
    ),
    min_size=1,
    max_size=4,
)


def edited(data: bytes, edits: list[Edit]) -> bytes:
    for edit in edits:
        data = edit(data)
    return data


def survives(data: bytes, name: str) -> None:
    """Raises AssertionError unless the command, given a file of these bytes, ends as it should."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        said, complained = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
            status = execute(["--format", "json", "--select", "too-many-projections", str(path)])
    lines = complained.getvalue().splitlines()
    assert not any("a bug in" in line for line in lines), lines
    report = json.loads(said.getvalue())
    assert (status, len(lines), len(report["models"]), len(report["errors"])) in {(0, 0, 1, 0), (2, 1, 0, 1)}


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(ONNX), EDITS)
def test_onnx_files_with_bytes_changed(data: bytes, edits: list[Edit]) -> None:
    survives(edited(data, edits), "model.onnx")


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ONNX), PLACES, st.sampled_from(ONNX), PLACES)
@example(ONNX[0], 1.0, ONNX[1], 0.0)
def test_onnx_files_put_together_from_two(one: bytes, end: float, other: bytes, start: float) -> None:
    survives(one[: int(end * len(one))] + other[int(start * len(other)) :], "model.onnx")


@settings(max_examples=150, deadline=None)
@given(EDITS)
def test_pt2_archives_with_bytes_changed(edits: list[Edit]) -> None:
    survives(edited(ARCHIVE, edits), "model.pt2")


@settings(max_examples=150, deadline=None)
@given(EDITS)
def test_pt2_documents_with_bytes_changed(edits: list[Edit]) -> None:
    survives(archives.packed({"model/models/model.json": edited(DOCUMENT, edits)}), "model.pt2")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([10**400, "\x1b[2J"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["as_int", "name", "arg"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_pt2_documents_with_a_value_changed(data: st.DataObject) -> None:
    """Any place in the tree gets any other value."""
    tree = document(archives.PROJECTION)
    holder, key = data.draw(st.sampled_from(list(_places(tree))))
    holder[key] = data.draw(VALUES)
    survives(archives.packed({"model/models/model.json": json.dumps(tree)}), "model.pt2")


def _places(tree: object) -> list[tuple[dict[object, object] | list[object], object]]:
    """Every place in a document: what holds it, and under which key."""
    found = []
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        items = (
            list(holder.items())
            if isinstance(holder, dict)
            else list(enumerate(holder))
            if isinstance(holder, list)
            else []
        )
        found += [(holder, key) for key, _ in items]
        waiting += [value for _, value in items]
    return found  # type: ignore[return-value]

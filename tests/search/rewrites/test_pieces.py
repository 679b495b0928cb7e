"""Whose elements are these? What is joined and cut again is what it was before."""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.search.rewrites.pieces import followed
from tests.sketch import listing, stored

T, U = (1, 7, 8), (1, 1, 8)
NUMBERS = {
    f"i{number}".replace("-", "_"): stored(1, dtype="int64", data=(number,), literal=True)
    for number in (-2, -1, 0, 1, 2, 4, 7, 8)
}
FIRST = stored(dtype="int64", data=(0,), literal=True)
SECOND = stored(dtype="int64", data=(1,), literal=True)
RATE = stored(data=(0.5,), literal=True)


def seen(*lines: str, **tensors: Tensor | tuple[int, ...]) -> str:
    """What the last op of a listing is found to do, and to what."""
    read = " ".join(lines).replace("(", " ").replace(")", " ").replace(",", " ").split()
    used = {
        name: tensor
        for name, tensor in {**NUMBERS, "first": FIRST, "second": SECOND, "rate": RATE}.items()
        if name in read
    }
    graph = followed(assemble(listing(*lines, t=T, u=U, **used, **tensors)))
    op = list(graph.values.values())[-1].op
    assert op is not None
    return f"{op.kind}({', '.join(op.values())})"


JOINT = "c = Concat(u, t) axis=1"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((JOINT, "y = Gather(c, first) axis=1"), "Reshape(u)"),
        ((JOINT, "y = Slice(c, i0, i1, i1)"), "Identity(u)"),
        ((JOINT, "y = Slice(c, i1, i8, i1)"), "Identity(t)"),
        ((JOINT, "k = Identity(c)", "y = Slice(k, i1, i8, i1)"), "Identity(t)"),
        ((JOINT, "k = Dropout(c, rate)", "y = Slice(k, i1, i8, i1)"), "Identity(t)"),  # a copy that reads a number
        ((JOINT, "y = Slice(c, i1, i4, i1)"), "Slice(t)"),
        ((JOINT, "y = Gather(c, second) axis=1"), "Gather(t)"),
        ((JOINT, "y = Gather(c, i0) axis=1"), "Identity(u)"),
        ((JOINT, "y = Slice(c, i0, i4, i1)"), "Slice(c)"),  # u, and a part of t
        ((JOINT, "y = Slice(c, i1, i8, i1, i2)"), "Slice(c)"),  # every other one
        ((JOINT, "y = Slice(c, i0, i4, i2)"), "Slice(c)"),  # along another axis
        (("c = Concat(u, t, u) axis=1", "y = Slice(c, i0, i8, i1)"), "Concat(u, t)"),
        (("c = Concat(t, t) axis=-1", "a, y = Split(c) axis=-1"), "Identity(t)"),
        (("c = Stack(u, v) axis=0", "y = Gather(c, second) axis=0"), "Reshape(v)"),
        (("s = Slice(t, i0, i4, i1)", "r = Slice(t, i4, i7, i1)", "y = Concat(s, r) axis=1"), "Identity(t)"),
        (("s = Slice(t, i0, i4, i1)", "r = Slice(t, i4, i7, i1)", "y = Concat(r, s) axis=1"), "Concat(r, s)"),
        (("s = Slice(t, i0, i4, i1)", "y = Concat(s, s) axis=1"), "Concat(s, s)"),
    ],
    ids=lambda given: given if isinstance(given, str) else "; ".join(given),
)
def test_a_piece_is_of_what_was_joined(lines: tuple[str, ...], expected: str) -> None:
    assert seen(*lines, **({"v": U} if "v)" in " ".join(lines) else {})) == expected


def test_the_class_token_alone_is_a_source_of_its_own() -> None:
    """cat([u, t])[:, 0] + F(t).mean(1): u and t have nothing in common."""
    lines = (
        JOINT, "s = Gather(c, first) axis=1", "f = MatMul(t, w)", "r = Relu(f)", "m = ReduceMean(r) axes=1, keepdims=0",
        "y = Add(s, m)",
    )  # fmt: skip
    report = audit_draft(listing(*lines, t=T, u=U, w=stored(8, 8), first=FIRST))
    assert [other.reason for other in report.other_adds] == ["independent sources"]


def test_a_piece_of_tokens_that_are_read_as_a_whole_is_a_piece() -> None:
    """x[:, :1] + F(x), x = cat([u, t]): the class attention of VOLO takes its shortcut from x."""
    lines = (
        JOINT, "s = Gather(c, first) axis=1", "f = MatMul(c, w)", "r = Relu(f)", "m = ReduceMean(r) axes=1, keepdims=0",
        "y = Add(s, m)",
    )  # fmt: skip
    report = audit_draft(listing(*lines, t=T, u=U, w=stored(8, 8), first=FIRST))
    assert [(s.kind, s.fork.name) for s in report.shortcuts] == [("parameter-free", "c")]


def test_the_halves_of_a_reversible_block_are_its_input() -> None:
    lines = ("c = Concat(t, t) axis=-1", "a, b = Split(c) axis=-1", "f = MatMul(b, w)", "r = Relu(f)", "y = Add(a, r)")
    report = audit_draft(listing(*lines, t=T, w=stored(8, 8)))
    assert [(s.kind, s.fork.name) for s in report.shortcuts] == [("identity", "t")]


@pytest.mark.parametrize(
    ("line", "kind"), [("y = Concat(a, b, c) axis=1", "Identity"), ("y = Concat(a, b) axis=1", "Concat")]
)
def test_only_all_pieces_together_are_the_whole(line: str, kind: str) -> None:
    drawn = listing("a, b, c = Split(x, s) axis=1", line, "z = Relu(c)", x=(1, 8, 4, 4),
                    s=stored(3, dtype="int64", data=(2, 4, 2)))  # fmt: skip
    made = followed(assemble(drawn)).values["y"].op
    assert made is not None
    assert made.kind == kind

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


NORMED = "n = LayerNormalization(c, g, b)"
"""Over the last axis; tokens lie along axis 1."""


@pytest.mark.parametrize(
    ("lines", "source"),
    [
        ((JOINT, NORMED, "y = Gather(n, first) axis=1"), "u"),
        ((JOINT, NORMED, "r = Relu(n)", "y = Slice(r, i1, i4, i1)"), "t"),
        ((JOINT, "a = Mul(c, p)", "y = Slice(a, i0, i1, i1)"), "u"),  # by a part of what is stored of each token
        ((JOINT, "a = Add(c, p)", "y = Slice(a, i0, i1, i1)"), "c"),  # an addition is listed where it stands
        ((JOINT, "m = ReduceMax(c, i2)", "d = Sub(c, m)", "y = Slice(d, i0, i1, i1)"), "c"),  # what reduces is a stop
        ((JOINT, NORMED, "y = Slice(n, i0, i1, i2)"), "c"),  # along the axis that is normalised
        ((JOINT, NORMED, "y = Slice(n, i0, i4, i1)"), "c"),  # u, and a part of t
        ((JOINT, "s = Softmax(c) axis=1", "y = Slice(s, i0, i1, i1)"), "c"),
        ((JOINT, NORMED, "z = MatMul(n, w)", "y = Slice(n, i0, i1, i1)"), "c"),  # the whole is read, too
    ],
    ids=lambda given: given if isinstance(given, str) else "; ".join(given),
)
def test_what_treats_the_elements_along_an_axis_apart_leaves_pieces_pieces(lines: tuple[str, ...], source: str) -> None:
    read = " ".join(lines)
    stores = {"g": stored(8), "b": stored(8), "p": stored(1, 8, 8), "w": stored(8, 8)}
    used = {name: tensor for name, tensor in {**NUMBERS, "first": FIRST, **stores}.items() if f" {name}" in read}
    graph = followed(assemble(listing(*lines, t=T, u=U, **used)))
    met, waiting = set[str](), ["y"]
    while waiting:
        op = graph.values[waiting.pop()].op
        given = () if op is None else op.values()
        met |= set(given)
        waiting.extend(given)
    assert met & {"u", "t", "c"} == ({source} if source != "c" else {"u", "t", "c"})


@pytest.mark.parametrize("norm", ["LayerNormalization(c, g, b)", "Relu(c)"])
def test_averaged_heads_of_class_tokens_have_no_shortcut(norm: str) -> None:
    """CrossViT: head(norm(cat([u, t]))[:, 0]) + head'(F(t).mean(1)) has nothing of t on its first side."""
    lines = (
        JOINT, f"n = {norm}", "s = Gather(n, first) axis=1", "h = MatMul(s, w)", "f = MatMul(t, v)", "r = Relu(f)",
        "m = ReduceMean(r) axes=1, keepdims=0", "y = Add(h, m)",
    )  # fmt: skip
    scale = {"g": stored(8), "b": stored(8)} if "g" in norm else {}
    report = audit_draft(listing(*lines, t=T, u=U, w=stored(8, 8), v=stored(8, 8), first=FIRST, **scale))
    assert [other.reason for other in report.other_adds] == ["independent sources"]


def test_a_block_behind_a_joint_of_known_parts_is_understood() -> None:
    """MixNet: h = BN(cat([u, t])) in channels, and h + F(h) cuts h into pieces of its own."""
    lines = (
        "c = Concat(u, u) axis=1", "n = BatchNormalization(c, g, b, m, v)", "a, d = Split(n) axis=1, num_outputs=2",
        "e = Conv(a, k) pads=1,1,1,1", "f = Relu(e)", "j = Concat(f, d) axis=1", "q = Conv(j, o)", "y = Add(n, q)",
    )  # fmt: skip
    norm = {name: stored(8) for name in "gbmv"}
    report = audit_draft(listing(*lines, u=(1, 4, 6, 6), k=stored(4, 4, 3, 3), o=stored(8, 8, 1, 1), **norm))
    assert [(s.kind, s.fork.name) for s in report.shortcuts] == [("identity", "n")]


def test_an_addition_between_a_joint_and_its_pieces_is_listed_once() -> None:
    """TNT: cat([u, t]) + p, cut again into u's part and t's."""
    lines = (
        JOINT, "a = Add(c, p)", "q = Slice(a, i1, i8, i1)", "f = MatMul(q, w)", "r = Relu(f)", "y = Add(q, r)",
    )  # fmt: skip
    tensors = {**{name: NUMBERS[name] for name in ("i1", "i8")}, "p": stored(1, 8, 8), "w": stored(8, 8)}
    report = audit_draft(listing(*lines, t=T, u=U, **tensors))
    assert report.totals.adds == 2
    assert [other.name for other in report.other_adds] == ["a"]


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

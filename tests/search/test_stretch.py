"""How did an axis come to be one long? A kind never changes with a size."""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.search import ranks
from shortcut_audit.search.stretch import Stretches
from tests.sketch import listing, stored

SIZES = [(1, 8, 4, 4), (1, 8, 1, 1), ("batch", 8, "height", "width"), (2, 8, 1, 4)]
"""Images of 16 positions, of one, of any number."""

CONTEXTS = {
    "mean": ("m = ReduceMean(x) axes=2,3", "y = Conv(m, w)"),
    "global pool": ("m = GlobalAveragePool(x)", "y = Conv(m, w)"),
    "max": ("m = ReduceMax(x) axes=2,3", "c = Conv(m, w)", "y = Sigmoid(c)"),
    "through two layers": ("m = ReduceMean(x) axes=2,3", "c = Conv(m, w)", "r = Relu(c)", "y = Conv(r, w2)"),
    "put in again": ("m = ReduceMean(x) axes=2,3 keepdims=0", "l = MatMul(m, l1)", "y = Unsqueeze(l, last)"),
    "written out": ("m = ReduceMean(x) axes=2,3", "c = Conv(m, w)", "s = Shape(x)", "y = Expand(c, s)"),
    "written out before a layer": ("m = ReduceMean(x) axes=2,3", "s = Shape(x)", "e = Expand(m, s)", "y = Conv(e, w)"),
    "resized": ("m = ReduceMean(x) axes=2,3", "c = Conv(m, w)", "s = Shape(x)", "y = Resize(c, _, _, s)"),
    "a piece": (
        "m = ReduceMean(x) axes=2,3",
        "s = Shape(x)",
        "e = Expand(m, s)",
        "c = Conv(e, w16)",
        "y, d = Split(c) axis=1",
    ),
    "put in by a view": ("m = ReduceMean(x) axes=2,3 keepdims=0", "l = MatMul(m, l1)", "y = Reshape(l, as_image)"),
}

TENSORS = {
    "w16": stored(16, 8, 1, 1),
    "w": stored(8, 8, 1, 1), "w2": stored(8, 8, 1, 1), "l1": stored(8, 8),
    "last": stored(2, dtype="int64", data=(2, 3), literal=True),
    "as_image": stored(4, dtype="int64", data=(0, 8, 1, 1), literal=True),
}  # fmt: skip


@pytest.mark.parametrize("shape", SIZES, ids=str)
@pytest.mark.parametrize("name", CONTEXTS)
def test_a_context_is_stretched_over_all_positions(name: str, shape: tuple[int | str, ...]) -> None:
    lines = (*CONTEXTS[name], "z = Add(x, y)")
    used = {key: tensor for key, tensor in TENSORS.items() if key in " ".join(lines)}
    report = audit_draft(listing(*lines, x=shape, **used))
    assert not report.shortcuts
    assert [other.reason for other in report.other_adds] == ["broadcast"]


@pytest.mark.parametrize("shape", SIZES, ids=str)
def test_what_has_one_position_as_the_data_has_it_is_not_stretched(shape: tuple[int | str, ...]) -> None:
    report = audit_draft(listing("c = Conv(x, w)", "r = Relu(c)", "z = Add(x, r)", x=shape, w=stored(8, 8, 1, 1)))
    assert [s.kind for s in report.shortcuts] == ["identity"]


@pytest.mark.parametrize("shape", SIZES, ids=str)
def test_what_is_reduced_alike_is_not_stretched(shape: tuple[int | str, ...]) -> None:
    """A residual block behind a global pool."""
    lines = ("m = ReduceMean(x) axes=2,3", "c = Conv(m, w)", "r = Relu(c)", "z = Add(m, r)")
    report = audit_draft(listing(*lines, x=shape, w=stored(8, 8, 1, 1)))
    assert [s.kind for s in report.shortcuts] == ["identity"]


@pytest.mark.parametrize("batch", [1, 2, "batch"])
def test_a_value_that_was_repeated_along_an_axis_of_one_element_is_stretched(batch: int | str) -> None:
    """One token that the data has, copied to five places: a broadcast, with the stretching written out."""
    lines = ("f = MatMul(x, w)", "m = MatMul(c, v)", "e = Tile(m, five)", "s = Add(f, e)", "r = Relu(s)",
             "g = MatMul(r, w2)", "n = MatMul(c, v2)", "t = Tile(n, five)", "y = Add(g, t)")  # fmt: skip
    tensors = {name: stored(8, 8) for name in ("w", "w2", "v", "v2")}
    five = stored(3, dtype="int64", data=(1, 5, 1), literal=True)
    report = audit_draft(listing(*lines, x=(batch, 5, 8), c=(batch, 1, 8), five=five, **tensors))
    assert [other.reason for other in report.other_adds] == ["broadcast", "broadcast"]


def test_where_nothing_is_known_of_an_axis_nothing_is_stretched() -> None:
    """Attention over one token: what a view makes of it has an axis of which nobody knows how it came to be one."""
    lines = ("h = MatMul(x, l1)", "q = Reshape(h, heads)", "k = Transpose(q) perm=0,2,1", "s = MatMul(q, k)",
             "p = Softmax(s)", "v = MatMul(p, q)", "o = Reshape(v, tokens)", "z = Add(x, o)")  # fmt: skip
    sizes = {
        "heads": stored(3, dtype="int64", data=(2, 1, 4), literal=True),
        "tokens": stored(3, dtype="int64", data=(1, 1, 8), literal=True),
    }
    report = audit_draft(listing(*lines, x=(1, 1, 8), l1=stored(8, 8), **sizes))
    assert [s.kind for s in report.shortcuts] == ["identity"]


def test_a_reduction_along_no_axis_stretches_nothing() -> None:
    """With noop_with_empty_axes, ReduceSum without axes is a copy."""
    lines = ("r = Relu(c)", "s = ReduceSum(r) noop_with_empty_axes=1", "z = Add(x, s)")
    report = audit_draft(listing("c = Conv(x, w)", *lines, x=(1, 8, 4, 4), w=stored(8, 8, 1, 1)))
    assert [s.kind for s in report.shortcuts] == ["identity"]


def test_what_stands_where_sizes_should_is_not_repeated() -> None:
    """A file that swaps data and scales is audited as any other."""
    lines = ("s = Resize(scales, _, x)", "y = Add(s, s)", "z = Add(y, x)")
    report = audit_draft(listing(*lines, x=(1, 8, 4, 4), scales=stored(4, data=(1.0, 1.0, 2.0, 2.0))))
    assert [other.reason for other in report.other_adds] == ["elementwise expression", "broadcast"]


@pytest.mark.parametrize(
    ("factor", "gated"),
    [
        ((1, 8, 1, 1), False), ((1, 1, 4, 4), False), ((4, 4), False),
        ((8, 4, 4), True), ((1, 8, None, 4), True), ((1, 8, 4, 4), True),
    ],
)  # fmt: skip
def test_a_factor_of_a_smaller_shape_is_stretched(factor: tuple[int | None, ...], gated: bool) -> None:
    """Unknown sizes are never different, and an axis of one in front is that of a batch."""
    graph = assemble(listing("y = Mul(p, z)", p=factor, z=(1, 8, 4, 4)))
    told = [Stretches(graph).is_factor_stretched(graph.ops[-1], slot) for slot in (0, 1)]
    assert told == [not gated, False]


@pytest.mark.parametrize(
    ("lines", "stretched"),
    [
        (("n = Rows(x)", "p = Unsqueeze(n) axes=-1,", "e = MatMul(n, w)", "y = Mul(p, e)"), True),
        (("n = Rows(x)", "p = ReduceMax(n) axes=-1, keepdims=1", "q = Sigmoid(p)", "y = Mul(q, n)"), True),
        (("n = Rows(x)", "p = Unsqueeze(n) axes=-1,", "q = Unsqueeze(n) axes=-1,", "y = Mul(p, q)"), False),
        (("n = Rows(x)", "p = Sigmoid(n)", "e = MatMul(n, w)", "y = Mul(p, e)"), False),
        (("n = Rows(x)", "p = ReduceMax(n) axes=-1, keepdims=0", "y = Mul(p, n)"), False),
        (("m = ReduceMean(x) axes=1, keepdims=1", "s = Shape(x)", "p = Expand(m, s)", "y = Mul(p, x)"), True),
    ],
)
def test_a_factor_along_an_axis_that_was_put_in_is_stretched(lines: tuple[str, ...], stretched: bool) -> None:
    """A router's score of tokens of which nobody knows how many there are, or how they lie."""
    known = assemble(listing(*lines, x=(3, 8), w=stored(8, 8)))
    graph = next(iter(ranks.supposed(known)), known)
    assert Stretches(graph).is_factor_stretched(graph.ops[-1], 0) is stretched

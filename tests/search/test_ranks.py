"""Does a verdict on values of which nobody knows how many axes they have hold whatever that number is?

Each graph is read with sizes, with open sizes, with unknown ones, and with no rank at all. What is not known is never
green: where a rank decides, the sum is not understood.
"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.frozen import replace
from shortcut_audit.graph.draft import Draft, Tensor
from shortcut_audit.graph.model import Dim, TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from shortcut_audit.search import ranks, search
from tests.sketch import listing, stored


def listed(*numbers: int) -> Tensor:
    return stored(len(numbers), dtype="int64", data=numbers, literal=True)


TENSORS = {
    "w": stored(8, 8), "wide": stored(16, 8), "double": stored(8, 16), "one": stored(8, 1), "vector": stored(8),
    "k": stored(8, 8, 1, 1), "a1": listed(1), "a2": listed(2), "last2": listed(-2), "a23": listed(2, 3),
    "from0": listed(0), "to1": listed(1), "end": listed(1 << 40), "first": listed(0),
    "zeroth": stored(dtype="int64", data=(0,), literal=True), "behind": listed(0, 1, -1),
    "fed": TensorType((1,), "int64"), "places": TensorType((1,), "int64"),
}  # fmt: skip

TOKENS: tuple[tuple[Dim, ...], ...] = (2, 3, 8), ("batch", "tokens", 8), (None, None, None)
IMAGES: tuple[tuple[Dim, ...], ...] = (2, 8, 4, 4), ("batch", 8, "height", "width"), (None, None, None, None)


def used(*lines: str) -> dict[str, Tensor | TensorType]:
    read = {word for line in lines for word in line.partition("(")[2].partition(")")[0].split(", ")}
    return {name: tensor for name, tensor in TENSORS.items() if name in read}


def draft(*lines: str, x: tuple[Dim, ...] | None) -> Draft:
    return listing(*lines, x=TensorType(x, "float32"), **used(*lines))


def said(report: ModelReport) -> list[str]:
    return [shortcut.kind for shortcut in report.shortcuts] + [other.reason for other in report.other_adds]


MEAN = "m = ReduceMean(x) axes=1, keepdims=1"

STRETCHED = {
    "a positive axis": (MEAN, "t = MatMul(m, w)"),
    "a negative axis": ("m = ReduceMean(x) axes=-2, keepdims=1", "t = MatMul(m, w)"),
    "the last axis": ("m = ReduceMean(x) axes=-1, keepdims=1", "t = Gelu(m)"),
    "several positive axes": ("m = ReduceMean(x) axes=0,1 keepdims=1", "t = MatMul(m, w)"),
    "several negative axes": ("m = ReduceMean(x) axes=-3,-2 keepdims=1", "t = MatMul(m, w)"),
    "all axes": ("m = ReduceMean(x) keepdims=1", "t = Gelu(m)"),
    "axes as an input": ("m = ReduceMean(x, a1) keepdims=1", "t = MatMul(m, w)"),
    "negative axes as an input": ("m = ReduceMax(x, last2) keepdims=1", "t = MatMul(m, w)"),
    "axes that are fed": ("m = ReduceMean(x, fed) keepdims=1", "t = MatMul(m, w)"),
    "a sum": ("m = ReduceSum(x, a1) keepdims=1", "t = MatMul(m, w)"),
    "a product": ("m = ReduceProd(x) axes=1, keepdims=1", "t = MatMul(m, w)"),
    "a logarithm of sums": ("m = ReduceLogSumExp(x) axes=1, keepdims=1", "t = MatMul(m, w)"),
    "behind a nonlinearity": (MEAN, "l = MatMul(m, w)", "t = Relu(l)"),
    "reduced and put in": ("m = ReduceMean(x) axes=1, keepdims=0", "l = MatMul(m, w)", "t = Unsqueeze(l) axes=1,"),
    "reduced and put in by inputs": ("m = ReduceMean(x, a1) keepdims=0", "l = MatMul(m, w)", "t = Unsqueeze(l, a1)"),
    "and from the end": ("m = ReduceMean(x, last2) keepdims=0", "l = MatMul(m, w)", "t = Unsqueeze(l, last2)"),
    "squeezed": (MEAN, "s = Squeeze(m) axes=1,", "l = MatMul(s, w)", "t = Unsqueeze(l) axes=1,"),
    "squeezed by inputs": (MEAN, "s = Squeeze(m, a1)", "l = MatMul(s, w)", "t = Unsqueeze(l, a1)"),
    "reduced and gone": ("m = Einsum(x) equation=btc->bc", "l = MatMul(m, w)", "t = Unsqueeze(l) axes=1,"),
    "the first piece": ("m = Slice(x, from0, to1, a1)", "t = MatMul(m, w)"),
    "the first piece from the end": ("m = Slice(x, from0, to1, last2)", "t = MatMul(m, w)"),
    "one of them": ("m = Gather(x, first) axis=1", "t = MatMul(m, w)"),
    "one of them from the end": ("m = Gather(x, first) axis=-2", "t = MatMul(m, w)"),
    "one that is put in again": ("m = Gather(x, zeroth) axis=1", "l = MatMul(m, w)", "t = Unsqueeze(l) axes=1,"),
    "the largest": ("m, i = TopK(x, to1) axis=1", "t = MatMul(m, w)"),
    "joined": (MEAN, "n = ReduceMax(x) axes=1, keepdims=1", "c = Concat(m, n) axis=2", "t = MatMul(c, wide)"),
    "joined along the last": (
        MEAN, "n = ReduceMax(x) axes=1, keepdims=1", "c = Concat(m, n) axis=-1", "t = MatMul(c, wide)",
    ),
    "cut": (MEAN, "l = MatMul(m, double)", "a, b = Split(l) axis=-1", "g = Sigmoid(b)", "t = Mul(a, g)"),
    "turned": (
        "q = Transpose(x) perm=0,2,1", "m = ReduceMean(q) axes=2, keepdims=1", "p = Transpose(m) perm=0,2,1",
        "t = MatMul(p, w)",
    ),
    "written out": (MEAN, "l = MatMul(m, w)", "s = Shape(x)", "t = Expand(l, s)"),
    "put in by a view": ("m = ReduceMean(x) axes=1, keepdims=0", "l = MatMul(m, w)", "t = Reshape(l, behind)"),
    "weighed": (
        "l = MatMul(x, one)", "p = Softmax(l) axis=1", "q = Mul(x, p)", "m = ReduceSum(q, a1) keepdims=1",
        "t = MatMul(m, w)",
    ),
    "one score": ("l = MatMul(x, one)", "t = Sigmoid(l)"),
    "one score that is put in": ("l = MatMul(x, vector)", "g = Sigmoid(l)", "t = Unsqueeze(g) axes=2,"),
}  # fmt: skip
"""x, and a value t that is stretched over it, in every spelling: what is added to tokens."""


@pytest.mark.parametrize("shape", [*TOKENS, None], ids=str)
@pytest.mark.parametrize("name", STRETCHED)
def test_what_is_stretched_is_stretched_at_any_rank(name: str, shape: tuple[Dim, ...] | None) -> None:
    assert said(audit_draft(draft(*STRETCHED[name], "y = Add(x, t)", x=shape))) == ["broadcast"]


@pytest.mark.parametrize("name", STRETCHED)
def test_that_a_file_states_a_shape_makes_nothing_green(name: str) -> None:
    """Exporters state the shape of every output. Then all ranks may be known but those on the way to the sum."""
    lines = ("z = Reshape(x, sizes)", *(line.replace("(x", "(z") for line in STRETCHED[name]), "y = Add(x, t)")
    drawn = replace(
        listing(*lines, x=TensorType((2, 3, 8), "float32"), sizes=TensorType(("n",), "int64"), **used(*lines)),
        recorded={"y": TensorType((2, 3, 8), "float32")},
    )
    assert not audit_draft(drawn).shortcuts


OVER_IMAGES = {
    "pooled": ("m = GlobalAveragePool(x)", "t = Conv(m, k)"),
    "the mean": ("m = ReduceMean(x) axes=2,3 keepdims=1", "t = Conv(m, k)"),
    "the mean from the end": ("m = ReduceMean(x) axes=-2,-1 keepdims=1", "t = Conv(m, k)"),
    "axes as an input": ("m = ReduceMean(x, a23) keepdims=1", "t = Conv(m, k)"),
    "rows": ("m = ReduceMean(x) axes=2, keepdims=1", "t = Conv(m, k)"),
    "put in": ("m = ReduceMean(x) axes=2,3 keepdims=0", "l = MatMul(m, w)", "t = Unsqueeze(l, a23)"),
    "flattened": (
        "m = GlobalAveragePool(x)", "f = Flatten(m) axis=1", "l = MatMul(f, w)", "t = Unsqueeze(l) axes=2,3",
    ),
    "the first row": ("m = Slice(x, from0, to1, a2)", "t = Conv(m, k)"),
}  # fmt: skip


@pytest.mark.parametrize("shape", [*IMAGES, None], ids=str)
@pytest.mark.parametrize("name", OVER_IMAGES)
def test_what_is_stretched_over_images_is_so_at_any_rank(name: str, shape: tuple[Dim, ...] | None) -> None:
    assert said(audit_draft(draft(*OVER_IMAGES[name], "y = Add(x, t)", x=shape))) == ["broadcast"]


@pytest.mark.parametrize("shape", [*IMAGES, None], ids=str)
def test_what_is_stretched_over_what_was_flattened(shape: tuple[Dim, ...] | None) -> None:
    lines = ("m = GlobalAveragePool(x)", "c = Conv(m, k)", "t = Flatten(c) axis=2", "g = Flatten(x) axis=2")
    assert said(audit_draft(draft(*lines, "y = Add(g, t)", x=shape))) == ["broadcast"]


WHOLE = {
    "a block": ("t = MatMul(x, w)", "r = Relu(t)", "y = Add(x, r)"),
    "a gate for all tokens": (MEAN, "l = MatMul(m, w)", "g = Sigmoid(l)", "r = Mul(x, g)", "y = Add(x, r)"),
    "what is reduced alike": (MEAN, "t = MatMul(m, w)", "r = Relu(t)", "y = Add(m, r)"),
    "all of it": ("m = Slice(x, from0, end, a1)", "t = MatMul(m, w)", "r = Relu(t)", "y = Add(x, r)"),
    "an axis in front": ("t = MatMul(x, w)", "r = Relu(t)", "u = Unsqueeze(r) axes=0,", "y = Add(x, u)"),
}


@pytest.mark.parametrize("shape", [*TOKENS, None], ids=str)
@pytest.mark.parametrize("name", WHOLE)
def test_what_is_whole_is_whole_at_any_rank(name: str, shape: tuple[Dim, ...] | None) -> None:
    assert said(audit_draft(draft(*WHOLE[name], x=shape))) == ["identity"]


def test_a_verdict_that_depends_on_the_rank_is_not_understood() -> None:
    """Axis 2 is the last one of three, over which a matrix makes eight of one, but not of four."""
    lines = ("i = ArgMax(x) axis=2 keepdims=1", "e = Cast(i) to=1", "t = MatMul(e, row)", "y = Add(x, t)")
    told = listing(*lines, x=TensorType(None, "float32"), row=stored(1, 8))
    (other,) = audit_draft(told).other_adds
    assert (other.reason, other.detail) == ("not understood", "nobody knows how many axes x has")


def test_a_value_of_unknown_rank_inside_a_model() -> None:
    """What an op makes that nobody has described has, perhaps, as many axes as what it reads."""
    lines = ("h = com.example::Mystery(x)", "m = ReduceMean(h) axes=1, keepdims=1", "t = MatMul(m, w)", "y = Add(h, t)")
    assert said(audit_draft(draft(*lines, x=(2, 3, 8)))) == ["broadcast"]


def test_what_is_not_understood_may_copy_what_it_has_no_shape_of() -> None:
    """opaque(n + x) + n: a copy would make x + 2 n of it."""
    lines = ("n = MatMul(x, w)", "s = Add(n, x)", "o = com.example::Mystery(s)", "y = Add(o, n)")
    assert said(audit_draft(draft(*lines, x=(2, 3, 8)))) == ["identity", "not understood"]


def test_context_beside_a_block_changes_nothing() -> None:
    """(x + F(x)) + t, t stretched over both: an identity and a broadcast, at unknown rank as at any other."""
    lines = (MEAN, "t = MatMul(m, w)", "l = MatMul(x, v)", "f = Relu(l)", "s = Add(x, f)", "y = Add(s, t)")
    for shape in (*TOKENS, None):
        read = {"w": stored(8, 8), "v": stored(8, 8)}
        report = audit_draft(listing(*lines, x=TensorType(shape, "float32"), **read))
        assert ([(one.kind, one.merge.name) for one in report.shortcuts]) == [("identity", "s")]
        assert [(other.name, other.reason) for other in report.other_adds] == [("y", "broadcast")]


def test_a_rank_that_was_supposed_is_not_told() -> None:
    report = audit_draft(draft("l = MatMul(x, w)", "f = Relu(l)", "y = Add(x, f)", x=None))
    (one,) = report.shortcuts
    assert (one.fork.shape, one.merge.shape, one.span.macs, one.span.parameters) == (None, None, None, 64)
    assert (report.totals.macs, report.totals.lower_bound) == (0, True)


def test_the_ranks_that_fit_are_supposed() -> None:
    """A transposition of three axes leaves no choice, axes 2 and 3 those of four and five."""
    turned = assemble(draft("t = Transpose(x) perm=0,2,1", "y = Relu(t)", x=None))
    assert [len(one.values["x"].type.shape or ()) for one in ranks.supposed(turned)] == [3]
    image = assemble(draft("y = ReduceMean(x) axes=2,3 keepdims=1", x=None))
    assert [len(one.values["x"].type.shape or ()) for one in ranks.supposed(image)] == [4, 5]
    assert ranks.supposed(assemble(draft("y = Relu(x)", x=(2, 8)))) == ()


def test_what_is_found_holds_the_values_of_the_graph() -> None:
    graph = assemble(draft("l = MatMul(x, w)", "f = Relu(l)", "y = Add(x, f)", x=None))
    searched = search(graph)
    (one,) = searched.found
    assert one.fork is graph.values["x"]
    assert one.merge.result is graph.values["y"]
    assert all(value.type.shape is None for value in searched.graph.values.values())

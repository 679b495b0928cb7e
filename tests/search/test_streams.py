"""When is a product with a computed matrix a gate?"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from shortcut_audit.search.streams import mixed_axes
from tests.sketch import listing, stored

SHARED = (
    "flat = Reshape(x, wide)",
    "c_ = MatMul(flat, wc)",
    "c__ = Reshape(c_, square)",
    "c = Softmax(c__)",
    "a_ = MatMul(flat, wa)",
    "a = Sigmoid(a_)",
)
"""Four streams of eight channels, and what is computed of all: a 4 x 4 matrix, a weight for each stream."""

READS = {
    "a sum of weighted streams": ("b = Unsqueeze(a, last)", "bx = Mul(x, b)", "r = ReduceSum(bx, third) keepdims=0"),
    "a product with the weights": ("b = Unsqueeze(a, third)", "bx = MatMul(b, x)", "r = Squeeze(bx, third)"),
    "an einsum": ("r = Einsum(a, x) equation=bsn,bsnd->bsd",),
    "the first stream": ("r = Gather(x, first) axis=2",),
}
MIXES = {"matmul": "m = MatMul(c, x)", "einsum": "m = Einsum(c, x) equation=bsnm,bsmd->bsnd"}


def report(*lines: str) -> ModelReport:
    return audit_draft(
        listing(
            *lines,
            x=(1, 7, 4, 8),
            wide=stored(3, dtype="int64", data=(1, 7, 32)),
            square=stored(4, dtype="int64", data=(1, 7, 4, 4)),
            all=stored(2, dtype="int64", data=(-1, 8)),
            wc=stored(32, 16),
            wa=stored(32, 4),
            w=stored(8, 8),
            hm=stored(4, 5),
            bm=stored(4, 1),
            wc5=stored(32, 20),
            wd=stored(8, 5),
            wb=stored(8, 1),
            square5=stored(4, dtype="int64", data=(1, 7, 5, 4)),
            one=stored(1, dtype="int64", data=(1,)),
            five=stored(1, dtype="int64", data=(5,)),
            shaw=stored(7, 7, 32),
            v=stored(8, 8),
            last=stored(1, dtype="int64", data=(3,)),
            third=stored(1, dtype="int64", data=(2,)),
            first=stored(dtype="int64", data=(0,)),
        )
    )


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("read", READS)
def test_streams_mixed_by_a_computed_matrix_are_gated(mix: str, read: str) -> None:
    """C's own weights, 32 x 16."""
    made = report(
        *SHARED,
        *READS[read],
        "h = MatMul(r, w)",
        "g = Relu(h)",
        "f = MatMul(g, v)",
        "u = Unsqueeze(f, third)",
        "e = Expand(u, shape)",
        MIXES[mix],
        "y = Add(e, m)",
        "shape = Shape(x)",
    )
    (shortcut,) = [s for s in made.shortcuts if s.merge.name == "y"]
    assert (shortcut.kind, shortcut.fork.name, shortcut.parameters) == ("gated", "x", 512)


def test_a_matrix_that_mixes_what_the_branch_maps_one_by_one_is_no_gate() -> None:
    """A x + W x: W projects, A x is the branch."""
    made = report(*SHARED, "ax = MatMul(c, x)", "wx = MatMul(x, w)", "y = Add(ax, wx)")
    (shortcut,) = made.shortcuts
    assert (shortcut.kind, [step.op for step in shortcut.route], shortcut.parameters) == ("projection", ["MatMul"], 64)


def test_nor_is_one_where_the_branch_lays_positions_out_anew() -> None:
    made = report(*SHARED, "ax = MatMul(c, x)", "rows = Reshape(x, all)", "h = MatMul(rows, w)", "g = Relu(h)",
                  "back = Shape(x)", "f = Reshape(g, back)", "y = Add(ax, f)")  # fmt: skip
    assert made.shortcuts == ()


def test_a_learned_map_before_the_matrix_makes_attention() -> None:
    """C (W x) is attention over streams, beside V(sum of x)."""
    made = report(*SHARED, "wx = MatMul(x, w)", "m = MatMul(c, wx)", *READS["an einsum"], "h = MatMul(r, v)",
                  "g = Relu(h)", "u = Unsqueeze(g, third)", "shape = Shape(x)", "e = Expand(u, shape)",
                  "y = Add(e, m)")  # fmt: skip
    assert made.shortcuts == ()


# --- one stream goes to the branch, the others are carried on ---------------------------------------------------------


def test_a_learned_mixing_of_streams_stands_on_the_route() -> None:
    """Neither piece of what is mixed holds an element of the other: the fork is what they are mixed of."""
    made = report(
        "m = Einsum(hm, x) equation=sn,btsd->btnd", "r = Gather(m, first) axis=2", "f = MatMul(r, w)", "g = Relu(f)",
        "g_ = Unsqueeze(g, third)", "s = Mul(g_, bm)", "k = Slice(m, one, five, third)", "y = Add(s, k)",
    )  # fmt: skip
    (shortcut,) = made.shortcuts
    assert (shortcut.kind, shortcut.fork.name) == ("projection", "x")
    assert [step.op for step in shortcut.route] == ["Einsum", "Slice"]
    assert shortcut.parameters == 20  # 4 streams by 5


def test_a_computed_mixing_of_streams_stands_on_the_route() -> None:
    made = report(
        "flat = Reshape(x, wide)", "c_ = MatMul(flat, wc5)", "c = Reshape(c_, square5)", "m = MatMul(c, x)",
        "r = Gather(m, first) axis=2", "f = MatMul(r, w)", "g = Relu(f)",
        "g_ = Unsqueeze(g, third)", "s = Mul(g_, bm)", "k = Slice(m, one, five, third)", "y = Add(s, k)",
    )  # fmt: skip
    (shortcut,) = made.shortcuts
    assert (shortcut.kind, shortcut.fork.name) == ("gated", "x")
    assert shortcut.parameters == 640  # 32 x 20


@pytest.mark.parametrize("equation", ["...sn,...sd->...nd", "btsn,b...sd->b...nd"])
def test_each_stream_may_have_a_weight_of_its_own(equation: str) -> None:
    """Zhu et al. 2024: matrix and weights are computed of each stream alone, the branch reads one mixed stream."""
    made = report(
        "c_ = MatMul(x, wd)", "c = Tanh(c_)", f"m = Einsum(c, x) equation={equation}", "b_ = MatMul(x, wb)",
        "b = Tanh(b_)", "r = Gather(m, first) axis=2", "f = MatMul(r, w)", "g = Relu(f)",
        "g_ = Unsqueeze(g, third)", "s = Mul(g_, b)", "k = Slice(m, one, five, third)", "y = Add(s, k)",
    )  # fmt: skip
    (shortcut,) = made.shortcuts
    assert (shortcut.kind, shortcut.fork.name) == ("gated", "x")
    assert [step.op for step in shortcut.route] == ["Einsum", "Slice"]
    assert shortcut.parameters == 40  # 8 features to 5 streams


@pytest.mark.parametrize(("fractions", "features"), [(1, 8), (2, 4)])
def test_streams_may_be_cut_into_fractions_that_are_mixed_with_them(fractions: int, features: int) -> None:
    """As the package hyper-connections writes it: the einsum sums over fractions and streams, of which one is mixed."""
    made = audit_draft(
        listing(
            "xf = Reshape(x, cut)", "c_ = MatMul(xf, wd)", "c__ = Tanh(c_)", "c = Reshape(c__, matrix)",
            "m = Einsum(c, xf) equation=...abcd,...bae->...cde", "r_ = Gather(m, first) axis=3",
            "r = Reshape(r_, flat)", "f = MatMul(r, w)", "g = Relu(f)", "g_ = Reshape(g, back)", "s = Mul(g_, bm)",
            "k = Slice(m, one, five, third)", "y = Add(s, k)",
            x=(1, 7, 4, 8), cut=stored(5, dtype="int64", data=(1, 7, 4, fractions, features)),
            wd=stored(features, fractions * 5), bm=stored(4, 1), w=stored(8, 8),
            matrix=stored(6, dtype="int64", data=(1, 7, fractions, 4, fractions, 5)),
            third=stored(1, dtype="int64", data=(3,)), first=stored(dtype="int64", data=(0,)),
            one=stored(1, dtype="int64", data=(1,)), five=stored(1, dtype="int64", data=(5,)),
            flat=stored(3, dtype="int64", data=(1, 7, 8)),
            back=stored(5, dtype="int64", data=(1, 7, fractions, 1, features)),
        )
    )  # fmt: skip
    (shortcut,) = made.shortcuts
    assert (shortcut.kind, shortcut.fork.name) == ("gated", "xf")
    assert [step.op for step in shortcut.route] == ["Einsum", "Slice"]


def test_weights_that_a_softmax_makes_are_not_let_through() -> None:
    """Shaw's relative values: v is no gate of the attention, a table projects it."""
    made = report(
        "q = Reshape(x, wide)", "k = Transpose(q) perm=0,2,1", "l = MatMul(q, k)", "a = Softmax(l)",
        "av = MatMul(a, q)", "t = Einsum(a, shaw) equation=bij,ijd->bid", "y = Add(av, t)",
    )  # fmt: skip
    assert [(s.kind, s.fork.name) for s in made.shortcuts] == [("projection", "a")]


def test_an_axis_of_one_fraction_is_not_mixed() -> None:
    """`bnsf,bnmsf->bmf` sums the axes n and s; where s has one element, n alone is mixed."""
    for fractions, axes in ((1, (1,)), (2, (1, 2))):
        lines = ("r = Relu(x)", "m = Relu(y)", "z = Einsum(r, m) equation=bnsf,bnmsf->bmf")
        graph = assemble(listing(*lines, x=(1, 4, fractions, 8), y=(1, 4, 4, fractions, 8)))
        assert mixed_axes(graph, graph.ops[-1], 0) == axes

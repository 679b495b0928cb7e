"""When is a product with a computed matrix a gate?"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from shortcut_audit.search.streams import POSITIONS, _laid_out, _summed, mixed_axes
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


@pytest.mark.parametrize("shape", [(8,), (1, 8)])
def test_without_a_batch_the_verdict_is_the_same(shape: tuple[int, ...]) -> None:
    """x M + f(x), M computed from x by 8 x 64 weights: M mixes the features, which the branch reads in a layer."""
    lines = ("g_ = MatMul(x, wide)", "g__ = Tanh(g_)", "g = Reshape(g__, square)", "m = MatMul(x, g)")
    lines += ("f_ = MatMul(x, v)", "f = Relu(f_)", "y = Add(m, f)")
    drawn = listing(*lines, x=shape, wide=stored(8, 64), v=stored(8, 8), square=integers((8, 8)))
    (shortcut,) = audit_draft(drawn).shortcuts
    assert (shortcut.kind, shortcut.fork.name, shortcut.parameters) == ("gated", "x", 512)


def integers(numbers: tuple[int, ...]) -> Tensor:
    return stored(len(numbers), dtype="int64", data=numbers, literal=True)


@pytest.mark.parametrize(
    ("left", "right", "slot", "axes"),
    [
        ((4, 8), (8, 3), 0, (1,)),
        ((4, 8), (8, 3), 1, (0,)),
        ((2, 4, 8), (2, 8, 3), 0, (2,)),
        ((2, 4, 8), (2, 8, 3), 1, (1,)),
        ((8,), (8, 3), 0, (0,)),
        ((4, 8), (8,), 1, (0,)),  # a vector is summed along its one axis
    ],
)
def test_a_matrix_product_mixes_the_axis_that_it_sums(
    left: tuple[int, ...], right: tuple[int, ...], slot: int, axes: tuple[int, ...]
) -> None:
    graph = assemble(listing("a = Relu(x)", "b = Relu(z)", "y = MatMul(a, b)", x=left, z=right))
    assert mixed_axes(graph, graph.ops[-1], slot) == axes


@pytest.mark.parametrize(
    ("equation", "left", "right", "slot", "axes"),
    [
        ("ij,jk->ik", (4, 8), (8, 3), 0, (1,)),
        ("ij,jk->ik", (4, 8), (8, 3), 1, (0,)),
        ("bij,kj->bik", (2, 4, 8), (3, 8), 1, (1,)),
        ("...ij,...jk->...ik", (5, 2, 4, 8), (5, 2, 8, 3), 0, (3,)),
        ("...ij,...jk->...ik", (5, 2, 4, 8), (5, 2, 8, 3), 1, (2,)),
        ("ij,ij->ij", (4, 8), (4, 8), 0, ()),  # nothing is summed
        ("ij,ij->", (4, 8), (4, 8), 0, (0, 1)),
    ],
)
def test_an_einsum_mixes_the_axes_whose_letters_the_result_has_not(
    equation: str, left: tuple[int, ...], right: tuple[int, ...], slot: int, axes: tuple[int, ...]
) -> None:
    graph = assemble(listing("a = Relu(x)", "b = Relu(z)", f"y = Einsum(a, b) equation={equation}", x=left, z=right))
    assert mixed_axes(graph, graph.ops[-1], slot) == axes


@pytest.mark.parametrize(
    ("line", "axes"),
    [
        ("y = MatMul(a, w)", ()),  # a learned matrix is no computed one
        ("y = Mul(a, b)", ()),  # no axis is summed
        ("y = MatMul(a, a)", (1,)),
    ],
)
def test_only_a_product_with_another_value_mixes(line: str, axes: tuple[int, ...]) -> None:
    names = {"w": stored(8, 8)} if "w)" in line else {}
    graph = assemble(listing("a = Relu(x)", "b = Relu(z)", line, "o = Add(y, b)", x=(8, 8), z=(8, 8), **names))
    op = next(op for op in graph.ops if op.name == "y")
    assert mixed_axes(graph, op, 0) == axes


@pytest.mark.parametrize(
    ("before", "after", "axis", "stands"),
    [
        ((2, 3, 4), (2, 12), 0, 0),
        ((2, 3, 4), (2, 12), 1, None),  # with what is behind it, it is laid into the last axis
        ((2, 3, 4), (2, 12), 2, None),
        ((2, 3, 4), (2, 24), 1, None),  # twice as much may stand in the last axis
        ((2, 3, 4), (6, 4), 0, POSITIONS),
        ((2, 3, 4), (6, 4), 1, POSITIONS),
        ((2, 3, 4), (6, 4), 2, 1),
        ((2, 3, 4), (2, 1, 3, 4), 0, 0),
        ((2, 3, 4), (2, 1, 3, 4), 1, 2),
        ((2, 3, 4), (2, 3, 2, 2), 1, 1),
        ((3, 3, 4), (3, 3, 4), 0, 0),  # of two equal axes each stays: 12 elements are behind it, and 4
        ((3, 3, 4), (3, 3, 4), 1, 1),
        ((2, 1, 4), (2, 4), 1, POSITIONS),  # nothing of one element is laid anywhere
        (("n", 3, 4), ("n", 12), 0, 0),
        (("n", 3, 4), ("n", 12), 1, None),
        (("n", 3, 4), (12, "n"), 0, POSITIONS),
        (("n", "t", 4), ("n", "u"), 0, POSITIONS),  # how much is behind it nobody knows
        ((2, 3), (), 0, POSITIONS),
    ],
)
def test_where_an_axis_stands_in_another_layout(
    before: tuple[int | str, ...], after: tuple[int | str, ...], axis: int, stands: int | None
) -> None:
    assert _laid_out(before, after, axis) == stands


@pytest.mark.parametrize(
    ("axes", "after", "stands"),
    [
        ("1,", (2, 4), [0, None, 1]),
        ("1,", (2, 1, 4), [0, None, 2]),  # kept
        ("-1,", (2, 3), [0, 1, None]),
        ("0,2", (3,), [None, 0, None]),
        ("0,1", (4,), [None, None, 0]),
    ],
)
def test_where_an_axis_stands_after_a_sum(axes: str, after: tuple[int, ...], stands: list[int | None]) -> None:
    """Of the axes before it, those that are summed are gone."""
    keep = int(len(after) == 3)
    graph = assemble(listing(f"y = ReduceSum(x) axes={axes} keepdims={keep}", x=(2, 3, 4)))
    assert graph.values["y"].type.shape in {after, None}
    assert [_summed((2, 3, 4), after, axis, graph.ops[0]) for axis in range(3)] == stands


def test_of_a_sum_over_axes_some_of_which_cannot_be_read_the_others_are_known() -> None:
    graph = assemble(listing("y = ReduceSum(x, axes)", x=(2, 3, 4), axes=stored(2, dtype="int64", data=(1, None))))
    assert _summed((2, 3, 4), (2, 4), 1, graph.ops[0]) is None


def test_of_a_sum_over_axes_that_nobody_lists_nothing_is_known() -> None:
    graph = assemble(listing("y = ReduceSum(x, axes)", x=(2, 3, 4), axes=TensorType((1,), "int64")))
    assert _summed((2, 3, 4), (2, 4), 0, graph.ops[0]) == POSITIONS

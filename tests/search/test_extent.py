"""What does a stretch of the graph hold?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.model import ModelGraph, Op, Weight
from shortcut_audit.search.extent import NOTHING, Extent, Measure, joined
from tests.sketch import listing, sketch, stored


def whole(graph: ModelGraph) -> Extent:
    return Measure(graph).total(graph.ops)


def test_nothing_holds_nothing() -> None:
    assert (NOTHING.ops, NOTHING.weight_layers, NOTHING.macs, NOTHING.all_parameters) == (0, 0, 0, 0)
    assert (NOTHING.working, NOTHING.mixing, NOTHING.nonlinear) == (False, False, False)


def test_nothing_added_changes_nothing() -> None:
    some = whole(sketch("x -> Conv.1 -> Relu -> Conv.2"))
    assert NOTHING + some == some + NOTHING == some


def test_ops_and_layers_and_what_they_take_add_up() -> None:
    extent = whole(sketch("x -> Conv.1{out=16} -> BatchNormalization{in=16} -> Relu -> Conv.2{in=16,k=1,bias=1}"))
    assert (extent.ops, extent.weight_layers) == (4, 2)
    assert extent.macs == 22_528  # 16 x 8 x 9 x 16 positions, and 16 x 16 x 16
    assert extent.all_parameters == 1_456  # 16 x 8 x 9, two vectors of 16, 16 x 16, a vector of 16


def test_macs_are_unknown_as_soon_as_one_op_is() -> None:
    assert whole(sketch("x -> Conv.1 -> Mystery")).macs is None
    assert str(whole(sketch("x -> Conv.1", shape=("n", 8, 4, 4))).macs) == "9216*n"  # 8 x 8 x 9 x 16 positions


def test_an_operator_that_is_not_understood_is_named() -> None:
    extent = whole(sketch("x -> Mystery -> Relu -> Riddle"))
    assert extent.unknown == {"Mystery", "Riddle"}
    assert extent.working


def test_a_tied_tensor_counts_once_however_the_stretches_are_cut() -> None:
    graph = assemble(
        listing("a = MatMul(x, w)", "b = MatMul(a, w)", "y = MatMul(b, v)", x=(1, 8), w=stored(8, 8), v=stored(8, 8))
    )
    measure = Measure(graph)
    first, second, third = (measure.of(op) for op in graph.ops)
    assert [part.all_parameters for part in (first, second, third)] == [64, 64, 64]
    assert (first + second).all_parameters == 64
    assert (first + third + second).all_parameters == 128
    assert whole(graph).all_parameters == 128


def test_a_tensor_that_is_read_outside_the_stretch_counts_inside_it() -> None:
    graph = assemble(listing("a = MatMul(x, w)", "y = MatMul(a, w)", x=(1, 8), w=stored(8, 8)))
    assert Measure(graph).of(graph.ops[0]).all_parameters == 64


def test_buffers_are_no_parameters() -> None:
    assert whole(sketch("x -> BatchNormalization")).all_parameters == 16  # scale and shift of 8; mean and variance not


def test_what_kind_of_stretch_it_is() -> None:
    pooled, mapped, activated = (whole(sketch(f"x -> {line}")) for line in ("AveragePool", "Conv{k=1}", "Relu"))
    assert (pooled.working, pooled.mixing, pooled.nonlinear) == (True, True, False)
    assert (mapped.working, mapped.mixing, mapped.nonlinear) == (True, False, False)
    assert (activated.working, activated.mixing, activated.nonlinear) == (False, False, True)
    both = mapped + activated
    assert (both.working, both.mixing, both.nonlinear) == (True, False, True)


def test_a_sum_over_what_was_stacked_for_it_is_an_addition() -> None:
    """As x + r, it reads no weights and mixes no positions; the same over an axis that was there pools."""
    tensors = {"front": stored(1, dtype="int64", data=(0,))}
    for reduced, works in (("ReduceSum(s, front) keepdims=0", False), ("ReduceSum(r, front) keepdims=0", True)):
        graph = assemble(listing("r = Relu(x)", "s = Stack(x, r) axis=0", f"y = {reduced}", x=(8, 4, 4), **tensors))
        found = Measure(graph).of(graph.ops[-1])
        assert (found.working, found.mixing) == (works, works)


# --- stretches add up, each of their figures -------------------------------------------------------------------------


def weight(name: str, *shape: int) -> Weight:
    return Weight(name, shape, "float32", True)


A, B = weight("a", 2, 3), weight("b", 5)
ONE = Extent(ops=1, weight_layers=1, macs=10, parameters=6, tied=frozenset({A}), working=True, layers=(2, 3))
TWO = Extent(ops=4, weight_layers=2, macs=7, parameters=5, tied=frozenset({A, B}), mixing=True, layers=(5, 9))


def test_what_two_stretches_hold_together() -> None:
    both = ONE + TWO
    assert (both.ops, both.weight_layers, both.macs, both.parameters) == (5, 3, 17, 11)
    assert (both.tied, both.all_parameters) == (frozenset({A, B}), 22)  # 6 + 5, and 2 x 3 and 5 once
    assert (both.working, both.mixing, both.nonlinear, both.layers) == (True, True, False, (2, 9))
    assert both == TWO + ONE
    assert ONE + NOTHING == ONE == NOTHING + ONE
    assert joined([]) == NOTHING


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ((2, 3), (5, 9), (2, 9)), ((5, 9), (2, 3), (2, 9)), ((2, 9), (5, 6), (2, 9)), ((5, 6), (2, 9), (2, 9)),
        (None, (2, 3), (2, 3)), ((2, 3), None, (2, 3)), (None, None, None), ((4, 4), (4, 4), (4, 4)),
    ],
)  # fmt: skip
def test_the_first_and_the_last_layer(
    one: tuple[int, int] | None, other: tuple[int, int] | None, both: tuple[int, int] | None
) -> None:
    first, second = Op("Conv", "Conv", "f", (), ("f",)), Op("Conv", "Conv", "s", (), ("s",))
    found = joined([Extent(layers=one, first_layer=first), Extent(layers=other, first_layer=second)])
    assert found.layers == both
    if both is not None and one != other:
        assert found.first_layer is (first if one is not None and one[0] == both[0] else second)


@pytest.mark.parametrize(("macs", "both"), [((3, 4), 7), ((None, 4), None), ((3, None), None), ((0, 0), 0)])
def test_what_is_not_counted_leaves_the_whole_uncounted(macs: tuple[int | None, ...], both: int | None) -> None:
    assert joined([Extent(macs=each) for each in macs]).macs == both


@pytest.mark.parametrize("trait", ["working", "mixing", "nonlinear", "weighing", "fed"])
def test_what_any_of_them_does_all_do(trait: str) -> None:
    found = [getattr(joined([Extent(**{trait: a}), Extent(**{trait: b})]), trait) for a in (0, 1) for b in (0, 1)]  # type: ignore[arg-type]
    assert list(map(bool, found)) == [False, True, True, True]
    assert joined([Extent(unknown=frozenset("a")), Extent(unknown=frozenset("b"))]).unknown == frozenset("ab")


LISTED = {
    "y = Conv(x, w) pads=1,1,1,1": Extent(1, 1, 9_216, 576, working=True, mixing=True, layers=(0, 0), weighing=True),
    "y = Conv(x, w1)": Extent(1, 1, 1_024, 64, working=True, layers=(0, 0), weighing=True),
    "y = Relu(x)": Extent(1, nonlinear=True),
    "y = Mul(x, g)": Extent(1, parameters=8, weighing=True),
    "y = Concat(x, g) axis=1": Extent(1, parameters=8),  # beside x
    "y = BatchNormalization(x, v, v, v, v)": Extent(1, parameters=8, weighing=True),  # no layer
    "y = LayerNormalization(x, four) axis=-1": Extent(1, parameters=4, weighing=True),  # a factor of each element
    "y = AveragePool(x) kernel_shape=2,2": Extent(1, working=True, mixing=True),
    "y = Mystery(x)": Extent(1, macs=None, working=True, nonlinear=True, unknown=frozenset({"Mystery"})),
    "y = Add(x, x)": Extent(1),
    "y = Transpose(x) perm=0,2,3,1": Extent(1),
}  # fmt: skip


@pytest.mark.parametrize("line", LISTED)
def test_what_one_op_holds(line: str) -> None:
    """Over 8 x 4 x 4: 3 x 3 kernels of 8 x 8 take 8 x 8 x 9 x 16 MACs."""
    known = {"w": stored(8, 8, 3, 3), "w1": stored(8, 8, 1, 1), "g": stored(8, 1, 1), "v": stored(8),
             "four": stored(4)}  # fmt: skip
    read = line.partition("(")[2].partition(")")[0].split(", ")
    graph = assemble(listing(line, x=(1, 8, 4, 4), **{name: given for name, given in known.items() if name in read}))
    (op,) = graph.ops
    found, expected = Measure(graph).of(op), LISTED[line]
    assert (found.first_layer is op) is (expected.layers is not None)
    assert replace(found, first_layer=None) == expected


def test_a_tensor_that_two_ops_read_is_tied_and_counts_once() -> None:
    graph = assemble(listing("a = Conv(x, w)", "y = Conv(a, w)", x=(1, 8, 4, 4), w=stored(8, 8, 1, 1)))
    measure = Measure(graph)
    assert [measure.of(op).parameters for op in graph.ops] == [0, 0]
    both = measure.total(graph.ops)
    assert (both.parameters, both.all_parameters, both.weight_layers, both.layers) == (0, 64, 2, (0, 1))
    assert [measure.nth(op) for op in graph.ops] == [0, 1]
    assert measure.layers == graph.ops
    assert both.first_layer is graph.ops[0]


def test_a_stack_that_is_summed_away_does_no_work() -> None:
    graph = assemble(listing("s = Stack(x, z)", "y = ReduceSum(s) axes=0, keepdims=0", x=(1, 8), z=(1, 8)))
    assert Measure(graph).of(graph.ops[-1]) == Extent(1)
    kept = assemble(listing("s = Stack(x, z)", "y = ReduceSum(s) axes=1, keepdims=0", x=(1, 8), z=(1, 8)))
    assert Measure(kept).of(kept.ops[-1]) == Extent(1, working=True, mixing=True)

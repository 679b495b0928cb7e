"""What does a stretch of the graph hold?"""

from __future__ import annotations

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.model import ModelGraph
from shortcut_audit.search.extent import NOTHING, Extent, Measure
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

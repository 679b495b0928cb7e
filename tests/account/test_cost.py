"""What does it cost: the model, a shortcut, what a shortcut skips?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.account.cost import Ledger, open_sizes, parameters, span, total
from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.model import ModelGraph, TensorType, Weight
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import Span, Totals
from shortcut_audit.search.extent import Extent, Measure
from tests.sketch import listing, sketch, stored

IMAGE = (1, 8, 4, 4)


def ledger(graph: ModelGraph) -> Ledger:
    return Ledger(graph, Measure(graph))


def totals(graph: ModelGraph) -> Totals:
    return ledger(graph).totals(adds=0)


def test_a_sum_is_unknown_as_soon_as_one_term_is() -> None:
    assert total([]) == 0
    assert total([1, 2]) == 3
    assert total([1, None, 2]) is None


def test_the_macs_of_some_ops() -> None:
    graph = sketch("x -> Conv.1 -> Relu -> Conv.2{k=1} -> Mystery")
    first, _, second, mystery = graph.ops
    assert ledger(graph).macs([first, second]) == 10_240  # 8 x 16 positions x (8 x 9 + 8)
    assert ledger(graph).macs([first, mystery]) is None


# --- the whole model -------------------------------------------------------------------------------------------------


def test_the_whole_model() -> None:
    made = totals(sketch("x -> Conv.1 -> BatchNormalization -> Relu"))
    assert (made.ops, made.parameters, made.buffers) == (3, 592, 16)  # 8 x 8 x 9 + 2 x 8; mean and variance of 8
    assert (made.macs, made.flops) == (9_216, 18_432)  # 8 x 16 positions x 8 x 9, and twice that
    assert (made.lower_bound, made.uncounted) == (False, ())


def test_the_number_of_additions_is_what_was_found() -> None:
    graph = sketch("x -> Conv -> Add", "x -> Add")
    assert ledger(graph).totals(adds=1).adds == 1


def test_tied_tensors_count_once() -> None:
    graph = assemble(listing("a = MatMul(x, w)", "y = MatMul(a, w)", x=(1, 8), w=stored(8, 8)))
    assert (totals(graph).parameters, totals(graph).macs) == (64, 128)  # one tensor, two products


def test_an_operator_that_cannot_be_counted_makes_a_lower_bound_and_is_named() -> None:
    made = totals(sketch("x -> Conv -> Mystery.1 -> Mystery.2 -> Enigma"))
    assert (made.macs, made.lower_bound, made.uncounted) == (9_216, True, ("Enigma", "Mystery"))


def test_an_op_of_unknown_shape_makes_a_lower_bound_too() -> None:
    made = totals(sketch("x -> Conv.1 -> Mystery -> Conv.2"))
    assert (made.macs, made.lower_bound, made.uncounted) == (9_216, True, ("Conv", "Mystery"))


def test_what_is_not_counted_is_named_as_the_file_names_it() -> None:
    """A part of a fused op that is not understood goes by its own name: the rest of that op is counted."""
    graph = assemble(listing("y = com.microsoft::FusedConv(x, w) activation=Enigma", x=IMAGE, w=stored(8, 8, 1, 1)))
    assert totals(graph).uncounted == ("activation::Enigma",)
    drawn = listing("a = com.example::Mystery(x)", "y = Conv(a, w)", x=IMAGE, w=stored(8, 8, 1, 1))
    labelled = replace(drawn, nodes=tuple(replace(node, label=f"aten.{node.name}") for node in drawn.nodes))
    assert totals(assemble(labelled)).uncounted == ("aten.y", "com.example::Mystery")


def test_open_dimensions_make_macs_a_formula() -> None:
    made = totals(sketch("x -> Conv", shape=("batch", 8, 4, 4)))
    assert (made.macs, made.flops, made.lower_bound) == (None, None, False)
    assert made.macs_formula == "9216*batch"  # 8 x 16 positions x 8 x 9


def test_what_is_counted_of_open_dimensions_is_a_bound_beside_what_is_not() -> None:
    made = totals(sketch("x -> Conv -> Mystery", shape=("batch", 8, 4, 4)))
    assert (made.macs, made.macs_formula, made.lower_bound) == (None, "9216*batch", True)


def test_open_dimensions_matter_only_where_something_depends_on_them() -> None:
    made = totals(assemble(listing("a = Relu(z)", "y = Conv(x, w)", x=IMAGE, z=("n",), w=stored(8, 8, 1, 1))))
    assert (made.macs, made.lower_bound) == (1_024, False)  # 8 x 16 x 8


def test_a_model_without_ops_costs_nothing() -> None:
    made = totals(assemble(listing("y = Shape(x)", x=IMAGE)))
    assert (made.ops, made.parameters, made.macs, made.lower_bound) == (0, 0, 0, False)


# --- pieces ----------------------------------------------------------------------------------------------------------


def test_each_tensor_counts_once_and_buffers_do_not() -> None:
    weight, mean = Weight("w", (8, 8), "float32", learned=True), Weight("mean", (8,), "float32", learned=False)
    assert parameters([weight, mean, weight]) == 64


def test_what_a_shortcut_skips() -> None:
    tied = frozenset({Weight("w", (2, 3), "float32", learned=True)})
    assert span(Extent(ops=5, weight_layers=2, macs=7, parameters=10, tied=tied)) == Span(2, 5, 16, 7)
    assert span(Extent(ops=1, macs=None)).macs is None


def test_symbols_are_those_of_the_inputs_in_order_of_appearance() -> None:
    graph = assemble(
        listing("y = Relu(x)", "w = Relu(z)", x=("batch", 3, "side", "side"), z=("batch", None), u=TensorType(None))
    )
    assert open_sizes(graph) == ("batch", "side", "z[1]")


def test_equal_tensors_that_an_exporter_stored_once_are_told() -> None:
    """Two untrained layers of 8 x 8 x 3 x 3 = 576 and one vector of zeros for both; one of them runs twice."""
    lines = (
        "a = Conv(x, w, b) pads=1,1,1,1 @layer1",
        "c = Conv(a, w, b) pads=1,1,1,1 @layer2",
        "y = Conv(c, w, b) pads=1,1,1,1 @layer2",
    )
    totals = audit_draft(listing(*lines, x=(1, 8, 4, 4), w=stored(8, 8, 3, 3), b=stored(8))).totals
    assert (totals.parameters, totals.untied_parameters) == (584, 1_168)


@pytest.mark.parametrize(
    ("line", "tensors", "unsure"),
    [
        ("y = MatMul(x, w)", {"w": stored(8, 8)}, False),
        ("y = MatMul(x, w)", {"w": (8, 8)}, True),  # fed
        ("y = MatMul(x, k)", {"k": (1, 8, 4)}, False),  # keys of a cache
        ("w = RandomNormal() shape=8,8 | y = MatMul(x, w)", {}, True),
        ("y = mine::Packed(x, q)", {"q": stored(8, 4, dtype="uint8")}, True),
        ("y = mine::Gelu(x)", {}, False),
    ],
)
def test_what_is_fed_or_read_by_nobody_knows_what_leaves_the_parameters_open(
    line: str, tensors: dict[str, object], unsure: bool
) -> None:
    report = audit_draft(listing(*line.split(" | "), x=(1, 4, 8), **tensors))  # type: ignore[arg-type]
    assert report.totals.parameters_lower_bound is unsure

"""By which way does each operand lead back to what it has in common with another?"""

from __future__ import annotations

import pytest

from shortcut_audit.pipeline import audit_draft
from shortcut_audit.search.prices import dearest
from shortcut_audit.search.steps import Step
from tests.search.around import search
from tests.sketch import listing, stored

# --- ways ------------------------------------------------------------------------------------------------------------


def test_an_operand_that_the_other_is_computed_from_is_its_own_fork() -> None:
    assert search("x -> Add", "x -> Conv -> Relu -> Add").ways == {"x": ("x", [])}


def test_a_way_lists_its_steps_from_the_fork_on() -> None:
    drawn = "x -> Slice -> Conv.p -> BatchNormalization -> Add", "x -> Conv.1 -> Relu -> Conv.2 -> Add"
    assert search(*drawn).ways == {"BatchNormalization": ("x", ["SELECTION", "LINEAR", "DIAGONAL"])}


def test_no_way_leads_through_a_nonlinearity() -> None:
    assert search("x -> Relu -> Add", "x -> Sigmoid -> Add").ways == {}


def test_both_operands_may_have_a_way_and_the_cheaper_comes_first() -> None:
    found = search("x -> Conv.1 -> Conv.2 -> Add", "x -> Conv.p -> Add")
    assert list(found.ways.items()) == [("Conv.p", ("x", ["LINEAR"])), ("Conv.2", ("x", ["LINEAR", "LINEAR"]))]


def test_of_two_routes_to_one_fork_the_cheaper_is_taken() -> None:
    drawn = "x -> MaxPool -> Concat -> Add", "x -> BatchNormalization -> Concat", "x -> Conv -> Relu -> Add"
    assert search(*drawn).ways["Concat"] == ("x", ["SELECTION", "SELECTION"])


def test_the_nearest_fork_is_taken() -> None:
    """Both x and Conv.0 are common; Conv.0 is nearer."""
    drawn = "x -> Conv.0 -> Add", "Conv.0 -> Conv.1 -> Relu -> Add"
    assert search(*drawn).ways == {"Conv.0": ("Conv.0", [])}


def test_the_nearest_fork_is_the_one_at_the_end_of_the_cheapest_route() -> None:
    """Both x and z are gated, but x is pooled besides."""
    drawn = "x -> MaxPool -> Mul -> Add", "z -> Mul", "x -> Relu.x -> Sum -> Add", "z -> Relu.z -> Sum"
    assert search(*drawn).ways["Mul"] == ("z", ["GATE"])  # against x by way of SELECTION and GATE


def test_beside_an_operand_that_is_itself_the_fork_no_dearer_way_is_walked() -> None:
    """Whichever is written first: where x is added, W x is no way."""
    branch = "x -> Conv.p -> Concat -> Add", "x -> Conv -> Relu -> Concat"
    assert search("x -> Add", *branch).ways == search(*branch, "x -> Add").ways == {"x": ("x", [])}


def test_where_two_forks_cost_the_same_the_earlier_is_taken() -> None:
    """Highway: x is let through, not T(x) that is computed from it."""
    drawn = (
        "x -> Conv.T -> Sigmoid -> Mul.x -> Add",
        "x -> Mul.x",
        "Sigmoid -> Mul.f -> Add",
        "x -> Conv.f -> Relu -> Mul.f",
    )
    assert search(*drawn).ways["Mul.x"] == ("x", ["GATE"])


def test_a_negated_operand_has_cost_a_scale_already() -> None:
    found = search("x -> Conv -> Relu -> Sub", "x -> Sub")
    assert [dearest(way.cost) for way in found.ways_found] == [Step.SCALE]


def test_a_gated_value_that_is_mapped_again_is_a_nonlinear_layer() -> None:
    """GLU (Shazeer 2020): no way leads through it. A gate on what was mapped is one."""
    unit = "x -> Conv.up -> Mul -> Conv.down -> Add", "x -> Conv.gate -> Sigmoid -> Mul", "x -> Relu -> Add"
    assert search(*unit).ways == {}
    gated = "x -> Conv.up -> Mul -> Add", "x -> Conv.gate -> Sigmoid -> Mul", "x -> Relu -> Add"
    assert search(*gated).ways == {"Mul": ("x", ["LINEAR", "GATE"])}


def test_siblings_are_no_forks_of_each_other() -> None:
    drawn = "x -> Split -> Conv.1 -> Relu -> Add", "Split:1 -> Add", "x -> Split"
    assert search(*drawn).ways == {"Split:1": ("x", ["SELECTION"])}


def test_a_value_of_a_sum_of_three_may_be_common_to_any_two() -> None:
    found = search("x -> Sum", "x -> Conv.1 -> Relu -> Sum", "z -> Sum")
    assert found.ways == {"x": ("x", [])}


def test_views_cost_nothing() -> None:
    """They are no reason to prefer one fork to another."""
    assert search("x -> Identity -> Cast -> Add", "x -> Conv -> Relu -> Add").ways_found[0].cost == 0


def test_a_gated_input_far_back_is_found_beside_all_that_lies_between() -> None:
    """The mask stands 400 values behind: no walker leads there, and no value in between is looked at."""
    stem = " -> ".join(f"Conv.{i} -> Relu.{i}" for i in range(200))
    drawn = f"x -> {stem} -> Conv.f -> Mul.f -> Add", "Relu.199 -> Mul.x -> Add", "mask -> Mul.f", "mask -> Mul.x"
    assert search(*drawn).ways["Mul.x"] == ("mask", ["GATE"])


COPIES = [
    ("c = Identity(x)",),
    ("c = Cast(x) to=1",),
    ("c = Dropout(x)",),
    ("b = Identity(x)", "c = Cast(b) to=1"),
]


@pytest.mark.parametrize("copies", COPIES)
def test_what_is_made_of_a_value_is_skipped_whichever_copy_of_it_is_read(copies: tuple[str, ...]) -> None:
    """y = c + W c relu(V x), c a copy of x, or of its copy: both layers are led around, 64 + 64 parameters."""
    lines = (*copies, "m = Conv(c, w)", "f_ = Conv(x, v)", "f = Relu(f_)", "s = Mul(m, f)", "y = Add(c, s)")
    (shortcut,) = audit_draft(listing(*lines, x=(1, 8, 4, 4), w=stored(8, 8, 1, 1), v=stored(8, 8, 1, 1))).shortcuts
    assert (shortcut.kind, shortcut.fork.name, [step.op for step in shortcut.route]) == (
        "identity", "x", [copy[4 : copy.index("(")] for copy in copies],
    )  # fmt: skip
    ops = 4 + len(copies)  # two convolutions, the activation, the product, and copies that the branch reads
    assert (shortcut.span.weight_layers, shortcut.span.ops, shortcut.span.parameters) == (2, ops, 128)


def test_a_copy_that_all_operands_read_is_where_they_start() -> None:
    """y = c + W c: nobody reads x but the copy."""
    (shortcut,) = audit_draft(
        listing("c = Identity(x)", "f = Conv(c, w)", "y = Add(c, f)", x=(1, 8, 4, 4), w=stored(8, 8, 1, 1))
    ).shortcuts
    assert (shortcut.route, shortcut.span.ops) == ((), 1)

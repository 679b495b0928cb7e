"""What does a value go through when it enters an op by one of its slots?"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import ModelGraph
from shortcut_audit.search import steps
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.steps import Kinship, Step
from tests.sketch import listing, stored

IMAGE = (1, 8, 4, 4)


def graph_of(line: str, **tensors: Tensor) -> ModelGraph:
    """The graph of one op; x, z and c are fed where it reads them."""
    values = {name: IMAGE for name in ("x", "z", "c") if name in line.partition("(")[2]}
    return assemble(listing(line, **values, **tensors))


def step(line: str, slot: int = 0, kinship: Kinship = Kinship.STRANGERS, **tensors: Tensor) -> Step:
    graph = graph_of(line, **tensors)
    return steps.step(graph, graph.ops[-1], slot, kinship)


@pytest.mark.parametrize(
    "line",
    [
        "y = Identity(x)", "y = Cast(x) to=10", "y = Dropout(x)", "y = QuantizeLinear(x, s, point)",
        "y = DequantizeLinear(x, s)", "y = Transpose(x) perm=0,2,3,1",
        "y = Flatten(x)", "y = Squeeze(x)", "y = DepthToSpace(x) blocksize=2",
    ],
)  # fmt: skip
def test_views(line: str) -> None:
    assert step(line, s=stored(), point=stored(dtype="int8", data=(0,))) is Step.VIEW


@pytest.mark.parametrize(
    "line",
    [
        "y = MaxPool(x) kernel_shape=2,2 strides=2,2", "y = AveragePool(x) kernel_shape=2,2",
        "y = GlobalAveragePool(x)", "y = ReduceMean(x) axes=2,3",
        "y, z = Split(x) axis=1", "y = Gather(x, i) axis=1", "y = Concat(x, x) axis=1",
    ],
)  # fmt: skip
def test_selections(line: str) -> None:
    assert step(line, i=stored(2, dtype="int64", data=(0, 1))) is Step.SELECTION


def test_a_selection_of_everything_is_a_view() -> None:
    whole, half = (stored(4, dtype="int64", data=sizes) for sizes in ((1, 8, 4, 4), (2, 8, 4, 4)))
    assert step("y = Expand(x, s)", s=whole) is Step.VIEW
    assert step("y = Expand(x, s)", s=half) is Step.SELECTION


def test_a_number_scales_and_a_learned_vector_maps_diagonally() -> None:
    assert step("y = Mul(x, a)", a=stored()) is Step.SCALE
    assert step("y = Mul(a, x)", slot=1, a=stored(8, 1, 1)) is Step.DIAGONAL
    assert step("y = Div(x, a)", a=stored()) is Step.SCALE
    assert step("y = Add(x, a)", a=stored(8, 1, 1)) is Step.DIAGONAL
    assert step("y = Sub(a, x)", slot=1, a=stored()) is Step.SCALE
    assert step("y = Neg(x)") is Step.SCALE


def test_what_changes_nothing_is_a_view() -> None:
    """`sum([x, f])` begins with 0 + x, and `1.0 * x` is written for symmetry."""
    zero, one = stored(data=(0.0,), literal=True), stored(data=(1.0,), literal=True)
    assert step("y = Add(x, o)", o=zero) is step("y = Add(o, x)", slot=1, o=zero) is Step.VIEW
    assert step("y = Sub(x, o)", o=zero) is step("y = Mul(x, i)", i=one) is step("y = Div(x, i)", i=one) is Step.VIEW
    written = stored(1, 8, 4, 4, data=(0.0,) * 128, literal=True, learned=False)
    assert step("y = Add(x, o)", o=written) is Step.VIEW
    assert step("y = Sub(o, x)", slot=1, o=zero) is step("y = Mean(x, o)", o=zero) is Step.SCALE
    assert step("y = Add(x, i)", i=one) is Step.SCALE
    assert step("y = Mul(x, i)", i=stored(8, 1, 1, data=(1.0,) * 8)) is Step.DIAGONAL  # learned: it only begins as 1


def test_what_is_stored_is_a_number_whatever_it_holds() -> None:
    """ReZero starts from zero, a scale from one: training will move them."""
    assert step("y = Add(x, o)", o=stored(data=(0.0,))) is Step.SCALE
    assert step("y = Mul(x, i)", i=stored(data=(1.0,))) is Step.SCALE
    assert step("y = Add(x, o)", o=stored(1, 8, 4, 4, data=(0.0,) * 128, learned=False)) is Step.SCALE


def test_what_changes_nothing_but_the_shape_is_no_view() -> None:
    assert step("y = Add(x, o)", o=stored(2, 8, 4, 4, data=(0.0,) * 256, literal=True, learned=False)) is Step.SCALE


def test_only_the_first_output_lets_the_data_through_but_where_the_data_is_parted() -> None:
    lineage = Lineage(graph_of("y, i = MaxPool(x) kernel_shape=2,2"))
    assert [lineage.parents(lineage.number[name])[0][1] for name in ("y", "i")] == [Step.SELECTION, Step.NONLINEAR]
    lineage = Lineage(graph_of("y, z = Split(x) axis=1"))
    assert [lineage.parents(lineage.number[name])[0][1] for name in ("y", "z")] == [Step.SELECTION, Step.SELECTION]


def test_a_divisor_is_not_let_through() -> None:
    assert step("y = Div(a, x)", slot=1, a=stored()) is Step.NONLINEAR


def test_a_product_with_another_value_is_a_gate_for_both() -> None:
    assert step("y = Mul(x, z)") is step("y = Mul(x, z)", slot=1) is Step.GATE
    assert step("y = Div(x, z)") is Step.GATE


def test_a_factor_that_is_stretched_scales_and_is_not_gated() -> None:
    """The other one is gated by it (stretch.py tells which factors are)."""
    assert step("y = Mul(x, z)", kinship=Kinship.STRETCHED) is Step.NONLINEAR


def test_a_product_of_two_functions_of_one_element_is_an_activation() -> None:
    assert step("y = Mul(x, z)", kinship=Kinship.SAME_ELEMENT) is Step.NONLINEAR


def test_arithmetic_with_a_statistic_is_a_normalisation() -> None:
    assert step("y = Sub(x, z)", kinship=Kinship.STATISTIC) is Step.DIAGONAL
    assert step("y = Div(x, z)", kinship=Kinship.STATISTIC) is Step.DIAGONAL


def test_a_sum_with_another_value_lets_neither_through() -> None:
    """It is a merge: what it makes is another value."""
    assert step("y = Add(x, z)") is step("y = Add(x, z)", slot=1) is Step.NONLINEAR


def test_a_choice_is_a_selection_where_it_is_fixed_and_a_gate_where_a_value_chooses() -> None:
    fixed = {"m": stored(*IMAGE, dtype="bool"), "k": stored()}
    assert step("y = Where(m, x, k)", slot=1, **fixed) is Step.SELECTION
    assert step("y = Where(c, x, k)", slot=1, k=stored()) is Step.GATE
    assert step("y = Where(x, z, k)", slot=0, k=stored()) is Step.NONLINEAR  # x chooses


def test_a_contraction_is_linear_with_weights_and_fixed_with_a_constant() -> None:
    """A blur with a stored kernel that is no parameter (antialiased ResNets) selects; two values multiply."""
    assert step("y = Conv(x, w)", w=stored(8, 8, 1, 1)) is Step.LINEAR
    assert step("y = Conv(x, w)", w=stored(8, 8, 1, 1, learned=False)) is Step.SELECTION
    assert step("y = MatMul(w, x)", slot=1, w=stored(4, 4)) is Step.LINEAR
    assert step("y = MatMul(x, z)") is step("y = MatMul(x, z)", slot=1) is Step.NONLINEAR


@pytest.mark.parametrize(
    "line", ["y = Relu(x)", "y = Softmax(x)", "y = Max(x, k)", "y = Pow(x, k)", "y = Attention(x, x, x)"]
)
def test_nonlinearities(line: str) -> None:
    assert step(line, k=stored()) is Step.NONLINEAR


def test_an_index_steers() -> None:
    assert step("y = Gather(t, x)", slot=1, t=stored(100, 8)) is Step.NONLINEAR


def test_an_unknown_operator_lets_nothing_through() -> None:
    assert step("y = com.example::Mystery(x)") is Step.NONLINEAR


def test_the_classes_are_in_the_order_in_which_they_count() -> None:
    assert [step.name for step in sorted(Step)] == [
        "VIEW", "SELECTION", "SCALE", "GATE", "DIAGONAL", "LINEAR", "NONLINEAR",
    ]  # fmt: skip


@pytest.mark.parametrize(("pads", "level"), [("0,0,0,0,0,0,0,0", Step.VIEW), ("0,0,1,1,0,0,-1,-1", Step.SELECTION)])
def test_padding_by_an_attribute_may_pad_nothing(pads: str, level: Step) -> None:
    """Before opset 11 Pad has no second input. One pixel more in front and one less behind shift the image."""
    assert step(f"y = Pad(x) pads={pads}") is level


def test_data_passes_through_every_slot_of_an_einsum() -> None:
    weights = {"w": stored(4, 4), "v": stored(4, 4)}
    assert step("y = Einsum(w, v, x) equation=ij,jk,bchk->bchi", slot=2, **weights) is Step.LINEAR


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("Add(r, r)", Step.SCALE),
        ("Sum(r, r, r)", Step.SCALE),
        ("Mul(r, r)", Step.NONLINEAR),
        ("Add(r, c)", Step.SCALE),
        ("Mul(c, r)", Step.NONLINEAR),
    ],
)
def test_a_value_added_to_itself_is_doubled(line: str, level: Step) -> None:
    """As `2 x` is; `x * x` is an activation. A copy of x is x."""
    lineage = Lineage(assemble(listing("r = Relu(x)", "c = Identity(r)", f"y = {line}", "z = Neg(c)", x=(1, 8))), ())
    assert {Step(found) for _, found, _ in lineage.parents(lineage.number["y"])} == {level}

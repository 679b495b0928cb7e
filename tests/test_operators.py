"""What does an operator do to what passes through it? The table holds together, and each effect is what it says."""

from __future__ import annotations

import ast
import inspect
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from shortcut_audit import operators
from shortcut_audit.assemble import assemble
from shortcut_audit.cost import Ledger
from shortcut_audit.draft import Draft, Tensor
from shortcut_audit.extent import Measure
from shortcut_audit.fused import ALIASES, UNFOLDINGS
from shortcut_audit.graph import ModelGraph, Op, TensorType
from shortcut_audit.lineage import Lineage
from shortcut_audit.operators import OPERATORS, REDUCTIONS, WHOLE_IF_SAME_SHAPE, Effect, Kinship, Operator, Step
from shortcut_audit.shapes import RULES
from tests.sketch import listing, stored

IMAGE = (1, 8, 4, 4)


# --- the table -------------------------------------------------------------------------------------------------------


def test_every_operator_stands_in_one_row() -> None:
    """The table is made of pairs: of two rows for one operator the second would silently win."""
    tree = ast.parse(inspect.getsource(operators))
    (table,) = (
        made.value for made in tree.body if isinstance(made, ast.AnnAssign) and ast.unparse(made.target) == "OPERATORS"
    )
    assert isinstance(table, ast.Call)
    names = Counter(
        name
        for text in ast.walk(table)
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
        for name in text.value.split()
    )
    assert names.keys() == OPERATORS.keys()
    assert [name for name, count in names.items() if count > 1] == []


def kinds_where(wrong: Callable[[Operator], object]) -> list[str]:
    return [kind for kind, row in OPERATORS.items() if wrong(row)]


def test_no_slot_has_two_roles() -> None:
    """A buffer is never learned, a bias and a quantised weight are: a slot cannot be both."""
    assert kinds_where(lambda row: set(row.buffers) & {*row.bias, *row.quantised}) == []
    assert kinds_where(lambda row: set(row.bias) & set(row.quantised)) == []


def test_what_data_passes_through_is_no_buffer() -> None:
    assert kinds_where(lambda row: set(row.data) & set(row.buffers)) == []


def test_an_elementwise_op_mixes_no_positions() -> None:
    assert kinds_where(lambda row: row.pointwise and row.mixes) == []


def test_what_contracts_is_counted() -> None:
    assert kinds_where(lambda row: row.effect is Effect.CONTRACTION and row.macs is None) == []


def test_the_sets_of_operators_name_rows_of_the_table() -> None:
    assert OPERATORS.keys() >= WHOLE_IF_SAME_SHAPE | REDUCTIONS
    assert {kind for kind in WHOLE_IF_SAME_SHAPE if OPERATORS[kind].effect is not Effect.SELECTION} == set()


def test_a_fused_operator_has_no_row_of_its_own_unless_it_may_stay_as_it_is() -> None:
    """Gemm is fused only where its C is a value."""
    assert UNFOLDINGS.keys() & OPERATORS.keys() == {"Gemm"}
    assert ALIASES.keys() & OPERATORS.keys() == set()


def test_the_classes_are_in_the_order_in_which_they_count() -> None:
    assert [step.name for step in sorted(Step)] == [
        "VIEW", "SELECTION", "SCALE", "GATE", "DIAGONAL", "LINEAR", "NONLINEAR",
    ]  # fmt: skip


# --- steps -----------------------------------------------------------------------------------------------------------


def graph_of(line: str, x: tuple[int, ...] = IMAGE, **tensors: Tensor) -> ModelGraph:
    return assemble(_fed(line, x, tensors))


def _fed(line: str, x: tuple[int, ...], tensors: dict[str, Tensor]) -> Draft:
    values = {name: x for name in ("x", "z", "c") if name in line.partition("(")[2]}
    return listing(line, **values, **tensors)


def step(line: str, slot: int = 0, kinship: Kinship = Kinship.STRANGERS, **tensors: Tensor) -> Step:
    graph = graph_of(line, **tensors)
    return operators.step(graph, graph.ops[-1], slot, kinship)


@pytest.mark.parametrize(
    "line",
    [
        "y = Identity(x)", "y = Cast(x) to=10", "y = Dropout(x)", "y = QuantizeLinear(x, s)",
        "y = DequantizeLinear(x, s)", "y = Transpose(x) perm=0,2,3,1",
        "y = Flatten(x)", "y = Squeeze(x)", "y = DepthToSpace(x) blocksize=2",
    ],
)  # fmt: skip
def test_views(line: str) -> None:
    assert step(line, s=stored()) is Step.VIEW


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
    assert step("y = Add(x, o)", o=stored(1, 8, 4, 4, data=(0.0,) * 128, learned=False)) is Step.VIEW
    assert step("y = Sub(o, x)", slot=1, o=zero) is step("y = Mean(x, o)", o=zero) is Step.SCALE
    assert step("y = Add(x, i)", i=one) is Step.SCALE
    assert step("y = Mul(x, i)", i=stored(8, 1, 1, data=(1.0,) * 8)) is Step.DIAGONAL  # learned: it only begins as 1


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


# --- work ------------------------------------------------------------------------------------------------------------


def op(line: str, **tensors: Tensor) -> Op:
    return graph_of(line, **tensors).ops[-1]


def test_weights_and_mixing_are_work_and_arithmetic_is_not() -> None:
    assert operators.does_work(op("y = Conv(x, w)", w=stored(8, 8, 1, 1)))  # learned
    assert operators.does_work(op("y = LayerNormalization(x, a)", a=stored(4)))  # learned
    assert operators.does_work(op("y = AveragePool(x) kernel_shape=2,2"))  # mixes
    assert operators.does_work(op("y = MatMul(x, z)"))  # mixes
    assert operators.does_work(op("y = com.example::Mystery(x)"))  # who knows
    assert not operators.does_work(op("y = Mul(x, a)", a=stored()))
    assert not operators.does_work(op("y = Mul(x, a)", a=stored(8, 1, 1)))  # each element by itself
    assert not operators.does_work(op("y = PRelu(x, a)", a=stored(8, 1, 1)))
    assert not operators.does_work(op("y = Relu(x)"))
    assert not operators.does_work(op("y, z = Split(x)"))


def test_a_convolution_mixes_positions_unless_it_is_pointwise() -> None:
    assert operators.mixes(op("y = Conv(x, w)", w=stored(8, 8, 3, 3)))
    assert not operators.mixes(op("y = Conv(x, w)", w=stored(8, 8, 1, 1)))


@pytest.mark.parametrize(
    ("equation", "mixing"),
    [("bchw,wd->bchd", False), ("...w,wd->...d", False), ("bchw,hd->bcdw", True), ("bchw,cd->bdhw", True),
     ("bchw,wd", False), ("bchw,whd->bcd", True), ("bchw,c->bchw", True)],
)  # fmt: skip
def test_an_einsum_maps_each_position_where_it_sums_over_the_last_axis(equation: str, mixing: bool) -> None:
    sizes = {"w": 4, "h": 4, "c": 8, "d": 4}
    weight = stored(*(sizes[label] for label in equation.partition("->")[0].split(",")[1]))
    assert operators.mixes(op(f"y = Einsum(x, w) equation={equation}", w=weight)) is mixing


def test_what_is_scattered_mixes_positions_where_it_is_added_up() -> None:
    indices = stored(4, 1, dtype="int64")
    assert not operators.mixes(op("y = ScatterND(x, i, z)", i=indices))
    assert operators.mixes(op("y = ScatterND(x, i, z) reduction=add", i=indices))


def test_a_product_of_values_is_not_linear() -> None:
    assert operators.is_nonlinear(op("y = MatMul(x, z)"))
    assert operators.is_nonlinear(op("y = Mul(x, z)"))
    assert not operators.is_nonlinear(op("y = Conv(x, w)", w=stored(8, 8, 1, 1)))


def test_a_matrix_on_the_left_mixes_positions_and_one_on_the_right_maps_each() -> None:
    assert operators.mixes(op("y = MatMul(w, x)", w=stored(4, 4)))
    assert not operators.mixes(op("y = MatMul(x, w)", w=stored(4, 4)))
    assert operators.mixes(op("y = MatMul(x, z)"))


def test_a_weight_layer_contracts_with_learned_weights() -> None:
    """As the literature counts layers: ResNet-18 has 18, its normalisations are none of them."""
    assert operators.is_weight_layer(op("y = Conv(x, w)", w=stored(8, 8, 3, 3)))
    assert not operators.is_weight_layer(op("y = Conv(x, w)", w=stored(8, 8, 3, 3, learned=False)))
    assert not operators.is_weight_layer(op("y = MatMul(x, z)"))
    assert not operators.is_weight_layer(op("y = LayerNormalization(x, s, b)", s=stored(4), b=stored(4)))
    assert not operators.is_weight_layer(op("y = Gather(t, x)", t=stored(100, 8)))


# --- counts ----------------------------------------------------------------------------------------------------------


def test_nothing_is_counted_where_an_attribute_cannot_be_read() -> None:
    drawn = graph_of("y = Conv(x, w) pads=1,1,1,1", w=stored(8, 8, 3, 3))
    (made,) = drawn.ops
    assert operators.macs(drawn, made) == 9_216
    assert operators.macs(drawn, replace(made, attributes={**made.attributes, "group": None})) is None


def macs(line: str, x: tuple[int, ...] = IMAGE, **tensors: Tensor) -> int | None:
    graph = graph_of(line, x, **tensors)
    return operators.macs(graph, graph.ops[-1])


def test_an_op_is_counted_known_to_cost_nothing_or_unknown() -> None:
    assert macs("y = Conv(x, w) pads=1,1,1,1", w=stored(16, 8, 3, 3)) == 18_432  # 16 x 4 x 4 x 8 x 3 x 3
    assert macs("y = Softmax(x)") == 0
    assert macs("y = com.example::Mystery(x)") is None


@pytest.mark.parametrize(
    ("line", "x", "tensors", "count"),
    [
        ("y = ConvTranspose(x, w) strides=2,2", IMAGE, {"w": stored(8, 4, 2, 2)}, 2_048),  # 8 x 4 x 4 x 4 x 2 x 2
        ("y = MatMul(x, w)", (2, 5, 8), {"w": stored(8, 3)}, 240),  # 2 x 5 x 3 x 8
        ("y = Gemm(x, w) transB=1", (2, 8), {"w": stored(3, 8)}, 48),  # 2 x 3 x 8
        ("y = Linear(x, w)", (2, 5, 8), {"w": stored(3, 8)}, 240),
        ("y = Einsum(x, w) equation=bij,jk->bik", (2, 5, 8), {"w": stored(8, 3)}, 240),
        ("y = com.microsoft::FusedMatMul(x, w) transA=1", (8, 5), {"w": stored(8, 3)}, 120),  # 5 x 3 x 8
        ("y = LSTM(x, w, r) hidden_size=4", (5, 2, 3), {"w": stored(1, 16, 3), "r": stored(1, 16, 4)}, 1_120),
        ("y = Attention(x, x, x)", (2, 4, 6, 8), {}, 4_608),  # 2 x 4 x 6 x 6 x (8 + 8)
    ],
)  # fmt: skip
def test_shapes_and_counts_work_together(line: str, x: tuple[int, ...], tensors: dict[str, Tensor], count: int) -> None:
    assert macs(line, x, **tensors) == count


STATED = TensorType((1, 1600), "float32")
"""What the file says of the result of a product that cannot be."""


@pytest.mark.parametrize(
    ("line", "x", "tensors"),
    [
        ("y = MatMul(x, w)", (1, 4), {"w": stored(800, 1600)}),
        ("y = Gemm(x, w)", (1, 4), {"w": stored(800, 1600)}),
        ("y = Gemm(x, w)", (1, 1, 4), {"w": stored(4, 1600)}),
        ("y = Einsum(x, w) equation=ij,jk->ik", (4, 2), {"w": stored(800, 1600)}),
        ("y = Conv(x, w) kernel_shape=8,8", (1, 1, 8, 8), {"w": stored(16, 1, 3, 3)}),
        ("y = LSTM(x, w, r) hidden_size=16", (5, 2, 1000), {"w": stored(1, 64, 1), "r": stored(1, 64, 16)}),
        ("y = LSTM(x, w, r)", (5, 2, 3), {"w": stored(48), "r": stored(64)}),
        ("y = com.microsoft::MultiHeadAttention(x, k, x) num_heads=4", (2, 6, 32), {"k": stored(1, 1, 1)}),
        ("y = com.microsoft::Attention(x, w) num_heads=2 qkv_hidden_sizes=0,0,0", (1, 5, 64), {"w": stored(64, 192)}),
        ("y = Attention(x, x, x) q_num_heads=4 kv_num_heads=1000000", (2, 6, 64), {}),
        ("y = com.microsoft::MatMulNBits(x, q) K=1 N=1 block_size=32", (1, 4096), {"q": stored(4096, 128, 16)}),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_not_counted_whatever_the_file_says_of_it(
    line: str, x: tuple[int, ...], tensors: dict[str, Tensor]
) -> None:
    graph = assemble(replace(_fed(line, x, tensors), recorded={"y": STATED}))
    assert operators.macs(graph, graph.ops[-1]) is None
    assert Ledger(graph, Measure(graph)).totals(adds=0).lower_bound


def test_an_op_whose_shape_nobody_can_tell_is_not_counted_as_nothing() -> None:
    assert {kind for kind, row in OPERATORS.items() if row.macs is not None} <= RULES.keys()
    graph = assemble(listing("a = com.example::Mystery(x)", "y = Conv(a, w)", x=IMAGE, w=stored(8, 8, 1, 1)))
    assert operators.macs(graph, graph.ops[-1]) is None

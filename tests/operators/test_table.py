"""What does an operator do to its data? The table holds together, and each row is what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from shortcut_audit.account.cost import Ledger
from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.assembly.unfold import ALIASES, UNFOLDINGS
from shortcut_audit.graph.draft import Draft, Tensor
from shortcut_audit.graph.model import ModelGraph, Op, TensorType
from shortcut_audit.operators import table
from shortcut_audit.operators.declaration import Declaration
from shortcut_audit.operators.row import UNKNOWN, Effect, Operator, rows, table_of
from shortcut_audit.operators.rows import declared
from shortcut_audit.operators.table import OPERATORS, row_of
from shortcut_audit.search.extent import Measure
from tests.sketch import listing, stored

IMAGE = (1, 8, 4, 4)


# --- the table -------------------------------------------------------------------------------------------------------


def test_no_operator_stands_in_two_rows() -> None:
    """Of two rows for one operator the second would silently win."""
    once, twice = rows("Add Sub", UNKNOWN), rows("Sub Mul", UNKNOWN)
    with pytest.raises(AssertionError, match="one row"):
        table_of(once, twice)


def kinds_where(wrong: Callable[[Operator], object]) -> list[str]:
    return [kind for kind, row in OPERATORS.items() if wrong(row)]


def test_what_tells_whether_a_selection_selects_everything() -> None:
    """The fifth input of a Slice are its steps, all 1; the second of a Pad what is put around, all 0."""
    told = {kind: (row.whole.slot, row.whole.plain) for kind, row in OPERATORS.items() if row.whole is not None}
    sized = dict.fromkeys(["CenterCropPad", "Expand", "Tile", "Resize", "Upsample", "Concat"], (None, 0))
    assert told == {"Slice": (4, 1), "Pad": (1, 0), **sized}


def test_what_drops_elements_in_training_alone() -> None:
    assert kinds_where(lambda row: row.drops) == ["TrainingDropout"]


WITH_MAXIMA = "MaxPool GlobalMaxPool MaxRoiPool ReduceMax ReduceMin"
"""What takes the largest or the smallest of several elements of one value."""

STATISTICS = "GlobalAveragePool GlobalMaxPool GlobalLpPool ReduceMean ReduceSum ReduceMax ReduceMin ReduceL1 ReduceL2"
"""What makes one number of whole axes. (A product does, too: no normalisation takes it.)"""

POWERS = "ReduceSumSquare ReduceLogSum ReduceLogSumExp"


def test_what_else_is_known_of_an_operator() -> None:
    assert kinds_where(lambda row: row.maximum) == WITH_MAXIMA.split()
    assert set(kinds_where(lambda row: row.statistic)) == {*STATISTICS.split(), *POWERS.split()}
    assert kinds_where(lambda row: row.sums_axes) == ["ReduceMean", "ReduceSum"]
    assert kinds_where(lambda row: row.averages) == ["ReduceMean", "Mean"]
    assert kinds_where(lambda row: row.spatial) == ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"]
    assert kinds_where(lambda row: row.repeats) == ["Loop"]
    assert kinds_where(lambda row: row.bits) == ["BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitShift"]
    assert kinds_where(lambda row: row.exponential) == ["Exp"]
    assert kinds_where(lambda row: row.logarithm) == ["Log"]
    assert kinds_where(lambda row: row.negated) == ["Sub"]


def test_of_what_is_not_understood_any_slot_may_hold_data() -> None:
    assert kinds_where(lambda row: not row.understood and row.data) == []


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


def test_what_may_select_everything_selects() -> None:
    assert kinds_where(lambda row: row.whole is not None and row.effect is not Effect.SELECTION) == []


def test_a_fused_operator_is_not_understood_unless_it_may_stay_as_it_is() -> None:
    """Gemm and a layer norm are fused only where what they add is a value; an Einsum stays one where it can be read.

    Of the others the table knows the shape at most.
    """
    assert {kind for kind in UNFOLDINGS if row_of(kind).understood} == {"Einsum", "Gemm", "LayerNormalization"}
    assert ALIASES.keys() & OPERATORS.keys() == set()


def graph_of(line: str, x: tuple[int, ...] = IMAGE, **tensors: Tensor) -> ModelGraph:
    return assemble(_fed(line, x, tensors))


def _fed(line: str, x: tuple[int, ...], tensors: dict[str, Tensor]) -> Draft:
    values = {name: x for name in ("x", "z", "c") if name in line.partition("(")[2]}
    return listing(line, **values, **tensors)


# --- work ------------------------------------------------------------------------------------------------------------


def op(line: str, **tensors: Tensor) -> Op:
    return graph_of(line, **tensors).ops[-1]


def test_weights_and_mixing_are_work_and_arithmetic_is_not() -> None:
    assert table.does_work(op("y = Conv(x, w)", w=stored(8, 8, 1, 1)))  # learned
    assert table.does_work(op("y = AveragePool(x) kernel_shape=2,2"))  # mixes
    assert table.does_work(op("y = MatMul(x, z)"))  # mixes
    assert table.does_work(op("y = com.example::Mystery(x)"))  # who knows
    assert not table.does_work(op("y = Mul(x, a)", a=stored()))
    assert not table.does_work(op("y = Mul(x, a)", a=stored(8, 1, 1)))  # each element by itself
    assert not table.does_work(op("y = PRelu(x, a)", a=stored(8, 1, 1)))
    assert not table.does_work(op("y = LayerNormalization(x, a)", a=stored(4)))  # learned, but each element by itself
    assert not table.does_work(op("y = Relu(x)"))
    assert not table.does_work(op("y, z = Split(x)"))


def test_what_lies_beside_a_value_is_no_layer_and_a_table_of_which_rows_are_picked_is_one() -> None:
    assert not table.does_work(op("y = Concat(x, a) axis=1", a=stored(1, 8, 4, 4)))  # a class token
    assert not table.does_work(op("y = ScatterElements(x, i, a) axis=1", i=stored(1, dtype="int64"), a=stored(1)))
    assert table.does_work(op("y = Gather(a, x) axis=0", a=stored(8, 4)))  # an embedding


def test_a_convolution_mixes_positions_unless_it_is_pointwise() -> None:
    assert table.mixes(op("y = Conv(x, w)", w=stored(8, 8, 3, 3)))
    assert not table.mixes(op("y = Conv(x, w)", w=stored(8, 8, 1, 1)))


@pytest.mark.parametrize(
    ("equation", "mixing"),
    [("bchw,wd->bchd", False), ("...w,wd->...d", False), ("bchw,hd->bcdw", True), ("bchw,cd->bdhw", True),
     ("bchw,wd", False), ("bchw,whd->bcd", True), ("bchw,c->bchw", True)],
)  # fmt: skip
def test_an_einsum_maps_each_position_where_it_sums_over_the_last_axis(equation: str, mixing: bool) -> None:
    sizes = {"w": 4, "h": 4, "c": 8, "d": 4}
    weight = stored(*(sizes[label] for label in equation.partition("->")[0].split(",")[1]))
    assert table.mixes(op(f"y = Einsum(x, w) equation={equation}", w=weight)) is mixing


def test_what_is_scattered_mixes_positions_where_it_is_added_up() -> None:
    indices = stored(4, 1, dtype="int64")
    assert not table.mixes(op("y = ScatterND(x, i, z)", i=indices))
    assert table.mixes(op("y = ScatterND(x, i, z) reduction=add", i=indices))


def test_a_product_of_values_is_not_linear() -> None:
    assert table.is_nonlinear(op("y = MatMul(x, z)"))
    assert table.is_nonlinear(op("y = Mul(x, z)"))
    assert not table.is_nonlinear(op("y = Conv(x, w)", w=stored(8, 8, 1, 1)))


def test_a_matrix_on_the_left_mixes_positions_and_one_on_the_right_maps_each() -> None:
    assert table.mixes(op("y = MatMul(w, x)", w=stored(4, 4)))
    assert not table.mixes(op("y = MatMul(x, w)", w=stored(4, 4)))
    assert table.mixes(op("y = MatMul(x, z)"))


def test_a_weight_layer_contracts_with_learned_weights() -> None:
    """As the literature counts layers: ResNet-18 has 18, its normalisations are none of them."""
    assert table.is_weight_layer(op("y = Conv(x, w)", w=stored(8, 8, 3, 3)))
    assert not table.is_weight_layer(op("y = Conv(x, w)", w=stored(8, 8, 3, 3, learned=False)))
    assert not table.is_weight_layer(op("y = MatMul(x, z)"))
    assert not table.is_weight_layer(op("y = LayerNormalization(x, s, b)", s=stored(4), b=stored(4)))
    assert not table.is_weight_layer(op("y = Gather(t, x)", t=stored(100, 8)))


# --- counts ----------------------------------------------------------------------------------------------------------


def test_nothing_is_counted_where_an_attribute_cannot_be_read() -> None:
    drawn = graph_of("y = Conv(x, w) pads=1,1,1,1", w=stored(8, 8, 3, 3))
    (made,) = drawn.ops
    assert table.macs(drawn, made) == 9_216
    assert table.macs(drawn, replace(made, attributes={**made.attributes, "group": None})) is None
    assert table.macs(drawn, replace(made, attributes={**made.attributes, "comment": None})) == 9_216


def macs(line: str, x: tuple[int, ...] = IMAGE, **tensors: Tensor) -> int | None:
    graph = graph_of(line, x, **tensors)
    return table.macs(graph, graph.ops[-1])


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
    assert table.macs(graph, graph.ops[-1]) is None
    assert Ledger(graph, Measure(graph)).totals(adds=0).lower_bound


def test_an_op_whose_shape_nobody_can_tell_is_not_counted_as_nothing() -> None:
    assert kinds_where(lambda row: row.macs is not None and row.shape is None) == []
    graph = assemble(listing("a = com.example::Mystery(x)", "y = Conv(a, w)", x=IMAGE, w=stored(8, 8, 1, 1)))
    assert table.macs(graph, graph.ops[-1]) is None


def test_what_reads_nothing_is_no_copy() -> None:
    """A damaged file may leave out the operand of a Cast."""
    assert table.is_copy(Op("Cast", "Cast", "", ("x",), ("y",)))
    assert not table.is_copy(Op("Cast", "Cast", "", (), ("y",)))


# --- what an op is called --------------------------------------------------------------------------------------------


def test_an_activation_is_nonlinear_and_element_by_element() -> None:
    assert table.is_activation(op("y = Relu(x)"))
    assert not table.is_activation(op("y = Add(x, z)"))  # element by element
    assert not table.is_activation(op("y = Softmax(x)"))  # nonlinear


def test_a_copy_leaves_every_element_in_its_place() -> None:
    assert table.is_copy(op("y = Identity(x)"))
    assert not table.is_copy(op("y = Reshape(x, s)", s=stored(2, dtype="int64", data=(1, 128))))  # another place
    assert not table.is_copy(op("y = Relu(x)"))  # another element


def test_a_recurrence_mixes_positions() -> None:
    assert table.mixes(op("y = LSTM(x, w, r)", w=stored(1, 16, 4), r=stored(1, 16, 4)))


def test_what_writes_in_fewer_bits_moves_no_element() -> None:
    """Every element that it makes would be one of those that it reads."""
    assert kinds_where(lambda row: row.rounds and row.moves) == []


def test_what_only_moves_elements_keeps_them() -> None:
    """Zeros that are gathered, sliced or repeated are zeros."""
    assert {"Gather", "Slice", "Split", "Expand", "Tile", "Reshape", "Transpose"} <= set(kinds_where(lambda r: r.moves))


def test_every_output_of_what_is_declared_is_what_was_declared() -> None:
    assert [word for word, row in declared.EFFECTS.items() if not row.parts] == []


def test_constants_of_what_is_declared_to_learn_nothing_are_scales() -> None:
    assert declared.spelled(Declaration("view"), 2) == "declared::view data=0 weights= scales=0,1 macs-none="
    assert declared.spelled(Declaration("linear"), 2) == "declared::linear data=0 weights= scales= macs-unknown="


def test_lengths_of_sequences_are_no_weights() -> None:
    """Of an LSTM of 3 features, 4 units and 4 gates: W 48, R 64, B 32, whatever the type of the lengths."""
    line = "y = com.microsoft::DynamicQuantizeLSTM(x, w, r, b, s)"
    weights = {"w": stored(1, 3, 16), "r": stored(1, 4, 16), "b": stored(1, 32), "s": stored(2)}
    graph = assemble(listing(line, x=(5, 2, 3), **weights))
    assert sum(weight.elements for weight in graph.weights if weight.learned) == 144


def test_indices_are_no_weights() -> None:
    graph = assemble(listing("y = Gather(x, i)", x=IMAGE, i=stored(2)))
    assert [weight.learned for weight in graph.weights] == [False]


def test_a_declaration_is_said_in_one_line() -> None:
    assert Declaration("gate", data=(0, 1), scales=(2,), macs="none").said() == "gate; data 0, 1; scales 2; macs none"
    assert Declaration("linear", macs="matmul", of=(0, 1)).said() == "linear; macs matmul of 0, 1"

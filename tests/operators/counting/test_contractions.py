"""How many multiply-accumulates? Every count worked out by hand, and held against PyTorch's where PyTorch counts.

What PyTorch counts is a literal, obtained once with torch 2.13 from

    with FlopCounterMode(display=False) as counter:
        <the call>
    counter.get_total_flops() // 2
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.model import Attribute, Shape, TensorType
from shortcut_audit.operators.counting.attention import (
    attention,
    grouped_attention,
    multi_head_attention,
    projected_attention,
)
from shortcut_audit.operators.counting.contractions import (
    Operands,
    affine_grid,
    bilinear,
    causal_convolution,
    convolution,
    distances,
    einsum,
    fused_matmul,
    gemm,
    grouped,
    linear,
    matmul,
    matmul_bnb4,
    matmul_nbits,
    packed_linear,
    product,
    recurrent,
    transposed_convolution,
)
from shortcut_audit.operators.counting.experts import mixture, quantised_mixture
from shortcut_audit.operators.counting.packing import blocked_matrix, flat_matrix, gathered_blocks, stated_matrix
from shortcut_audit.operators.table import OPERATORS, macs
from shortcut_audit.pipeline import audit_draft
from tests.sketch import listing, stored

fused_attention, quantised_attention = projected_attention(4, 6), projected_attention(8, None)


def call(*inputs: Shape, to: Shape = None, **attributes: Attribute) -> Operands:
    """Slots without a shape are left out."""
    return Operands(inputs, (to,), attributes, tuple(shape is not None for shape in inputs))


# --- attributes ------------------------------------------------------------------------------------------------------


class Noting(dict[str, Attribute]):
    """Attributes that note which of them are asked for."""

    def __init__(self, attributes: Mapping[str, Attribute]) -> None:
        super().__init__(attributes)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


IMAGES = call((1, 8, 4, 4), (8, 8, 1, 1), to=(1, 8, 4, 4))
STEPS = call((2, 1, 3), (1, 16, 3), (1, 16, 4))
PAST = call((1, 2, 8), (8, 24), (24,), None, (2, 1, 2, 3, 4), to=(1, 2, 8), num_heads=2)
MATRIX = call((1, 32), (4, 1, 16), to=(1, 4), K=32, N=4, bits=4, block_size=32)
CALLS = {
    "Conv": IMAGES,
    "ConvTranspose": IMAGES,
    "DeformConv": IMAGES,
    "MatMul": call((2, 3), (3, 4), to=(2, 4)),
    "Gemm": call((2, 3), (3, 4), to=(2, 4)),
    "Linear": call((2, 3), (4, 3), to=(2, 4)),
    "Bilinear": call((2, 3), (2, 4), (5, 3, 4), to=(2, 5)),
    "GroupedMatMul": call((2, 3), (5, 3, 4), to=(2, 4)),
    "com.microsoft::FusedMatMul": call((2, 3), (3, 4), to=(2, 4)),
    "com.microsoft::MatMulNBits": MATRIX,
    "com.microsoft::MatMulBnb4": MATRIX,
    "Einsum": call((2, 3), (3, 4), to=(2, 4), equation="ij,jk->ik"),
    "LSTM": STEPS,
    "GRU": STEPS,
    "RNN": STEPS,
    "com.microsoft::DynamicQuantizeLSTM": STEPS,
    "Loop": call((), ()),
    "Attention": call((1, 2, 8), (1, 2, 8), (1, 2, 8), to=(1, 2, 8), q_num_heads=2, kv_num_heads=2),
    "com.microsoft::Attention": PAST,
    "com.microsoft::QAttention": replace(PAST, inputs=((1, 2, 8), (8, 24), *(None,) * 6, (2, 1, 2, 3, 4)),
                                         given=(True, True, *(False,) * 6, True)),
    "com.microsoft::MultiHeadAttention": call((1, 2, 8), (1, 2, 8), (1, 2, 8), to=(1, 2, 8), num_heads=2),
    "com.microsoft::GroupQueryAttention": call((1, 2, 8), (1, 2, 8), (1, 2, 8), to=(1, 2, 8), num_heads=2,
                                               kv_num_heads=2),
    "com.microsoft::DecoderMaskedSelfAttention": PAST,
    "com.microsoft::DecoderMaskedMultiHeadAttention": call((1, 1, 8), (1, 1, 8), (1, 1, 8), None, None, (1, 2, 3, 4),
                                                           (1, 2, 3, 4), to=(1, 1, 8), num_heads=2),
    "com.microsoft::PackedAttention": call((5, 8), (8, 24), (24,), (1, 5), (2,), to=(5, 8), num_heads=2),
    "com.microsoft::PackedMultiHeadAttention": call((5, 8), (5, 8), (5, 8), None, (1, 5), (2,), to=(5, 8), num_heads=2),
    "com.microsoft::GatedRelativePositionBias": call((1, 5, 8), (8,), (1, 2, 5, 5), (4, 8), num_heads=2),
    "LinearAttention": call((1, 5, 8), (1, 5, 8), (1, 5, 8), q_num_heads=2, kv_num_heads=2),
    "com.microsoft::LinearAttention": call((1, 5, 8), (1, 5, 8), (1, 5, 8), q_num_heads=2, kv_num_heads=2),
    "CausalConvWithState": call((1, 8, 5), (8, 1, 4), to=(1, 8, 5)),
    "PackedLinear": call((5, 8), (4, 4), to=(5, 4), K=8, N=4),
    "com.microsoft::CDist": call((3, 4), (5, 4), to=(3, 5)),
    "AffineGrid": call((1, 2, 3), (4,), to=(1, 5, 5, 2)),
    "Det": call((3, 3)),
    "Inverse": call((3, 3)),
    "com.microsoft::MoE": call((2, 4), (2, 3), (3, 4, 8), None, (3, 8, 4)),
    "com.microsoft::QMoE": call((2, 4), (2, 3), (3, 8, 2), None, None, (3, 4, 4)),
}  # fmt: skip


@pytest.mark.parametrize("kind", [kind for kind, row in OPERATORS.items() if row.macs is not None])
def test_a_row_says_by_which_attributes_it_is_counted(kind: str) -> None:
    """Where such an attribute is there and cannot be read, the default does not stand in: the op is uncounted."""
    row, noting = OPERATORS[kind], Noting(CALLS[kind].attributes)
    assert row.macs is not None
    row.macs(replace(CALLS[kind], attributes=noting))
    assert noting.asked == set(row.counted_with)


def test_no_default_stands_in_for_an_attribute_by_which_is_counted() -> None:
    graph = assemble(listing("y = Conv(x, w)", x=(1, 8, 4, 4), w=stored(8, 8, 1, 1)))
    (op,) = graph.ops
    assert macs(graph, op) == 1_024  # 1 x 8 x 4 x 4 elements, each a sum of 8, where `group` is 1
    assert macs(graph, replace(op, attributes={"group": None})) is None
    assert macs(graph, replace(op, attributes={"transA": None})) == 1_024  # which a convolution has not


# --- convolutions ----------------------------------------------------------------------------------------------------


def test_a_convolution() -> None:
    """conv2d(randn(1, 8, 14, 14), randn(16, 8, 3, 3), stride=2, padding=1): PyTorch counts 56,448."""
    made = call((1, 8, 14, 14), (16, 8, 3, 3), to=(1, 16, 7, 7))
    assert convolution(made) == 56_448  # 16 x 7 x 7 elements, each a sum of 8 x 3 x 3


def test_a_convolution_of_groups_sums_over_the_channels_of_one_group() -> None:
    """conv2d(randn(2, 8, 14, 14), randn(16, 2, 3, 3), padding=1, groups=4): PyTorch counts 112,896."""
    made = call((2, 8, 14, 14), (16, 2, 3, 3), to=(2, 16, 14, 14), group=4)
    assert convolution(made) == 112_896  # 2 x 16 x 14 x 14 elements, each a sum of 2 x 3 x 3


def test_a_depthwise_convolution() -> None:
    """conv2d(randn(1, 8, 14, 14), randn(8, 1, 7, 7), padding=3, groups=8): PyTorch counts 76,832."""
    assert convolution(call((1, 8, 14, 14), (8, 1, 7, 7), to=(1, 8, 14, 14), group=8)) == 76_832  # 8 x 14 x 14 x 7 x 7


def test_convolutions_of_one_and_of_three_spatial_axes() -> None:
    """conv1d(randn(1, 4, 10), randn(6, 4, 3)) and conv3d(randn(1, 2, 4, 5, 6), randn(3, 2, 1, 2, 3)): 576 and 2,304."""
    assert convolution(call((1, 4, 10), (6, 4, 3), to=(1, 6, 8))) == 576  # 6 x 8 x 4 x 3
    assert convolution(call((1, 2, 4, 5, 6), (3, 2, 1, 2, 3), to=(1, 3, 4, 4, 4))) == 2_304  # 3 x 64 x 2 x 1 x 2 x 3


def test_the_first_convolution_of_resnet() -> None:
    """He et al. 2015, table 1: 7x7, 64, stride 2 on 224x224."""
    assert convolution(call((1, 3, 224, 224), (64, 3, 7, 7), to=(1, 64, 112, 112))) == 118_013_952  # 802,816 x 147


def test_a_transposed_convolution_spreads_every_input_element() -> None:
    """conv_transpose2d(randn(1, 8, 7, 7), randn(8, 16, 2, 2), stride=2): PyTorch counts 25,088."""
    made = call((1, 8, 7, 7), (8, 16, 2, 2), to=(1, 16, 14, 14), strides=(2, 2))
    assert transposed_convolution(made) == 25_088  # 8 x 7 x 7 elements, each spread over 16 x 2 x 2


def test_a_transposed_convolution_of_groups() -> None:
    """conv_transpose2d(randn(1, 8, 7, 7), randn(8, 4, 3, 3), stride=2, groups=2): PyTorch counts 14,112."""
    made = call((1, 8, 7, 7), (8, 4, 3, 3), to=(1, 8, 15, 15), group=2, strides=(2, 2))
    assert transposed_convolution(made) == 14_112  # 8 x 7 x 7 elements, each spread over 4 x 3 x 3


@pytest.mark.parametrize("count", [convolution, transposed_convolution])
@pytest.mark.parametrize("attributes", [{"group": 0}, {"group": -1}, {"strides": (0, 1)}, {"strides": (1, -2)}])
def test_a_convolution_with_impossible_attributes_is_unknown(
    count: Callable[[Operands], int | None], attributes: dict[str, Attribute]
) -> None:
    assert count(call((1, 8, 4, 4), (8, 8, 3, 3), to=(1, 8, 4, 4))) is not None
    assert count(call((1, 8, 4, 4), (8, 8, 3, 3), to=(1, 8, 4, 4), **attributes)) is None


@pytest.mark.parametrize("weight", [None, (), (8, 8), (8, None, 3, 3), (8, -8, 3, 3)])
def test_a_convolution_with_weights_that_are_no_kernel_is_unknown(weight: Shape) -> None:
    assert convolution(call((1, 8, 4, 4), weight, to=(1, 8, 4, 4))) is None
    assert transposed_convolution(call((1, 8, 4, 4), weight, to=(1, 8, 4, 4))) is None


# --- matrix products -------------------------------------------------------------------------------------------------


def test_a_matrix_product_over_batches_that_are_broadcast() -> None:
    """matmul(randn(3, 1, 4, 5), randn(2, 5, 6)): PyTorch counts 720."""
    assert matmul(call((3, 1, 4, 5), (2, 5, 6), to=(3, 2, 4, 6))) == 720  # 3 x 2 x 4 x 6 elements, each a sum of 5


def test_matrix_products_of_vectors() -> None:
    assert matmul(call((4,), (4, 3), to=(3,))) == 12
    assert matmul(call((3, 4), (4,), to=(3,))) == 12
    assert matmul(call((4,), (4,), to=())) == 4


def test_a_matrix_product_over_an_unknown_size_is_unknown() -> None:
    assert matmul(call((2, None), (None, 3), to=(2, 3))) is None
    assert matmul(call((None, 2), (2, 3), to=(None, 3))) is None


def test_a_matrix_product_over_an_open_size_is_a_formula() -> None:
    assert str(matmul(call((2, "length"), ("length", 3), to=(2, 3)))) == "6*length"
    assert str(matmul(call(("b", "h", "s", 64), ("b", "h", 64, "s"), to=None))) == "64*b*h*s**2"


def test_a_convolution_of_an_open_number_of_channels_is_a_formula() -> None:
    assert str(convolution(call((1, 8, 4, 4), (8, "c", 3, 3), to=(1, 8, 4, 4)))) == "1152*c"  # 8 x 16 x 9


def test_a_matrix_product_with_scalars_is_unknown() -> None:
    assert matmul(call((), (3,), to=(3,))) is None


def test_a_fused_matrix_product_may_read_its_first_operand_transposed() -> None:
    assert fused_matmul(call((4, 5), (5, 6), to=(4, 6))) == 120  # 4 x 6 x 5
    assert fused_matmul(call((5, 4), (5, 6), to=(4, 6), transA=1)) == 120
    assert fused_matmul(call((4, 5), (6, 5), to=(4, 6), transB=1)) == 120
    assert fused_matmul(call(None, (5, 6), to=(4, 6))) is None


@pytest.mark.parametrize(
    ("left", "right", "flags"),
    [
        ((8, 2, 4), (2, 8, 5), {"transA": 1, "transBatchA": 1}),
        ((4, 2, 8), (2, 8, 5), {"transBatchA": 1}),
        ((2, 4, 8), (8, 2, 5), {"transBatchB": 1}),
        ((2, 8, 4), (5, 2, 8), {"transA": 1, "transB": 1, "transBatchB": 1}),
    ],
)
def test_a_fused_matrix_product_may_have_its_batch_behind(
    left: Shape, right: Shape, flags: dict[str, Attribute]
) -> None:
    assert fused_matmul(call(left, right, to=(2, 4, 5), **flags)) == 320  # 2 x 4 x 5 x 8


def test_gemm_sums_over_the_inner_size_however_its_operands_lie() -> None:
    """addmm(randn(7), randn(3, 5), randn(5, 7)): PyTorch counts 105."""
    assert gemm(call((3, 5), (5, 7), (7,), to=(3, 7))) == 105  # 3 x 7 x 5
    assert gemm(call((5, 3), (5, 7), (7,), to=(3, 7), transA=1)) == 105
    assert gemm(call((3, 5), (7, 5), (7,), to=(3, 7), transB=1)) == 105


def test_a_linear_layer_keeps_its_weights_transposed() -> None:
    """linear(randn(2, 5, 12), randn(7, 12), randn(7)): PyTorch counts 840."""
    assert linear(call((2, 5, 12), (7, 12), (7,), to=(2, 5, 7))) == 840  # 2 x 5 x 7 elements, each a sum of 12


def test_a_bilinear_layer_sums_over_one_input_and_then_over_the_other() -> None:
    """As einsum("bi,oij,bj->bo"), below: 280."""
    assert bilinear(call((2, 3), (2, 5), (7, 3, 5), to=(2, 7))) == 280  # 2 x 7 x 3 x 5 + 2 x 7 x 5


PACKED: dict[str, Attribute] = {"K": 64, "N": 32, "block_size": 32}


def test_a_quantised_matrix_names_its_sizes() -> None:
    """32 columns of 2 blocks of 32 numbers of 4 bits: 16 bytes a block."""
    assert matmul_nbits(call((1, 4, 64), (32, 2, 16), to=(1, 4, 32), **PACKED)) == 8_192  # 4 x 32 x 64
    assert matmul_nbits(call((1, 4, 64), (32, 2, 32), to=(1, 4, 32), **PACKED, bits=8)) == 8_192
    assert matmul_nbits(call((1, 4, 64), None, to=(1, 4, 32), **PACKED)) == 8_192
    assert matmul_nbits(call((1, 4, None), (32, 2, 16), to=(1, 4, 32), **PACKED)) == 8_192


def test_the_last_block_of_a_quantised_matrix_may_be_half_empty() -> None:
    assert blocked_matrix({"K": 33, "N": 8, "block_size": 32}, [None, (8, 2, 16)]) == (33, 8)
    assert blocked_matrix({"K": 32, "N": 8, "block_size": 32}, [None, (8, 2, 16)]) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"K": None}, {"N": None}, {"block_size": None}, {"bits": "4"}, {"K": 1, "N": 1}, {"K": 0}, {"N": -32},
        {"N": 31}, {"K": 63}, {"K": 128}, {"block_size": 64}, {"block_size": 0}, {"bits": 8},
    ],
)  # fmt: skip
def test_a_quantised_matrix_that_is_not_the_one_stored_is_unknown(wrong: dict[str, Attribute]) -> None:
    assert matmul_nbits(call((1, 4, 64), (32, 2, 16), to=(1, 4, 32), **(PACKED | wrong))) is None


# --- einsum ----------------------------------------------------------------------------------------------------------


def test_einsum_of_two_is_a_matrix_product() -> None:
    """einsum("bij,bjk->bik", randn(3, 4, 5), randn(3, 5, 6)): PyTorch counts 360."""
    assert einsum(call((3, 4, 5), (3, 5, 6), to=(3, 4, 6), equation="bij, bjk -> bik")) == 360  # 3 x 4 x 5 x 6


def test_einsum_with_an_ellipsis() -> None:
    """einsum("...ij,...jk->...ik", randn(5, 2, 3), randn(5, 3, 4)): PyTorch counts 120."""
    assert einsum(call((5, 2, 3), (5, 3, 4), to=(5, 2, 4), equation="...ij,...jk->...ik")) == 120  # 5 x 2 x 3 x 4


def test_einsum_of_three_goes_from_left_to_right() -> None:
    """einsum("ij,jk,kl->il", randn(2, 3), randn(3, 5), randn(5, 7)): PyTorch counts 100."""
    assert einsum(call((2, 3), (3, 5), (5, 7), to=(2, 7), equation="ij,jk,kl->il")) == 100  # 2 x 3 x 5 + 2 x 5 x 7


def test_einsum_sums_a_label_as_soon_as_nobody_needs_it() -> None:
    """einsum("bi,oij,bj->bo", randn(2, 3), randn(7, 3, 5), randn(2, 5)): PyTorch counts 280."""
    shapes = (2, 3), (7, 3, 5), (2, 5)
    assert einsum(call(*shapes, to=(2, 7), equation="bi,oij,bj->bo")) == 280  # 2 x 3 x 7 x 5 + 2 x 7 x 5


def test_einsum_of_one_multiplies_nothing() -> None:
    assert einsum(call((3, 4), to=(4, 3), equation="ij->ji")) == 0


@pytest.mark.parametrize(
    ("shapes", "equation"),
    [
        (((3, 4), (4, 5)), None),  # no equation
        (((3, 4), (4, 5)), 7),
        (((3, 4), (4, 5)), "ij->ij"),  # more operands than terms
        (((3, 4), (4, 5)), "ijk,jk->ik"),  # more labels than axes
        (((3, 4), (4, 5)), "i,jk->ik"),  # fewer labels than axes
        (((3, 4), None), "ij,jk->ik"),
        (((3, None), (None, 5)), "ij,jk->ik"),
    ],
)
def test_einsum_that_makes_no_sense_is_unknown(shapes: tuple[Shape, ...], equation: Attribute) -> None:
    assert einsum(call(*shapes, to=(3, 5), equation=equation)) is None


# --- recurrence ------------------------------------------------------------------------------------------------------


def test_an_lstm_has_four_gates() -> None:
    """5 steps, batch 2, input 3, hidden 4: W is 16 x 3, R is 16 x 4."""
    assert recurrent(4)(call((5, 2, 3), (1, 16, 3), (1, 16, 4))) == 1_120  # 5 x 2 x (48 + 64)


def test_a_gru_has_three_gates_and_an_rnn_has_one() -> None:
    assert recurrent(3)(call((5, 2, 3), (1, 12, 3), (1, 12, 4))) == 840  # 5 x 2 x (36 + 48)
    assert recurrent(1)(call((5, 2, 3), (1, 4, 3), (1, 4, 4))) == 280  # 5 x 2 x (12 + 16)


def test_both_directions_of_a_recurrence_count() -> None:
    made = call((5, 2, 3), (2, 16, 3), (2, 16, 4), direction="bidirectional")
    assert recurrent(4)(made) == 2_240  # 2 x 1,120


def test_a_recurrence_over_an_open_number_of_steps_is_a_formula() -> None:
    assert str(recurrent(4)(call(("length", 2, 3), (1, 16, 3), (1, 16, 4)))) == "224*length"  # 2 x (48 + 64)
    assert recurrent(4)(call((None, 2, 3), (1, 16, 3), (1, 16, 4))) is None
    assert recurrent(4)(call((5, 2, 3), (1, 16, 3), None)) is None


# --- attention -------------------------------------------------------------------------------------------------------


def test_attention_is_two_matrix_products() -> None:
    """scaled_dot_product_attention of (2, 4, 6, 8), (2, 4, 10, 8), (2, 4, 10, 16): PyTorch counts 11,520."""
    made = call((2, 4, 6, 8), (2, 4, 10, 8), (2, 4, 10, 16))
    assert attention(made) == 11_520  # 2 x 4 heads x 6 queries x 10 keys x (8 + 16)


def test_grouped_queries_share_keys_but_not_products() -> None:
    """4 heads of queries over 2 of keys: as many products as with 4 of each."""
    assert attention(call((2, 4, 6, 8), (2, 2, 10, 8), (2, 2, 10, 8))) == 7_680  # 2 x 4 x 6 x 10 x (8 + 8)


def test_attention_on_packed_heads() -> None:
    """[batch, length, heads x size]: 4 query heads of 8, 2 heads of keys of 8 and of values of 16."""
    made = call((2, 6, 32), (2, 10, 16), (2, 10, 32), q_num_heads=4, kv_num_heads=2)
    assert attention(made) == 11_520  # as above: 2 x 6 x 10 x (4 x 8 + 4 x 16)


def test_a_past_lengthens_the_keys() -> None:
    """One query, one new key, 9 in the past."""
    past = (1, 4, 9, 8)
    made = call((1, 4, 1, 8), (1, 4, 1, 8), (1, 4, 1, 8), None, past, past)
    assert attention(made) == 640  # 4 heads x 1 query x 10 keys x (8 + 8)


def test_attention_over_open_sizes_is_a_formula() -> None:
    keys = (2, 4, "keys", 8)
    assert str(attention(call((2, 4, 6, 8), keys, keys))) == "768*keys"  # 2 x 4 x 6 x (8 + 8)
    past = (1, 4, "past", 8)
    made = call((1, 4, 1, 8), (1, 4, 1, 8), (1, 4, 1, 8), None, past, past)
    assert str(attention(made)) == "64*past + 64"  # 4 heads x 1 query x (past + 1) keys x (8 + 8)


@pytest.mark.parametrize(
    "shapes",
    [
        ((6, 8), (6, 8), (6, 8)),
        ((2, 4, 6, 8), (2, 4, 10, 8), None),
        ((2, 4, 6, 8), (2, 4, None, 8), (2, 4, None, 8)),
        ((1, 4, 1, 8), (1, 4, 1, 8), (1, 4, 1, 8), None, (1, 4, None, 8), (1, 4, None, 8)),
        ((2, 6, 32), (2, 10, 32), (2, 10, 32)),  # packed, and nobody says into how many heads
    ],
)
def test_attention_over_unknown_sizes_is_unknown(shapes: tuple[Shape, ...]) -> None:
    assert attention(call(*shapes)) is None


def test_attention_with_no_heads_is_unknown() -> None:
    assert attention(call((2, 6, 32), (2, 10, 32), (2, 10, 32), q_num_heads=4, kv_num_heads=0)) is None


def test_multi_head_attention_without_a_past() -> None:
    """Lengths 6 and 10, width 32."""
    made = call((2, 6, 32), (2, 10, 32), (2, 10, 32), to=(2, 6, 32), num_heads=4)
    assert multi_head_attention(made) == 7_680  # 2 x 6 x 10 x (32 + 32)


@pytest.mark.parametrize("missing", [0, 1])
def test_multi_head_attention_on_packed_inputs_is_unknown(missing: int) -> None:
    """Keys and values within the queries, or in five dimensions."""
    shapes: list[Shape] = [(2, 6, 32), (2, 10, 32), (2, 10, 32)]
    shapes[missing] = None
    assert multi_head_attention(call(*shapes, to=(2, 6, 32), num_heads=4)) is None
    shapes[missing] = (2, 6, 4, 3, 8)
    assert multi_head_attention(call(*shapes, to=(2, 6, 32), num_heads=4)) is None


def test_grouped_queries_of_the_contrib_operator() -> None:
    """Keys and values of half the width; an empty past; slots 5 and 6 are lengths, which every file has."""
    past = (2, 2, 0, 8)
    shapes = (2, 6, 32), (2, 6, 16), (2, 6, 16), past, past, (2,), ()
    made = call(*shapes, to=(2, 6, 32), num_heads=4, kv_num_heads=2)
    assert grouped_attention(made) == 4_608  # 2 x 6 x 6 x (32 + 32)


def test_multi_head_attention_with_a_past() -> None:
    """One query, one new key, 3 in the past, width 32 in 4 heads, twice. Slot 8: how much of a buffer is in use."""
    past = (2, 4, 3, 8)
    shapes = (2, 1, 32), (2, 1, 32), (2, 1, 32), None, None, None, past, past
    assert multi_head_attention(call(*shapes, to=(2, 1, 32), num_heads=4)) == 512  # 2 x 1 x 4 x (32 + 32)
    assert multi_head_attention(call(*shapes, (1,), to=(2, 1, 32), num_heads=4)) is None


def test_multi_head_attention_on_packed_heads() -> None:
    """Queries, keys and values in one, or keys and values in one: 4 heads of 8, lengths 6 and 10."""
    whole = call((2, 6, 4, 3, 8), to=(2, 6, 32), num_heads=4)
    assert multi_head_attention(whole) == 4_608  # 2 x 6 x 6 x (32 + 32)
    half = call((2, 6, 32), (2, 10, 4, 2, 8), to=(2, 6, 32), num_heads=4)
    assert multi_head_attention(half) == 7_680  # 2 x 6 x 10 x (32 + 32)
    assert multi_head_attention(call((2, 6, 4, 2, 8), to=(2, 6, 32), num_heads=4)) is None


def test_grouped_queries_with_keys_and_values_in_one() -> None:
    """4 heads of queries and 2 of keys and of values, 8 wide, at 4 positions; then with 12 in the past."""
    packed, lengths = (1, 4, 64), ((1,), ())
    sizes: dict[str, Attribute] = {"num_heads": 4, "kv_num_heads": 2}
    alone = call(packed, None, None, None, None, *lengths, to=(1, 4, 32), **sizes)
    assert grouped_attention(alone) == 1_024  # 4 x 4 x (32 + 32)
    past = (1, 2, 12, 8)
    later = call(packed, None, None, past, past, *lengths, to=(1, 4, 32), **sizes)
    assert grouped_attention(later) == 4_096  # 4 x 16 x (32 + 32)
    assert grouped_attention(call((1, 4, 60), None, None, to=(1, 4, 32), **sizes)) is None  # 60 is not 8 heads


def test_attention_with_its_projections_packed() -> None:
    """Width 8 to 8 + 8 + 8 at 5 positions, then as attention."""
    made = call((1, 5, 8), (8, 24), (24,), to=(1, 5, 8), num_heads=2)
    assert fused_attention(made) == 1_360  # 5 x 8 x 24 + 5 x 5 x (8 + 8)


def test_attention_with_packed_projections_of_different_widths() -> None:
    made = call((1, 5, 8), (8, 20), (20,), to=(1, 5, 12), num_heads=2, qkv_hidden_sizes=(4, 4, 12))
    assert fused_attention(made) == 1_200  # 5 x 8 x 20 + 5 x 5 x (4 + 12)


@pytest.mark.parametrize("sizes", [(4.0, 4.0, 12.0), ("4", "4", "12"), (4, 4, "12")])
def test_packed_projections_of_widths_that_are_no_numbers_are_unknown(sizes: Attribute) -> None:
    made = call((1, 5, 8), (8, 20), (20,), to=(1, 5, 12), num_heads=2, qkv_hidden_sizes=sizes)
    assert fused_attention(made) is None


def test_packed_attention_with_a_past() -> None:
    shapes, past = ((1, 1, 8), (8, 24), (24,), None), (2, 1, 2, 3, 4)
    assert fused_attention(call(*shapes, to=(1, 1, 8), num_heads=2)) == 208  # 8 x 24 + 8 + 8
    assert fused_attention(call(*shapes, past, to=(1, 1, 8), num_heads=2)) == 256  # 8 x 24 + 4 x (8 + 8)
    shared = call(*shapes, past, to=(1, 1, 8), num_heads=2, past_present_share_buffer=1)
    assert fused_attention(shared) is None  # how much of it is in use is not in the file


def test_quantised_attention_has_scales_between() -> None:
    """Input, weight, bias, 2 scales, mask, 2 zero points, past."""
    shapes = (1, 1, 8), (8, 24), (24,), (), (), None, (), ()
    assert quantised_attention(call(*shapes, to=(1, 1, 8), num_heads=2)) == 208  # 8 x 24 + 8 + 8
    assert quantised_attention(call(*shapes, (2, 1, 2, 3, 4), to=(1, 1, 8), num_heads=2)) == 256


# --- experts ---------------------------------------------------------------------------------------------------------


def test_a_token_meets_as_many_experts_as_it_is_sent_to() -> None:
    """10 tokens of 16 channels, 2 of 8 experts each, 16 -> 32 -> 16."""
    made = call((10, 16), (10, 8), (8, 16, 32), None, (8, 32, 16), k=2)
    assert mixture(made) == 20_480  # 10 x 2 x (16 x 32 + 32 x 16)
    gated = call((10, 16), (10, 8), (8, 32, 16), None, (8, 16, 32), None, (8, 32, 16), k=2)
    assert mixture(gated) == 30_720  # a third matrix of the same size


def test_quantised_experts_are_packed_along_their_last_axis() -> None:
    """4 bits: 16 numbers in 8 bytes, 32 in 16."""
    packed = (10, 16), (10, 8), (8, 32, 8), (8, 32), None, (8, 16, 16), (8, 16)
    assert quantised_mixture(call(*packed, k=2)) == 20_480
    assert quantised_mixture(call(*packed, k=2, expert_weight_bits=3)) is None


@pytest.mark.parametrize(
    "made",
    [
        call((10, 16), (10, 8), (8, 16, 32), None, (8, 32, 16), k=9),  # of 8 experts nobody meets 9
        call((10, 16), (10, 8), (4, 16, 32), None, (4, 32, 16), k=2),  # 8 scores for 4 experts
        call((10, 16), (10, 8), (8, 20, 32), None, (8, 32, 20), k=2),  # no expert reads 16 channels
        call((10, 16), (10, 8), None, None, None, k=2),
    ],
)
def test_experts_that_do_not_fit_are_unknown(made: Operands) -> None:
    assert mixture(made) is None


def test_rows_meet_the_matrix_of_their_group() -> None:
    """16 rows, 4 matrices of 32 x 8: each row meets one of them."""
    assert grouped(call((16, 32), (4, 32, 8), (4,), to=(16, 8))) == 4_096  # 16 x 32 x 8
    assert grouped(call((4, 16, 32), (32, 8), (4,), to=(16, 8))) == 4_096
    assert grouped(call((4, 16, 32), (4, 32, 8), to=(4, 16, 8))) == 16_384  # 4 x 16 x 32 x 8
    assert grouped(call((16, 32), (32, 8), (4,), to=(4, 16, 8))) == 4_096  # 32 in 4 parts
    assert grouped(call((16, 30), (4, 32, 8), (4,), to=(16, 8))) is None


# --- packed weights --------------------------------------------------------------------------------------------------


def test_a_matrix_of_four_bits_in_one_row() -> None:
    sizes: dict[str, Attribute] = {"K": 64, "N": 32}
    assert matmul_bnb4(call((1, 4, 64), (1_024,), to=(1, 4, 32), **sizes)) == 8_192  # 4 x 64 x 32; 1,024 bytes
    assert matmul_bnb4(call((1, 4, 64), (1_000,), to=(1, 4, 32), **sizes)) is None


def test_a_table_of_blocks_is_as_wide_as_its_numbers() -> None:
    assert gathered_blocks({"bits": 4}, [(100, 16)]) == (100, 32)
    assert gathered_blocks({"bits": 8}, [(100, 16)]) == (100, 16)
    assert gathered_blocks({"bits": "4"}, [(100, 16)]) is None


def test_a_recurrence_whose_weights_are_turned() -> None:
    """DynamicQuantizeLSTM: W [directions, input, 4 x hidden]; 5 steps, batch 2, 6 -> 8: 5 x 2 x 32 x (6 + 8)."""
    made = call((5, 2, 6), (1, 6, 32), (1, 8, 32), hidden_size=8)
    assert recurrent(4, turned=True)(made) == 4_480
    assert recurrent(4)(made) is None


# --- operands that contradict each other ------------------------------------------------------------------------------

CONTRADICTIONS: list[tuple[Callable[[Operands], int | None], Operands, Operands]] = [
    # What counts, an op that is one, and one that is none: inner sizes, ...
    (matmul, call((1, 4), (4, 1600), to=(1, 1600)), call((1, 4), (800, 1600), to=(1, 1600))),
    (matmul, call((2, 3, 4), (2, 4, 5), to=(2, 3, 5)), call((2, 3, 4), (7, 4, 5), to=(2, 3, 5))),
    (matmul, call((4,), (4, 5), to=(5,)), call((4,), (1, 5), to=(5,))),
    (matmul, call((2, 4), (4, 5), to=(2, 5)), call((2, 4), (4, 5), to=(2, 6))),
    (matmul, call((2, 4), (4, 5), to=(2, 5)), call((2, 4), (4, 5), to=(3, 2, 5))),
    (fused_matmul, call((4, 2), (4, 5), to=(2, 5), transA=1), call((4, 2), (4, 5), to=(2, 5))),
    (gemm, call((1, 4), (4, 1600), to=(1, 1600)), call((1, 4), (800, 1600), to=(1, 1600))),
    (gemm, call((2, 4), (4, 5), to=(2, 5)), call((1, 2, 4), (4, 5), to=(2, 5))),
    (gemm, call((4, 2), (5, 4), to=(2, 5), transA=1, transB=1), call((4, 2), (5, 4), to=(2, 5), transA=1)),
    (linear, call((2, 4), (5, 4), to=(2, 5)), call((2, 4), (5, 3), to=(2, 5))),
    (linear, call((2, 4), (4,), to=(2,)), call((2, 4), (3,), to=(2,))),
    (bilinear, call((2, 3), (2, 5), (7, 3, 5), to=(2, 7)), call((2, 3), (2, 5), (7, 4, 5), to=(2, 7))),
    (bilinear, call((2, 3), (2, 5), (7, 3, 5), to=(2, 7)), call((2, 3), (6, 5), (7, 3, 5), to=(2, 7))),
    (
        einsum,
        call((4, 2), (2, 1600), equation="ij,jk->ik"),
        call((4, 2), (800, 1600), equation="ij,jk->ik"),
    ),
    (einsum, call((2, 2), (2,), equation="ii,i->i"), call((2, 3), (3,), equation="ii,i->i")),
    (einsum, call((2, 3), (3,), equation="ij,j->i"), call((2, 3), (3,), equation="ij,j->ii")),
    (einsum, call((2, 3), (3,), equation="ij,j->i"), call((2, 3), (3,), equation="ij,j->ik")),
    (einsum, call((2, 3), (3,), equation="ij,j->i"), call((2, 3), (3,), equation="i.,.->i")),
    (einsum, call((2, 3), (3,), to=(2,), equation="ij,j"), call((2, 3), (3,), to=(4,), equation="ij,j")),
    # ... kernels, channels, groups and axes of space, ...
    *(
        (convolution, call((1, 8, 4, 4), (16, 4, 3, 3), to=(1, 16, 2, 2), group=2), wrong)
        for wrong in (
            call((1, 8, 4, 4), (16, 4, 3, 3), to=(1, 16, 2, 2), group=2, kernel_shape=(8, 8)),
            call((1, 8, 4, 4), (16, 4, 3, 3), to=(1, 16, 2, 2), group=2, kernel_shape=(3,)),
            call((1, 8, 4, 4), (16, 4, 3, 3), to=(1, 16, 2, 2), group=2, kernel_shape="3x3"),
            call((1, 8, 4, 4), (16, 4, 3, 3), to=(1, 16, 2, 2), group=2, strides=(1, 1, 1)),
            call((1, 8, 4, 4), (16, 4, 3, 3), to=(1, 16, 2, 2), group=2, dilations=(0, 1)),
            call((1, 8, 4, 4), (16, 4, 3, 3), to=(1, 16, 2, 2), group=2, pads=(0, 0)),
            call((1, 8, 4, 4), (16, 4, 3, 3), to=(1, 16, 2, 2)),
            call((1, 8, 4, 4), (15, 4, 3, 3), to=(1, 15, 2, 2), group=2),
            call((1, 8, 4, 4), (16, 4, 3, 3), to=(1, 8, 2, 2), group=2),
            call((1, 8, 4, 4), (16, 4, 3, 3), to=(3, 16, 2, 2), group=2),
            call((8, 4, 4), (16, 4, 3, 3), to=(1, 16, 2, 2), group=2),
            call((1, 8, 4, 4), (16, 4, 3, 3), to=(16, 2, 2), group=2),
        )
    ),
    *(
        (transposed_convolution, call((1, 8, 7, 7), (8, 4, 3, 3), to=(1, 8, 9, 9), group=2), wrong)
        for wrong in (
            call((1, 8, 7, 7), (6, 4, 3, 3), to=(1, 8, 9, 9), group=2),
            call((1, 8, 7, 7), (8, 4, 3, 3), to=(1, 4, 9, 9), group=2),
            call((1, 7, 7, 7), (7, 4, 3, 3), to=(1, 8, 9, 9), group=2),
            call((1, 8, 7, 7), (8, 4, 3, 3), to=(1, 8, 9, 9), group=2, kernel_shape=(2, 2)),
        )
    ),
    # ... gates and directions, ...
    *(
        (recurrent(4), call((5, 2, 3), (1, 16, 3), (1, 16, 4), hidden_size=4), wrong)
        for wrong in (
            call((5, 2, 1000), (1, 64, 1), (1, 64, 16)),
            call((5, 2, 3), (48,), (64,)),
            call((5, 2, 3), (1, 12, 3), (1, 12, 4)),
            call((5, 2, 3), (1, 16, 3), (1, 16, 4), hidden_size=5),
            call((5, 2, 3), (2, 16, 3), (2, 16, 4)),
            call((5, 2, 3), (1, 16, 3), (1, 20, 4)),
        )
    ),
    # ... heads, lengths and widths.
    *(
        (attention, call((2, 6, 32), (2, 10, 16), (2, 10, 32), q_num_heads=4, kv_num_heads=2), wrong)
        for wrong in (
            call((2, 6, 32), (2, 10, 16), (2, 10, 64), q_num_heads=4, kv_num_heads=10**6),
            call((2, 6, 32), (2, 10, 16), (2, 10, 32), q_num_heads=3, kv_num_heads=2),
            call((2, 6, 32), (2, 10, 24), (2, 10, 24), q_num_heads=4, kv_num_heads=3),
            call((2, 6, 32), (2, 10, 32), (2, 10, 32), q_num_heads=4, kv_num_heads=2),
            call((2, 6, 32), (2, 10, 16), (2, 11, 32), q_num_heads=4, kv_num_heads=2),
            call((2, 6, 32), (3, 10, 16), (3, 10, 32), q_num_heads=4, kv_num_heads=2),
            call((2, 6, 32), (2, 10, 16), (2, 10, 32), to=(2, 6, 8), q_num_heads=4, kv_num_heads=2),
            call((2, 6, 32), (2, 10, 16), (2, 10, 32), to=(2, 6), q_num_heads=4, kv_num_heads=2),
        )
    ),
    *(
        (multi_head_attention, call((2, 6, 32), (2, 10, 32), (2, 10, 32), to=(2, 6, 32), num_heads=4), wrong)
        for wrong in (
            call((2, 6, 32), (1, 1, 1), (2, 10, 32), to=(2, 6, 32), num_heads=4),
            call((2, 6, 32), (2, 10, 32), (2, 10, 64), to=(2, 6, 32), num_heads=4),
            call((2, 6, 32), (2, 10, 32), (2, 10, 32), to=(2, 6, 32), num_heads=3),
            call((2, 6, 32), (2, 10, 32), (2, 10, 32), to=(2, 6, 32)),
        )
    ),
    *(
        (fused_attention, call((1, 5, 64), (64, 192), to=(1, 5, 64), num_heads=2), wrong)
        for wrong in (
            call((1, 5, 64), (64, 192), to=(1, 5, 64), num_heads=2, qkv_hidden_sizes=(0, 0, 0)),
            call((1, 5, 64), (64, 192), to=(1, 5, 101), num_heads=2, qkv_hidden_sizes=(-100, 64, 101)),
            call((1, 5, 64), (64, 192), to=(1, 5, 64), num_heads=2, qkv_hidden_sizes=(32, 96, 64)),
            call((1, 5, 64), (64, 192), to=(1, 5, 64), num_heads=2, qkv_hidden_sizes=(64, 64, 32)),
            call((1, 5, 64), (64, 192), to=(1, 5, 64), num_heads=2, qkv_hidden_sizes=(64, 64)),
            call((1, 5, 64), (64, 193), to=(1, 5, 64), num_heads=2),
            call((1, 5, 64), (32, 192), to=(1, 5, 64), num_heads=2),
            call((1, 5, 64), (64, 192), to=(1, 5, 64), num_heads=3),
            call((1, 1, 5, 64), (64, 192), to=(1, 5, 64), num_heads=2),
        )
    ),
]


@pytest.mark.parametrize(("count", "possible", "impossible"), CONTRADICTIONS)
def test_operands_that_contradict_each_other_are_unknown(
    count: Callable[[Operands], int | None], possible: Operands, impossible: Operands
) -> None:
    assert count(possible) is not None
    assert count(impossible) is None


def test_unknown_sizes_contradict_nothing() -> None:
    """What one operand does not say another does: 2 x 5 elements, each a sum of 4."""
    assert matmul(call((2, None), (4, 5), to=(2, 5))) == 40
    assert matmul(call((None, 4), ("n", 5), to=(2, 5))) == 40
    assert matmul(call((2, 4), None, to=(2, 5))) == 40
    assert matmul(call((2, 4), (4, 5))) == 40
    assert linear(call((None, 4), (5, 4), to=(2, 5))) == 40
    assert convolution(call(None, (5, 4, 1), to=(1, 5, 2))) == 40  # 5 x 2 elements, each a sum of 4
    assert convolution(call((1, None, 2), (None, 4, 1), to=(1, 5, 2))) == 40
    assert convolution(call((1, 4, 2), (5, 4, None), to=(1, 5, 2))) is None


def test_axes_that_are_broadcast_are_unknown_as_long_as_nobody_knows_them() -> None:
    assert matmul(call((None, 2, 4), (3, 4, 5))) == 120  # 3 or 1 x, so 3 x 2 x 5 x 4
    assert matmul(call((None, 2, 4), (1, 4, 5))) is None
    assert matmul(call((None, 2, 4), (1, 4, 5), to=(3, 2, 5))) == 120
    assert matmul(call(None, (1, 4, 5), to=(3, 2, 5))) == 120
    assert matmul(call(None, (4, 5))) is None
    assert linear(call(None, (5, 4))) is None


def test_a_past_of_unknown_length_is_not_taken_for_none() -> None:
    """Something stands in slot 4, or 6, of which nothing is known."""
    shapes = (1, 4, 1, 8), (1, 4, 1, 8), (1, 4, 1, 8), None, None, None
    assert (
        attention(Operands(shapes, ((1, 4, 1, 8),), {}, (True,) * 3 + (False,) * 3)) == 64
    )  # 4 heads x 1 x 1 x (8 + 8)
    assert attention(Operands(shapes, ((1, 4, 1, 8),), {}, (True,) * 3 + (False,) + (True,) * 2)) is None
    wide = (*((1, 1, 32),) * 3, *(None,) * 5)
    assert multi_head_attention(Operands(wide, (None,), {"num_heads": 4}, (True,) * 3)) == 64
    assert multi_head_attention(Operands(wide, (None,), {"num_heads": 4}, (True,) * 8)) is None


# --- sizes -----------------------------------------------------------------------------------------------------------


def test_a_product_is_unknown_as_soon_as_a_factor_is() -> None:
    assert product(2, 3, 0) == 0
    assert product() == 1
    assert product(2, None, 0) is None
    assert product(2, -3) is None
    assert product(0, -3) is None


def test_no_count_is_larger_than_any_tensor() -> None:
    """64 axes of 2**63 - 1 are a tensor; 2**4096 is where numbers stop to say anything."""
    assert product(*[2**63 - 1] * 64) == (2**63 - 1) ** 64
    assert product(2**4095, 2) == 2**4096
    assert product(2**4095, 2, 2) is None
    assert product(2**4095, 2, 2, 0) == 0


def test_an_einsum_of_absurd_sizes_is_unknown() -> None:
    """52 letters are as many as there are; "..." stands for 34 axes more, and 86 sizes of 63 bits are too much."""
    letters, wide = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", (2**63 - 1,) * 60
    half = (2**63 - 1,) * 26
    assert einsum(call(half, half, equation=f"{letters[:26]},{letters[26:]}->")) == (2**63 - 1) ** 52
    assert einsum(call(wide, wide, equation=f"...{letters[:26]},...{letters[26:]}->")) is None


def test_sizes_are_pythons_integers_and_never_overflow() -> None:
    assert matmul(call((2**40, 2**40), (2**40, 2**40), to=(2**40, 2**40))) == 2**120


def test_a_call_reads_its_inputs_with_care() -> None:
    made = call((2, "n", 3), None)
    assert (made.size(0, 0), made.size(0, 1), made.size(0, -1), made.size(0, 3), made.size(0, -4)) == (
        2,
        None,
        3,
        None,
        None,
    )
    assert (made.input(1), made.input(7), made.size(7, 0)) == (None, None, None)
    assert call(group="two").integer("group", 1) == 1
    assert (made.has(0), made.has(1), made.has(7)) == (True, False, False)


def test_a_past_has_five_axes() -> None:
    """Keys and values [2, batch, heads, length, size] in one; without the first axis nobody knows which they are."""
    made = call((1, 2, 8), (8, 24), (24,), None, (2, 1, 2, 3, 4), to=(1, 2, 8), num_heads=2)
    # 2 x 8 x 24 for the projections; two heads x 2 queries x 5 keys x 4, twice.
    assert fused_attention(made) == 384 + 160
    assert fused_attention(call((1, 2, 8), (8, 24), (24,), None, (2, 2, 3, 4), to=(1, 2, 8), num_heads=2)) is None


def test_a_packed_matrix_may_be_stored_in_an_open_size() -> None:
    sizes = {"K": 32, "N": 4, "bits": 4, "block_size": 32}
    assert blocked_matrix(sizes, [None, ("n", 1, 16)]) == (32, 4)


@pytest.mark.parametrize(("packed", "found"), [((16,), (8, 4)), ((16, 1), (8, 4)), ((1, 16), (8, 4)), ((16, 0), None)])
def test_bytes_lie_in_a_row_or_in_a_column(packed: Shape, found: tuple[int, int] | None) -> None:
    assert flat_matrix({"K": 8, "N": 4}, [None, packed]) == found  # 8 x 4 numbers, two a byte


@pytest.mark.parametrize("matrix", [flat_matrix, stated_matrix])
@pytest.mark.parametrize(
    ("sizes", "given", "found"),
    [
        ({"K": 8, "N": 4}, None, (8, 4)),
        ({"K": 8, "N": 4}, (5, 8), (8, 4)),
        ({"K": 8, "N": 4}, (5, "n"), (8, 4)),
        ({"K": 1, "N": 1}, None, (1, 1)),
        ({"K": 8, "N": 4}, (5, 7), None),  # the data has another width
        ({"K": 0, "N": 4}, None, None),
        ({"K": 8, "N": -4}, None, None),
        ({"K": -8, "N": 4}, None, None),
        ({"K": 8}, None, None),
        ({"N": 4}, None, None),
        ({"K": "8", "N": 4}, None, None),
        ({"K": 8, "N": 4.0}, None, None),
    ],
)
def test_a_matrix_is_of_the_sizes_that_are_stated_if_they_are_sizes(
    matrix: Callable[..., object], sizes: dict[str, object], given: Shape, found: tuple[int, int] | None
) -> None:
    assert matrix(sizes, [given]) == found


def test_one_head_may_hold_query_key_and_value_too() -> None:
    """One head of 4, two queries, two keys: 2 x 2 x 4, twice."""
    assert grouped_attention(call((1, 2, 12), None, None, to=(1, 2, 4), num_heads=1, kv_num_heads=1)) == 32


def test_every_token_of_every_sequence_meets_its_experts() -> None:
    """2 x 5 tokens, one expert each of 4 x 8 and 8 x 4."""
    assert mixture(call((2, 5, 4), (10, 3), (3, 8, 4), None, (3, 4, 8), to=(2, 5, 4))) == 640


def test_a_causal_convolution_slides_one_kernel_over_each_channel() -> None:
    assert causal_convolution(call((2, 8, 5), (8, 1, 4), to=(2, 8, 5))) == 320  # 2 x 8 x 5 x 4
    assert causal_convolution(call((2, 8, 5), (8, 2, 4), to=(2, 8, 5))) is None


def test_a_distance_sums_squares() -> None:
    """Each of 3 x 5 distances sums 4 squares, twice."""
    assert distances(call((2, 3, 4), (2, 5, 4), to=(2, 3, 5))) == 120
    assert distances(call((3, 4), (5, 6), to=(3, 5))) is None


def test_a_grid_is_a_product_of_each_place_with_theta() -> None:
    """affine_grid of (2, 2, 3) to 5 x 7 places: torch multiplies (35, 3) by (3, 2) for both images."""
    assert affine_grid(call((2, 2, 3), (4,), to=(2, 5, 7, 2))) == 420  # 2 x 35 x 3 x 2
    assert affine_grid(call((2, 3, 4), (5,), to=(2, 5, 7, 2, 3))) == 1_680  # 2 x 70 x 4 x 3
    assert affine_grid(call((2, 2, 3), (4,), to=(2, 5, 7, 3))) is None


def test_a_matrix_that_a_kernel_packs_counts_by_its_sizes() -> None:
    """[5, 64] times [64, 32] in 4 bits, however they are stored."""
    assert packed_linear(call((5, 64), (32, 32), to=(5, 32), K=64, N=32)) == 10_240  # 5 x 64 x 32
    assert packed_linear(call((5, 60), (32, 32), to=(5, 32), K=64, N=32)) is None
    assert packed_linear(call((5, 64), (32, 32), to=(5, 32), K=64)) is None


@pytest.mark.parametrize("kind", ["Det", "Inverse"])
def test_how_many_products_a_decomposition_takes_nobody_says(kind: str) -> None:
    (missing,) = audit_draft(listing(f"y = {kind}(x)", x=(2, 3, 3))).uncounted
    assert missing.why == "how many products a decomposition takes depends on its method"


def test_a_recurrence_that_is_told_how_long_sequences_are_takes_no_more_steps() -> None:
    """5 steps of 2 sequences at most: 5 x 2 x 16 x (3 + 4). Stored lengths are no lengths of this pass: all count."""
    line = "y = LSTM(x, w, r, _, lengths) hidden_size=4"
    tensors = {"w": stored(1, 16, 3), "r": stored(1, 16, 4)}
    fed = listing(line, x=(5, 2, 3), lengths=TensorType((2,), "int32"), **tensors)
    (missing,) = audit_draft(fed).uncounted
    assert missing.why == "how long each sequence is stands in its data alone"
    kept = listing(line, x=(5, 2, 3), lengths=stored(2, dtype="int32", data=(5, 5)), **tensors)
    assert audit_draft(kept).totals.macs == 1_120

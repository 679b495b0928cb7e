"""Which input of an operator holds a bias, what is never learned, or weights stored in few bits?

The inputs are written in the order in which the operators' own documentation lists them (ONNX's Operators.md, and
ContribOperators.md of ONNX Runtime), with a mark before the name: `+` is added, `=` is never learned, `#` holds weights
as integers.
"""

from __future__ import annotations

import pytest

from shortcut_audit.operators.table import OPERATORS

INPUTS = {
    "BatchNormalization": "X scale +B =input_mean =input_var",
    "InstanceNormalization": "input scale +B",
    "LayerNormalization": "X Scale +B",
    "GroupNormalization": "X scale +bias",
    "Conv": "X #W +B",
    "ConvTranspose": "X W +B",
    "DeformConv": "X W offset +B mask",
    "Gemm": "#A #B +C",
    "MatMul": "#A #B",
    "LSTM": "X W R +B =sequence_lens =initial_h =initial_c P",
    "GRU": "X W R +B =sequence_lens =initial_h",
    "RNN": "X W R +B =sequence_lens =initial_h",
    "DequantizeLinear": "#x =x_scale =x_zero_point",
    "Where": "=condition X Y",
    "Clip": "input =min =max",
    "ScatterND": "data =indices updates",
    "ScatterElements": "data =indices updates",
    "TensorScatter": "past_cache update =write_indices",
    "RotaryEmbedding": "X =cos_cache =sin_cache =position_ids",
    "com.microsoft::RotaryEmbedding": "input =position_ids =cos_cache =sin_cache",
    "com.microsoft::MatMulNBits": "A #B =scales =zero_points =g_idx +bias",
    "com.microsoft::MatMulBnb4": "A #B =absmax",
    "com.microsoft::DynamicQuantizeLSTM": (
        "X #W #R +B =sequence_lens =initial_h =initial_c P =W_scale =W_zero_point =R_scale =R_zero_point"
    ),
    "com.microsoft::Attention": "input weights +bias mask_index past attention_bias past_sequence_length",
    "com.microsoft::DecoderMaskedSelfAttention": "input weights +bias mask_index past attention_bias",
    "com.microsoft::PackedAttention": "input weights +bias =token_offset =cumulative_sequence_length attention_bias",
    "com.microsoft::PackedMultiHeadAttention": (
        "query key value +bias =token_offset =cumulative_sequence_length attention_bias"
    ),
    "com.microsoft::MultiHeadAttention": "query key value +bias key_padding_mask attention_bias past_key past_value",
    "com.microsoft::DecoderMaskedMultiHeadAttention": (
        "query key value mask_index attention_bias past_key past_value past_sequence_length beam_width"
        " cache_indirection +bias"
    ),
    "com.microsoft::GroupQueryAttention": (
        "query key value past_key past_value =seqlens_k =total_sequence_length =cos_cache =sin_cache"
    ),
    "com.microsoft::QAttention": (
        "input #weight +bias =input_scale =weight_scale =mask_index =input_zero_point =weight_zero_point past"
    ),
    "com.microsoft::MoE": (
        "input router_probs fc1_experts_weights +fc1_experts_bias fc2_experts_weights +fc2_experts_bias"
        " fc3_experts_weights +fc3_experts_bias"
    ),
    "com.microsoft::QMoE": (
        "input router_probs #fc1_experts_weights =fc1_scales +fc1_experts_bias #fc2_experts_weights =fc2_scales"
        " +fc2_experts_bias #fc3_experts_weights =fc3_scales +fc3_experts_bias =fc1_zero_points =fc2_zero_points"
        " =fc3_zero_points"
    ),
    "com.microsoft::GatedRelativePositionBias": ("query_layer +query_bias rel_pos weight +bias eco_a =token_offset"),
    "com.microsoft::FastGelu": "X +bias",
    "com.microsoft::BiasGelu": "A +B",
}


@pytest.mark.parametrize("kind", INPUTS)
def test_each_input_has_the_role_that_the_documentation_gives_it(kind: str) -> None:
    row, names = OPERATORS[kind], INPUTS[kind].split()
    marked = {mark: [name[1:] for name in names if name[0] == mark] for mark in "+=#"}
    slots = {"+": row.bias, "=": row.buffers, "#": row.quantised}
    assert {mark: [names[slot].strip("+=#") for slot in slots[mark] if slot < len(names)] for mark in "+=#"} == marked

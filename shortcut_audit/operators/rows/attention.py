"""What does attention do, and what is added to it?"""

from __future__ import annotations

from shortcut_audit.frozen import replace
from shortcut_audit.operators.counting import attention as count
from shortcut_audit.operators.counting import experts, packing
from shortcut_audit.operators.row import Effect, Operator, Untold, rows, table_of
from shortcut_audit.operators.shapes import attention as shape
from shortcut_audit.operators.shapes.element_types import either
from shortcut_audit.operators.shapes.elementwise import same

_ATTENTION = Operator(Effect.NONLINEAR, data=(), mixes=True)
_PROJECTING = replace(
    _ATTENTION, counted_with=("num_heads", "past_present_share_buffer", "qkv_hidden_sizes"), bias=(2,)
)
_IN_USE = "how much of the keys and values of earlier steps is in use"
_OPAQUE = Operator(Effect.NONLINEAR, data=())

ROWS = table_of(
    rows(
        "Attention",
        replace(
            _ATTENTION,
            shape=shape.attention,
            types=(0, 1, 2, 0),
            macs=count.attention,
            untold=Untold("how many of its keys are no padding", (6,)),
            counted_with=("kv_num_heads", "q_num_heads"),
        ),
    ),
    rows(
        "com.microsoft::Attention com.microsoft::DecoderMaskedSelfAttention",
        replace(
            _PROJECTING,
            shape=shape.fused_attention,
            types=(0, 0),
            macs=count.projected_attention(4, 6),
            untold=Untold(_IN_USE, (4,)),
        ),
    ),
    rows(
        "com.microsoft::PackedAttention",
        replace(
            _PROJECTING,
            shape=shape.packed_attention,
            macs=count.packed_attention,
            untold=Untold("how long each sequence is", (4,), (count.ONE_SEQUENCE,)),
            counted_with=("num_heads", "qkv_hidden_sizes"),
            buffers=(3, 4),
        ),
    ),
    rows(
        "com.microsoft::PackedMultiHeadAttention",
        replace(
            _ATTENTION,
            shape=shape.packed_multi_head_attention,
            macs=count.packed_multi_head_attention,
            untold=Untold("how long each sequence is", (5,), (count.ONE_SEQUENCE,)),
            counted_with=("num_heads",),
            bias=(3,),
            buffers=(4, 5),
        ),
    ),
    rows(
        "com.microsoft::MultiHeadAttention",
        replace(
            _ATTENTION,
            shape=shape.multi_head_attention,
            macs=count.multi_head_attention,
            untold=Untold(_IN_USE, (6, 7)),
            counted_with=("num_heads",),
            bias=(3,),
        ),
    ),
    rows(
        "com.microsoft::DecoderMaskedMultiHeadAttention",
        replace(
            _ATTENTION,
            shape=shape.multi_head_attention,
            macs=count.decoder_attention,
            untold=Untold(_IN_USE, (5, 6)),
            counted_with=("num_heads", "past_present_share_buffer"),
            bias=(10,),
        ),
    ),
    rows(
        "com.microsoft::GroupQueryAttention",
        replace(
            _ATTENTION,
            shape=shape.grouped_attention,
            macs=count.grouped_attention,
            untold=Untold(_IN_USE, (3, 4)),
            counted_with=("kv_num_heads", "num_heads"),
            buffers=(5, 6, 7, 8),
        ),
    ),
    rows(
        "com.microsoft::QAttention",
        replace(
            _PROJECTING,
            shape=shape.quantised_attention,
            types=(3, 3),
            macs=count.projected_attention(8, None),
            untold=Untold(_IN_USE, (8,)),
            quantised=(1,),
            buffers=(3, 4, 5, 6, 7),
        ),
    ),
    # Experts: each token by itself goes through some of them.
    rows(
        "com.microsoft::MoE",
        replace(
            _OPAQUE,
            shape=same,
            macs=experts.mixture,
            counted_with=("k",),
            experts=(2, 3, 4, 5, 6, 7),
            met="k",
            bias=(3, 5, 7),
        ),
    ),
    rows(
        "com.microsoft::QMoE",
        replace(
            _OPAQUE,
            shape=same,
            macs=experts.quantised_mixture,
            counted_with=("expert_weight_bits", "k"),
            quantised=(2, 5, 8),
            unpacked={slot: packing.experts(slot) for slot in (2, 5, 8)},
            experts=(2, 4, 5, 7, 8, 10),
            met="k",
            bias=(4, 7, 10),
            buffers=(3, 6, 9, 11, 12, 13),
        ),
    ),
    rows("com.microsoft::RelativePositionBias", replace(_OPAQUE, shape=shape.relative_position_bias)),
    rows("RotaryEmbedding com.microsoft::RotaryEmbedding", replace(_OPAQUE, shape=same, buffers=(1, 2, 3))),
    rows(
        "LinearAttention com.microsoft::LinearAttention",
        replace(
            _ATTENTION,
            shape=shape.linear_attention,
            types=(0, either(3, 0)),
            macs=count.linear_attention,
            counted_with=("kv_num_heads", "q_num_heads", "update_rule"),
        ),
    ),
    rows(
        "com.microsoft::GatedRelativePositionBias",
        replace(
            _OPAQUE,
            shape=shape.gated_relative_position_bias,
            macs=count.gated_position_bias,
            counted_with=("num_heads",),
            bias=(1, 4),
            buffers=(6,),
        ),
    ),
)

"""Batch 2, 5 new positions, heads of 4."""

from __future__ import annotations

from shortcut_audit.graph.model import TensorType
from tests.operators.shapes.calls import dtypes, out


def test_attention_of_separate_heads() -> None:
    # 3 positions of the past and 7 new keys make 10.
    given = ("2x8x5x4", "2x2x7x4", "2x2x7x6", None, "2x2x3x4", "2x2x3x6")
    assert out("Attention", *given, outputs=4, opset=23) == "2x8x5x6 2x2x10x4 2x2x10x6 2x8x5x10"


def test_attention_of_heads_side_by_side() -> None:
    # 8 heads of 6 make 48; 2 key heads of 4 make 8.
    found = out("Attention", "2x5x32", "2x7x8", "2x7x12", outputs=4, opset=23, q_num_heads=8, kv_num_heads=2)
    assert found == "2x5x48 2x2x7x4 2x2x7x6 2x8x5x7"


def test_attention_without_its_heads_is_unknown() -> None:
    assert out("Attention", "2x5x32", "2x7x8", "2x7x12", opset=23) == "..."
    assert out("Attention", "2x5x32", "2x7x8", "2x7x12", opset=23, q_num_heads=0, kv_num_heads=0) == "2x5x?"


def test_linear_attention() -> None:
    found = out("LinearAttention", "2x5x32", "2x5x8", "2x5x12", outputs=2, opset=27, q_num_heads=8, kv_num_heads=2)
    assert found == "2x5x48 2x2x4x6"


def test_linear_attention_of_com_microsoft_has_several_states_for_a_query_and_keeps_some() -> None:
    """2 heads of queries of 4 over 4 of keys and of values of 3; the last 5 states are kept."""
    given, kind = ("2x5x8", "2x5x16", "2x5x12"), "com.microsoft::LinearAttention"
    assert out(kind, *given, outputs=2, q_num_heads=2, kv_num_heads=4) == "2x5x12 2x4x4x3"
    assert out(kind, *given, outputs=2, q_num_heads=2, kv_num_heads=4, state_window=5) == "2x5x12 5x2x4x4x3"


def test_fused_attention() -> None:
    kind = "com.microsoft::Attention"
    assert out(kind, "2x5x8", "8x24", "24", num_heads=2) == "2x5x8"  # 24 / 3
    assert out(kind, "2x5x8", "8x28", "28", num_heads=2, qkv_hidden_sizes=(8, 8, 12)) == "2x5x12"
    past = out(kind, "2x5x8", "8x24", "24", None, "2x2x2x3x4", num_heads=2, outputs=2)
    assert past == "2x5x8 2x2x2x8x4"  # 3 + 5
    assert out("com.microsoft::QAttention", "2x5x8", "8x24", "24", "", "", num_heads=2) == "2x5x8"
    assert out("com.microsoft::PackedAttention", "9x8", "8x24", "24", num_heads=2) == "9x8"


def test_multi_head_attention() -> None:
    kind = "com.microsoft::MultiHeadAttention"
    assert out(kind, "2x5x8", "2x7x8", "2x7x12", num_heads=2, outputs=3) == "2x5x12 2x2x7x4 2x2x7x6"
    assert out(kind, "2x5x8", "2x2x7x4", "2x2x7x6", num_heads=2) == "2x5x12"
    assert out(kind, "2x5x2x3x4", num_heads=2) == "2x5x8"  # queries, keys and values in one
    assert out(kind, "2x5x8", "2x7x2x2x4", num_heads=2) == "2x5x8"  # keys and values in one
    past = ("2x5x8", "2x5x8", "2x5x8", None, None, None, "2x2x3x4", "2x2x3x4")
    assert out(kind, *past, num_heads=2, outputs=2) == "2x5x8 2x2x8x4"
    assert out("com.microsoft::PackedMultiHeadAttention", "9x8", "9x8", "9x12", num_heads=2) == "9x12"


def test_a_shared_cache_has_its_length_from_the_start() -> None:
    given = ("2x1x8", "2x1x8", "2x1x8", None, None, "2x2x9x4", "2x2x9x4")
    kind = "com.microsoft::DecoderMaskedMultiHeadAttention"
    assert out(kind, *given, num_heads=2, past_present_share_buffer=1, outputs=2) == "2x1x8 2x2x9x4"


def test_grouped_attention() -> None:
    kind = "com.microsoft::GroupQueryAttention"
    found = out(kind, "2x5x32", "2x5x16", "2x5x16", num_heads=4, kv_num_heads=2, outputs=3)
    assert found == "2x5x32 2x2x5x8 2x2x5x8"
    # Packed: 64 = (4 + 2 + 2) heads of 8. How long the cache becomes is another input.
    found = out(kind, "2x1x64", None, None, "2x2x9x8", "2x2x9x8", num_heads=4, kv_num_heads=2, outputs=2)
    assert found == "2x1x32 2x2x?x8"
    found = out(kind, "2x1x64", None, None, "2x2x9x8", num_heads=4, kv_num_heads=2, outputs=2)
    assert found == "2x1x32 2x2x?x8"  # a past of keys alone is one
    assert out(kind, "2x5x32", "2x5x16", "2x5x16", num_heads=0, kv_num_heads=2) == "..."


def test_position_biases() -> None:
    assert out("com.microsoft::RelativePositionBias", "32x12", 5, 7) == "1x12x5x7"
    assert out("com.microsoft::GatedRelativePositionBias", "2x5x8", "8", "1x2x5x5", num_heads=2) == "2x2x5x5"


def test_embeddings_with_their_normalisation() -> None:
    found = out("com.microsoft::EmbedLayerNormalization", "2x5", "2x5", "30522x768", outputs=3)
    assert found == "2x5x768 2 2x5x768"


def test_grouped_queries_are_no_heads_yet() -> None:
    called = {"num_heads": 2, "kv_num_heads": 1}
    shapes = out("com.microsoft::GroupQueryAttention", "1x2x8", "1x2x4", "1x2x4", outputs=3, **called)
    assert shapes == "1x2x8 1x1x2x4 1x1x2x4"  # two heads of 8 / 2
    four = out("com.microsoft::GroupQueryAttention", "1x2x8x4", "1x2x4", "1x2x4", outputs=3, **called)
    assert four == "... ... ..."


def test_attention_makes_the_types_of_what_it_reads() -> None:
    """Y has that of Q, what is kept of K and V theirs, and the scores that of Q."""
    given = [TensorType((1, 2, 3, 4), dtype) for dtype in ("float16", "bfloat16", "float32")]
    assert dtypes("Attention", *given, outputs=4) == ["float16", "bfloat16", "float32", "float16"]


def test_packed_attention_is_as_wide_as_its_values() -> None:
    assert out("com.microsoft::PackedAttention", "6x8", "8x24") == "6x8"  # a third of the columns
    assert out("com.microsoft::PackedAttention", "6x8", "8x22", qkv_hidden_sizes=(6, 6, 10)) == "6x10"

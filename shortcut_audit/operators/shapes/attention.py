"""What shape has what attention makes: outputs, caches, biases?

Sources: onnx/docs/Operators.md; for fused operators onnxruntime/docs/ContribOperators.md. A "length" is that of a
sequence; a cache holds the keys and values of earlier steps, the "past", and then the new ones.
"""

from __future__ import annotations

from shortcut_audit.graph.model import Dim, Shape
from shortcut_audit.graph.sizes import Unknown, divided, product, scaled, total
from shortcut_audit.operators.shapes.call import Call


def attention(call: Call) -> list[Shape]:
    """Attention: Y, present key, present value, and the product of queries and keys.

    4-D inputs are (batch, heads, length, head size); 3-D inputs (batch, length, heads * head size).
    """
    query = heads_apart(call, 0, "q_num_heads")
    key, value = heads_apart(call, 1, "kv_num_heads"), heads_apart(call, 2, "kv_num_heads")
    length = cache_length(call, past_slot=4, added=key[2])
    output: Shape = (*query[:3], value[3])
    if call.rank(0) == 3:
        output = (query[0], query[2], product((query[1], value[3])))
    return [output, (*key[:2], length, key[3]), (*value[:2], length, value[3]), (*query[:3], length)]


def heads_apart(call: Call, slot: int, name: str) -> tuple[Dim, ...]:
    """An input of Attention as (batch, heads, length, head size)."""
    shape = call.shape(slot)
    if len(shape) == 4:
        return shape
    if len(shape) != 3:
        raise Unknown
    heads = call.integer(name)
    return (shape[0], heads, shape[1], divided(shape[2], heads))


def linear_attention(call: Call) -> list[Shape]:
    """LinearAttention: the output (B, T, heads * value size), the state (B, key heads, key size, value size).

    Where com.microsoft's has more heads of keys than of queries, one output for each of those. With state_window it
    keeps the states of the last tokens: that many states, on an axis in front.
    """
    query, key, value = call.shape(0), call.shape(1), call.shape(2)
    if not len(query) == len(key) == len(value) == 3:
        raise Unknown
    heads, shared = call.integer("q_num_heads"), call.integer("kv_num_heads")
    key_size, value_size = divided(key[2], shared), divided(value[2], shared)
    window = call.integer("state_window", 0)
    states = (query[0], shared, key_size, value_size)
    return [(*query[:2], scaled(value_size, max(heads, shared))), (window, *states) if window else states]


def fused_attention(call: Call) -> list[Shape]:
    """Attention of com.microsoft: input (batch, length, K) and weights (K, query + key + value)."""
    shape = call.shape(0)
    hidden = call.integers("qkv_hidden_sizes", ())
    if len(shape) != 3 or (hidden and len(hidden) != 3):
        raise Unknown
    size = hidden[2] if hidden else divided(call.last_size(1 if call.given(1) else 2), 3)
    past = call.shape(4) if call.given(4) else (2, shape[0], None, 0, None)
    return [(*shape[:2], size), present(call, past, shape, size)]


def quantised_attention(call: Call) -> list[Shape]:
    """QAttention of com.microsoft: as Attention, with scales between; the past is slot 8."""
    shape = call.shape(0)
    size = divided(call.last_size(1), 3)
    if len(shape) != 3:
        raise Unknown
    past = call.shape(8) if call.given(8) else (2, shape[0], None, 0, None)
    return [(*shape[:2], size), present(call, past, shape, size)]


def present(call: Call, past: tuple[Dim, ...], shape: tuple[Dim, ...], hidden: Dim) -> Shape:
    """Keys and values kept for the next step: (2, batch, heads, past + length, head size)."""
    heads = call.integer("num_heads", 0)
    if len(past) != 5 or heads < 1:
        return None
    length = past[3] if call.integer("past_present_share_buffer", 0) else total((past[3], shape[1]))
    return (2, shape[0], heads, length, divided(hidden, heads))


def multi_head_attention(call: Call) -> list[Shape]:
    """MultiHeadAttention of com.microsoft: query (batch, length, hidden).

    Packed with keys and values it is (batch, length, heads, 3, head size); packed keys and values alone are
    (batch, length, heads, 2, head size); cross attention may read keys and values (batch, heads, length, head size).
    """
    query, heads = call.shape(0), call.integer("num_heads")
    if len(query) == 5:
        return [(*query[:2], product((query[2], query[4])))]
    if len(query) != 3:
        raise Unknown
    if not call.given(2):
        return [query]
    key, value = call.shape(1), call.shape(2)
    if len(value) == 4:
        return [(*query[:2], product((value[1], value[3])))]
    if len(key) != 3 or len(value) != 3:
        raise Unknown
    length = cache_length(call, past_slot=6 if call.given(6) else 5, added=key[1])
    kept = [(query[0], heads, length, divided(size, heads)) for size in (query[2], value[2])]
    return [(*query[:2], value[2]), *kept]


def cache_length(call: Call, past_slot: int, added: Dim) -> Dim:
    """How many keys are kept: those of the past, (batch, heads, length, head size), and the new ones."""
    if not call.given(past_slot):
        return added
    past = call.shape(past_slot)
    if len(past) != 4:
        raise Unknown
    # A shared buffer has its final length from the start.
    return past[2] if call.integer("past_present_share_buffer", 0) else total((past[2], added))


def grouped_attention(call: Call) -> list[Shape]:
    """GroupQueryAttention of com.microsoft: the output is shaped like the query, which may hold keys and values too."""
    query = call.shape(0)
    heads, shared = call.integer("num_heads"), call.integer("kv_num_heads")
    if len(query) != 3 or heads < 1 or shared < 1:
        raise Unknown
    head = divided(query[2], heads if call.given(1) else heads + 2 * shared)
    new = call.shape(1) if call.given(1) else query
    # With a past, how long the cache is in the end is an input of its own.
    kept = (query[0], shared, new[1] if len(new) == 3 and not call.given(3) else None, head)
    return [(*query[:2], scaled(head, heads)), kept, kept]


def packed_attention(call: Call) -> list[Shape]:
    """PackedAttention of com.microsoft: tokens (T, K) of all sequences, weights (K, query + key + value)."""
    tokens, hidden = call.shape(0), call.integers("qkv_hidden_sizes", ())
    if len(tokens) != 2 or len(hidden) not in (0, 3):
        raise Unknown
    return [(tokens[0], hidden[2] if hidden else divided(call.last_size(1), 3))]


def packed_multi_head_attention(call: Call) -> list[Shape]:
    """PackedMultiHeadAttention of com.microsoft: tokens (T, hidden), or packed (T, heads, 3, head size)."""
    query = call.shape(0)
    if len(query) == 4:
        return [(query[0], product((query[1], query[3])))]
    if len(query) != 2:
        raise Unknown
    return [(query[0], call.last_size(2))]


def relative_position_bias(call: Call) -> list[Shape]:
    """RelativePositionBias of com.microsoft: a table (buckets, heads) makes (1, heads, queries, keys)."""
    table = call.shape(0)
    if len(table) != 2:
        raise Unknown
    sizes = [call.size_if_known(slot) for slot in (1, 2)]
    return [(1, table[1], *sizes)]


def gated_relative_position_bias(call: Call) -> list[Shape]:
    """GatedRelativePositionBias of com.microsoft: (batch, heads, length, length), one number for each two positions."""
    query, relative = call.shape(0), call.shape(2)
    if len(relative) != 4 or len(query) not in (2, 3):
        raise Unknown
    batch = query[0] if len(query) == 3 else None
    return [(batch, call.integer("num_heads"), *relative[2:])]


def embedding_normalization(call: Call) -> list[Shape]:
    """EmbedLayerNormalization of com.microsoft: the output, the mask's index, and the sum of the embeddings."""
    tokens, table = call.shape(0), call.shape(2)
    if len(tokens) != 2 or len(table) != 2:
        raise Unknown
    output = (*tokens, table[1])
    return [output, (tokens[0],), output]

"""How many multiply-accumulates does attention take?

Q K^T and P V, whoever writes them as one op: for every query and key, masked or not. Conventions as in contractions.py.
Slots and attributes: ONNX operator specification; for domain com.microsoft, ContribOperators.md of ONNX Runtime.
"""

from __future__ import annotations

from shortcut_audit.algebra.polynomial import Cost
from shortcut_audit.graph.model import Dim, Shape
from shortcut_audit.graph.sizes import dim_of, divided, may_equal, scaled
from shortcut_audit.operators.counting.axes import Axes
from shortcut_audit.operators.counting.contractions import Operands


def attention(call: Operands) -> Cost:
    """Attention (ONNX 23; torch scaled_dot_product_attention): Q K^T and P V, for every query and key, masked or not.

    Q, K, V are [batch, heads, length, size], or [batch, length, heads x size] with q_num_heads and kv_num_heads.
    A past (slots 4, 5) lengthens the keys. K and V may have fewer heads than Q (grouped queries): Q's count.
    """
    heads = call.integer("q_num_heads", 0), call.integer("kv_num_heads", 0)
    past = (call.input(4), call.input(5)) if call.has(4) or call.has(5) else None
    return _attended(heads, (call.input(0), call.input(1), call.input(2)), call.outputs[0], past)


def multi_head_attention(call: Operands) -> Cost:
    """com.microsoft MultiHeadAttention: query, key and value of [batch, length, width], or packed in one or two.

    Packed: query [batch, length, heads, 3, size] alone, or key [batch, length, heads, 2, size] beside a query. A past
    (slots 6, 7) lengthens the keys, unless it is a buffer of which slot 8 says how much is in use.
    """
    heads = call.integer("num_heads", 0)
    query, key, value = (call.input(slot) for slot in (0, 1, 2))
    if query is not None and len(query) == 5 and not call.has(1):
        query, key, value = _apart(query, 3)
    elif key is not None and len(key) == 5 and not call.has(2):
        key, value = _apart(key, 2)
    past = _past(call, 6, 7)
    return None if past and call.has(8) else _attended((heads, heads), (query, key, value), call.outputs[0], past)


def grouped_attention(call: Operands) -> Cost:
    """com.microsoft GroupQueryAttention: as above; keys and values have fewer heads, each shared by several queries.

    Without keys and values, the query holds all three, one behind the other. A past (slots 3, 4) lengthens the keys.
    """
    heads, shared = call.integer("num_heads", 0), call.integer("kv_num_heads", 0)
    query, key, value = (call.input(slot) for slot in (0, 1, 2))
    if query is not None and len(query) == 3 and not call.has(1) and not call.has(2):
        size = divided(query[2], heads + 2 * shared)
        if size is None or heads < 1 or shared < 1:
            return None
        query, key, value = ((*query[:2], scaled(size, count)) for count in (heads, shared, shared))
    return _attended((heads, shared), (query, key, value), call.outputs[0], _past(call, 3, 4))


def _apart(packed: tuple[Dim, ...], count: int) -> tuple[Shape, ...]:
    """[batch, length, heads, count, size] as so many of [batch, heads, length, size]; None where it holds others."""
    batch, length, heads, held, size = packed
    return ((batch, heads, length, size) if may_equal(held, count) else None,) * count


def _past(call: Operands, *slots: int) -> tuple[Shape, Shape] | None:
    """Keys and values of earlier steps, where there are any."""
    keys, values = (call.input(slot) for slot in slots)
    return (keys, values) if any(map(call.has, slots)) else None


def packed_attention(call: Operands) -> Cost:
    """com.microsoft Attention: input [batch, length, in] x weights [in, q + k + v], then Q K^T and P V.

    The widths of q, k and v are `qkv_hidden_sizes`, or a third of the weights' columns each. A past (slot 4), of
    [2, batch, heads, length, size], lengthens the keys.
    """
    return _projected(call, past_slot=4)


def quantised_attention(call: Operands) -> Cost:
    """com.microsoft QAttention: as Attention, with scales and zero points between; the past is slot 8."""
    return _projected(call, past_slot=8)


def _projected(call: Operands, past_slot: int) -> Cost:
    given, columns, heads = call.input(0), call.size(1, 1), call.integer("num_heads", 0)
    if given is None or len(given) != 3 or columns is None:
        return None
    widths = call.attributes.get("qkv_hidden_sizes") or (columns // 3,) * 3
    if not isinstance(widths, tuple) or len(widths) != 3:
        return None
    whole = [width for width in widths if isinstance(width, int) and width > 0]
    if len(whole) != 3 or sum(whole) != columns:
        return None
    past = call.input(past_slot)
    if call.has(past_slot) and (past is None or len(past) != 5 or call.integer("past_present_share_buffer", 0)):
        return None
    axes = Axes()
    axes.read("bli", given)
    axes.read("iw", call.input(1))
    query, key, value = ((given[0], given[1], width) for width in whole)
    earlier = None if past is None else (past[1:], past[1:])
    projections = axes.count("bliw")
    mixing = _attended((heads, heads), (query, key, value), call.outputs[0], earlier)
    return None if projections is None or mixing is None else projections + mixing


def _attended(
    heads: tuple[int, int], operands: tuple[Shape, Shape, Shape], made: Shape, past: tuple[Shape, Shape] | None = None
) -> Cost:
    """Q K^T over the size of a query's head, and P V over that of a value's, for every head, query and key.

    `heads` are those of the queries and those of keys and values, which several queries may share; `past` are the keys
    and values of earlier steps.
    """
    query, key, value = (_by_heads(shape, count) for shape, count in zip(operands, (*heads, heads[1]), strict=True))
    if query is None or key is None or value is None:
        return None
    axes = Axes()
    axes.read("...hld", query)
    axes.read("...gsd", key)
    axes.read("...gsv", value)
    axes.read("p", (0 if past is None else None,))
    for term, shape in zip(("...gpd", "...gpv"), past or (), strict=False):
        axes.read(term, shape)
    axes.demand(made is None or _by_heads(made, heads[0]) is not None)
    axes.made("...hlv", _by_heads(made, heads[0]))
    sharing, shared = axes.size("h"), axes.size("g")
    axes.demand(not isinstance(sharing, int) or not isinstance(shared, int) or not shared or sharing % shared == 0)
    new, old = axes.size("s"), axes.size("p")
    axes.read("t", (None if new is None or old is None else dim_of(new + old),))
    return axes.count("...hltd", "...hltv")


def _by_heads(shape: Shape, heads: int) -> Shape:
    """[batch, heads, length, size], or [batch, length, heads x size] with its heads apart; None where that fails."""
    if shape is None or len(shape) == 4:
        return shape
    if len(shape) != 3 or heads < 1:
        return None
    size = divided(shape[2], heads)
    return None if size is None and shape[2] is not None else (shape[0], heads, shape[1], size)

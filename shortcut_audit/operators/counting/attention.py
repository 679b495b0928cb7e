"""How many multiply-accumulates does attention take?

Q K^T and P V, whoever writes them as one op: for every query and key, masked or not. Conventions as in contractions.py.
Slots and attributes: ONNX operator specification; for domain com.microsoft, ContribOperators.md of ONNX Runtime.
"""

from __future__ import annotations

from shortcut_audit.graph.model import Shape, elements
from shortcut_audit.operators.counting.axes import Axes
from shortcut_audit.operators.counting.contractions import Call


def attention(call: Call) -> int | None:
    """Attention (ONNX 23; torch scaled_dot_product_attention): Q K^T and P V, for every query and key, masked or not.

    Q, K, V are [batch, heads, length, size], or [batch, length, heads x size] with q_num_heads and kv_num_heads.
    A past (slots 4, 5) lengthens the keys. K and V may have fewer heads than Q (grouped queries): Q's count.
    """
    heads = call.integer("q_num_heads", 0), call.integer("kv_num_heads", 0)
    past = (call.input(4), call.input(5)) if call.has(4) or call.has(5) else None
    return _attended(heads, (call.input(0), call.input(1), call.input(2)), call.outputs[0], past)


def multi_head_attention(call: Call) -> int | None:
    """com.microsoft MultiHeadAttention: query, key, value of [batch, length, width]; unknown with a past, or packed."""
    heads = call.integer("num_heads", 0)
    if _has_past(call, 6, 7):
        return None
    return _attended((heads, heads), (call.input(0), call.input(1), call.input(2)), call.outputs[0])


def grouped_attention(call: Call) -> int | None:
    """com.microsoft GroupQueryAttention: as above; keys and values have fewer heads, each shared by several queries."""
    heads = call.integer("num_heads", 0), call.integer("kv_num_heads", 0)
    if _has_past(call, 3, 4):
        return None
    return _attended(heads, (call.input(0), call.input(1), call.input(2)), call.outputs[0])


def _has_past(call: Call, *slots: int) -> bool:
    """Whether there may be keys and values of earlier steps: how many of a shared buffer are in use, nobody knows."""
    return any(call.has(slot) and elements(call.input(slot)) != 0 for slot in slots)


def packed_attention(call: Call) -> int | None:
    """com.microsoft Attention: input [batch, length, in] x weights [in, q + k + v], then Q K^T and P V.

    The widths of q, k and v are `qkv_hidden_sizes`, or a third of the weights' columns each.
    """
    given, columns, heads = call.input(0), call.size(1, 1), call.integer("num_heads", 0)
    if given is None or len(given) != 3 or columns is None or call.has(4):
        return None
    widths = call.attributes.get("qkv_hidden_sizes") or (columns // 3,) * 3
    if not isinstance(widths, tuple) or len(widths) != 3:
        return None
    whole = [width for width in widths if isinstance(width, int) and width > 0]
    if len(whole) != 3 or sum(whole) != columns:
        return None
    axes = Axes()
    axes.read("bli", given)
    axes.read("iw", call.input(1))
    query, key, value = ((given[0], given[1], width) for width in whole)
    projections, mixing = axes.count("bliw"), _attended((heads, heads), (query, key, value), call.outputs[0])
    return None if projections is None or mixing is None else projections + mixing


def _attended(
    heads: tuple[int, int], operands: tuple[Shape, Shape, Shape], made: Shape, past: tuple[Shape, Shape] | None = None
) -> int | None:
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
    axes.demand(not sharing or not shared or sharing % shared == 0)
    new, old = axes.size("s"), axes.size("p")
    axes.read("t", (None if new is None or old is None else new + old,))
    return axes.count("...hltd", "...hltv")


def _by_heads(shape: Shape, heads: int) -> Shape:
    """[batch, heads, length, size], or [batch, length, heads x size] with its heads apart; None where that fails."""
    if shape is None or len(shape) == 4:
        return shape
    if len(shape) != 3 or heads < 1:
        return None
    width = shape[2] if isinstance(shape[2], int) else None
    if width is not None and width % heads:
        return None
    return (shape[0], heads, shape[1], None if width is None else width // heads)

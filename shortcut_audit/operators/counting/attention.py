"""How many multiply-accumulates does attention take?

Q K^T and P V, whoever writes them as one op: for every query and key, masked or not, but for the keys of a buffer that
nobody has filled (cache.py). Conventions as in contractions.py.
Slots and attributes: ONNX operator specification; for domain com.microsoft, ContribOperators.md of ONNX Runtime.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shortcut_audit.algebra.polynomial import Cost
from shortcut_audit.graph.model import Attribute, Dim, Shape
from shortcut_audit.graph.sizes import dim_of, divided, may_equal, number, scaled
from shortcut_audit.operators.counting import cache
from shortcut_audit.operators.counting.axes import Axes
from shortcut_audit.operators.counting.cache import Cache
from shortcut_audit.operators.counting.operands import Operands


def attention(call: Operands) -> Cost:
    """Attention (ONNX 23; torch scaled_dot_product_attention): Q K^T and P V, for every query and key, masked or not.

    Q, K, V are [batch, heads, length, size], or [batch, length, heads x size] with q_num_heads and kv_num_heads.
    A past (slots 4, 5) lengthens the keys. K and V may have fewer heads than Q (grouped queries): Q's count.
    """
    heads = call.integer("q_num_heads", 0), call.integer("kv_num_heads", 0)
    # Slot 6 says how many of the keys are no padding: they are a buffer, then.
    past = None if call.has(6) else cache.grown(call, 4, 5)
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
    past = cache.counted(call, (6, 7), 8, buffer=call.has(8))
    return _attended((heads, heads), (query, key, value), call.outputs[0], past)


def decoder_attention(call: Operands) -> Cost:
    """com.microsoft DecoderMaskedMultiHeadAttention: as above, unpacked; the past is in slots 5 and 6.

    It is a buffer where the attribute past_present_share_buffer says so; slot 7 then says how much is in use.
    """
    heads = call.integer("num_heads", 0)
    past = cache.counted(call, (5, 6), 7, buffer=bool(call.integer("past_present_share_buffer", 0)))
    return _attended((heads, heads), (call.input(0), call.input(1), call.input(2)), call.outputs[0], past)


def grouped_attention(call: Operands) -> Cost:
    """com.microsoft GroupQueryAttention: as above; keys and values have fewer heads, each shared by several queries.

    Without keys and values, the query holds all three, one behind the other. A past (slots 3, 4) lengthens the keys,
    or is a buffer; slot 6 says how many keys there are.
    """
    heads, shared = call.integer("num_heads", 0), call.integer("kv_num_heads", 0)
    query, key, value = (call.input(slot) for slot in (0, 1, 2))
    if query is not None and len(query) == 3 and not call.has(1) and not call.has(2):
        size = divided(query[2], heads + 2 * shared)
        if size is None or heads < 1 or shared < 1:
            return None
        query, key, value = ((*query[:2], scaled(size, count)) for count in (heads, shared, shared))
    new = None if key is None or len(key) not in {3, 4} else key[-2]
    return _attended((heads, shared), (query, key, value), call.outputs[0], cache.shared(call, (3, 4), 6, new))


def _apart(packed: tuple[Dim, ...], count: int) -> tuple[Shape, ...]:
    """[batch, length, heads, count, size] as so many of [batch, heads, length, size]; None where it holds others."""
    batch, length, heads, held, size = packed
    return ((batch, heads, length, size) if may_equal(held, count) else None,) * count


def projected_attention(past: int, used: int | None) -> Callable[[Operands], Cost]:
    """com.microsoft Attention: input [batch, length, in] x weights [in, q + k + v], then Q K^T and P V.

    The widths of q, k and v are `qkv_hidden_sizes`, or a third of the weights' columns each. The slot `past`, of
    [2, batch, heads, length, size], lengthens the keys, or is a buffer; the slot `used` says how much of it is in use.
    """

    def count(call: Operands) -> Cost:
        buffer = bool(call.integer("past_present_share_buffer", 0))
        earlier = cache.counted(call, (past,), past if used is None else used, buffer=buffer)
        widths = _widths(call)
        if widths is None or earlier is None:
            return None
        heads, given = call.integer("num_heads", 0), call.input(0)
        if given is None or len(given) != 3:
            return None
        query, key, value = ((*given[:2], width) for width in widths)
        mixing = _attended((heads, heads), (query, key, value), call.outputs[0], earlier)
        projections = _projections(call, "bli")
        return None if projections is None or mixing is None else projections + mixing

    return count


def packed_attention(call: Operands) -> Cost:
    """com.microsoft PackedAttention: tokens [T, in] x weights [in, q + k + v], then Q K^T and P V within each sequence.

    Slot 4 lists where each sequence begins, and where the last one ends: with one sequence, it has all tokens.
    """
    widths, tokens = _widths(call), call.input(0)
    if widths is None or tokens is None or len(tokens) != 2 or call.size(4, 0) != ONE_SEQUENCE:
        return None
    heads, projections = call.integer("num_heads", 0), _projections(call, "li")
    query, key, value = ((1, tokens[0], width) for width in widths)
    mixing = _attended((heads, heads), (query, key, value), _one_batch(call.outputs[0]), cache.EMPTY)
    return None if projections is None or mixing is None else projections + mixing


def packed_multi_head_attention(call: Operands) -> Cost:
    """com.microsoft PackedMultiHeadAttention: query, key and value of [T, width], or in one, [T, heads, 3, size].

    Slot 5 lists where each sequence begins, as above.
    """
    heads, query = call.integer("num_heads", 0), call.input(0)
    if call.size(5, 0) != ONE_SEQUENCE or query is None:
        return None
    given: tuple[Shape, ...] = tuple(_one_batch(call.input(slot)) for slot in (0, 1, 2))
    if len(query) == 4 and not call.has(1):
        given = _apart((1, *query), 3)
    return _attended((heads, heads), (given[0], given[1], given[2]), _one_batch(call.outputs[0]), cache.EMPTY)


ONE_SEQUENCE = 2
"""Length of the list of begins and the end of one sequence. Of several, the list's elements say how long each is."""


def _one_batch(shape: Shape) -> Shape:
    """[tokens, width] as a batch of one; None where it is of another rank."""
    return (1, *shape) if shape is not None and len(shape) == 2 else None


def _widths(call: Operands) -> tuple[int, int, int] | None:
    """The widths of q, k and v, which are the columns of the weights in slot 1."""
    columns = call.size(1, 1)
    if columns is None:
        return None
    widths = call.attributes.get("qkv_hidden_sizes") or (columns // 3,) * 3
    if not isinstance(widths, tuple) or len(widths) != 3:
        return None
    whole = [width for width in widths if isinstance(width, int) and width > 0]
    return (whole[0], whole[1], whole[2]) if len(whole) == 3 and sum(whole) == columns else None


def _projections(call: Operands, given: str) -> Cost:
    """The input, whose axes are `given`, the last of them i, times weights [in, q + k + v]."""
    axes = Axes()
    axes.read(given, call.input(0))
    axes.read("iw", call.input(1))
    return axes.count(f"{given}w")


def linear_attention(call: Operands) -> Cost:
    """LinearAttention, token by token: a state [keys, values] for each head is updated and read.

    q^T S for each head of queries, the outer product of k and v for each head of keys; the delta rules read S^T k, too.
    Heads of queries share a state (ONNX 27 and com.microsoft), or are read from several of them (com.microsoft).
    Kernels that work chunk by chunk take more.
    """
    rule = call.attributes.get("update_rule", "gated_delta")
    heads = call.integer("q_num_heads", 0), call.integer("kv_num_heads", 0)
    shapes = (call.input(0), call.input(1), call.input(2))
    if rule not in LINEAR_RULES or min(heads) < 1 or any(shape is None or len(shape) != 3 for shape in shapes):
        return None
    query, key, value = (_by_heads(shape, count) for shape, count in zip(shapes, (*heads, heads[1]), strict=True))
    axes = Axes()
    axes.read("bhtd", query)
    axes.read("bgtd", key)
    axes.read("bgtv", value)
    axes.demand(max(heads) % min(heads) == 0)
    if call.has(3):
        axes.read("nbgdv" if call.integer("state_window", 0) else "bgdv", call.input(3))
    return axes.count("bhtdv" if heads[0] >= heads[1] else "bgtdv", *("bgtdv" for _ in range(LINEAR_RULES[rule])))


LINEAR_RULES: Mapping[Attribute, int] = {"linear": 1, "gated": 1, "delta": 2, "gated_delta": 2}
"""How many products of a key with the state, or with a value, each rule takes for a token."""


def gated_position_bias(call: Operands) -> Cost:
    """com.microsoft GatedRelativePositionBias: query [batch, length, heads x size] x weight [size, gates], per head."""
    heads, query = call.integer("num_heads", 0), call.input(0)
    if query is None or len(query) != 3 or heads < 1:
        return None
    axes = Axes()
    axes.read("bhld", _by_heads(query, heads))
    axes.read("w", query[2:])
    axes.read("dg", call.input(3))
    return axes.count("bhldg")


def _attended(heads: tuple[int, int], operands: tuple[Shape, Shape, Shape], made: Shape, past: Cache | None) -> Cost:
    """Q K^T over the size of a query's head, and P V over that of a value's, for every head, query and key.

    `heads` are those of the queries and those of keys and values, which several queries may share; `past` are the keys
    and values of earlier steps, None where nobody knows how many.
    """
    query, key, value = (_by_heads(shape, count) for shape, count in zip(operands, (*heads, heads[1]), strict=True))
    if query is None or key is None or value is None or past is None:
        return None
    axes = Axes()
    axes.read("...hld", query)
    axes.read("...gsd", key)
    axes.read("...gsv", value)
    if past is cache.EMPTY:
        axes.read("p", (0,))
    else:
        axes.read("...gpd", past.keys)
        axes.read("...gpv", past.values)
    axes.demand(made is None or _by_heads(made, heads[0]) is not None)
    axes.made("...hlv", _by_heads(made, heads[0]))
    sharing, shared = axes.size("h"), axes.size("g")
    axes.demand(not isinstance(sharing, int) or not isinstance(shared, int) or not shared or sharing % shared == 0)
    axes.read("t", (_keys(axes, past),))
    return axes.count("...hltd", "...hltv")


def _keys(axes: Axes, past: Cache) -> Dim:
    """How many keys a query meets. A buffer holds at least so many, and the new ones are among them."""
    new, held = axes.size("s"), axes.size("p")
    if past.total is not None:
        every = number(past.total)
        axes.demand(_at_most(new, every) and _at_most(every, None if new is None or held is None else new + held))
        return past.total
    used = held if past.used is None else number(past.used)
    axes.demand(_at_most(used, held))
    return None if new is None or used is None else dim_of(new + used)


def _at_most(one: Cost, other: Cost) -> bool:
    """Whether the one may be no more than the other."""
    return not (isinstance(one, int) and isinstance(other, int)) or 0 <= one <= other


def _by_heads(shape: Shape, heads: int) -> Shape:
    """[batch, heads, length, size], or [batch, length, heads x size] with its heads apart; None where that fails."""
    if shape is None or len(shape) == 4:
        return shape
    if len(shape) != 3 or heads < 1:
        return None
    size = divided(shape[2], heads)
    return None if size is None and shape[2] is not None else (shape[0], heads, shape[1], size)

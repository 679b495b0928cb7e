"""How many multiply-accumulates does a contraction take?

Pure arithmetic on shapes, in Python ints. Every function takes a `Call` and returns MACs, or None where a size is
unknown or impossible. Conventions as in torch.utils.flop_counter (which reports 2 x MAC): one MAC per product that is
summed; biases, normalisations, activations and pooling count nothing. Slots and attributes: ONNX operator
specification.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shortcut_audit.graph import Attribute, Constant, Input, ModelGraph, Op, Shape, elements


@dataclass(frozen=True, slots=True)
class Call:
    """The shapes and attributes with which an operator is called."""

    inputs: tuple[Shape, ...]
    """Shape of each input slot; None for an input left out or of unknown rank."""
    outputs: tuple[Shape, ...]
    attributes: Mapping[str, Attribute]

    @classmethod
    def of(cls, graph: ModelGraph, op: Op) -> Call:
        """The call that `op` makes in `graph`."""
        return cls(
            tuple(shape_of(graph, given) for given in op.inputs),
            tuple(None if made is None else graph.values[made].type.shape for made in op.outputs) or (None,),
            op.attributes,
        )

    def input(self, slot: int) -> Shape:
        """Shape of an input slot; None where it is left out or unknown."""
        return self.inputs[slot] if slot < len(self.inputs) else None

    def size(self, slot: int, axis: int) -> int | None:
        """One size of an input; None where unknown."""
        shape = self.input(slot)
        if shape is None or not -len(shape) <= axis < len(shape):
            return None
        size = shape[axis]
        return size if isinstance(size, int) else None

    def integer(self, name: str, default: int) -> int:
        """An integer attribute."""
        value = self.attributes.get(name)
        return value if isinstance(value, int) else default


def shape_of(graph: ModelGraph, given: Input) -> Shape:
    """Shape of what stands in an input slot."""
    if given is None:
        return None
    return given.type.shape if isinstance(given, Constant) else graph.values[given].type.shape


def product(*factors: int | None) -> int | None:
    """The product, unknown if any factor is unknown or negative."""
    known = [factor for factor in factors if factor is not None and factor >= 0]
    return math.prod(known) if len(known) == len(factors) else None


def convolution(call: Call) -> int | None:
    """Conv, DeformConv: each output element sums over (channels in / group) x kernel, the sizes of W from axis 1 on."""
    weight = call.input(1)
    if weight is None or len(weight) < 3 or not _possible(call, product(call.size(1, 1), call.integer("group", 1))):
        return None
    return product(elements(call.outputs[0]), elements(weight[1:]))


def transposed_convolution(call: Call) -> int | None:
    """ConvTranspose: each *input* element is spread over (channels out / group) x kernel, W's sizes from axis 1 on."""
    weight = call.input(1)
    if weight is None or len(weight) < 3 or not _possible(call, call.size(1, 0)):
        return None
    return product(elements(call.input(0)), elements(weight[1:]))


def _possible(call: Call, channels: int | None) -> bool:
    """Whether there is such a convolution; `channels` are those that its weight is made for."""
    strides = call.attributes.get("strides")
    steps = strides if isinstance(strides, tuple) else ()
    if call.integer("group", 1) < 1 or not all(isinstance(step, int) and step > 0 for step in steps):
        return False
    given = call.size(0, 1)
    return given is None or channels is None or given == channels


def is_pointwise(op: Op) -> bool:
    """Whether a convolution has a 1x1 kernel, so that it maps each position by itself."""
    weight = op.inputs[1] if len(op.inputs) > 1 else None
    if not isinstance(weight, Constant) or weight.type.shape is None:
        return False
    return len(weight.type.shape) > 2 and all(size == 1 for size in weight.type.shape[2:])


CONVOLUTIONS = frozenset({"Conv", "ConvTranspose", "DeformConv"})


def channels_read(op: Op) -> int | None:
    """How many channels a layer reads at each position, by the shape of its weight; None where it does not say.

    Conv: W of [out, in / group, ...]; ConvTranspose: [in, ...]; MatMul, Gemm: [in, out]; Linear: [out, in].
    """
    weight = op.inputs[1] if len(op.inputs) > 1 else None
    shape = weight.type.shape if isinstance(weight, Constant) else None
    if shape is None or len(shape) < 2:
        return None
    transposed = op.kind == "Linear" or bool(op.attributes.get("transB", 0))
    axis = 1 if op.kind in {"Conv", "DeformConv"} else -1 if transposed else 0 if op.kind == "ConvTranspose" else -2
    size, group = shape[axis], op.attributes.get("group", 1) if axis == 1 else 1
    return size * group if isinstance(size, int) and isinstance(group, int) else None


def matmul(call: Call) -> int | None:
    """MatMul: each output element sums over the inner dimension."""
    return product(elements(call.outputs[0]), call.size(0, -1))


def fused_matmul(call: Call) -> int | None:
    """com.microsoft FusedMatMul: as MatMul, A perhaps transposed by transA."""
    return product(elements(call.outputs[0]), call.size(0, -2 if call.integer("transA", 0) else -1))


def gemm(call: Call) -> int | None:
    """Gemm: M x N x K, with K read from A (after transA)."""
    return product(elements(call.outputs[0]), call.size(0, 0 if call.integer("transA", 0) else -1))


def linear(call: Call) -> int | None:
    """Linear (torch): x @ weight.T with weight of [out, in]; each output element sums over `in`."""
    return product(elements(call.outputs[0]), call.size(1, -1))


def bilinear(call: Call) -> int | None:
    """Bilinear (torch): x1^T W_k x2 with W of [out, in1, in2]; batch x out x in1 x in2, then batch x out x in2."""
    return product(elements(call.outputs[0]), call.size(2, 1), call.size(2, 2))


def matmul_nbits(call: Call) -> int | None:
    """com.microsoft MatMulNBits: A times a quantised K x N matrix; attribute K is the inner dimension."""
    return product(elements(call.outputs[0]), call.integer("K", -1))


def einsum(call: Call) -> int | None:
    """Einsum, contracted from left to right, pair by pair: each pair costs the product of all its labels' sizes.

    A pair that sums nothing (an outer or element-wise product) still multiplies, and counts, as in bmm.
    """
    equation = call.attributes.get("equation")
    if not isinstance(equation, str):
        return None
    terms, result = _terms(equation)
    operands = [_labels(term, shape) for term, shape in zip(terms, call.inputs, strict=False)]
    known = [operand for operand in operands if operand is not None]
    if not len(terms) == len(call.inputs) == len(known):
        return None
    if len(known) == 1:
        return 0
    total, left = 0, known[0]
    for position, right in enumerate(known[1:], 2):
        sizes = {label: _stretched(left.get(label, 1), right.get(label, 1)) for label in {**left, **right}}
        cost = product(*sizes.values())
        if cost is None:
            return None
        total += cost
        wanted = set(result) | {label for later in known[position:] for label in later} | {"…"}
        left = {label: size for label, size in sizes.items() if label[0] in wanted or label in wanted}
    return total


def sums_last_axis_alone(equation: str, position: int) -> bool:
    """Whether an einsum sums over the last axis of one of its operands, and over no other axis of it."""
    terms, result = _terms(equation)
    term = terms[position] if position < len(terms) else ""
    return bool(term) and {label for label in term if label not in result} == {term[-1]}


def _terms(equation: str) -> tuple[list[str], str]:
    """The labels of each operand and those of the result: where none are given, the labels that stand once."""
    left, arrow, result = equation.replace(" ", "").partition("->")
    return left.split(","), result if arrow else "".join(label for label in left if left.count(label) == 1)


def _stretched(one: int | None, other: int | None) -> int | None:
    """The size of a dimension under an ellipsis, where one operand's may be stretched over the other's."""
    return other if one == 1 else one


def _labels(term: str, shape: Shape) -> dict[str, int | None] | None:
    """Sizes by label. The dimensions under an ellipsis get labels of their own, "…0" the last."""
    if shape is None:
        return None
    head, dots, tail = term.partition("...")
    hidden = len(shape) - len(head) - len(tail)
    if hidden < 0 or (hidden and not dots):
        return None
    labels = [*head, *(f"…{hidden - i - 1}" for i in range(hidden)), *tail]
    return {label: size if isinstance(size, int) else None for label, size in zip(labels, shape, strict=True)}


def unknowable(call: Call) -> None:
    """A loop: its body counts once, and how often it runs is not in the file."""


def recurrent(call: Call) -> int | None:
    """LSTM, GRU, RNN: per step and direction, gates x hidden x (input + hidden), the sizes of W and R.

    X is [sequence, batch, input]; W [directions, gates x hidden, input], R [directions, gates x hidden, hidden].
    """
    steps, batch = call.size(0, 0), call.size(0, 1)
    per_step = [elements(call.input(1)), elements(call.input(2))]
    if None in per_step:
        return None
    return product(steps, batch, sum(size for size in per_step if size is not None))


def attention(call: Call) -> int | None:
    """Attention (ONNX 23; torch scaled_dot_product_attention): Q K^T and P V, for every query and key, masked or not.

    Q, K, V are [batch, heads, length, size], or [batch, length, heads x size] with q_num_heads and kv_num_heads.
    A past (slots 4, 5) lengthens the keys. K and V may have fewer heads than Q (grouped queries): Q's count.
    """
    query, key, value = call.input(0), call.input(1), call.input(2)
    if query is None or key is None or value is None or len(query) not in {3, 4}:
        return None
    past = call.size(4, -2) if call.input(4) is not None else 0
    length = call.size(1, -2)
    keys = None if length is None or past is None else length + past
    if len(query) == 4:
        rows = product(call.size(0, 0), call.size(0, 1), call.size(0, 2))
        widths = [call.size(0, 3), call.size(2, 3)]
    else:
        heads, shared = call.integer("q_num_heads", 0), call.integer("kv_num_heads", 0)
        last = call.size(2, 2)
        if heads <= 0 or shared <= 0 or last is None:
            return None
        rows = product(call.size(0, 0), call.size(0, 1))
        widths = [call.size(0, 2), last // shared * heads]
    if widths[0] is None or widths[1] is None:
        return None
    return product(rows, keys, widths[0] + widths[1])


def multi_head_attention(call: Call) -> int | None:
    """com.microsoft MultiHeadAttention: query, key, value of [batch, length, width]; unknown with a past, or packed."""
    return _three_dimensional_attention(call, past=(6, 7))


def grouped_attention(call: Call) -> int | None:
    """com.microsoft GroupQueryAttention: as above; keys and values have fewer heads, each shared by several queries."""
    return _three_dimensional_attention(call, past=(3, 4))


def _three_dimensional_attention(call: Call, past: tuple[int, int]) -> int | None:
    """Q K^T over the width of the queries, and P V over that of the result, for every query and key."""
    query, key, made = call.input(0), call.input(1), call.outputs[0]
    if query is None or key is None or made is None or {len(query), len(key), len(made)} != {3}:
        return None
    if any(slot < len(call.inputs) and elements(call.inputs[slot]) not in {None, 0} for slot in past):
        return None
    widths, rows = [query[2], made[2]], product(call.size(0, 0), call.size(0, 1), call.size(1, 1))
    known = [width for width in widths if isinstance(width, int)]
    return product(rows, sum(known)) if len(known) == len(widths) else None


def packed_attention(call: Call) -> int | None:
    """com.microsoft Attention: input [batch, length, in] x weights [in, q + k + v], then Q K^T and P V.

    The widths of q, k and v are `qkv_hidden_sizes`, or a third of the weights' columns each.
    """
    batch, length, columns = call.size(0, 0), call.size(0, 1), call.size(1, 1)
    if columns is None or call.input(4) is not None:
        return None
    sizes = call.attributes.get("qkv_hidden_sizes")
    widths: Sequence[object] = sizes if isinstance(sizes, tuple) and len(sizes) == 3 else (columns // 3,) * 3
    query, value = widths[0], widths[2]
    if not isinstance(query, int) or not isinstance(value, int):
        return None
    projections = product(batch, length, call.size(0, 2), columns)
    mixing = product(batch, length, length, query + value)
    return None if projections is None or mixing is None else projections + mixing

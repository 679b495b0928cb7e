"""What shape has the output of a contraction: matrix products, einsum, recurrence?

Sources: onnx/docs/Operators.md; for fused operators onnxruntime/docs/ContribOperators.md.
"""

from __future__ import annotations

from shortcut_audit.graph.model import Dim, Shape
from shortcut_audit.graph.sizes import Unknown, broadcast, broadcast_size, may_equal
from shortcut_audit.operators.counting.contractions import transposed
from shortcut_audit.operators.equation import terms_of
from shortcut_audit.operators.shapes.call import Call, Rule


def multiplied(left: tuple[Dim, ...], right: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """numpy.matmul: the last two axes are matrices, those before are broadcast; a vector loses its axis."""
    if not left or not right or not may_equal(left[-1], right[-2:][0]):
        raise Unknown
    rows = left[-2:-1]
    columns = right[-1:] if len(right) > 1 else ()
    return broadcast(left[:-2], right[:-2]) + rows + columns


def matmul(left_slot: int, right_slot: int) -> Rule:
    """A matrix product of the inputs in these slots."""

    def rule(call: Call) -> list[Shape]:
        return [multiplied(call.shape(left_slot), call.shape(right_slot))]

    return rule


def fused_matmul(call: Call) -> list[Shape]:
    """FusedMatMul of com.microsoft: either side may be transposed first."""
    left = transposed(call.shape(0), call.integer("transBatchA", 0), call.integer("transA", 0))
    right = transposed(call.shape(1), call.integer("transBatchB", 0), call.integer("transB", 0))
    return [multiplied(left, right)]


def gemm(left_slot: int, right_slot: int) -> Rule:
    """A' (M, K) times B' (K, N) makes (M, N)."""

    def rule(call: Call) -> list[Shape]:
        left, right = call.shape(left_slot), call.shape(right_slot)
        if len(left) != 2 or len(right) != 2:
            raise Unknown
        rows, inner = reversed(left) if call.integer("transA", 0) else left
        depth, columns = reversed(right) if call.integer("transB", 0) else right
        if not may_equal(inner, depth):
            raise Unknown
        return [(rows, columns)]

    return rule


def linear(call: Call) -> list[Shape]:
    """Linear (ATen's): x (..., K) and a weight (N, K), transposed, make (..., N)."""
    weight = call.shape(1)
    if len(weight) != 2:
        raise Unknown
    return [multiplied(call.shape(0), (weight[1], weight[0]))]


def grouped(call: Call) -> list[Shape]:
    """GroupedMatMul (ATen's _grouped_mm): the rows, or the inner axis, of matrices that lie one behind the other.

    (M, K) and (groups, K, N) make (M, N), (groups, M, K) and (K, N) make (M, N), (groups, M, K) and (groups, K, N) make
    (groups, M, N); (M, K) and (K, N), K in groups, make one product for each group that ends.
    """
    left, right = call.shape(0), call.shape(1)
    if not {len(left), len(right)} <= {2, 3} or not may_equal(left[-1], right[-2]):
        raise Unknown
    groups = left[:-2] if len(left) == len(right) else ()
    if len(left) == len(right) == 2:
        groups = call.shape(2)
    return [(*groups, left[-2], right[-1])]


def bilinear(call: Call) -> list[Shape]:
    """Bilinear (ATen's): two inputs (..., K) and (..., L) and a weight (N, K, L) make (..., N)."""
    weight = call.shape(2)
    if len(weight) != 3 or call.rank(0) < 1:
        raise Unknown
    return [(*call.shape(0)[:-1], weight[0])]


def packed_matmul(call: Call) -> list[Shape]:
    """A (..., K) times a packed matrix (K, N) whose sizes are attributes."""
    return [(*call.shape(0)[:-1], call.integer("N"))]


def distances(call: Call) -> list[Shape]:
    """CDist of com.microsoft, and PyTorch's: A (..., M, D) against B (..., N, D) makes (..., M, N)."""
    left, right = call.shape(0), call.shape(1)
    if min(len(left), len(right)) < 2:
        raise Unknown
    return [(*broadcast(left[:-2], right[:-2]), left[-2], right[-2])]


def einsum(call: Call) -> list[Shape]:
    """Each letter is an axis; "..." stands for axes that are broadcast."""
    terms, right = terms_of(call.text("equation"))
    if len(terms) != len(call.inputs):
        raise Unknown
    sizes: dict[str, Dim] = {}
    ellipsis: tuple[Dim, ...] = ()
    for slot, term in enumerate(terms):
        ellipsis = broadcast(ellipsis, read_term(term, call.shape(slot), sizes))
    before, dots, after = right.partition("...")
    if any(letter not in sizes for letter in before + after):
        raise Unknown
    return [(*[sizes[letter] for letter in before], *(ellipsis if dots else ()), *[sizes[letter] for letter in after])]


def read_term(term: str, shape: tuple[Dim, ...], sizes: dict[str, Dim]) -> tuple[Dim, ...]:
    """Note the size of each letter of one operand in `sizes`; return the axes that "..." stands for."""
    before, dots, after = term.partition("...")
    extra = len(shape) - len(before) - len(after)
    letters = before + after
    if extra < 0 or (extra and not dots) or "." in letters:
        raise Unknown
    known = shape[: len(before)] + shape[len(before) + extra :]
    for letter, size in zip(letters, known, strict=True):
        sizes[letter] = broadcast_size(sizes[letter], size) if letter in sizes else size
    return shape[len(before) : len(before) + extra]


def recurrent(call: Call) -> list[Shape]:
    """RNN, GRU, LSTM: all hidden states, the last hidden state, the last cell state.

    X is (length, batch, features), with layout 1 (batch, length, features); R is (directions, gates * hidden, hidden).
    """
    shape = call.shape(0)
    if len(shape) != 3:
        raise Unknown
    return _states(call, shape, call.integer("hidden_size") if call.has("hidden_size") else call.last_size(2))


def turned_recurrent(call: Call) -> list[Shape]:
    """DynamicQuantizeLSTM of com.microsoft: as LSTM; R is (directions, hidden, gates * hidden)."""
    shape, weight = call.shape(0), call.shape(2)
    if len(shape) != 3 or len(weight) != 3:
        raise Unknown
    return _states(call, shape, weight[1])


def _states(call: Call, shape: tuple[Dim, ...], hidden: Dim) -> list[Shape]:
    directions = 2 if call.text("direction") == "bidirectional" else 1
    if call.integer("layout", 0):
        by_batch = (shape[0], directions, hidden)
        return [(*shape[:2], directions, hidden), by_batch, by_batch]
    by_direction = (directions, shape[1], hidden)
    return [(shape[0], directions, shape[1], hidden), by_direction, by_direction]

"""Which canonical ops stand behind ATen's matrix products?"""

from __future__ import annotations

from collections.abc import Iterable

from shortcut_audit.loaders.aten.arithmetic import scaled
from shortcut_audit.loaders.aten.call import AtenCall, Misfit, Rule, known_sizes


def addmm(call: AtenCall) -> str:
    """Beta * self + alpha * mat1 @ mat2: Gemm(mat1, mat2, self)."""
    alpha, beta = call.fixed("alpha", 1.0), call.fixed("beta", 1.0)
    return call.emit("Gemm", call.value("mat1"), call.value("mat2"), call.value("self"), alpha=alpha, beta=beta)


def added_product(left: str, right: str) -> Rule:
    """baddbmm, addmv: beta * self + alpha * left @ right."""

    def rule(call: AtenCall) -> str:
        product = call.emit("MatMul", call.value(left), call.value(right))
        return call.emit("Add", scaled(call, call.value("self"), "beta"), scaled(call, product, "alpha"))

    return rule


def grouped(call: AtenCall) -> str:
    """_grouped_mm, _scaled_grouped_mm, and transformers' own: each row of the first meets the matrix of its group."""
    left, right = ("self", "mat2") if call.has("self") else ("input", "weight")
    bias = call.maybe("bias")
    return call.emit("GroupedMatMul", call.value(left), call.value(right), call.maybe("offs"), bias)


def in_bytes(call: AtenCall) -> str:
    """quanto's qbytes_mm: rows by the transposed matrix that bytes and scales stand for."""
    weights = call.emit("DequantizeLinear", call.value("B"), call.value("scales"))
    return call.emit("Linear", call.value("A"), weights)


def dot_product(call: AtenCall) -> str:
    """linalg_vecdot: the products of two tensors, summed along one axis, as an Einsum; along the last alone."""
    ranks = {call.rank("x"), call.rank("y")}
    if len(ranks) > 1 or call.axis("dim", "x", -1) != max(ranks) - 1:
        raise Misfit
    return call.emit("Einsum", call.value("x"), call.value("y"), equation="...i,...i->...")


def activated(call: AtenCall) -> str:
    """_addmm_activation: addmm, then ReLU or GELU."""
    return call.emit("Gelu" if call.flag("use_gelu") else "Relu", addmm(call))


def addbmm(call: AtenCall) -> str:
    """Beta * self + alpha * the sum over the batch of batch1 @ batch2."""
    product = call.emit("MatMul", call.value("batch1"), call.value("batch2"))
    total = call.emit("ReduceSum", product, call.numbers(0), keepdims=0)
    return call.emit("Add", scaled(call, call.value("self"), "beta"), scaled(call, total, "alpha"))


def addr(call: AtenCall) -> str:
    """Beta * self + alpha * the outer product of two vectors."""
    product = _outer(call, call.value("vec1"), call.value("vec2"))
    return call.emit("Add", scaled(call, call.value("self"), "beta"), scaled(call, product, "alpha"))


def outer(call: AtenCall) -> str:
    """Each element of one vector times each of the other."""
    return _outer(call, call.value("self"), call.value("vec2"))


def _outer(call: AtenCall, left: str, right: str) -> str:
    column = call.emit("Unsqueeze", left, call.numbers(1))
    return call.emit("Mul", column, call.emit("Unsqueeze", right, call.numbers(0)))


def einsum(call: AtenCall) -> str:
    """Torch allows blanks and sublists; the equation is passed on without blanks."""
    equation = call.text("equation").replace(" ", "")
    return call.emit("Einsum", *call.values("tensors"), equation=equation)


def tensordot(call: AtenCall) -> str:
    """A contraction over pairs of axes, as an Einsum."""
    return _over_pairs(call, zip(call.axes("dims_self"), call.axes("dims_other", "other"), strict=False))


def inner(call: AtenCall) -> str:
    """A contraction over the last axis of both, whatever stands before; with a number, their product."""
    ranks = call.rank("self"), call.rank("other")
    if 0 in ranks:
        return call.emit("Mul", call.value("self"), call.value("other"))
    return _over_pairs(call, [(ranks[0] - 1, ranks[1] - 1)])


def _over_pairs(call: AtenCall, axes: Iterable[tuple[int, int]]) -> str:
    """The Einsum that sums over pairs of axes of `self` and `other`, and keeps all others in order."""
    ranks = call.rank("self"), call.rank("other")
    if sum(ranks) > 52:
        raise Misfit
    letters = iter("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    left, right = [next(letters) for _ in range(ranks[0])], [next(letters) for _ in range(ranks[1])]
    pairs = list(axes)
    for mine, other in pairs:
        right[other] = left[mine]
    gone = {left[mine] for mine, _ in pairs}
    kept = [letter for letter in (*left, *right) if letter not in gone]
    equation = f"{''.join(left)},{''.join(right)}->{''.join(kept)}"
    return call.emit("Einsum", call.value("self"), call.value("other"), equation=equation)


def multi_dot(call: AtenCall) -> str:
    """A chain of matrix products, from the left."""
    first, *rest = call.values("tensors" if call.has("tensors") else "matrices")
    for factor in rest:
        first = call.emit("MatMul", first, factor)
    return first


def weight_only_linear(call: AtenCall) -> str:
    """_weight_int8pack_mm: x @ weight.T in int8, times one scale for each output."""
    product = call.emit("Linear", call.value("self"), call.value("mat2"))
    return call.emit("Mul", product, call.value("scales"))


def four_bit_linear(call: AtenCall) -> str:
    """_weight_int4pack_mm and its like: a matrix [out, in] in 4 bits, packed as the kernel of one device likes it."""
    given = call.fixed_shape("inp" if call.has("inp") else "self")
    made = known_sizes(call.outputs[0].shape or (None,))
    if call.has("inp"):
        return call.emit("PackedLinear", call.value("inp"), call.value("packed_weights"), K=given[-1], N=made[-1])
    scales = call.maybe("qScaleAndZeros") or call.maybe("qScale"), call.maybe("qZeros")
    return call.emit("PackedLinear", call.value("self"), call.value("mat2"), *scales, K=given[-1], N=made[-1])


def distances(call: AtenCall) -> str:
    """Cdist: Euclidean distances; what others sum are no products."""
    if call.fixed("p", 2.0) != EUCLIDEAN:
        raise Misfit
    return call.emit("com.microsoft::CDist", call.value("x1"), call.value("x2"), metric="euclidean")


EUCLIDEAN = 2.0


def attention(call: AtenCall) -> str:
    """scaled_dot_product_attention and its backends: query, key, value of [..., length, size].

    The canonical Attention wants [batch, heads, length, size]. Axes that are missing are put in front, axes that are
    too many are merged.
    """
    rank = call.rank("query")
    attributes = {"is_causal": int(call.flag("is_causal")), "scale": call.fixed("scale") if call.has("scale") else None}
    mask = call.maybe("attn_mask") or call.maybe("attn_bias")
    given = [_four_axes(call, name, rank) for name in ("query", "key", "value")]
    found = call.emit("Attention", *given, mask, **attributes)
    if rank == 4:
        return found
    if rank < 4:
        return call.emit("Squeeze", found, call.numbers(*range(4 - rank)))
    return call.emit("Reshape", found, call.numbers(*known_sizes(call.outputs[0].shape or (None,))))


def _four_axes(call: AtenCall, name: str, rank: int) -> str:
    value = call.value(name)
    if rank == 4:
        return value
    if rank < 4:
        return call.emit("Unsqueeze", value, call.numbers(*range(4 - rank)))
    return call.emit("Reshape", value, call.numbers(-1, *call.fixed_shape(name)[-3:]))

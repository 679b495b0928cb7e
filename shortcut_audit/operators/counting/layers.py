"""What does a layer read of its data: how many channels, at one position or at several?"""

from __future__ import annotations

from shortcut_audit.graph.model import Constant, Op
from shortcut_audit.operators.counting.contractions import terms_of

CONVOLUTIONS = frozenset({"Conv", "ConvTranspose", "DeformConv"})


def channels_read(op: Op) -> int | None:
    """How many channels a layer reads at each position, by the shape of its weight; None where it does not say.

    Conv: W of [out, in / group, ...]; ConvTranspose: [in, ...]; MatMul, Gemm: [in, out]; Linear: [out, in].
    """
    weight = op.inputs[1] if len(op.inputs) > 1 else None
    shape = weight.type.shape if isinstance(weight, Constant) else None
    if shape is None or len(shape) < 2 or op.kind not in CONVOLUTIONS | {"MatMul", "Gemm", "Linear"}:
        return None
    transposed = op.kind == "Linear" or bool(op.attributes.get("transB", 0))
    axis = 1 if op.kind in {"Conv", "DeformConv"} else -1 if transposed else 0 if op.kind == "ConvTranspose" else -2
    size, group = shape[axis], op.attributes.get("group", 1) if axis == 1 else 1
    return size * group if isinstance(size, int) and isinstance(group, int) else None


def is_pointwise(op: Op) -> bool:
    """Whether a convolution has a 1x1 kernel, so that it maps each position by itself."""
    weight = op.inputs[1] if len(op.inputs) > 1 else None
    if not isinstance(weight, Constant) or weight.type.shape is None:
        return False
    return len(weight.type.shape) > 2 and all(size == 1 for size in weight.type.shape[2:])


def sums_last_axis_alone(equation: str, position: int) -> bool:
    """Whether an einsum sums over the last axis of one of its operands, and over no other axis of it."""
    terms, result = terms_of(equation)
    term, kept = terms[position] if position < len(terms) else "", set(result)
    return bool(term) and {label for label in term if label not in kept} == {term[-1]}

"""Is a product with a computed matrix a gate, and does the branch treat what it mixes as positions?

`C(x)^T X`, the streams of X mixed by a computed matrix (manifold-constrained hyper-connections), lets X through as an
element-wise gate does. `A x` of a graph layer, or attention without values, mixes the positions that the branch maps
one by one: that is work, and no gate (theory: gated).
"""

from __future__ import annotations

from math import prod

from shortcut_audit.graph.model import Dim, ModelGraph, Op
from shortcut_audit.operators.equation import terms_of
from shortcut_audit.operators.pieces import piece_of
from shortcut_audit.operators.row import Effect, Family
from shortcut_audit.operators.table import is_weight_layer, row_of
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.reach import Region

POSITIONS = -1
"""What becomes of an axis that is kept while the others are mapped."""


def mixed_axes(graph: ModelGraph, op: Op, slot: int) -> tuple[int, ...]:
    """The axes of the value in `slot` that a product with one other value mixes, counted from the front.

    Streams may be cut into fractions, which are mixed along with them; of a single fraction there is nothing to mix.
    """
    given = op.inputs[slot]
    shape = graph.values[given].type.shape if isinstance(given, str) else None
    if row_of(op.kind).effect is not Effect.CONTRACTION or len(op.values()) != 2 or shape is None or op.weights():
        return ()
    equation = op.attributes.get("equation")
    if isinstance(equation, str):
        terms, result = terms_of(equation)
        first, dots, last = terms[slot].partition("...")
        hidden = len(shape) - len(first) - len(last) if dots else 0
        summed = [axis for axis, label in enumerate(first + " " * hidden + last) if label not in result + " "]
        return tuple(axis for axis in summed if shape[axis] != 1) or tuple(summed)
    if row_of(op.kind).family is not Family.MATRIX_PRODUCT or not shape:
        return ()
    return (max(0, len(shape) - (2 if slot else 1)),)  # a vector has one axis, on either side


def are_positions(lineage: Lineage, fork: int, axis: int, branch: Region) -> bool:
    """Whether the branch maps its fork without a look along an axis of it.

    It does not where the axis is summed, selected from or laid into the features before anything learned is applied.
    What cannot be followed is taken for positions.
    """
    standing = {fork: axis}
    for number in branch:
        value = lineage.values[number]
        for parent, _, slot in branch.parents(number):
            if parent in standing and value.op is not None:
                after = _after(lineage.graph, value.op, slot, standing[parent], number, lineage)
                if after == POSITIONS:
                    return True
                if after is not None:
                    standing[number] = after
    return False


def _after(graph: ModelGraph, op: Op, slot: int, axis: int, number: int, lineage: Lineage) -> int | None:
    """Where an axis stands after an op; None where it is used up, POSITIONS where it is not and all else is mapped.

    Cases: 1. a layer reads the features, the last axis, or the channels of a convolution; 2. element by element; 3.
    another arrangement; 4. a piece; 5. a sum along axes; 6. a product of two values that sums along it.
    """
    given, made, row = op.inputs[slot], lineage.values[number], row_of(op.kind)
    before = graph.values[given].type.shape if isinstance(given, str) else None
    after = made.type.shape
    if before is None or after is None:
        return POSITIONS
    if is_weight_layer(op):
        features = 1 if row.family is Family.CONVOLUTION else len(before) - 1
        return None if axis == features and slot == 0 else POSITIONS  # 1
    if row.pointwise or row.effect is Effect.NORMALISATION:
        return axis + len(after) - len(before)  # 2
    if row.effect is Effect.VIEW:
        turned = op.attributes.get("perm")
        return turned.index(axis) if isinstance(turned, tuple) else _laid_out(before, after, axis)  # 3
    piece = piece_of(graph, made)
    used = piece.axis == axis if piece is not None else axis in mixed_axes(graph, op, slot)
    if row.sums_axes:
        return _summed(before, after, axis, op)  # 5
    if used or piece is not None:
        return None if used or piece is None else axis - (piece.axis < axis) * (len(before) - len(after))  # 4, 6
    return POSITIONS if lineage.measure.of(op).working or len(before) != len(after) else axis


def _laid_out(before: tuple[Dim, ...], after: tuple[Dim, ...], axis: int) -> int | None:
    """Where an axis stands in a reshaped value; None where it is laid into the last axis with those behind it."""
    behind = _size(before[axis + 1 :])
    if behind is None:
        return POSITIONS
    for at in reversed(range(len(after))):
        if after[at] == before[axis] and _size(after[at + 1 :]) == behind:
            return at
    whole, last = _size(before[axis:]), after[-1] if after else None
    return None if whole is not None and isinstance(last, int) and last % whole == 0 and whole > behind else POSITIONS


def _size(shape: tuple[Dim, ...]) -> int | None:
    known = [size for size in shape if isinstance(size, int)]
    return prod(known) if len(known) == len(shape) else None


def _summed(before: tuple[Dim, ...], after: tuple[Dim, ...], axis: int, op: Op) -> int | None:
    listed = op.attributes.get("axes")
    given = op.inputs[1] if len(op.inputs) > 1 else None
    if given is not None and not isinstance(given, str):
        listed = tuple(number for number in given.type.data or () if isinstance(number, int))
    if not isinstance(listed, tuple):
        return POSITIONS
    axes = {number % len(before) for number in listed if isinstance(number, int)}
    if axis in axes:
        return None
    return axis if len(before) == len(after) else axis - sum(other < axis for other in axes)

"""What shape has the output of an op that sums axes up, or ranks what lies along them?

Source: onnx/docs/Operators.md.
"""

from __future__ import annotations

from shortcut_audit.graph.model import Shape
from shortcut_audit.graph.sizes import Unknown
from shortcut_audit.operators.shapes.call import Call, axis_of


def reduced_axes(call: Call) -> set[int]:
    """Axes that a Reduce op sums up: those named, otherwise all (or none, where noop_with_empty_axes says so)."""
    rank = call.rank(0)
    axes = call.attribute_or_input("axes", 1)
    if axes:
        return {axis_of(axis, rank) for axis in axes}
    return set() if call.integer("noop_with_empty_axes", 0) else set(range(rank))


def reduce(call: Call) -> list[Shape]:
    """Reduced axes stay as ones, where they are kept. Where they are computed, only the rank may be known."""
    if not call.has("axes") and call.given(1) and call.input(1).data is None:
        if not keeps_axes(call):
            raise Unknown
        return [(None,) * call.rank(0)]
    return [without(call, reduced_axes(call), keeps_axes(call))]


def keeps_axes(call: Call) -> bool:
    """Whether reduced axes stay as ones: where `keepdims` is 1, as in onnx.shape_inference, and nothing else."""
    return call.integer("keepdims", 1) == 1


def reduce_by_attribute(call: Call) -> list[Shape]:
    """A Reduce op whose further inputs are scales and zero points."""
    axes = {axis_of(axis, call.rank(0)) for axis in call.integers("axes", tuple(range(call.rank(0))))}
    return [without(call, axes, keeps_axes(call))]


def without(call: Call, axes: set[int], keep: bool) -> Shape:
    """The first input's shape without these axes, or with ones in their place."""
    shape = call.shape(0)
    if keep:
        return tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def arg_reduce(call: Call) -> list[Shape]:
    """Position of the largest or smallest along one axis."""
    axis = axis_of(call.integer("axis", 0), call.rank(0))
    return [without(call, {axis}, keeps_axes(call))]


def top_k(call: Call) -> list[Shape]:
    """The k largest along one axis, and their positions."""
    shape = call.shape(0)
    axis = axis_of(call.integer("axis", -1), len(shape))
    count = call.integer("k") if call.has("k") else call.size_if_known(1)
    best = (*shape[:axis], count, *shape[axis + 1 :])
    return [best, best]


def determinant(call: Call) -> list[Shape]:
    """One number for each matrix."""
    shape = call.shape(0)
    if len(shape) < 2:
        raise Unknown
    return [shape[:-2]]

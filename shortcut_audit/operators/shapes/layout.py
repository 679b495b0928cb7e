"""What shape have the same elements in another arrangement?

Source: onnx/docs/Operators.md.
"""

from __future__ import annotations

from shortcut_audit.graph.model import RANK_LIMIT, Dim, Shape
from shortcut_audit.graph.sizes import Unknown, divided, product, quotient, scaled
from shortcut_audit.operators.shapes.call import Call, axis_of, legal


def reshape(call: Call) -> list[Shape]:
    """The target may copy a size (0) and leave one out (-1)."""
    wanted = call.integers("shape") if call.has("shape") else call.target(1)
    allow_zero = bool(call.integer("allowzero", 0))
    shape = legal(call.input(0).shape)
    if shape is None:
        return [tuple(None if size == 0 and not allow_zero else size for size in wanted)]
    return [reshaped(shape, wanted, allow_zero=allow_zero)]


def reshaped(shape: tuple[Dim, ...], wanted: tuple[Dim, ...], *, allow_zero: bool) -> tuple[Dim, ...]:
    """The target with copied and left-out sizes filled in. A single unknown size follows from the others, like -1."""
    copied = set() if allow_zero else {axis for axis, size in enumerate(wanted) if size == 0}
    if any(axis >= len(shape) for axis in copied) or any(isinstance(size, int) and size < -1 for size in wanted):
        raise Unknown
    target = [shape[axis] if axis in copied else size for axis, size in enumerate(wanted)]
    open_axes = [axis for axis, size in enumerate(wanted) if size is None or size == -1]
    if len(open_axes) == 1:
        rest = [size for axis, size in enumerate(target) if axis not in copied and axis != open_axes[0]]
        # A copied size cancels, be it known or not.
        target[open_axes[0]] = quotient([size for axis, size in enumerate(shape) if axis not in copied], rest)
    elif open_axes:
        for axis in open_axes:
            target[axis] = None
    elif contradict(shape, target):
        raise Unknown
    return tuple(target)


def contradict(shape: tuple[Dim, ...], target: list[Dim]) -> bool:
    """Do two shapes hold different numbers of elements, for all that is known?"""
    before, after = product(shape), product(target)
    return isinstance(before, int) and isinstance(after, int) and before != after


def flatten(call: Call) -> list[Shape]:
    """Two axes: all before `axis`, and the rest."""
    shape = call.shape(0)
    axis = call.integer("axis", 1)
    axis = len(shape) if axis == len(shape) else axis_of(axis, len(shape))
    return [(product(shape[:axis]), product(shape[axis:]))]


def squeeze(call: Call) -> list[Shape]:
    """Squeeze takes the named axes away or, where none is named, those of size one."""
    shape = call.shape(0)
    axes = call.attribute_or_input("axes", 1)
    if axes is None:
        if any(not isinstance(size, int) for size in shape):
            raise Unknown
        return [tuple(size for size in shape if size != 1)]
    dropped = {axis_of(axis, len(shape)) for axis in axes}
    if any(isinstance(shape[axis], int) and shape[axis] != 1 for axis in dropped):
        raise Unknown
    return [tuple(size for axis, size in enumerate(shape) if axis not in dropped)]


def unsqueeze(call: Call) -> list[Shape]:
    """Unsqueeze adds axes of size one, counted in the output."""
    axes = call.attribute_or_input("axes", 1)
    if axes is None:
        raise Unknown
    return [unsqueezed(call.shape(0), axes)]


def expand_dims(call: Call) -> list[Shape]:
    """ExpandDims of com.microsoft: one new axis."""
    return [unsqueezed(call.shape(0), (call.scalar(1),))]


def unsqueezed(shape: tuple[Dim, ...], axes: tuple[int, ...]) -> tuple[Dim, ...]:
    """The shape with ones at these axes of the result."""
    rank = len(shape) + len(axes)
    if rank > RANK_LIMIT:
        raise Unknown
    new = {axis_of(axis, rank) for axis in axes}
    if len(new) != len(axes):
        raise Unknown
    old = iter(shape)
    return tuple(1 if axis in new else next(old) for axis in range(rank))


def permutation(call: Call) -> tuple[int, ...]:
    """Transpose's attribute perm; reversed by default."""
    rank = call.rank(0)
    perm = call.integers("perm", tuple(range(rank - 1, -1, -1)))
    if len(perm) != rank or set(perm) != set(range(rank)):
        raise Unknown
    return perm


def transpose(call: Call) -> list[Shape]:
    """Axes in another order."""
    shape = call.shape(0)
    return [tuple(shape[axis] for axis in permutation(call))]


def depth_to_space(call: Call) -> list[Shape]:
    """(N, C, H, W) makes (N, C / b^2, H b, W b)."""
    shape, block = call.shape(0), call.integer("blocksize")
    if len(shape) != 4 or block < 1:
        raise Unknown
    return [(shape[0], divided(shape[1], block * block), scaled(shape[2], block), scaled(shape[3], block))]


def space_to_depth(call: Call) -> list[Shape]:
    """(N, C, H, W) makes (N, C b^2, H / b, W / b)."""
    shape, block = call.shape(0), call.integer("blocksize")
    if len(shape) != 4 or block < 1:
        raise Unknown
    return [(shape[0], scaled(shape[1], block * block), divided(shape[2], block), divided(shape[3], block))]

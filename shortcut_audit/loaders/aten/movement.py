"""Which canonical ops stand behind ATen's views, copies and joins, which move elements without computing new ones?"""

from __future__ import annotations

from itertools import pairwise

from shortcut_audit.graph.draft import DATA_LIMIT
from shortcut_audit.graph.model import Dim
from shortcut_audit.loaders.aten.call import AtenCall, Misfit, Rule, known_sizes

END = 2**63 - 1
"""What ATen and ONNX write for "to the end" of an axis."""


def identity(call: AtenCall) -> str:
    """The op passes its first argument on, element by element."""
    return call.emit("Identity", call.value("self"))


def reshape(call: AtenCall) -> str:
    """view, reshape: to sizes of which one may be -1."""
    sizes = call.sizes("size" if call.has("size") else "shape")
    return call.emit("Reshape", call.value("self"), sizes, allowzero=1)


def reshape_like(call: AtenCall) -> str:
    """view_as, reshape_as."""
    return call.emit("Reshape", call.value("self"), call.emit("Shape", call.value("other")), allowzero=1)


def flatten(call: AtenCall) -> str:
    """Axes start_dim to end_dim become one."""
    rank = call.rank("self")
    first, last = call.axis("start_dim", default=0), call.axis("end_dim", default=-1)
    return _with_axes(call, first, last - first + 1 if rank else 0, (-1,))


def unflatten(call: AtenCall) -> str:
    """One axis becomes several."""
    return _with_axes(call, call.axis("dim"), 1, call.integers("sizes"))


def ravel(call: AtenCall) -> str:
    """All axes become one."""
    return call.emit("Reshape", call.value("self"), call.numbers(-1))


def _with_axes(call: AtenCall, first: int, count: int, sizes: tuple[int, ...]) -> str:
    """Reshape that replaces `count` axes from `first` on; 0 keeps the size of the axis at the same place."""
    value, shape = call.value("self"), call.shape("self")
    if first + count == len(shape) or len(sizes) == count:
        # What lies behind stays where it is, or nothing does: Reshape can copy those sizes.
        behind: tuple[int, ...] = (0,) * (len(shape) - first - count)
        return call.emit("Reshape", value, call.numbers(*(0,) * first, *sizes, *behind))
    target = [call.numbers(*(0,) * first, *sizes), call.emit("Shape", value, start=first + count)]
    return call.emit("Reshape", value, call.emit("Concat", *target, axis=0))


def squeeze(call: AtenCall) -> str:
    """Axes of size one vanish: those named that have it, or all that have."""
    shape = call.shape("self")
    named = call.axes("dim") if call.has("dim") else tuple(range(len(shape)))
    gone = tuple(axis for axis in named if axis < len(shape) and shape[axis] == 1)
    if not gone:
        return call.emit("Identity", call.value("self"))
    return call.emit("Squeeze", call.value("self"), call.numbers(*gone))


def unsqueeze(call: AtenCall) -> str:
    """A new axis of size one."""
    return call.emit("Unsqueeze", call.value("self"), call.numbers(call.axis("dim", extra=1)))


def permutation(call: AtenCall) -> tuple[int, ...]:
    """The order in which a transposing op lists its operand's axes: each of them once."""
    axes = list(range(call.rank("self")))
    order = _order(call, axes)
    if sorted(order) != axes:
        raise Misfit
    return order


def _order(call: AtenCall, axes: list[int]) -> tuple[int, ...]:
    axes = list(axes)
    match call.node.operator.rstrip("_"):
        case "aten.permute":
            return call.axes("dims")
        case "aten.transpose" | "aten.swapaxes" | "aten.swapdims":
            names = ("dim0", "dim1") if call.has("dim0") else ("axis0", "axis1")
            one, other = (call.axis(name) for name in names)
            if axes:
                axes[one], axes[other] = axes[other], axes[one]
        case "aten.t" | "aten.numpy_T":
            axes.reverse()
        case "aten.mT" | "aten.adjoint" | "aten.mH":
            axes[-2:] = reversed(axes[-2:])
        case "aten.movedim" | "aten.moveaxis":
            return _moved(call, axes)
        case _:
            raise Misfit
    return tuple(axes)


def _moved(call: AtenCall, axes: list[int]) -> tuple[int, ...]:
    moves = dict(zip(call.axes("destination"), call.axes("source"), strict=False))
    rest = iter([axis for axis in axes if axis not in moves.values()])
    return tuple(moves[axis] if axis in moves else next(rest) for axis in axes)


def transpose(call: AtenCall) -> str:
    """Axes in another order."""
    return call.emit("Transpose", call.value("self"), perm=permutation(call))


def expand(call: AtenCall) -> str:
    """Axes of size one are stretched; -1 keeps a size."""
    sizes = [1 if isinstance(size, int) and size == -1 else size for size in call.items("size")]
    return call.emit("Expand", call.value("self"), call.vector(sizes))


def expand_like(call: AtenCall) -> str:
    """expand_as."""
    return call.emit("Expand", call.value("self"), call.emit("Shape", call.value("other")))


def repeat(call: AtenCall) -> str:
    """repeat, tile: new axes in front where there are more counts than axes."""
    counts = call.items("repeats" if call.has("repeats") else "dims")
    value, missing = call.value("self"), len(counts) - call.rank("self")
    if missing > 0:
        value = call.emit("Unsqueeze", value, call.numbers(*range(missing)))
    return call.emit("Tile", value, call.vector((*(1,) * -missing, *counts)))


def repeat_interleave(call: AtenCall) -> str:
    """Each element along an axis so many times: a new axis behind it, stretched, then merged with it."""
    times = call.integer("repeats")
    axis = call.axis("dim")
    shape = call.fixed_shape("self")
    stretched = call.emit("Unsqueeze", call.value("self"), call.numbers(axis + 1))
    stretched = call.emit("Expand", stretched, call.numbers(*(1,) * (axis + 1), times, *(1,) * (len(shape) - axis - 1)))
    return call.emit("Reshape", stretched, call.numbers(*shape[:axis], shape[axis] * times, *shape[axis + 1 :]))


def cut(call: AtenCall) -> str:
    """Slice: start to end of one axis, in steps."""
    start = call.vector([call.given.get("start") or 0])
    end = call.given.get("end")
    steps = call.integer("step", 1)
    inputs = [
        call.value("self"),
        start,
        call.vector([END if end is None else end]),
        call.numbers(call.axis("dim", default=0)),
    ]
    return call.emit("Slice", *inputs, call.numbers(steps) if steps != 1 else None)


def narrow(call: AtenCall) -> str:
    """`length` elements of one axis from `start` on."""
    start, length = call.given.get("start"), call.given.get("length")
    if isinstance(start, int) and isinstance(length, int):
        # From the back up to the end, the end is no -0.
        end = END if start < 0 and start + length == 0 else start + length
        return call.emit(
            "Slice", call.value("self"), call.numbers(start), call.numbers(end), call.numbers(call.axis("dim"))
        )  # fmt: skip
    first, count = call.vector([start]), call.vector([length])
    axis = call.numbers(call.axis("dim"))
    return call.emit("Slice", call.value("self"), first, call.emit("Add", first, count), axis)


def select(call: AtenCall) -> str:
    """One position of an axis, which vanishes."""
    return call.emit("Gather", call.value("self"), call.value("index"), axis=call.axis("dim"))


def part_sizes(call: AtenCall) -> tuple[int, ...]:
    """How split, chunk and tensor_split divide an axis."""
    shape, axis = call.shape("self"), call.axis("dim", default=0)
    size = shape[axis]
    match call.node.operator:
        case "aten.split_with_sizes" | "aten.unsafe_split_with_sizes":
            return call.integers("split_sizes")
        case "aten.chunk" | "aten.unsafe_chunk":
            if not isinstance(size, int) or call.integer("chunks") < 1:
                raise Misfit
            return _equal_parts(size, -(-size // call.integer("chunks")))
        case "aten.split" | "aten.unsafe_split":
            if isinstance(call.given.get("split_size"), tuple):
                return call.integers("split_size")
            if not isinstance(size, int):
                raise Misfit
            return _equal_parts(size, call.integer("split_size"))
        case "aten.tensor_split":
            return _split_evenly(call, size)
    raise Misfit


def _equal_parts(size: int, step: int) -> tuple[int, ...]:
    if step <= 0 or size // step > 100_000:
        raise Misfit
    full, rest = divmod(size, step)
    return (step,) * full + ((rest,) if rest or not size else ())


def _split_evenly(call: AtenCall, size: Dim) -> tuple[int, ...]:
    """tensor_split: in `sections` parts whose sizes differ by one at most, or before each of `indices`."""
    if not isinstance(size, int):
        raise Misfit
    if call.has("sections"):
        sections = call.integer("sections")
        if not 0 < sections <= 100_000:
            raise Misfit
        return tuple(size // sections + (i < size % sections) for i in range(sections))
    bounds = (0, *call.integers("indices"), size)
    return tuple(b - a for a, b in pairwise(bounds))


def split(call: AtenCall) -> tuple[str, ...]:
    """One op, several values: its parts are siblings."""
    count, axis = len(call.node.outputs), call.axis("dim", default=0)
    sizes = part_sizes(call)
    if len(sizes) != count:
        raise Misfit
    return call.emit_many("Split", (call.value("self"), call.numbers(*sizes)), count, axis=axis)


def unbind(call: AtenCall) -> tuple[str, ...]:
    """Each position of an axis by itself."""
    count, axis = len(call.node.outputs), call.axis("dim", default=0)
    parts = call.emit_many("Split", (call.value("self"),), count, axis=axis, num_outputs=count)
    return tuple(call.emit("Squeeze", part, call.numbers(axis)) for part in parts)


def concatenate(call: AtenCall) -> str:
    """Cat. Empty vectors are allowed among tensors of any rank, and dropped."""
    values = call.values("tensors")
    ranks = [len(shape) if (shape := call.type_of(value).shape) is not None else None for value in values]
    rank = max((rank for rank in ranks if rank is not None), default=None)
    if rank is None:
        raise Misfit
    kept = [value for value in values if rank == 1 or call.type_of(value).shape != (0,)]
    return call.emit("Concat", *kept, axis=call.axes_of((call.integer("dim", 0),), rank)[0])


def concatenated_along(axis: int) -> Rule:
    """hstack, vstack, dstack, column_stack: tensors that have the axis, one behind the other along it.

    Of vectors, hstack has only one axis to go along.
    """

    def rule(call: AtenCall) -> str:
        values = call.values("tensors")
        ranks = {len(call.type_of(value).shape or ()) for value in values}
        along = 0 if ranks == {1} and call.node.operator == "aten.hstack" else axis
        if min(ranks, default=0) < max(along + 1, 1 if call.node.operator == "aten.hstack" else 2):
            raise Misfit
        return call.emit("Concat", *values, axis=along)

    return rule


def stack(call: AtenCall) -> str:
    """Tensors of one shape along a new axis."""
    values = call.values("tensors")
    shape = call.type_of(values[0]).shape if values else None
    if shape is None:
        raise Misfit
    axis = call.axes_of((call.integer("dim", 0),), len(shape) + 1)[0]
    return call.emit("Stack", *values, axis=axis)


def roll(call: AtenCall) -> str:
    """Elements move along axes; what leaves at one end enters at the other."""
    dims = call.axes("dims") if call.given.get("dims") else ()
    return call.emit("Roll", call.value("self"), axes=dims, shifts=call.integers("shifts"))


def flip(call: AtenCall) -> str:
    """Axes in reverse order."""
    dims = call.axes("dims")
    ones = call.numbers(*(-1,) * len(dims))
    return call.emit("Slice", call.value("self"), ones, call.numbers(*(-END,) * len(dims)), call.numbers(*dims), ones)


def triangle(upper: int) -> Rule:
    """tril, triu: zero elsewhere."""
    return lambda call: call.emit(
        "Trilu", call.value("self"), call.scalar(call.integer("diagonal", 0), "int64"), upper=upper
    )  # fmt: skip


def windows(call: AtenCall) -> str:
    """Tensor.unfold: windows of `size` every `step` along an axis; positions within a window form a new last axis."""
    shape, axis = call.fixed_shape("self"), call.axis("dimension")
    size, step = call.integer("size"), call.integer("step")
    if step <= 0 or size < 0 or size > shape[axis]:
        raise Misfit
    count = (shape[axis] - size) // step + 1
    if count * size > 1_000_000:
        raise Misfit
    few = count * size <= DATA_LIMIT
    numbers = tuple(window * step + place for window in range(count) for place in range(size)) if few else None
    places = call.writer.literal(numbers, (count, size), "int64")
    found = call.emit("Gather", call.value("self"), places, axis=axis)
    rank = len(shape) + 1
    return call.emit("Transpose", found, perm=(*(i for i in range(rank) if i != axis + 1), axis + 1))


def channel_shuffle(call: AtenCall) -> str:
    """Channels in groups, their order transposed."""
    shape, groups = call.fixed_shape("self"), call.integer("groups")
    if groups <= 0 or len(shape) < 3 or shape[1] % groups:
        raise Misfit
    grouped = call.emit("Reshape", call.value("self"), call.numbers(shape[0], groups, shape[1] // groups, *shape[2:]))
    turned = call.emit("Transpose", grouped, perm=(0, 2, 1, *range(3, len(shape) + 1)))
    return call.emit("Reshape", turned, call.numbers(*shape))


def copied(call: AtenCall) -> str:
    """copy_(self, src): self takes src's elements, broadcast to its shape and cast to its type."""
    value, wanted = call.value("src"), call.writer.types.get(call.value("self"))
    given = call.type_of(value)
    if wanted is not None and wanted.dtype != given.dtype:
        value = call.cast(value, wanted.dtype)
    if wanted is None or wanted.shape is None or wanted.shape == given.shape:
        return call.emit("Identity", value)
    if all(isinstance(size, int) for size in wanted.shape):
        return call.emit("Expand", value, call.numbers(*known_sizes(wanted.shape)))
    return call.emit("Expand", value, call.emit("Shape", call.value("self")))

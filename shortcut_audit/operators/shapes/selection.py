"""What shape has what an op picks, joins, pads or repeats?

Source: onnx/docs/Operators.md.
"""

from __future__ import annotations

from typing import NamedTuple

from shortcut_audit.algebra.bounds import at_most
from shortcut_audit.algebra.derived import ceil_divided, larger, smaller
from shortcut_audit.algebra.polynomial import Cost
from shortcut_audit.graph.model import RANK_LIMIT, Dim, Shape
from shortcut_audit.graph.sizes import (
    Unknown,
    broadcast,
    dim_of,
    number,
    product,
    same_size,
    scaled,
    steps_within,
    total,
)
from shortcut_audit.operators.shapes.call import Call, axis_of


def concat(call: Call) -> list[Shape]:
    """All inputs, one behind the other."""
    return [concatenated(call, range(len(call.inputs)))]


def quantised_concat(call: Call) -> list[Shape]:
    """QLinearConcat of com.microsoft: from slot 2, each input with its scale and zero point."""
    return [concatenated(call, range(2, len(call.inputs), 3))]


def concatenated(call: Call, slots: range) -> tuple[Dim, ...]:
    """The shapes in these slots, joined along the attribute axis; an unknown size follows from the other inputs."""
    shapes = [same_rank(call, slot, call.rank(slots[0])) for slot in slots]
    if not shapes:
        raise Unknown
    axis = axis_of(call.integer("axis"), len(shapes[0]))
    result = list(shapes[0])
    for shape in shapes[1:]:
        result = [same_size(one, other) for one, other in zip(result, shape, strict=True)]
    result[axis] = total(shape[axis] for shape in shapes)
    return tuple(result)


def stack(call: Call) -> list[Shape]:
    """Stack (ATen's): inputs of one shape, one behind the other along a new axis."""
    shape: list[Dim] = list(call.shape(0))
    for slot in range(1, len(call.inputs)):
        shape = [same_size(one, other) for one, other in zip(shape, same_rank(call, slot, len(shape)), strict=True)]
    axis = axis_of(call.integer("axis", 0), len(shape) + 1)
    return [(*shape[:axis], len(call.inputs), *shape[axis:])]


def same_rank(call: Call, slot: int, rank: int) -> tuple[Dim, ...]:
    """The shape of an input, which is to have so many axes."""
    shape = call.shape(slot)
    if len(shape) != rank:
        raise Unknown
    return shape


def split_sizes(call: Call) -> tuple[Dim, ...]:
    """Sizes of Split's outputs along its axis: as listed, otherwise equal, the last one smaller."""
    shape = call.shape(0)
    if not call.has("split") and call.given(1) and call.input(1).data is None:
        return (None,) * call.outputs
    listed = call.integers("split") if call.has("split") else call.sizes(1) if call.given(1) else None
    if listed is not None:
        return listed
    size = shape[axis_of(call.integer("axis", 0), len(shape))]
    parts = call.integer("num_outputs", call.outputs)
    if parts < 1 or parts != call.outputs:
        return (size if parts == 1 else None,) * call.outputs
    each = steps_within(size, parts, ceil=True)
    return (each,) * (parts - 1) + (total((size, scaled(each, 1 - parts))),)


def split(call: Call) -> list[Shape]:
    """Several outputs, cut along one axis."""
    shape = call.shape(0)
    axis = axis_of(call.integer("axis", 0), len(shape))
    return [(*shape[:axis], size, *shape[axis + 1 :]) for size in split_sizes(call)[: call.outputs]]


class Cut(NamedTuple):
    """What Slice takes along one axis."""

    start: int
    step: int
    size: Dim


def cuts(call: Call) -> dict[int, Cut]:
    """What Slice takes, by axis; axes that are not listed are whole."""
    shape = call.shape(0)
    old = call.has("starts")
    starts = call.integers("starts") if old else call.sizes(1)
    ends = call.integers("ends") if old else call.sizes(2)
    axes = call.attribute_or_input("axes", 3)
    steps = call.integers_in(4) if call.given(4) else (1,) * len(starts)
    if axes is None:
        axes = tuple(range(len(starts)))
    if not len(starts) == len(ends) == len(axes) == len(steps) or len(axes) > RANK_LIMIT or 0 in steps:
        raise Unknown
    places = [axis_of(axis, len(shape)) for axis in axes]
    return {
        place: cut(shape[place], start, end, step)
        for place, start, end, step in zip(places, starts, ends, steps, strict=True)
    }


def cut(size: Dim, start: Dim, end: Dim, step: int) -> Cut:
    """One axis of a Slice: indices are clamped, negative ones count from the end."""
    if isinstance(size, int) and isinstance(start, int) and isinstance(end, int):
        lowest, highest = (0, size) if step > 0 else (-1, size - 1)
        first = min(max(start + size if start < 0 else start, 0), highest)
        last = min(max(end + size if end < 0 else end, lowest), highest)
        return Cut(first, step, max(0, -((first - last) // step)))
    return Cut(0, step, cut_open(size, start, end, step))


END = 2**31 - 1
"""The index from which on one means "to the end": exporters write INT32_MAX or INT64_MAX."""


def cut_open(size: Dim, start: Dim, end: Dim, step: int) -> Dim:
    """An axis of which the size or an index is no number: as `cut`, as far as the indices' signs are known."""
    to_end = isinstance(end, int) and abs(end) >= END
    if to_end and (start, step, isinstance(end, int) and end > 0) in ((0, 1, True), (-1, -1, False)):
        return size  # whole, or turned round
    if step == 1 and ((start == 0 and end == 1) or (start == -1 and to_end)):
        return 1  # the first or the last one: there is one
    whole = number(size)
    if whole is None:
        return None
    if to_end and step == 1 and isinstance(start, int) and start < 0:
        return dim_of(smaller(whole, -start))
    first, last = from_front(start, size), whole if to_end else from_front(end, size)
    if first is None or last is None or step < 1:
        return None
    first, last = smaller(larger(first, 0), whole), smaller(larger(last, 0), whole)
    taken = ceil_divided(last - first, step)
    return None if taken is None else dim_of(larger(taken, 0))


def from_front(index: Dim, size: Dim) -> Cost:
    """An index counted from the front; None where its sign depends on open sizes."""
    place, whole = number(index), number(size)
    if place is None or whole is None:
        return None
    if at_most(0, place):
        return place
    return place + whole if at_most(place, -1) else None


def slice_(call: Call) -> list[Shape]:
    """A part of each axis, with a step."""
    shape = list(call.shape(0))
    if not call.has("starts") and (call.input(1).data is None or call.input(2).data is None):
        return [partly_known(call, shape)]
    for axis, cut_ in cuts(call).items():
        shape[axis] = cut_.size
    return [tuple(shape)]


def partly_known(call: Call, shape: list[Dim]) -> tuple[Dim, ...]:
    """Slice by unknown indices: the axes tell which sizes remain."""
    if not call.has("axes") and call.given(3) and call.input(3).data is None:
        return (None,) * len(shape)
    axes = call.attribute_or_input("axes", 3)
    touched = {axis_of(axis, len(shape)) for axis in axes} if axes is not None else set(range(len(shape)))
    return tuple(None if axis in touched else size for axis, size in enumerate(shape))


def gather(call: Call) -> list[Shape]:
    """The indices' shape takes the place of one axis."""
    shape, indices = call.shape(0), call.shape(1)
    axis = axis_of(call.integer("axis", 0), len(shape))
    return [shape[:axis] + indices + shape[axis + 1 :]]


def gather_blocks(call: Call) -> list[Shape]:
    """GatherBlockQuantized of com.microsoft: as Gather, of data whose last axis is packed where it lies in bytes."""
    shape, indices = call.shape(0), call.shape(1)
    if shape and call.dtype(0) == "uint8":
        bits = call.integer("bits", 4)
        if bits not in {1, 2, 4, 8}:
            raise Unknown
        shape = (*shape[:-1], scaled(shape[-1], 8 // bits))
    elif shape and call.dtype(0) is None:
        shape = (*shape[:-1], None)
    axis = axis_of(call.integer("gather_axis", 0), len(shape))
    return [shape[:axis] + indices + shape[axis + 1 :]]


def embedding(call: Call) -> list[Shape]:
    """TorchEmbedding of com.microsoft: rows of a table."""
    return [call.shape(1) + call.shape(0)[1:]]


def gather_elements(call: Call) -> list[Shape]:
    """One element for each index."""
    return [call.shape(1)]


def gather_nd(call: Call) -> list[Shape]:
    """The last axis of the indices says where in the data."""
    shape, indices = call.shape(0), call.shape(1)
    batch = call.integer("batch_dims", 0)
    if not indices or not isinstance(indices[-1], int) or not 0 <= batch <= len(indices) - 1:
        raise Unknown
    if indices[-1] < 1 or batch + indices[-1] > len(shape):
        raise Unknown
    return [indices[:-1] + shape[batch + indices[-1] :]]


def expand(call: Call) -> list[Shape]:
    """Broadcast to a target, in both directions."""
    return [broadcast(call.shape(0), call.target(1))]


def tile(call: Call) -> list[Shape]:
    """Each axis repeated."""
    shape = call.shape(0)
    repeats = call.target(1)
    if len(repeats) != len(shape):
        raise Unknown
    return [tuple(product(pair) for pair in zip(shape, repeats, strict=True))]


def pad(call: Call) -> list[Shape]:
    """Each axis longer, or shorter where a pad is negative."""
    shape = call.shape(0)
    if not call.has("pads") and call.input(1).data is None:
        return [(None,) * len(shape)]
    pads = call.integers("pads") if call.has("pads") else call.sizes(1)
    axes = call.integers_in(3) if call.given(3) else tuple(range(len(shape)))
    if len(pads) != 2 * len(axes) or len(axes) > RANK_LIMIT:
        raise Unknown
    result = list(shape)
    for before, after, axis in zip(pads[: len(axes)], pads[len(axes) :], axes, strict=True):
        place = axis_of(axis, len(shape))
        result[place] = total((shape[place], before, after))
    return [tuple(result)]


def center_crop_pad(call: Call) -> list[Shape]:
    """The named axes get the sizes wanted."""
    shape = list(call.shape(0))
    wanted = call.target(1)
    axes = call.integers("axes", tuple(range(len(shape))))
    if len(axes) != len(wanted):
        raise Unknown
    for axis, size in zip(axes, wanted, strict=True):
        shape[axis_of(axis, len(shape))] = size
    return [tuple(shape)]


def compress(call: Call) -> list[Shape]:
    """The slices, or without an axis the elements, for which the condition holds."""
    shape = call.shape(0)
    kept = sum(map(bool, call.numbers_in(1))) if call.input(1).data is not None else None
    if not call.has("axis"):
        return [(kept,)]
    axis = axis_of(call.integer("axis"), len(shape))
    return [(*shape[:axis], kept, *shape[axis + 1 :])]


def unique(call: Call) -> list[Shape]:
    """Distinct elements or slices, then first positions, inverse and counts; how many cannot be known."""
    shape = call.shape(0)
    if not call.has("axis"):
        return [(None,), (None,), (product(shape),), (None,)]
    axis = axis_of(call.integer("axis"), len(shape))
    return [(*shape[:axis], None, *shape[axis + 1 :]), (None,), (shape[axis],), (None,)]


def unique_flat(call: Call) -> list[Shape]:
    """Unique of com.microsoft: distinct elements, position of each element among them, counts."""
    return [(None,), (product(call.shape(0)),), (None,)]


def unfold(call: Call) -> list[Shape]:
    """UnfoldTensor of com.microsoft: windows along one axis, put last."""
    shape = call.shape(0)
    axis = axis_of(call.integer("dim", -1), len(shape))
    size, step, length = call.integer("size"), call.integer("step", 1), shape[axis]
    if size < 1 or step < 1:
        raise Unknown
    room = total((length, -size))
    count = None if isinstance(room, int) and room < 0 else total((steps_within(room, step), 1))
    return [(*shape[:axis], count, *shape[axis + 1 :], size)]

"""Where do the elements of a small constant go, when an op moves, picks or repeats them?

Exporters compute shapes, axes and repeats with ordinary ops on small tensors. What moves elements is followed here,
what computes new ones in arithmetic.py. Neither looks at more than `DATA_LIMIT` elements.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

from shortcut_audit.graph.draft import DATA_LIMIT
from shortcut_audit.graph.model import Datum, Shape
from shortcut_audit.graph.sizes import Unknown, product
from shortcut_audit.operators.shapes.call import Call, Data, Made, axis_of
from shortcut_audit.operators.shapes.creation import number, shape_range
from shortcut_audit.operators.shapes.layout import permutation
from shortcut_audit.operators.shapes.selection import cuts


def known_shape(shape: Shape) -> tuple[int, ...]:
    """A shape, all of it known and holding at most `DATA_LIMIT` elements, and so does every part of it.

    Not for granted: a tensor of 2^62 x 0 elements holds none, but whoever goes through its rows never comes back.
    """
    known = tuple(size for size in shape or () if isinstance(size, int))
    if shape is None or len(known) < len(shape) or math.prod(filter(None, known)) > DATA_LIMIT:
        raise Unknown
    return known


def given_shape(call: Call, slot: int) -> tuple[int, ...]:
    """The shape of an input whose elements are known."""
    call.data(slot)
    return known_shape(call.shape(slot))


def elements_of(call: Call, slot: int) -> Data:
    """The elements of an input; so many unknown ones where they are not known but few."""
    if call.input(slot).data is not None:
        return call.data(slot)
    return (None,) * math.prod(known_shape(call.shape(slot)))


def places(shape: Sequence[int]) -> Iterable[tuple[int, ...]]:
    """Every index into a tensor of this shape, row-major."""
    return itertools.product(*map(range, shape)) if 0 not in shape else ()


def offset(place: Sequence[int], shape: Sequence[int]) -> int:
    """Where in the elements an index points. Axes of size one repeat, those in front are ignored: broadcasting."""
    found = 0
    for index, size in zip(place[len(place) - len(shape) :], shape, strict=True):
        found = found * size + (index if size > 1 else 0)
    return found


def unmoved(call: Call, made: Made) -> list[Data]:
    """The op keeps the elements and their order."""
    return [call.data(0)]


def transpose(call: Call, made: Made) -> list[Data]:
    """Element by element, axes permuted."""
    data, shape, perm = call.data(0), given_shape(call, 0), permutation(call)
    source = [0] * len(shape)
    found: list[Datum] = []
    for place in places(known_shape(made[0].shape)):
        for axis, index in zip(perm, place, strict=True):
            source[axis] = index
        found.append(data[offset(source, shape)])
    return [tuple(found)]


def slice_(call: Call, made: Made) -> list[Data]:
    """Every step-th element from the start, on each axis."""
    data, shape, taken = call.data(0), given_shape(call, 0), cuts(call)
    lines = [range(size) for size in known_shape(made[0].shape)]
    for axis, cut in taken.items():
        lines[axis] = range(cut.start, cut.start + cut.step * len(lines[axis]), cut.step)
    return [tuple(data[offset(place, shape)] for place in itertools.product(*lines))]


def gather(call: Call, made: Made) -> list[Data]:
    """Slices by index; negative indices count from the end."""
    data, shape = call.data(0), given_shape(call, 0)
    known_shape(made[0].shape)
    axis = axis_of(call.integer("axis", 0), len(shape))
    indices = [axis_of(index, shape[axis]) for index in call.integers_in(1)]
    before, after = list(places(shape[:axis])), list(places(shape[axis + 1 :]))
    return [tuple(data[offset((*lead, index, *rest), shape)] for lead in before for index in indices for rest in after)]


def concat(call: Call, made: Made) -> list[Data]:
    """One input behind the other."""
    shape = known_shape(made[0].shape)
    axis = axis_of(call.integer("axis"), len(shape))
    parts = [elements_of(call, slot) for slot in range(len(call.inputs))]
    rows = math.prod(shape[:axis])
    widths = [len(part) // rows if rows else 0 for part in parts]
    lines = (
        part[row * width : (row + 1) * width] for row in range(rows) for part, width in zip(parts, widths, strict=True)
    )
    return [tuple(itertools.chain.from_iterable(lines))]


def split(call: Call, made: Made) -> list[Data]:
    """The pieces along one axis."""
    data, shape = call.data(0), given_shape(call, 0)
    axis = axis_of(call.integer("axis", 0), len(shape))
    start, found = 0, []
    for piece in (known_shape(part.shape) for part in made):
        if start + piece[axis] > shape[axis]:
            raise Unknown
        found.append(
            tuple(data[offset((*at[:axis], start + at[axis], *at[axis + 1 :]), shape)] for at in places(piece))
        )
        start += piece[axis]
    return found


def expand(call: Call, made: Made) -> list[Data]:
    """Axes of size one, and new ones, repeated."""
    data, shape = call.data(0), given_shape(call, 0)
    return [tuple(data[offset(place, shape)] for place in places(known_shape(made[0].shape)))]


def tile(call: Call, made: Made) -> list[Data]:
    """Each axis repeated."""
    data, shape = call.data(0), given_shape(call, 0)
    return [
        tuple(
            data[offset([index % size for index, size in zip(place, shape, strict=True)], shape)]
            for place in places(known_shape(made[0].shape))
        )
    ]


def one_hot(call: Call, made: Made) -> list[Data]:
    """The second of two numbers at the place that an index says, the first at all others of its row."""
    shape, own, indices, values = known_shape(made[0].shape), given_shape(call, 0), call.integers_in(0), call.data(2)
    axis = axis_of(call.integer("axis", -1), len(shape))
    if len(values) != 2:
        raise Unknown
    hit = (
        (place[axis] - indices[offset((*place[:axis], *place[axis + 1 :]), own)]) in {0, shape[axis]}
        for place in places(shape)
    )
    return [tuple(values[is_hit] for is_hit in hit)]


def scatter_nd(call: Call, made: Made) -> list[Data]:
    """The data with slices replaced by the updates."""
    if call.text("reduction", "none") != "none":
        raise Unknown
    data, shape = list(call.data(0)), given_shape(call, 0)
    where, depth = call.integers_in(1), given_shape(call, 1)[-1:]
    updates = call.data(2)
    if not depth or not 0 < depth[0] <= len(shape):
        raise Unknown
    width = math.prod(shape[depth[0] :])
    if len(updates) * depth[0] != len(where) * width:
        raise Unknown
    for row in range(len(where) // depth[0]):
        place = where[row * depth[0] : (row + 1) * depth[0]]
        start = offset(list(map(axis_of, place, shape)), shape[: depth[0]]) * width
        data[start : start + width] = updates[row * width : (row + 1) * width]
    return [tuple(data)]


def where(call: Call, made: Made) -> list[Data]:
    """One of two elements, which the other, unknown, does not touch."""
    call.data(0)
    operands = [(elements_of(call, slot), known_shape(call.shape(slot))) for slot in range(3)]
    found: list[Datum] = []
    for place in places(known_shape(made[0].shape)):
        condition, left, right = (data[offset(place, own)] for data, own in operands)
        known = isinstance(condition, int | float)
        found.append((left if condition else right) if known else None)
    return [tuple(found)]


def shape_of(call: Call, made: Made) -> list[Data]:
    """The sizes themselves."""
    return [call.shape(0)[shape_range(call)]]


def size_of(call: Call, made: Made) -> list[Data]:
    """How many elements there are."""
    return [(product(call.shape(0)),)]


def filled(call: Call, made: Made) -> list[Data]:
    """ConstantOfShape: one number, 0.0 by default, repeated; ATen's is an input."""
    stated = call.attributes["value"] if call.has("value") else 0.0
    fill = call.data(1)[0] if call.given(1) and len(call.data(1)) == 1 else stated
    if not isinstance(fill, int | float):
        raise Unknown
    return [(fill,) * math.prod(known_shape(made[0].shape))]


def count(call: Call, made: Made) -> list[Data]:
    """Range: start, start + step, ..."""
    start, step = number(call, 0), number(call, 2)
    return [tuple(start + step * index for index in range(*known_shape(made[0].shape)))]


def non_zero(call: Call, made: Made) -> list[Data]:
    """Indices of what is not zero, axis by axis."""
    data = call.data(0)
    known_shape(made[0].shape)
    found = [place for place, datum in zip(places(given_shape(call, 0)), data, strict=True) if datum]
    return [tuple(place[axis] for axis in range(call.rank(0)) for place in found)]

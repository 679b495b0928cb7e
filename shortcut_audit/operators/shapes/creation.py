"""What shape has a tensor that is made from nothing but sizes, or that tells sizes?

Source: onnx/docs/Operators.md.
"""

from __future__ import annotations

import math

from shortcut_audit.algebra.derived import ceil_divided, larger
from shortcut_audit.graph.model import RANK_LIMIT, Dim, Shape
from shortcut_audit.graph.sizes import Unknown, dim_of, steps_within, total
from shortcut_audit.graph.sizes import number as quantity
from shortcut_audit.operators.shapes.call import NUMBER_LIMIT, Call, Number, axis_of


def shape_range(call: Call) -> slice:
    """Which axes Shape tells of: attributes start and end, clamped."""
    start = call.integer("start", 0)
    return slice(start, call.integer("end") if call.has("end") else None)


def shape_of(call: Call) -> list[Shape]:
    """A vector: one size for each axis."""
    shape = call.input(0).shape
    return [(None,)] if shape is None or len(shape) > RANK_LIMIT else [(len(shape[shape_range(call)]),)]


def scalar(call: Call) -> list[Shape]:
    """One number."""
    return [()]


def filled(call: Call) -> list[Shape]:
    """ConstantOfShape: the input is the shape."""
    return [call.target(0)]


def by_attribute(call: Call) -> list[Shape]:
    """RandomNormal, RandomUniform: the attribute is the shape."""
    return [call.integers("shape")]


def count(call: Call) -> list[Shape]:
    """Range: how many numbers there are from start to limit."""
    if any(call.input(slot).data is None for slot in range(3)):
        return [(None,)]
    if any(isinstance(datum, str) for slot in range(3) for datum in call.data(slot)):
        return [(open_steps(call.size(0), call.size(1), call.size(2)),)]
    return [(steps(number(call, 0), number(call, 1), number(call, 2)),)]


def open_steps(start: Dim, limit: Dim, step: Dim) -> Dim:
    """`steps`, where start or limit is open."""
    first, last = quantity(start), quantity(limit)
    if first is None or last is None or not isinstance(step, int) or step == 0:
        return None
    taken = ceil_divided(last - first, step) if step > 0 else ceil_divided(first - last, -step)
    return None if taken is None else dim_of(larger(taken, 0))


def number(call: Call, slot: int) -> Number:
    """The one number that an input holds."""
    found = call.numbers_in(slot)
    if len(found) != 1 or not abs(found[0]) <= NUMBER_LIMIT:
        raise Unknown
    return found[0]


def steps(start: Number, limit: Number, step: Number) -> Dim:
    """max(ceil((limit - start) / step), 0), without making a single one of them."""
    if step == 0:
        return None
    if isinstance(start, int) and isinstance(limit, int) and isinstance(step, int):
        return max(0, -((start - limit) // step))
    ratio = (limit - start) / step
    return max(0, math.ceil(ratio)) if math.isfinite(ratio) else None


def window(call: Call) -> list[Shape]:
    """HannWindow and its like: the input is the length."""
    return [(call.size_if_known(0),)]


def mel_weights(call: Call) -> list[Shape]:
    """MelWeightMatrix: (floor(dft_length / 2) + 1, num_mel_bins)."""
    bins, length = (call.size_if_known(slot) for slot in (0, 1))
    return [(total((steps_within(length, 2), 1)), bins)]


def multinomial(call: Call) -> list[Shape]:
    """Multinomial draws so many for each row."""
    shape = call.shape(0)
    if len(shape) != 2:
        raise Unknown
    return [(shape[0], call.integer("sample_size", 1))]


def one_hot(call: Call) -> list[Shape]:
    """The indices' shape with one more axis, as long as there are classes."""
    shape = call.shape(0)
    axis = axis_of(call.integer("axis", -1), len(shape) + 1)
    # The depth may be of any numeric type.
    depth = None if call.input(1).data is None else call.size_if_known(1)
    if depth is None and call.input(1).data is not None:
        depth = int(number(call, 1))
    return [(*shape[:axis], depth, *shape[axis:])]


def non_zero(call: Call) -> list[Shape]:
    """Positions of what is not zero: one row for each axis; how many there are is known of known data only."""
    found = None
    if call.input(0).data is not None:
        found = sum(map(bool, call.numbers_in(0)))
    return [(call.rank(0), found)]


def boxes(call: Call) -> list[Shape]:
    """NonMaxSuppression: (selected, 3)."""
    return [(None, 3)]


def image(call: Call) -> list[Shape]:
    """ImageDecoder: (height, width, channels)."""
    return [(None, None, 1 if call.text("pixel_format") == "Grayscale" else 3)]


def n_grams(call: Call) -> list[Shape]:
    """TfIdfVectorizer: one number for each n-gram, of one or of several texts."""
    shape, indexes = call.shape(0), call.integers("ngram_indexes")
    if len(shape) not in (1, 2) or not indexes:
        raise Unknown
    return [(*shape[:-1], max(indexes) + 1)]


def normalized_strings(call: Call) -> list[Shape]:
    """StringNormalizer: stop words are dropped, so how many words stay is unknown."""
    return [(*call.shape(0)[:-1], None)]


def split_strings(call: Call) -> list[Shape]:
    """StringSplit: the pieces, padded to the most, and how many there are."""
    shape = call.shape(0)
    return [(*shape, None), shape]

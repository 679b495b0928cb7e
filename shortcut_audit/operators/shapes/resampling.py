"""What shape has an image that is read at other places than its pixels?

Sources: onnx/docs/Operators.md; for CropAndResize onnxruntime/docs/ContribOperators.md.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from fractions import Fraction

from shortcut_audit.graph.model import RANK_LIMIT, Dim, Shape
from shortcut_audit.graph.sizes import Unknown, scaled, steps_within
from shortcut_audit.operators.shapes.call import Call, axis_of, checked_integers


def resize(call: Call) -> list[Shape]:
    """Resize works by scales or to sizes, on all axes or on those named."""
    shape = call.shape(0)
    axes = [axis_of(axis, len(shape)) for axis in call.integers("axes", tuple(range(len(shape))))]
    if len(axes) > RANK_LIMIT:
        raise Unknown
    result = list(shape)
    for axis, size in zip(axes, resized(call, [shape[axis] for axis in axes]), strict=True):
        result[axis] = size
    return [tuple(result)]


def resized(call: Call, shape: Sequence[Dim]) -> Sequence[Dim]:
    """The new sizes of the axes that are resized."""
    # Version 10 reads (X, scales), later ones (X, roi, scales, sizes); there an empty tensor means left out.
    scales_slot = 1 if len(call.inputs) == 2 else 2
    if call.given(3) and call.input(3).shape != (0,):
        if call.input(3).data is None:
            return [None] * len(shape)
        return fitted(call, shape, call.sizes(3))
    if call.input(scales_slot).data is None or call.text("coordinate_transformation_mode") == "tf_crop_and_resize":
        return [None] * len(shape)
    return enlarged(shape, call.numbers_in(scales_slot))


def fitted(call: Call, shape: Sequence[Dim], sizes: tuple[Dim, ...]) -> Sequence[Dim]:
    """Resize to sizes, by default whatever becomes of the aspect ratio."""
    if len(sizes) != len(shape):
        raise Unknown
    policy = call.text("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return sizes
    before, wanted = [size for size in shape if isinstance(size, int) and size > 0], checked_integers(sizes)
    if len(before) != len(shape) or not before or policy not in ("not_larger", "not_smaller"):
        raise Unknown
    choose = min if policy == "not_larger" else max
    above, below = choose(zip(wanted, before, strict=True), key=lambda pair: Fraction(*pair))
    # round_int(scale * size) rounds halves up.
    return [(2 * size * above + below) // (2 * below) for size in before]


def enlarged(shape: Sequence[Dim], scales: Sequence[int | float]) -> Sequence[Dim]:
    """floor(size * scale), in the single precision that runtimes use: 10 * 0.7 is 7 there, in double precision 6."""
    if len(scales) != len(shape):
        raise Unknown
    return [enlarged_size(size, scale) for size, scale in zip(shape, scales, strict=True)]


def enlarged_size(size: Dim, scale: int | float) -> Dim:
    """One axis of `enlarged`."""
    if scale == 1:
        return size
    if size is None or not 0 < scale < 2.0**63 or (isinstance(size, int) and size >= 2**63):
        return None
    if float(scale).is_integer():
        return scaled(size, int(scale))
    if isinstance(size, str):
        above, below = single(float(scale)).as_integer_ratio()
        return steps_within(scaled(size, above), below) if below <= EXACT else None
    return math.floor(single(single(float(size)) * single(float(scale))))


EXACT = 2**8
"""A fraction of no larger divisor times a size below 2**16 has no rounding error in single precision."""


def single(number: float) -> float:
    """The nearest number in single precision."""
    return float(struct.unpack("f", struct.pack("f", number))[0])


def upsample(call: Call) -> list[Shape]:
    """Scales are an attribute until version 8, an input in version 9."""
    shape = call.shape(0)
    scales = call.attributes.get("scales")
    if scales is None and call.input(1).data is None:
        return [(None,) * len(shape)]
    if scales is None:
        return [tuple(enlarged(shape, call.numbers_in(1)))]
    if not isinstance(scales, tuple):
        raise Unknown
    return [tuple(enlarged(shape, [scale for scale in scales if isinstance(scale, int | float)]))]


def regions_aligned(call: Call) -> list[Shape]:
    """RoiAlign: one (C, output_height, output_width) for each region."""
    shape, regions = call.shape(0), call.shape(1)
    if len(shape) != 4 or len(regions) != 2:
        raise Unknown
    return [(regions[0], shape[1], call.integer("output_height", 1), call.integer("output_width", 1))]


def regions_pooled(call: Call) -> list[Shape]:
    """MaxRoiPool: one (C, pooled_shape) for each region."""
    shape, regions = call.shape(0), call.shape(1)
    pooled = call.integers("pooled_shape")
    if len(shape) != 2 + len(pooled) or len(regions) != 2:
        raise Unknown
    return [(regions[0], shape[1], *pooled)]


def cropped_and_resized(call: Call) -> list[Shape]:
    """CropAndResize of com.microsoft: one (C, crop_size) for each region."""
    shape, regions = call.shape(0), call.shape(1)
    if len(shape) != 4 or len(regions) != 2:
        raise Unknown
    crop = call.sizes(3) if call.input(3).data is not None else (None, None)
    return [(regions[0], shape[1], *crop)]


def sampled(call: Call) -> list[Shape]:
    """GridSample: X (N, C, space) read at grid (N, output space, axes)."""
    shape, grid = call.shape(0), call.shape(1)
    if len(shape) < 3 or len(grid) != len(shape):
        raise Unknown
    return [(*shape[:2], *grid[1:-1])]


def affine_grid(call: Call) -> list[Shape]:
    """AffineGrid: a size (N, C, space) makes (N, space, axes)."""
    size = call.target(1)
    if len(size) < 3:
        raise Unknown
    return [(size[0], *size[2:], len(size) - 2)]

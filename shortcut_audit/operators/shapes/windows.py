"""What shape has the output of an op that slides a window over space: convolution, pooling, their inverses?

Sources: onnx/docs/Operators.md (Conv, ConvTranspose, MaxPool, AveragePool, LpPool, MaxUnpool, Col2Im);
Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from shortcut_audit.graph.model import Dim, Shape
from shortcut_audit.graph.sizes import Unknown, divided, least_of, product, scaled, steps_within, total
from shortcut_audit.operators.shapes.call import Call, Rule


class Window(NamedTuple):
    """A window along one axis of space."""

    size: int
    """The kernel's size, counted with its gaps: dilation * (kernel - 1) + 1."""
    stride: int
    before: int
    """Padding in front."""
    after: int
    """Padding behind."""


class Windows(NamedTuple):
    """How an op slides over space."""

    axes: tuple[Window, ...]
    auto_pad: str
    ceil: bool


def windows_of(call: Call, kernel: tuple[int, ...]) -> Windows:
    """The attributes strides, dilations, pads, auto_pad and ceil_mode, checked."""
    rank = len(kernel)
    strides = call.integers("strides", (1,) * rank)
    dilations = call.integers("dilations", (1,) * rank)
    auto_pad = call.text("auto_pad") or "NOTSET"
    pads = call.integers("pads", (0,) * 2 * rank) if auto_pad == "NOTSET" else (0,) * 2 * rank
    if not len(strides) == len(dilations) == rank or len(pads) != 2 * rank:
        raise Unknown
    if rank and min(*kernel, *strides, *dilations) < 1:
        raise Unknown
    axes = tuple(
        Window(dilation * (size - 1) + 1, stride, before, after)
        for size, stride, dilation, before, after in zip(
            kernel, strides, dilations, pads[:rank], pads[rank:], strict=True
        )
    )
    return Windows(axes, auto_pad, bool(call.integer("ceil_mode", 0)))


def slide(space: tuple[Dim, ...], windows: Windows) -> tuple[Dim, ...]:
    """How often the windows fit, axis by axis."""
    if len(space) != len(windows.axes):
        raise Unknown
    if windows.auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        return tuple(size_same(size, window.stride) for size, window in zip(space, windows.axes, strict=True))
    if windows.auto_pad not in ("NOTSET", "VALID"):
        raise Unknown
    return tuple(fit(size, window, windows.ceil) for size, window in zip(space, windows.axes, strict=True))


def size_same(size: Dim, stride: int) -> Dim:
    """Padding that keeps the size, up to the stride: ceil(size / stride)."""
    return steps_within(size, stride, ceil=True)


def fit(size: Dim, window: Window, ceil: bool) -> Dim:
    """How often a window fits: floor((size + padding - window) / stride) + 1, or ceil."""
    room = total((size, window.before + window.after - window.size))
    if isinstance(room, int) and room < 0:
        return None
    count = total((steps_within(room, window.stride, ceil=ceil), 1))
    if not ceil:
        return count
    # A last window that would start in the padding behind is left out (Operators.md, MaxPool).
    return least_of(count, steps_within(total((size, window.before)), window.stride, ceil=True))


def kernel_of(call: Call, space: tuple[Dim, ...]) -> tuple[int, ...]:
    """The attribute kernel_shape or, where it is left out, the weight's own sizes."""
    if call.has("kernel_shape"):
        return call.integers("kernel_shape")
    known = tuple(size for size in space if isinstance(size, int))
    if len(known) != len(space):
        raise Unknown
    return known


def input_shape(call: Call, rank: int) -> tuple[Dim, ...]:
    """The shape of the first input, which is to have as many axes as the weight."""
    shape = call.shape(0) if call.input(0).shape is not None else (None,) * rank
    if len(shape) != rank or rank < 2:
        raise Unknown
    return shape


def fits(channels: Dim, of_weight: Dim, group: int) -> None:
    """Unknown where an image has other channels than a kernel reads: its layout is not the one we think it is."""
    if group < 1 or (isinstance(channels, int) and isinstance(of_weight, int) and channels != of_weight * group):
        raise Unknown


def convolution(weight_slot: int) -> Rule:
    """X (N, C, space) and W (M, C / group, kernel) make (N, M, space)."""

    def rule(call: Call) -> list[Shape]:
        weight = call.shape(weight_slot)
        shape = input_shape(call, len(weight))
        fits(shape[1], weight[1], call.integer("group", 1))
        space = slide(shape[2:], windows_of(call, kernel_of(call, weight[2:])))
        return [(shape[0], weight[0], *space)]

    return rule


def channels_last_convolution(call: Call) -> list[Shape]:
    """X (N, space, C) and W (M, ...) make (N, space, M)."""
    weight = call.shape(1)
    shape = input_shape(call, len(weight))
    space = slide(shape[1:-1], windows_of(call, kernel_of(call, weight[1:-1])))
    return [(shape[0], *space, weight[0])]


def quantised_convolution(call: Call) -> list[Shape]:
    """QLinearConv of com.microsoft: X, and in slot 3 W (M, C / group, kernel); channels_last concerns X and Y only."""
    weight = call.shape(3)
    shape = input_shape(call, len(weight))
    windows = windows_of(call, kernel_of(call, weight[2:]))
    if call.integer("channels_last", 0):
        return [(shape[0], *slide(shape[1:-1], windows), weight[0])]
    return [(shape[0], weight[0], *slide(shape[2:], windows))]


def transposed_convolution(call: Call) -> list[Shape]:
    """X (N, C, space) and W (C, M / group, kernel) make (N, M, space)."""
    weight = call.shape(1)
    shape = input_shape(call, len(weight))
    fits(shape[1], weight[0], 1)
    windows = windows_of(call, kernel_of(call, weight[2:]))
    groups = call.integer("group", 1)
    if groups < 1:
        raise Unknown
    return [(shape[0], scaled(weight[1], groups), *spread(call, shape[2:], windows))]


def dynamically_padded(call: Call) -> list[Shape]:
    """ConvTransposeWithDynamicPads of com.microsoft: the pads are an input."""
    pads = call.integers_in(2) if call.given(2) else None
    attributes = call.attributes if pads is None else {**call.attributes, "pads": pads}
    return transposed_convolution(call._replace(attributes=attributes))


def spread(call: Call, space: tuple[Dim, ...], windows: Windows) -> tuple[Dim, ...]:
    """The inverse of sliding: stride * (size - 1) + output_padding + window - padding."""
    rank = len(space)
    if len(windows.axes) != rank:
        raise Unknown
    if call.has("output_shape"):
        output = call.integers("output_shape")
        # Before version 11 some exporters listed batch and channels too.
        if len(output) not in (rank, rank + 2):
            raise Unknown
        return output[-rank:] if rank else ()
    extra = call.integers("output_padding", (0,) * rank)
    if len(extra) != rank:
        raise Unknown
    if windows.auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        return tuple(scaled(size, window.stride) for size, window in zip(space, windows.axes, strict=True))
    return tuple(
        spread_size(size, window, padding) for size, window, padding in zip(space, windows.axes, extra, strict=True)
    )


def spread_size(size: Dim, window: Window, extra: int) -> Dim:
    """One axis of `spread`."""
    gain = window.size - window.stride + extra - window.before - window.after
    return total((scaled(size, window.stride), gain)) if size else None


def pooling(call: Call) -> list[Shape]:
    """X (N, C, space): pooled values and, of MaxPool, their indices."""
    shape = call.shape(0)
    if len(shape) < 2:
        raise Unknown
    pooled = (*shape[:2], *slide(shape[2:], windows_of(call, call.integers("kernel_shape"))))
    return [pooled, pooled]


def channels_last_pooling(call: Call) -> list[Shape]:
    """X (N, space, C)."""
    shape = call.shape(0)
    if len(shape) < 2:
        raise Unknown
    return [(shape[0], *slide(shape[1:-1], windows_of(call, call.integers("kernel_shape"))), shape[-1])]


def quantised_pooling(call: Call) -> list[Shape]:
    """QLinearAveragePool of com.microsoft: the attribute channels_last tells the layout."""
    return channels_last_pooling(call) if call.integer("channels_last", 0) else pooling(call)


def global_pooling(call: Call) -> list[Shape]:
    """X (N, C, space): one number per channel, space kept as ones."""
    shape = call.shape(0)
    if len(shape) < 2:
        raise Unknown
    ones = (1,) * (len(shape) - 2)
    if call.integer("channels_last", 0):
        return [(shape[0], *ones, shape[-1])]
    return [(*shape[:2], *ones)]


def adaptive_pooling(call: Call) -> list[Shape]:
    """AdaptiveAveragePool (ATen's): X (..., space) to a given number of places."""
    shape, wanted = call.shape(0), call.integers("output_size")
    if len(wanted) > len(shape):
        raise Unknown
    return [shape[: len(shape) - len(wanted)] + wanted]


def unpooling(call: Call) -> list[Shape]:
    """The inverse of MaxPool: an output shape is given, or follows from the window."""
    shape = call.shape(0)
    if call.given(2):
        return [call.sizes(2)]
    windows = windows_of(call, call.integers("kernel_shape"))
    return [(*shape[:2], *spread(call, shape[2:], windows))]


def columns_to_image(call: Call) -> list[Shape]:
    """Col2Im: (N, C * block, L) makes (N, C, image)."""
    shape, image = call.shape(0), call.target(1)
    if len(shape) != 3:
        raise Unknown
    known = call.input(2).data is not None
    channels = divided(shape[1], math.prod(call.integers_in(2))) if known else None
    return [(shape[0], channels, *image)]


def causal_convolution(call: Call) -> list[Shape]:
    """CausalConvWithState: the output is shaped like X (N, C, L).

    The state keeps the last (kernel - 1) * dilation positions.
    """
    shape, weight = call.shape(0), call.shape(1)
    if len(shape) != 3 or len(weight) != 3:
        raise Unknown
    reach = total((weight[2], -1))
    return [shape, (*shape[:2], product((reach, call.integer("dilation", 1))))]


def reordered_output(call: Call) -> list[Shape]:
    """ReorderOutput of com.microsoft.nchwc: out of the blocked layout, whose channels may be padded to whole blocks."""
    shape = call.shape(0)
    if len(shape) < 3:
        raise Unknown
    channels, space = call.integer("channels"), shape[2:]
    return [(shape[0], *space, channels)] if call.integer("channels_last", 0) else [(shape[0], channels, *space)]


def reordered_input(call: Call) -> list[Shape]:
    """ReorderInput of com.microsoft.nchwc: into the blocked layout, in blocks of 4, 8 or 16 channels by machine."""
    shape = call.shape(0)
    if len(shape) < 3:
        raise Unknown
    last = call.integer("channels_last", 0)
    channels, space = (shape[-1], shape[1:-1]) if last else (shape[1], shape[2:])
    whole = isinstance(channels, int) and channels % 16 == 0
    return [(shape[0], channels if whole else None, *space)]

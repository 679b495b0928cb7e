"""What shape has the output of an op that works element by element, or keeps the shape of an input?

Sources: onnx/docs/Operators.md; for fused operators onnxruntime/docs/ContribOperators.md.
"""

from __future__ import annotations

from shortcut_audit.graph.model import Shape
from shortcut_audit.graph.sizes import Unknown, broadcast, divided
from shortcut_audit.operators.shapes.call import Call, axis_of


def same(call: Call) -> list[Shape]:
    """One output, shaped like the first input."""
    return [call.shape(0)]


def all_same(call: Call) -> list[Shape]:
    """Every output is shaped like the first input."""
    return [call.shape(0)] * call.outputs


def binary(call: Call) -> list[Shape]:
    """Two inputs, broadcast."""
    if len(call.inputs) != 2:
        raise Unknown
    return [broadcast(call.shape(0), call.shape(1))]


def variadic(call: Call) -> list[Shape]:
    """Any number of inputs, broadcast."""
    shape = call.shape(0)
    for slot in range(1, len(call.inputs)):
        shape = broadcast(shape, call.shape(slot))
    return [shape]


def where(call: Call) -> list[Shape]:
    """Condition and both choices, broadcast."""
    return [broadcast(broadcast(call.shape(0), call.shape(1)), call.shape(2))]


def dropout(call: Call) -> list[Shape]:
    """Output and mask."""
    return [call.shape(0)] * 2


def batch_normalization(call: Call) -> list[Shape]:
    """The output, then up to four statistics, one number per channel."""
    shape = call.shape(0)
    channels = shape[1] if len(shape) > 1 else 1
    return [shape, (channels,), (channels,), (channels,), (channels,)]


def layer_normalization(call: Call) -> list[Shape]:
    """The output, then mean and inverse deviation: one number for what is normalised together, axis and following."""
    shape = call.shape(0)
    axis = axis_of(call.integer("axis", -1), len(shape))
    statistics = shape[:axis] + (1,) * (len(shape) - axis)
    return [shape, statistics, statistics]


def skip_layer_normalization(call: Call) -> list[Shape]:
    """Output, mean, inverse deviation, and the sum of input, skip and bias."""
    shape = call.shape(0)
    statistics = (*shape[:-1], 1)
    return [shape, statistics, statistics, shape]


def cross_entropy(call: Call) -> list[Shape]:
    """The loss: of every element, or reduced to a scalar; then log-probabilities shaped like the scores."""
    loss: Shape = call.shape(1) if call.text("reduction", "mean") == "none" else ()
    return [loss, call.shape(0)]


def quantised_binary(call: Call) -> list[Shape]:
    """Two inputs, each with scale and zero point: A is slot 0, B slot 3."""
    return [broadcast(call.shape(0), call.shape(3))]


def quantised_where(call: Call) -> list[Shape]:
    """Condition, X with scale and zero point, Y with scale and zero point."""
    return [broadcast(broadcast(call.shape(0), call.shape(1)), call.shape(4))]


def bias_split_gelu(call: Call) -> list[Shape]:
    """Half of the last axis gates the other half."""
    shape = call.shape(0)
    if not shape:
        raise Unknown
    return [(*shape[:-1], divided(shape[-1], 2))]


def dynamic_quantize(call: Call) -> list[Shape]:
    """The output, then a scalar scale and a scalar zero point."""
    return [call.shape(0), (), ()]

"""What shape has a spectrum?

Sources: onnx/docs/Operators.md (DFT, STFT); for Rfft and Irfft onnxruntime/docs/ContribOperators.md.
"""

from __future__ import annotations

from shortcut_audit.graph.model import Dim, Shape
from shortcut_audit.graph.sizes import Unknown, scaled, steps_within, total
from shortcut_audit.operators.shapes.call import Call, axis_of


def fourier(call: Call) -> list[Shape]:
    """DFT: the last axis holds real and imaginary part; half of the spectrum is enough for a real signal."""
    shape = call.shape(0)
    if len(shape) < 2:
        raise Unknown
    if call.given(2) and call.input(2).data is None:
        return [_along_unknown_axis(call, shape)]
    axis = axis_of(call.scalar(2) if call.given(2) else call.integer("axis", 1 if call.opset < 20 else -2), len(shape))
    one_sided, inverse = call.integer("onesided", 0), call.integer("inverse", 0)
    length = shape[axis]
    if call.given(1):
        length = call.size_if_known(1)
    elif one_sided and inverse:
        length = scaled(total((length, -1)), 2)
    if one_sided and not inverse:
        length = half(length)
    result = [*shape[:-1], 1 if one_sided and inverse else 2]
    result[axis] = length
    return [tuple(result)]


def _along_unknown_axis(call: Call, shape: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """A whole spectrum is as long as the signal, along whichever axis."""
    if not call.integer("onesided", 0):
        return (*shape[:-1], 2) if not call.given(1) else (*(None,) * (len(shape) - 1), 2)
    return (*(None,) * (len(shape) - 1), 1 if call.integer("inverse", 0) else 2)


def half(length: Dim) -> Dim:
    """Distinct frequencies of a real signal."""
    return total((steps_within(length, 2), 1))


def short_time_fourier(call: Call) -> list[Shape]:
    """STFT: (batch, length, 1 or 2) makes (batch, frames, frequencies, 2)."""
    shape = call.shape(0)
    if len(shape) not in (2, 3):
        raise Unknown
    frame: Dim = shape[1]
    if call.given(3):
        frame = call.size_if_known(3)
    elif call.given(2):
        frame = call.shape(2)[0] if call.rank(2) == 1 else None
    step = call.scalar(1) if call.input(1).data is not None else None
    room = total((shape[1], scaled(frame, -1)))
    fits = step is not None and not (isinstance(room, int) and room < 0)
    frames = total((steps_within(room, step), 1)) if fits and step is not None else None
    return [(shape[0], frames, half(frame) if call.integer("onesided", 1) else frame, 2)]


def real_fourier(call: Call) -> list[Shape]:
    """Rfft of com.microsoft: a new last axis holds real and imaginary part."""
    length = call.last_size(0)
    return [(*call.shape(0)[:-1], half(length) if call.integer("onesided", 1) else length, 2)]


def inverse_real_fourier(call: Call) -> list[Shape]:
    """Irfft of com.microsoft: the last axis, real and imaginary part, vanishes."""
    shape = call.shape(0)
    if len(shape) < 2:
        raise Unknown
    length = shape[-2]
    if call.integer("onesided", 1):
        length = scaled(total((length, -1)), 2)
    return [(*shape[:-2], length)]

"""Which canonical ops stand behind ATen's Fourier transforms and complex numbers?

A transform is one op "Fft" that mixes positions, whatever its axes, lengths and norm are: they are kept, so that two
different transforms of one tensor stay different. A complex tensor and its view as pairs of real numbers, [..., 2],
are the same elements in another layout; the real and the imaginary part are halves of it.
"""

from __future__ import annotations

from shortcut_audit.loaders.aten.call import AtenCall, Misfit, Rule
from shortcut_audit.loaders.aten.graph import Ref, flat
from shortcut_audit.loaders.aten.plain import attribute


def transform(call: AtenCall) -> str:
    """fft_fft and its like, and what they are made of (_fft_r2c): lengths that are computed are inputs."""
    given = {name: value for name, value in call.given.items() if name != "self"}
    computed = {name: [item for item in flat([value]) if isinstance(item, Ref)] for name, value in given.items()}
    known = {name: attribute(call, name) for name in given if not computed[name]}
    sizes = [call.operand(item) for items in computed.values() for item in items]
    return call.emit("Fft", call.value("self"), *sizes, transform=call.node.operator, **known)


def as_pairs(call: AtenCall) -> str:
    """view_as_real: a new last axis holds real and imaginary part."""
    return _pairs(call)


def from_pairs(call: AtenCall) -> str:
    """view_as_complex: the last axis holds real and imaginary part."""
    value, rank = call.value("self"), call.rank("self")
    if not rank:
        raise Misfit
    sizes = call.emit("Shape", value, start=0, end=rank - 1)
    return call.cast(call.emit("Reshape", value, sizes, allowzero=1), call.outputs[0].dtype)


def part(position: int) -> Rule:
    """real, imag: one of the two; a real tensor is its own real part."""

    def rule(call: AtenCall) -> str:
        if not (call.dtype("self") or "").startswith("complex"):
            return call.emit("Identity", call.value("self"))
        return call.emit("Gather", _pairs(call), call.scalar(position, "int64"), axis=call.rank("self"))

    return rule


def _pairs(call: AtenCall) -> str:
    value = call.value("self")
    sizes = call.emit("Concat", call.emit("Shape", value), call.numbers(2), axis=0)
    return call.cast(call.emit("Reshape", value, sizes, allowzero=1), call.outputs[0].dtype)

"""Which canonical ops stand behind ATen's functions of one tensor: powers, logarithms, activations?

Definitions: the operators' pages in PyTorch's documentation.
"""

from __future__ import annotations

import math

from shortcut_audit.graph.model import Attribute
from shortcut_audit.loaders.aten.arithmetic import scaled
from shortcut_audit.loaders.aten.call import AtenCall, Misfit, Rule


def power_of(base: float) -> Rule:
    """`base` to the power of self."""
    return lambda call: call.emit("Pow", call.scalar(base, call.dtype("self")), call.value("self"))


def power(exponent: float) -> Rule:
    """Self to a fixed power."""
    return lambda call: call.emit("Pow", call.value("self"), call.scalar(exponent, call.dtype("self")))


def logarithm(base: float) -> Rule:
    """log(self) / log(base)."""

    def rule(call: AtenCall) -> str:
        factor = call.scalar(1 / math.log(base), call.dtype("self"))
        return call.emit("Mul", call.emit("Log", call.value("self")), factor)

    return rule


def chain(*kinds: str) -> Rule:
    """One unary op after the other."""

    def rule(call: AtenCall) -> str:
        value = call.value("self")
        for kind in kinds:
            value = call.emit(kind, value)
        return value

    return rule


def is_finite(call: AtenCall) -> str:
    """Neither infinite nor NaN."""
    value = call.value("self")
    return call.emit("Not", call.emit("Or", call.emit("IsInf", value), call.emit("IsNaN", value)))


def rounded(call: AtenCall) -> str:
    """Rounds to the nearest whole number or, where `decimals` says so, to the nearest multiple of 10^-decimals."""
    value, decimals = call.value("self"), call.integer("decimals", 0)
    if decimals == 0:
        return call.emit("Round", value)
    if abs(decimals) > 30:
        raise Misfit
    unit = call.scalar(10.0**decimals, call.dtype("self"))
    return call.emit("Div", call.emit("Round", call.emit("Mul", value, unit)), unit)


def elu(call: AtenCall) -> str:
    """Scale * Elu(self), where the negative part is not stretched as well."""
    if call.fixed("input_scale", 1.0) != 1:
        raise Misfit
    return scaled(call, call.emit("Elu", call.value("self"), alpha=call.fixed("alpha", 1.0)), "scale")


def rrelu(call: AtenCall) -> str:
    """LeakyRelu of the mean slope, as in evaluation."""
    slope = (call.fixed("lower", 1 / 8) + call.fixed("upper", 1 / 3)) / 2
    return call.emit("LeakyRelu", call.value("self"), alpha=slope)


def prelu(call: AtenCall) -> str:
    """PRelu, whose slopes, if there are several, lie along the second axis."""
    slopes, behind = call.value("weight"), call.rank("self") - 2
    if behind > 0 and call.shape("weight") != (1,):
        slopes = call.emit("Reshape", slopes, call.numbers(-1, *(1,) * behind))
    return call.emit("PRelu", call.value("self"), slopes)


def softplus(call: AtenCall) -> str:
    """log(1 + exp(beta x)) / beta; x itself where beta x is above a threshold, if that makes a difference."""
    value, beta, limit = call.value("self"), call.fixed("beta", 1.0), call.fixed("threshold", 20.0)
    dtype = call.dtype("self")
    steep = value if beta == 1 else call.emit("Mul", value, call.scalar(beta, dtype))
    made = call.emit("Softplus", steep)
    made = made if beta == 1 else call.emit("Div", made, call.scalar(beta, dtype))
    if limit >= EXACT:
        return made
    return call.emit("Where", call.emit("Greater", steep, call.scalar(limit, dtype)), value, made)


EXACT = 20.0
"""From here on log(1 + exp(x)) is x, to the 8 digits of single precision."""


def soft_shrink(call: AtenCall) -> str:
    """Shrink towards zero by as much as it cuts off."""
    width = call.fixed("lambd", 0.5)
    return call.emit("Shrink", call.value("self"), lambd=width, bias=width)


def threshold(call: AtenCall) -> str:
    """Self where it is above the threshold, elsewhere a number."""
    limit, other = call.fixed("threshold"), call.fixed("value")
    if other == 0:
        return call.emit("ThresholdedRelu", call.value("self"), alpha=limit)
    above = call.emit("Greater", call.value("self"), call.scalar(limit, call.dtype("self")))
    return call.emit("Where", above, call.value("self"), call.scalar(other, call.dtype("self")))


def unary(kind: str, **fixed: Attribute) -> Rule:
    """One unary op with fixed attributes."""
    return lambda call: call.emit(kind, call.value("self"), **fixed)


def softmax(kind: str) -> Rule:
    """Softmax, log_softmax along `dim`."""
    return lambda call: call.emit(kind, call.value("self"), axis=call.axis("dim"))

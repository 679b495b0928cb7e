"""Which canonical ops stand behind ATen's arithmetic, element by element or over axes?

Definitions: the operators' pages in PyTorch's documentation.
"""

from __future__ import annotations

import math

from shortcut_audit.graph.model import Attribute
from shortcut_audit.loaders.aten.call import Call, Misfit, Rule, known_sizes


def scaled(call: Call, value: str, name: str) -> str:
    """The value times the argument `name` (alpha, beta, value), which is 1 by default."""
    factor = call.number(name, 1)
    if factor == 1:
        return value
    return call.emit("Mul", value, call.operand(factor, call.type_of(value).dtype))


def add(call: Call) -> str:
    """Self + alpha * other."""
    return call.emit("Add", _left(call), scaled(call, call.value("other", "self"), "alpha"))


def sub(call: Call) -> str:
    """Self - alpha * other."""
    return call.emit("Sub", _left(call), scaled(call, call.value("other", "self"), "alpha"))


def rsub(call: Call) -> str:
    """Other - alpha * self."""
    return call.emit("Sub", call.value("other", "self"), scaled(call, call.value("self"), "alpha"))


def _left(call: Call) -> str:
    return call.value("self", "other")


def addcmul(call: Call) -> str:
    """Self + value * tensor1 * tensor2."""
    product = call.emit("Mul", call.value("tensor1"), call.value("tensor2"))
    return call.emit("Add", call.value("self"), scaled(call, product, "value"))


def addcdiv(call: Call) -> str:
    """Self + value * tensor1 / tensor2."""
    quotient = call.emit("Div", call.value("tensor1"), call.value("tensor2"))
    return call.emit("Add", call.value("self"), scaled(call, quotient, "value"))


def lerp(call: Call) -> str:
    """Self + weight * (end - self)."""
    start = call.value("self")
    way = call.emit("Sub", call.value("end"), start)
    return call.emit("Add", start, call.emit("Mul", call.value("weight", "self"), way))


def div(call: Call) -> str:
    """Self / other, perhaps rounded."""
    quotient = call.emit("Div", call.value("self", "other"), call.value("other", "self"))
    rounding = call.text("rounding_mode") if call.has("rounding_mode") else ""
    return (
        call.emit({"floor": "Floor", "trunc": "Floor"}[rounding], quotient)
        if rounding in {"floor", "trunc"}
        else quotient
    )


def floor_divide(call: Call) -> str:
    """The quotient, rounded down."""
    return call.emit("Floor", call.emit("Div", call.value("self", "other"), call.value("other", "self")))


def negated(kind: str) -> Rule:
    """A comparison and a Not."""

    def rule(call: Call) -> str:
        return call.emit("Not", call.emit(kind, call.value("self", "other"), call.value("other", "self")))

    return rule


def power_of(base: float) -> Rule:
    """`base` to the power of self."""
    return lambda call: call.emit("Pow", call.scalar(base, call.dtype("self")), call.value("self"))


def power(exponent: float) -> Rule:
    """Self to a fixed power."""
    return lambda call: call.emit("Pow", call.value("self"), call.scalar(exponent, call.dtype("self")))


def logarithm(base: float) -> Rule:
    """log(self) / log(base)."""

    def rule(call: Call) -> str:
        factor = call.scalar(1 / math.log(base), call.dtype("self"))
        return call.emit("Mul", call.emit("Log", call.value("self")), factor)

    return rule


def chain(*kinds: str) -> Rule:
    """One unary op after the other."""

    def rule(call: Call) -> str:
        value = call.value("self")
        for kind in kinds:
            value = call.emit(kind, value)
        return value

    return rule


def unary(kind: str, **fixed: Attribute) -> Rule:
    """One unary op with fixed attributes."""
    return lambda call: call.emit(kind, call.value("self"), **fixed)


def clamp(call: Call) -> str:
    """Clip(self, min, max), either of which may be left out."""
    return call.emit("Clip", call.value("self"), call.maybe("min", "self"), call.maybe("max", "self"))


def masked_fill(call: Call) -> str:
    """Value where the mask holds, self elsewhere."""
    return call.emit("Where", call.value("mask"), call.value("value", "self"), call.value("self"))


def where(call: Call) -> str | tuple[str, ...]:
    """A choice; with nothing to choose from, the positions where the condition holds."""
    if not call.has("self"):
        positions = call.emit("NonZero", call.value("condition"))
        count = call.rank("condition")
        rows = call.emit_many("Split", (positions,), count, axis=0, num_outputs=count)
        return tuple(call.emit("Squeeze", row, call.numbers(0)) for row in rows)
    return call.emit("Where", call.value("condition"), call.value("self", "other"), call.value("other", "self"))


def axes_input(call: Call, name: str = "dim") -> str | None:
    """The axes to reduce, as an input; None for all."""
    if not call.has(name):
        return None
    axes = call.axes(name)
    return call.numbers(*axes) if axes else None


def reduced(kind: str) -> Rule:
    """A reduction over `dim`, or over everything."""

    def rule(call: Call) -> str:
        return call.emit(kind, call.value("self"), axes_input(call), keepdims=int(call.flag("keepdim")))

    return rule


def extreme(reduction: str, binary: str, arg: str) -> Rule:
    """max, min: of two tensors, of a whole tensor, or along an axis with the positions."""

    def rule(call: Call) -> str | tuple[str, ...]:
        if call.has("other"):
            return call.emit(binary, call.value("self"), call.value("other", "self"))
        if not call.has("dim"):
            return call.emit(reduction, call.value("self"), None, keepdims=0)
        keep, axis = int(call.flag("keepdim")), call.axis("dim")
        found = call.emit(reduction, call.value("self"), call.numbers(axis), keepdims=keep)
        return found, call.emit(arg, call.value("self"), axis=axis, keepdims=keep)

    return rule


def position(kind: str) -> Rule:
    """argmax, argmin: along an axis, or of the flattened tensor."""

    def rule(call: Call) -> str:
        if call.has("dim"):
            return call.emit(kind, call.value("self"), axis=call.axis("dim"), keepdims=int(call.flag("keepdim")))
        flat = call.emit("Reshape", call.value("self"), call.numbers(-1))
        return call.emit(kind, flat, axis=0, keepdims=0)

    return rule


def norm(call: Call) -> str:
    """linalg_vector_norm, norm: the 1-norm, the 2-norm, or the largest absolute value."""
    order = call.number("ord", 2) if "ord" in call.given else call.number("p", 2)
    keep = int(call.flag("keepdim"))
    if order in {1, 2}:
        return call.emit(f"ReduceL{int(order)}", call.value("self"), axes_input(call), keepdims=keep)
    if order == math.inf:
        return call.emit("ReduceMax", call.emit("Abs", call.value("self")), axes_input(call), keepdims=keep)
    raise Misfit


def variance(call: Call) -> str:
    """mean((x - mean(x))^2), times N / (N - correction)."""
    return _moments(call)[0]


def deviation(call: Call) -> str:
    """The square root of the variance."""
    return call.emit("Sqrt", _moments(call)[0])


def variance_and_mean(call: Call) -> tuple[str, str]:
    """var_mean: both."""
    return _moments(call)


def deviation_and_mean(call: Call) -> tuple[str, str]:
    """std_mean: both."""
    variance, mean = _moments(call)
    return call.emit("Sqrt", variance), mean


def _moments(call: Call) -> tuple[str, str]:
    value, axes, keep = call.value("self"), axes_input(call), int(call.flag("keepdim"))
    centre = call.emit("ReduceMean", value, axes, keepdims=1)
    offset = call.emit("Sub", value, centre)
    squares = call.emit("ReduceMean", call.emit("Mul", offset, offset), axes, keepdims=keep)
    mean = centre if keep else call.emit("ReduceMean", value, axes, keepdims=0)
    correction = call.integer("correction", int(call.flag("unbiased", default=True)))
    if correction == 0:
        return squares, mean
    shape = call.fixed_shape("self")
    over = call.axes("dim") if call.has("dim") else range(len(shape))
    count = math.prod(shape[axis] for axis in over or range(len(shape)))
    factor = call.scalar(count / (count - correction) if count > correction else math.nan, call.dtype("self"))
    return call.emit("Mul", squares, factor), mean


def softmax(kind: str) -> Rule:
    """Softmax, log_softmax along `dim`."""
    return lambda call: call.emit(kind, call.value("self"), axis=call.axis("dim"))


def cumulative(kind: str) -> Rule:
    """cumsum, cumprod along `dim`."""
    return lambda call: call.emit(kind, call.value("self"), call.scalar(call.axis("dim"), "int64"))


def diff(call: Call) -> str:
    """Each element minus the one before it along `dim`, once (n = 1)."""
    if call.integer("n", 1) != 1:
        raise Misfit
    axis = call.axis("dim", default=-1)
    parts = [call.maybe("prepend"), call.value("self"), call.maybe("append")]
    given = [part for part in parts if part is not None]
    whole = call.emit("Concat", *given, axis=axis) if len(given) > 1 else given[0]
    ends = (call.numbers(2**63 - 1), call.numbers(axis))
    later = call.emit("Slice", whole, call.numbers(1), *ends)
    return call.emit("Sub", later, call.emit("Slice", whole, call.numbers(0), call.numbers(-1), call.numbers(axis)))


def top(call: Call) -> tuple[str, ...]:
    """topk: the largest k, and where they are."""
    axis = call.axis("dim", default=-1)
    given = (call.value("self"), call.vector([call.given.get("k")]))
    return call.emit_many("TopK", given, 2, axis=axis, largest=int(call.flag("largest", default=True)))


def ordered(call: Call) -> tuple[str, ...]:
    """Sort: all elements along an axis in order, and where they were."""
    axis = call.axis("dim", default=-1)
    shape = known_sizes(call.shape("self"))
    count = call.numbers(shape[axis] if shape else 1)
    return call.emit_many("TopK", (call.value("self"), count), 2, axis=axis, largest=int(call.flag("descending")))


def argsort(call: Call) -> str:
    """The positions of the elements along an axis, in order."""
    return ordered(call)[1]


def dtype_cast(call: Call) -> str:
    """`to`, `_to_copy`, `type_as` keep the elements and change their type, where one is named."""
    if call.has("dtype"):
        return call.cast(call.value("self"), call.text("dtype"))
    return call.emit("Identity", call.value("self"))


def cast_like(call: Call) -> str:
    """type_as, to.other: the element type of another tensor."""
    return call.cast(call.value("self"), call.dtype("other"))


def random_like(kind: str) -> Rule:
    """Random numbers in the shape of self, which is not read."""
    return lambda call: call.emit(kind, call.value("self"))

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
    return call.emit("Mul", value, call.operand(factor, call.type_of(value).dtype or call.outputs[0].dtype))


def add(call: Call) -> str:
    """Self + alpha * other."""
    left, right = call.together("self", "other")
    return call.emit("Add", left, scaled(call, right, "alpha"))


def add_and_cut(call: Call) -> str:
    """_add_relu: relu(self + alpha * other)."""
    return call.emit("Relu", add(call))


def sub(call: Call) -> str:
    """Self - alpha * other."""
    left, right = call.together("self", "other")
    return call.emit("Sub", left, scaled(call, right, "alpha"))


def rsub(call: Call) -> str:
    """Other - alpha * self."""
    left, right = call.together("self", "other")
    return call.emit("Sub", right, scaled(call, left, "alpha"))


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
    """Self / other, perhaps rounded. The quotient of integers is a float, unless it is rounded."""
    rounding = call.text("rounding_mode") if call.has("rounding_mode") else ""
    if rounding == "floor":
        return floor_divide(call)
    left, right = call.together("self", "other")
    if not rounding:
        wanted = call.outputs[0].dtype
        return call.emit("Div", call.as_type(left, wanted), call.as_type(right, wanted))
    if rounding != "trunc":
        raise Misfit
    quotient = call.emit("Div", left, right)
    return quotient if _whole(call) else call.emit("Trunc", quotient)  # ONNX divides integers towards zero


def floor_divide(call: Call) -> str:
    """The quotient, rounded down. ONNX divides integers towards zero, but its remainder has the divisor's sign."""
    left, right = call.together("self", "other")
    if _whole(call):
        return call.emit("Div", call.emit("Sub", left, call.emit("Mod", left, right)), right)
    return call.emit("Floor", call.emit("Div", left, right))


def quotient(call: Call) -> str:
    """The quotient of two numbers in Python, a float also of integers."""
    return call.emit("Div", *(call.cast(call.value(name), "float64") for name in ("a", "b")))


def whole(rounding: str | None, dtype: str) -> Rule:
    """A number in Python as an integer, rounded first, or towards zero; or as a float."""

    def rule(call: Call) -> str:
        value = call.value("a")
        return call.cast(value if rounding is None else call.emit(rounding, value), dtype)

    return rule


def _whole(call: Call) -> bool:
    return "int" in (call.outputs[0].dtype or "")


def negated(kind: str) -> Rule:
    """A comparison and a Not."""

    def rule(call: Call) -> str:
        return call.emit("Not", call.emit(kind, *call.together("self", "other")))

    return rule


def logical(kind: str) -> Rule:
    """Of truth values: whatever is not zero is true."""

    def rule(call: Call) -> str:
        names = [name for name in ("self", "other") if call.has(name)]
        return call.emit(kind, *(call.as_type(call.value(name), "bool") for name in names))

    return rule


def float_power(call: Call) -> str:
    """Self to the power of exponent, in double precision."""
    operands = call.value("self", "exponent"), call.value("exponent", "self")
    return call.emit("Pow", *(call.cast(value, "float64") for value in operands))


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


def is_finite(call: Call) -> str:
    """Neither infinite nor NaN."""
    value = call.value("self")
    return call.emit("Not", call.emit("Or", call.emit("IsInf", value), call.emit("IsNaN", value)))


def rounded(call: Call) -> str:
    """To the nearest whole number or, where `decimals` says so, to the nearest multiple of 10^-decimals."""
    value, decimals = call.value("self"), call.integer("decimals", 0)
    if decimals == 0:
        return call.emit("Round", value)
    if abs(decimals) > 30:
        raise Misfit
    unit = call.scalar(10.0**decimals, call.dtype("self"))
    return call.emit("Div", call.emit("Round", call.emit("Mul", value, unit)), unit)


def elu(call: Call) -> str:
    """Scale * Elu(self), where the negative part is not stretched as well."""
    if call.fixed("input_scale", 1.0) != 1:
        raise Misfit
    return scaled(call, call.emit("Elu", call.value("self"), alpha=call.fixed("alpha", 1.0)), "scale")


def rrelu(call: Call) -> str:
    """LeakyRelu of the mean slope, as in evaluation."""
    slope = (call.fixed("lower", 1 / 8) + call.fixed("upper", 1 / 3)) / 2
    return call.emit("LeakyRelu", call.value("self"), alpha=slope)


def prelu(call: Call) -> str:
    """PRelu, whose slopes, if there are several, lie along the second axis."""
    slopes, behind = call.value("weight"), call.rank("self") - 2
    if behind > 0 and call.shape("weight") != (1,):
        slopes = call.emit("Reshape", slopes, call.numbers(-1, *(1,) * behind))
    return call.emit("PRelu", call.value("self"), slopes)


def softplus(call: Call) -> str:
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


def soft_shrink(call: Call) -> str:
    """Shrink towards zero by as much as it cuts off."""
    width = call.fixed("lambd", 0.5)
    return call.emit("Shrink", call.value("self"), lambd=width, bias=width)


def threshold(call: Call) -> str:
    """Self where it is above the threshold, elsewhere a number."""
    limit, other = call.fixed("threshold"), call.fixed("value")
    if other == 0:
        return call.emit("ThresholdedRelu", call.value("self"), alpha=limit)
    above = call.emit("Greater", call.value("self"), call.scalar(limit, call.dtype("self")))
    return call.emit("Where", above, call.value("self"), call.scalar(other, call.dtype("self")))


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
    return call.emit("Where", call.value("condition"), *call.together("self", "other"))


def axes_input(call: Call, name: str = "dim") -> str | None:
    """The axes to reduce, as an input; None for all."""
    if not call.has(name):
        return None
    axes = call.axes(name)
    return call.numbers(*axes) if axes else None


def reduced(kind: str, dtype: str | None = None) -> Rule:
    """A reduction over `dim`, or over everything, in the element type of its result, or in another one."""

    def rule(call: Call) -> str:
        value = call.as_type(call.value("self"), dtype or call.outputs[0].dtype)
        return call.emit(kind, value, axes_input(call), keepdims=int(call.flag("keepdim")))

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

"""Which canonical ops stand behind ATen's reductions: over one or several axes, or in order along one?

Definitions: the operators' pages in PyTorch's documentation.
"""

from __future__ import annotations

import math

from shortcut_audit.loaders.aten.call import AtenCall, Misfit, Rule, known_sizes


def axes_input(call: AtenCall, name: str = "dim") -> str | None:
    """The axes to reduce, as an input; None for all."""
    if not call.has(name):
        return None
    axes = call.axes(name)
    return call.numbers(*axes) if axes else None


def reduced(kind: str, dtype: str | None = None) -> Rule:
    """A reduction over `dim`, or over everything, in the element type of its result, or in another one."""

    def rule(call: AtenCall) -> str:
        value = call.as_type(call.value("self"), dtype or call.outputs[0].dtype)
        return call.emit(kind, value, axes_input(call), keepdims=int(call.flag("keepdim")))

    return rule


def extreme(reduction: str, binary: str, arg: str) -> Rule:
    """max, min: of two tensors, of a whole tensor, or along an axis with the positions."""

    def rule(call: AtenCall) -> str | tuple[str, ...]:
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

    def rule(call: AtenCall) -> str:
        if call.has("dim"):
            return call.emit(kind, call.value("self"), axis=call.axis("dim"), keepdims=int(call.flag("keepdim")))
        flat = call.emit("Reshape", call.value("self"), call.numbers(-1))
        return call.emit(kind, flat, axis=0, keepdims=0)

    return rule


def norm(call: AtenCall) -> str:
    """linalg_vector_norm, norm: the 1-norm, the 2-norm, or the largest absolute value."""
    order = call.number("ord", 2) if "ord" in call.given else call.number("p", 2)
    keep = int(call.flag("keepdim"))
    if order in {1, 2}:
        return call.emit(f"ReduceL{int(order)}", call.value("self"), axes_input(call), keepdims=keep)
    if order == math.inf:
        return call.emit("ReduceMax", call.emit("Abs", call.value("self")), axes_input(call), keepdims=keep)
    raise Misfit


def variance(call: AtenCall) -> str:
    """mean((x - mean(x))^2), times N / (N - correction)."""
    return _moments(call)[0]


def deviation(call: AtenCall) -> str:
    """The square root of the variance."""
    return call.emit("Sqrt", _moments(call)[0])


def variance_and_mean(call: AtenCall) -> tuple[str, str]:
    """var_mean: both."""
    return _moments(call)


def deviation_and_mean(call: AtenCall) -> tuple[str, str]:
    """std_mean: both."""
    variance, mean = _moments(call)
    return call.emit("Sqrt", variance), mean


def _moments(call: AtenCall) -> tuple[str, str]:
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


def cumulative(kind: str) -> Rule:
    """cumsum, cumprod along `dim`."""
    return lambda call: call.emit(kind, call.value("self"), call.scalar(call.axis("dim"), "int64"))


def diff(call: AtenCall) -> str:
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


def top(call: AtenCall) -> tuple[str, ...]:
    """topk: the largest k, and where they are."""
    axis = call.axis("dim", default=-1)
    given = (call.value("self"), call.vector([call.given.get("k")]))
    return call.emit_many("TopK", given, 2, axis=axis, largest=int(call.flag("largest", default=True)))


def ordered(call: AtenCall) -> tuple[str, ...]:
    """Sort: all elements along an axis in order, and where they were."""
    axis = call.axis("dim", default=-1)
    shape = known_sizes(call.shape("self"))
    count = call.numbers(shape[axis] if shape else 1)
    return call.emit_many("TopK", (call.value("self"), count), 2, axis=axis, largest=int(call.flag("descending")))


def argsort(call: AtenCall) -> str:
    """The positions of the elements along an axis, in order."""
    return ordered(call)[1]

"""Which canonical ops stand behind ATen's tensors made from nothing: zeros, ranges, random numbers, sizes?"""

from __future__ import annotations

from shortcut_audit.graph.draft import DATA_LIMIT
from shortcut_audit.graph.dtypes import ONNX_NUMBERS
from shortcut_audit.loaders.aten.call import AtenCall, Misfit, Rule
from shortcut_audit.loaders.aten.plain import attribute


def filled(value: float | None) -> Rule:
    """zeros, ones, empty, full, new_*: ConstantOfShape, whose second input is what it is filled with."""

    def rule(call: AtenCall) -> str:
        return call.emit("ConstantOfShape", call.sizes("size"), _fill(call, value))

    return rule


def filled_like(value: float | None) -> Rule:
    """zeros_like, full_like, fill_, zero_: in the shape of self, which is not read otherwise."""

    def rule(call: AtenCall) -> str:
        return call.emit("ConstantOfShape", call.emit("Shape", call.value("self")), _fill(call, value))

    return rule


def unwritten(call: AtenCall) -> str:
    """Empty, new_empty, empty_like: whatever stood in memory. No number, and least of all zero, is known of it."""
    shape = call.emit("Shape", call.value("self")) if call.node.operator == "aten.empty_like" else call.sizes("size")
    return call.emit("ConstantOfShape", shape, call.writer.literal(None, (), call.outputs[0].dtype or "float32"))


def _fill(call: AtenCall, value: float | None) -> str:
    if value is None and (call.has("fill_value") or call.has("value")):
        argument = call.given["fill_value" if call.has("fill_value") else "value"]
        return call.operand(argument, call.outputs[0].dtype)
    return call.scalar(value or 0.0, call.outputs[0].dtype)


def fill(call: AtenCall) -> str:
    """fill_(value): every element becomes a number, or a rank-0 tensor."""
    value = call.value("value", "self")
    return call.emit("Expand", value, call.emit("Shape", call.value("self")))


def arange(call: AtenCall) -> str:
    """Range(start, end, step)."""
    dtype = call.outputs[0].dtype
    start, step = call.number("start", 0), call.number("step", 1)
    end = call.given.get("end")
    if not isinstance(end, int | float) and not call.has("end"):
        raise Misfit
    return call.emit("Range", *(call.operand(item, dtype) for item in (start, end, step)))


def spaced(call: AtenCall) -> str:
    """Linspace, logspace: `steps` numbers from start to end. Where they are many, or computed, they are not known."""
    dtype = call.outputs[0].dtype or "float32"
    start, end, steps = (call.given.get(name) for name in ("start", "end", "steps"))
    if not isinstance(steps, int):
        return call.emit("ConstantOfShape", call.vector([steps]), call.writer.literal(None, (), dtype))
    if steps > DATA_LIMIT or not isinstance(start, int | float) or not isinstance(end, int | float):
        return call.emit("Identity", call.writer.literal(None, (steps,), dtype))
    step = (end - start) / (steps - 1) if steps > 1 else 0.0
    halves = range((steps + 1) // 2), range((steps + 1) // 2, steps)  # counted from either end, as PyTorch does
    numbers = [start + step * at for at in halves[0]] + [end - step * (steps - 1 - at) for at in halves[1]]
    if call.node.operator == "aten.logspace":
        numbers = [call.fixed("base", 10.0) ** number for number in numbers]
    kept = tuple(int(number) if "int" in dtype else float(number) for number in numbers)
    return call.emit("Identity", call.writer.literal(kept, (steps,), dtype))


def eye(call: AtenCall) -> str:
    """Ones on the diagonal."""
    rows = call.given.get("n")
    columns = call.given.get("m", rows)
    zeros = call.emit("ConstantOfShape", call.vector([rows, columns]), call.scalar(0.0, call.outputs[0].dtype))
    return call.emit("EyeLike", zeros)


def scalar_tensor(call: AtenCall) -> str:
    """A number as a tensor."""
    return call.cast(call.value("s"), call.outputs[0].dtype)


def random(kind: str) -> Rule:
    """randn, rand, randint: RandomNormal, RandomUniform."""

    def rule(call: AtenCall) -> str:
        dtype = ONNX_NUMBERS.get(call.outputs[0].dtype or "float32", 1)
        return call.emit(kind, shape=call.integers("size"), dtype=dtype)

    return rule


def bernoulli(call: AtenCall) -> str:
    """One where chance has it: self is the probability of each element, or only has the shape."""
    given = call.value("self")
    return call.emit("RandomUniformLike" if call.has("p") else "Bernoulli", given)


def size(call: AtenCall) -> str:
    """sym_size: one size, a number that depends on the shape alone."""
    axis = call.axis("dim")
    one = call.emit("Shape", call.value("self"), start=axis, end=axis + 1)
    return call.emit("Squeeze", one, call.numbers(0))


def count(call: AtenCall) -> str:
    """sym_numel: how many elements there are."""
    return call.emit("Size", call.value("self"))


def item(call: AtenCall) -> str:
    """item(): the one element as a number."""
    value = call.emit("Reshape", call.value("self"), call.writer.literal((), (0,), "int64"))
    return call.cast(value, call.outputs[0].dtype)


def multinomial(call: AtenCall) -> str:
    """Places drawn at random; ONNX, which has this op, counts them by int32 where nothing else is said."""
    size = attribute(call, "num_samples")
    return call.emit("Multinomial", call.value("self"), sample_size=size, dtype=ONNX_NUMBERS["int64"])

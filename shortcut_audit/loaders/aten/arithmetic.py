"""Which canonical ops stand behind ATen's arithmetic, element by element or over axes?

Definitions: the operators' pages in PyTorch's documentation.
"""

from __future__ import annotations

from shortcut_audit.loaders.aten.call import AtenCall, Misfit, Rule


def scaled(call: AtenCall, value: str, name: str) -> str:
    """The value times the argument `name` (alpha, beta, value), which is 1 by default."""
    factor = call.number(name, 1)
    if factor == 1:
        return value
    return call.emit("Mul", value, call.operand(factor, call.type_of(value).dtype or call.outputs[0].dtype))


def add(call: AtenCall) -> str:
    """Self + alpha * other."""
    left, right = call.together("self", "other")
    return call.emit("Add", left, scaled(call, right, "alpha"))


def add_and_cut(call: AtenCall) -> str:
    """_add_relu: relu(self + alpha * other)."""
    return call.emit("Relu", add(call))


def sub(call: AtenCall) -> str:
    """Self - alpha * other."""
    left, right = call.together("self", "other")
    return call.emit("Sub", left, scaled(call, right, "alpha"))


def rsub(call: AtenCall) -> str:
    """Other - alpha * self."""
    left, right = call.together("self", "other")
    return call.emit("Sub", right, scaled(call, left, "alpha"))


def addcmul(call: AtenCall) -> str:
    """Self + value * tensor1 * tensor2."""
    product = call.emit("Mul", call.value("tensor1"), call.value("tensor2"))
    return call.emit("Add", call.value("self"), scaled(call, product, "value"))


def addcdiv(call: AtenCall) -> str:
    """Self + value * tensor1 / tensor2."""
    quotient = call.emit("Div", call.value("tensor1"), call.value("tensor2"))
    return call.emit("Add", call.value("self"), scaled(call, quotient, "value"))


def lerp(call: AtenCall) -> str:
    """Self + weight * (end - self)."""
    start = call.value("self")
    way = call.emit("Sub", call.value("end"), start)
    return call.emit("Add", start, call.emit("Mul", call.value("weight", "self"), way))


def div(call: AtenCall) -> str:
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


def floor_divide(call: AtenCall) -> str:
    """The quotient, rounded down. ONNX divides integers towards zero, but its remainder has the divisor's sign."""
    left, right = call.together("self", "other")
    if _whole(call):
        return call.emit("Div", call.emit("Sub", left, call.emit("Mod", left, right)), right)
    return call.emit("Floor", call.emit("Div", left, right))


def quotient(call: AtenCall) -> str:
    """The quotient of two numbers in Python, a float also of integers."""
    return call.emit("Div", *(call.cast(call.value(name), "float64") for name in ("a", "b")))


def whole(rounding: str | None, dtype: str) -> Rule:
    """A number in Python as an integer, rounded first, or towards zero; or as a float."""

    def rule(call: AtenCall) -> str:
        value = call.value("a")
        return call.cast(value if rounding is None else call.emit(rounding, value), dtype)

    return rule


def _whole(call: AtenCall) -> bool:
    return "int" in (call.outputs[0].dtype or "")


def negated(kind: str) -> Rule:
    """A comparison and a Not."""

    def rule(call: AtenCall) -> str:
        return call.emit("Not", call.emit(kind, *call.together("self", "other")))

    return rule


def logical(kind: str) -> Rule:
    """An op on truth values: whatever is not zero is true."""

    def rule(call: AtenCall) -> str:
        names = [name for name in ("self", "other") if call.has(name)]
        return call.emit(kind, *(call.as_type(call.value(name), "bool") for name in names))

    return rule


def float_power(call: AtenCall) -> str:
    """Self to the power of exponent, in double precision."""
    operands = call.value("self", "exponent"), call.value("exponent", "self")
    return call.emit("Pow", *(call.cast(value, "float64") for value in operands))


def clamp(call: AtenCall) -> str:
    """Clip(self, min, max), either of which may be left out."""
    return call.emit("Clip", call.value("self"), call.maybe("min", "self"), call.maybe("max", "self"))


def masked_fill(call: AtenCall) -> str:
    """Value where the mask holds, self elsewhere."""
    return call.emit("Where", call.value("mask"), call.value("value", "self"), call.value("self"))


def where(call: AtenCall) -> str | tuple[str, ...]:
    """A choice; with nothing to choose from, the positions where the condition holds."""
    if not call.has("self"):
        positions = call.emit("NonZero", call.value("condition"))
        count = call.rank("condition")
        rows = call.emit_many("Split", (positions,), count, axis=0, num_outputs=count)
        return tuple(call.emit("Squeeze", row, call.numbers(0)) for row in rows)
    return call.emit("Where", call.value("condition"), *call.together("self", "other"))


def dtype_cast(call: AtenCall) -> str:
    """`to`, `_to_copy`, `type_as` keep the elements and change their type, where one is named."""
    if call.has("dtype"):
        return call.cast(call.value("self"), call.text("dtype"))
    return call.emit("Identity", call.value("self"))


def cast_like(call: AtenCall) -> str:
    """type_as, to.other: the element type of another tensor."""
    return call.cast(call.value("self"), call.dtype("other"))


def random_like(kind: str) -> Rule:
    """Random numbers in the shape of self, which is not read."""
    return lambda call: call.emit(kind, call.value("self"))

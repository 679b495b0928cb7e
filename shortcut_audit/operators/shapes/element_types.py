"""What element type has an op's output?

Most outputs have the type of the first input; of the others an operator's row tells. Source: onnx/docs/Operators.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from shortcut_audit.graph.dtypes import ONNX_TYPES
from shortcut_audit.operators.shapes.call import Call

Spec: TypeAlias = "int | str | Callable[[Call], str | None]"
"""The element type of one output: that of the input in this slot, a fixed one, or what a function finds."""


def element_types(specs: Sequence[Spec] | None, call: Call) -> list[str | None]:
    """The element type of each output, as its operator's row tells; None where it is unknown."""
    if specs is None:
        return [call.dtype(0)] * call.outputs
    found = [element_type(call, spec) for spec in specs[: call.outputs]]
    return found + [None] * (call.outputs - len(found))


def element_type(call: Call, spec: Spec) -> str | None:
    """What one entry of the table says."""
    if isinstance(spec, str):
        return spec
    return call.dtype(spec) if isinstance(spec, int) else spec(call)


def by_number(attribute: str, default: int) -> Callable[[Call], str | None]:
    """The type whose number an attribute holds."""

    def find(call: Call) -> str | None:
        number = call.attributes.get(attribute, default)
        return ONNX_TYPES.get(number) if isinstance(number, int) else None

    return find


def number_or_input(attribute: str) -> Callable[[Call], str | None]:
    """The type whose number an attribute holds; without it that of the first input."""

    def find(call: Call) -> str | None:
        return by_number(attribute, 0)(call) if call.has(attribute) else call.dtype(0)

    return find


def either(one: int, other: int) -> Callable[[Call], str | None]:
    """Two inputs of one type: that of the first whose type is known."""

    def find(call: Call) -> str | None:
        return call.dtype(one) or call.dtype(other)

    return find


def any_known(call: Call) -> str | None:
    """All inputs are of one type: that of the first whose type is known."""
    return next((given.dtype for given in call.inputs if given is not None and given.dtype is not None), None)


def quantized(call: Call) -> str | None:
    """QuantizeLinear: the zero point's type; without one what the attribute output_dtype says, by default uint8."""
    if call.given(2):
        return call.dtype(2)
    number = call.attributes.get("output_dtype", 0)
    return ONNX_TYPES.get(number or 2) if isinstance(number, int) else None


def dequantized(call: Call) -> str | None:
    """DequantizeLinear: what the attribute output_dtype says, otherwise the scale's type."""
    number = call.attributes.get("output_dtype", 0)
    if number == 0:
        return call.dtype(1)
    return ONNX_TYPES.get(number) if isinstance(number, int) else None


def dropout_mask(call: Call) -> str | None:
    """Before version 10 the mask had the data's type."""
    return call.dtype(0) if call.opset < 10 else "bool"


def statistics(call: Call) -> str | None:
    """Mean and inverse deviation of a normalisation: the attribute stash_type, float32 by default."""
    return by_number("stash_type", 1)(call)


def fill(call: Call) -> str | None:
    """ConstantOfShape: the type of its attribute, a tensor, of which only the number is known; float32 without.

    ATen's is filled with an input.
    """
    if call.given(1):
        return call.dtype(1)
    if not call.has("value"):
        return "float32"
    return "bool" if isinstance(call.attributes["value"], bool) else None


def choice(call: Call) -> str | None:
    """An If: the type that both branches have."""
    return call.dtype(1) if call.dtype(1) == call.dtype(2) else None


BOOL: Sequence[Spec] = ("bool",)
INT64: Sequence[Spec] = ("int64",)
SECOND: Sequence[Spec] = (1,)
THIRD: Sequence[Spec] = (2,)
ANY: Sequence[Spec] = (any_known,)
PAIR: Sequence[Spec] = (either(0, 1),)
NORMALIZATION: Sequence[Spec] = (0, statistics, statistics)
RANDOM: Sequence[Spec] = (by_number("dtype", 1),)
RANDOM_LIKE: Sequence[Spec] = (number_or_input("dtype"),)
SKIP_NORMALIZATION: Sequence[Spec] = (0, "float32", "float32", 0)
WINDOW: Sequence[Spec] = (by_number("output_datatype", 1),)

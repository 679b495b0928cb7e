"""Which numbers can a quantiser write, in steps of its scale and counted from its zero point?

1. Where scale and zero point are fitted to what is quantised, and in a type of floats: some on either side of zero.
2. All that the integer type holds, or those between bounds that the file states.
3. Those that a Clip leaves of what is quantised: so four bits are written in a type of eight.

Of several channels the one that cuts off most decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from shortcut_audit.graph.draft import Node
from shortcut_audit.graph.dtypes import ITEM_BITS, ONNX_TYPES
from shortcut_audit.graph.model import Constant, Input

Resolve: TypeAlias = Callable[["str | None"], Input]
"""What an input name stands for."""

Range: TypeAlias = "tuple[float, float] | None"
"""The least and the greatest number; None where they cannot be known."""

FLOATS = ("float", "bfloat", "complex")

WHOLE_BITS: Mapping[str, tuple[bool, int]] = {
    name: (not name.startswith("u"), bits) for name, bits in ITEM_BITS.items() if "int" in name
}
"""Whether an integer type has a sign, and its bits."""

BOTH_SIDES: Range = (-1, 1)


def written(node: Node, resolve: Resolve) -> Range:
    """What a QuantizeLinear can write."""
    zero = resolve(node.inputs[2]) if len(node.inputs) > 2 else None
    if node.attributes.get("dynamic") or isinstance(zero, str):
        return BOTH_SIDES  # 1
    dtype = _stated(node) if zero is None else zero.type.dtype
    if dtype is not None and dtype.startswith(FLOATS):
        return BOTH_SIDES  # 1
    ends = _held(*WHOLE_BITS[dtype]) if dtype is not None and dtype in WHOLE_BITS else None  # 2
    if ends is None:
        return None
    least, most = (node.attributes.get(name, end) for name, end in zip(("quant_min", "quant_max"), ends, strict=True))
    return _counted(least, most, (0,) if zero is None else zero.type.data)


def left(node: Node, zero: Any, resolve: Resolve) -> Range:
    """What a Clip leaves of quantised numbers with this zero point, or these (case 3)."""
    least, most = (
        number_in(resolve(node.inputs[slot])) if slot < len(node.inputs) else node.attributes.get(name)
        for slot, name in ((1, "min"), (2, "max"))
    )
    return _counted(least, most, zero if isinstance(zero, tuple) else (zero,))


def _counted(least: Any, most: Any, points: tuple[Any, ...] | None) -> Range:
    """Both ends from the zero point, or from the one of several that leaves least on that side."""
    known = points and all(isinstance(number, int | float) for number in (least, most, *points))
    return (least - min(points), most - max(points)) if points and known else None


def _stated(node: Node) -> str | None:
    """The type without a zero point; by default uint8."""
    number = node.attributes.get("output_dtype", 0)
    return ONNX_TYPES.get(number or 2) if isinstance(number, int) else None


def _held(signed: bool, bits: int) -> tuple[int, int]:
    return (-(1 << (bits - 1)) if signed else 0), (1 << (bits - signed)) - 1


def number_in(given: Input) -> int | float | None:
    """The one number in a constant; None where there are several, or it is not known."""
    data = given.type.data if isinstance(given, Constant) else None
    number = data[0] if data is not None and len(data) == 1 else None
    return number if isinstance(number, int | float) else None

"""Which canonical ops stand behind a quantised one?

Every operand is dequantised, the plain operator applied, and the result quantised. Scales and zero points of the result
that an operator makes as it goes are constants. Slots: ONNX operator specification, and ONNX Runtime's
ContribOperators.md for domain com.microsoft.
"""

from __future__ import annotations

from collections.abc import Callable

from shortcut_audit.assembly.parts import Parts


def quantised(kind: str, operands: tuple[int, ...], result: int, also: tuple[int, ...] = ()) -> Callable[[Parts], None]:
    """`operands` are slots of (tensor, scale, zero point) triples, `result` that of the result's scale.

    `also` are slots that go to the plain operator as they are: a bias in 32 bits.
    """

    def unfolding(parts: Parts) -> None:
        plain: list[str | None] = [_dequantised(parts, slot) for slot in operands]
        plain += [parts.input(slot) for slot in also]
        made = parts.add(kind, *plain, attributes=parts.kept())
        parts.add("QuantizeLinear", made, parts.input(result), parts.input(result + 1), to=parts.output(0))

    return unfolding


def _dequantised(parts: Parts, slot: int) -> str:
    return parts.add("DequantizeLinear", parts.input(slot), parts.input(slot + 1), parts.input(slot + 2))


def quantised_concat(parts: Parts) -> None:
    """QLinearConcat: result scale and zero point come first, then a triple for each operand."""
    operands = [_dequantised(parts, slot) for slot in range(2, len(parts.fused.inputs), 3)]
    made = parts.add("Concat", *operands, attributes=parts.kept("axis"))
    parts.add("QuantizeLinear", made, parts.input(0), parts.input(1), to=parts.output(0))


def quantised_where(parts: Parts) -> None:
    """QLinearWhere: the condition comes first."""
    made = parts.add("Where", parts.input(0), _dequantised(parts, 1), _dequantised(parts, 4))
    parts.add("QuantizeLinear", made, parts.input(7), parts.input(8), to=parts.output(0))


def integer(kind: str) -> Callable[[Parts], None]:
    """MatMulInteger, ConvInteger: zero points in slots 2 and 3, no scales; the result is not rescaled."""

    def unfolding(parts: Parts) -> None:
        parts.add(kind, parts.input(0), parts.input(1), to=parts.output(0), attributes=parts.kept())

    return unfolding


def integer_matmul(scale: int, bias: int) -> Callable[[Parts], None]:
    """DynamicQuantizeMatMul, MatMulIntegerToFloat: A times dequantised B, plus bias."""

    def unfolding(parts: Parts) -> None:
        weights = parts.add("DequantizeLinear", parts.input(1), parts.input(scale), None)
        shift = parts.input(bias)
        made = parts.add("MatMul", parts.input(0), weights, to=parts.output(0) if shift is None else None)
        if shift is not None:
            parts.add("Bias", made, shift, to=parts.output(0))

    return unfolding


def quantise_dynamically(parts: Parts) -> None:
    """DynamicQuantizeLinear: x in 8 bits. Its scale and zero point follow from x, but are no data: as if stored."""
    scale, zero = (parts.add(QUANTISATION, to=parts.output(slot)) for slot in (1, 2))
    parts.add("QuantizeLinear", parts.input(0), scale, zero, to=parts.output(0), attributes={"dynamic": 1})


QUANTISATION = "Quantisation"
"""A scale or zero point that a quantiser makes as it goes: reads nothing, and is therefore constant."""

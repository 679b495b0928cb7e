"""What does an op make of the elements of small constants?

One element at a time: on integers as the runtimes compute, on floats in the precision of the element type. An element
may be a symbol: it survives what leaves it as it is (times 1, plus 0); anything else makes it unknown. Sizes are never
negative, so comparisons of a symbol with a negative number are decided.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from functools import reduce
from typing import TypeAlias

from shortcut_audit.graph.model import ITEM_BITS, Datum, Shape
from shortcut_audit.graph.sizes import Unknown
from shortcut_audit.operators.shapes.call import NUMBER_LIMIT, Call, Data, Number, Propagation
from shortcut_audit.operators.shapes.constants import known_shape, offset, places
from shortcut_audit.operators.shapes.element_types import element_types
from shortcut_audit.operators.shapes.reductions import reduced_axes

Pair: TypeAlias = Callable[[Number, Number], "Number | None"]
"""What two numbers make; None where nothing sensible."""

Symbolic: TypeAlias = Callable[[Datum, Datum], Datum]
"""What two elements make of which at least one is a symbol."""


def divide(left: Number, right: Number) -> Number | None:
    """Integers are divided as in C++: towards zero."""
    if right == 0:
        return None
    if isinstance(left, float) or isinstance(right, float):
        return left / right
    return abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)


def modulo(left: Number, right: Number) -> Number | None:
    """The remainder has the divisor's sign."""
    return left % right if right else None


def remainder(left: Number, right: Number) -> Number | None:
    """C's fmod: the remainder has the dividend's sign."""
    if right == 0:
        return None
    found = abs(left) % abs(right)
    return -found if left < 0 else found


def power(left: Number, right: Number) -> Number | None:
    """Left to the right. Integers to more than the 64th overflow, or change nothing."""
    if isinstance(left, int) and isinstance(right, int):
        return left**right if 0 <= right <= 64 else None
    try:
        return math.pow(left, right)
    except (ValueError, OverflowError):
        return None


def neutral(element: int, *, both_sides: bool = True) -> Symbolic:
    """One number leaves a symbol as it is, on the right or on both sides."""

    def find(left: Datum, right: Datum) -> Datum:
        if right == element:
            return left
        return right if both_sides and left == element else None

    return find


def times(left: Datum, right: Datum) -> Datum:
    """1 leaves a symbol as it is, 0 nothing of it."""
    if left == 0 or right == 0:
        return 0
    return neutral(1)(left, right)


def minus(left: Datum, right: Datum) -> Datum:
    """0 leaves a symbol as it is; the same symbol cancels."""
    return 0 if left == right else left if right == 0 else None


def larger(left: Datum, right: Datum) -> Datum:
    """A size is larger than what is not positive."""
    if left == right or not_positive(right):
        return left
    return right if not_positive(left) else None


def smaller(left: Datum, right: Datum) -> Datum:
    """What is not positive is smaller than a size."""
    if left == right or not_positive(left):
        return left
    return right if not_positive(right) else None


def not_positive(datum: Datum) -> bool:
    """Is it a number, and not above zero?"""
    return isinstance(datum, int | float) and datum <= 0


def compared(same: bool, size_on_left: bool, size_on_right: bool) -> Symbolic:
    """A comparison's outcome for the same symbol twice, and for a size on the left or right of a negative number."""

    def find(left: Datum, right: Datum) -> Datum:
        if left == right:
            return same
        if isinstance(right, int | float) and right < 0:
            return size_on_left
        return size_on_right if isinstance(left, int | float) and left < 0 else None

    return find


def undecided(left: Datum, right: Datum) -> Datum:
    """Nothing is known."""
    return None


PAIRS: Mapping[str, tuple[Pair, Symbolic]] = {
    "Add": (lambda left, right: left + right, neutral(0)),
    "Sub": (lambda left, right: left - right, minus),
    "Mul": (lambda left, right: left * right, times),
    "Div": (divide, neutral(1, both_sides=False)),
    "Mod": (modulo, undecided),
    "Pow": (power, neutral(1, both_sides=False)),
    "Max": (max, larger),
    "Min": (min, smaller),
    "Sum": (lambda left, right: left + right, neutral(0)),
    "Equal": (lambda left, right: left == right, compared(True, False, False)),
    "Greater": (lambda left, right: left > right, compared(False, True, False)),
    "GreaterOrEqual": (lambda left, right: left >= right, compared(True, True, False)),
    "Less": (lambda left, right: left < right, compared(False, False, True)),
    "LessOrEqual": (lambda left, right: left <= right, compared(True, False, True)),
    "And": (lambda left, right: bool(left and right), undecided),
    "Or": (lambda left, right: bool(left or right), undecided),
    "Xor": (lambda left, right: bool(left) != bool(right), undecided),
}

REMAINDER: tuple[Pair, Symbolic] = (remainder, undecided)
"""Mod with the attribute fmod."""

REDUCTIONS: Mapping[str, str] = {"ReduceMax": "Max", "ReduceMin": "Min", "ReduceProd": "Mul", "ReduceSum": "Add"}

SINGLES: Mapping[str, Callable[[Number], Number | None]] = {
    "Abs": abs,
    "Ceil": math.ceil,
    "Floor": math.floor,
    "Neg": lambda datum: -datum,
    "Not": lambda datum: not datum,
    "Reciprocal": lambda datum: 1 / datum if datum else None,
    "Round": round,
    "Sqrt": lambda datum: math.sqrt(datum) if datum >= 0 else None,
}

SIZE_KEEPING = ("Abs", "Ceil", "Floor", "Round")
"""What leaves a size as it is."""


def combine(operation: tuple[Pair, Symbolic], left: Datum, right: Datum, dtype: str | None) -> Datum:
    """What an operator makes of two elements."""
    if left is None or right is None:
        return None
    numeric, symbolic = operation
    if isinstance(left, str) or isinstance(right, str):
        return symbolic(left, right)
    usable = abs(left) <= NUMBER_LIMIT and abs(right) <= NUMBER_LIMIT
    return stored(numeric(left, right), dtype) if usable else None


def alone(kind: str, datum: Datum, dtype: str | None) -> Datum:
    """What an operator makes of one element."""
    if isinstance(datum, str):
        return datum if kind in SIZE_KEEPING else None
    return stored(SINGLES[kind](datum), dtype) if datum is not None and abs(datum) <= NUMBER_LIMIT else None


def cast(datum: Datum, dtype: str | None) -> Datum:
    """The element in another type; to integers as in C, towards zero."""
    if datum is None or dtype is None:
        return None
    if isinstance(datum, str):
        return datum if ITEM_BITS.get(dtype, 0) >= 32 else None
    if dtype == "bool":
        return bool(datum)
    return stored(+datum, dtype) if abs(datum) <= NUMBER_LIMIT else None


FORMATS: Mapping[str | None, str] = {"float16": "e", "float32": "f", "float64": "d"}


def stored(datum: Number | None, dtype: str | None) -> Datum:
    """A number as a tensor of this element type holds it; None where it does not fit, or is beyond all sizes."""
    if datum is None or isinstance(datum, bool):
        return datum
    if not abs(datum) <= NUMBER_LIMIT:
        return None
    if dtype in FORMATS:
        try:
            return float(struct.unpack(FORMATS[dtype], struct.pack(FORMATS[dtype], float(datum)))[0])
        except OverflowError:
            return None
    if dtype is None:
        return datum
    bits = ITEM_BITS.get(dtype)
    if bits is None or "int" not in dtype:
        return None
    lowest = 0 if dtype.startswith("u") else -(2 ** (bits - 1))
    return int(datum) if lowest <= int(datum) < lowest + 2**bits else None


def pairs(call: Call, shapes: list[Shape]) -> list[Data]:
    """Two inputs, or more, broadcast."""
    operands = [(call.data(slot), known_shape(call.shape(slot))) for slot in range(len(call.inputs))]
    operation = REMAINDER if call.kind == "Mod" and call.integer("fmod", 0) else PAIRS[call.kind]
    dtype = element_types(call)[0]
    found: list[Datum] = []
    for place in places(known_shape(shapes[0])):
        result, *others = (data[offset(place, own)] for data, own in operands)
        for other in others:
            result = combine(operation, result, other, dtype)
        found.append(result)
    return [tuple(found)]


def singles(call: Call, shapes: list[Shape]) -> list[Data]:
    """One input."""
    dtype = element_types(call)[0]
    return [tuple(alone(call.kind, datum, dtype) for datum in call.data(0))]


def casts(call: Call, shapes: list[Shape]) -> list[Data]:
    """Cast and CastLike."""
    dtype = element_types(call)[0]
    return [tuple(cast(datum, dtype) for datum in call.data(0))]


def clip(call: Call, shapes: list[Shape]) -> list[Data]:
    """Not below the second input, not above the third."""
    found = call.data(0)
    for slot, kind in ((1, "Max"), (2, "Min")):
        if call.given(slot):
            bound = call.data(slot)
            if len(bound) != 1:
                raise Unknown
            found = tuple(combine(PAIRS[kind], datum, bound[0], call.dtype(0)) for datum in found)
    return [found]


def reductions(call: Call, shapes: list[Shape]) -> list[Data]:
    """All elements along some axes, folded into one."""
    data, shape, axes = call.data(0), known_shape(call.shape(0)), reduced_axes(call)
    kept = tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    groups: list[list[Datum]] = [[] for _ in range(math.prod(kept))]
    for place, datum in zip(places(shape), data, strict=True):
        groups[offset(place, kept)].append(datum)
    if not data:
        raise Unknown
    operation, dtype = PAIRS[REDUCTIONS[call.kind]], call.dtype(0)
    return [tuple(reduce(lambda left, right: combine(operation, left, right, dtype), group) for group in groups)]


PROPAGATIONS: Mapping[str, Propagation] = {
    **dict.fromkeys(PAIRS, pairs),
    **dict.fromkeys(REDUCTIONS, reductions),
    **dict.fromkeys(SINGLES, singles),
    "Cast": casts,
    "CastLike": casts,
    "Clip": clip,
}

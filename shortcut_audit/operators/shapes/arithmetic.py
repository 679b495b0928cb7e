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

from shortcut_audit.graph.dtypes import ITEM_BITS
from shortcut_audit.graph.model import Datum
from shortcut_audit.graph.sizes import Unknown
from shortcut_audit.operators.shapes.call import NUMBER_LIMIT, Call, Data, Made, Number, Propagation
from shortcut_audit.operators.shapes.constants import known_shape, offset, places
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


Operation: TypeAlias = tuple[Pair, Symbolic]

ADD: Operation = (lambda left, right: left + right, neutral(0))
SUB: Operation = (lambda left, right: left - right, minus)
MUL: Operation = (lambda left, right: left * right, times)
DIV: Operation = (divide, neutral(1, both_sides=False))
MOD: Operation = (modulo, undecided)
REMAINDER: Operation = (remainder, undecided)
"""Mod with the attribute fmod."""
POW: Operation = (power, neutral(1, both_sides=False))
MAX: Operation = (max, larger)
MIN: Operation = (min, smaller)
EQUAL: Operation = (lambda left, right: left == right, compared(True, False, False))
GREATER: Operation = (lambda left, right: left > right, compared(False, True, False))
GREATER_OR_EQUAL: Operation = (lambda left, right: left >= right, compared(True, True, False))
LESS: Operation = (lambda left, right: left < right, compared(False, False, True))
LESS_OR_EQUAL: Operation = (lambda left, right: left <= right, compared(True, False, True))
AND: Operation = (lambda left, right: bool(left and right), undecided)
OR: Operation = (lambda left, right: bool(left or right), undecided)
XOR: Operation = (lambda left, right: bool(left) != bool(right), undecided)

Single: TypeAlias = Callable[[Number], "Number | None"]
"""What one number makes; None where nothing sensible."""


def negative(datum: Number) -> Number:
    """The number with the opposite sign."""
    return -datum


def inverse(datum: Number) -> Number | None:
    """One over the number."""
    return 1 / datum if datum else None


def root(datum: Number) -> Number | None:
    """The square root of what is not negative."""
    return math.sqrt(datum) if datum >= 0 else None


def negation(datum: Number) -> Number:
    """Whether it is not so."""
    return not datum


def combine(operation: Operation, left: Datum, right: Datum, dtype: str | None) -> Datum:
    """What an operator makes of two elements."""
    if left is None or right is None:
        return None
    numeric, symbolic = operation
    if isinstance(left, str) or isinstance(right, str):
        return symbolic(left, right)
    usable = abs(left) <= NUMBER_LIMIT and abs(right) <= NUMBER_LIMIT
    return stored(numeric(left, right), dtype) if usable else None


def alone(operation: Single, datum: Datum, dtype: str | None, *, keeps_sizes: bool) -> Datum:
    """What an operator makes of one element; some leave a size as it is."""
    if isinstance(datum, str):
        return datum if keeps_sizes else None
    return stored(operation(datum), dtype) if datum is not None and abs(datum) <= NUMBER_LIMIT else None


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


def pairs(operation: Operation, *, remainder: bool = False) -> Propagation:
    """Two inputs, or more, broadcast; `remainder`: the attribute fmod asks for another operation."""

    def find(call: Call, made: Made) -> list[Data]:
        operands = [(call.data(slot), known_shape(call.shape(slot))) for slot in range(len(call.inputs))]
        asked = REMAINDER if remainder and call.integer("fmod", 0) else operation
        found: list[Datum] = []
        for place in places(known_shape(made[0].shape)):
            result, *others = (data[offset(place, own)] for data, own in operands)
            for other in others:
                result = combine(asked, result, other, made[0].dtype)
            found.append(result)
        return [tuple(found)]

    return find


def singles(operation: Single, *, keeps_sizes: bool = False) -> Propagation:
    """One input, element by element."""

    def find(call: Call, made: Made) -> list[Data]:
        return [tuple(alone(operation, datum, made[0].dtype, keeps_sizes=keeps_sizes) for datum in call.data(0))]

    return find


def casts(call: Call, made: Made) -> list[Data]:
    """Cast and CastLike."""
    return [tuple(cast(datum, made[0].dtype) for datum in call.data(0))]


def clip(call: Call, made: Made) -> list[Data]:
    """Clip keeps each element between the second input and the third."""
    found = call.data(0)
    for slot, operation in ((1, MAX), (2, MIN)):
        if call.given(slot):
            bound = call.data(slot)
            if len(bound) != 1:
                raise Unknown
            found = tuple(combine(operation, datum, bound[0], call.dtype(0)) for datum in found)
    return [found]


def reductions(operation: Operation) -> Propagation:
    """All elements along some axes, folded into one."""

    def find(call: Call, made: Made) -> list[Data]:
        data, shape, axes = call.data(0), known_shape(call.shape(0)), reduced_axes(call)
        kept = tuple(1 if axis in axes else size for axis, size in enumerate(shape))
        groups: list[list[Datum]] = [[] for _ in range(math.prod(kept))]
        for place, datum in zip(places(shape), data, strict=True):
            groups[offset(place, kept)].append(datum)
        if not data:
            raise Unknown
        return [tuple(reduce(lambda one, two: combine(operation, one, two, call.dtype(0)), group) for group in groups)]

    return find

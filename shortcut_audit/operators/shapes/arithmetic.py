"""What does an op make of the elements of small constants?

One element at a time: on integers as the runtimes compute, on floats in the precision of the element type. An element
may be a formula over open sizes, which is computed with exactly, whatever the element type. Sizes are never negative,
so a comparison of one with a negative number is decided.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from functools import reduce
from typing import TypeAlias

from shortcut_audit.algebra.bounds import at_most, never_equal
from shortcut_audit.algebra.derived import exactly_divided, floor_divided, larger, smaller
from shortcut_audit.algebra.derived import remainder as open_remainder
from shortcut_audit.algebra.formula import number_of
from shortcut_audit.algebra.polynomial import Cost
from shortcut_audit.algebra.polynomial import Number as Exact
from shortcut_audit.graph.dtypes import ITEM_BITS
from shortcut_audit.graph.model import Datum
from shortcut_audit.graph.sizes import Unknown, dim_of
from shortcut_audit.operators.shapes.call import NUMBER_LIMIT, Call, Data, Made, Number, Propagation
from shortcut_audit.operators.shapes.constants import known_shape, offset, places
from shortcut_audit.operators.shapes.reductions import reduced_axes

Pair: TypeAlias = Callable[[Number, Number], "Number | None"]
"""What two numbers make; None where nothing sensible."""

Open: TypeAlias = "Callable[[Exact, Exact, bool], bool | Cost]"
"""What two exact numbers make of which at least one is open; whether they are of an integer type."""


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


def exact(datum: Datum) -> Cost:
    """An element as an exact number, a formula where it is an open size; None for a fraction."""
    if isinstance(datum, str):
        return number_of(datum)
    if datum is None or isinstance(datum, int):
        return datum
    return int(datum) if float(datum).is_integer() else None


def divided_open(above: Exact, below: Exact, whole: bool) -> Cost:
    """A quotient: of integers as in C++, if neither is negative; of others, if it leaves no remainder."""
    if not whole:
        return exactly_divided(above, below)
    return floor_divided(above, below) if at_most(0, above) and at_most(0, below) else None


def remainder_open(above: Exact, below: Exact, whole: bool) -> Cost:
    """What is left of a quotient, if neither is negative."""
    return open_remainder(above, below) if at_most(0, above) and at_most(0, below) else None


def power_open(base: Exact, exponent: Exact, whole: bool) -> Cost:
    """A small power."""
    if not isinstance(exponent, int) or not 0 <= exponent <= 8:
        return None
    product: Exact = 1
    for _ in range(exponent):
        product = product * base
    return product


def equal_open(left: Exact, right: Exact, whole: bool) -> bool | None:
    """Whether two numbers are equal for all sizes, or for none."""
    if left == right:
        return True
    return False if never_equal(left, right) else None


def opposite(decided: bool | None) -> bool | None:
    """The opposite of a truth value, where it is decided."""
    return None if decided is None else not decided


def undecided(left: Exact, right: Exact, whole: bool) -> None:
    """Nothing is known."""


Operation: TypeAlias = tuple[Pair, Open]

ADD: Operation = (lambda left, right: left + right, lambda left, right, _: left + right)
SUB: Operation = (lambda left, right: left - right, lambda left, right, _: left - right)
MUL: Operation = (lambda left, right: left * right, lambda left, right, _: left * right)
DIV: Operation = (divide, divided_open)
MOD: Operation = (modulo, remainder_open)
REMAINDER: Operation = (remainder, remainder_open)
"""Mod with the attribute fmod."""

POW: Operation = (power, power_open)
MAX: Operation = (max, lambda left, right, _: larger(left, right))
MIN: Operation = (min, lambda left, right, _: smaller(left, right))
EQUAL: Operation = (lambda left, right: left == right, equal_open)
GREATER: Operation = (lambda left, right: left > right, lambda left, right, _: opposite(at_most(left, right)))
GREATER_OR_EQUAL: Operation = (lambda left, right: left >= right, lambda left, right, _: at_most(right, left))
LESS: Operation = (lambda left, right: left < right, lambda left, right, _: opposite(at_most(right, left)))
LESS_OR_EQUAL: Operation = (lambda left, right: left <= right, lambda left, right, _: at_most(left, right))
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
        one, other = exact(left), exact(right)
        whole = dtype is None or "int" in dtype
        return None if one is None or other is None else as_datum(symbolic(one, other, whole))
    usable = abs(left) <= NUMBER_LIMIT and abs(right) <= NUMBER_LIMIT
    return stored(numeric(left, right), dtype) if usable else None


def as_datum(found: bool | Cost) -> Datum:
    """A number, a formula or a decision as the element of a constant."""
    return found if isinstance(found, bool) else dim_of(found)


def alone(operation: Single, datum: Datum, dtype: str | None, *, keeps_sizes: bool) -> Datum:
    """What an operator makes of one element; some leave a size as it is."""
    if isinstance(datum, str):
        size = number_of(datum)
        if operation is negative:
            return dim_of(-1 * size)
        return datum if keeps_sizes and (operation is not abs or at_most(0, size)) else None
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


def quantises(call: Call, made: Made) -> list[Data]:
    """QuantizeLinear with one scale: x / scale, rounded to the nearest, half to even, and kept within the type."""
    dtype = made[0].dtype
    bits = ITEM_BITS.get(dtype or "")
    if bits is None or "int" not in str(dtype):
        raise Unknown
    scale, zero = one_scale(call)
    lowest = 0 if str(dtype).startswith("u") else -(2 ** (bits - 1))

    def step(datum: Datum) -> Datum:
        ratio = combine(DIV, datum, scale, call.dtype(1))
        if not isinstance(ratio, float):
            return None
        return int(min(max(round(ratio) + zero, lowest), lowest + 2**bits - 1))

    return [tuple(step(datum) for datum in call.data(0))]


def dequantises(call: Call, made: Made) -> list[Data]:
    """DequantizeLinear with one scale: (q - zero point) scale, in the precision of the scale."""
    scale, zero = one_scale(call)
    dtype = made[0].dtype
    return [tuple(combine(MUL, combine(SUB, datum, zero, None), scale, dtype) for datum in call.data(0))]


def one_scale(call: Call) -> tuple[Datum, int]:
    """The scale and the zero point of a whole tensor; quantised per axis or per block, nothing is known."""
    zeros = call.data(2) if call.given(2) else (0,)
    scales = call.data(1)
    if len(scales) != 1 or len(zeros) != 1 or not isinstance(zeros[0], int) or call.integer("precision", 0):
        raise Unknown
    return scales[0], zeros[0]


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

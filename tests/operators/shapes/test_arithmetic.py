"""Elements that are computed: integers as in C++, floats in the precision of their type, symbols where they survive."""

from __future__ import annotations

import pytest

from shortcut_audit.graph.model import Datum, TensorType
from tests.operators.shapes.calls import data, matrix, numbers


@pytest.mark.parametrize(
    ("kind", "left", "right", "expected"),
    [
        ("Add", 7, 3, 10),
        ("Sub", 7, 10, -3),
        ("Mul", 7, 3, 21),
        ("Div", 7, 2, 3),
        ("Div", -7, 2, -3),  # towards zero, as in C++
        ("Div", 7, 0, None),
        ("Mod", -7, 3, 2),  # the divisor's sign, as in Python
        ("Mod", 7, 0, None),
        ("Pow", 2, 10, 1024),
        ("Pow", 2, -1, None),
        ("Pow", 10, 2**62, None),  # would fill the memory
        ("Pow", 3, 64, None),  # does not fit an int64
        ("Max", 7, 3, 7),
        ("Min", 7, 3, 3),
        ("Equal", 7, 7, True),
        ("Less", 7, 3, False),
        ("LessOrEqual", 3, 3, True),
        ("Greater", 7, 3, True),
        ("GreaterOrEqual", 2, 3, False),
        ("Mul", 2**62, 2, None),
        ("Add", 10**400, 1, None),
        ("Add", None, 1, None),
    ],
)
def test_integers(kind: str, left: int, right: int, expected: Datum) -> None:
    assert data(kind, (left,), (right,)) == (expected,)


@pytest.mark.parametrize(
    ("kind", "left", "right", "expected"),
    [
        # What leaves a size as it is.
        ("Add", "N", 0, "N"),
        ("Add", 0, "N", "N"),
        ("Sub", "N", 0, "N"),
        ("Mul", "N", 1, "N"),
        ("Mul", 1, "N", "N"),
        ("Div", "N", 1, "N"),
        ("Pow", "N", 1, "N"),
        ("Max", "N", 0, "N"),
        ("Min", "N", "N", "N"),
        # What does not depend on it.
        ("Mul", "N", 0, 0),
        ("Sub", "N", "N", 0),
        ("Min", -1, "N", -1),
        ("Equal", "N", "N", True),
        ("Equal", "N", -1, False),  # a size is never negative
        ("Equal", -1, "N", False),
        ("Less", "N", -1, False),
        ("Less", -1, "N", True),
        ("GreaterOrEqual", "N", "N", True),
        # What is a formula over it.
        ("Sub", 0, "N", "-N"),
        ("Add", "N", 1, "N + 1"),
        ("Mul", "N", 2, "2*N"),
        ("Div", 1, "N", "1//N"),
        ("Div", "2*N", 2, "N"),
        ("Div", "N - 1", 2, None),  # C++ rounds towards zero: 0 where N is 0, a floor would be -1
        ("Add", "N", "M", "M + N"),
        ("Max", "N", 3, "max(3, N)"),
        ("Mod", "N", 2, "N - 2*(N//2)"),
        ("Less", "N", "N + 1", True),
        ("Greater", "N + 1", 0, True),
        # What depends on it.
        ("Equal", "N", "M", None),
        ("Equal", "N", 3, None),
        ("Less", "N", 3, None),
        ("And", "N", 1, None),
    ],
)
def test_symbols(kind: str, left: Datum, right: Datum, expected: Datum) -> None:
    assert data(kind, (left,), (right,)) == (expected,)


def test_operands_are_broadcast() -> None:
    assert data("Mul", ("N", 3, 4), 1) == ("N", 3, 4)
    assert data("Add", matrix(2, 1, 10, 20), (1, 2)) == (11, 12, 21, 22)
    assert data("Max", (1, 5), (4, 2), (3, 3)) == (4, 5)


def test_floats_have_the_precision_of_their_type() -> None:
    # The nearest float32 of 0.1 is 0.100000001490116.
    assert data("Mul", numbers("float32", 0.1), numbers("float32", 1.0)) == (0.10000000149011612,)
    assert data("Mul", numbers("float64", 0.1), numbers("float64", 1.0)) == (0.1,)
    # float16 ends at 65504.
    assert data("Mul", numbers("float16", 300.0), numbers("float16", 300.0)) == (None,)
    assert data("Div", numbers("float32", 7.0), numbers("float32", 2.0)) == (3.5,)
    assert data("Pow", numbers("float32", -1.0), numbers("float32", 0.5)) == (None,)
    assert data("Pow", numbers("float64", 10.0), numbers("float64", 400.0)) == (None,)
    assert data("Mod", numbers("float32", -7.0), numbers("float32", 3.0), fmod=1) == (-1.0,)  # the dividend's sign


def test_what_is_not_finite_is_not_computed_with() -> None:
    bad = numbers("float32", float("inf"), float("-inf"), float("nan"))
    assert data("Add", bad, 1.0) == (None, None, None)
    assert data("Floor", bad) == (None, None, None)
    assert data("Cast", bad, to=7) == (None, None, None)


def test_what_does_not_fit_its_type_is_unknown() -> None:
    assert data("Add", numbers("uint8", 200), numbers("uint8", 100)) == (None,)
    assert data("Sub", numbers("uint8", 1), numbers("uint8", 2)) == (None,)
    assert data("Mul", numbers("int32", 2**20), numbers("int32", 2**11)) == (None,)
    assert data("Mul", numbers("complex64", 2), numbers("complex64", 3)) == (None,)


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("Floor", -1.5, -2.0),
        ("Ceil", 1.2, 2.0),
        ("Round", 2.5, 2.0),  # halves to even
        ("Sqrt", 9.0, 3.0),
        ("Sqrt", -1.0, None),
        ("Reciprocal", 4.0, 0.25),
        ("Reciprocal", 0.0, None),
        ("Neg", 7.0, -7.0),
        ("Abs", -7.0, 7.0),
        ("Ceil", "N", "N"),
        ("Neg", "N", "-N"),
    ],
)
def test_single_operands(kind: str, given: Datum, expected: Datum) -> None:
    assert data(kind, numbers("float32", given)) == (expected,)


def test_casts() -> None:
    assert data("Cast", numbers("float32", -1.9, 2.9), to=7) == (-1, 2)  # towards zero
    assert data("Cast", (0, 5), to=9) == (False, True)
    assert data("Cast", numbers("bool", True), to=7) == (1,)
    assert data("Cast", ("N", None), to=1) == ("N", None)
    assert data("Cast", ("N",), to=3) == (None,)  # not every size fits an int8
    assert data("Cast", (300,), to=2) == (None,)
    assert data("Cast", (3,), to=999) == (None,)
    assert data("CastLike", (3,), numbers("float32", 0.0)) == (3.0,)


def test_a_quantised_size_is_computed_as_the_runtime_does() -> None:
    # 4 / 0.01568627543747425 = 255.00003, which is 255 steps above -128; 255 scales are 4.0000002, in float32 4.0.
    scale, zero = numbers("float32", 0.01568627543747425), numbers("int8", -128)
    assert data("QuantizeLinear", numbers("float32", 4.0, 9.0, -1.0), scale, zero) == (127, 127, -128)
    assert data("DequantizeLinear", numbers("int8", 127, -128), scale, zero) == (4.0, 0.0)
    # Halves to the even neighbour: 0.5 and 1.5 steps of 2.
    assert data("QuantizeLinear", numbers("float32", 1.0, 3.0), numbers("float32", 2.0)) == (0, 2)
    # An integer is divided by the scale as a float: 3 / 2 = 1.5, to the even 2.
    assert data("QuantizeLinear", numbers("int32", 3), numbers("float32", 2.0)) == (2,)


def test_a_quantiser_of_several_scales_or_of_an_open_size_makes_nothing_known() -> None:
    assert data("QuantizeLinear", numbers("float32", 1.0, 2.0), numbers("float32", 1.0, 2.0)) is None
    assert data("QuantizeLinear", numbers("float32", "N"), numbers("float32", 2.0)) == (None,)
    assert data("DequantizeLinear", numbers("int8", 3), numbers("float32", 2.0), "1") is None


def test_logic() -> None:
    both = numbers("bool", True, False), numbers("bool", True, True)
    assert data("And", *both) == (True, False)
    assert data("Or", *both) == (True, True)
    assert data("Xor", *both) == (False, True)
    assert data("Not", both[0]) == (False, True)


def test_clip() -> None:
    assert data("Clip", (-5, 5, 50), 0, 10) == (0, 5, 10)
    assert data("Clip", ("N", 5), 0) == ("N", 5)
    assert data("Clip", (1,), None, "1") is None


def test_reductions() -> None:
    assert data("ReduceProd", (3, 4, 5)) == (60,)
    assert data("ReduceProd", ("N", 1, 1)) == ("N",)
    assert data("ReduceProd", ("N", 2)) == ("2*N",)
    assert data("ReduceSum", matrix(2, 3, 1, 2, 3, 4, 5, 6), (1,)) == (6, 15)
    assert data("ReduceMax", matrix(2, 3, 1, 2, 3, 4, 5, 6), axes=(0,), keepdims=0) == (4, 5, 6)
    assert data("ReduceMin", (4, 2, 3), keepdims=0) == (2,)


def test_an_operand_that_is_no_constant_leaves_the_result_none() -> None:
    assert data("Mul", "2x3", 2) is None
    assert data("Add", TensorType((2,), "string", ("a", "b")), (1, 2)) is None


def test_a_power_of_an_open_size_is_written_out_to_the_eighth() -> None:
    assert data("Pow", ("N",), (8,)) == ("N**8",)
    assert data("Pow", ("N",), (9,)) == (None,)

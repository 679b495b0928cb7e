"""Which numbers and values does a product multiply?"""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.model import Constant, ModelGraph, TensorType
from shortcut_audit.search.rewrites.products import Algebra, Product, number
from tests.sketch import listing, stored


@pytest.mark.parametrize("name", ["a", "z"], ids=["the product last", "the product first"])
@pytest.mark.parametrize(("values", "factors"), [(2, 2), (16, 16), (40, 17)])
def test_a_product_is_taken_apart_until_it_has_sixteen_factors(values: int, factors: int, name: str) -> None:
    """What it holds is bounded: both factors of the last that is taken apart are there, and that is all.

    Factors are taken in the order of their names.
    """
    lines = [f"p{n} = Mul({f'p{n - 1}' if n > 1 else f'{name}0'}, {name}{n})" for n in range(1, values)]
    graph = assemble(listing(*lines, **{f"{name}{n}": (1, 8) for n in range(values)}))
    assert len(Algebra(graph).term(f"p{values - 1}").atoms) == factors


# --- what a product is -----------------------------------------------------------------------------------------------

GIVEN: dict[str, object] = {
    "x": (1, 8), "z": (1, 8), "two": stored(data=(2.0,), literal=True), "half": stored(data=(0.5,), literal=True),
    "nought": stored(data=(0.0,), literal=True), "endless": stored(data=(math.inf,), literal=True),
    "alpha": stored(data=(2.0,)), "v": stored(8), "twos": stored(8, data=(2.0,) * 8, literal=True),
    "narrow": TensorType((1, 8), "float16"), "s": stored(data=(0.5,)), "w": stored(8, 8),
    "nil": stored(dtype="int8", data=(0,)),
}  # fmt: skip


def algebra(*lines: str) -> tuple[Algebra, ModelGraph]:
    read = {word for line in lines for word in line.partition("(")[2].partition(")")[0].split(", ")}
    graph = assemble(listing(*lines, **{name: given for name, given in GIVEN.items() if name in read}))  # type: ignore[arg-type]
    return Algebra(graph), graph


def said(*lines: str, sign: int = 1) -> str:
    """The product that y is: its number, its values, and what is stored as `_`, or `1/_` where it divides."""
    product = algebra(*lines)[0].term("y", sign)
    atoms = [atom if isinstance(atom, str) else "1/_" if atom.inverse else "_" for atom in product.atoms]
    return " ".join([str(product.factor), *atoms])


@pytest.mark.parametrize(
    ("lines", "product"),
    [
        (("y = Mul(x, z)",), "1 x z"), (("y = Mul(z, x)",), "1 x z"), (("y = Mul(x, x)",), "1 x x"),
        (("y = Mul(x, two)",), "2 x"), (("y = Mul(two, x)",), "2 x"), (("y = Mul(x, v)",), "1 x _"),
        (("y = Mul(x, alpha)",), "1 x _"),  # stored, whatever it holds
        (("y = Mul(x, twos)",), "1 x _"),  # eight numbers
        (("y = Mul(x, endless)",), "1 x _"),
        (("y = Neg(x)",), "-1 x"), (("a = Neg(x)", "y = Neg(a)"), "1 x"),
        (("a = Mul(x, two)", "y = Mul(a, half)"), "1 x"),
        (("y = Div(x, two)",), "1/2 x"), (("y = Div(x, half)",), "2 x"), (("y = Div(x, v)",), "1 x 1/_"),
        (("y = Div(x, z)",), "1 y"), (("y = Div(x, nought)",), "1 y"), (("y = Div(two, x)",), "1 y"),
        (("y = Scale(x) factor=3.0",), "3 x"), (("y = Scale(x) factor=-0.5",), "-1/2 x"), (("y = Scale(x)",), "1 y"),
        (("y = Scale(x) factor=a",), "1 y"),
        (("y = Relu(x)",), "1 y"), (("y = Add(x, z)",), "1 y"),
        (("a = Identity(x)", "y = Mul(a, z)"), "1 x z"), (("y = Cast(narrow) to=1",), "1 narrow"),
        (("a = Cast(x) to=10", "y = Cast(a) to=1"), "1 a"), (("a = Cast(x) to=16", "y = Neg(a)"), "-1 a"),  # it rounds
        (("a = Cast(x) to=7", "y = Cast(a) to=1"), "1 y"),  # integers round
        (("a = Mul(x, two)", "b = Mul(z, half)", "y = Mul(a, b)"), "1 x z"),
        (("a = Neg(x)", "b = Mul(a, v)", "y = Div(b, two)"), "-1/2 x _"),
        (("a = QuantizeLinear(x, s, nil)", "b = DequantizeLinear(a, s, nil)", "y = Neg(b)"), "-1 b"),  # it rounds
    ],
)  # fmt: skip
def test_a_value_as_a_product(lines: tuple[str, ...], product: str) -> None:
    assert said(*lines) == product


def test_what_is_subtracted_is_the_opposite() -> None:
    assert said("y = Mul(x, two)", sign=-1) == "-2 x"
    assert said("y = Relu(x)", sign=-1) == "-1 y"
    product = algebra("y = Mul(x, two)")[0].term("y")
    assert (product.value, product.subtracted) == ("y", False)
    assert (product.negated().value, product.negated().subtracted, product.negated().factor) == ("y", True, -2)
    assert product.negated().negated() == product


def test_a_constant_as_a_product() -> None:
    found, graph = algebra("y = Sum(x, two, v)")
    two, vector = graph.values["y"].op.inputs[1:]  # type: ignore[union-attr]
    assert isinstance(two, Constant)
    assert isinstance(vector, Constant)
    assert (found.term(two), found.term(two, -1)) == (Product(Fraction(2), ()), Product(Fraction(-2), ()))
    assert (found.term(vector).factor, found.term(vector, -1).factor, len(found.term(vector).atoms)) == (1, -1, 1)
    assert found.term(vector).atoms == found.term(vector).atoms  # one tensor is one factor
    assert [number(given) for given in (two, vector, "x", None)] == [2, None, None, None]


@pytest.mark.parametrize(("atoms", "base"), [((), None), (("x",), "x"), (("x", "z"), None), (("x", "x"), None)])
def test_the_one_value_of_a_product(atoms: tuple[str, ...], base: str | None) -> None:
    assert Product(Fraction(3), atoms).base == base


def test_a_product_without_one_of_its_factors() -> None:
    assert Product(Fraction(3), ("x", "x", "z"), value="y").without("x") == Product(Fraction(3), ("x", "z"))
    assert Product(Fraction(3), ("x", "z")).times(Product(Fraction(2), ("a",))) == Product(Fraction(6), ("a", "x", "z"))


@pytest.mark.parametrize(
    ("line", "addends"),
    [
        ("y = Add(x, z)", [(1, "x"), (1, "z")]), ("y = Sub(x, z)", [(1, "x"), (-1, "z")]),
        ("y = Sum(x, z, x)", [(1, "x"), (1, "z"), (1, "x")]), ("y = Mean(x, z)", None), ("y = Mul(x, z)", None),
    ],
)  # fmt: skip
def test_what_an_op_adds(line: str, addends: list[tuple[int, str]] | None) -> None:
    assert algebra(line)[0].addends("y") == addends
    assert algebra("y = Relu(x)")[0].addends("x") is None


@pytest.mark.parametrize(
    ("lines", "factors", "only"),
    [
        (("a = Relu(x)", "y = Mul(a, z)"), (), True), (("a = Relu(x)", "y = Add(a, z)"), (), False),
        (("a = Relu(x)", "b = Identity(a)", "y = Mul(b, z)"), (), True),
        (("a = Relu(x)", "b = Identity(a)", "y = Add(b, z)"), (), False),
        (("a = Relu(x)", "y = Mul(a, z)", "o = Add(a, z)"), (), False),
        (("y = Relu(x)", "a = Identity(x)"), (), False),  # nobody reads it
        (("a = Relu(x)", "t = Sigmoid(a)", "y = Mul(a, t)"), ("t",), True),
        (("a = Relu(x)", "c = MatMul(a, w)", "t = Sigmoid(c)", "y = Mul(a, t)"), ("t",), True),
        (("a = Relu(x)", "t = Sigmoid(z)", "y = Mul(a, t)"), ("t",), True),
        (("a = Relu(x)", "t = Sigmoid(z)", "y = Mul(a, t)", "o = Tanh(a)"), ("t",), False),
    ],
)  # fmt: skip
def test_what_is_only_multiplied(lines: tuple[str, ...], factors: tuple[str, ...], only: bool) -> None:
    assert algebra(*lines)[0].is_factor_only("a", frozenset(factors)) is only


@pytest.mark.parametrize(("readers", "only"), [(16, True), (17, False)])
def test_sixteen_readers_are_looked_at(readers: int, only: bool) -> None:
    lines = [f"y{n} = Mul(a, z)" for n in range(readers)]
    assert algebra("a = Relu(x)", *lines)[0].is_factor_only("a") is only


@pytest.mark.parametrize(
    ("lines", "fixed"),
    [
        (("y = Transpose(x) perm=1,0",), True), (("a = Transpose(x) perm=1,0", "y = Transpose(a) perm=1,0"), True),
        (("y = ReduceMean(x) axes=1,",), True), (("y = MatMul(x, z2)",), True), (("y = MatMul(x, w)",), False),
        (("y = Relu(x)",), False), (("a = Relu(x)", "y = Transpose(a) perm=1,0"), False),
        (("y = Relu(z)", "o = Relu(x)"), False),
        (("a = Identity(x)", "y = Transpose(a) perm=1,0"), True),
    ],
)  # fmt: skip
def test_what_a_fixed_operator_makes_of_a_value(lines: tuple[str, ...], fixed: bool) -> None:
    read = " ".join(lines)
    more = {"z2": (8, 8)} if "z2" in read else {}
    given = {name: what for name, what in GIVEN.items() if name in {"x", "z", "w"} and f"{name}" in read}
    graph = assemble(listing(*lines, **given, **more))  # type: ignore[arg-type]
    assert Algebra(graph).is_fixed_operator("y", "x") is fixed
    assert not Algebra(graph).is_fixed_operator("x", "x")  # nothing was made of it

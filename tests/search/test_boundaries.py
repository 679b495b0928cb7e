"""Where exactly does the search stop to look, and what does it see just before?"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Node, Tensor
from shortcut_audit.graph.model import ModelGraph
from shortcut_audit.search import gates, stacks
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.logits import feeds_softmax_only
from shortcut_audit.search.rewrites.products import Algebra
from shortcut_audit.search.siblings import feeds_activations_only
from tests.sketch import listing, stored

SHAPE = (1, 4, 8)


def drawn(*lines: str, outputs: tuple[str, ...] = (), **tensors: Tensor | tuple[int, ...]) -> ModelGraph:
    read = {word for line in lines for word in line.replace("(", ",").replace(")", ",").replace(" ", "").split(",")}
    known: dict[str, Tensor | tuple[int, ...]] = {
        "x": SHAPE, "z": SHAPE, "w": stored(8, 8), "two": stored(data=(2.0,), literal=True),
        "four": stored(data=(4.0,), literal=True), "nought": stored(data=(0.0,), literal=True), "v": stored(8),
        "fixed": stored(8, 8, learned=False), **tensors,
    }  # fmt: skip
    used = {name: given for name, given in known.items() if name in read}
    return assemble(listing(*lines, outputs=outputs, **used))


# --- what feeds nothing but activations -------------------------------------------------------------------------------

SUM = "s = Add(x, z)"


@pytest.mark.parametrize(
    ("lines", "only"),
    [
        (("y = Tanh(s)",), True),
        (("y = Tanh(s)", "o = Sigmoid(s)"), True),
        (("t = Transpose(s) perm=0,2,1", "y = Tanh(t)"), True),
        (("a, b = Split(s) axis=-1", "y = Tanh(a)", "o = Sigmoid(b)"), True),
        (("n = LayerNormalization(s, v) axis=-1", "y = Tanh(n)"), True),
        (("n = Add(s, v)", "y = Tanh(n)"), True),
        (("y = MatMul(s, w)",), False),
        (("y = Tanh(s)", "o = MatMul(s, w)"), False),
        (("c = Concat(s, x) axis=-1", "y = Tanh(c)"), False),  # joined it is a feature map
        (("a, b = Split(s) axis=-1", "y = Tanh(a)", "o = MatMul(b, half)"), False),
    ],
)
def test_what_feeds_activations_only(lines: tuple[str, ...], only: bool) -> None:
    assert feeds_activations_only(drawn(SUM, *lines, half=stored(4, 4)), "s") == only


def test_a_sum_that_is_put_out_feeds_more_than_activations() -> None:
    assert not feeds_activations_only(drawn(SUM, "y = Tanh(s)", outputs=("s", "y")), "s")
    assert not feeds_activations_only(drawn(SUM), "s")


@pytest.mark.parametrize(("readers", "only"), [(1, True), (64, True), (65, False)])
def test_sixty_four_readers_of_a_pre_activation_are_looked_at(readers: int, only: bool) -> None:
    lines = [f"y{n} = Tanh(s)" for n in range(readers)]
    assert feeds_activations_only(drawn(SUM, *lines), "s") == only


@pytest.mark.parametrize(("views", "only"), [(63, True), (64, False)])
def test_what_stands_between_is_counted_too(views: int, only: bool) -> None:
    """Each view is a reader, and the activation is one more."""
    lines = [f"v{n + 1} = Transpose(v{n}) perm=0,2,1" for n in range(views)]
    lines[0] = "v1 = Transpose(s) perm=0,2,1"
    assert feeds_activations_only(drawn(SUM, *lines, f"y = Tanh(v{views})"), "s") == only


# --- what feeds nothing but a softmax ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("readers", "only"), [(1, True), (64, True), (65, False)])
def test_sixty_four_readers_of_logits_are_looked_at(readers: int, only: bool) -> None:
    lines = [line for n in range(readers) for line in (f"a{n} = Softmax(s) axis=-1", f"y{n} = MatMul(a{n}, w)")]
    assert feeds_softmax_only(drawn(SUM, *lines), "s", frozenset()) == only


@pytest.mark.parametrize(
    ("lines", "only"),
    [
        (("a = Softmax(s) axis=-1", "y = MatMul(a, w)"), True),
        (("a = Softmax(s) axis=-1",), False),  # class probabilities
        (("h = Mul(s, two)", "a = Softmax(h) axis=-1", "y = MatMul(a, w)"), True),
        (("h = Mul(s, x)", "a = Softmax(h) axis=-1", "y = MatMul(a, w)"), False),  # a product of two values
        (("h = Add(s, x)", "a = Softmax(h) axis=-1", "y = MatMul(a, w)"), True),
        (("a = Softmax(s) axis=-1", "y = MatMul(a, w)", "r = Relu(s)"), False),
        (("r = Relu(s)",), False),
    ],
)
def test_what_feeds_a_softmax_only(lines: tuple[str, ...], only: bool) -> None:
    assert feeds_softmax_only(drawn(SUM, *lines), "s", frozenset()) == only
    assert not feeds_softmax_only(drawn(SUM, *lines), "s", frozenset({"s"}))


# --- what is there to be multiplied -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "only"),
    [
        (("y = Mul(s, x)",), True),
        (("y = Div(s, two)",), True),
        (("c = Identity(s)", "y = Mul(c, x)"), True),
        (("y = Mul(s, x)", "r = Relu(s)"), False),
        (("r = Relu(s)",), False),
        ((), False),
    ],
)
def test_what_is_a_factor_only(lines: tuple[str, ...], only: bool) -> None:
    assert Algebra(drawn(SUM, *lines)).is_factor_only("s") == only


def test_what_is_put_out_is_more_than_a_factor() -> None:
    assert not Algebra(drawn(SUM, "y = Mul(s, x)", outputs=("s", "y"))).is_factor_only("s")


def test_a_factor_may_be_computed_from_it() -> None:
    """s sigmoid(g), g = W s: W is passed on the way to the factor, and nothing else is."""
    lines = ("g = MatMul(s, w)", "t = Sigmoid(g)", "y = Mul(s, t)")
    assert not Algebra(drawn(SUM, *lines)).is_factor_only("s")
    assert Algebra(drawn(SUM, *lines)).is_factor_only("s", frozenset({"t"}))
    assert not Algebra(drawn(SUM, *lines, "o = Relu(g)")).is_factor_only("s", frozenset({"t"}))


@pytest.mark.parametrize(("readers", "only"), [(16, True), (17, False)])
def test_sixteen_readers_of_a_factor_are_looked_at(readers: int, only: bool) -> None:
    assert Algebra(drawn(SUM, *(f"y{n} = Mul(s, x)" for n in range(readers)))).is_factor_only("s") == only


@pytest.mark.parametrize(
    ("lines", "fixed"),
    [
        (("y = AveragePool(x) kernel_shape=3, pads=1,1",), True),
        (("y = MatMul(x, fixed)",), True),
        (("t = Transpose(x) perm=0,2,1", "y = Transpose(t) perm=0,2,1"), True),
        (("y = MatMul(x, w)",), False),  # learned
        (("y = Relu(x)",), False),
        (("p = AveragePool(z) kernel_shape=3, pads=1,1", "y = MatMul(p, fixed)"), False),  # of another value
    ],
)
def test_what_a_fixed_operator_makes(lines: tuple[str, ...], fixed: bool) -> None:
    graph = drawn(*lines, "o = Add(y, x)")
    assert Algebra(graph).is_fixed_operator("y", "x") == fixed
    assert not Algebra(graph).is_fixed_operator("x", "x")


@pytest.mark.parametrize(("steps", "fixed"), [(15, True), (16, False)])
def test_a_fixed_operator_is_followed_for_sixteen_values(steps: int, fixed: bool) -> None:
    """x is the sixteenth value that is looked at behind fifteen steps."""
    lines = [f"v{n + 1} = Transpose(v{n}) perm=0,2,1" for n in range(steps)]
    lines[0] = "v1 = Transpose(x) perm=0,2,1"
    assert Algebra(drawn(*lines)).is_fixed_operator(f"v{steps}", "x") == fixed


# --- which product is it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "factor", "atoms"),
    [
        ("y = Mul(x, two)", 2, ["x"]),
        ("y = Mul(two, x)", 2, ["x"]),
        ("y = Div(x, four)", Fraction(1, 4), ["x"]),
        ("y = Neg(x)", -1, ["x"]),
        ("y = Scale(x) factor=0.5", Fraction(1, 2), ["x"]),
        ("y = Mul(x, z)", 1, ["x", "z"]),
        ("y = Mul(z, x)", 1, ["x", "z"]),
        ("y = Mul(x, x)", 1, ["x", "x"]),
        ("y = Div(x, nought)", 1, ["y"]),  # nobody divides by zero
        ("y = Div(x, z)", 1, ["y"]),
        ("y = Relu(x)", 1, ["y"]),
        ("y = Scale(x) factor=odd", 1, ["y"]),  # no number
        ("y = Scale(x)", 1, ["y"]),
    ],
)
def test_a_value_as_a_product(line: str, factor: Fraction | int, atoms: list[str]) -> None:
    product = Algebra(drawn(line)).term("y")
    assert (product.factor, list(product.atoms)) == (factor, atoms)


@pytest.mark.parametrize("factor", [math.inf, -math.inf, math.nan])
def test_no_product_is_taken_apart_whose_factor_is_no_finite_number(factor: float) -> None:
    scale = Node("Scale", ("x",), ("y",), "y", attributes={"factor": factor})
    graph = assemble(replace(listing("y = Relu(x)", x=SHAPE), nodes=(scale,)))
    assert Algebra(graph).term("y").atoms == ("y",)


def test_factors_of_factors_are_multiplied() -> None:
    """2 x / 4 times -z is -x z / 2."""
    product = Algebra(drawn("a = Mul(x, two)", "b = Div(a, four)", "c = Neg(z)", "y = Mul(b, c)")).term("y")
    assert (product.factor, product.atoms) == (Fraction(-1, 2), ("x", "z"))
    assert Algebra(drawn("y = Mul(x, two)")).term("y", -1).factor == -2


@pytest.mark.parametrize(
    ("line", "added"),
    [
        ("y = Add(x, z)", [(1, "x"), (1, "z")]),
        ("y = Sub(x, z)", [(1, "x"), (-1, "z")]),
        ("y = Sum(x, z, x)", [(1, "x"), (1, "z"), (1, "x")]),
        ("y = Mean(x, z)", None),
        ("y = Mul(x, z)", None),
    ],
)
def test_what_a_sum_adds(line: str, added: list[tuple[int, str]] | None) -> None:
    assert Algebra(drawn(line)).addends("y") == added
    assert Algebra(drawn(line)).addends("x") is None


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("y = Identity(x)", "x"),
        ("y = Cast(x) to=11", "x"),  # float64 holds every float32
        ("y = Cast(x) to=10", "y"),  # float16 rounds
        ("y = Cast(x) to=16", "y"),  # bfloat16, too
        ("y = Cast(x) to=7", "y"),  # int64: another number
        ("y = Dropout(x, two)", "x"),
        ("y = Relu(x)", "y"),
        ("y = Transpose(x) perm=0,2,1", "y"),
    ],
)
def test_of_which_value_another_one_is_a_copy(line: str, source: str) -> None:
    assert Algebra(drawn(line)).before_casts("y") == source


# --- gates and stacks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sigmoids", "found"), [(1, 3), (62, 64), (63, 65), (64, 65), (100, 65)])
def test_sixty_four_values_of_the_past_of_a_gate_are_looked_at(sigmoids: int, found: int) -> None:
    """The gate, the sigmoids before it, and the input that they are of; of the 64th it is known what it reads."""
    lines = [f"v{n + 1} = Sigmoid(v{n})" for n in range(sigmoids)]
    lines[0] = "v1 = Sigmoid(x)"
    graph = drawn(*lines, f"g = Sigmoid(v{sigmoids})", "y = Mul(g, z)")
    lineage = Lineage(graph)
    assert len(gates.past(lineage, lineage.number["y"], 1)) == found


def test_the_past_of_a_gate_ends_where_something_works() -> None:
    graph = drawn("h = MatMul(x, w)", "r = Relu(h)", "g = Sigmoid(r)", "y = Mul(z, g)")
    lineage = Lineage(graph)
    past = gates.past(lineage, lineage.number["y"], 0)
    assert {lineage.values[number].id for number in past} == {"g", "r", "h"}
    assert {lineage.values[n].id for n in gates.past(lineage, lineage.number["y"], 1)} == {"z"}


@pytest.mark.parametrize(("views", "added"), [(0, ["y"]), (8, ["y"]), (9, [])])
def test_eight_views_may_stand_behind_a_stack(views: int, added: list[str]) -> None:
    copies = [f"v{n + 1} = Identity(v{n})" for n in range(views)]
    graph = drawn("v0 = Stack(x, z) axis=3", *copies, f"y = MatMul(v{views}, both)", both=stored(2, 1))
    assert [op.name for op in stacks.weighted(graph)] == added

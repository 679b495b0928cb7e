"""What do constants leave as it is?"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.search.neutral import before_identities, is_neutral, keeps_shape, passes
from tests.sketch import listing, stored

CASES = {
    "y = Add(x, zero)": True,
    "y = Add(zero, x)": True,
    "y = Sub(x, zero)": True,
    "y = Sum(x, zero)": True,
    "y = Sub(zero, x)": False,  # -x
    "y = Mul(x, one)": True,
    "y = Div(x, one)": True,
    "y = Div(one, x)": False,  # 1/x
    "y = Add(x, one)": False,
    "y = Mul(x, x)": False,  # no constant at all
    "y = Relu(x)": False,
    "y = Add(x, wide)": False,  # it comes out in another shape
}


@pytest.mark.parametrize("line", CASES)
def test_a_neutral_constant_leaves_a_value_as_it_is(line: str) -> None:
    constants = {
        "zero": stored(data=(0.0,), literal=True),
        "one": stored(data=(1.0,), literal=True),
        "wide": stored(2, 1, data=(0.0, 0.0), literal=True),
    }
    draft = listing(line, x=(1, 4), outputs=("y",), **constants)
    graph = assemble(draft)
    made = graph.values["y"].op
    assert made is not None
    assert is_neutral(graph, made, made.inputs.index("x")) is CASES[line]


def test_a_shape_that_is_not_known_is_not_known_to_be_kept() -> None:
    zero, unknown = stored(data=(0.0,), literal=True), TensorType(None, "float32")
    graph = assemble(listing("y = Add(x, zero)", x=unknown, zero=zero))
    made = graph.values["y"].op
    assert made is not None
    assert not is_neutral(graph, made, 0)


@pytest.mark.parametrize(("between", "terms"), [("Div(s, one)", 3), ("Div(one, s)", 2), ("Sub(zero, s)", 2)])
def test_a_sum_is_part_of_another_one_only_through_what_leaves_it_as_it_is(between: str, terms: int) -> None:
    """`1 / (x + g) + f` is a sum of two; x is no shortcut around f, but one around g."""
    report = audit_draft(
        listing(
            "g = Conv(x, v) pads=1,1,1,1",
            "s = Add(x, g)",
            f"d = {between}",
            "c = Conv(x, w) pads=1,1,1,1",
            "f = Relu(c)",
            "y = Add(d, f)",
            x=(1, 8, 4, 4),
            v=stored(8, 8, 3, 3),
            w=stored(8, 8, 3, 3),
            one=stored(data=(1.0,), literal=True),
            zero=stored(data=(0.0,), literal=True),
        )
    )
    elements = 8 * 4 * 4  # which each term after the first is added to
    assert max(shortcut.elementwise_adds or 0 for shortcut in report.shortcuts) == (terms - 1) * elements


@pytest.mark.parametrize(
    ("line", "passing"),
    [
        ("y = Identity(x)", True), ("y = Cast(x) to=10", True), ("y = Dropout(x)", True), ("y = Add(x, zero)", True),
        ("y = Mul(one, x)", True), ("y = Add(x, one)", False), ("y = Add(x, z)", False), ("y = Relu(x)", False),
        ("y = Identity(z)", False), ("y = Add(z, zero)", False), ("y = Sub(zero, x)", False),
    ],
)  # fmt: skip
def test_what_passes_a_value_on(line: str, passing: bool) -> None:
    numbers = {"zero": stored(data=(0.0,), literal=True), "one": stored(data=(1.0,), literal=True)}
    read = line.partition("(")[2].partition(")")[0].split(", ")
    graph = assemble(
        listing(line, "o = Add(x, z)", x=(1, 4), z=(1, 4), **{n: given for n, given in numbers.items() if n in read})
    )
    made = graph.values["y"].op
    assert made is not None
    assert passes(graph, made, "x") is passing


def test_a_value_is_seen_through_identities_and_through_no_cast() -> None:
    lines = (
        "a = Identity(x)", "b = Identity(a)", "c = Cast(b) to=10", "d = Identity(c)", "e = Relu(d)", "f = Add(x, zero)",
    )  # fmt: skip
    graph = assemble(listing(*lines, x=(1, 4), zero=stored(data=(0.0,), literal=True)))
    seen = {name: before_identities(graph, graph.values[name]).id for name in "xabcdef"}
    assert seen == {"x": "x", "a": "x", "b": "x", "c": "c", "d": "c", "e": "e", "f": "f"}


@pytest.mark.parametrize(("before", "kept"), [((1, 4), True), (("n", 4), True), (None, False), ((4,), False)])
def test_a_shape_is_kept_where_all_of_it_is_known(before: tuple[int | str | None, ...] | None, kept: bool) -> None:
    """Of a vector of 4 a sum with a matrix [1, 4] makes a matrix."""
    graph = assemble(listing("y = Add(x, zero)", x=TensorType(before, "float32"), zero=stored(1, 4, data=(0.0,) * 4)))
    assert keeps_shape(graph, graph.ops[-1], 0) is kept
    assert not keeps_shape(graph, graph.ops[-1], 1)  # a constant is no value

from __future__ import annotations

import pytest

from shortcut_audit.loaders.pt2.expressions import readable

S = "Symbol('s25', positive=True, integer=True)"


@pytest.mark.parametrize(
    ("saved", "shown"),
    [
        (S, "s25"),
        ("Integer(-3)", "-3"),
        (f"Mul(Integer(8), {S})", "8*s25"),
        (f"Add({S}, Integer(-1))", "s25 + -1"),
        (f"Mul(Integer(2), Add({S}, Integer(1)))", "2*(s25 + 1)"),
        (f"Add(Integer(1), FloorDiv(Add({S}, Integer(-1)), Integer(2)))", "1 + FloorDiv(s25 + -1, 2)"),
        (f"Mul(FloorDiv(Add({S}, Integer(1)), Integer(2)), Integer(3))", "FloorDiv(s25 + 1, 2)*3"),
        ("Add(Symbol('u0', integer=True), Integer(1))", "u0 + 1"),
    ],
)
def test_sums_and_products_are_written_as_such(saved: str, shown: str) -> None:
    assert readable(saved) == shown


@pytest.mark.parametrize(
    "text",
    [
        "2*s0",  # as PyTorch 2.6 and earlier wrote it
        "",
        "Mul(",
        ")",
        f"{S}, {S}",
        "Mul(Rational(1, 2), Integer(3))",
        "__import__('os').system('exit 1')",
        "Symbol('a-b')",
        "Add(" * 100_000,
        f"Add({S}" + f", {S}" * 1000 + ")",
    ],
)
def test_anything_else_stays_as_it_is(text: str) -> None:
    assert readable(text) == text

"""How is a formula over open sizes read, and written again?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortcut_audit.algebra.derived import evaluated
from shortcut_audit.algebra.formula import number_of, parsed
from shortcut_audit.algebra.polynomial import is_vague, names, symbol


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("batch", "batch"),
        ("2*batch*seq**2 + 3", "2*batch*seq**2 + 3"),
        ("3 + seq^2*batch*2", "2*batch*seq**2 + 3"),
        ("batch*(seq + past) - batch*past", "batch*seq"),
        ("5 - seq", "5 - seq"),
        ("-h", "-h"),
        # Floors: the constant lies between 0 and the divisor, nested ones are one, what leaves no remainder is outside.
        ("(h - 1)//2 + 1", "(h + 1)//2"),
        ("((h - 1)//2 + 1 - 1)//2 + 1", "(h + 3)//4"),
        ("(4*h + 6)//4", "h + 1"),
        ("(3*h)//2", "h + h//2"),
        ("(2*h + 3)//4", "(h + 1)//2"),  # (2 h + 3) / 4 = (h + 1.5) / 2
        ("2*(h//2)", "2*(h//2)"),
        ("a*b*768//(768*a)", "b"),
        ("(a*b + a*c)*3//(b + c)", "3*a"),
        ("(a + 1)//b", "(a + 1)//b"),
        ("h % 2", "h - 2*(h//2)"),
        # As sympy and exporters spell them.
        ("floor(h/2 - 1/2) + 1", "(h + 1)//2"),
        ("ceiling(h/4)", "(h + 3)//4"),
        ("FloorDiv(h - 1, 2)", "(h + 1)//2 - 1"),
        ("Max(1, a)", "max(1, a)"),
        ("Mod(h, 2)", "h - 2*(h//2)"),
        # What sizes of at least 0 decide.
        ("max(a, 0)", "a"),
        ("min(a, a + 1)", "a"),
        ("broadcast(a, 1)", "a"),
        ("broadcast(seq, min(512, seq))", "seq"),
        # seq rows of a table of 64 are seq, none or one: one beside seq is seq. Of another table nothing is known.
        ("broadcast(max(0, min(64, past + seq) - min(64, past)), seq)", "seq"),
        (
            "broadcast(max(0, min(64, past + seq) - min(65, past)), seq)",
            "broadcast(max(0, min(64, past + seq) - min(65, past)), seq)",
        ),
        ("broadcast(b, a)", "broadcast(a, b)"),
        # Names.
        ("x[0]", "x[0]"),
        ("dim-0", "dim-0"),
        ("dim - 0", "dim"),
        ("'a*b' + 1", "'a*b' + 1"),
        ("'it''s'", "'it''s'"),
    ],
)
def test_a_formula_is_written_in_one_way(text: str, written: str) -> None:
    assert str(number_of(text)) == written
    assert str(number_of(written)) == written


@pytest.mark.parametrize("text", ["batch size", "h x w", "?", "a/2", "1//0", "f(x)", "a +", "(a", "a))", "u 2", ""])
def test_what_is_no_formula_is_a_name(text: str) -> None:
    assert parsed(text) is None
    assert number_of(text) == symbol(text)


def test_what_is_absurd_is_a_name() -> None:
    assert parsed("(" * 100 + "a" + ")" * 100) is None
    assert parsed("a+" * 100_000 + "a") is None
    assert parsed("a**65") is None


def test_a_number_is_a_formula() -> None:
    assert number_of("4089184256") == 4_089_184_256
    assert number_of("2*3 + 4//3") == 7


EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b", "c", "0", "1", "2", "3", "7"]),
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from("+-*"), part).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(part, st.integers(2, 6)).map(lambda p: f"({p[0]}//{p[1]})"),
        st.tuples(st.sampled_from(["max", "min"]), part, part).map(lambda p: f"{p[0]}({p[1]}, {p[2]})"),
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(EXPRESSIONS, st.fixed_dictionaries(dict.fromkeys("abc", st.integers(0, 9))))
def test_a_formula_means_what_python_means_by_it(text: str, sizes: dict[str, int]) -> None:
    number = number_of(text)
    if not is_vague(number):
        assert evaluated(number, sizes) == python(text, sizes)
        assert python(str(number), sizes) == python(text, sizes)


def python(text: str, sizes: dict[str, int]) -> object:
    return eval(text, {}, dict(sizes))  # noqa: S307 -- the text is made above


@settings(deadline=None)
@given(EXPRESSIONS, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_sizes_may_be_put_in_one_after_the_other(text: str, a: int, b: int, c: int) -> None:
    number = number_of(text)
    if not is_vague(number):
        by_steps = evaluated(evaluated(evaluated(number, {"b": b}), {"c": c}), {"a": a})
        assert by_steps == evaluated(number, {"a": a, "b": b, "c": c})


def test_the_symbols_of_a_formula_are_those_within_its_terms_too() -> None:
    assert names(number_of("3*a*((b + 1)//2) + max(c, 7)")) == ("b", "a", "c")
    assert names(5) == names(None) == ()

"""What is true of a number for all sizes, however large or small?"""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortcut_audit.algebra.bounds import at_most, least, never_equal, ratio, share_at_most
from shortcut_audit.algebra.derived import evaluated
from shortcut_audit.algebra.formula import number_of
from shortcut_audit.algebra.polynomial import Cost, is_vague
from tests.algebra.test_formula import EXPRESSIONS


def cost(text: str | None) -> Cost:
    return None if text is None else number_of(text)


@pytest.mark.parametrize(
    ("number", "bound", "expected"),
    [
        ("3", "5", True),
        ("5", "3", False),
        (None, "3", None),
        ("3", None, None),
        ("a", "a + 1", True),
        ("a + 1", "a", False),
        ("a", "7", None),  # a may be 8
        ("7", "a", None),
        ("a + 8", "7", False),  # 8 at least
        ("5*a*b", "6*a*b + c", True),
        ("a//2", "a//2 + 1", True),
        ("min(a, 3)", "3", None),  # an upper bound is not looked for
        ("3", "max(a, 3)", True),
        ("depends(a)", "5", None),
    ],
)
def test_what_holds_for_all_sizes(number: str | None, bound: str | None, expected: bool | None) -> None:
    assert at_most(cost(number), cost(bound)) is expected


@pytest.mark.parametrize(
    ("part", "whole", "percent", "expected"),
    [
        ("5", "100", 5, True),
        ("6", "100", 5, False),
        ("5*batch", "100*batch", 5, True),
        ("6*batch", "100*batch", 5, False),  # whatever the batch
        ("5*batch*seq", "100*batch*seq + 3*batch*seq**2", 5, True),
        ("6*batch*seq", "100*batch*seq + 3*batch*seq**2", 5, None),  # 6 %, less the longer the sequence
        ("0", "100*batch", 0, True),
        (None, "100", 5, None),
        ("depends(a)", "100*a", 5, None),
    ],
)
def test_shares(part: str | None, whole: str | None, percent: int, expected: bool | None) -> None:
    assert share_at_most(cost(part), cost(whole), Fraction(percent, 100)) is expected


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        ("5", "100", Fraction(1, 20)),
        ("0", "batch", Fraction(0)),
        ("5*batch", "100*batch", Fraction(1, 20)),
        ("5*batch*seq + 2*batch", "100*batch*seq + 40*batch", Fraction(1, 20)),
        ("5*batch", "100*batch + 1", None),
        ("5", "0", None),
        (None, "7", None),
        ("5*seq", "7*batch", None),
    ],
)
def test_a_share_that_no_open_size_changes_is_a_number(
    part: str | None, whole: str | None, expected: Fraction | None
) -> None:
    assert ratio(cost(part), cost(whole)) == expected


def test_sizes_that_are_never_equal() -> None:
    assert never_equal(number_of("a + 1"), number_of("a"))
    assert never_equal(number_of("a + 8"), 7)
    assert never_equal(3, 4)
    assert not never_equal(number_of("a"), number_of("b"))
    assert not never_equal(number_of("a"), 0)


SIZES = st.fixed_dictionaries(dict.fromkeys("abc", st.integers(0, 9)))


@settings(deadline=None)
@given(EXPRESSIONS, EXPRESSIONS, SIZES)
def test_what_is_decided_is_true(one: str, other: str, sizes: dict[str, int]) -> None:
    left, right = number_of(one), number_of(other)
    if not is_vague(left) and not is_vague(right):
        decided, (a, b) = at_most(left, right), (evaluated(left, sizes), evaluated(right, sizes))
        assert isinstance(a, int)
        assert isinstance(b, int)
        assert decided is None or decided == (a <= b)
        lowest = least(left)
        assert lowest is None or lowest <= a

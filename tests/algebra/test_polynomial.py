"""What is an exact number that depends on sizes which nobody has fixed?"""

from __future__ import annotations

from shortcut_audit.algebra.derived import evaluated, stretched
from shortcut_audit.algebra.formula import number_of
from shortcut_audit.algebra.polynomial import Number, formula, integer, is_vague, names, symbol, total

A, B = symbol("a"), symbol("b")


def test_a_number_that_depends_on_nothing_is_an_int() -> None:
    assert A - A == 0
    assert A + 3 - A == 3
    assert 0 * A == 0
    assert integer(A - A + 7) == 7
    assert integer(A) is integer(None) is None


def test_sums_and_products() -> None:
    assert str((A + B) * (A - B)) == "a**2 - b**2"
    assert str(2 - A) == "2 - a"
    assert str(-(A + 1)) == "-a - 1"
    assert total([A, 1, B, A, 2]) == 2 * A + B + 3
    assert total([]) == 0


def many(count: int) -> Number:
    return total(symbol(f"s{n}") for n in range(count))


def test_sixty_four_terms_are_kept_and_more() -> None:
    """The bound is 256: 64 symbols and their sum with 64 others are exact."""
    sizes = {f"s{n}": n for n in range(64)}
    assert evaluated(many(64), sizes) == 2_016  # 63 x 64 / 2
    assert not is_vague(many(256))


def test_past_the_bound_a_number_only_says_what_it_depends_on() -> None:
    much = many(257)
    assert is_vague(much)
    assert str(much * 3 + 1) == str(much)
    assert (formula(much) or "").startswith("depends(s0, s1, ")
    assert much * 0 == 0
    assert evaluated(much, dict.fromkeys(names(much), 1)) is None
    assert "s300" in names(much + symbol("s300"))


def test_what_is_vague_is_written_and_read_again() -> None:
    much = many(16) * many(16) * many(16)
    assert is_vague(much)
    assert number_of(str(much)) == much


def test_a_power_beyond_all_tensors_is_vague() -> None:
    power: Number = 1
    for _ in range(65):
        power = power * A
    assert is_vague(power)
    assert is_vague(2**5000 * A)


def test_a_broadcast_is_the_larger_size_unless_the_two_contradict_each_other() -> None:
    both = stretched(A, B)
    assert evaluated(both, {"a": 5, "b": 1}) == 5
    assert evaluated(both, {"a": 0, "b": 1}) == 0  # nothing, repeated
    assert evaluated(both, {"a": 4, "b": 4}) == 4
    assert evaluated(both, {"a": 4, "b": 3}) is None
    assert str(evaluated(both, {"a": 1})) == "b"

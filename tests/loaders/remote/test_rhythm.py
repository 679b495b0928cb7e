"""Are the next leaps foreseen where the file repeats itself, and none where it does not?"""

from __future__ import annotations

from shortcut_audit.loaders.remote.rhythm import GUARD, Rhythm


def after(leaps: list[tuple[int, int]]) -> Rhythm:
    rhythm = Rhythm()
    for start, length in leaps:
        rhythm.leapt(start)
        rhythm.read(start + length)
    return rhythm


def test_two_layers_foretell_the_third() -> None:
    """Leaps of 40,000, 60,000 and again; what was read after each differs: 100 bytes, then 300."""
    rhythm = after([(0, 100), (40_000, 300), (100_000, 100), (140_000, 300), (200_000, 100)])
    assert rhythm.ahead(3) == [
        (240_000 - GUARD, 300 + GUARD),
        (300_000 - GUARD, 100 + GUARD),
        (340_000 - GUARD, 300 + GUARD),
    ]


def test_names_that_grow_by_a_digit_are_no_other_pattern() -> None:
    assert after([(0, 100), (40_000, 100), (80_003, 100)]).ahead(1) == [(120_006 - GUARD, 100 + GUARD)]


def test_one_layer_foretells_nothing() -> None:
    assert after([(0, 100), (40_000, 100)]).ahead(8) == []


def test_what_does_not_repeat_foretells_nothing() -> None:
    assert after([(0, 1), (40_000, 1), (100_000, 1), (190_000, 1), (330_000, 1)]).ahead(8) == []


def test_going_back_and_forth_is_no_pattern() -> None:
    assert after([(0, 1), (40_000, 1), (0, 1), (40_000, 1), (0, 1)]).ahead(8) == []

"""Is every name shown so that it can be read and does nothing?"""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortcut_audit.names import displayable, displayable_text, loggable

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/layer1/layer1.0/Add", "/layer1/layer1.0/Add"),
        ("Größe 漢字", "Größe 漢字"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\nb\tc\0", r"a\x0ab\x09c\x00"),
        ("\x9b31m", r"\u{9b}31m"),  # C1: CSI in one character
        ("\udcff\udc80", r"\xff\x80"),  # bytes that are no UTF-8 (PEP 383)
        ("\ud83d", r"\u{d83d}"),  # half of a surrogate pair
        ("\u202egnp", r"\u{202e}gnp"),
        ("lay\u200ber1\ufeff", r"lay\u{200b}er1\u{feff}"),
        ("a\u2028b\u2029", r"a\u{2028}b\u{2029}"),
        ("a\u00a0b\u3000", r"a\u{a0}b\u{3000}"),
        ("a\u3164b\ufe0f", r"a\u{3164}b\u{fe0f}"),  # a filler and a variation selector: printable, but not seen
        ("Ade\u0301", r"Ade\u{301}"),  # it looks like another letter, and another name
        ("\U000e0041\uffff", r"\u{e0041}\u{ffff}"),
        ("", ""),
    ],
)
def test_what_cannot_be_seen_is_made_visible(name: str, shown: str) -> None:
    assert displayable(name) == shown


def test_ascii_only() -> None:
    assert displayable("Größe", ascii_only=True) == r"Gr\u{f6}\u{df}e"


def test_the_middle_of_a_long_name_gives_way_to_a_hash() -> None:
    one, other = "a" * 500 + "1" + "z" * 500, "a" * 500 + "2" + "z" * 500
    shown = displayable(one)
    assert len(shown) == 200
    # 200 = 93 + "...#" + 8 of the hash + "..." + 92
    assert shown.startswith("a" * 93 + "...#")
    assert shown.endswith("..." + "z" * 92)
    assert displayable(other) != shown


def test_a_megabyte_of_escapes_is_cut_too() -> None:
    assert len(displayable("\x1b" * 1_000_000)) == 200


def test_a_sentence_keeps_its_words_and_cuts_them_one_by_one() -> None:
    said = displayable_text(f"node {'x' * 5000} reads\nnothing")
    assert said.startswith("node xxx")
    assert said.endswith(r"xxx reads\x0anothing")
    assert max(map(len, said.split())) == 200


def test_a_sentence_has_an_end() -> None:
    assert len(displayable_text("word " * 10_000)) == 2000


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("::error::all good", r"\x3a:error::all good"),
        ("a name ::warning::x", r"a name \x3a:warning::x"),  # the line may be broken before it
        ("##[error]x", r"#\x23[error]x"),
        ("a ##vso[task.complete] b", r"a #\x23vso[task.complete] b"),
        ("##teamcity[buildStop]", r"#\x23teamcity[buildStop]"),
        ("com.microsoft::BiasAdd", "com.microsoft::BiasAdd"),
        ("# ## heading", "# ## heading"),
    ],
)
def test_ci_logs_find_no_command(text: str, safe: str) -> None:
    assert loggable(text) == safe


@given(ANY_TEXT)
def test_nothing_invisible_is_left(name: str) -> None:
    for shown in (displayable(name), displayable_text(name), displayable(name, 30, ascii_only=True)):
        assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        shown.encode("utf-8")


@given(ANY_TEXT)
def test_showing_twice_changes_nothing(name: str) -> None:
    once = displayable(name)
    assert displayable(once) == once
    assert len(once) <= 200
    assert loggable(loggable(once)) == loggable(once)

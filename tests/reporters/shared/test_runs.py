"""Do exactly the shortcuts share a row that look the same?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.reporters.shared.runs import alike, rows
from tests.reporters import examples


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ("", []),
        ("ab", ["0", "1"]),
        ("aa", ["0-1 x2"]),
        ("aaa", ["0-2 x3"]),
        ("aabbb", ["0-1 x2", "2-4 x3"]),
        ("ababab", ["0-4 x3", "1-5 x3"]),
        ("abab", ["0-2 x2", "1-3 x2"]),
        ("cabababd", ["0", "1-5 x3", "2-6 x3", "7"]),
        ("abcabcabcabc", ["0-9 x4", "1-10 x4", "2-11 x4"]),
        ("abacada", ["0", "1", "2", "3", "4", "5", "6"]),
        ("aaabaaab", ["0-6 x6", "3-7 x2"]),  # what looks alike in a repeated pattern shares a row
    ],
)
def test_runs(looks: str, expected: list[str]) -> None:
    """A letter is a look; the shortcut's key is its position."""
    one = examples.RESNET18.shortcuts[0]
    found = rows([replace(one, key=str(n), parameters=ord(look)) for n, look in enumerate(looks)])
    said = [f"{row.first.key}-{row.last.key} x{row.repeats}" if row.repeats > 1 else row.first.key for row in found]
    assert said == expected


def test_a_note_keeps_a_row_apart() -> None:
    one = examples.RESNET18.shortcuts[0]
    assert len(rows([one, replace(one, notes=("a note",)), one])) == 3


def test_what_shows_the_same_in_modules_that_are_counted_shares_a_row_of_the_page() -> None:
    """The second block's identity differs (b, c), so that the pattern is not repeated: the rest is told once still."""
    one = examples.RESNET18.shortcuts[0]
    keys = ("net.0.mix", "net.0", "net.1.mix", "net.1", "head.mix")
    found = alike(rows([replace(one, key=k, parameters=ord(look)) for k, look in zip(keys, "abaca", strict=True)]))
    assert [[s.key for s in row.members] for row in found] == [
        ["net.0.mix", "net.1.mix"], ["net.0"], ["net.1"], ["head.mix"]
    ]  # fmt: skip

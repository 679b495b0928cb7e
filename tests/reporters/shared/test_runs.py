"""Do exactly the shortcuts share a row that look the same?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.reporters.shared.runs import rows
from tests.reporters import examples


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ("", []),
        ("aa", ["0", "1"]),  # two rows take no more room than one that names both
        ("aaa", ["0-2 x3"]),
        ("aabbb", ["0", "1", "2-4 x3"]),
        ("ababab", ["0-4 x3", "1-5 x3"]),
        ("abab", ["0", "1", "2", "3"]),
        ("cabababd", ["0", "1-5 x3", "2-6 x3", "7"]),
        ("abcabcabcabc", ["0-9 x4", "1-10 x4", "2-11 x4"]),
        ("ababaca", ["0", "1", "2", "3", "4", "5", "6"]),
        ("aaabaaab", ["0-2 x3", "3", "4-6 x3", "7"]),
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

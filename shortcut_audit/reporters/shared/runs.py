"""Which shortcuts share a row of the table?

Long models repeat themselves: `layer3.1` to `layer3.5` differ in nothing that a row shows, and a transformer's layers
repeat a pattern of several rows (attention, MLP, attention, MLP, ...). A pattern that comes three times or more is
shown once, each of its rows for all its repeats.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from shortcut_audit.report import Shortcut

FEWEST_REPEATS = 3
LONGEST_PATTERN = 6
"""Merges of one layer, at most: a decoder layer has three, a Swin stage alternates two layers of two."""


@dataclass(frozen=True, slots=True)
class Row:
    """Shortcuts that differ in nothing but their name, in the model's order."""

    first: Shortcut
    last: Shortcut
    repeats: int


def rows(shortcuts: Sequence[Shortcut]) -> list[Row]:
    """The rows of the table. Linear in the number of shortcuts."""
    looks = [_look(shortcut) for shortcut in shortcuts]
    found: list[Row] = []
    start = 0
    while start < len(shortcuts):
        length, repeats = _pattern(looks, start)
        for offset in range(length):
            last = start + offset + (repeats - 1) * length
            found.append(Row(shortcuts[start + offset], shortcuts[last], repeats))
        start += length * repeats
    return found


def _pattern(looks: Sequence[Hashable], start: int) -> tuple[int, int]:
    """The shortest pattern that starts here, and how often it comes; (1, 1) where nothing is repeated often enough."""
    for length in range(1, LONGEST_PATTERN + 1):
        end = start + length
        while end < len(looks) and looks[end] == looks[end - length]:
            end += 1
        repeats = (end - start) // length
        if repeats >= FEWEST_REPEATS:
            return length, repeats
    return 1, 1


def _look(shortcut: Shortcut) -> Hashable:
    """Everything that a row shows but the name."""
    s = shortcut
    return s.kind, s.fork.shape, s.merge.shape, s.weights_in_words, s.parameters, s.macs, s.span, s.notes

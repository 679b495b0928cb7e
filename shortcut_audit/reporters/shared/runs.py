"""Which shortcuts share a row of the table?

Long models repeat themselves: `layer3.1` to `layer3.5` differ in nothing that a row shows, and a transformer's layers
repeat a pattern of several rows (attention, MLP, attention, MLP, ...). A pattern that is repeated is shown once, each
of its rows for all that look alike in it.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence

from shortcut_audit.frozen import frozen
from shortcut_audit.report import Shortcut
from shortcut_audit.reporters.shared.repeats import pattern


@frozen
class Row:
    """Shortcuts that differ in nothing but their name (and sizes, where rows were gathered), in the model's order."""

    members: tuple[Shortcut, ...]

    @property
    def first(self) -> Shortcut:
        """The one whose numbers are shown."""
        return self.members[0]

    @property
    def last(self) -> Shortcut:
        """The one whose name ends the run."""
        return self.members[-1]

    @property
    def repeats(self) -> int:
        """How many they are."""
        return len(self.members)


def rows(shortcuts: Sequence[Shortcut]) -> list[Row]:
    """The rows of the table. Linear in the number of shortcuts."""
    looks = [_look(shortcut) for shortcut in shortcuts]
    found: list[Row] = []
    start = 0
    while start < len(shortcuts):
        length, repeats = pattern(looks, start)
        alike: dict[Hashable, list[Shortcut]] = {}
        for place in range(start, start + length * repeats):
            alike.setdefault(looks[place], []).append(shortcuts[place])
        found += [Row(tuple(members)) for members in alike.values()]
        start += length * repeats
    return found


def alike(found: Sequence[Row]) -> list[Row]:
    """The rows with one for all that show the same and differ in the numbers of their names only."""
    same: dict[Hashable, list[Shortcut]] = {}
    for row in found:
        same.setdefault((_NUMBERS.sub("0", row.first.key), _look(row.first)), []).extend(row.members)
    return [Row(tuple(members)) for members in same.values()]


def gathered(found: Sequence[Row]) -> list[Row]:
    """The rows with one for all that differ in numbers only: the same module in every stage of a network."""
    alike: dict[Hashable, list[Shortcut]] = {}
    for row in found:
        alike.setdefault(_outline(row.first), []).extend(row.members)
    return [Row(tuple(members)) for members in alike.values()]


def _outline(shortcut: Shortcut) -> Hashable:
    """What is the same for shortcuts that differ in sizes: a module's name, and its weights in words, but for numbers.

    A shortcut that changes the shape, or that holds weights, is never gathered with one that does not.
    """
    s = shortcut
    free = s.parameters == 0
    same_shape = s.fork.shape == s.merge.shape
    return _NUMBERS.sub("0", s.key), s.kind, same_shape, free, _NUMBERS.sub("0", s.weights_in_words), s.notes


_NUMBERS = re.compile(r"[0-9]+")


def _look(shortcut: Shortcut) -> Hashable:
    """Everything that a row shows but the name."""
    s = shortcut
    return s.kind, s.fork.shape, s.merge.shape, s.weights_in_words, s.parameters, s.macs, s.span, s.notes

"""Which shortcuts share a row of the table?

Long models repeat themselves: `layer3.1` to `layer3.5` differ in nothing that a row shows, and a transformer's layers
repeat a pattern of several rows (attention, MLP, attention, MLP, ...). A pattern that is repeated is shown once, each
of its rows for all that look alike in it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from shortcut_audit.frozen import frozen
from shortcut_audit.report import Shortcut
from shortcut_audit.reporters.shared.repeats import pattern


@frozen
class Row:
    """Shortcuts that differ in nothing but their name, in the model's order."""

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


def _look(shortcut: Shortcut) -> Hashable:
    """Everything that a row shows but the name."""
    s = shortcut
    return s.kind, s.fork.shape, s.merge.shape, s.weights_in_words, s.parameters, s.macs, s.span, s.notes

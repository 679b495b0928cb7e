"""In which row and lane is everything, where the picture is drawn row by row?

Of what is folded, the first copy is drawn, with a brace beside it. Layers between which no arc starts or ends can share
a row, where there is little room.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from shortcut_audit.frozen import frozen, replace
from shortcut_audit.report import Shape, Shortcut
from shortcut_audit.reporters.figure.lanes import Lanes
from shortcut_audit.reporters.figure.layout import Fold, Group, Item, Merge
from shortcut_audit.reporters.figure.spine import Box


@frozen
class Row:
    """Layers of the main path, or a merge."""

    boxes: tuple[Box, ...]
    merge: Merge | None
    stage: Shape
    """The shape that is met here first on the way down; None where it stays."""


@frozen
class Drawn:
    """An arc from the top of row `first` to the merge in row `last`."""

    shortcut: Shortcut
    first: int
    last: int
    lane: int
    width: int


@frozen
class Brace:
    """Rows that stand for several copies."""

    first: int
    last: int
    fold: Fold
    depth: int
    """Within how many other braces it is."""


@frozen
class Sheet:
    """The whole picture."""

    rows: tuple[Row, ...]
    arcs: tuple[Drawn, ...]
    braces: tuple[Brace, ...]

    @property
    def lanes(self) -> int:
        """Lanes that the arcs take."""
        return max((arc.lane + 1 for arc in self.arcs), default=0)

    @property
    def depth(self) -> int:
        """Braces beside one another."""
        return max((brace.depth + 1 for brace in self.braces), default=0)


def sheet(figure: Group, *, joined: bool = False) -> Sheet:
    """The rows of a picture; `joined`: with layers of one stretch in one row."""
    made = _Rows(joined)
    made.group(figure, 0, inside=False)
    return Sheet(tuple(made.rows), _in_lanes(made.arcs), tuple(made.braces))


class _Rows:
    def __init__(self, joined: bool) -> None:
        self.rows: list[Row] = []
        self.arcs: list[Drawn] = []
        self.braces: list[Brace] = []
        self._joined = joined
        self._stage: Shape = None

    def group(self, group: Group, depth: int, *, inside: bool) -> None:
        """The rows of a group; `inside`: some arc leads around it."""
        touched = {arc.first for arc in group.arcs}
        where: list[tuple[int, int]] = []
        begun, ended = Counter(arc.first for arc in group.arcs), Counter(arc.last for arc in group.arcs)
        open_ = 0
        for number, item in enumerate(group.items):
            open_ += begun[number] - ended[number]
            around = inside or open_ > 0
            join = self._joined and number > 0 and number not in touched and isinstance(group.items[number - 1], Box)
            start = len(self.rows) - (1 if join and isinstance(item, Box) else 0)
            self._item(item, depth, inside=around, join=join)
            where.append((start, len(self.rows) - 1))
        self.arcs += [Drawn(a.shortcut, where[a.first][0], where[a.last][1], a.lane, a.width) for a in group.arcs]

    def _item(self, item: Item, depth: int, *, inside: bool, join: bool) -> None:
        if isinstance(item, Group):
            self.group(item, depth, inside=inside)
        elif isinstance(item, Fold):
            start, nth = len(self.rows), len(self.braces)
            self.group(item.copies[0], depth + 1, inside=inside)
            self.braces.insert(nth, Brace(start, len(self.rows) - 1, item, depth))
        elif isinstance(item, Merge):
            self.rows.append(Row((), item, self._changed(item.shape)))
        elif join:
            stage = self.rows[-1].stage if inside else self._changed(item.shape) or self.rows[-1].stage
            self.rows[-1] = replace(self.rows[-1], boxes=(*self.rows[-1].boxes, item), stage=stage)
        else:
            self.rows.append(Row((item,), None, None if inside else self._changed(item.shape)))

    def _changed(self, shape: Shape) -> Shape:
        changed = shape is not None and shape != self._stage
        self._stage = shape or self._stage
        return shape if changed else None


def _in_lanes(arcs: Iterable[Drawn]) -> tuple[Drawn, ...]:
    """Each arc in the innermost lane that is free; the shorter lie inside."""
    drawn, made = sorted(arcs, key=lambda arc: (arc.last - arc.first, arc.lane)), []
    lanes = Lanes(1 + max((arc.last for arc in drawn), default=0))
    for arc in drawn:
        inner = lanes.around(arc.first, arc.last)
        lanes.lay(arc.first, arc.last, inner)
        made.append(replace(arc, lane=inner))
    return tuple(sorted(made, key=lambda arc: (arc.first, -arc.last)))

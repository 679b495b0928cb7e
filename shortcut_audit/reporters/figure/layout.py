"""Where does each layer and each shortcut stand in the picture?

He et al. 2015, figure 3: a spine of layers, an arc for every shortcut. Shortcuts that lie within one another make
groups within groups; one that crosses another is drawn over the items of the smallest group that holds it. What is
repeated is folded. Made from the report alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from shortcut_audit.frozen import frozen
from shortcut_audit.report import ModelReport, Shape, Shortcut
from shortcut_audit.reporters.figure.lanes import Lanes
from shortcut_audit.reporters.figure.spine import Box, Reach, spine
from shortcut_audit.reporters.shared.repeats import FEWEST_REPEATS, pattern

DEEPEST = 8
"""Groups within groups; what lies deeper is drawn without groups of its own."""
FEWEST_BOXES = 4
"""Repeats of a pattern of mere layers that are folded: two equal convolutions of a block are drawn both."""


@frozen
class Merge:
    """Where shortcuts come back to the spine."""

    shortcuts: tuple[Shortcut, ...]

    @property
    def shape(self) -> Shape:
        """What the merge makes."""
        return self.shortcuts[0].merge.shape


@frozen
class Arc:
    """A shortcut that leads from before the item `first` of a group to the merge at `last`."""

    shortcut: Shortcut
    first: int
    last: int
    lane: int
    """The lane in which it is drawn beside other arcs of the group: 0 is the innermost."""
    width: int
    """The width, by what it costs: 0 nothing, 1 under 0.1 % of the model's parameters, 2 under 1 %, 3 more."""


@frozen
class Group:
    """Items one below the other, and the arcs over them."""

    items: tuple[Item, ...]
    arcs: tuple[Arc, ...] = ()

    @property
    def shape(self) -> Shape:
        """What the last of the items makes."""
        return self.items[-1].shape

    @property
    def lanes(self) -> int:
        """Lanes that its arcs take."""
        return max((arc.lane + 1 for arc in self.arcs), default=0)


@frozen
class Fold:
    """A group that stands several times over."""

    copies: tuple[Group, ...]

    @property
    def shape(self) -> Shape:
        """What each copy makes."""
        return self.copies[-1].shape


Item: TypeAlias = "Box | Merge | Group | Fold"


def figure(model: ModelReport) -> Group:
    """The picture of a model; a group without items for one without layers and shortcuts."""
    drawn = spine(model)
    return _Drawing(drawn.boxes, model.totals.parameters).group(0, len(drawn.boxes) - 1, drawn.reaches, 0)


@dataclass(slots=True)
class _Placed:
    """An item before it is folded, and the reaches that are drawn over the items around it."""

    item: Item
    look: int
    """Equal for items that look alike."""
    crossed: bool = False
    """Whether an arc over the items around it starts or ends here: such an item is not folded."""


@dataclass(slots=True)
class _Drawing:
    boxes: tuple[Box, ...]
    parameters: int
    looks: dict[Hashable, int] = field(default_factory=dict)

    def group(self, first: int, last: int, reaches: Sequence[Reach], depth: int) -> Group:
        """The boxes from `first` to `last`, and what leads around some of them."""
        return self._composed(*self._placed(first, last, reaches, depth))[0]

    def _placed(
        self, first: int, last: int, reaches: Sequence[Reach], depth: int
    ) -> tuple[list[_Placed], list[tuple[Shortcut, int, int]]]:
        """The items in order, each shortcut's merge behind what it leads around; and the arcs over them."""
        whole, within, over = _parted(first, last, reaches, flat=depth >= DEEPEST)
        placed: list[_Placed] = []
        starts: dict[int, int] = {}
        ends: dict[int, list[Reach]] = {}
        for reach in over:
            ends.setdefault(reach.last, []).append(reach)
        arcs: list[tuple[Shortcut, int, int]] = []
        box, waiting = first, iter([*within, None])
        group = next(waiting)
        while box <= last:
            starts[box] = len(placed)
            if group is not None and group[0] == box:
                placed.append(self._inner(*group, depth))
                box, group = group[1], next(waiting)
            else:
                placed.append(_Placed(self.boxes[box], self._look(_box_look(self.boxes[box]))))
            for merge in _by_merge(ends.get(box, ())):
                placed.append(self._merge(merge))
                placed[-1].crossed = True
                for reach in merge:
                    placed[starts[reach.first]].crossed = True
                    arcs.append((reach.shortcut, starts[reach.first], len(placed) - 1))
            box += 1
        for merge in _by_merge(whole):
            placed.append(self._merge(merge))
            placed[-1].crossed = True
            arcs += [(reach.shortcut, 0, len(placed) - 1) for reach in merge]
        return placed, arcs

    def _inner(self, first: int, last: int, reaches: Sequence[Reach], depth: int) -> _Placed:
        group, look = self._composed(*self._placed(first, last, reaches, depth + 1))
        return _Placed(group, look)

    def _merge(self, reaches: Sequence[Reach]) -> _Placed:
        shortcuts = tuple(reach.shortcut for reach in reaches)
        return _Placed(Merge(shortcuts), self._look(tuple(map(_shortcut_look, shortcuts))))

    def _composed(self, placed: Sequence[_Placed], arcs: Sequence[tuple[Shortcut, int, int]]) -> tuple[Group, int]:
        """The group of some items, folded, and how it looks."""
        look = self._look((tuple(one.look for one in placed), tuple((first, last) for _, first, last in arcs)))
        looks = [(nth,) if one.crossed else one.look for nth, one in enumerate(placed)]
        items: list[Item] = []
        where: list[int] = []
        start = 0
        while start < len(placed):
            length, repeats = pattern(looks, start, partial(_fewest, placed, start))
            where += [len(items)] * (length * repeats)
            if repeats > 1:
                copies = (placed[start + nth * length : start + (nth + 1) * length] for nth in range(repeats))
                items.append(Fold(tuple(_copy(copy) for copy in copies)))
            else:
                items.append(placed[start].item)
            start += length * repeats
        drawn = [(shortcut, where[first], where[last]) for shortcut, first, last in arcs]
        return Group(tuple(items), self._arcs(drawn)), look

    def _arcs(self, drawn: Sequence[tuple[Shortcut, int, int]]) -> tuple[Arc, ...]:
        """Each arc in the innermost lane that is free; the shorter lie inside."""
        lanes = Lanes(1 + max((last for *_, last in drawn), default=0))
        made = []
        for shortcut, first, last in sorted(drawn, key=lambda arc: arc[2] - arc[1]):
            lane = lanes.innermost(first, last)
            lanes.lay(first, last, lane)
            made.append(Arc(shortcut, first, last, lane, _width(shortcut.parameters, self.parameters)))
        return tuple(made)

    def _look(self, look: Hashable) -> int:
        return self.looks.setdefault(look, len(self.looks))


def _parted(
    first: int, last: int, reaches: Sequence[Reach], *, flat: bool
) -> tuple[list[Reach], list[tuple[int, int, list[Reach]]], list[Reach]]:
    """What leads around all boxes, the largest groups within, and what is drawn over them since it crosses others."""
    whole = [reach for reach in reaches if (reach.first, reach.last) == (first, last)]
    rest = [reach for reach in reaches if (reach.first, reach.last) != (first, last)]
    if flat:
        return whole, [], rest
    crossing = _crossing(rest)
    within: list[tuple[int, int, list[Reach]]] = []
    over = []
    for reach in sorted(rest, key=lambda r: (r.first, -r.last)):
        inside = within and reach.last <= within[-1][1]
        if inside:
            within[-1][2].append(reach)
        elif (reach.first, reach.last) in crossing:
            over.append(reach)
        else:
            within.append((reach.first, reach.last, [reach]))
    order = {id(reach): number for number, reach in enumerate(reaches)}
    for *_, found in within:
        found.sort(key=lambda reach: order[id(reach)])
    return whole, within, over


def _crossing(reaches: Iterable[Reach]) -> set[tuple[int, int]]:
    """The reaches that overlap with another one without either lying within the other."""
    found = set()
    open_: list[tuple[int, int]] = []
    for first, last in sorted({(r.first, r.last) for r in reaches}, key=lambda reach: (reach[0], -reach[1])):
        while open_ and open_[-1][1] < first:
            open_.pop()
        while open_ and open_[-1][1] < last:  # each lies within those before it: the last one ends first
            found |= {(first, last), open_.pop()}
        open_.append((first, last))
    return found


def _by_merge(reaches: Iterable[Reach]) -> list[list[Reach]]:
    """Shortcuts of the same merge together."""
    merges: dict[Hashable, list[Reach]] = {}
    for reach in reaches:
        merges.setdefault(reach.shortcut.merge.name, []).append(reach)
    return list(merges.values())


def _fewest(placed: Sequence[_Placed], start: int, length: int) -> int:
    """How often a pattern must come to be folded."""
    mere_layers = all(isinstance(one.item, Box) for one in placed[start : start + length])
    return FEWEST_BOXES if mere_layers else FEWEST_REPEATS


def _copy(placed: Sequence[_Placed]) -> Group:
    if len(placed) == 1 and isinstance(placed[0].item, Group):
        return placed[0].item
    return Group(tuple(one.item for one in placed))


def _box_look(box: Box) -> Hashable:
    layer = box.layer
    return (
        (box.branch, box.shape)
        if layer is None
        else (layer.op, layer.detail, layer.shape, layer.parameters, layer.macs)
    )


def _shortcut_look(shortcut: Shortcut) -> Hashable:
    """What is drawn of a shortcut; the order of its fork's axes is not, nor the ops between the layers it skips."""
    s = shortcut
    sizes = None if s.fork.shape is None else tuple(sorted(map(str, s.fork.shape)))
    around = (s.span.parameters, s.span.macs_formula) if s.span.weight_layers else s.span.ops
    weights = s.weights_in_words, s.parameters, s.macs
    return s.kind, sizes, s.merge.shape, weights, s.span.weight_layers, around


def _width(part: int | None, whole: int) -> int:
    return 0 if not part else 1 if part * 1000 < whole else 2 if part * 100 < whole else 3

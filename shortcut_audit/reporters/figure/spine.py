"""Which boxes stand on the spine, and around which of them does each shortcut lead?

The boxes are the layers of the main path, in order. Layers of shortcuts are no boxes: they are said at their arcs. A
shortcut around no weight layer (pooling, attention without weights) leads around a box of its own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from shortcut_audit.frozen import frozen
from shortcut_audit.report import Layer, MergeInfo, ModelReport, Shape, Shortcut, Span


@frozen
class Box:
    """A place on the spine."""

    layer: Layer | None
    """None for a branch without a layer of the main path."""
    branch: Span | None
    """What such a branch holds; None for a layer."""
    shape: Shape


@frozen
class Reach:
    """A shortcut, and the boxes that it leads around: from `first` to `last`."""

    shortcut: Shortcut
    first: int
    last: int


@frozen
class Spine:
    """The boxes in order, and the reach of every shortcut, in the model's order."""

    boxes: tuple[Box, ...]
    reaches: tuple[Reach, ...]


def spine(model: ModelReport) -> Spine:
    """The spine of a model."""
    main = [number for number, layer in enumerate(model.layers) if layer.shortcut is None]
    bare: dict[MergeInfo, Shortcut] = {}
    for shortcut in model.shortcuts:
        if _around(shortcut, main) is None:
            bare.setdefault(shortcut.merge, shortcut)
    placed: list[tuple[int, int, Box]] = [
        (number, len(bare), Box(model.layers[number], None, model.layers[number].shape)) for number in main
    ]
    placed += [(m.after_layers, nth, Box(None, s.span, m.shape)) for nth, (m, s) in enumerate(bare.items())]
    placed.sort(key=lambda place: place[:2])
    where = {number: nth for nth, (number, order, _) in enumerate(placed) if order == len(bare)}
    own = {list(bare)[order]: nth for nth, (_, order, _) in enumerate(placed) if order < len(bare)}
    return Spine(tuple(box for *_, box in placed), tuple(_reaches(model.shortcuts, main, where, own)))


def _around(shortcut: Shortcut, main: Sequence[int]) -> tuple[int, int] | None:
    """The first and the last layer of the main path that a shortcut leads around."""
    if shortcut.first_layer is None or shortcut.last_layer is None:
        return None
    first, end = bisect_left(main, shortcut.first_layer), bisect_right(main, shortcut.last_layer)
    return (main[first], main[end - 1]) if first < end else None


def _reaches(
    shortcuts: Sequence[Shortcut], main: Sequence[int], where: dict[int, int], own: dict[MergeInfo, int]
) -> list[Reach]:
    found = []
    for shortcut in shortcuts:
        around = _around(shortcut, main)
        if around is None:
            found.append(Reach(shortcut, own[shortcut.merge], own[shortcut.merge]))
        else:
            found.append(Reach(shortcut, where[around[0]], where[around[1]]))
    return found

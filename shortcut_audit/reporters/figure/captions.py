"""What is written beside a layer, a merge and a brace of the picture?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from shortcut_audit.names import displayable, displayable_text
from shortcut_audit.report import Shortcut, wording
from shortcut_audit.report.wording import Glyphs, counted
from shortcut_audit.reporters.figure.layout import Fold, Group, Item, Merge
from shortcut_audit.reporters.figure.spine import Box
from shortcut_audit.reporters.shared.operators import plain_name

LABEL_LIMIT = 80
"""Characters of a label."""


def shown(text: str) -> str:
    """A label that may hold names, fit to be shown."""
    return displayable_text(text, 2 * LABEL_LIMIT)


def of_box(box: Box, glyphs: Glyphs) -> str:
    """What a layer does: "conv 3x3, stride 2, 64 → 128"."""
    if box.layer is None:
        if box.branch is None or box.branch.weight_layers:
            return "layers of other shortcuts"
        return f"{counted(box.branch.ops, 'op')} without weights"
    detail = box.layer.detail.replace("->", glyphs.arrow)
    return displayable_text(f"{plain_name(box.layer.op)} {detail}".rstrip(), LABEL_LIMIT)


def of_boxes(boxes: Sequence[Box], glyphs: Glyphs) -> str:
    """What layers that share a row do: "linear 256 → 1024, linear 1024 → 256"; equal ones once: "3 x conv …"."""
    said = [(label, len(list(same))) for label, same in groupby(of_box(box, glyphs) for box in boxes)]
    return "; ".join(f"{times} x {label}" if times > 1 else label for label, times in said)


def of_many(boxes: Sequence[Box], glyphs: Glyphs) -> str:
    """The same where there is no room for all: "13 layers: conv 1x1, 64 → 128 … conv 1x1, 256 → 128"."""
    ends = f"{of_box(boxes[0], glyphs)} {glyphs.ellipsis} {of_box(boxes[-1], glyphs)}"
    return f"{counted(len(boxes), 'layer')}: {ends}"


def where_of(box: Box) -> str:
    """The module that a layer stands in, or its name."""
    return "" if box.layer is None else displayable(box.layer.scope or box.layer.name, LABEL_LIMIT)


def of_shortcut(shortcut: Shortcut, glyphs: Glyphs) -> str:
    """What a shortcut is: "projection: conv 1x1/2, 64 → 128, no bias"."""
    ops = [op for op, _ in groupby(plain_name(step.op) for step in shortcut.route if step.step_class != "view")]
    words = shortcut.weights_in_words.replace("->", glyphs.arrow) or ", ".join(ops[:3])
    return displayable_text(f"{shortcut.kind}{': ' if words else ''}{words}", 2 * LABEL_LIMIT)


def around(shortcut: Shortcut) -> str:
    """What it leads around: "2 layers, 73,856 parameters, 231 M MACs"."""
    return wording.skipped(shortcut.span)[0]


def of_fold(fold: Fold, glyphs: Glyphs) -> str:
    """Which shortcuts, or layers, are drawn once for all: "layer3.1 … layer3.22"."""
    first, last = _names(fold.copies[0]), _names(fold.copies[-1])
    if not first or not last:
        return ""
    return f"{displayable(first[0], LABEL_LIMIT)} {glyphs.ellipsis} {displayable(last[-1], LABEL_LIMIT)}"


def _names(item: Item) -> list[str]:
    """The keys of the shortcuts in an item, or else the places of its layers; nesting is bounded by the layout."""
    if isinstance(item, Box):
        return [item.layer.scope or item.layer.name] if item.layer is not None else []
    if isinstance(item, Merge):
        return [shortcut.key for shortcut in item.shortcuts]
    inner = item.items if isinstance(item, Group) else item.copies[:1] + item.copies[-1:]
    merges = [name for one in inner if not isinstance(one, Box) for name in _names(one)]
    return merges or [name for one in inner for name in _names(one)]

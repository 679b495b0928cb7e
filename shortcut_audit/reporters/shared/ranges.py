"""How are many names that differ in their numbers said in few words?

`layer3.1`, `layer3.2` and `layer3.3` are `layer3.1…3`. Long models count their modules; a reader wants to know from
where to where.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

_NUMBER = re.compile(r"([0-9]+)")

LABELS_SHOWN = 8
"""Names, or ranges of them, that are said where the same is said of many."""

Box: TypeAlias = "tuple[tuple[int, int], ...]"
"""From where to where each number of a name goes."""


def ranged(names: Sequence[str], dots: str) -> str:
    """One label for all the names: "layers.0…3.blocks.0…5.mlp" says the least and the greatest of each number.

    Of names that differ in more than their numbers, the first and the last.
    """
    parted = [_NUMBER.split(name) for name in dict.fromkeys(names)]
    if any(parts[::2] != parted[0][::2] for parts in parted):
        return f"{names[0]}{dots}{names[-1]}"
    columns = [sorted(set(column), key=_size) for column in zip(*parted, strict=True)]
    return "".join(column[0] if len(column) == 1 else f"{column[0]}{dots}{column[-1]}" for column in columns)


def _size(part: str) -> tuple[int, str]:
    """The order of what stands in one place of several names: numbers by size."""
    return (int(part), part) if part.isdecimal() else (0, part)


def in_ranges(names: Iterable[str], dots: str) -> list[str]:
    """The names, each in one label, and in no label a name that is not among them.

    `layer1.0`, `layer1.1`, `layer2.1` are `layer1.0…1` and `layer2.1`. Names are displayable: their numbers are short.
    """
    shapes: dict[tuple[str, ...], dict[tuple[str, ...], None]] = {}
    for name in names:
        parts = _NUMBER.split(name)
        shapes.setdefault(tuple(parts[::2]), {})[tuple(parts[1::2])] = None
    return [label for texts, numbers in shapes.items() for label in _labels(texts, list(numbers), dots)]


def _labels(texts: Sequence[str], numbers: Sequence[tuple[str, ...]], dots: str) -> Iterator[str]:
    if any(str(int(number)) != number for each in numbers for number in each):
        yield from (_label(texts, each) for each in numbers)  # "block.007" is no number that one could leave out
        return
    boxes: list[Box] = [tuple((int(number), int(number)) for number in each) for each in numbers]
    for place in reversed(range(len(texts) - 1)):
        boxes = _joined(boxes, place)
    for box in boxes:
        yield _label(texts, [str(least) if least == most else f"{least}{dots}{most}" for least, most in box])


def _label(texts: Sequence[str], numbers: Sequence[str]) -> str:
    return "".join(part for pair in zip(texts, [*numbers, ""], strict=True) for part in pair)


def _joined(boxes: Iterable[Box], place: int) -> list[Box]:
    """Boxes that differ in one place, and follow each other there, as one."""
    found: list[Box] = []
    ordered = sorted(boxes, key=lambda box: (box[:place], box[place + 1 :], box[place]))
    for box in ordered:
        last = found[-1] if found else None
        same = last is not None and last[:place] == box[:place] and last[place + 1 :] == box[place + 1 :]
        if last is not None and same and last[place][1] + 1 == box[place][0]:
            found[-1] = (*last[:place], (last[place][0], box[place][1]), *last[place + 1 :])
        else:
            found.append(box)
    return sorted(found)

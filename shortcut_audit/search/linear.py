"""Of which one value is a value a linear map, and how dear is that map?

`x + pool(W x)` is one linear map of x, however many sums it is written in; to one that only selects and scales no
weight belongs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shortcut_audit.graph.model import ModelGraph, Op, Value
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.steps import Kinship, Step, step

NESTED = 4
"""How many sums of linear maps, one in the other, are taken for one map: series of them are no routes."""


NOWHERE = (-1,) * len(Step)
"""There is no step of any class."""


class Image(NamedTuple):
    """A value as a linear map of one other value, or of itself."""

    root: int
    """The number of that value."""
    latest: tuple[int, ...] = NOWHERE
    """For each class of steps, the latest value that is made by one between the two; sums are scales at least."""
    sums: int = 0
    """How many sums lie between the two, one in the other."""

    def level(self, entry: int) -> Step:
        """The dearest class of the steps behind a value through which all of the map passes."""
        return max((step for step in Step if self.latest[step] > entry), default=Step.VIEW)

    def by(self, level: Step, own: int) -> tuple[int, ...]:
        """The latest value of each class, when a step of a class has made another one."""
        return (*self.latest[:level], own, *self.latest[level + 1 :])


def images(graph: ModelGraph, values: Sequence[Value], number: dict[str, int]) -> list[Image]:
    """Each value as a linear map of the earliest value of which it is one."""
    found = [Image(own) for own in range(len(values))]
    for own, value in enumerate(values):
        if value.op is not None and _is_linear(value.op):
            made = _made(graph, own, value.op, [found[number[given]] for given in value.op.values()])
            found[own] = made or found[own]
    return found


def _made(graph: ModelGraph, own: int, op: Op, read: Sequence[Image]) -> Image | None:
    """What a linear op makes of some images; None where they are of several values, or the steps are a series."""
    if len(read) != 1 and len({image.root for image in read}) != 1:
        return None
    image = read[0] if len(read) == 1 else _together(read)
    if len(read) > 1 and row_of(op.kind).effect is Effect.SUM:
        return Image(image.root, image.by(Step.SCALE, own), image.sums + 1) if image.sums < NESTED else None
    slot = next(slot for slot, given in enumerate(op.inputs) if isinstance(given, str))
    return Image(image.root, image.by(step(graph, op, slot, Kinship.STRANGERS), own), image.sums)


def _together(read: Sequence[Image]) -> Image:
    """What maps of one value come to that are joined, or added up."""
    latest = tuple(map(max, zip(*(image.latest for image in read), strict=True)))
    return Image(read[0].root, latest, max(image.sums for image in read))


def _is_linear(op: Op) -> bool:
    """Whether an op is linear in all the values that it reads, up to an offset.

    1. Sums and views; 2. what is selected, joined or pooled, unless a value tells what to select; 3. a product with
    constants, or a contraction; 4. a norm by statistics that the model keeps.
    """
    row, values = row_of(op.kind), op.values()
    match row.effect:
        case Effect.SUM | Effect.VIEW:
            return True  # 1
        case Effect.SELECTION:
            adds = op.attributes.get("reduction", "none") in {"none", "add"}
            passing = sum(isinstance(given, str) for slot, given in enumerate(op.inputs) if slot in row.data)
            return adds and not row.maximum and (not row.data or passing == len(values))  # 2
        case Effect.PRODUCT | Effect.CONTRACTION:
            passes = not row.data or isinstance(op.inputs[row.data[0]], str)
            return len(values) == 1 and not row.rescales and passes  # 3
        case Effect.NORMALISATION:
            return row.running and not op.attributes.get("training_mode")  # 4
    return False

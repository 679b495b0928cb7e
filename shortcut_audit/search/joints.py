"""Of which joint does a value hold the elements, and along which of its axes do the parts lie?

A joint is followed through views, and through what multiplies or shifts each element by itself. Of a choice it is
supposed that it hands on what was joined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from shortcut_audit.graph.model import ModelGraph, Op
from shortcut_audit.operators.axes import joint_axis, rank_of
from shortcut_audit.operators.row import Arrangement, Effect
from shortcut_audit.operators.table import is_copy, row_of
from shortcut_audit.search.stacks import FOLLOWED, moved

PASSING = frozenset({Effect.VIEW, Effect.SCALE, Effect.PRODUCT, Effect.SUM})
"""What leaves the elements of the one value that it reads in some order, each by itself a multiple of what it was."""


class Behind(NamedTuple):
    """Where the elements of a value come from."""

    source: str
    axis: int | None
    """Where the axis of the joint stands now; None where nobody knows."""


def behind(graph: ModelGraph, begins: Callable[[Op], bool], *, weighed: bool = True) -> Mapping[str, Behind]:
    """What the values hold that are made, in whatever order, of a value that begins so.

    `weighed`: also what is multiplied with learned weights on the way.
    """
    found: dict[str, Behind] = {}
    if not any(map(begins, graph.ops)):
        return found
    for name, value in graph.values.items():
        op = value.op
        if op is None:
            continue
        if begins(op):
            found[name] = Behind(name, joint_axis(op, rank_of(graph, name)))
            continue
        known = [found[given] for given in op.values() if given in found]
        if not known:
            continue
        row, several = row_of(op.kind), len(op.values()) > 1
        if not weighed and any(weight.learned for weight in op.weights()):
            continue
        if row.effect is Effect.CHOICE or (row.data and 0 not in row.data):  # of a branch, of an element
            found[name] = known[0]
        elif not several and (row.effect in PASSING or row.running):
            found[name] = Behind(known[0].source, _after(graph, op, name, known[0].axis))
    return found


def _after(graph: ModelGraph, op: Op, made: str, axis: int | None) -> int | None:
    """Where an axis stands in what an op has made; None where nobody knows."""
    (given,) = op.values()
    before, after = rank_of(graph, given), rank_of(graph, made)
    row = row_of(op.kind)
    if axis is None or before is None or after is None:
        return None
    if row.effect is not Effect.VIEW or is_copy(op):
        return axis if before == after else None
    return moved(graph, op, axis) if row.arranges in FOLLOWED else None


def joins_several(op: Op) -> bool:
    """Whether an op joins several values: along an axis, or to a sequence."""
    row = row_of(op.kind)
    return row.effect is Effect.SELECTION and not row.data and len(set(op.values())) > 1


def takes(op: Op) -> bool:
    """Whether an op takes elements of what it reads."""
    row = row_of(op.kind)
    return row.effect is Effect.SELECTION and row.moves and row.arranges is not Arrangement.REPEATED

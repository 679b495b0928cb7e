"""Which values are joined with what was computed from them?

DenseNet and U-Net let a value through by joining it with what became of it, not by adding. That is no shortcut of the
paper's kind, and is listed apart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from heapq import heapify, heappop, heappush

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import ModelGraph, Op, Value
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import does_work, row_of

STEPS_EACH = 64
"""How many steps back are taken in all for each value of a model: nested joins take a few dozen."""


@frozen
class Concatenation:
    """A joint of values of which some were computed from others."""

    op: Op
    result: Value
    joins: tuple[str, ...]
    """The values that are carried over: those from which others of the joint were computed."""


def find(graph: ModelGraph, works: Callable[[Op], bool] = does_work) -> tuple[Concatenation, ...] | None:
    """Every joint that carries a value over an op that works, in topological order.

    None where joints are nested so deeply that finding out would take too long.
    """
    place = {name: number for number, name in enumerate(graph.values)}
    left, found = STEPS_EACH * len(place), list[Concatenation]()
    for op in graph.ops:
        made = op.outputs[0] if op.outputs else None
        if made is None or not _joins(op):
            continue
        parts = dict.fromkeys(op.values())
        carried = set[str]()
        for name in _carried(graph, works, place, parts):
            left -= 1
            if left < 0:
                return None
            if name is not None:
                carried.add(name)
        if carried:
            found.append(Concatenation(op, graph.values[made], tuple(name for name in parts if name in carried)))
    return tuple(found)


def _joins(op: Op) -> bool:
    row = row_of(op.kind)
    return row.effect is Effect.SELECTION and not row.data and row.shape is not None and len(op.values()) > 1


def _carried(
    graph: ModelGraph, works: Callable[[Op], bool], place: dict[str, int], parts: Collection[str]
) -> Iterator[str | None]:
    """The parts from which others are computed by way of an op that works; a step that finds none is None.

    Nothing before the earliest part is looked at: it cannot be computed from another one.
    """
    earliest = min(place[name] for name in parts)
    names = {place[name]: name for name in parts}
    worked = dict.fromkeys(names, False)
    waiting = [-number for number in names]
    heapify(waiting)
    values = graph.values
    while waiting:
        number = -heappop(waiting)
        name = names[number]
        op = values[name].op
        yield name if worked[number] and name in parts else None
        behind = worked[number] or (op is not None and works(op))
        for given in op.values() if op is not None else ():
            above = place[given]
            if above < earliest:
                continue
            if above not in worked:
                worked[above] = False
                names[above] = given
                heappush(waiting, -above)
            worked[above] |= behind

"""Which values are joined with what was computed from them?

DenseNet and U-Net let a value through by joining it with what became of it, not by adding. That is no shortcut of the
paper's kind, and is listed apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import ModelGraph, Op, Value
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import does_work, row_of


@frozen
class Concatenation:
    """A joint of values of which some were computed from others."""

    op: Op
    result: Value
    joins: tuple[str, ...]
    """The values that are carried over: those from which others of the joint were computed."""


class _Past(NamedTuple):
    """From which parts of joints a value is computed, as sets of bits."""

    whole: int
    """All of them, itself among them."""
    worked: int
    """Those from which it is computed by way of an op that works."""


def find(graph: ModelGraph, works: Callable[[Op], bool] = does_work) -> tuple[Concatenation, ...]:
    """Every joint that carries a value over an op that works, in topological order.

    One sweep answers for all joints. The past of a value is kept only as long as somebody is still to read it.
    """
    parts = dict.fromkeys(name for op in graph.ops if _joins(op) for name in op.values())
    bit = {name: 1 << place for place, name in enumerate(parts)}
    last_reader = {name: op for op in graph.ops for name in op.values()} if parts else {}
    pasts, found = dict[str, _Past](), list[Concatenation]()
    for op in graph.ops if parts else ():
        read = dict.fromkeys(op.values())
        past = _joined([pasts.get(name) or _Past(bit.get(name, 0), 0) for name in read])
        made = op.outputs[0] if op.outputs else None
        joins = tuple(name for name in read if past.worked & bit[name]) if made is not None and _joins(op) else ()
        if made is not None and joins:
            found.append(Concatenation(op, graph.values[made], joins))
        worked = past.whole if works(op) else past.worked
        for name in filter(None, op.outputs):
            pasts[name] = _Past(past.whole | bit.get(name, 0), worked)
        for name in read:
            if last_reader[name] is op:
                pasts.pop(name, None)
    return tuple(found)


def _joined(pasts: Sequence[_Past]) -> _Past:
    return _Past(reduce(or_, (past.whole for past in pasts), 0), reduce(or_, (past.worked for past in pasts), 0))


def _joins(op: Op) -> bool:
    row = row_of(op.kind)
    return row.effect is Effect.SELECTION and not row.data and row.shape is not None and len(op.values()) > 1

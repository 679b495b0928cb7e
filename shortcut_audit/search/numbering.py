"""Which values of a model are the same one, whatever it reads?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from shortcut_audit.graph.model import Constant, ModelGraph, Value
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import is_copy, row_of


def numbered(graph: ModelGraph) -> tuple[dict[str, int], dict[str, int]]:
    """A number for each value, in topological order, and the number of what it is a copy of, seen through all copies.

    Values that are the same whatever the input share a number.

    The same op with the same weights, applied to the same values or to copies of them, is the same value, unless it is
    counted in MACs: exporters that merge such ops (norm(x) written twice) and those that do not draw the same model.
    Copies themselves stay apart, as steps of a route do, and so do sums: how many terms are added in one is a matter of
    writing. What lies between two values holds such an op once.
    """
    numbers: dict[str, int] = {}
    originals: dict[str, int] = {}
    first: dict[Hashable, int] = {}
    again: set[str] = set()
    """Values that several ops read, or whose like may be made again: only what reads no others may be made twice."""
    for number, (name, value) in enumerate(graph.values.items()):
        repeated = value.op is not None and again.issuperset(value.op.values())
        made = _application(value, originals) if repeated else None
        numbers[name] = originals[name] = number if made is None else first.setdefault(made, number)
        copies = value.op is not None and is_copy(value.op)
        if value.op is not None and copies and isinstance(source := value.op.inputs[0], str):
            # The copy keeps its own number, as a step of a route; what reads it counts as reading what it is a copy of.
            originals[name] = originals[source]
        if len(graph.readers[name]) > 1 or made is not None or (repeated and copies):
            again.add(name)
    return numbers, originals


def _application(value: Value, originals: Mapping[str, int]) -> Hashable:
    """What a value is made by and from, if another one made so is the same; None if that cannot be said."""
    op = value.op
    if op is None or not op.values():
        return None
    row = row_of(op.kind)
    if op.weights() and row.macs is not None:
        return None
    if not row.understood or row.effect is Effect.SUM or row.varies or is_copy(op):
        return None
    if None in op.attributes.values():
        return None  # an attribute that cannot be read
    read: list[Hashable] = []
    for given in op.inputs:
        if isinstance(given, Constant):
            told = not given.weights and given.type.data is not None and None not in given.type.data
            read.append(given if told else id(given))  # two readers of one tensor share its constant
        else:
            read.append(given if given is None else originals[given])
    return op.kind, op.label, tuple(sorted(op.attributes.items())), tuple(read), value.slot, value.type

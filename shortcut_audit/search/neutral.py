"""Does an op leave the one value that it reads as it is? (x + 0, 1 x, as the program writes them)"""

from __future__ import annotations

from shortcut_audit.graph.model import Constant, ModelGraph, Op, Shape, Value
from shortcut_audit.operators.table import is_copy, row_of


def is_neutral(graph: ModelGraph, op: Op, slot: int) -> bool:
    """Whether the constants that `op` combines its one value with leave it as it is: x + 0, 1 x, not 0 - x or 1 / x."""
    row = row_of(op.kind)
    if row.neutral is None or (row.data and slot not in row.data) or slot in row.negated:
        return False
    if not keeps_shape(graph, op, slot):
        return False
    others = [given for given in op.inputs if isinstance(given, Constant)]
    return bool(others) and all(given.fill == row.neutral for given in others)


def passes(graph: ModelGraph, op: Op, value: str) -> bool:
    """Whether what an op makes is a copy of a value: as its operator says, or as the numbers beside it do."""
    if is_copy(op):
        return op.inputs[0] == value
    return op.values() == (value,) and is_neutral(graph, op, op.inputs.index(value))


def keeps_shape(graph: ModelGraph, op: Op, slot: int) -> bool:
    """Whether what enters by a slot is known to come out in the same shape. Unknown sizes are not known to be equal."""
    given, made = op.inputs[slot], op.outputs[0]
    if not isinstance(given, str) or made is None:
        return False
    before, after = graph.values[given].type.shape, graph.values[made].type.shape
    return _known(before) and before == after


def _known(shape: Shape) -> bool:
    return shape is not None and all(size is not None for size in shape)


def before_identities(graph: ModelGraph, value: Value) -> Value:
    """The value that another one is, in the same type: seen through each Identity, and through no cast."""
    while value.op is not None and is_copy(value.op) and isinstance(given := value.op.inputs[0], str):
        if graph.values[given].type != value.type:
            break
        value = graph.values[given]
    return value

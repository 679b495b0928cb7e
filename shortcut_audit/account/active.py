"""How much of a model does one token meet?

Of a mixture of experts each token goes through some (theory: active parameters). Everything else is met by all.
"""

from __future__ import annotations

from shortcut_audit.algebra.polynomial import integer
from shortcut_audit.graph.model import Constant, ModelGraph, Op, Weight
from shortcut_audit.graph.sizes import count
from shortcut_audit.operators.counting.operands import Operands
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import row_of


def active_parameters(graph: ModelGraph) -> int | None:
    """Learned scalars that one token goes through: all but those of the experts that it is not sent to.

    None where it cannot be known how many experts that are. A tensor that is also read elsewhere is met by all.
    """
    idle = 0
    readers = {weight: op for op in graph.ops for weight in _of_experts(op)}
    shared = {weight for op in graph.ops for weight in _beside(op)} if readers else set()
    for weight, reader in readers.items():
        if not weight.learned or not weight.shape or weight in shared:
            continue
        experts, met = weight.shape[0], _met(graph, reader)
        if met is None:
            return None
        if 0 < met < experts:
            idle += weight.elements // experts * (experts - met)
    return sum(weight.elements for weight in graph.weights if weight.learned) - idle


def _of_experts(op: Op) -> list[Weight]:
    """The stored tensors whose first axis lists experts."""
    slots = row_of(op.kind).experts
    read = (op.inputs[slot] for slot in slots if slot < len(op.inputs))
    return [weight for given in read if isinstance(given, Constant) for weight in given.weights]


def _beside(op: Op) -> list[Weight]:
    slots = row_of(op.kind).experts
    read = (given for slot, given in enumerate(op.inputs) if slot not in slots)
    return [weight for given in read if isinstance(given, Constant) for weight in given.weights]


def _met(graph: ModelGraph, op: Op) -> int | None:
    """How many experts a token meets: what the operator says, or how often its row stands among the rows."""
    stated = row_of(op.kind).met
    if stated:
        return Operands.of(graph, op).integer(stated, 1)
    if not op.inputs or not isinstance(op.inputs[0], str):
        return None
    rows, tokens = _rows(graph, op.inputs[0]), _tokens(graph, op.inputs[0])
    return None if rows is None or not tokens or rows % tokens else rows // tokens


def _tokens(graph: ModelGraph, name: str) -> int | None:
    """The rows of what rows were picked from, walking back through views and selections."""
    least = _rows(graph, name)
    while least is not None:
        op = graph.values[name].op
        if op is None or row_of(op.kind).effect not in {Effect.VIEW, Effect.SELECTION}:
            break
        source = op.inputs[0] if op.inputs else None
        rows = _rows(graph, source) if isinstance(source, str) else None
        if rows is None or not isinstance(source, str):
            break
        name, least = source, min(least, rows)
    return least


def _rows(graph: ModelGraph, name: str) -> int | None:
    shape = graph.values[name].type.shape
    return integer(count(shape[:-1])) if shape else None

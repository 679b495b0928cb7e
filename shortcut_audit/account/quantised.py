"""Does a merge add integers of one scale?

Runtimes for integers fuse an addition where both operands come from a dequantiser, and by the same scale; otherwise one
of the two is converted on every pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from shortcut_audit.graph.model import Constant, Input, ModelGraph, Op
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import row_of
from shortcut_audit.report import Quantisation
from shortcut_audit.search.additions import Term
from shortcut_audit.search.found import Found
from shortcut_audit.search.merges import Merge


class Scales:
    """How the operands of merges are quantised: those of one merge are looked at once, for all of its shortcuts."""

    def __init__(self, graph: ModelGraph) -> None:
        self._graph = graph
        self._operands: dict[Op, tuple[Counter[Term], Counter[Hashable | None]]] = {}

    def quantisation(self, found: Found) -> Quantisation:
        """How the shortcut's operand is quantised, beside the other operands of its merge."""
        own, (terms, scales) = _scale(self._graph, found.operand.value), self._of(found.merge)
        others = {scale for scale, count in scales.items() if scale != own or count > terms[found.operand]}
        if others <= {None}:
            return "none" if own is None else "shortcut only"
        if own is None:
            return "branch only"
        return "alike" if others == {own} else "scales differ"

    def _of(self, merge: Merge) -> tuple[Counter[Term], Counter[Hashable | None]]:
        """How often each operand is added, and how many come from each scale."""
        if merge.op not in self._operands:
            scales = Counter(_scale(self._graph, term.value) for term in merge.operands)
            self._operands[merge.op] = Counter(merge.operands), scales
        return self._operands[merge.op]


def _scale(graph: ModelGraph, name: str) -> Hashable | None:
    """Scale and zero point of the dequantiser that a value comes from, seen through views; None where there is none."""
    while True:
        op = graph.values[name].op
        if op is None or row_of(op.kind).effect is not Effect.VIEW:
            return None
        if scales := row_of(op.kind).scales:
            return tuple(_number(op.inputs[slot] if slot < len(op.inputs) else None) for slot in scales)
        given = op.inputs[0]
        if not isinstance(given, str):
            return None
        name = given


def _number(given: Input) -> Hashable:
    """What is equal for two constants of equal elements; a zero point that is left out is one of 0."""
    if not isinstance(given, Constant):
        return given or 0
    data = given.type.data
    if data is None or None in data:
        return tuple(weight.name for weight in given.weights)
    return data[0] if data and all(datum == data[0] for datum in data) else data

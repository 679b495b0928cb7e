"""What does it cost: the model, a shortcut, what a shortcut skips?

Units: parameters are learned scalars, each tensor once however often it is used; MACs are multiply-accumulates of
contractions; FLOPs = 2 x MACs. Unknown is None, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shortcut_audit import operators
from shortcut_audit.graph import ModelGraph, Op, Weight
from shortcut_audit.report import Span, Totals


class Ledger:
    """What every op of a model costs, worked out once."""

    def __init__(self, graph: ModelGraph) -> None:
        self._macs: Mapping[Op, int | None] = {op: operators.macs(graph, op) for op in graph.ops}
        self._unknown = sorted({op.label for op in graph.ops if operators.understood(op) is None})
        self._graph = graph

    def macs(self, ops: Iterable[Op]) -> int | None:
        """MACs of some ops together; None if any of them is unknown."""
        counts = [self._macs[op] for op in ops]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    def totals(self, adds: int) -> Totals:
        """The whole model, in which `adds` additions were found.

        Unbound symbolic dimensions make the MACs unknown (None). Any other op that cannot be counted makes them a lower
        bound, and is named.
        """
        uncounted = {op.label for op, count in self._macs.items() if count is None}
        unbound = bool(uncounted) and bool(unbound_symbols(self._graph))
        return Totals(
            ops=len(self._graph.ops),
            adds=adds,
            parameters=sum(w.elements for w in self._graph.weights if w.learned),
            buffers=sum(w.elements for w in self._graph.weights if not w.learned),
            macs=None if unbound else sum(count for count in self._macs.values() if count is not None),
            lower_bound=bool(uncounted),
            uncounted=tuple(sorted(uncounted)),
        )

    def span(self, residual: tuple[Op, ...]) -> Span:
        """What a shortcut skips: the ops between its fork and the operands that do the work."""
        return Span(
            weight_layers=sum(operators.is_weight_layer(op) for op in residual),
            ops=len(residual),
            parameters=parameters(w for op in residual for w in op.weights()),
            macs=self.macs(residual),
        )


def parameters(weights: Iterable[Weight]) -> int:
    """Learned scalars in tensors of which each counts once."""
    return sum(weight.elements for weight in dict.fromkeys(weights) if weight.learned)


def unbound_symbols(graph: ModelGraph) -> tuple[str, ...]:
    """Symbolic sizes of the model's inputs, in order of appearance. An unnamed one shows as "INPUT[axis]"."""
    found: dict[str, None] = {}
    for name in graph.inputs:
        for axis, size in enumerate(graph.values[name].type.shape or ()):
            if not isinstance(size, int):
                found[size or f"{name}[{axis}]"] = None
    return tuple(found)

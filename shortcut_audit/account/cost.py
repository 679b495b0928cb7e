"""What does it cost: the model, a shortcut, what a shortcut skips?

Units: parameters are learned scalars, each tensor once however often it is used; MACs are multiply-accumulates of
contractions; FLOPs = 2 x MACs. Unknown is None, never 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from shortcut_audit.graph.model import ModelGraph, Op, Weight
from shortcut_audit.operators.table import row_of
from shortcut_audit.report import Span, Totals
from shortcut_audit.search.extent import Extent, Measure


class Ledger:
    """What every op of a model costs."""

    def __init__(self, graph: ModelGraph, measure: Measure) -> None:
        self._graph = graph
        self._measure = measure
        readers = Counter(weight for op in graph.ops for weight in op.weights())
        self._tied = frozenset(weight for weight, count in readers.items() if count > 1)
        self.layers = measure.layers
        """The model's weight layers, in topological order."""

    def macs(self, ops: Iterable[Op]) -> int | None:
        """MACs of some ops together; None if any of them is unknown."""
        return total(self._measure.of(op).macs for op in ops)

    def tied(self, ops: Iterable[Op]) -> frozenset[Weight]:
        """The learned tensors among those that some ops read that several ops of the file read."""
        return frozenset().union(*(self._measure.of(op).tied for op in ops)) & self._tied

    def totals(self, adds: int) -> Totals:
        """The whole model, in which `adds` additions were found.

        Unbound symbolic dimensions make the MACs unknown (None). Any other op that cannot be counted makes them a lower
        bound, and is named.
        """
        counts = {op: self._measure.of(op).macs for op in self._graph.ops}
        uncounted = {
            op.label if row_of(op.kind).understood else op.kind for op, count in counts.items() if count is None
        }
        unbound = bool(uncounted) and bool(unbound_symbols(self._graph))
        return Totals(
            ops=len(self._graph.ops),
            adds=adds,
            parameters=sum(w.elements for w in self._graph.weights if w.learned),
            buffers=sum(w.elements for w in self._graph.weights if not w.learned),
            macs=None if unbound else sum(count for count in counts.values() if count is not None),
            lower_bound=bool(uncounted),
            uncounted=tuple(sorted(uncounted)),
        )


def span(residual: Extent) -> Span:
    """What a shortcut skips."""
    return Span(residual.weight_layers, residual.ops, residual.all_parameters, residual.macs)


def total(counts: Iterable[int | None]) -> int | None:
    """The sum; None as soon as one count is unknown."""
    listed = list(counts)
    known = [count for count in listed if count is not None]
    return sum(known) if len(known) == len(listed) else None


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

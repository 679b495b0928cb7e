"""What does it cost: the model, a shortcut, what a shortcut skips?

Units: parameters are learned scalars, each tensor once however often it is used; MACs are multiply-accumulates of
contractions, a formula where sizes are open; FLOPs = 2 x MACs. Unknown is None, never 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from functools import cached_property

from shortcut_audit.account import bodies
from shortcut_audit.account.active import active_parameters
from shortcut_audit.algebra import polynomial
from shortcut_audit.algebra.polynomial import Cost, Number, formula, integer
from shortcut_audit.graph.model import ModelGraph, Op, Weight
from shortcut_audit.graph.sizes import number
from shortcut_audit.operators.table import macs as macs_of
from shortcut_audit.operators.table import name_of, perhaps_weights
from shortcut_audit.report import Span, Totals
from shortcut_audit.search.extent import Extent, Measure


class Ledger:
    """What every op of a model costs."""

    def __init__(self, graph: ModelGraph, measure: Measure) -> None:
        self._graph = graph
        self._measure = measure
        macs = [(op, measure.of(op).macs) for op in graph.ops]
        self._counted = [(op, count) for op, count in macs if count is not None]
        self.uncounted = tuple(op for op, count in macs if count is None)
        """The ops whose MACs nobody knows, in topological order."""
        self.layers = measure.layers
        """The model's weight layers, in topological order."""

    @cached_property
    def spent(self) -> tuple[Number, Number]:
        """The fewest and the most MACs of the model, as far as they can be counted."""
        return bodies.least_and_most(self._counted)

    @cached_property
    def _tied(self) -> frozenset[Weight]:
        """The tensors that several ops of the file read."""
        readers = Counter(weight for op in self._graph.ops for weight in op.weights())
        return frozenset(weight for weight, count in readers.items() if count > 1)

    def macs(self, ops: Iterable[Op]) -> Cost:
        """MACs of some ops together; None if any of them is unknown."""
        return total(self._measure.of(op).macs for op in ops)

    def _untied(self) -> int:
        """Learned scalars, each tensor once for every module that reads it, as far as the file tells modules apart."""
        read = {(weight, op.scope) for op in self._graph.ops for weight in op.weights() if weight.learned}
        return sum(weight.elements for weight, _ in read)

    def tied(self, held: Extent) -> frozenset[Weight]:
        """The learned tensors of a stretch that several ops of the file read."""
        return held.tied & self._tied if held.tied else held.tied

    def fewest(self, without: Collection[Op]) -> Number:
        """The fewest MACs of the model `without` some ops, as far as they can be counted."""
        if not without:
            return self.spent[0]
        return bodies.least_and_most((op, macs) for op, macs in self._counted if op not in without)[0]

    def totals(self, adds: int) -> Totals:
        """The whole model, in which `adds` additions were found.

        An op that cannot be counted makes the MACs a lower bound, and is named; so does an If whose branches differ.
        """
        macs, most = self.spent
        return Totals(
            ops=len(self._graph.ops),
            adds=adds,
            parameters=sum(w.elements for w in self._graph.weights if w.learned),
            buffers=sum(w.elements for w in self._graph.weights if not w.learned),
            macs=integer(macs),
            macs_formula=formula(macs),
            lower_bound=bool(self.uncounted) or macs != most,
            uncounted=tuple(sorted({name_of(op) for op in self.uncounted})),
            constant_macs=integer(total(macs_of(self._graph, op) for op in self._graph.constant_ops)),
            active_parameters=active_parameters(self._graph),
            untied_parameters=self._untied(),
            parameters_lower_bound=any(map(perhaps_weights, self._graph.ops)) or self._reads_fed(),
        )

    def _reads_fed(self) -> bool:
        """Whether a layer applies weights that the caller brings, perhaps."""
        return any(self._measure.of(op).fed for op in self._graph.ops)


def span(residual: Extent) -> Span:
    """What a shortcut skips."""
    macs, known = residual.macs, None if residual.fed else residual.all_parameters
    return Span(residual.weight_layers, residual.ops, known, integer(macs), macs_formula=formula(macs))


def total(counts: Iterable[Cost]) -> Cost:
    """The sum; None as soon as one count is unknown."""
    listed = list(counts)
    known = [count for count in listed if count is not None]
    return polynomial.total(known) if len(known) == len(listed) else None


def parameters(weights: Iterable[Weight]) -> int:
    """Learned scalars in tensors of which each counts once."""
    return sum(weight.elements for weight in dict.fromkeys(weights) if weight.learned)


def open_sizes(graph: ModelGraph) -> tuple[str, ...]:
    """Symbols of the model's inputs, in order of appearance. An unnamed one is called "INPUT[axis]"."""
    found: dict[str, None] = {}
    for name in graph.inputs:
        for size in graph.values[name].type.shape or ():
            found.update(dict.fromkeys(polynomial.names(number(size))))
    return tuple(found)

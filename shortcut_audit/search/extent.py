"""What does a stretch of the graph hold: how many ops, weight layers, parameters, MACs?

Extents add up, so that a stretch that has been measured once need not be walked again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache

from shortcut_audit.algebra.polynomial import Cost, Number, total
from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import ModelGraph, Op, Weight
from shortcut_audit.graph.sizes import number
from shortcut_audit.operators import table
from shortcut_audit.operators.axes import summed_stack


@frozen
class Extent:
    """What some ops hold together."""

    ops: int = 0
    weight_layers: int = 0
    macs: Cost = 0
    """What a pass takes, loops and all; None as soon as one op's MACs are unknown."""
    parameters: int = 0
    """Learned scalars in tensors that no other op reads."""
    tied: frozenset[Weight] = frozenset()
    """Learned tensors that several ops of the model read: each counts once."""
    working: bool = False
    """Whether any op does real work (table.does_work)."""
    mixing: bool = False
    nonlinear: bool = False
    weighing: bool = False
    """Whether learned weights, or what may be some, are applied to what passes, and do not merely lie beside it."""
    fed: bool = False
    """Whether any layer applies weights that the caller brings, perhaps: how many is not known (fed.py)."""
    unknown: frozenset[str] = frozenset()
    """Operators that are not understood, by the name that the file has for them."""
    first_layer: Op | None = None
    """The first weight layer."""
    layers: tuple[int, int] | None = None
    """The first and the last weight layer, as positions among those of the model."""

    def __add__(self, other: Extent) -> Extent:
        """Both stretches together."""
        return joined((self, other))

    @property
    def all_parameters(self) -> int:
        """Learned scalars, each tensor once."""
        return self.parameters + sum(weight.elements for weight in self.tied)


NOTHING = Extent()


def joined(extents: Iterable[Extent]) -> Extent:
    """Several stretches together, in one pass."""
    ops = weight_layers = parameters = 0
    macs, counted = list[Number](), True
    tied, unknown = frozenset[Weight](), frozenset[str]()
    working = mixing = nonlinear = weighing = fed = False
    first_layer, layers = None, None
    for extent in extents:
        ops += extent.ops
        weight_layers += extent.weight_layers
        parameters += extent.parameters
        counted = counted and extent.macs is not None
        macs.append(extent.macs or 0)
        tied = tied | extent.tied if extent.tied else tied
        unknown = unknown | extent.unknown if extent.unknown else unknown
        working = working or extent.working
        mixing = mixing or extent.mixing
        nonlinear = nonlinear or extent.nonlinear
        weighing = weighing or extent.weighing
        fed = fed or extent.fed
        if extent.layers is not None:
            if layers is None or extent.layers < layers:
                first_layer = extent.first_layer
            layers = extent.layers if layers is None else _hull(layers, extent.layers)
    return Extent(
        ops,
        weight_layers,
        total(macs) if counted else None,
        parameters,
        tied,
        working,
        mixing,
        nonlinear,
        weighing,
        fed,
        unknown,
        first_layer,
        layers,
    )


def _hull(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return min(one[0], other[0]), max(one[1], other[1])


@cache
def _free(*, working: bool, mixing: bool, nonlinear: bool) -> Extent:
    """What an op holds that reads no weights and costs no MACs: the same as any other such op."""
    return Extent(ops=1, working=working, mixing=mixing, nonlinear=nonlinear)


class Measure:
    """The extent of every op of a model, each worked out once."""

    def __init__(self, graph: ModelGraph, gathered: frozenset[str] = frozenset(), fed: Iterable[Op] = ()) -> None:
        """What makes the extents what they are, beside the graph.

        `gathered`: statistics that go back to where they were gathered (statistics.py): to make them is no work. `fed`:
        the layers that apply weights which the caller brings, perhaps.
        """
        self._graph = graph
        self._gathered = gathered
        self._fed = frozenset(fed)
        self.layers = tuple(op for op in graph.ops if table.is_weight_layer(op))
        """The model's weight layers, in topological order."""
        self._nth = {op: number for number, op in enumerate(self.layers)}
        self._known: dict[Op, Extent] = {}
        readers = Counter(weight for op in graph.ops for weight in op.weights() if weight.learned)
        self._tied = frozenset(weight for weight, count in readers.items() if count > 1)

    def nth(self, layer: Op) -> int:
        """The position of a weight layer among those of the model."""
        return self._nth[layer]

    def of(self, op: Op) -> Extent:
        """What one op holds."""
        known = self._known.get(op)
        if known is None:
            known = self._known[op] = self._measured(op)
        return known

    def total(self, ops: Iterable[Op]) -> Extent:
        """What some ops hold together; they must be distinct, and in topological order."""
        return joined(map(self.of, ops))

    def _macs(self, op: Op) -> Cost:
        """Multiply-accumulates of an op in all the times that a pass runs it."""
        macs, times = table.macs(self._graph, op), self._graph.times(op)
        if macs is None or times == 1:
            return macs
        often = number(times)
        return None if often is None else macs * often

    def _measured(self, op: Op) -> Extent:
        row, learned = table.row_of(op.kind), [weight for weight in op.weights() if weight.learned]
        # An Add, whatever the axis over which it is written, or a part of a normalisation.
        idle = summed_stack(self._graph, op) is not None or op.outputs[0] in self._gathered
        working, mixing = table.does_work(op) and not idle, table.mixes(op) and not idle
        macs = self._macs(op)
        if macs == 0 and row.understood and not learned and op not in self._fed:
            return _free(working=working, mixing=mixing, nonlinear=table.is_nonlinear(op))
        nth = self._nth.get(op)
        return Extent(
            ops=1,
            weight_layers=int(nth is not None or (op in self._fed and row.macs is not None)),
            macs=macs,
            parameters=sum(weight.elements for weight in learned if weight not in self._tied),
            tied=self._tied.intersection(learned),
            working=working,
            mixing=mixing,
            nonlinear=table.is_nonlinear(op),
            weighing=(bool(learned) and not table.lays_beside(op)) or op in self._fed,
            fed=op in self._fed,
            unknown=frozenset() if row.understood else frozenset({op.label}),
            first_layer=None if nth is None else op,
            layers=None if nth is None else (nth, nth),
        )

"""What would the model cost with other shortcuts?

He et al. 2015, section 3.3: (A) all shortcuts parameter-free, (B) projections where dimensions change and identities
elsewhere, (C) projections everywhere; and the plain counterpart, without shortcuts. Element-wise additions are no MACs,
so the plain model costs what A costs. Pure arithmetic on shapes.

A shortcut that is a projection already keeps its own price. One that is not is priced as the model writes its others:
W_s maps the channels of the fork to those of the merge, at each position of the merge, with as many further parameters
per output channel as a map in this model carries: 2 where normalisations stand apart (scale and shift), 1 where maps
carry biases (an eval export folds the normalisation into them), 0 otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from shortcut_audit.account.carried import Carried
from shortcut_audit.account.cost import Ledger, parameters, total
from shortcut_audit.algebra import polynomial
from shortcut_audit.algebra.bounds import never_equal
from shortcut_audit.algebra.derived import larger, smaller
from shortcut_audit.algebra.polynomial import Cost, Number, formula, integer
from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import ModelGraph, Op, Shape
from shortcut_audit.graph.sizes import count, number
from shortcut_audit.operators.counting.axes import product
from shortcut_audit.operators.counting.operands import shape_of
from shortcut_audit.operators.row import Arrangement, Family
from shortcut_audit.operators.table import channels_read, is_weight_layer, row_of
from shortcut_audit.report import Option, Price, WhatIf
from shortcut_audit.report.words import Kind
from shortcut_audit.search.found import Found
from shortcut_audit.search.holdings import Holdings
from shortcut_audit.search.routes import Route


@frozen
class Priced:
    """A shortcut with its kind."""

    found: Found
    kind: Kind
    carried: Carried


def ops_on(shortcuts: Iterable[Priced]) -> dict[Op, None]:
    """Every op that stands on some shortcuts; what many of them share is looked at once."""
    held: dict[Holdings, int] = {}
    for shortcut in shortcuts:
        through = shortcut.found.through
        held[through.holdings] = held.get(through.holdings, 0) | through.bits
    return dict.fromkeys(op for holdings, ops in held.items() for op in holdings.among(ops))


def all_changes(shortcuts: Iterable[Priced]) -> list[Cost]:
    """For each shortcut whether it changes dimensions; for those of one route that end in one shape it is told once."""
    known: dict[tuple[Route, Carried, Shape, Kind], Cost] = {}
    changes = []
    for shortcut in shortcuts:
        key = shortcut.found.way, shortcut.carried, shortcut.found.merge.result.type.shape, shortcut.kind
        if key not in known:
            known[key] = changes_dimensions(shortcut)
        changes.append(known[key])
    return changes


def changes_dimensions(shortcut: Priced) -> Cost:
    """Whether what a shortcut carries and the merge differ in shape: 1 if they do, 0 if not, or a formula.

    None where a size is unknown.

    An identity changes no dimension, whatever is open: every element of the fork is one of the merge. A size that the
    route merely moves to another axis is not changed.
    """
    if shortcut.kind == "identity":
        return 0
    before, after = shortcut.carried.moved(), shortcut.found.merge.result.type.shape
    if before is None or after is None:
        return None
    if len(before) != len(after):
        return 1
    pairs = [(number(a), number(b)) for a, b in zip(before, after, strict=True)]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    if any(never_equal(a, b) for a, b in known):
        return 1
    if len(known) < len(pairs):
        return None
    return smaller(1, polynomial.total(larger(a - b, b - a) for a, b in known if a != b))


def option(shortcuts: tuple[Priced, ...]) -> Option:
    """The paper's option that the shortcuts follow.

    Cases: 1. there are none; 2. a gated one follows no option; 3. no projection: A; 4. projections exactly where
    dimensions change: B; 5. projections everywhere: C; 6. anything else: mixed; 7. B or not, depending on sizes that
    are open or unknown: undecided.
    """
    if not shortcuts:
        return "none"  # 1
    if any(s.kind == "gated" for s in shortcuts):
        return "mixed"  # 2
    projected = [s.kind == "projection" for s in shortcuts]
    if not any(projected):
        return "A"  # 3
    changed = all_changes(shortcuts)
    settled = [(is_p, change == 1) for is_p, change in zip(projected, changed, strict=True) if isinstance(change, int)]
    if any(is_p != change for is_p, change in settled):
        return "C" if all(projected) else "mixed"  # 5, 6
    return "B" if len(settled) == len(changed) else "undecided"  # 4, 7


def what_if(graph: ModelGraph, ledger: Ledger, shortcuts: tuple[Priced, ...]) -> WhatIf:
    """The price of the model under each option. B is unknown where it is unknown whether dimensions change."""
    pricing = _Pricing(graph, ledger, shortcuts)
    options = [
        pricing.bare,
        pricing.projecting(list(zip(shortcuts, all_changes(shortcuts), strict=True))),
        pricing.projecting([(shortcut, 1) for shortcut in shortcuts]),
    ]
    if any(shortcut.found.fed for shortcut in shortcuts):
        options = [(None, macs) for _, macs in options]  # whether what is fed are parameters nobody knows
    bare, b, c = map(_price, options)
    return WhatIf(A=bare, B=b, C=c, plain=bare)


STEPS_FOLLOWED = 64
"""How many steps before a layer its data are followed back."""

Spent: TypeAlias = "tuple[Cost, Cost]"
"""Parameters and MACs."""

UNKNOWN: Spent = (None, None)


def _price(spent: Spent) -> Price:
    parameters, macs = spent
    return Price(integer(parameters), integer(macs), parameters_formula=formula(parameters), macs_formula=formula(macs))


class _Pricing:
    """The model without what its shortcuts hold, and what other shortcuts would add."""

    def __init__(self, graph: ModelGraph, ledger: Ledger, shortcuts: tuple[Priced, ...]) -> None:
        self._graph = graph
        self._ledger = ledger
        self._extra = _extra_per_channel(graph)
        self._removed = _removable(graph, shortcuts)
        self._kept = {weight for op in graph.ops if op not in self._removed for weight in op.weights()}
        spent = ledger.macs(self._removed)
        held = sum(weight.elements for weight in graph.weights if weight.learned) - self._held(self._removed)
        self.bare: Spent = (held, None if spent is None else ledger.fewest(self._removed))

    def _held(self, ops: Iterable[Op]) -> int:
        """Learned scalars that nothing but what is removed reads."""
        return parameters(weight for op in ops for weight in op.weights() if weight not in self._kept)

    def projecting(self, shortcuts: list[tuple[Priced, Cost]]) -> Spent:
        """The model with a projection on each shortcut beside which a 1 stands, and nothing on those with a 0.

        Beside one of which that depends on open sizes stands a formula for it.
        """
        prices, priced = [self.bare], set[Op]()
        for change in dict.fromkeys(map(formula, (change for _, change in shortcuts))):
            chosen = [(shortcut, times) for shortcut, times in shortcuts if formula(times) == change]
            times = chosen[0][1]
            if times != 0:
                ops = ops_on(shortcut for shortcut, _ in chosen)
                if times is None or not priced.isdisjoint(ops):
                    return UNKNOWN
                priced.update(ops)
                prices += [_times(price, times) for price in self._prices([shortcut for shortcut, _ in chosen])]
        return total(spent[0] for spent in prices), total(spent[1] for spent in prices)

    def _prices(self, shortcuts: list[Priced]) -> list[Spent]:
        """What projections on these shortcuts cost: their own where they are projections, else such as W_s would."""
        own = ops_on(s for s in shortcuts if s.kind == "projection")
        restored = [op for op in own if op in self._removed]
        prices = [_projection(self._graph, s, self._extra) for s in shortcuts if s.kind != "projection"]
        return [*prices, (self._held(restored), self._ledger.macs(restored))]


def _times(spent: Spent, times: Number) -> Spent:
    parameters, macs = spent
    return None if parameters is None else parameters * times, None if macs is None else macs * times


def _removable(graph: ModelGraph, shortcuts: tuple[Priced, ...]) -> dict[Op, None]:
    """The ops on shortcuts that nobody needs once the shortcuts are gone: a gate may be the branch's, too."""
    candidates = ops_on(shortcuts)
    cut = {(s.found.operand.value, made) for s in shortcuts for op in s.found.merge.ops for made in op.outputs}
    shown = frozenset(graph.outputs)
    removed: dict[Op, None] = {}
    for op in reversed(graph.ops):
        made = [name for name in op.outputs if name is not None]
        if op in candidates and shown.isdisjoint(made):
            readers = ((name, reader) for name in made for reader in graph.readers[name])
            if all(graph.values[reader].op in removed or (name, reader) in cut for name, reader in readers):
                removed[op] = None
    return removed


def _projection(graph: ModelGraph, shortcut: Priced, extra: int) -> Spent:
    """What W_s would cost where there is none."""
    carried, made = shortcut.carried, shortcut.found.merge.result.type.shape
    axis = _channel_axis(graph, shortcut.found, carried.shape)
    before, after = _size(carried.shape, axis), _size(made, carried.place(axis))
    if before is None or after is None:
        return UNKNOWN
    return before * after + extra * after, product(count(made), before)


def _size(shape: Shape, axis: int) -> Cost:
    return None if shape is None or not -len(shape) <= axis < len(shape) else number(shape[axis])


def _channel_axis(graph: ModelGraph, found: Found, shape: Shape) -> int:
    """Where the channels of what is carried stand: where it has as many as the first layer skipped reads.

    Where that tells nothing (the layer reads a part of them, or their number is open): on the second axis for
    convolutions, else on the last. Where no layer is skipped (pooling as a token mixer), images have them second. They
    stand last before a convolution only where axes are moved on the way to it: it may read as many channels of a part
    as an image has columns.
    """
    layer, rank = found.residual.first_layer, len(shape or ())
    second = rank > 3 if layer is None else row_of(layer.kind).family is Family.CONVOLUTION
    usual, other = (1, -1) if second else (-1, 1)
    read = None if layer is None else channels_read(layer)
    if layer is None or read is None or _size(shape, usual) == read or _size(shape, other) != read:
        return usual
    return other if not second or _is_laid_out_anew(graph, layer, found.fork.id) else usual


def _is_laid_out_anew(graph: ModelGraph, layer: Op, fork: str) -> bool:
    """Whether axes are moved between a fork and a layer that reads what is made of it."""
    op: Op | None = layer
    for _ in range(STEPS_FOLLOWED):
        given = op.inputs[0] if op is not None and op.inputs else None
        if not isinstance(given, str) or given == fork or given not in graph.values:
            return False
        op = graph.values[given].op
        if op is not None and row_of(op.kind).arranges is Arrangement.PERMUTED:
            return True
    return False


def _extra_per_channel(graph: ModelGraph) -> int:
    if any(row_of(op.kind).running for op in graph.ops):
        return 2
    layers = [op for op in graph.ops if is_weight_layer(op)]
    return 1 if 2 * sum(_has_bias(graph, op) for op in layers) > len(layers) else 0


def _has_bias(graph: ModelGraph, op: Op) -> bool:
    """Whether a layer carries a bias, in a slot of its own or as an addition that alone reads it."""
    row = row_of(op.kind)
    if any(slot < len(op.inputs) and shape_of(graph, op.inputs[slot]) is not None for slot in row.bias):
        return True
    made = next((name for name in op.outputs if name is not None), None)
    readers = [] if made is None else [graph.values[name].op for name in graph.readers[made]]
    return (
        len(readers) == 1
        and readers[0] is not None
        and row_of(readers[0].kind).adds_plainly
        and len(readers[0].values()) == 1
    )

"""How do a model's graph and its shortcuts become a report?

The last stage that sees the graph: after it there is only the report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from shortcut_audit import report
from shortcut_audit.account import bodies
from shortcut_audit.account.carried import carried
from shortcut_audit.account.classify import kind_of, learned
from shortcut_audit.account.cost import Ledger, open_sizes, parameters, total
from shortcut_audit.account.entries import Entries, elements_added
from shortcut_audit.account.uncounted import explained
from shortcut_audit.account.whatif import Priced, ops_on, option, what_if
from shortcut_audit.algebra.derived import larger
from shortcut_audit.algebra.formula import number_of
from shortcut_audit.algebra.polynomial import Cost, Number, formula, integer, names
from shortcut_audit.frozen import replace
from shortcut_audit.graph.model import ModelGraph, Op, TensorType, Value
from shortcut_audit.graph.sizes import size_in_bytes
from shortcut_audit.names import displayable
from shortcut_audit.operators.table import is_weight_layer, row_of
from shortcut_audit.report.words import Kind
from shortcut_audit.search import Searched
from shortcut_audit.search.found import Found
from shortcut_audit.search.holdings import Holdings
from shortcut_audit.search.merges import Refusal
from shortcut_audit.search.routes import Route

Each = TypeVar("Each")

CONSTANT = "all operands are the same in every forward pass: constant, may be folded"


def compose(graph: ModelGraph, searched: Searched) -> report.ModelReport:
    """Everything there is to say of a model."""
    ledger = Ledger(graph, searched.measure)
    priced = tuple(_with_kinds(searched.graph, in_order(graph, searched.found)))
    others = (*_constant_sums(graph), *_in_order(graph, searched.refused, lambda refusal: refusal.op))
    merges = {shortcut.found.merge.op: shortcut.found.merge for shortcut in priced}
    known = [other for other in others if row_of(other.op.kind).understood]  # what may be an addition is not one yet
    adds = sum(1 + len(merge.folded) for merge in merges.values()) + sum(1 + len(other.folded) for other in known)
    totals, summary = ledger.totals(adds), _summary(graph, searched.graph, ledger, priced)
    if any(shortcut.found.fed for shortcut in priced):
        totals = replace(totals, parameters_lower_bound=True)
    entries = Entries(searched.graph, ledger)
    shortcuts = _shortcuts(entries, priced)
    standing = _standing(priced, shortcuts)
    return report.ModelReport(
        source=graph.source,
        format=graph.format,
        origin=graph.origin,
        inputs=tuple(_input(graph, name) for name in graph.inputs),
        totals=totals,
        summary=_without_unknown(summary, others),
        shortcuts=shortcuts,
        other_adds=tuple(map(entries.other, others)),
        symbols=_symbols(graph, totals, summary),
        notes=(*graph.notes, *bodies.notes(graph, *ledger.spent), *_joined(searched)),
        uncounted=explained(graph, ledger.uncounted),
        layers=tuple(entries.layer(op, standing.get(op)) for op in ledger.layers),
        concatenations=tuple(map(entries.joint, searched.concatenations)),
        declared=tuple(report.Declared(*each) for each in graph.declared),
        outputs=tuple(_output(graph, name) for name in graph.outputs),
    )


def in_order(graph: ModelGraph, found: Iterable[Found]) -> list[Found]:
    """The shortcuts as the report lists them: in the order in which the model computes what they merge."""
    return _in_order(graph, found, lambda one: one.merge.op)


def _in_order(graph: ModelGraph, found: Iterable[Each], op_of: Callable[[Each], Op]) -> list[Each]:
    """What was found of some ops, as the model runs these. The op of a normal form makes what one of the file makes."""
    order = {made: position for position, op in enumerate(graph.ops) for made in op.outputs}
    return sorted(found, key=lambda one: order[op_of(one).outputs[0]])


def _standing(priced: Iterable[Priced], shortcuts: Iterable[report.Shortcut]) -> dict[Op, str]:
    """For each weight layer on a shortcut the key of the first one on which it stands."""
    standing: dict[Op, str] = {}
    seen: dict[Holdings, int] = {}
    for one, shortcut in zip(priced, shortcuts, strict=True):
        layers = one.found.through.that(is_weight_layer)
        new = layers.bits & ~seen.get(layers.holdings, 0)
        seen[layers.holdings] = seen.get(layers.holdings, 0) | new
        for op in layers.holdings.among(new):
            standing.setdefault(op, shortcut.key)
    return standing


def _with_kinds(graph: ModelGraph, found: Iterable[Found]) -> Iterator[Priced]:
    """Each shortcut with its kind: that of those which take one route, and are added or taken away alike, told once."""
    known: dict[tuple[Route, bool], Kind] = {}
    for shortcut in found:
        key = shortcut.way, shortcut.operand.negated
        if key not in known:
            known[key] = kind_of(shortcut)
        yield Priced(shortcut, known[key], carried(graph, shortcut))


def _joined(searched: Searched) -> tuple[str, ...]:
    """What is to be said of a model whose skips are concatenations."""
    count = len(searched.concatenations)
    joins = "1 concatenation joins" if count == 1 else f"{count} concatenations join"
    return (f"{joins} a value with what was computed from it: DenseNet's and U-Net's skips",) if count else ()


def _symbols(graph: ModelGraph, totals: report.Totals, summary: report.Summary) -> tuple[str, ...]:
    """The open sizes on which a cost depends: those of the inputs first."""
    formulas = (totals.macs_formula, summary.extra_macs_formula, summary.elementwise_adds_formula)
    costs = [number_of(formula) for formula in (*formulas, summary.held_bytes_formula) if formula is not None]
    used = dict.fromkeys(name for cost in costs for name in names(cost))
    given = open_sizes(graph)
    return (*(name for name in given if name in used), *(name for name in used if name not in given))


def _constant_sums(graph: ModelGraph) -> list[Refusal]:
    """The additions that read constants alone: they run in every eager pass, too."""
    sums = [op for op in graph.constant_ops if row_of(op.kind).adds_plainly and op.outputs and op.outputs[0]]
    made = [(op, name) for op in sums for name in op.outputs[:1] if name is not None]
    return [Refusal(op, Value(name, graph.constants[name], op), "constant operand", CONSTANT) for op, name in made]


def _input(graph: ModelGraph, name: str) -> report.TensorInfo:
    tensor_type = graph.values[name].type
    return report.TensorInfo(name, tensor_type.shape, tensor_type.dtype)


def _output(graph: ModelGraph, name: str) -> report.TensorInfo:
    """What the model hands back; it may be a constant."""
    tensor_type = graph.values[name].type if name in graph.values else graph.constants.get(name, TensorType())
    return report.TensorInfo(name, tensor_type.shape, tensor_type.dtype)


def _summary(graph: ModelGraph, normal: ModelGraph, ledger: Ledger, priced: tuple[Priced, ...]) -> report.Summary:
    """All shortcuts together; `normal` is the graph with the values of normal forms, which merges may add."""
    kinds = [shortcut.kind for shortcut in priced]
    ops = ops_on(priced)
    merges = {shortcut.found.merge.op: shortcut.found.merge for shortcut in priced}
    macs, adds, held = (
        ledger.macs(ops),
        total(elements_added(normal, merge) for merge in merges.values()),
        _most_held(priced),
    )
    return report.Summary(
        identity=kinds.count("identity"),
        parameter_free=kinds.count("parameter-free"),
        gated=kinds.count("gated"),
        projection=kinds.count("projection"),
        extra_parameters=None if any(s.found.fed for s in priced) else parameters(learned(ops)),
        extra_macs=integer(macs),
        extra_macs_formula=formula(macs),
        elementwise_adds=integer(adds),
        elementwise_adds_formula=formula(adds),
        held_bytes=integer(held),
        held_bytes_formula=formula(held),
        option=option(priced),
        what_if=what_if(graph, ledger, priced),
    )


def _most_held(priced: tuple[Priced, ...]) -> Cost:
    """The largest of what the shortcuts hold; None while any is unknown."""
    types = dict.fromkeys((s.found.fork.type.shape, s.found.fork.type.dtype) for s in priced)
    held = [size_in_bytes(shape, dtype) for shape, dtype in types]
    known = [size for size in held if size is not None]
    most: Number = 0
    for size in known:
        most = larger(most, size)
    return most if len(known) == len(held) else None


def _without_unknown(summary: report.Summary, others: Iterable[Refusal]) -> report.Summary:
    """The summary, what all shortcuts cost together unknown where an addition may merge one more."""
    unknown = sum(other.reason == "not understood" for other in others)
    if not unknown:
        return summary
    nothing = report.Price(None, macs=None)
    return replace(
        summary,
        unknown=unknown,
        extra_parameters=None,
        extra_macs=None,
        extra_macs_formula=None,
        elementwise_adds=None,
        elementwise_adds_formula=None,
        held_bytes=None,
        held_bytes_formula=None,
        option="undecided",
        what_if=report.WhatIf(nothing, nothing, nothing, nothing),
    )


def _shortcuts(entries: Entries, priced: tuple[Priced, ...]) -> tuple[report.Shortcut, ...]:
    """The entries, each under a key of its own: the scope, and the position within it from the second on."""
    position: dict[str, int] = {}
    taken: set[str] = set()
    made = []
    for shortcut in priced:
        scope = displayable(shortcut.found.merge.op.scope)
        nth, key = position.get(scope, -1) + 1, ""
        while not key or key in taken:  # a scope may look like another one's key
            key, nth = (scope or "(root)") + (f"#{nth}" if nth else ""), nth + 1
        position[scope] = nth - 1
        taken.add(key)
        made.append(entries.shortcut(shortcut, scope, key))
    return tuple(made)

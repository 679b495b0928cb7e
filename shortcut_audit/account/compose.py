"""How do a model's graph and its shortcuts become a report?

The last stage that sees the graph: after it there is only the report.
"""

from __future__ import annotations

from shortcut_audit import report
from shortcut_audit.account.classify import kind_of
from shortcut_audit.account.cost import Ledger, parameters, total, unbound_symbols
from shortcut_audit.account.entries import Entries, elements_added
from shortcut_audit.account.whatif import Priced, option, what_if
from shortcut_audit.graph.model import ModelGraph, size_in_bytes
from shortcut_audit.names import displayable
from shortcut_audit.search import Searched


def compose(graph: ModelGraph, searched: Searched) -> report.ModelReport:
    """Everything there is to say of a model."""
    ledger = Ledger(graph, searched.measure)
    order = {op: position for position, op in enumerate(graph.ops)}
    priced = tuple(
        Priced(shortcut, kind_of(shortcut)) for shortcut in sorted(searched.found, key=lambda f: order[f.merge.op])
    )
    others = sorted(searched.refused, key=lambda refusal: order[refusal.op])
    merges = {shortcut.found.merge.op: shortcut.found.merge for shortcut in priced}
    adds = sum(1 + len(merge.folded) for merge in merges.values()) + sum(1 + len(other.folded) for other in others)
    totals = ledger.totals(adds)
    symbols = unbound_symbols(graph) if totals.macs is None else ()
    entries = Entries(searched.graph, ledger)
    shortcuts = _shortcuts(entries, priced)
    standing = {
        op: s.key for one, s in zip(reversed(priced), reversed(shortcuts), strict=True) for op in one.found.through
    }
    return report.ModelReport(
        source=graph.source,
        format=graph.format,
        origin=graph.origin,
        inputs=tuple(_input(graph, name) for name in graph.inputs),
        totals=totals,
        summary=_summary(graph, ledger, totals, priced),
        shortcuts=shortcuts,
        other_adds=tuple(map(entries.other, others)),
        symbols=symbols,
        notes=graph.notes,
        layers=tuple(entries.layer(op, standing.get(op)) for op in ledger.layers),
    )


def _input(graph: ModelGraph, name: str) -> report.TensorInfo:
    tensor_type = graph.values[name].type
    return report.TensorInfo(name, tensor_type.shape, tensor_type.dtype)


def _summary(graph: ModelGraph, ledger: Ledger, totals: report.Totals, priced: tuple[Priced, ...]) -> report.Summary:
    kinds = [shortcut.kind for shortcut in priced]
    ops = dict.fromkeys(op for shortcut in priced for op in shortcut.found.through)
    merges = {shortcut.found.merge.op: shortcut.found.merge for shortcut in priced}
    held = [size_in_bytes(s.found.fork.type.shape, s.found.fork.type.dtype) for s in priced]
    return report.Summary(
        identity=kinds.count("identity"),
        parameter_free=kinds.count("parameter-free"),
        gated=kinds.count("gated"),
        projection=kinds.count("projection"),
        extra_parameters=parameters(w for op in ops for w in op.weights()),
        extra_macs=ledger.macs(ops),
        elementwise_adds=total(elements_added(merge) for merge in merges.values()),
        held_bytes=None if None in held else max((size for size in held if size is not None), default=0),
        option=option(priced),
        what_if=what_if(graph, ledger, totals, priced),
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

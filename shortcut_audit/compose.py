"""How do a model's graph and its shortcuts become a report?

The last stage that sees the graph: after it there is only the report.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from shortcut_audit import describe, report
from shortcut_audit.classify import kind_of, learned
from shortcut_audit.cost import Ledger, parameters, span, total, unbound_symbols
from shortcut_audit.extent import Measure
from shortcut_audit.graph import ModelGraph, Op, Source, elements, size_in_bytes
from shortcut_audit.merges import Refusal
from shortcut_audit.names import displayable
from shortcut_audit.notes import notes_on
from shortcut_audit.operators import Step
from shortcut_audit.shortcuts import Found
from shortcut_audit.whatif import Priced, option, what_if


def compose(
    graph: ModelGraph, measure: Measure, found: Iterable[Found], refusals: Iterable[Refusal]
) -> report.ModelReport:
    """Everything there is to say of a model."""
    ledger = Ledger(graph, measure)
    order = {op: position for position, op in enumerate(graph.ops)}
    priced = tuple(Priced(shortcut, kind_of(shortcut)) for shortcut in sorted(found, key=lambda f: order[f.merge.op]))
    others = sorted(refusals, key=lambda refusal: order[refusal.op])
    merges = {shortcut.found.merge.op: shortcut.found.merge for shortcut in priced}
    adds = sum(1 + len(merge.folded) for merge in merges.values()) + sum(1 + len(other.folded) for other in others)
    totals = ledger.totals(adds)
    symbols = unbound_symbols(graph) if totals.macs is None else ()
    return report.ModelReport(
        source=graph.source,
        format=graph.format,
        origin=graph.origin,
        inputs=tuple(_input(graph, name) for name in graph.inputs),
        totals=totals,
        summary=_summary(graph, ledger, totals, priced),
        shortcuts=_shortcuts(graph, ledger, priced),
        other_adds=tuple(_other(other) for other in others),
        symbols=symbols,
        notes=graph.notes,
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
        elementwise_adds=total(_added(s.result.type.shape, len(s.operands)) for s in merges.values()),
        held_bytes=None if None in held else max((size for size in held if size is not None), default=0),
        option=option(priced),
        what_if=what_if(graph, ledger, totals, priced),
    )


def _added(shape: report.Shape, operands: int) -> int | None:
    count = elements(shape)
    return None if count is None else (operands - 1) * count


def _shortcuts(graph: ModelGraph, ledger: Ledger, priced: tuple[Priced, ...]) -> tuple[report.Shortcut, ...]:
    position: dict[str, int] = {}
    taken: set[str] = set()
    entries = []
    for shortcut in priced:
        scope = displayable(shortcut.found.merge.op.scope)
        nth, key = position.get(scope, -1) + 1, ""
        while not key or key in taken:  # a scope may look like another one's key
            key, nth = (scope or "(root)") + (f"#{nth}" if nth else ""), nth + 1
        position[scope] = nth - 1
        taken.add(key)
        entries.append(_entry(graph, ledger, shortcut, scope, key))
    return tuple(entries)


def _entry(graph: ModelGraph, ledger: Ledger, shortcut: Priced, scope: str, key: str) -> report.Shortcut:
    found, merge = shortcut.found, shortcut.found.merge
    has_weight, has_bias = _weight_and_bias(found)
    return report.Shortcut(
        key=key,
        scope=scope,
        kind=shortcut.kind,
        merge=report.MergeInfo(
            op=merge.op.label,
            name=_name(merge.op),
            shape=merge.result.type.shape,
            source=_source(merge.op.source),
            also=tuple(_name(op) for op in merge.folded),
        ),
        fork=report.ForkInfo(found.fork.id, found.fork.type.shape),
        route=tuple(_step(graph, link.op, link.step) for link in found.route),
        weights_in_words=describe.in_words(graph, found),
        has_weight=has_weight,
        has_bias=has_bias,
        parameters=parameters(learned(found.through)),
        macs=ledger.macs(found.through),
        elementwise_adds=_added(merge.result.type.shape, len(merge.operands)),
        held_bytes=size_in_bytes(found.fork.type.shape, found.fork.type.dtype),
        span=span(found.residual),
        notes=notes_on(found, shortcut.kind, tied=bool(ledger.tied(found.through))),
    )


def _weight_and_bias(found: Found) -> tuple[bool, bool]:
    """Whether W_s exists, and whether it has a bias: He's question, taken literally.

    The shift of a normalisation beside a linear map is not that map's bias (an unfolded BatchNorm has one always).
    Where a normalisation or a learned scale is all there is, its shift is the bias.
    """
    maps: list[Op] = []
    mapped = False
    for link in found.route:
        if link.step is Step.LINEAR or (mapped and link.op.kind in {"Add", "Bias"}):
            maps.append(link.op)
            mapped = True
        elif link.step in {Step.GATE, Step.DIAGONAL}:
            mapped = False  # another map, or a normalisation: what is added now is its shift
    roles = {weight.role for op in maps or found.through for weight in describe.weights_of(op)}
    return bool(roles - {"bias"}), "bias" in roles


def _step(graph: ModelGraph, op: Op, step: Step) -> report.Step:
    return report.Step(
        op.label, _name(op), describe.detail(graph, op), step.name.lower(), describe.weights_of(op), _strides(op)
    )


def _strides(op: Op) -> tuple[int, ...]:
    strides = op.attributes.get("strides") if op.kind == "Conv" else None
    return tuple(size for size in strides if isinstance(size, int)) if isinstance(strides, tuple) else ()


def _name(op: Op) -> str:
    """The node's name in the file; for a nameless one, its operator and what it makes."""
    return op.name or f"{op.label}:{next((made for made in op.outputs if made is not None), '')}"


def _source(source: Source | None) -> report.Source | None:
    """Relative to the current folder where it lies inside it: that is how reviewers, and CI, know the file."""
    if source is None:
        return None
    try:
        here = f"{Path.cwd()}/"
    except FileNotFoundError:  # somebody has removed the current folder
        here = ""
    return report.Source(source.file.removeprefix(here), source.line)


def _other(refusal: Refusal) -> report.OtherAdd:
    return report.OtherAdd(
        name=_name(refusal.op),
        op=refusal.op.label,
        shape=refusal.result.type.shape,
        reason=refusal.reason,
        detail=refusal.detail,
        also=tuple(_name(op) for op in refusal.folded),
        source=_source(refusal.op.source),
    )

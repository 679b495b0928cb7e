"""What does the report say of one addition?

Of a shortcut all that section 8 of the JSON contract names, of any other addition the reason. What many entries share
is made once: a merge may hold thousands of shortcuts, and one op may stand on the routes of as many.
"""

from __future__ import annotations

from bisect import bisect_left
from pathlib import Path
from typing import NamedTuple

from shortcut_audit import report
from shortcut_audit.account import describe
from shortcut_audit.account.cost import Ledger, parameters, span, total
from shortcut_audit.account.notes import Notes
from shortcut_audit.account.outputs import Dependence
from shortcut_audit.account.quantised import Scales
from shortcut_audit.account.whatif import Priced
from shortcut_audit.algebra.polynomial import Cost, formula, integer
from shortcut_audit.frozen import frozen, replace
from shortcut_audit.graph.model import ModelGraph, Op, Source
from shortcut_audit.graph.sizes import count, number, size_in_bytes
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.concatenations import Concatenation
from shortcut_audit.search.found import Found
from shortcut_audit.search.merges import Merge, Refusal
from shortcut_audit.search.routes import Route
from shortcut_audit.search.steps import Step
from shortcut_audit.search.trails import Link, Trail

NAMES_SHOWN = 64
"""Additions of one sum that are listed again at each of its shortcuts but the first, which has them all."""


@frozen
class _OfRoute:
    """What an entry says of a route: the same for all shortcuts that take it."""

    steps: tuple[report.Step, ...]
    words: str
    has_weight: bool
    has_bias: bool
    parameters: int | None
    macs: Cost
    tied: bool


class Entries:
    """The entries of one model's report."""

    def __init__(self, graph: ModelGraph, ledger: Ledger) -> None:
        self._graph = graph
        self._ledger = ledger
        self._here = _here()
        self._dependence = Dependence(graph)
        order = {op: number for number, op in enumerate(graph.ops)}
        layers = [order[op] for op in ledger.layers]
        self._after = {op: bisect_left(layers, number) for op, number in order.items()}
        self._merges: dict[Op, report.MergeInfo] = {}
        self._added: dict[Op, Cost] = {}
        self._scales = Scales(graph)
        self._steps: dict[tuple[Op, Step], report.Step] = {}
        self._notes = Notes()
        self._routes: dict[Route, _OfRoute] = {}

    def shortcut(self, shortcut: Priced, scope: str, key: str) -> report.Shortcut:
        """The entry of a shortcut, under its key."""
        found, merge = shortcut.found, shortcut.found.merge
        route = self._of_route(found)
        notes = self._notes.on(found, shortcut.kind, tied=route.tied)
        steps = len(found.route)
        if steps > describe.STEPS_SHOWN:
            notes += (f"{steps - describe.STEPS_SHOWN} of the {steps} steps of its route are not listed",)
        adds = self._elements_added(merge)
        held = size_in_bytes(found.fork.type.shape, found.fork.type.dtype)
        return report.Shortcut(
            key=key,
            scope=scope,
            kind=shortcut.kind,
            merge=self._merge(merge),
            fork=report.ForkInfo(found.fork.id, found.fork.type.shape),
            route=route.steps,
            weights_in_words=route.words,
            has_weight=route.has_weight,
            has_bias=route.has_bias,
            parameters=route.parameters,
            macs=integer(route.macs),
            macs_formula=formula(route.macs),
            elementwise_adds=integer(adds),
            elementwise_adds_formula=formula(adds),
            held_bytes=integer(held),
            held_bytes_formula=formula(held),
            span=span(found.residual),
            notes=notes,
            quantisation=self._scales.quantisation(found),
            first_layer=None if found.residual.layers is None else found.residual.layers[0],
            last_layer=None if found.residual.layers is None else found.residual.layers[1],
            outputs=self._dependence.outputs(merge.result.id),
        )

    def layer(self, op: Op, shortcut: str | None) -> report.Layer:
        """The entry of a weight layer, and the shortcut that it stands on."""
        made = next((self._graph.values[made].type for made in op.outputs if made is not None), None)
        macs = self._ledger.macs([op])
        return report.Layer(
            name=_name(op),
            op=op.label,
            detail=describe.detail(self._graph, op),
            scope=op.scope,
            shape=None if made is None else made.shape,
            parameters=parameters(op.weights()),
            macs=integer(macs),
            macs_formula=formula(macs),
            shortcut=shortcut,
            source=self._source(op.source),
        )

    def _merge(self, merge: Merge) -> report.MergeInfo:
        known = self._merges.get(merge.op)
        if known is not None:
            return known
        also = tuple(map(_name, merge.folded))
        source = self._source(merge.op.source)
        shape, after = merge.result.type.shape, self._after[merge.op]
        made = report.MergeInfo(merge.op.label, _name(merge.op), shape, source, also, after)
        self._merges[merge.op] = replace(made, also=also[:NAMES_SHOWN])
        return made

    def _elements_added(self, merge: Merge) -> Cost:
        if merge.op not in self._added:
            self._added[merge.op] = elements_added(self._graph, merge)
        return self._added[merge.op]

    def _of_route(self, found: Found) -> _OfRoute:
        if found.way not in self._routes:
            (has_weight, has_bias), held = _weight_and_bias(found), found.through.extent
            self._routes[found.way] = _OfRoute(
                steps=self._route(found),
                words=describe.in_words(self._graph, found),
                has_weight=has_weight,
                has_bias=has_bias,
                parameters=None if found.fed else found.through.that(_passes_values).extent.all_parameters,
                macs=held.macs,
                tied=bool(self._ledger.tied(held)),
            )
        return self._routes[found.way]

    def _route(self, found: Found) -> tuple[report.Step, ...]:
        shown = found.route.ends(describe.STEPS_SHOWN)
        names = frozenset(name for links in shown for link in links for name in link.op.outputs) | {found.fork.id}
        gap = shown[1][:1]
        return tuple(
            self._sum_of_maps(found, link, names)
            if describe.adds_maps(link) and link not in gap
            else self._step(link.op, link.step)
            for links in shown
            for link in links
        )

    def _sum_of_maps(self, found: Found, link: Link, names: frozenset[str | None]) -> report.Step:
        """The entry of a step x + W x: W stands beside the route, whose values have these names, and is the sum's."""
        step, ops = self._step(link.op, link.step), describe.mapped_in(found, link, names)
        return replace(step, weights=tuple(dict.fromkeys(w for op in ops for w in describe.weights_of(op))))

    def _step(self, op: Op, step: Step) -> report.Step:
        if (op, step) not in self._steps:
            detail, weights = describe.detail(self._graph, op), describe.weights_of(op)
            made = report.Step(op.label, _name(op), detail, step.name.lower(), weights, _strides(op), op.absorbs_norm)
            self._steps[op, step] = made
        return self._steps[op, step]

    def joint(self, joint: Concatenation) -> report.Concatenation:
        """The entry of a joint of a value with what was computed from it."""
        return report.Concatenation(
            _name(joint.op), joint.result.type.shape, self._source(joint.op.source), joint.joins[:NAMES_SHOWN]
        )

    def other(self, refusal: Refusal) -> report.OtherAdd:
        """The entry of an addition that is no residual merge."""
        return report.OtherAdd(
            name=_name(refusal.op),
            op=refusal.op.label,
            shape=refusal.result.type.shape,
            reason=refusal.reason,
            detail=refusal.detail,
            also=tuple(map(_name, refusal.folded)),
            source=self._source(refusal.op.source),
        )

    def _source(self, source: Source | None) -> report.Source | None:
        """Relative to the current folder where it lies inside it: that is how reviewers, and CI, know the file."""
        return None if source is None else report.Source(source.file.removeprefix(self._here), source.line)


def elements_added(graph: ModelGraph, merge: Merge) -> Cost:
    """Additions of elements in a merge: one less than the file adds values, for each and each time that it runs.

    None for an unknown shape.
    What is added at computed places alone (index_add, scatter_add) adds as many as it writes.
    """
    scattered = [update for term in merge.operands if (update := _scattered(graph, merge, term.value)) is not None]
    elements = count(merge.result.type.shape)
    whole = None if elements is None else (merge.added - 1 - len(scattered)) * elements
    once = total([whole, *(count(graph.values[update].type.shape) for update in scattered)]) if scattered else whole
    times = number(graph.times(merge.op))
    return None if once is None or times is None else once * times


def _scattered(graph: ModelGraph, merge: Merge, operand: str) -> str | None:
    """What an operand holds that one of the merge's ops adds at computed places; None where it adds all of it."""
    made = graph.values[operand].op if operand in graph.values else None
    if made is None or made.attributes.get("reduction") != "add" or len(made.inputs) < 3:
        return None
    written = {(op.name, op.label) for op in (*merge.folded, merge.op)}
    update = made.inputs[2]
    return update if (made.name, made.label) in written and isinstance(update, str) else None


def _weight_and_bias(found: Found) -> tuple[bool, bool]:
    """Whether W_s exists, and whether it has a bias: He's question, taken literally.

    The shift of a normalisation beside a linear map is not that map's bias (an unfolded BatchNorm has one always).
    Where a normalisation or a learned scale is all there is, its shift is the bias. What may be a weight is one. Where
    the route passes a sum of maps, x + W x, W stands beside it.
    """
    maps = found.route.fold(_Maps, _Maps(), _with_maps)
    if maps.any and not found.route.any(describe.adds_maps):
        return bool(found.fed) or maps.has_weight, maps.has_bias
    biased = _is_biased_map if found.through.any(_is_map) else _has_bias
    return bool(found.fed) or found.through.any(_has_weight), found.through.any(biased)


class _Maps(NamedTuple):
    """The linear maps of a trail, with what is added to each."""

    any: bool = False
    has_weight: bool = False
    has_bias: bool = False
    mapped: bool = False
    """Whether what is added now is added to a map."""


def _with_maps(maps: _Maps, trail: Trail) -> _Maps:
    assert trail.last is not None, "only steps are added up"
    op, step = trail.last.op, trail.last.step
    if step is Step.LINEAR or (maps.mapped and row_of(op.kind).effect is Effect.SUM):
        return _Maps(
            any=True,
            has_weight=maps.has_weight or _has_weight(op),
            has_bias=maps.has_bias or _has_bias(op),
            mapped=True,
        )
    # another map, or a normalisation: what is added now is its shift
    return maps._replace(mapped=maps.mapped and step not in {Step.GATE, Step.DIAGONAL})


def _passes_values(op: Op) -> bool:
    """Whether what an op reads is applied to what passes: what a value is padded or joined with is not."""
    return row_of(op.kind).effect is not Effect.SELECTION


def _is_map(op: Op) -> bool:
    return row_of(op.kind).effect is Effect.CONTRACTION and _has_weight(op)


def _is_biased_map(op: Op) -> bool:
    return row_of(op.kind).effect is not Effect.NORMALISATION and _has_bias(op)


def _has_weight(op: Op) -> bool:
    return any(weight.role != "bias" for weight in describe.weights_of(op))


def _has_bias(op: Op) -> bool:
    return any(weight.role == "bias" for weight in describe.weights_of(op))


def _strides(op: Op) -> tuple[int, ...]:
    strides = op.attributes.get("strides") if row_of(op.kind).skips else None
    return tuple(size for size in strides if isinstance(size, int)) if isinstance(strides, tuple) else ()


def _name(op: Op) -> str:
    """The node's name in the file; for a nameless one, its operator and what it makes."""
    return op.name or f"{op.label}:{next((made for made in op.outputs if made is not None), '')}"


def _here() -> str:
    """What the path of a file in the current folder begins with."""
    try:
        return f"{Path.cwd()}/"
    except FileNotFoundError:  # somebody has removed it
        return ""

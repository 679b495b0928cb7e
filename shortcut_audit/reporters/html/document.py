"""How is a report shown in a browser?

One file that needs nothing else: no script, no font, no image, nothing fetched, and a policy in its head that forbids
it. The page is built as a tree and written by the standard library, so that no name can become markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import resources
from itertools import islice, pairwise
from xml.etree.ElementTree import Element, tostring

from shortcut_audit import wording
from shortcut_audit.names import PATH_LIMIT, displayable, displayable_text
from shortcut_audit.report import (
    KINDS,
    AuditReport,
    Change,
    Comparison,
    Kind,
    ModelReport,
    OtherAdd,
    Shortcut,
    Side,
    Step,
)
from shortcut_audit.reporters.html.markup import (
    ROWS_SHOWN,
    Piece,
    badge,
    cell,
    element,
    labelled,
    left_out,
    name_of,
    names_of,
    op_of,
    place_of,
    said,
    shape_of,
    table,
)
from shortcut_audit.reporters.shared.grouped import Remark, remarks, verdict
from shortcut_audit.reporters.shared.runs import Row, rows
from shortcut_audit.reporters.shared.totals import Option, became, facts, options, sums, work
from shortcut_audit.wording import counted, exact, in_bytes, short

MODELS_SHOWN, CELLS_SHOWN = 200, 600
"""Models, and cells of a strip, that are shown. JSON has them all."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

EQUATIONS: dict[Kind, str] = {
    "identity": "y = F(x) + x",
    "parameter-free": "y = F(x) + P(x), P without weights",
    "gated": "y = F(x) + T(x) · x",
    "projection": "y = F(x) + W_s x",
}


def format(report: AuditReport) -> str:  # noqa: A001 -- what every reporter's function is called
    """The page, in HTML."""
    title = f"shortcut-audit: {verdict(report)}"
    style = resources.files(__package__).joinpath("html.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", displayable_text(title)),
        element("style", style),
    )
    page = element("html", head, element("body", *_body(report)), lang="en")
    written = tostring(page, encoding="unicode", method="html").replace("##", "#&#35;")  # a command to CI agents
    return f"<!doctype html>\n{written}\n"


def _body(report: AuditReport) -> Iterator[Element]:
    yield element("header", element("h1", verdict(report).capitalize()), _legend())
    if report.errors:
        failures = [
            element("li", name_of(failure.source, PATH_LIMIT), ": ", said(failure.message))
            for failure in report.errors[:ROWS_SHOWN]
        ]
        listed = element("ul", *failures)
        yield _section("Could not be audited", listed, *left_out(len(report.errors) - ROWS_SHOWN), class_="error")
    found = remarks(report)
    if found:
        yield _section("Findings", table(("level", "rule", "where", "what"), map(_remark, found), len(found)))
    if len(report.models) > 1:
        heads = ("model", *KINDS, "extra parameters", "extra MACs")
        yield _section("Models", table(heads, map(_overview, report.models), len(report.models), numbers=6))
    for number, model in enumerate(report.models[:MODELS_SHOWN]):
        yield _model(number, model, [c for c in report.comparisons if c.source == model.source])
    yield from left_out(len(report.models) - MODELS_SHOWN)
    yield element("footer", f"shortcut-audit {displayable(report.version)}. {wording.CONVENTION}.")


def _legend() -> Element:
    kinds = [element("li", badge(kind), " ", EQUATIONS[kind]) for kind in KINDS]
    return element("ul", *kinds, class_="legend")


def _section(title: str, *content: Piece, class_: str = "") -> Element:
    return element("section", element("h2", title), *content, class_=class_)


def _remark(remark: Remark) -> list[Element]:
    where = names_of(remark.shortcuts)
    for place in filter(None, (remark.line, remark.source)):
        where += [*([element("br")] if where else []), name_of(place, PATH_LIMIT)]
    level = element("span", remark.level, class_=f"level {remark.level}")
    return [cell(level), cell(remark.rule), cell(*where), cell(said(remark.message))]


def _overview(model: ModelReport) -> list[Element]:
    summary = model.summary
    counts = (summary.identity, summary.parameter_free, summary.gated, summary.projection)
    prices = (summary.extra_parameters, summary.extra_macs)
    return [cell(name_of(model.source, PATH_LIMIT)), *(cell(exact(number)) for number in (*counts, *prices))]


def _model(number: int, model: ModelReport, comparisons: Sequence[Comparison]) -> Element:
    parts = [
        element("h2", name_of(model.source, PATH_LIMIT)),
        element("p", *_facts(model), class_="facts"),
        element("p", wording.verdict(model), class_="verdict"),
    ]
    if model.shortcuts:
        parts += [_strip(model), _shortcuts(model), _sums(model), _what_if(model)]
    parts += [_comparison(comparison) for comparison in comparisons]
    parts += _others(model)
    notes = [*dict.fromkeys(note for shortcut in model.shortcuts for note in shortcut.notes), *model.notes]
    if notes:
        listed = [element("li", said(note)) for note in notes[:ROWS_SHOWN]]
        parts += [element("h3", "Notes"), element("ul", *listed), *left_out(len(notes) - ROWS_SHOWN)]
    return element("article", *parts, id=f"model-{number}")


def _facts(model: ModelReport) -> Iterator[Piece]:
    origin = f"{model.format}, {model.origin}" if model.origin else model.format
    yield " · ".join([said(origin), *facts(model), work(model, wording.UNICODE)])
    shapes = [f"{tensor.name} {wording.shape(tensor.shape)}" for tensor in model.inputs]
    listed = ((" at input ", shapes), (" · open: ", model.symbols), (" · not counted: ", model.totals.uncounted))
    for what, names in listed:
        if names:
            yield from (what, *names_of(names))


def _strip(model: ModelReport) -> Element:
    """The shortcuts in the model's order, a cell each; a gap where the shape changes."""
    shown = model.shortcuts[:CELLS_SHOWN]
    changes = [False, *(one.merge.shape != other.merge.shape for one, other in pairwise(shown))]
    cells = [
        element("i", class_=f"{s.kind}{' gap' if changed else ''}", title=f"{displayable(s.key)}: {s.kind}")
        for s, changed in zip(shown, changes, strict=True)
    ]
    return element("div", *cells, class_="strip", role="img", aria_label=f"in order: {wording.verdict(model)}")


def _shortcuts(model: ModelReport) -> Element:
    heads = ("block", "kind", "x → y", "W_s", "skips", "parameters", "MACs")
    found = rows(model.shortcuts)
    details = (_details(row.first) for row in found)
    return table(heads, map(_row, found), len(found), numbers=3, below=details)


def _row(row: Row) -> list[Element]:
    shortcut = row.first
    block: list[Piece] = [name_of(shortcut.key)]
    kind: list[Piece] = [badge(shortcut.kind)]
    if row.repeats > 1:
        block += [" … ", name_of(row.last.key)]
        kind += [f" × {exact(row.repeats)}"]
    fork, merge = shape_of(shortcut.fork.shape), shape_of(shortcut.merge.shape)
    return [
        cell(element("details", element("summary", *block))),
        cell(*kind),
        cell(merge if fork == merge else f"{fork} → {merge}"),
        cell(said(shortcut.weights_in_words) or "none"),
        cell(wording.skipped(shortcut.span)[-1]),
        cell(exact(shortcut.parameters)),
        cell(exact(shortcut.macs)),
    ]


def _details(shortcut: Shortcut) -> Element:
    """All that there is to say of one shortcut: where it starts, by which ops it goes, what it costs and skips."""
    merge, span = shortcut.merge, shortcut.span
    route = [element("li", *_step(step)) for step in shortcut.route[:ROWS_SHOWN]]
    skips = (
        counted(span.weight_layers, "weight layer"), counted(span.ops, "op"), counted(span.parameters, "parameter"),
        f"{short(span.macs)} MACs",
    )  # fmt: skip
    return labelled(
        ("merge", [*op_of(merge.op, merge.name), *place_of(merge.source)]),
        ("with", names_of(merge.also)),
        ("fork", [name_of(shortcut.fork.name), f" {shape_of(shortcut.fork.shape)}"]),
        ("route", [element("ol", *route)] if route else ["none: the merge reads the fork itself"]),
        ("adds", [f"{exact(shortcut.elementwise_adds)} elements"]),
        ("holds", [in_bytes(shortcut.held_bytes)]),
        ("skips", [", ".join(skips)]),
    )


def _step(step: Step) -> Iterator[Piece]:
    yield from op_of(step.op, step.name)
    yield f" {said(step.detail)} ({step.step_class})"
    if step.weights:
        weights = [element("li", f"{w.role} ", name_of(w.name), f" {shape_of(w.shape)}") for w in step.weights]
        yield element("ul", *weights)


def _sums(model: ModelReport) -> Element:
    return labelled(*((label, [sentence]) for label, sentence in sums(model)))


def _what_if(model: ModelReport) -> Element:
    heads = ("what if", "parameters", "change", "MACs", "change")
    return table(heads, map(_option, options(model)), 4, numbers=4)


def _option(option: Option) -> list[Element]:
    label = element("strong", f"{option.label} (this model)") if option.own else option.label
    rest = (option.parameters, option.parameters_change, option.macs, option.macs_change)
    return [cell(label), *map(cell, rest)]


def _comparison(comparison: Comparison) -> Element:
    against = name_of(comparison.against, PATH_LIMIT)
    if comparison.counterpart is None:
        return element("p", against, " does not know this model")
    counts = f": {exact(comparison.unchanged)} unchanged, {exact(len(comparison.changes))} changed"
    title = element("h3", "Against ", against, counts)
    if not comparison.changes:
        return title
    heads = ("shortcut", "became", "accepted", "now")
    return element("section", title, table(heads, map(_change, comparison.changes), len(comparison.changes)))


def _change(change: Change) -> list[Element]:
    side = change.now or change.then
    key = [] if side is None else [name_of(side.key)]
    return [cell(*key), cell(became(change)), _side(change.then), _side(change.now)]


def _side(side: Side | None) -> Element:
    if side is None:
        return cell("-")
    sizes = f"{shape_of(side.fork)} → {shape_of(side.merge)}"
    price = f"{counted(side.parameters, 'parameter')}, {exact(side.macs)} MACs"
    return cell(badge(side.kind), element("br"), price, element("br"), sizes)


def _others(model: ModelReport) -> Iterator[Element]:
    """The additions that are no shortcuts, folded away by reason."""
    reasons: dict[str, list[OtherAdd]] = {}
    for other in model.other_adds:
        reasons.setdefault(other.reason, []).append(other)
    if reasons:
        yield element("h3", counted(len(model.other_adds), "other addition"))
    for reason, others in islice(reasons.items(), ROWS_SHOWN):
        title = element("summary", f"{exact(len(others))} {said(reason)}")
        yield element("details", title, table(("addition", "shape", "why"), map(_other, others), len(others)))


def _other(other: OtherAdd) -> list[Element]:
    what = [*op_of(other.op, other.name), *place_of(other.source)]
    return [cell(*what), cell(shape_of(other.shape)), cell(said(other.detail))]

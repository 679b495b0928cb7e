"""What does the page show of one model?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from xml.etree.ElementTree import Element

from shortcut_audit.frozen import frozen
from shortcut_audit.names import PATH_LIMIT
from shortcut_audit.report import (
    Comparison,
    ModelReport,
    OtherAdd,
    Price,
    Shortcut,
    Step,
    wording,
)
from shortcut_audit.report.wording import counted, exact, in_bytes, short
from shortcut_audit.reporters import Style
from shortcut_audit.reporters.html.compared import section
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
    ranges_of,
    said,
    shape_of,
    table,
)
from shortcut_audit.reporters.html.network import network
from shortcut_audit.reporters.shared.grouped import Remark
from shortcut_audit.reporters.shared.part import left_out as not_all
from shortcut_audit.reporters.shared.part import listed
from shortcut_audit.reporters.shared.runs import Row, alike, rows
from shortcut_audit.reporters.shared.totals import Option, facts, options, sums, work


def findings(title: str, found: Sequence[Remark], level: str, accept: str = "") -> list[Element]:
    """A heading and a table of what is objected to, and the command that accepts it; nothing where nothing is."""
    if not found:
        return []
    listed = table(("level", "rule", "where", "what"), map(_remark, found), len(found))
    told, _, command = accept.partition(": ")
    how = [element("p", f"{told}: ", element("code", said(command)))] if command else []
    return [element("section", element(level, title), listed, *how)]


def _remark(remark: Remark) -> list[Element]:
    where = ranges_of(remark.shortcuts)
    for place in filter(None, (remark.line, remark.source)):
        where += [*([element("br")] if where else []), name_of(place, PATH_LIMIT)]
    level = element("span", remark.level, class_=f"level {remark.level}")
    return [cell(level), cell(remark.rule), cell(*where), cell(said(remark.message.replace("->", "→")))]


@frozen
class Beside:
    """What is said of a model beside its own report."""

    comparisons: Sequence[Comparison]
    found: Sequence[Remark]
    accept: str
    """The command that accepts what was found; empty where there is none."""
    alone: bool
    """Whether the page is about this model only."""
    drawn: bool
    """Whether its picture stands at the head of the page, beside another one."""


def article(number: int, model: ModelReport, style: Style, beside: Beside) -> Element:
    """The answer in words and as a picture, then what is objected to, then everything else."""
    anchor = f"s{number}-"
    parts = [
        element("h2", name_of(model.source, PATH_LIMIT)),
        element("p", *_facts(model), class_="facts"),
        *([] if beside.alone else [element("p", wording.verdict(model), class_="verdict")]),
        *_pictures(model, anchor, beside),
        *findings("Findings", beside.found, "h3", beside.accept),
    ]
    if model.shortcuts:
        parts += [element("h3", "Shortcuts"), *_shortcuts(model, anchor, style), _sums(model), *_what_if(model)]
    parts += _others(model)
    notes = [*dict.fromkeys(note for shortcut in model.shortcuts for note in shortcut.notes), *model.notes]
    if notes:
        listed = [element("li", said(note)) for note in notes[:ROWS_SHOWN]]
        parts += [element("h3", "Notes"), element("ul", *listed), *left_out(len(notes) - ROWS_SHOWN)]
    return element("article", *parts, id=f"model-{number}")


def _pictures(model: ModelReport, anchor: str, beside: Beside) -> list[Element]:
    """What was, where something has changed, and what is."""
    if beside.drawn:
        return []
    told = [section(made, model, anchor, f"b{anchor}") for made in beside.comparisons]
    return told if any(made.changes for made in beside.comparisons) else [*network(model, anchor), *told]


def _facts(model: ModelReport) -> Iterator[Piece]:
    origin = f"{model.format}, {model.origin}" if model.origin else model.format
    yield " · ".join([said(origin), *facts(model), work(model, wording.UNICODE)])
    shapes = [f"{tensor.name} {wording.shape(tensor.shape)}" for tensor in model.inputs]
    listed = ((" at input ", shapes), (" · open: ", model.symbols), (" · not counted: ", model.totals.uncounted))
    for what, names in listed:
        if names:
            yield from (what, *names_of(names))


def _shortcuts(model: ModelReport, anchor: str, style: Style) -> list[Element]:
    heads = ("block", "kind", "x → y", "W_s", "skips", "parameters", "MACs")
    found = alike(rows(listed(model, style)))
    part = not_all(model, style)
    numbers = {id(shortcut): number for number, shortcut in enumerate(model.shortcuts)}
    details = (_details(row.first) for row in found)
    body = (_row(row, [f"{anchor}{numbers[id(member)]}" for member in row.members]) for row in found)
    said_first = [element("p", said(part), class_="more")] if part else []
    return [*said_first, table(heads, body, len(found), numbers=3, below=details)]


def _row(row: Row, anchors: Sequence[str]) -> list[Element]:
    """A row; the picture's arcs link to its anchors."""
    shortcut = row.first
    block: list[Piece] = [element("span", id=anchor, class_="anchor") for anchor in anchors]
    block += ranges_of([member.key for member in row.members])
    kind: list[Piece] = [badge(shortcut.kind)]
    if row.repeats > 1:
        kind += [f" ×\u00a0{exact(row.repeats)}"]
    fork, merge = shape_of(shortcut.fork.shape), shape_of(shortcut.merge.shape)
    return [
        cell(element("details", element("summary", *block))),
        cell(*kind),
        cell(merge if fork == merge else f"{fork} → {merge}"),
        cell(said(shortcut.weights_in_words.replace("->", "→")) or "none"),
        cell(wording.skipped(shortcut.span)[-1]),
        cell(exact(shortcut.parameters)),
        cell(exact(shortcut.macs_formula)),
    ]


def _details(shortcut: Shortcut) -> Element:
    """All that there is to say of one shortcut: where it starts, by which ops it goes, what it costs and skips."""
    merge, span = shortcut.merge, shortcut.span
    route = [element("li", *_step(step)) for step in shortcut.route[:ROWS_SHOWN]]
    skips = (
        counted(span.weight_layers, "weight layer"), counted(span.ops, "op"), counted(span.parameters, "parameter"),
        f"{short(span.macs_formula)} MACs",
    )  # fmt: skip
    return labelled(
        ("merge", [*op_of(merge.op, merge.name), *place_of(merge.source)]),
        ("with", names_of(merge.also)),
        ("fork", [name_of(shortcut.fork.name), f" {shape_of(shortcut.fork.shape)}"]),
        ("route", [element("ol", *route)] if route else ["none: the merge reads the fork itself"]),
        ("adds", [f"{exact(shortcut.elementwise_adds_formula)} elements"]),
        ("holds", [in_bytes(shortcut.held_bytes_formula)]),
        ("skips", [", ".join(skips)]),
    )


def _step(step: Step) -> Iterator[Piece]:
    yield from op_of(step.op, step.name)
    yield f" {said(step.detail.replace('->', '→'))} ({step.step_class})"
    if step.weights:
        weights = [element("li", f"{w.role} ", name_of(w.name), f" {shape_of(w.shape)}") for w in step.weights]
        yield element("ul", *weights)


def _sums(model: ModelReport) -> Element:
    return labelled(*((label, [sentence]) for label, sentence in sums(model)))


def _what_if(model: ModelReport) -> list[Element]:
    """The paper's options as a table and a small chart: bars from 0 to the greatest."""
    prices = model.summary.what_if
    found = list(zip(options(model), (prices.plain, prices.A, prices.B, prices.C), strict=True))
    most = [
        max((price.parameters or 0 for _, price in found), default=0),
        max((p.macs or 0 for _, p in found), default=0),
    ]
    heads = ("what if", "parameters", "change", "MACs", "change")
    return [
        element("h3", "What if"),
        table(heads, (_option(option, price, most) for option, price in found), 4, numbers=4),
    ]


def _option(option: Option, price: Price, most: Sequence[int]) -> list[Element]:
    label = element("strong", f"{option.label} (this model)") if option.own else option.label
    bars = [_bar(price.parameters, most[0]), _bar(price.macs, most[1])]
    return [
        cell(label),
        cell(option.parameters, *bars[0]),
        cell(option.parameters_change),
        cell(option.macs, *bars[1]),
        cell(option.macs_change),
    ]


def _bar(part: int | None, most: int) -> list[Element]:
    """A bar of so many thousandths of the greatest; none where the number is not known."""
    if part is None or not most:
        return []
    return [
        element("span", element("span", style=f"width:{part * 1000 // most / 10}%"), class_="bar", aria_hidden="true")
    ]


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

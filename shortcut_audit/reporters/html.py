"""How is a report shown in a browser?

One file that needs nothing else: no script, no font, no image, nothing fetched, and a policy in its head that forbids
it. The page is built as a tree and written by the standard library, so that no name can become markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from itertools import islice, pairwise, zip_longest
from typing import TypeAlias
from xml.etree.ElementTree import Element, tostring

from shortcut_audit import wording
from shortcut_audit.names import NAME_LIMIT, PATH_LIMIT, displayable, displayable_text
from shortcut_audit.report import (
    KINDS,
    AuditReport,
    Change,
    Comparison,
    Kind,
    ModelReport,
    OtherAdd,
    Shape,
    Shortcut,
    Side,
    Source,
    Step,
)
from shortcut_audit.reporters.remarks import Remark, remarks, verdict
from shortcut_audit.reporters.rows import Row, rows
from shortcut_audit.reporters.sums import Option, became, facts, options, sums, work
from shortcut_audit.wording import counted, exact, in_bytes, short

MODELS_SHOWN, ROWS_SHOWN, NAMES_SHOWN, CELLS_SHOWN = 200, 500, 8, 600
"""Models; rows of any one table; names in a list; cells of a strip. JSON has them all."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

EQUATIONS: dict[Kind, str] = {
    "identity": "y = F(x) + x",
    "parameter-free": "y = F(x) + P(x), P without weights",
    "gated": "y = F(x) + T(x) · x",
    "projection": "y = F(x) + W_s x",
}

LINES = frozenset(
    "meta title style header h1 h2 h3 p ul li section article table thead tbody tr dl dd div details footer".split()
)
"""Elements after which the source goes on in a new line, so that a difference of two pages can be read."""

Piece: TypeAlias = "Element | str"


def format(report: AuditReport) -> str:  # noqa: A001 -- what every reporter's function is called
    """The page, in HTML."""
    title = f"shortcut-audit: {verdict(report)}"
    style = resources.files(__package__).joinpath("html.css").read_text(encoding="utf-8")
    head = _element(
        "head",
        _element("meta", charset="utf-8"),
        _element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        _element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        _element("title", displayable_text(title)),
        _element("style", style),
    )
    page = _element("html", head, _element("body", *_body(report)), lang="en")
    written = tostring(page, encoding="unicode", method="html").replace("##", "#&#35;")  # a command to CI agents
    return f"<!doctype html>\n{written}\n"


def _element(tag: str, *content: Piece, **attributes: str) -> Element:
    """An element. `http_equiv` stands for the attribute http-equiv, `class_` for class; empty ones are left out."""
    made = Element(tag, {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items() if value})
    for piece in content:
        if isinstance(piece, Element):
            made.append(piece)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + piece
        else:
            made.text = (made.text or "") + piece
    made.tail = "\n" if tag in LINES else None
    return made


def _body(report: AuditReport) -> Iterator[Element]:
    yield _element("header", _element("h1", verdict(report).capitalize()), _legend())
    if report.errors:
        failures = [
            _element("li", _name(failure.source, PATH_LIMIT), ": ", _said(failure.message))
            for failure in report.errors[:ROWS_SHOWN]
        ]
        listed = _element("ul", *failures)
        yield _section("Could not be audited", listed, *_more(len(report.errors) - ROWS_SHOWN), class_="error")
    found = remarks(report)
    if found:
        yield _section("Findings", _table(("", "rule", "where", "what"), map(_remark, found), len(found)))
    if len(report.models) > 1:
        heads = ("model", *KINDS, "extra parameters", "extra MACs")
        yield _section("Models", _table(heads, map(_overview, report.models), len(report.models), numbers=6))
    for number, model in enumerate(report.models[:MODELS_SHOWN]):
        yield _model(number, model, [c for c in report.comparisons if c.source == model.source])
    yield from _more(len(report.models) - MODELS_SHOWN)
    yield _element("footer", f"shortcut-audit {displayable(report.version)}. {wording.CONVENTION}.")


def _legend() -> Element:
    kinds = [_element("li", _badge(kind), " ", EQUATIONS[kind]) for kind in KINDS]
    return _element("ul", *kinds, class_="legend")


def _section(title: str, *content: Piece, class_: str = "") -> Element:
    return _element("section", _element("h2", title), *content, class_=class_)


def _remark(remark: Remark) -> list[Element]:
    where = _names(remark.shortcuts)
    for place in filter(None, (remark.line, remark.source)):
        where += [*([_element("br")] if where else []), _name(place, PATH_LIMIT)]
    level = _element("span", remark.level, class_=f"level {remark.level}")
    return [_cell(level), _cell(remark.rule), _cell(*where), _cell(_said(remark.message))]


def _overview(model: ModelReport) -> list[Element]:
    summary = model.summary
    counts = (summary.identity, summary.parameter_free, summary.gated, summary.projection)
    prices = (summary.extra_parameters, summary.extra_macs)
    return [_cell(_name(model.source, PATH_LIMIT)), *(_cell(exact(number)) for number in (*counts, *prices))]


def _model(number: int, model: ModelReport, comparisons: Sequence[Comparison]) -> Element:
    parts = [
        _element("h2", _name(model.source, PATH_LIMIT)),
        _element("p", *_facts(model), class_="facts"),
        _element("p", wording.verdict(model), class_="verdict"),
    ]
    if model.shortcuts:
        parts += [_strip(model), _shortcuts(model), _sums(model), _what_if(model)]
    parts += [_comparison(comparison) for comparison in comparisons]
    parts += _others(model)
    notes = [*dict.fromkeys(note for shortcut in model.shortcuts for note in shortcut.notes), *model.notes]
    if notes:
        listed = [_element("li", _said(note)) for note in notes[:ROWS_SHOWN]]
        parts += [_element("h3", "Notes"), _element("ul", *listed), *_more(len(notes) - ROWS_SHOWN)]
    return _element("article", *parts, id=f"model-{number}")


def _facts(model: ModelReport) -> Iterator[Piece]:
    origin = f"{model.format}, {model.origin}" if model.origin else model.format
    yield " · ".join([_said(origin), *facts(model), work(model, wording.UNICODE)])
    shapes = [f"{tensor.name} {wording.shape(tensor.shape)}" for tensor in model.inputs]
    listed = ((" at input ", shapes), (" · open: ", model.symbols), (" · not counted: ", model.totals.uncounted))
    for what, names in listed:
        if names:
            yield from (what, *_names(names))


def _strip(model: ModelReport) -> Element:
    """The shortcuts in the model's order, a cell each; a gap where the shape changes."""
    shown = model.shortcuts[:CELLS_SHOWN]
    changes = [False, *(one.merge.shape != other.merge.shape for one, other in pairwise(shown))]
    cells = [
        _element("i", class_=f"{s.kind}{' gap' if changed else ''}", title=f"{displayable(s.key)}: {s.kind}")
        for s, changed in zip(shown, changes, strict=True)
    ]
    return _element("div", *cells, class_="strip", role="img", aria_label="the kinds of the shortcuts, in order")


def _shortcuts(model: ModelReport) -> Element:
    heads = ("block", "kind", "x → y", "W_s", "skips", "parameters", "MACs")
    found = rows(model.shortcuts)
    details = (_details(row.first) for row in found)
    return _table(heads, map(_row, found), len(found), numbers=3, below=details)


def _row(row: Row) -> list[Element]:
    shortcut = row.first
    block: list[Piece] = [_name(shortcut.key)]
    kind: list[Piece] = [_badge(shortcut.kind)]
    if row.repeats > 1:
        block += [" … ", _name(row.last.key)]
        kind += [f" × {exact(row.repeats)}"]
    fork, merge = _shape(shortcut.fork.shape), _shape(shortcut.merge.shape)
    return [
        _cell(_element("details", _element("summary", *block))),
        _cell(*kind),
        _cell(merge if fork == merge else f"{fork} → {merge}"),
        _cell(_said(shortcut.weights_in_words) or "none"),
        _cell(wording.skipped(shortcut.span)[-1]),
        _cell(exact(shortcut.parameters)),
        _cell(exact(shortcut.macs)),
    ]


def _details(shortcut: Shortcut) -> Element:
    """All that there is to say of one shortcut: where it starts, by which ops it goes, what it costs and skips."""
    merge, span = shortcut.merge, shortcut.span
    route = [_element("li", *_step(step)) for step in shortcut.route[:ROWS_SHOWN]]
    skips = (
        counted(span.weight_layers, "weight layer"), counted(span.ops, "op"), counted(span.parameters, "parameter"),
        f"{short(span.macs)} MACs",
    )  # fmt: skip
    return _fields(
        ("merge", [*_op(merge.op, merge.name), *_at(merge.source)]),
        ("with", _names(merge.also)),
        ("fork", [_name(shortcut.fork.name), f" {_shape(shortcut.fork.shape)}"]),
        ("route", [_element("ol", *route)] if route else ["none: the merge reads the fork itself"]),
        ("adds", [f"{exact(shortcut.elementwise_adds)} elements"]),
        ("holds", [in_bytes(shortcut.held_bytes)]),
        ("skips", [", ".join(skips)]),
    )


def _step(step: Step) -> Iterator[Piece]:
    yield from _op(step.op, step.name)
    yield f" {_said(step.detail)} ({step.step_class})"
    if step.weights:
        weights = [_element("li", f"{w.role} ", _name(w.name), f" {_shape(w.shape)}") for w in step.weights]
        yield _element("ul", *weights)


def _sums(model: ModelReport) -> Element:
    return _fields(*((label, [sentence]) for label, sentence in sums(model)))


def _what_if(model: ModelReport) -> Element:
    heads = ("what if", "parameters", "", "MACs", "")
    return _table(heads, map(_option, options(model)), 4, numbers=4)


def _option(option: Option) -> list[Element]:
    label = _element("strong", f"{option.label} (this model)") if option.own else option.label
    rest = (option.parameters, option.parameters_change, option.macs, option.macs_change)
    return [_cell(label), *map(_cell, rest)]


def _comparison(comparison: Comparison) -> Element:
    against = _name(comparison.against, PATH_LIMIT)
    if comparison.counterpart is None:
        return _element("p", against, " does not know this model")
    counts = f": {exact(comparison.unchanged)} unchanged, {exact(len(comparison.changes))} changed"
    title = _element("h3", "Against ", against, counts)
    if not comparison.changes:
        return title
    heads = ("shortcut", "", "accepted", "now")
    return _element("section", title, _table(heads, map(_change, comparison.changes), len(comparison.changes)))


def _change(change: Change) -> list[Element]:
    side = change.now or change.then
    key = [] if side is None else [_name(side.key)]
    return [_cell(*key), _cell(became(change)), _side(change.then), _side(change.now)]


def _side(side: Side | None) -> Element:
    if side is None:
        return _cell("-")
    sizes = f"{_shape(side.fork)} → {_shape(side.merge)}"
    price = f"{counted(side.parameters, 'parameter')}, {exact(side.macs)} MACs"
    return _cell(_badge(side.kind), _element("br"), price, _element("br"), sizes)


def _others(model: ModelReport) -> Iterator[Element]:
    """The additions that are no shortcuts, folded away by reason."""
    reasons: dict[str, list[OtherAdd]] = {}
    for other in model.other_adds:
        reasons.setdefault(other.reason, []).append(other)
    if reasons:
        yield _element("h3", counted(len(model.other_adds), "other addition"))
    for reason, others in islice(reasons.items(), ROWS_SHOWN):
        title = _element("summary", f"{exact(len(others))} {_said(reason)}")
        yield _element("details", title, _table(("addition", "shape", "why"), map(_other, others), len(others)))


def _other(other: OtherAdd) -> list[Element]:
    what = [*_op(other.op, other.name), *_at(other.source)]
    return [_cell(*what), _cell(_shape(other.shape)), _cell(_said(other.detail))]


# -- pieces ---------------------------------------------------------------------------------------------------------


def _table(
    heads: Sequence[str],
    body: Iterable[Sequence[Element]],
    length: int,
    numbers: int = 0,
    below: Iterable[Element] = (),
) -> Element:
    """A table of so many rows, of which the first are shown; its last columns hold `numbers`.

    What stands `below` a row is a row of its own, which is seen when the details in the row above are open.
    """
    classes = [""] * (len(heads) - numbers) + ["number"] * numbers
    head = _element("tr", *(_element("th", text, class_=name) for text, name in zip(heads, classes, strict=True)))
    lines = []
    for cells, further in zip_longest(islice(body, ROWS_SHOWN), islice(below, ROWS_SHOWN)):
        for cell in cells[len(heads) - numbers :]:
            cell.set("class", "number")
        lines.append(_element("tr", *cells))
        if further is not None:
            lines.append(_element("tr", _element("td", further, colspan=str(len(heads))), class_="below"))
    table = _element("table", _element("thead", head), _element("tbody", *lines))
    return _element("div", table, *_more(length - ROWS_SHOWN), class_="scroll")


def _cell(*content: Piece) -> Element:
    return _element("td", *content)


def _fields(*fields: tuple[str, Sequence[Piece]]) -> Element:
    """Labels and what they stand for; those that stand for nothing are left out."""
    shown = ((_element("dt", label), _element("dd", *content)) for label, content in fields if content)
    return _element("dl", *(part for pair in shown for part in pair))


def _badge(kind: Kind) -> Element:
    return _element("span", kind, class_=f"kind {kind}")


def _name(name: str, limit: int = NAME_LIMIT) -> Element:
    """A name out of a file, fit to be shown."""
    return _element("code", displayable(name, limit))


def _said(text: str) -> str:
    """A sentence that may hold such names."""
    return displayable_text(text)


def _shape(shape: Shape) -> str:
    return displayable_text(wording.shape(shape))


def _names(names: Sequence[str]) -> list[Piece]:
    """The first of some names, and how many more there are."""
    shown: list[Piece] = []
    for name in names[:NAMES_SHOWN]:
        shown += [", ", _name(name)] if shown else [_name(name)]
    return [*shown, f" and {exact(len(names) - NAMES_SHOWN)} more"] if len(names) > NAMES_SHOWN else shown


def _op(op: str, name: str) -> list[Piece]:
    return [displayable(op), " ", _name(name)] if name else [displayable(op)]


def _at(source: Source | None) -> list[Piece]:
    return [] if source is None else [" ", _name(f"{source.file}:{source.line}", PATH_LIMIT)]


def _more(number: int) -> list[Element]:
    return [_element("p", f"and {exact(number)} more: the JSON report has all", class_="more")] if number > 0 else []

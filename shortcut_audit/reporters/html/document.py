"""How is a report shown in a browser?

One file that needs nothing else: no script, no font, no image, nothing fetched, and a policy in its head that forbids
it. The page is built as a tree and written by the standard library, so that no name can become markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import resources
from xml.etree.ElementTree import Element, tostring

from shortcut_audit.frozen import replace
from shortcut_audit.names import PATH_LIMIT, displayable, displayable_text
from shortcut_audit.report import (
    AuditReport,
    ModelReport,
    wording,
)
from shortcut_audit.report.wording import counted, exact
from shortcut_audit.report.words import KINDS, Kind
from shortcut_audit.reporters import WHOLE, Style
from shortcut_audit.reporters.html.compared import section
from shortcut_audit.reporters.html.markup import (
    ROWS_SHOWN,
    Piece,
    badge,
    cell,
    element,
    left_out,
    name_of,
    said,
    table,
)
from shortcut_audit.reporters.html.model import Beside, article, findings
from shortcut_audit.reporters.shared.changed import difference_of, in_short
from shortcut_audit.reporters.shared.columns import COLUMNS, WHAT_THERE_IS
from shortcut_audit.reporters.shared.grouped import acceptances, remarks, verdict

MODELS_SHOWN = 200
"""Models that are shown; JSON has them all."""


POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


EQUATIONS: dict[Kind, str] = {
    "identity": "y = F(x) + x",
    "parameter-free": "y = F(x) + P(x), P without weights",
    "gated": "y = F(x) + T(x) · x",
    "projection": "y = F(x) + W_s x",
}


def format(report: AuditReport, style: Style = WHOLE) -> str:  # noqa: A001 -- what every reporter's function is called
    """The page, in HTML."""
    title = f"shortcut-audit: {verdict(report)}"
    sheet = resources.files(__package__).joinpath("html.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", displayable_text(title)),
        element("style", sheet),
    )
    page = element("html", head, element("body", *_body(report, style)), lang="en")
    written = tostring(page, encoding="unicode", method="html").replace("##", "#&#35;")  # a command to CI agents
    return f"<!doctype html>\n{written}\n"


def _body(report: AuditReport, style: Style) -> Iterator[Element]:
    yield element("header", element("h1", said(_answer(report))), element("p", _tally(report)), *_legend(report))
    yield element("main", *_main(report, style))
    yield element("footer", f"shortcut-audit {displayable(report.version)}. {wording.CONVENTION}.")


def _main(report: AuditReport, style: Style) -> Iterator[Element]:
    if report.errors:
        failures = [
            element("li", name_of(failure.source, PATH_LIMIT), ": ", said(failure.message))
            for failure in report.errors[:ROWS_SHOWN]
        ]
        listed = element("ul", *failures)
        yield _section("Could not be audited", listed, *left_out(len(report.errors) - ROWS_SHOWN), class_="error")
    told = difference_of(report)
    if told is not None:
        yield _section("Before and after", section(told, report.models[-1], f"s{len(report.models) - 1}-", "s0-"))
    if len(report.models) > 1:
        yield _section("Side by side", *_side_by_side(report.models))
    found, commands = remarks(report), acceptances(report)
    shown = report.models[:MODELS_SHOWN]
    alone = len(report.models) == 1
    for number, model in enumerate(shown):
        comparisons = [made for made in report.comparisons if made.source == model.source]
        own = [replace(remark, source="") for remark in found if remark.source == model.source]
        beside = Beside(comparisons, own, commands.get(model.source, ""), alone, drawn=told is not None)
        yield article(number, model, style, beside)
    yield from left_out(len(report.models) - MODELS_SHOWN)
    yield from findings("Findings", [r for r in found if r.source not in {model.source for model in shown}], "h2")


def _answer(report: AuditReport) -> str:
    """What the page has to say, in one line."""
    told = difference_of(report)
    if told is not None:
        return in_short(told)[:1].upper() + in_short(told)[1:]
    if len(report.models) == 1:
        return wording.verdict(report.models[0])
    if not report.models:
        return "No model could be audited" if report.errors else "No model was audited"
    shortcuts = counted(sum(model.summary.shortcuts for model in report.models), "shortcut")
    weighted = sum(shortcut.has_weight for model in report.models for shortcut in model.shortcuts)
    return f"{counted(len(report.models), 'model')}: {shortcuts}, {exact(weighted)} with weights"


def _tally(report: AuditReport) -> str:
    """What was objected to, in numbers; nothing is green where nothing was audited, or judged."""
    told = difference_of(report)
    if told is not None:
        old, new = (displayable(source, PATH_LIMIT) for source in (told.against, told.source))
        return f"From {old} to {new}. Nothing was judged."
    beside = "".join(f" {in_short(made)} since {made.against}." for made in report.comparisons if made.changes)
    if len(report.models) == 1 and beside:
        return f"{verdict(report).capitalize()}.{displayable_text(beside)}"
    return f"{verdict(report).capitalize()}." if report.models else f"{counted(len(report.errors), 'failure')}."


def _side_by_side(models: Sequence[ModelReport]) -> list[Element]:
    """The contents of the page, and the comparison of its models: what there is, then what it costs."""
    tables = []
    for columns in (COLUMNS[:WHAT_THERE_IS], COLUMNS[WHAT_THERE_IS:]):
        heads = ("model", *(column.head for column in columns))
        body = (
            [cell(_link(number, model)), *(cell(column.whole(model).replace(" %", "\u00a0%")) for column in columns)]
            for number, model in enumerate(models)
        )
        tables.append(table(heads, body, len(models), numbers=len(columns)))
    return tables


def _link(number: int, model: ModelReport) -> Element:
    name = name_of(model.source, PATH_LIMIT)
    return element("a", name, href=f"#model-{number}") if number < MODELS_SHOWN else name


def _legend(report: AuditReport) -> list[Element]:
    """What the lines of the pictures say, by pattern and by width; nothing where there are no lines."""
    if not any(model.shortcuts for model in report.models):
        return []
    kinds = [element("li", badge(kind), " ", EQUATIONS[kind]) for kind in KINDS]
    lines = (element("span", class_=f"width w{width}") for width in (1, 2, 3))
    widths = element("li", *lines, "the wider, the more of the model's parameters: under 0.1 %, under 1 %, more")
    return [element("ul", *kinds, widths, class_="legend")]


def _section(title: str, *content: Piece, class_: str = "") -> Element:
    return element("section", element("h2", title), *content, class_=class_)

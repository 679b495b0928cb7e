"""How is a report shown to a person at a terminal?

The answer first, then a row for each shortcut, what they add up to, and what else the model might have been.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from shortcut_audit.frozen import replace
from shortcut_audit.names import PATH_LIMIT
from shortcut_audit.report import AuditReport, Comparison, Level, ModelReport, wording
from shortcut_audit.report.wording import counted, exact
from shortcut_audit.reporters import WHOLE, Style
from shortcut_audit.reporters.shared import changed, totals
from shortcut_audit.reporters.shared.grouped import acceptances, remarks, verdict
from shortcut_audit.reporters.text import compared, shortcut_table
from shortcut_audit.reporters.text.canvas import GLUE, Ink, Page, widths

NOTES_SHOWN = 12
"""Different notes of one kind that are spelled out without -v."""
SYMBOLS_SHOWN = 8
"""Inputs, open dimensions and uncounted operators that are named."""
COMMANDS_SHOWN = 8
"""Commands that accept what was objected to, one a model."""

LEVEL_STYLES: dict[Level, str] = {"error": "bold red", "warning": "bold yellow", "note": "bold blue"}
_LABEL = 15
"""Cells that the label of a total takes."""


def format(report: AuditReport, style: Style = WHOLE) -> str:  # noqa: A001 -- what every reporter's function is called
    """The text report."""
    page = Page(style)
    told = changed.difference_of(report)
    if told is not None:
        compared.difference(page, told)
        if not style.verbose:
            return _after(page, report)
        page.line()
        page.line()
        report = replace(report, comparisons=())
    show = _brief if style.quiet else _model
    if style.quiet and len(report.models) > 1:
        _side_by_side(page, report)
    for number, model in enumerate(() if style.quiet and len(report.models) > 1 else report.models):
        if number and not style.quiet:
            page.line()
            page.line()
        show(page, model, [c for c in report.comparisons if c.source == model.source])
    _findings(page, report, gap=bool(report.models) and not style.quiet)
    _tally(page, report)
    if len(report.models) + len(report.errors) > 1 and report.models:
        _closing(page, report)
    return page.text()


def _after(page: Page, report: AuditReport) -> str:
    """The text of a page that has said what is different: the two models in numbers, and who says more."""
    if len(report.models) > 1 and not page.style.quiet:
        page.line()
        _side_by_side(page, report)
        page.line()
        page.prose(("-v shows the reports on both", "dim"))
    return page.text()


def _side_by_side(page: Page, report: AuditReport) -> None:
    from shortcut_audit.reporters.text import side_by_side

    side_by_side.show(page, report.models)


def _brief(page: Page, model: ModelReport, comparisons: Sequence[Comparison]) -> None:
    """-q: the answer alone, in one line where a program may read it, and the picture that was asked for."""
    answer: tuple[Ink, ...] = (page.name(model.source, PATH_LIMIT), "bold"), ": ", wording.verdict(model)
    if page.style.watched:
        page.prose(*answer, hang=2)
    else:
        page.line(*answer)
    if page.style.diagram:
        _picture(page, model)


def _picture(page: Page, model: ModelReport) -> None:
    from shortcut_audit.reporters.text import diagram

    page.line()
    diagram.show(page, model)


def _model(page: Page, model: ModelReport, comparisons: Sequence[Comparison]) -> None:
    notes = shortcut_table.Footnotes(model)
    _title(page, model)
    page.line()
    page.prose((wording.verdict(model), "bold"))
    if page.style.diagram:
        _picture(page, model)
    if model.shortcuts:
        page.line()
        shortcut_table.show(page, model, notes)
        page.line()
        _totals(page, model)
        page.line()
        _what_if(page, model)
    page.line()
    page.prose((wording.CONVENTION, "dim"), hang=2)
    if model.other_adds or model.notes or notes.texts:
        page.line()
    _others(page, model)
    _notes(page, model, notes)
    if comparisons:
        page.line()
    for comparison in comparisons:
        compared.comparison(page, comparison)
    if page.style.verbose:
        from shortcut_audit.reporters.text import verbose

        verbose.show(page, model)


def _title(page: Page, model: ModelReport) -> None:
    page.line((page.name(model.source, PATH_LIMIT), "bold"))
    origin = f"{model.format}{', ' if model.origin else ''}{page.said(model.origin)}"
    page.facts([origin, *totals.facts(model)], indent=2)
    inputs = islice(model.inputs, SYMBOLS_SHOWN)
    shapes = [f"{page.name(tensor.name, 60)}{GLUE}{page.said(wording.shape(tensor.shape))}" for tensor in inputs]
    more = f" and {len(model.inputs) - SYMBOLS_SHOWN} more" if len(model.inputs) > SYMBOLS_SHOWN else ""
    at = f"at input {', '.join(shapes)}{more}" if shapes else "without inputs"
    page.prose(*_painted(totals.work(model, page.glyphs)), f" {at}", indent=2)
    _missing(page, model)


def _painted(sentence: str) -> list[Ink]:
    """What is not known stands out."""
    known, *rest = sentence.split(wording.UNKNOWN)
    return [known, *(ink for part in rest for ink in ((wording.UNKNOWN, "red"), part))]


def _missing(page: Page, model: ModelReport) -> None:
    """What is not counted and why, what depends on open sizes, and what would settle it."""
    for sentence in totals.uncounted(model):
        page.prose(("not counted: ", "red"), page.said(sentence), indent=2, hang=2)
    open_sizes = wording.undecided(model)
    if open_sizes:
        shown = " ".join(f"--dim {_binding(page, name)}" for name in open_sizes[:SYMBOLS_SHOWN])
        more = f" and {len(open_sizes) - SYMBOLS_SHOWN} more" if len(open_sizes) > SYMBOLS_SHOWN else ""
        page.prose(("depends on open sizes: ", "red"), f"add {shown}{more}", indent=2, hang=2)
    sample = wording.per_sample(model)
    if sample:
        page.prose(page.said(sample), indent=2, hang=2)


def _binding(page: Page, symbol: str) -> str:
    return shlex.quote(f"{page.name(symbol, 60)}=SIZE")


def _totals(page: Page, model: ModelReport) -> None:
    for label, sentence in totals.sums(model):
        page.field(label, *_painted(sentence), indent=2, label_width=_LABEL)


def _what_if(page: Page, model: ModelReport) -> None:
    """The table of the paper's options; this model's own is marked. Where it is too wide, parameters, then MACs."""
    head: list[Ink] = [(text, "dim") for text in ("  what if", "parameters", "", "MACs", "")]
    rows = [head, *map(_option, totals.options(model))]
    for tables in ([rows], [[row[:3] for row in rows], [[row[0], *row[3:]] for row in rows]]):
        needed = [widths(table) for table in tables]
        if all(sum(wide) + 2 * (len(wide) - 1) <= page.width for wide in needed):
            for table, wide in zip(tables, needed, strict=True):
                page.table(table, right=frozenset(range(1, len(wide))), widths=wide, indent=0)
            return
    for label, *numbers in rows[1:]:
        parameters, change, macs, macs_change = (_bracketed(n, numbers) for n in range(4))
        page.prose(label, ": ", parameters, change, " parameters, ", macs, macs_change, " MACs", hang=4)


def _bracketed(place: int, inks: Sequence[Ink]) -> Ink:
    """A number; a change in brackets."""
    ink = inks[place]
    text, style = ink if isinstance(ink, tuple) else (ink, "")
    return (f" ({text})" if text else "", style) if place % 2 else ink


def _option(option: totals.Option) -> list[Ink]:
    style = "bold" if option.own else ""
    return [
        (("> " if option.own else "  ") + option.label, style),
        (option.parameters, style),
        (option.parameters_change, "dim"),
        (option.macs, style),
        (option.macs_change, "dim"),
    ]


def _others(page: Page, model: ModelReport) -> None:
    """The additions that are no shortcuts, counted by reason."""
    if not model.other_adds:
        return
    reasons = Counter(page.said(other.reason) for other in model.other_adds)
    counts = ", ".join(f"{exact(number)} {reason}" for reason, number in reasons.most_common(NOTES_SHOWN))
    rest = len(reasons) - NOTES_SHOWN
    hint = "" if page.style.verbose else " (-v lists them)"
    more = f" and {rest} more reasons" if rest > 0 else ""
    page.prose(f"{counted(len(model.other_adds), 'other addition')}: {counts}{more}{hint}", hang=2)


def _notes(page: Page, model: ModelReport, footnotes: shortcut_table.Footnotes) -> None:
    limit = None if page.style.verbose else NOTES_SHOWN
    for number, note in islice(enumerate(footnotes.texts, 1), limit):
        page.prose((f"[{number}] ", "cyan"), page.said(note), hang=4)
    _left_out(page, len(footnotes.texts), limit)
    for note in islice(model.notes, limit):
        page.prose(("note: ", "bold blue"), page.said(note), hang=6)
    _left_out(page, len(model.notes), limit)


def _left_out(page: Page, number: int, limit: int | None) -> None:
    if limit is not None and number > limit:
        page.line((f"and {counted(number - limit, 'note')} more (-v shows all)", "dim"))


def _findings(page: Page, report: AuditReport, *, gap: bool) -> None:
    """What the rules object to, gravest first; shortcuts of one model of which they say the same share a line."""
    found = remarks(report)
    if found and gap:
        page.line()
    for remark in found:
        names = compared.named(page, remark.shortcuts)
        line = f" ({page.name(remark.line, PATH_LIMIT)})" if remark.line else ""
        where = ": ".join(filter(None, [page.name(remark.source, PATH_LIMIT), names + line]))
        style = LEVEL_STYLES[remark.level]
        page.prose(
            (remark.level, style), f" {remark.rule}: ", (where, "bold"), f": {page.said(remark.message)}", hang=2
        )

    for command in islice(acceptances(report).values(), COMMANDS_SHOWN):
        page.prose(page.said(command), hang=2)


def _tally(page: Page, report: AuditReport) -> None:
    """How many findings there are, and who explains them."""
    if report.findings and not page.style.quiet:
        rules = list(dict.fromkeys(remark.rule for remark in remarks(report)))
        word = rules[0] if len(rules) == 1 else "RULE"
        which = "" if len(rules) == 1 else f": {', '.join(rules)}"
        tally = verdict(report).partition(" in ")[0]
        page.prose((tally, "bold"), f"; shortcut-audit --explain {word} says what it means{which}", hang=2)


def _closing(page: Page, report: AuditReport) -> None:
    """The end of a run over several sources: the models side by side, and how many they are."""
    if not page.style.quiet:
        page.line()
    if len(report.models) > 1 and not page.style.quiet:
        _side_by_side(page, report)
        page.line()
    found = sum(len(model.shortcuts) for model in report.models)
    weighted = sum(shortcut.has_weight for model in report.models for shortcut in model.shortcuts)
    failed = f"; {exact(len(report.errors))} could not be audited" if report.errors else ""
    models = counted(len(report.models), "model")
    page.prose((f"{models}, {counted(found, 'shortcut')}, {exact(weighted)} with weights{failed}", "bold"))

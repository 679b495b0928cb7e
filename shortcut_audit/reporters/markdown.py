"""How is a report shown in a pull request?

The verdict first, what was objected to, a line for each model; everything else is folded away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from shortcut_audit.names import displayable, displayable_text
from shortcut_audit.report import AuditReport, Comparison, ModelReport, Shortcut, wording
from shortcut_audit.report.wording import counted, exact, shape
from shortcut_audit.reporters import WHOLE, Style
from shortcut_audit.reporters.figure import mermaid
from shortcut_audit.reporters.shared import changed
from shortcut_audit.reporters.shared.columns import COLUMNS
from shortcut_audit.reporters.shared.grouped import Remark, acceptances, remarks, verdict
from shortcut_audit.reporters.shared.part import left_out, listed
from shortcut_audit.reporters.shared.ranges import LABELS_SHOWN, in_ranges
from shortcut_audit.reporters.shared.runs import Row, rows

SIZE_LIMIT = 900_000
"""Bytes of the whole; a job summary on GitHub takes 1 MiB."""
FINDINGS_SHOWN = 50
FAILURES_SHOWN = 50
COMMANDS_SHOWN = 8
"""Commands that accept what was objected to, one a model."""
MODELS_SHOWN = 100
ROWS_SHOWN = 200
"""Rows of a folded table."""
MESSAGE_LIMIT = 600
"""Characters of a message."""
ENDING = 300
"""Bytes kept free for the closing lines."""

CONVENTION = (
    "<sub>1 MAC = 2 FLOPs: fvcore and the paper count 1 for each multiply-accumulate, torch's FlopCounterMode 2.</sub>"
)


def format(report: AuditReport, style: Style = WHOLE) -> str:  # noqa: A001 -- what every reporter's function is called
    """The Markdown report, GitHub's and GitLab's dialect, under 900 kB: details that do not fit are left out."""
    told = changed.difference_of(report)
    answer = verdict(report) if told is None else changed.in_short(told)
    head = [f"## shortcut-audit: {answer}", *_failures(report), *_difference(told), *_findings(report)]
    head += [_said(wording.verdict(report.models[0]))] if len(report.models) == 1 else []
    head += _models(report.models)
    text = "\n\n".join(head)
    left_out = 0
    for block in _details(report, style):
        if len(text.encode()) + len(block.encode()) + ENDING > SIZE_LIMIT:
            left_out += 1
        else:
            text += "\n\n" + block
    if left_out:
        text += f"\n\n{counted(left_out, 'folded table')} left out: this comment would not hold them."
    return f"{text}\n\n{CONVENTION}\n"


def _failures(report: AuditReport) -> Iterator[str]:
    if report.errors:
        lines = [f"- {_code(failure.source)}: {_said(failure.message)}" for failure in report.errors[:FAILURES_SHOWN]]
        yield "\n".join(["**Could not be audited**", "", *lines, *_more(len(report.errors) - FAILURES_SHOWN)])


def _difference(told: Comparison | None) -> Iterator[str]:
    """What is different between the two models that were asked about: the answer, and not folded."""
    if told is not None:
        changes = _changes(told)
        yield "\n".join([f"From {_code(told.against)} to {_code(told.source)}", *([""] if changes else []), *changes])


def _findings(report: AuditReport) -> Iterator[str]:
    found = remarks(report)
    if found:
        table = ["| | rule | where | what |", "|---|---|---|---|", *map(_remark, found[:FINDINGS_SHOWN])]
        yield "\n".join([*table, *_more(len(found) - FINDINGS_SHOWN)])
    commands = list(acceptances(report).values())
    if commands:
        yield "  \n".join([*map(_said, commands[:COMMANDS_SHOWN]), *_more(len(commands) - COMMANDS_SHOWN)])


def _remark(remark: Remark) -> str:
    where = [_named(remark.shortcuts)] if remark.shortcuts else []
    where += [_code(remark.line)] if remark.line else []
    level = f"**{remark.level}**" if remark.level == "error" else remark.level
    return _row(level, remark.rule, "<br>".join([*where, _code(remark.source)]), _said(remark.message))


def _models(models: Sequence[ModelReport]) -> Iterator[str]:
    if models:
        heads = ["model", *(column.head for column in COLUMNS)]
        lines = [_row(_code(m.source), *(column.whole(m) for column in COLUMNS)) for m in models[:MODELS_SHOWN]]
        table = [_row(*heads), f"|---{'|--:' * len(COLUMNS)}|", *lines]
        yield "\n".join([*table, *_more(len(models) - MODELS_SHOWN)])


def _details(report: AuditReport, style: Style) -> Iterator[str]:
    for comparison in () if changed.difference_of(report) else report.comparisons:
        if comparison.changes or changed.of_layers(comparison):
            yield _comparison(comparison)
    for model in report.models:
        if model.shortcuts:
            yield _shortcuts(model, style)
            yield from _picture(model)


def _comparison(comparison: Comparison) -> str:
    title = f"Changes of {_html(comparison.source)} since {_html(comparison.against)}"
    return _folded(f"{title}: {changed.in_short(comparison)}", _changes(comparison))


def _changes(comparison: Comparison) -> list[str]:
    groups = changed.alike(comparison.changes, "→")
    lines = [_alike(group) for group in groups[:ROWS_SHOWN]]
    shown = ["| shortcuts | what changed |", "|---|---|", *lines, *_more(len(groups) - ROWS_SHOWN)] if lines else []
    for heap in changed.of_layers(comparison):
        rows = [_alike(group) for group in heap.groups[:ROWS_SHOWN]]
        shown += ["", f"| layers {heap.what} | what |", "|---|---|", *rows, *_more(len(heap.groups) - ROWS_SHOWN)]
    return shown[1:] if shown[:1] == [""] else shown


def _alike(group: changed.Alike) -> str:
    return _row(_named(group.keys), _said(group.what.replace("->", "→")))


def _named(keys: Sequence[str]) -> str:
    """Shortcuts by their keys, those that are counted through in one label."""
    labels = in_ranges(map(displayable, keys), "…")
    more = len(labels) - LABELS_SHOWN
    return ", ".join(map(_code, labels[:LABELS_SHOWN])) + (f" and {exact(more)} more" if more > 0 else "")


def _shortcuts(model: ModelReport, style: Style) -> str:
    title = f"Shortcuts of {_html(model.source)}: {exact(model.summary.shortcuts)}"
    head = ["| block | kind | x → y | W_s | parameters | MACs | skips |", "|---|---|---|---|--:|--:|---|"]
    found = rows(listed(model, style))
    part = left_out(model, style)
    title += f" ({_said(part)})" if part else ""
    lines = [_shortcut(row) for row in found[:ROWS_SHOWN]]
    return _folded(title, [*head, *lines, *_more(len(found) - ROWS_SHOWN)])


def _picture(model: ModelReport) -> Iterator[str]:
    chart = mermaid.chart(model)
    if chart:
        yield _folded(f"Picture of {_html(model.source)}", ["```mermaid", chart, "```"])
    elif model.layers:
        yield f"The picture of {_code(model.source)} is larger than GitHub draws one: `-o NAME.svg` has it."


def _shortcut(row: Row) -> str:
    shortcut: Shortcut = row.first
    block = _code(shortcut.key)
    if row.repeats > 1:
        block += f" … {_code(row.last.key)} ({exact(row.repeats)} times)"
    return _row(
        block,
        shortcut.kind,
        f"{_said(shape(shortcut.fork.shape))} → {_said(shape(shortcut.merge.shape))}",
        _said(shortcut.weights_in_words.replace("->", "→")),
        exact(shortcut.parameters),
        exact(shortcut.macs_formula),
        counted(shortcut.span.weight_layers, "layer"),
    )


def _folded(title: str, table: Iterable[str]) -> str:
    return "\n".join([f"<details><summary>{title}</summary>", "", *table, "", "</details>"])


def _more(number: int) -> list[str]:
    return ["", f"and {exact(number)} more"] if number > 0 else []


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _code(name: str) -> str:
    """A name as code, in which nothing is a link, a mention or HTML: a code span if it is an ordinary one.

    A `#` is not: Markdown may go to stdout, where `##[` and `##teamcity[` are commands to CI agents, spans or not.
    """
    shown = displayable(name)
    return f"`{shown}`" if _ORDINARY.fullmatch(shown) else _html(shown)


_ORDINARY = re.compile(r"[\w./:$()\[\]{}=+,@…-]+(?: [\w./:$()\[\]{}=+,@…-]+)*")


def _html(name: str) -> str:
    """A name as HTML: for a summary, where Markdown is not read, and for names that would end a span or a cell."""
    return "<code>" + re.sub(r"[^\w ]|_", lambda found: f"&#{ord(found[0])};", displayable(name)) + "</code>"


def _said(text: str) -> str:
    """A sentence, as text only. What no backslash stops (mentions, issue numbers, formulas) is broken by code spans."""
    escaped = re.sub(r"[\\`*_\[\]|~!]", r"\\\g<0>", displayable_text(text, MESSAGE_LIMIT))
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"[@#$]+", r"`\g<0>`", escaped.replace("://", ":\\//").replace("www.", "www\\."))

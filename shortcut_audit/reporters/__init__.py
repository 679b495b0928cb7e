"""How is a report shown?

Pure functions: report in, text out, or the bytes of a file. Each is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from shortcut_audit.frozen import frozen

if TYPE_CHECKING:
    from shortcut_audit.report import AuditReport
    from shortcut_audit.report.words import Kind


@frozen
class Style:
    """How much a text report shows, and what its reader's terminal can do."""

    width: int = 80
    color: bool = False
    ascii_only: bool = False
    verbose: int = 0
    quiet: bool = False
    diagram: bool = False
    """Whether a text report draws the model."""
    kinds: tuple[Kind, ...] = ()
    """Kinds of shortcuts that are listed; none for all."""
    only: tuple[str, ...] = ()
    """Patterns of the keys that are listed; none for all."""


@frozen
class Reporter:
    """One format of the report."""

    suffix: str | None
    """Suffix of the files that are written in this format; None for one that goes to stdout only."""
    render: Callable[[AuditReport, Style], str | bytes]
    of_one: bool = False
    """Whether it shows one model: with several, each is written to a file of its own."""
    printed: bool = True
    """Whether it may be asked for on stdout, too; what is a file's content only may not."""


def _text(report: AuditReport, style: Style) -> str:
    """Empty if there was nothing that could be audited and nothing to object to."""
    if not report.models and not report.findings:
        return ""
    from shortcut_audit.reporters.text import terminal

    return terminal.format(report, style)


def _json(report: AuditReport, style: Style) -> str:
    from shortcut_audit.reporters import json

    return json.format(report)


def _markdown(report: AuditReport, style: Style) -> str:
    from shortcut_audit.reporters import markdown

    return markdown.format(report, style)


def _sarif(report: AuditReport, style: Style) -> str:
    from shortcut_audit.reporters import sarif

    return sarif.format(report)


def _github(report: AuditReport, style: Style) -> str:
    from shortcut_audit.reporters import github

    return github.format(report)


def _junit(report: AuditReport, style: Style) -> str:
    from shortcut_audit.reporters import junit

    return junit.format(report)


def _gitlab(report: AuditReport, style: Style) -> str:
    from shortcut_audit.reporters import gitlab

    return gitlab.format(report)


def _html(report: AuditReport, style: Style) -> str:
    from shortcut_audit.reporters.html import document as html

    return html.format(report, style)


def _svg(report: AuditReport, style: Style) -> str:
    from shortcut_audit.reporters.figure import svg

    return svg.format(report)


def _model_explorer(report: AuditReport, style: Style) -> str:
    from shortcut_audit.reporters import model_explorer

    return model_explorer.format(report)


def _tex(report: AuditReport, style: Style) -> str:
    from shortcut_audit.reporters import tex

    return tex.format(report)


def _csv(table: str) -> Callable[[AuditReport, Style], str]:
    def render(report: AuditReport, style: Style) -> str:
        from shortcut_audit.reporters import csv
        from shortcut_audit.reporters.shared import records

        return csv.format(report, getattr(records, table), style)

    return render


def _parquet(table: str) -> Callable[[AuditReport, Style], bytes]:
    def render(report: AuditReport, style: Style) -> bytes:
        from shortcut_audit.reporters import parquet
        from shortcut_audit.reporters.shared import records

        return parquet.format(report, getattr(records, table), style)

    return render


REPORTERS = {
    "text": Reporter(".txt", _text),
    "json": Reporter(".json", _json),
    "markdown": Reporter(".md", _markdown),
    "sarif": Reporter(".sarif", _sarif),
    "github": Reporter(None, _github),
    "gitlab": Reporter(".gitlab.json", _gitlab),
    "junit": Reporter(".junit.xml", _junit),
    "html": Reporter(".html", _html),
    "model-explorer.json": Reporter(".model-explorer.json", _model_explorer, of_one=True, printed=False),
    "tex": Reporter(".tex", _tex, printed=False),
    "svg": Reporter(".svg", _svg, of_one=True, printed=False),
    "csv": Reporter(".csv", _csv("SHORTCUTS"), printed=False),
    "models.csv": Reporter(".models.csv", _csv("MODELS"), printed=False),
    "layers.csv": Reporter(".layers.csv", _csv("LAYERS"), printed=False),
    "parquet": Reporter(".parquet", _parquet("SHORTCUTS"), printed=False),
    "models.parquet": Reporter(".models.parquet", _parquet("MODELS"), printed=False),
    "layers.parquet": Reporter(".layers.parquet", _parquet("LAYERS"), printed=False),
}
"""Every format by its name on the command line."""


def format_of(file: str) -> str | None:
    """The format of a file, by the longest suffix that its name ends in: r.layers.csv is a table of layers."""
    ending = {reporter.suffix: name for name, reporter in REPORTERS.items() if reporter.suffix}
    found = max((suffix for suffix in ending if file.lower().endswith(suffix)), key=len, default=None)
    return None if found is None else ending[found]

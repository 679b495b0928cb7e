"""How is a report shown?

Pure functions: report in, text out, or the bytes of a file. The module of a format has one, `format(report, style)`,
and is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
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
    watched: bool = False
    """Whether it goes to a terminal, which breaks what is wider; a program that reads it wants its lines whole."""
    verbose: int = 0
    quiet: bool = False
    diagram: bool = False
    """Whether a text report draws the model."""
    kinds: tuple[Kind, ...] = ()
    """Kinds of shortcuts that are listed; none for all."""
    only: tuple[str, ...] = ()
    """Patterns of the keys that are listed; none for all."""


WHOLE = Style()
"""How a report is shown to whom asks for nothing else."""


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


def _by(module: str, **settings: str) -> Callable[[AuditReport, Style], str | bytes]:
    """The function `format` of a module of this package, which is imported when it is called."""

    def render(report: AuditReport, style: Style) -> str | bytes:
        shown: str | bytes = import_module(f"{__name__}.{module}").format(report, style, **settings)
        return shown

    return render


def _text(report: AuditReport, style: Style) -> str | bytes:
    """Empty, and nothing is imported, if there was nothing that could be audited and nothing to object to."""
    return _by("text.terminal")(report, style) if report.models or report.findings else ""


REPORTERS = {
    "text": Reporter(".txt", _text),
    "json": Reporter(".json", _by("json")),
    "markdown": Reporter(".md", _by("markdown")),
    "sarif": Reporter(".sarif", _by("sarif")),
    "github": Reporter(None, _by("github")),
    "gitlab": Reporter(".gitlab.json", _by("gitlab")),
    "junit": Reporter(".junit.xml", _by("junit")),
    "html": Reporter(".html", _by("html.document")),
    "model-explorer.json": Reporter(".model-explorer.json", _by("model_explorer"), of_one=True, printed=False),
    "tex": Reporter(".tex", _by("tex"), printed=False),
    "svg": Reporter(".svg", _by("figure.svg"), of_one=True, printed=False),
    "csv": Reporter(".csv", _by("csv", table="shortcuts"), printed=False),
    "models.csv": Reporter(".models.csv", _by("csv", table="models"), printed=False),
    "layers.csv": Reporter(".layers.csv", _by("csv", table="layers"), printed=False),
    "parquet": Reporter(".parquet", _by("parquet", table="shortcuts"), printed=False),
    "models.parquet": Reporter(".models.parquet", _by("parquet", table="models"), printed=False),
    "layers.parquet": Reporter(".layers.parquet", _by("parquet", table="layers"), printed=False),
}
"""Every format by its name on the command line."""


STEM = "{stem}"
"""In the name of a file that is written: the name of each model, without its suffix."""


def format_of(file: str) -> str | None:
    """The format of a file, by the longest suffix that its name ends in: r.layers.csv is a table of layers."""
    ending = {reporter.suffix: name for name, reporter in REPORTERS.items() if reporter.suffix}
    ending[".sarif.json"] = "sarif"  # SARIF 2.1.0, section 3.2: a file's name ends in .sarif, or in this
    found = max((suffix for suffix in ending if file.lower().endswith(suffix)), key=len, default=None)
    return None if found is None else ending[found]

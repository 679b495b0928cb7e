"""How does a report show itself, to who holds it in Python?

In a notebook as the page, at a prompt as the terminal report; as a data frame where pandas is installed.
"""

from __future__ import annotations

from dataclasses import fields
from html import escape
from importlib import import_module
from typing import Any

from shortcut_audit import report
from shortcut_audit.errors import UsageError
from shortcut_audit.frozen import frozen
from shortcut_audit.installed import __version__
from shortcut_audit.reporters import REPORTERS, Style

HEIGHT = "44rem"
"""The height of the frame that holds the page in a notebook; it scrolls."""


@frozen
class ShownReport(report.ModelReport):
    """The report on one model, which can show itself."""

    def __str__(self) -> str:
        return self._shown("text")

    def _repr_html_(self) -> str:
        """The page, in a frame of its own: its style is no business of the notebook's, and nothing in it runs."""
        page = escape(self._shown("html"))
        style = f"width:100%;height:{HEIGHT};border:0"
        return f'<iframe sandbox="" title="shortcut-audit" style="{style}" srcdoc="{page}"></iframe>'

    def _repr_svg_(self) -> str:
        return self._shown("svg")

    def _repr_markdown_(self) -> str:
        return self._shown("markdown")

    def to_frame(self) -> Any:
        """The shortcuts as a pandas DataFrame, with the columns of `-o NAME.csv`.

        Raises UsageError where pandas is not installed.
        """
        try:
            pandas = import_module("pandas")
        except ImportError:
            raise UsageError("to_frame() makes a pandas DataFrame; pip install pandas") from None
        from shortcut_audit.reporters.shared import records

        rows = [dict(record) for record in records.SHORTCUTS.rows(self._alone(), Style())]
        return pandas.DataFrame(rows, columns=list(records.SHORTCUTS.columns))

    def _shown(self, form: str) -> str:
        text = REPORTERS[form].render(self._alone(), Style())
        assert isinstance(text, str), "tables of bytes are for files"
        return text

    def _alone(self) -> report.AuditReport:
        return report.AuditReport(__version__, (self,))


def shown(model: report.ModelReport) -> ShownReport:
    """A report that can show itself."""
    parts: dict[str, Any] = {part.name: getattr(model, part.name) for part in fields(model)}
    return ShownReport(**parts)

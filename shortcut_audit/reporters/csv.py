"""How is a report written for a spreadsheet?

RFC 4180 with a header row: quoted where need be, lines end in CR LF, what cannot be known is an empty field. A field
that a spreadsheet would take for a formula opens with an apostrophe: the names in it are a stranger's. A table may be
printed in the log of a CI agent, so none of them is a command there.
"""

from __future__ import annotations

import csv
import io

from shortcut_audit.names import PATH_LIMIT, displayable, displayable_text, loggable
from shortcut_audit.report import AuditReport
from shortcut_audit.reporters import Style
from shortcut_audit.reporters.shared.records import PATHS, SENTENCES, TABLES, Cell

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a formula begins with (OWASP, "CSV Injection")."""


def format(report: AuditReport, style: Style, table: str) -> str:  # noqa: A001 -- what every reporter's function is called
    """The table of shortcuts, models or layers, as `TABLES` calls them."""
    wanted = TABLES[table]
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(wanted.columns)
    for record in wanted.rows(report, style):
        writer.writerow([_field(column, record[column]) for column in wanted.columns])
    return stream.getvalue()


def _field(column: str, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, int):
        return str(cell)
    if column in SENTENCES:
        shown = displayable_text(cell)
    else:
        shown = displayable(cell, PATH_LIMIT) if column in PATHS else displayable(cell)
    shown = loggable(shown)
    return f"'{shown}" if shown.startswith(FORMULAS) else shown

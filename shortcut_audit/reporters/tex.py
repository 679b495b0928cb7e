"""How are models put side by side in a paper?

A `tabular` with the rules of booktabs, to be read in with `\\input`: one row a model, the columns of the comparison.
"""

from __future__ import annotations

import re

from shortcut_audit.names import PATH_LIMIT, displayable, loggable
from shortcut_audit.report import AuditReport
from shortcut_audit.reporters import WHOLE, Style
from shortcut_audit.reporters.shared.columns import COLUMNS, folder_of

_SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "≥": r"$\geq$",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}  # fmt: skip
NAME_LIMIT = 60
"""Characters of a model's name."""


def format(report: AuditReport, style: Style = WHOLE) -> str:  # noqa: A001 -- what every reporter's function is called
    """The table. 1 MAC = 2 FLOPs; what cannot be known is called unknown."""
    heads = ["model", *(column.head for column in COLUMNS)]
    folder = folder_of([model.source for model in report.models])
    names = (displayable(model.source.removeprefix(folder), NAME_LIMIT, ascii_only=True) for model in report.models)
    rows = [
        [loggable(name), *(column.brief(model) for column in COLUMNS)]
        for name, model in zip(names, report.models, strict=True)
    ]
    lines = [rf"% in {displayable(folder, PATH_LIMIT, ascii_only=True)}"] if folder else []
    lines += [r"% \usepackage{booktabs}", rf"\begin{{tabular}}{{l{'r' * len(COLUMNS)}}}", r"\toprule", _row(heads)]
    lines += [r"\midrule", *map(_row, rows), r"\bottomrule", r"\end{tabular}"]
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return " & ".join(map(_escaped, cells)) + r" \\"


def _escaped(text: str) -> str:
    """Text in which nothing is a command: model names are a stranger's."""
    return re.sub(r"[\\~^≥&%$#_{}]", lambda found: _SPECIAL[found[0]], text)

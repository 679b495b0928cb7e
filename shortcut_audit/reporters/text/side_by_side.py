"""How do several models stand side by side at a terminal?

One line a model where it fits; otherwise in parts, one below the other. Only names are ever cut.
"""

from __future__ import annotations

from collections.abc import Sequence

from shortcut_audit.names import PATH_LIMIT
from shortcut_audit.report import ModelReport
from shortcut_audit.report.wording import UNKNOWN
from shortcut_audit.reporters.shared.columns import (
    COLUMNS,
    Column,
    extra_macs_share,
    extra_parameters_share,
    folder_of,
)
from shortcut_audit.reporters.text.canvas import Ink, Page, widths

SHORTEST_NAME = 12
"""Cells to which the names of models may be cut."""
_HEADS = {
    "parameters": "params", "shortcuts": "all", "parameter_free": "free", "projection": "proj",
    "extra_parameters": "extra params", "held_bytes": "held",
}  # fmt: skip
_SHARES = {"extra_parameters": extra_parameters_share, "extra_macs": extra_macs_share}


def show(page: Page, models: Sequence[ModelReport]) -> None:
    """The table, in as many parts as the page needs; with -q in one, unless a terminal would break its lines."""
    common = "" if _whole(page) else folder_of([model.source for model in models])
    if common:
        page.line((f"in {page.name(common, PATH_LIMIT)}", "dim"))
    rows: list[list[Ink]] = [[("model", "dim")]]
    rows += [[(name, "bold")] for name in _names(page, models, common)]
    needed = widths(rows)[0]
    for number, columns in enumerate(_parts(page, models, needed)):
        if number:
            page.line()
        table = [[*name, *cells] for name, cells in zip(rows, _cells(page, models, columns), strict=True)]
        wide = widths(table)
        room = page.width - sum(wide[1:]) - 2 * (len(wide) - 1)
        wide[0] = wide[0] if _whole(page) else min(wide[0], max(room, SHORTEST_NAME))
        named = [[_shortened(page, row[0], wide[0]), *row[1:]] for row in table]
        page.table(named, right=frozenset(range(1, len(wide))), widths=wide, indent=0)


def _whole(page: Page) -> bool:
    return page.style.quiet and not page.style.watched


def _parts(page: Page, models: Sequence[ModelReport], name: int) -> list[list[Column]]:
    """The columns, parted where the page ends."""
    name = min(name, max(SHORTEST_NAME, page.width // 3))
    parts: list[list[Column]] = [[]]
    used = name
    for column in COLUMNS:
        wide = sum(width + 2 for width in widths(_cells(page, models, [column])))
        if used + wide > page.width and parts[-1] and not _whole(page):
            parts.append([])
            used = name
        parts[-1].append(column)
        used += wide
    return parts


def _names(page: Page, models: Sequence[ModelReport], common: str) -> list[str]:
    return [page.name(model.source.removeprefix(common), PATH_LIMIT) for model in models]


def _shortened(page: Page, ink: Ink, width: int) -> Ink:
    text, style = ink if isinstance(ink, tuple) else (ink, "")
    return page.shortened(text, width), style


def _cells(page: Page, models: Sequence[ModelReport], columns: Sequence[Column]) -> list[list[Ink]]:
    """The heads, and a row for each model, all without the names."""
    return [_heads(columns), *(_row(page, model, columns) for model in models)]


def _heads(columns: Sequence[Column]) -> list[Ink]:
    heads: list[Ink] = []
    for column in columns:
        heads.append((_HEADS.get(column.name, column.head), "dim"))
        heads += [("%", "dim")] if column.name in _SHARES else []
    return heads


def _row(page: Page, model: ModelReport, columns: Sequence[Column]) -> list[Ink]:
    cells: list[Ink] = []
    for column in columns:
        said = page.said(column.brief(model).replace("≥", page.glyphs.at_least))
        cells.append((said, "red" if said == UNKNOWN else "dim" if said == "0" else ""))
        cells += [_SHARES[column.name](model).removesuffix(" %")] if column.name in _SHARES else []
    return cells

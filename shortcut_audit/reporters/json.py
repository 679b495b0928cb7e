"""How is a report written for other programs? (schema.json describes it)

A whole JSON document in ASCII, one shortcut a line: programs read it fast, and a difference between two of them can be
read by people.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib import resources
from typing import Any

from shortcut_audit.algebra.polynomial import FORMULA_LIMIT
from shortcut_audit.algebra.settled import FORMULA
from shortcut_audit.names import NAME_LIMIT, PATH_LIMIT, TEXT_LIMIT, displayable, displayable_text
from shortcut_audit.report import AuditReport
from shortcut_audit.reporters import WHOLE, Style

_PATHS = frozenset({"source", "file", "against", "counterpart"})
_TEXTS = frozenset({"message", "notes", "why", "detail", "weights_in_words", "origin", "declared_as"})
_LISTS = frozenset(
    {"models", "shortcuts", "layers", "other_adds", "concatenations", "findings", "errors", "comparisons", "changes"}
)
"""Fields whose entries stand on a line of their own."""


def format(report: AuditReport, style: Style = WHOLE) -> str:  # noqa: A001 -- what every reporter's function is called
    """The JSON report. Every name in it is displayable; those of real models are as the file has them."""
    return "".join((*_lines(to_dict(report), ""), "\n"))


def to_dict(report: AuditReport) -> dict[str, Any]:
    """The document as lists and dictionaries, every name displayable."""
    document: dict[str, Any] = _displayable(report.to_dict(), "")
    return document


def schema() -> str:
    """The JSON Schema (draft 2020-12) of the report."""
    return resources.files(__package__).joinpath("schema.json").read_text(encoding="utf-8")


def dumped(thing: Any, indent: int | None = None) -> str:
    """Plain data in ASCII. `##` is spelled out: with it, commands to CI agents begin, anywhere in a log."""
    return json.dumps(thing, indent=indent, allow_nan=False).replace("##", "#\\u0023")


def _displayable(thing: Any, field: str) -> Any:
    if isinstance(thing, str):
        if field.endswith(FORMULA):
            return displayable(thing, FORMULA_LIMIT)
        if field in _TEXTS:
            return displayable_text(thing, TEXT_LIMIT)
        return displayable(thing, PATH_LIMIT if field in _PATHS else NAME_LIMIT)
    if isinstance(thing, list):
        return [_displayable(item, field) for item in thing]
    if isinstance(thing, dict):
        return {key: _displayable(value, key) for key, value in thing.items()}
    return thing


def _lines(document: dict[str, Any], indent: str) -> Iterable[str]:
    """A dictionary over several lines; `_LISTS` in it likewise, everything else on one line."""
    yield "{"
    for number, (key, value) in enumerate(document.items()):
        yield f"{',' if number else ''}\n{indent}  {json.dumps(key)}: "
        if key in _LISTS and value:
            yield from _entries(value, indent + "  ", whole=key not in {"models", "comparisons"})
        else:
            yield dumped(value)
    yield f"\n{indent}}}"


def _entries(entries: list[Any], indent: str, *, whole: bool) -> Iterable[str]:
    yield "["
    for number, entry in enumerate(entries):
        yield f"{',' if number else ''}\n{indent}  "
        if whole:
            yield dumped(entry)
        else:
            yield from _lines(entry, indent + "  ")
    yield f"\n{indent}]"

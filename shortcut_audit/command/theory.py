"""What does a word that a report says mean?

theory.md says it, a section a word. This module finds the section.
"""

from __future__ import annotations

import re
from importlib import resources

_HEADING = re.compile(r"^### (.+)$", re.MULTILINE)
_NOTE = "note: "


ALSO = {
    "extra parameters": "extra weights", "extra params": "extra weights", "params": "parameters",
    "extra macs": "extra work", "all": "shortcut", "free": "parameter-free", "proj": "projection",
    "held": "held memory",
    "additions": "merging", "element wise additions": "merging", "other additions": "merge", "f(x)": "x", "y": "x",
    "folded normalisation": "folded norm", "source": "model", "from": "output", "new": "changed", "gone": "changed",
    "discards": "reads one position in 4", "stride": "1x1/2",
}  # fmt: skip
"""What tables and sentences call a word for short, or in full."""

_FORMS = (
    (re.compile(r"[x×] ?[0-9]+"), "repetition"),
    (re.compile(r"#[0-9]+"), "#1"),
    (re.compile(r"[0-9]+x[0-9]+/[0-9]+"), "1x1/2"),
    (re.compile(r"(reads one position in|discards [0-9]+ of) [0-9]+( positions)?"), "reads one position in 4"),
)
"""Words with a number in them, and the heading that answers for all of their kind."""


def text() -> str:
    """The whole theory, as Markdown."""
    return resources.files("shortcut_audit").joinpath("theory.md").read_text(encoding="utf-8")


def sections() -> dict[str, str]:
    """What is said of each word, by the word; notes on shortcuts stand under "note: " and how they begin."""
    parts = _HEADING.split(text())
    return {word: body.split("\n## ")[0].strip() for word, body in zip(parts[1::2], parts[2::2], strict=True)}


def section(word: str) -> str | None:
    """The heading that answers for a word, or for a whole sentence that a report says; None where none does.

    Case and hyphens do not matter, nor does a plural: "Projections" is asked for as "projection". A note is found by
    how it begins.
    """
    asked = _plain(ALSO.get(_plain(word), word))
    for pattern, heading in _FORMS:
        if pattern.fullmatch(asked):
            return heading
    by_name = {_plain(heading): heading for heading in sections()}
    for candidate in (asked, asked.removesuffix("s"), asked.removeprefix("a "), f"option {asked}"):
        if candidate in by_name:
            return by_name[candidate]
    notes = (name for name in by_name if name.startswith(_NOTE) and asked.startswith(name.removeprefix(_NOTE)))
    return next((by_name[name] for name in notes), None)


def _plain(word: str) -> str:
    return " ".join(word.casefold().replace("-", " ").replace("_", " ").split())

"""What is a text report drawn on?

A page of so many columns: it wraps prose, aligns tables and keeps strangers' names harmless. Colour is laid on last and
carries no meaning of its own. Widths are counted in terminal cells (a Chinese character takes two).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeAlias

from rich.cells import cell_len

from shortcut_audit.names import NAME_LIMIT, displayable, displayable_text, loggable
from shortcut_audit.report.wording import ASCII, UNICODE
from shortcut_audit.reporters import Style

Ink: TypeAlias = "str | tuple[str, str]"
"""A piece of text, plain or in a style ("bold red")."""

STYLES = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36",
}  # fmt: skip
"""The words of a style, and what the terminal takes them by (ECMA-48, SGR)."""

NARROWEST = 40
"""Columns below which a page is laid out as if it had so many."""

_PART = re.compile(r"[^./]*(?:[./]|$)")
"""A module's name, or a folder's, with what parts it from the next."""

GLUE = "\u00a0"
"""A space at which no line is broken. Displayable names hold none."""

_BREAK = re.compile(r" (?![kMGTPEZYRQ%](?:\W|$))")
"""Where prose may be broken: not between a number and its prefix or its percent sign."""


def text_of(ink: Ink) -> str:
    """The characters of a piece of text."""
    return ink if isinstance(ink, str) else ink[0]


def style_of(ink: Ink) -> str:
    """The style of a piece of text; empty for none."""
    return "" if isinstance(ink, str) else ink[1]


def width_of(ink: Ink) -> int:
    """Terminal cells that a piece of text takes."""
    return cell_len(text_of(ink))


class Page:
    """Lines, from top to bottom; `text()` is the whole."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self.width = max(style.width, NARROWEST)
        self.glyphs = ASCII if style.ascii_only else UNICODE
        self._lines: list[list[Ink]] = []

    def name(self, name: str, limit: int = NAME_LIMIT) -> str:
        """A name out of a file, fit to be shown."""
        return loggable(displayable(name, limit, ascii_only=self.style.ascii_only))

    def said(self, sentence: str) -> str:
        """A sentence that may hold such names, fit to be shown on one line."""
        shown = loggable(displayable_text(sentence, ascii_only=self.style.ascii_only))
        return shown.replace(" -> ", f" {self.glyphs.arrow} ")

    def shortened(self, name: str, width: int) -> str:
        """A displayable name in at most `width` cells: of a longer one, whole modules in its middle give way to dots.

        A module name that is itself too long is cut, and so is a name that already has dots in it, at its beginning.
        """
        if cell_len(name) <= width:
            return name
        dots = self.glyphs.ellipsis
        parts = _PART.findall(name)
        if dots in name:
            while len(parts) > 1 and cell_len("".join(parts)) > width and dots not in parts[0]:
                del parts[0]
            return _middle("".join(parts), width, "")
        for kept in range(len(parts) - 1, 0, -1):
            for head in (min(kept // 2, 1), 0):
                cut = "".join(parts[:head]) + dots + "".join(parts[len(parts) - kept + head :])
                if cell_len(cut) <= width:
                    return cut
        return _middle(name, width, dots)

    def line(self, *inks: Ink, indent: int = 0) -> None:
        """One line as it is, however long."""
        self._lines.append([" " * indent, *inks])

    def prose(self, *inks: Ink, indent: int = 0, hang: int = 0) -> None:
        """Text wrapped at the page's width; its second and further lines stand `hang` cells deeper."""
        left = self.width - indent
        line: list[Ink] = []
        used = 0
        for spaces, word in _words(inks):
            wide = sum(map(width_of, word))
            if line and spaces and used + spaces + wide > left:
                self.line(*line, indent=indent)
                indent, hang, left = indent + hang, 0, left - hang
                line, used = [*word], wide
            else:
                line += [(" " * spaces + text_of(word[0]), style_of(word[0])), *word[1:]]
                used += spaces + wide
        self.line(*line, indent=indent)

    def facts(self, facts: Sequence[str], *, indent: int) -> None:
        """Facts with dots between them, as many on a line as there is room for; no line ends in a dot."""
        line = ""
        for fact in facts:
            longer = f"{line} {self.glyphs.dot} {fact}" if line else fact
            if line and indent + cell_len(longer) > self.width:
                self.prose(line, indent=indent)
                longer = fact
            line = longer
        self.prose(line, indent=indent)

    def field(self, label: str, *inks: Ink, indent: int, label_width: int) -> None:
        """Wrapped text behind a label that fills its column."""
        self.prose((label, "dim"), " " * (label_width - cell_len(label)), *inks, indent=indent, hang=label_width)

    def table(
        self, rows: Iterable[Sequence[Ink]], *, right: frozenset[int], widths: Sequence[int], indent: int
    ) -> None:
        """Rows in columns two cells apart; the columns in `right` are flush right."""
        for row in rows:
            cells: list[Ink] = []
            for column, (ink, width) in enumerate(zip(row, widths, strict=True)):
                padding = " " * (width - width_of(ink))
                cells += [padding, ink, "  "] if column in right else [ink, padding, "  "]
            self.line(*cells, indent=indent)

    def rule(self, width: int, *, indent: int) -> None:
        """A line under the heads of a table."""
        self.line((self.glyphs.rule * width, "dim"), indent=indent)

    def text(self) -> str:
        """The page, with ANSI colours if its style asks for them."""
        shown = _colored if self.style.color else _plain
        return "".join(f"{shown(line)}\n" for line in self._lines).replace(GLUE, " ")


def _middle(name: str, width: int, dots: str) -> str:
    """A name whose middle gives way to dots."""
    head, tail = name[: len(name) // 2], name[len(name) // 2 :]
    while head and tail and cell_len(head) + cell_len(tail) + len(dots) > width:
        head, tail = (head[:-1], tail) if cell_len(head) > cell_len(tail) else (head, tail[1:])
    return head + dots + tail


def _plain(line: Iterable[Ink]) -> str:
    return "".join(map(text_of, line)).rstrip()


def _colored(line: Sequence[Ink]) -> str:
    """The line, each stretch of one style between the codes that turn it on and off."""
    left, shown = len(_plain(line)), []
    for style, inks in groupby(line, style_of):
        text = "".join(map(text_of, inks))[:left]
        left -= len(text)
        codes = ";".join(STYLES[word] for word in style.split())
        shown.append(f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text)
    return "".join(shown)


def widths(rows: Sequence[Sequence[Ink]]) -> list[int]:
    """What each column of a table needs."""
    return [max(map(width_of, column)) for column in zip(*rows, strict=True)]


def _words(inks: Iterable[Ink]) -> Iterator[tuple[int, list[Ink]]]:
    """The spaces before each word, and the word, within which styles may change."""
    spaces = 0
    word: list[Ink] = []
    for ink in inks:
        for number, part in enumerate(_BREAK.split(text_of(ink))):
            if number and word:
                yield spaces, word
                spaces, word = 0, []
            spaces += number > 0
            if part:
                word.append((part, style_of(ink)))
    if word:
        yield spaces, word

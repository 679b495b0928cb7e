"""How is a piece of a page for the browser made?

As an element of a tree, which the standard library writes: no name can become markup. What comes out of a file is made
displayable on its way into one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice, zip_longest
from typing import TypeAlias
from xml.etree.ElementTree import Element

from shortcut_audit.names import NAME_LIMIT, PATH_LIMIT, displayable, displayable_text
from shortcut_audit.report import Kind, Shape, Source, wording
from shortcut_audit.report.wording import exact
from shortcut_audit.reporters.shared.ranges import in_ranges

ROWS_SHOWN, NAMES_SHOWN = 500, 8
"""Rows of any one table, and names in a list, that are shown. JSON has them all."""

LINES = frozenset(
    "meta title style header h1 h2 h3 p ul ol li section article main figure table thead tbody tr dl dd div details "
    "footer".split()
)
"""Elements after which the source goes on in a new line, so that a difference of two pages can be read."""

UNBROKEN = 12
"""Characters of a name for which any line has room."""
FOLDERS, MODULES = re.compile(r"(?<=/)(?=[^/])"), re.compile(r"(?<=[.:])(?=[^.:])")
"""Between the parts of a path: of a file, whose suffix stays with its name, or of a module."""

Piece: TypeAlias = "Element | str"


def element(tag: str, *content: Piece, **attributes: str) -> Element:
    """An element. `http_equiv` stands for the attribute http-equiv, `class_` for class; empty ones are left out."""
    made = Element(tag, {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items() if value})
    for piece in content:
        if isinstance(piece, Element):
            made.append(piece)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + piece
        else:
            made.text = (made.text or "") + piece
    made.tail = "\n" if tag in LINES else None
    return made


def table(
    heads: Sequence[str],
    body: Iterable[Sequence[Element]],
    length: int,
    numbers: int = 0,
    below: Iterable[Element] = (),
) -> Element:
    """A table of so many rows, of which the first are shown; its last columns hold `numbers`.

    What stands `below` a row is a row of its own, which is seen when the details in the row above are open.
    """
    classes = [""] * (len(heads) - numbers) + ["number"] * numbers
    head = element(
        "tr", *(element("th", text, class_=name, scope="col") for text, name in zip(heads, classes, strict=True))
    )
    lines = []
    for cells, further in zip_longest(islice(body, ROWS_SHOWN), islice(below, ROWS_SHOWN)):
        for title, cell in zip(heads, cells, strict=True):
            cell.set("data-head", title)  # for a screen too narrow for columns
        for cell in cells[len(heads) - numbers :]:
            cell.set("class", "number")
        lines.append(element("tr", *cells))
        if further is not None:
            lines.append(element("tr", element("td", further, colspan=str(len(heads)), class_="below"), class_="below"))
    table = element("table", element("thead", head), element("tbody", *lines))
    return element("div", table, *left_out(length - ROWS_SHOWN), class_="scroll", tabindex="0")


def cell(*content: Piece) -> Element:
    """A cell of a table."""
    return element("td", *content)


def labelled(*fields: tuple[str, Sequence[Piece]]) -> Element:
    """Labels and what they stand for; those that stand for nothing are left out."""
    shown = ((element("dt", label), element("dd", *content)) for label, content in fields if content)
    return element("dl", *(part for pair in shown for part in pair))


def badge(kind: Kind) -> Element:
    """A kind, in its colour."""
    return element("span", kind, class_=f"kind {kind}")


def name_of(name: str, limit: int = NAME_LIMIT) -> Element:
    """A name out of a file, fit to be shown. A long one is broken between the parts of its path, if it must be."""
    shown = displayable(name, limit)
    parts = FOLDERS if "/" in shown else MODULES
    first, *others = parts.split(shown) if len(shown) > UNBROKEN else [shown]
    return element("code", first, *(piece for part in others for piece in (element("wbr"), part)))


def said(text: str) -> str:
    """A sentence that may hold such names."""
    return displayable_text(text)


def shape_of(shape: Shape) -> str:
    """A shape, whose sizes may be names."""
    return displayable_text(wording.shape(shape))


def names_of(names: Sequence[str]) -> list[Piece]:
    """The first of some names, and how many more there are."""
    shown: list[Piece] = []
    for name in names[:NAMES_SHOWN]:
        shown += [", ", name_of(name)] if shown else [name_of(name)]
    return [*shown, f" and {exact(len(names) - NAMES_SHOWN)} more"] if len(names) > NAMES_SHOWN else shown


def ranges_of(keys: Sequence[str]) -> list[Piece]:
    """Shortcuts by their keys, those that are counted through in one label: `layer3.1…5`."""
    return names_of(in_ranges(map(displayable, keys), "…"))


def op_of(op: str, name: str) -> list[Piece]:
    """An operator, and the name of its node where it has one."""
    return [displayable(op), " ", name_of(name)] if name else [displayable(op)]


def place_of(source: Source | None) -> list[Piece]:
    """The line of Python, where it is known."""
    return [] if source is None else [" ", name_of(f"{source.file}:{source.line}", PATH_LIMIT)]


def left_out(number: int) -> list[Element]:
    """Says that so many are not shown; nothing where none is left out."""
    return [element("p", f"and {exact(number)} more: the JSON report has all", class_="more")] if number > 0 else []

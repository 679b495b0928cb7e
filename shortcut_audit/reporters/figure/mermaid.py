"""How is the picture of a model drawn in Markdown?

As a Mermaid flow chart, which GitHub and GitLab draw: a node for each stretch of layers and for each merge, an arrow
for every shortcut. GitHub draws no more than 50,000 characters and 500 arrows: a larger picture is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shortcut_audit.report import Kind, ModelReport
from shortcut_audit.report.wording import UNICODE, exact
from shortcut_audit.reporters.figure import captions
from shortcut_audit.reporters.figure.layout import figure
from shortcut_audit.reporters.figure.rows import Row, Sheet, sheet

TEXT_LIMIT, ARROW_LIMIT = 40_000, 400
"""Below Mermaid's own maxTextSize (50,000 characters) and maxEdges (500)."""

_ARROWS: dict[Kind, str] = {"identity": "-->", "parameter-free": "-.->", "gated": "==>", "projection": "-.->"}


def chart(model: ModelReport) -> str:
    """The flow chart; empty where there is none to draw, or it would be too large."""
    drawn = sheet(figure(model), joined=True)
    if not drawn.arcs or len(drawn.rows) + len(drawn.arcs) > ARROW_LIMIT:
        return ""
    text = "\n".join(_lines(drawn))
    return text if len(text) <= TEXT_LIMIT else ""


def _lines(drawn: Sheet) -> Iterator[str]:
    yield "flowchart TD"
    yield '  n0(["x"])'
    for number, row in enumerate(drawn.rows):
        for brace in drawn.braces:
            if brace.first == number:
                yield f'  subgraph b{drawn.braces.index(brace)}["× {exact(len(brace.fold.copies))}"]'
        yield f"  n{number + 1}{_node(row)}"
        yield from ("  end" for brace in drawn.braces if brace.last == number)
    yield from (f"  n{number} --> n{number + 1}" for number in range(len(drawn.rows)))
    for arc in drawn.arcs:
        label = _escaped(captions.of_shortcut(arc.shortcut, UNICODE))
        yield f'  n{arc.first} {_ARROWS[arc.shortcut.kind]}|"{label}"| n{arc.last + 1}'


def _node(row: Row) -> str:
    if row.merge is None:
        every = captions.of_boxes(row.boxes, UNICODE)
        few = len(every) <= 2 * captions.LABEL_LIMIT
        return f'["{_escaped(every if few else captions.of_many(row.boxes, UNICODE))}"]'
    keys = ", ".join(shortcut.key for shortcut in row.merge.shortcuts[:3])
    return f'(["⊕ {_escaped(keys)}"])'


def _escaped(text: str) -> str:
    """Text in which nothing is markup: Mermaid reads entities as #35; in a quoted label."""
    shown = captions.shown(text)
    return re.sub(r"[^\w .,:;/→×+()-]", lambda found: f"#{ord(found[0])};", shown)

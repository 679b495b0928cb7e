"""How is the picture of a model drawn at a terminal?

The spine on the left, an arc for each shortcut beside it, what each layer and merge is behind them. Layers of one
stretch share a line where a line for each would take more than a screen. Only labels are ever cut.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from rich.cells import cell_len, set_cell_size

from shortcut_audit.frozen import frozen
from shortcut_audit.report import Kind, ModelReport, wording
from shortcut_audit.report.wording import exact
from shortcut_audit.reporters.figure import captions
from shortcut_audit.reporters.figure.layout import figure
from shortcut_audit.reporters.figure.rows import Brace, Drawn, Row, Sheet, sheet
from shortcut_audit.reporters.text.canvas import Ink, Page, width_of
from shortcut_audit.reporters.text.shortcut_table import KIND_STYLES

SCREEN = 24
"""Lines up to which every layer has a line of its own."""
ROWS_SHOWN = 200
"""Lines that are drawn without -v."""


@frozen
class _Pens:
    """What lines are drawn with: by kind along, down, and the corners at the fork and at the merge."""

    along: Mapping[Kind, str]
    down: Mapping[Kind, str]
    fork: tuple[str, str]
    """The corner, and where the line goes on to the next lane."""
    merge: tuple[str, str]
    cross: str
    spine: str
    layer: str
    plus: str
    brace: tuple[str, str, str, str]
    """Top, middle, bottom, and alone."""


_BOX = _Pens(
    {"identity": "─", "parameter-free": "┈", "gated": "═", "projection": "╌"},
    {"identity": "│", "parameter-free": "┊", "gated": "║", "projection": "╎"},
    ("╮", "┬"), ("╯", "┴"), "┼", "│", "■", "⊕", ("╭", "│", "╰", "╶"),
)  # fmt: skip
_ASCII = _Pens(
    {"identity": "-", "parameter-free": ".", "gated": "=", "projection": "~"},
    {"identity": "|", "parameter-free": ":", "gated": "H", "projection": "!"},
    (".", "."), ("'", "'"), "+", "|", "#", "+", ("/", "|", "\\", "["),
)  # fmt: skip


def show(page: Page, model: ModelReport) -> None:
    """The picture, and how its kinds are told apart."""
    drawn = figure(model)
    if not drawn.items:
        return
    whole = sheet(drawn)
    _Diagram(page, whole if len(whole.rows) <= SCREEN - 4 else sheet(drawn, joined=True)).show(model)


Span = TypeVar("Span", bound="Drawn | Brace")


def _along(spans: Sequence[Span], rows: int) -> Iterator[list[Span]]:
    """For each row in turn what leads along it, in order."""
    begun: defaultdict[int, list[Span]] = defaultdict(list)
    for span in spans:
        begun[span.first].append(span)
    here: list[Span] = []
    for row in range(rows):
        here = [*(span for span in here if span.last >= row), *begun[row]]
        yield here


class _Diagram:
    def __init__(self, page: Page, drawn: Sheet) -> None:
        self._page = page
        self._sheet = drawn
        self._pens = _ASCII if page.style.ascii_only else _BOX
        self._rows = drawn.rows if page.style.verbose else drawn.rows[:ROWS_SHOWN]
        self._lanes, self._depth = drawn.lanes, drawn.depth
        self._counts = max((len(exact(len(b.fold.copies))) + 2 for b in drawn.braces), default=0)

    def show(self, model: ModelReport) -> None:
        arcs, braces = _along(self._sheet.arcs, len(self._rows)), _along(self._sheet.braces, len(self._rows))
        for number, row in enumerate(self._rows):
            stage = self._page.said(wording.shape(row.stage)) if row.stage is not None else ""
            left = [*self._braces(number, next(braces)), *self._drawn(number, next(arcs)), "  "]
            room = self._page.width - sum(map(width_of, left)) - (len(stage) + 2 if stage else 0)
            label, style = self._label(row, room)
            label = self._cut(label, max(room, 8))
            gap = self._page.width - sum(map(width_of, left)) - width_of(label) - len(stage)
            right: list[Ink] = [" " * max(gap, 2), (stage, "dim")] if stage else []
            self._page.line(*left, (label, style), *right)
        if len(self._rows) < len(self._sheet.rows):
            left_out = len(self._sheet.rows) - len(self._rows)
            self._page.line((f"and {exact(left_out)} more lines (-v draws them)", "dim"), indent=2)
        self._legend(model)

    def _braces(self, number: int, braces: Sequence[Brace]) -> list[Ink]:
        """The number of copies at a brace's first line, and the brace."""
        inks: list[Ink] = []
        at_depth = {brace.depth: brace for brace in reversed(braces)}
        for depth in range(self._depth):
            brace = at_depth.get(depth)
            if brace is None:
                inks.append(" " * (self._counts + 2))
                continue
            times = f"{exact(len(brace.fold.copies))} x" if number == brace.first else ""
            inks += [(times.rjust(self._counts), "bold"), (self._brace(number, brace), "dim"), " "]
        return inks

    def _brace(self, number: int, brace: Brace) -> str:
        top, middle, bottom, alone = self._pens.brace
        if brace.first == brace.last:
            return alone
        return top if number == brace.first else bottom if number == brace.last else middle

    def _drawn(self, number: int, arcs: Sequence[Drawn]) -> list[Ink]:
        """The spine, and the lanes of the arcs beside it."""
        row = self._rows[number]
        inks: list[Ink] = [self._pens.plus if row.merge is not None else self._pens.layer]
        turning = [arc for arc in arcs if number in {arc.first, arc.last}]
        outermost = max((arc.lane for arc in turning), default=-1)
        in_lane = {arc.lane: arc for arc in reversed(arcs)}
        for lane in range(self._lanes):
            here = in_lane.get(lane)
            passing = next((arc for arc in turning if arc.lane >= lane), None) if lane <= outermost else None
            along = self._pens.along[passing.shortcut.kind] if passing is not None else " "
            style = KIND_STYLES[passing.shortcut.kind] if passing is not None else ""
            inks.append((along, style))
            if here is None:
                inks.append((along, style))
            else:
                inks.append((self._corner(number, here, lane < outermost), KIND_STYLES[here.shortcut.kind]))
        return inks

    def _corner(self, number: int, arc: Drawn, crossed: bool) -> str:
        """Where an arc leaves the line, comes back to it, or passes; `crossed`: the line goes on to others."""
        if number == arc.first:
            return self._pens.fork[crossed]
        if number == arc.last:
            return self._pens.merge[crossed]
        return self._pens.cross if crossed else self._pens.down[arc.shortcut.kind]

    def _cut(self, label: str, room: int) -> str:
        """A label from its beginning on, in whole words: what it opens with says most."""
        if cell_len(label) <= room:
            return label
        dots = self._page.glyphs.ellipsis
        fits = set_cell_size(label, room - len(dots)).rstrip()
        words = fits if label.startswith(f"{fits} ") else fits.rpartition(" ")[0]
        return (words.rstrip(" ,;:(") or fits) + dots

    def _label(self, row: Row, room: int) -> tuple[str, str]:
        page = self._page
        if row.merge is None:
            every = page.said(captions.of_boxes(row.boxes, page.glyphs))
            if cell_len(every) <= room or len(row.boxes) < 3:
                return every, ""
            many = page.said(captions.of_many(row.boxes, page.glyphs))
            return many if cell_len(many) <= room else many.partition(f" {page.glyphs.ellipsis}")[
                0
            ] + page.glyphs.ellipsis, ""
        first = row.merge.shortcuts[0]
        said = [f"{page.name(s.key)} {captions.of_shortcut(s, page.glyphs)}" for s in row.merge.shortcuts]
        return page.said("; ".join(said)), KIND_STYLES[first.kind]

    def _legend(self, model: ModelReport) -> None:
        kinds = dict.fromkeys(shortcut.kind for shortcut in model.shortcuts)
        inks: list[Ink] = []
        for kind in kinds:
            inks += [(self._pens.along[kind] * 3, KIND_STYLES[kind]), f" {kind}   "]
        if inks:
            self._page.line(*inks, indent=2)

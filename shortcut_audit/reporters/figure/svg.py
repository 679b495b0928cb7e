"""How is the picture of a model drawn for a slide, a README or a paper?

One SVG that needs nothing else: text as text, colours for light and dark, a legend. Kinds are told apart by the pattern
of their arcs as well as by colour.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, tostring

from shortcut_audit.names import displayable, displayable_text
from shortcut_audit.report import KINDS, AuditReport, Kind, ModelReport, wording
from shortcut_audit.report.wording import UNICODE
from shortcut_audit.reporters import WHOLE, Style
from shortcut_audit.reporters.figure import captions
from shortcut_audit.reporters.figure.layout import figure
from shortcut_audit.reporters.figure.rows import Brace, Drawn, Row, Sheet, sheet

ROWS_SHOWN = 3000
"""Rows of one picture; JSON has all layers."""
LINE, LANE, BRACE = 26, 16, 62
"""Height of a row, width of a lane and of a brace with its number of copies, in px."""
WIDTHS = ("1.5", "2", "3", "4.5")
"""Widths of an arc, in px, from one without a parameter to one with a hundredth of the model's."""
STAGE, BOX, HEAD = 104, 250, 62
LETTER = 6.1
"""Width of a letter of 11 px, on the average."""

STYLE = """
text{font:11px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1d2129}
.title{font-size:14px;font-weight:600}.dim{fill:#5d6675}
.box rect{fill:#eef1f5;stroke:#8a94a3}.even .box rect{fill:#e3ecf7}
.spine{stroke:#8a94a3;fill:none}.brace{stroke:#5d6675;fill:none}
.arc{fill:none}.identity{stroke:#1a7f4b}.parameter-free{stroke:#0b7285;stroke-dasharray:1 4;stroke-linecap:round}
.gated{stroke:#9c36b5;stroke-dasharray:9 3 2 3}.projection{stroke:#b35c00;stroke-dasharray:6 4}
text.identity{fill:#1a7f4b;stroke:none}text.parameter-free{fill:#0b7285;stroke:none}
text.gated{fill:#9c36b5;stroke:none}text.projection{fill:#a05200;stroke:none}
.plus{fill:#fff;stroke:#1d2129}.fork{fill:#1d2129}
.paper{fill:#fff}
@media (prefers-color-scheme:dark){text{fill:#e4e7ec}.dim{fill:#9aa4b2}.paper{fill:#14171c}
.box rect{fill:#252b34;stroke:#66707f}.even .box rect{fill:#22303f}.spine{stroke:#66707f}.brace{stroke:#9aa4b2}
.identity{stroke:#51cf8a}.parameter-free{stroke:#3bc9db}.gated{stroke:#e599f7}.projection{stroke:#ffa94d}
text.identity{fill:#51cf8a}text.parameter-free{fill:#3bc9db}text.gated{fill:#e599f7}text.projection{fill:#ffa94d}
.plus{fill:#14171c;stroke:#e4e7ec}.fork{fill:#e4e7ec}}
"""


def format(report: AuditReport, style: Style = WHOLE) -> str:  # noqa: A001 -- what every reporter's function is called
    """The picture of the report's only model. Whoever writes it gives each of several a file of its own."""
    return draw(report.models[0]) if report.models else ""


def draw(model: ModelReport) -> str:
    """The picture of one model, as a file of its own."""
    written = tostring(_Picture(model, sheet(figure(model))).svg(), encoding="unicode")
    return written.replace("##", "#&#35;") + "\n"


class _Picture:
    def __init__(self, model: ModelReport, drawn: Sheet) -> None:
        self._model = model
        self._sheet = drawn
        self._rows = drawn.rows[:ROWS_SHOWN]
        self._depth = drawn.depth
        self._left = STAGE + BRACE * self._depth
        self._spine = self._left + BOX // 2
        self._right = self._left + BOX
        self._labels = self._right + LANE * drawn.lanes + 12
        texts = [*self._merge_texts(), *(wording.verdict(model),)]
        longest = max((len(text) for text in texts[:-1]), default=0)
        title = 14 + round(len(texts[-1]) * 7.4)
        self._width = max(self._labels + round(longest * LETTER) + 14, title, 560)
        self._height = HEAD + LINE * len(self._rows) + 58

    def _merge_texts(self) -> Iterator[str]:
        for row in self._rows:
            if row.merge is not None:
                yield from map(self._label, range(len(row.merge.shortcuts)), [row] * len(row.merge.shortcuts))

    def _label(self, nth: int, row: Row) -> str:
        assert row.merge is not None
        shortcut = row.merge.shortcuts[nth]
        return f"{displayable(shortcut.key, captions.LABEL_LIMIT)}  {captions.of_shortcut(shortcut, UNICODE)}"

    def svg(self) -> Element:
        answer = wording.verdict(self._model)
        root = Element(
            "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {self._width} {self._height}",
            width=str(self._width), height=str(self._height), role="img",
        )  # fmt: skip
        root.set("aria-labelledby", "title desc")
        _text(SubElement(root, "title", id="title"), f"{displayable(self._model.source)}: {answer}")
        _text(SubElement(root, "desc", id="desc"), "; ".join(self._merge_texts())[:4000])
        _text(SubElement(root, "style"), STYLE)
        SubElement(root, "rect", {"class": "paper", "width": "100%", "height": "100%"})
        self._write(root, 12, 24, displayable(self._model.source), "title")
        self._write(root, 12, 44, answer, "dim")
        for row, stage, top in self._placed():
            self._row(SubElement(root, "g", {"class": "even" if stage % 2 else "odd"}), row, top)
        for brace in self._sheet.braces:
            if brace.last < len(self._rows):
                self._brace(root, brace)
        for arc in self._sheet.arcs:
            if arc.last < len(self._rows):
                self._arc(root, arc)
        self._legend(root, self._height - 22)
        left_out = len(self._sheet.rows) - len(self._rows)
        if left_out:
            self._write(
                root, self._left, self._height - 40, f"and {left_out} more rows: the JSON report has all", "dim"
            )
        return root

    def _placed(self) -> Iterator[tuple[Row, int, int]]:
        """Each row with the number of its stage, that of the next merge below it, and its top."""
        stages = [0] * len(self._rows)
        stage = sum(row.stage is not None for row in self._rows)
        inside = {n for arc in self._sheet.arcs for n in range(arc.first, arc.last)}
        here = stage
        for number, row in reversed(list(enumerate(self._rows))):
            if row.merge is not None or number not in inside:
                here = stage
            stages[number] = here
            stage -= row.stage is not None
        for number, row in enumerate(self._rows):
            yield row, stages[number], HEAD + LINE * number

    def _row(self, group: Element, row: Row, top: int) -> None:
        middle = top + LINE // 2
        SubElement(group, "path", {"class": "spine", "d": f"M{self._spine} {top}v{LINE}"})
        if row.stage is not None:
            self._write(group, STAGE - 8, middle + 4, displayable_text(wording.shape(row.stage)), "dim", anchor="end")
        if row.merge is None:
            box = SubElement(group, "g", {"class": "box"})
            size = {"x": str(self._left), "y": str(top + 4), "width": str(BOX), "height": str(LINE - 8), "rx": "3"}
            SubElement(box, "rect", size)
            (one,) = row.boxes
            self._write(box, self._spine, middle + 4, _cut(captions.of_box(one, UNICODE), 40), anchor="middle")
            _text(SubElement(box, "title"), captions.where_of(one))
            return
        SubElement(group, "circle", {"class": "plus", "cx": str(self._spine), "cy": str(middle), "r": "7"})
        d = f"M{self._spine - 4} {middle}h8m-4 -4v8"
        SubElement(group, "path", {"d": d, "stroke": "currentColor", "class": "plus"})

    def _arc(self, root: Element, arc: Drawn) -> None:
        start, end = HEAD + LINE * arc.first, HEAD + LINE * arc.last + LINE // 2
        right, from_ = self._right + LANE * (arc.lane + 1) - 4, self._spine
        d = f"M{from_} {start}H{right - 8}q8 0 8 8V{end - 8}q0 8 -8 8H{from_ + 8}"
        SubElement(root, "circle", {"class": "fork", "cx": str(from_), "cy": str(start), "r": "3"})
        path = SubElement(root, "path", {"class": f"arc {arc.shortcut.kind}", "d": d})
        path.set("stroke-width", WIDTHS[arc.width])
        _text(SubElement(path, "title"), f"{captions.of_shortcut(arc.shortcut, UNICODE)}, around "
              f"{captions.around(arc.shortcut)}")  # fmt: skip
        nth = self._rows[arc.last].merge
        assert nth is not None
        place = nth.shortcuts.index(arc.shortcut)
        label = self._label(place, self._rows[arc.last])
        lower = end + 4 - 12 * (len(nth.shortcuts) - 1 - place)
        self._write(root, self._labels, lower, label, arc.shortcut.kind)

    def _brace(self, root: Element, brace: Brace) -> None:
        top, end = HEAD + LINE * brace.first + 3, HEAD + LINE * (brace.last + 1) - 3
        x = self._left - 10 - BRACE * (self._depth - 1 - brace.depth)
        SubElement(root, "path", {"class": "brace", "d": f"M{x} {top}q-6 0 -6 6V{end - 6}q0 6 6 6"})
        self._write(root, x - 12, (top + end) // 2 + 4, f"× {len(brace.fold.copies)}", anchor="end")

    def _legend(self, root: Element, y: int) -> None:
        x = 12
        shown: list[Kind] = [kind for kind in KINDS if any(s.kind == kind for s in self._model.shortcuts)]
        for kind in shown:
            SubElement(root, "path", {"class": f"arc {kind}", "d": f"M{x} {y - 4}h34", "stroke-width": "2"})
            self._write(root, x + 40, y, kind)
            x += 54 + round(len(kind) * LETTER) + 12
        if shown:
            for nth, width in enumerate(WIDTHS[1:]):
                path = {"class": "spine", "d": f"M{x + 18 * nth} {y - 4}h14", "stroke-width": width}
                SubElement(root, "path", path)
            self._write(root, x + 60, y, "wider: more of the model's parameters", "dim")

    def _write(self, parent: Element, x: int, y: int, text: str, class_: str = "", anchor: str = "") -> None:
        node = SubElement(parent, "text", x=str(x), y=str(y))
        if class_:
            node.set("class", class_)
        if anchor:
            node.set("text-anchor", anchor)
        _text(node, text)


def _text(node: Element, text: str) -> None:
    node.text = text


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"

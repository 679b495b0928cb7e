"""Which table of shortcuts fits on the page?

The widest that fits of: everything on one line; fork and W_s on a second line; long names in lines of their own; a
paragraph a row. Nothing is ever cut. What all rows have in common is said once, below them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, takewhile

from shortcut_audit.frozen import frozen
from shortcut_audit.report import Kind, ModelReport, Shortcut, wording
from shortcut_audit.report.wording import counted, exact, short
from shortcut_audit.reporters.shared.operators import plain_name
from shortcut_audit.reporters.shared.part import left_out, listed
from shortcut_audit.reporters.shared.ranges import ranged
from shortcut_audit.reporters.shared.runs import Row, gathered, rows
from shortcut_audit.reporters.text.canvas import Ink, Page, text_of, width_of

ROWS_SHOWN = 100
"""Rows that are shown without -v."""
ROWS_APART = 12
"""Rows up to which those that differ only in their sizes stand apart: a screenful, with what is around them."""
SHORTEST_NAME = 8
"""Cells that are left to the names of blocks, at least; longer ones stand in lines of their own."""
INDENT = 2

KIND_STYLES: dict[Kind, str] = {
    "identity": "green",
    "parameter-free": "cyan",
    "gated": "magenta",
    "projection": "yellow",
}


class Footnotes:
    """The notes on a model's shortcuts, numbered from 1 as they come up, each text once."""

    def __init__(self, model: ModelReport) -> None:
        texts = dict.fromkeys(note for shortcut in model.shortcuts for note in shortcut.notes)
        self.texts = tuple(texts)
        self._numbers = {text: number for number, text in enumerate(texts, 1)}

    def marks(self, shortcut: Shortcut) -> str:
        """What stands after the kind of a shortcut with notes 1 and 3: "[1][3]"."""
        return "".join(f"[{number}]" for number in sorted({self._numbers[note] for note in shortcut.notes}))


def show(page: Page, model: ModelReport, notes: Footnotes) -> None:
    """The shortcuts, one row each; runs of equal ones share a row, and so do, in a long table, those of other sizes."""
    found = rows(listed(model, page.style))
    if len(found) > ROWS_APART and not page.style.verbose:
        found = gathered(found)
    part = left_out(model, page.style)
    if part:
        page.prose((page.said(part), "dim"), indent=INDENT)
    if not found:
        return
    shown = found if page.style.verbose else found[:ROWS_SHOWN]
    table = _Table(page, shown, notes)
    table.show()
    if len(found) > len(shown):
        left = sum(row.repeats for row in found[len(shown) :])
        page.prose(
            (f"{counted(left, 'more shortcut')} in {counted(len(found) - len(shown), 'row')} (-v shows all)", "dim"),
            indent=INDENT,
        )
    if any("#1" in shortcut.key for row in shown for shortcut in row.members):
        page.prose(("#1 is the second merge of its module, #2 the third, and so on", "dim"), indent=INDENT)
    if any(row.repeats > 1 and row.first.parameters for row in shown):
        page.prose(("numbers are for each shortcut of a run", "dim"), indent=INDENT)


@frozen
class _Column:
    """A column of the table, its head among the cells."""

    head: str
    cells: Sequence[Ink]
    right: bool = False
    stays: bool = False
    """Whether it stands in every table, be all its cells the same."""

    @property
    def width(self) -> int:
        """Cells that it takes."""
        return max(width_of(self.head), *map(width_of, self.cells))

    @property
    def once(self) -> str:
        """What all rows have in it, to be said once: "parameters 0"; empty where they differ, or there is one."""
        texts = {text_of(ink) for ink in self.cells}
        return f"{self.head} {texts.pop()}" if len(self.cells) > 1 and len(texts) == 1 and not self.stays else ""


class _Table:
    def __init__(self, page: Page, shown: Sequence[Row], notes: Footnotes) -> None:
        self._page = page
        self._rows = shown
        self._notes = notes
        self._room = page.width - INDENT
        self._dots = page.glyphs.ellipsis

    def show(self) -> None:
        """The widest table that fits; where names are too long for any, they stand in lines of their own."""
        names = [[self._page.name(shortcut.key) for shortcut in row.members] for row in self._rows]
        blocks = [ranged(each, self._dots) for each in names]
        for second, columns in ((False, self._wide), (True, self._narrow)):
            for detail in range(3):
                if self._draw(_Column("block", blocks), columns(detail), second=second):
                    return
        start = _common_start([name for each in names for name in each])
        blocks = [block.removeprefix(start) for block in blocks]
        if start:
            self._page.line((f"blocks in {start.rstrip('.')}:", "dim"), indent=INDENT)
        if not self._draw(_Column("block", blocks), self._narrow(2), second=True, hanging=True):
            self._paragraphs(blocks)

    def _draw(self, block: _Column, columns: Sequence[_Column], *, second: bool, hanging: bool = False) -> bool:
        """Draws the table if it fits. `hanging`: blocks whose names are too long stand in the line above their row."""
        kept = [column for column in columns if not column.once]
        rest = [column.width for column in kept]
        room = self._room - sum(rest) - 2 * len(rest)
        if room < (SHORTEST_NAME if hanging else block.width):
            return False
        first = min(room, max((width_of(each) for each in block.cells if width_of(each) <= room), default=0))
        needed = [max(first, width_of(block.head)), *rest]
        self._lines([block, *kept], needed, self._origins() if second else [])
        once = [column.once for column in columns if column.once]
        if once:
            self._page.prose((f"in every row: {', '.join(once)}", "dim"), indent=INDENT, hang=INDENT)
        return True

    def _lines(self, columns: Sequence[_Column], needed: Sequence[int], origins: Sequence[str]) -> None:
        right = frozenset(number for number, column in enumerate(columns) if column.right)
        heads: list[Ink] = [(column.head, "dim") for column in columns]
        self._page.table([heads], right=right, widths=needed, indent=INDENT)
        self._page.rule(_total(needed), indent=INDENT)
        below_kind = INDENT + needed[0] + 2
        indent = below_kind if below_kind + max(map(width_of, origins), default=0) <= self._page.width else 2 * INDENT
        for number, (block, *rest) in enumerate(zip(*(column.cells for column in columns), strict=True)):
            above = width_of(block) > needed[0]
            if above:
                self._page.prose(block, indent=INDENT)
            self._page.table([["" if above else block, *rest]], right=right, widths=needed, indent=INDENT)
            if origins and origins[number]:
                self._page.prose((origins[number], "dim"), indent=indent, hang=INDENT)

    def _origins(self) -> list[str]:
        return [self._origin(row) for row in self._rows]

    def _origin(self, row: Row) -> str:
        """Where the shortcuts come from and by what; empty for bare copies of the same shape."""
        shortcut = row.first
        changed = shortcut.fork.shape != shortcut.merge.shape
        start = f"from {self._between([self._shape(s.fork.shape) for s in row.members])}" if changed else ""
        words = self._words(row)
        if words and shortcut.kind == "projection" and not wording.is_diagonal(shortcut):
            return ", ".join(filter(None, [start, f"W_s = {words}"]))
        if words:
            return ", ".join(filter(None, [start, words]))
        ops = self._ops(shortcut)
        return " ".join(filter(None, [start, ops and f"by {ops}"]))

    def _words(self, row: Row) -> str:
        """The weights in words; of rows that differ in their sizes, from where to where these go."""
        return ranged([self._page.said(shortcut.weights_in_words) for shortcut in row.members], self._dots)

    def _paragraphs(self, names: Sequence[str]) -> None:
        for name, row in zip(names, self._rows, strict=True):
            self._page.prose(name, "  ", self._kind(row), indent=INDENT, hang=4)
            origin = self._origin(row)
            where = (
                f"{self._output(row)}{' ' if origin.startswith(('from ', 'by ')) else ', ' if origin else ''}{origin}"
            )
            parameters, macs = text_of(self._parameters(row)), text_of(self._macs(row))
            price = f"{parameters} parameter{'' if parameters == '1' else 's'}, {macs} MACs"
            skips = f"skips {self._skips(row, -1)}"
            self._page.prose(f"{where}; {price}; {skips}", indent=2 * INDENT, hang=INDENT)

    def _wide(self, detail: int) -> list[_Column]:
        shapes: list[Ink] = [self._shapes(row) for row in self._rows]
        return [*self._kinds(), _Column("x and its merge", shapes), self._ws(), *self._numbers(detail)]

    def _narrow(self, detail: int) -> list[_Column]:
        shapes: list[Ink] = [self._output(row) for row in self._rows]
        return [*self._kinds(), _Column("output", shapes), *self._numbers(detail)]

    def _kinds(self) -> list[_Column]:
        return [_Column("kind", [self._kind(row) for row in self._rows], stays=True)]

    def _ws(self) -> _Column:
        cells: list[Ink] = []
        for row in self._rows:
            ops = self._ops(row.first)
            cells.append(self._words(row) or (f"none: {ops}" if ops else "none", "dim"))
        return _Column("W_s", cells)

    def _numbers(self, detail: int) -> list[_Column]:
        return [
            _Column("parameters", [self._parameters(row) for row in self._rows], right=True),
            _Column("MACs", [self._macs(row) for row in self._rows], right=True),
            _Column("skips", [self._skips(row, detail) for row in self._rows]),
        ]

    def _shapes(self, row: Row) -> str:
        forks = self._between([self._shape(shortcut.fork.shape) for shortcut in row.members])
        merges = self._output(row)
        return merges if forks == merges else f"{forks} {self._page.glyphs.arrow} {merges}"

    def _output(self, row: Row) -> str:
        return self._between([self._shape(shortcut.merge.shape) for shortcut in row.members])

    def _parameters(self, row: Row) -> Ink:
        known = [shortcut.parameters for shortcut in row.members if shortcut.parameters is not None]
        if len(known) < row.repeats:
            return "unknown", "red"
        return _dim_if_zero(self._between([exact(number) for number in sorted(known)]))

    def _macs(self, row: Row) -> Ink:
        if any(shortcut.macs_formula is None for shortcut in row.members):
            return "unknown", "red"
        in_order = sorted(row.members, key=lambda shortcut: shortcut.macs or 0)
        return _dim_if_zero(self._between([short(shortcut.macs_formula) for shortcut in in_order]))

    def _skips(self, row: Row, detail: int) -> str:
        skipped = [wording.skipped(shortcut.span) for shortcut in row.members]
        detail = detail if len(set(skipped)) == 1 else -1
        return self._between([each[min(detail, len(each) - 1)] for each in skipped])

    def _between(self, said: Sequence[str]) -> str:
        """What is said of a row's members: once where it is the same, or else of the first and of the last."""
        return said[0] if said[0] == said[-1] else f"{said[0]}{self._dots}{said[-1]}"

    def _kind(self, row: Row) -> Ink:
        marks = self._notes.marks(row.first)
        repeats = f" x{row.repeats}" if row.repeats > 1 else ""
        return f"{row.first.kind}{repeats}{' ' if marks else ''}{marks}", KIND_STYLES[row.first.kind]

    def _shape(self, shape: tuple[int | str | None, ...] | None) -> str:
        return self._page.said(wording.shape(shape))

    def _ops(self, shortcut: Shortcut) -> str:
        """What the shortcut does to x, by its ops; empty for a bare copy."""
        ops = [op for op, _ in groupby(plain_name(step.op) for step in shortcut.route if step.step_class != "view")]
        names = [self._page.name(op, 40) for op in ops[:4]]
        return ", ".join(names + (["..."] if len(ops) > 4 else []))


def _total(needed: Sequence[int]) -> int:
    return sum(needed) + 2 * (len(needed) - 1)


def _dim_if_zero(text: str) -> Ink:
    return (text, "dim") if text == "0" else text


def _common_start(names: Sequence[str]) -> str:
    """The modules that all names lie in: "model.layers." of model.layers.0 and model.layers.1; often empty."""
    least, greatest = (name.rpartition(".")[0].split(".") for name in (min(names), max(names)))
    same = list(takewhile(lambda pair: pair[0] == pair[1], zip(least, greatest, strict=False)))
    return "".join(f"{part}." for part, _ in same if part) if len(names) > 1 else ""

"""Which table of shortcuts fits on the page?

The widest that fits of: everything on one line; fork and W_s on a second line; the same with short names; a paragraph a
row. Only names are ever cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby, product, takewhile
from typing import TypeAlias

from shortcut_audit.report import Kind, ModelReport, Shortcut, wording
from shortcut_audit.report.wording import counted, exact, short
from shortcut_audit.reporters.figure.captions import of_op
from shortcut_audit.reporters.shared.part import left_out, listed
from shortcut_audit.reporters.shared.runs import Row, rows
from shortcut_audit.reporters.text.canvas import Ink, Page, width_of, widths

ROWS_SHOWN = 100
"""Rows that are shown without -v."""
SHORTEST_NAME = 14
"""Cells to which the names of blocks may be cut."""
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
        return "".join(f"[{self._numbers[note]}]" for note in shortcut.notes)


def show(page: Page, model: ModelReport, notes: Footnotes) -> None:
    """The shortcuts, one row each; runs of equal ones share a row."""
    found = rows(listed(model, page.style))
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
        page.line(
            (f"{counted(left, 'more shortcut')} in {counted(len(found) - len(shown), 'row')} (-v shows all)", "dim"),
            indent=INDENT,
        )
    if any("#1" in shortcut.key for row in shown for shortcut in row.members):
        page.line(("#1 is the second merge of its module, #2 the third, and so on", "dim"), indent=INDENT)
    if any(row.repeats > 1 and row.first.parameters for row in shown):
        page.line(("numbers are for each shortcut of a run", "dim"), indent=INDENT)


class _Table:
    def __init__(self, page: Page, shown: Sequence[Row], notes: Footnotes) -> None:
        self._page = page
        self._rows = shown
        self._notes = notes
        self._room = page.width - INDENT

    def show(self) -> None:
        names = [self._names(row) for row in self._rows]
        whole = [self._run(first, last) for first, last in names]
        ranges = [_range(first, last, self._page.glyphs.ellipsis) for first, last in names]
        for head, tail, labels in ((_WIDE, self._wide, (whole, ranges)), (_NARROW, self._narrow, (ranges,))):
            for detail, blocks in product(range(3), labels):
                table = self._table(blocks, head, tail, detail)
                needed = widths(table)
                if _total(needed) <= self._room:
                    self._draw(table, needed, second=head is _NARROW)
                    return
        self._without_common_start(names)

    def _without_common_start(self, names: Sequence[tuple[str, str]]) -> None:
        """The narrow table, its names cut: first what is common to them all, then their middles."""
        start = _common_start([name for pair in names for name in pair])
        if start:
            names = [(first.removeprefix(start), last.removeprefix(start)) for first, last in names]
        blocks = [_range(first, last, self._page.glyphs.ellipsis) for first, last in names]
        table = self._table(blocks, _NARROW, self._narrow, 2)
        needed = widths(table)
        longest = needed[0] - max(0, _total(needed) - self._room)
        if longest < min(needed[0], SHORTEST_NAME):
            self._paragraphs(blocks, start)
            return
        table[1:] = [
            [self._page.shortened(block, longest), *row[1:]] for block, row in zip(blocks, table[1:], strict=True)
        ]
        self._start(start)
        self._draw(table, [longest, *needed[1:]], second=True)

    def _start(self, start: str) -> None:
        if start:
            self._page.line((f"blocks in {start.rstrip('.')}:", "dim"), indent=INDENT)

    def _table(self, blocks: Sequence[str], head: list[Ink], tail: _Tail, detail: int) -> list[list[Ink]]:
        return [head, *([block, *tail(row, detail)] for block, row in zip(blocks, self._rows, strict=True))]

    def _draw(self, table: Sequence[Sequence[Ink]], needed: Sequence[int], *, second: bool) -> None:
        right = frozenset({len(needed) - 3, len(needed) - 2})
        self._page.table(table[:1], right=right, widths=needed, indent=INDENT)
        self._page.rule(_total(needed), indent=INDENT)
        origins = [self._origin(row.first) if second else "" for row in self._rows]
        below_kind = INDENT + needed[0] + 2
        indent = below_kind if below_kind + max(map(width_of, origins)) <= self._page.width else 2 * INDENT
        for cells, origin in zip(table[1:], origins, strict=True):
            self._page.table([cells], right=right, widths=needed, indent=INDENT)
            if origin:
                self._page.prose((origin, "dim"), indent=indent, hang=INDENT)

    def _origin(self, shortcut: Shortcut) -> str:
        """Where the shortcut comes from and by what; empty for a bare copy of the same shape."""
        changed = shortcut.fork.shape != shortcut.merge.shape
        start = f"from {self._shape(shortcut.fork.shape)}" if changed else ""
        if shortcut.weights_in_words:
            ws = self._page.said(shortcut.weights_in_words)
            return ", ".join(
                filter(
                    None,
                    [
                        start,
                        f"W_s = {ws}" if shortcut.kind == "projection" and not wording.is_diagonal(shortcut) else ws,
                    ],
                )
            )
        ops = self._ops(shortcut)
        return " ".join(filter(None, [start, ops and f"by {ops}"]))

    def _paragraphs(self, names: Sequence[str], start: str) -> None:
        self._start(start)
        for name, row in zip(names, self._rows, strict=True):
            shortcut = row.first
            self._page.prose(name, "  ", self._kind(row), indent=INDENT, hang=4)
            where = f"{self._shape(shortcut.merge.shape)} {self._origin(shortcut)}".strip()
            price = f"{counted(shortcut.parameters, 'parameter')}, {short(shortcut.macs_formula)} MACs"
            self._page.prose(where, indent=2 * INDENT, hang=INDENT)
            self._page.prose(f"{price}; skips {wording.skipped(shortcut.span)[0]}", indent=2 * INDENT, hang=INDENT)

    def _wide(self, row: Row, detail: int) -> list[Ink]:
        shortcut = row.first
        fork, merge = self._shape(shortcut.fork.shape), self._shape(shortcut.merge.shape)
        shapes = merge if fork == merge else f"{fork} {self._page.glyphs.arrow} {merge}"
        ops = self._ops(shortcut)
        none = (f"none: {ops}" if ops else "none", "dim")
        ws = self._page.said(shortcut.weights_in_words) or none
        return [self._kind(row), shapes, ws, *self._numbers(shortcut, detail)]

    def _narrow(self, row: Row, detail: int) -> list[Ink]:
        return [self._kind(row), self._shape(row.first.merge.shape), *self._numbers(row.first, detail)]

    def _numbers(self, shortcut: Shortcut, detail: int) -> list[Ink]:
        skipped = wording.skipped(shortcut.span)
        return [
            _dim_if_zero(exact(shortcut.parameters)),
            ("unknown", "red") if shortcut.macs_formula is None else _dim_if_zero(short(shortcut.macs_formula)),
            skipped[min(detail, len(skipped) - 1)],
        ]

    def _kind(self, row: Row) -> Ink:
        marks = self._notes.marks(row.first)
        repeats = f" x{row.repeats}" if row.repeats > 1 else ""
        return f"{row.first.kind}{repeats}{' ' if marks else ''}{marks}", KIND_STYLES[row.first.kind]

    def _shape(self, shape: tuple[int | str | None, ...] | None) -> str:
        return self._page.said(wording.shape(shape))

    def _ops(self, shortcut: Shortcut) -> str:
        """What the shortcut does to x, by its ops; empty for a bare copy."""
        ops = [op for op, _ in groupby(of_op(step.op) for step in shortcut.route if step.step_class != "view")]
        names = [self._page.name(op, 40) for op in ops[:4]]
        return ", ".join(names + (["..."] if len(ops) > 4 else []))

    def _names(self, row: Row) -> tuple[str, str]:
        return self._page.name(row.first.key), self._page.name(row.last.key)

    def _run(self, first: str, last: str) -> str:
        return first if first == last else f"{first} {self._page.glyphs.ellipsis} {last}"


_Tail: TypeAlias = Callable[[Row, int], list[Ink]]
_WIDE: list[Ink] = [
    (head, "dim") for head in ("block", "kind", "x and its merge", "W_s", "parameters", "MACs", "skips")
]
_NARROW: list[Ink] = [(head, "dim") for head in ("block", "kind", "output", "parameters", "MACs", "skips")]


def _total(needed: Sequence[int]) -> int:
    return sum(needed) + 2 * (len(needed) - 1)


def _dim_if_zero(text: str) -> Ink:
    return (text, "dim") if text == "0" else text


def _range(first: str, last: str, dots: str) -> str:
    """A run in short: layers.0.mlp to layers.11.mlp is "layers.0…11.mlp"."""
    if first == last:
        return first
    parts, others = _PARTS.split(first), _PARTS.split(last)
    if len(parts) != len(others):
        return f"{first}{dots}{last}"
    differing = [place for place, pair in enumerate(zip(parts, others, strict=True)) if pair[0] != pair[1]]
    start, end = differing[0], differing[-1] + 1
    return "".join([*parts[:end], dots, *others[start:]])


_PARTS = re.compile(r"([.#])")
"""What parts the names of modules, and the position within one, in a shortcut's key."""


def _common_start(names: Sequence[str]) -> str:
    """The modules that all names lie in: "model.layers." of model.layers.0 and model.layers.1; often empty."""
    least, greatest = (name.rpartition(".")[0].split(".") for name in (min(names), max(names)))
    same = list(takewhile(lambda pair: pair[0] == pair[1], zip(least, greatest, strict=False)))
    return "".join(f"{part}." for part, _ in same if part) if len(names) > 1 else ""

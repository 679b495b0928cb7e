"""What exactly did the audit see? (-v)

For each shortcut its merge, fork, route and weights; for each other addition the reason; and every weight layer.
"""

from __future__ import annotations

from collections.abc import Iterable

from shortcut_audit.report import Layer, ModelReport, OtherAdd, Shape, Shortcut, Source, Step, wording
from shortcut_audit.report.wording import counted, exact, in_bytes, short
from shortcut_audit.reporters.shared.part import listed
from shortcut_audit.reporters.text.canvas import Ink, Page, widths
from shortcut_audit.reporters.text.shortcut_table import KIND_STYLES

_LABEL = 9
"""Cells that a label takes."""


def show(page: Page, model: ModelReport) -> None:
    """Every shortcut, then every other addition, then every layer."""
    for shortcut in listed(model, page.style):
        page.line()
        _shortcut(page, shortcut)
    reasons: dict[str, list[OtherAdd]] = {}
    for other in model.other_adds:
        reasons.setdefault(other.reason, []).append(other)
    for reason, others in reasons.items():
        page.line()
        page.prose((page.said(reason), "bold"), f" ({counted(len(others), 'addition')})")
        for other in others:
            _other(page, other)
    if model.uncounted:
        page.line()
        page.prose(("not counted", "bold"), f" ({counted(len(model.uncounted), 'op')})")
        for op in model.uncounted:
            page.prose(f"{page.name(op.op)} {page.name(op.name)}: ", page.said(op.why), indent=2, hang=4)
    if model.layers:
        page.line()
        _layers(page, model)


def _layers(page: Page, model: ModelReport) -> None:
    """The per-layer table; a line with the name and one with the rest where the terminal is too narrow for both."""
    heads: list[Ink] = [(head, "dim") for head in ("layer", "op", "output", "parameters", "MACs")]
    rows = [heads, *(_layer(page, layer) for layer in model.layers)]
    needed = widths(rows)
    if sum(needed) + 2 * len(needed) <= page.width:
        page.table(rows, right=frozenset({3, 4}), widths=needed, indent=2)
        return
    needed = [0, *needed[1:]]
    for name, *rest in rows:
        page.line(name, indent=2)
        page.table([["", *rest]], right=frozenset({3, 4}), widths=needed, indent=2)


def _layer(page: Page, layer: Layer) -> list[Ink]:
    on = f" (shortcut {page.name(layer.shortcut)})" if layer.shortcut is not None else ""
    what = f"{page.name(layer.op)} {page.said(layer.detail)}".rstrip()
    return [
        page.name(layer.name) + on,
        what,
        _shape(page, layer.shape),
        exact(layer.parameters),
        short(layer.macs_formula),
    ]


def _shortcut(page: Page, shortcut: Shortcut) -> None:
    merge, span = shortcut.merge, shortcut.span
    page.prose((page.name(shortcut.key), "bold"), "  ", (shortcut.kind, KIND_STYLES[shortcut.kind]))
    _field(
        page,
        "merge",
        page.name(merge.op),
        *_named(page, merge.name),
        f"  {_shape(page, merge.shape)}",
        _at(page, merge.source),
    )
    if merge.also:
        _field(page, "with", _listed(page, merge.also))
    _field(page, "fork", page.name(shortcut.fork.name), f"  {_shape(page, shortcut.fork.shape)}")
    if not shortcut.route:
        _field(page, "route", "none: the merge reads the fork itself")
    for number, step in enumerate(shortcut.route):
        _step(page, step, "" if number else "route")
    if shortcut.weights_in_words:
        label = "gate" if shortcut.kind == "gated" else "weights" if wording.is_diagonal(shortcut) else "W_s"
        _field(page, label, page.said(shortcut.weights_in_words))
    price = f"{counted(shortcut.parameters, 'parameter')}, {short(shortcut.macs_formula)} MACs"
    adds = exact(shortcut.elementwise_adds_formula)
    _field(page, "costs", f"{price}, {adds} element-wise additions, {in_bytes(shortcut.held_bytes_formula)} held")
    skipped = (
        counted(span.weight_layers, "weight layer"),
        counted(span.ops, "op"),
        counted(span.parameters, "parameter"),
    )
    _field(page, "skips", ", ".join((*skipped, f"{short(span.macs_formula)} MACs")))
    for note in shortcut.notes:
        _field(page, "note", page.said(note))


def _step(page: Page, step: Step, label: str) -> None:
    said = f" {page.said(step.detail)}" if step.detail else ""
    _field(page, label, page.name(step.op), said, (f"  ({page.name(step.step_class)})", "cyan"))
    if step.name:
        _field(page, "", "  node   ", (page.name(step.name), "bold"))
    for weight in step.weights:
        _field(page, "", f"  {weight.role:6} ", (page.name(weight.name), "bold"), f"  {_shape(page, weight.shape)}")


def _other(page: Page, other: OtherAdd) -> None:
    page.prose(
        page.name(other.op),
        *_named(page, other.name),
        f"  {_shape(page, other.shape)}",
        _at(page, other.source),
        indent=2,
        hang=4,
    )
    if other.also:
        page.prose(f"with {_listed(page, other.also)}", indent=4, hang=2)
    if other.detail:
        page.prose((page.said(other.detail), "dim"), indent=4, hang=2)


def _field(page: Page, label: str, *inks: Ink) -> None:
    page.field(label, *inks, indent=2, label_width=_LABEL)


def _named(page: Page, name: str) -> list[Ink]:
    return [" ", (page.name(name), "bold")] if name else []


def _shape(page: Page, shape: Shape) -> str:
    return page.said(wording.shape(shape))


def _at(page: Page, source: Source | None) -> Ink:
    return "" if source is None else (f"  {page.name(source.file)}:{source.line}", "cyan")


def _listed(page: Page, names: Iterable[str]) -> str:
    return ", ".join(map(page.name, names))

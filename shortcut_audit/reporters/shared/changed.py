"""What has changed between two models, in few words?

Shortcuts of which the same is to be said share a line, wherever they stand: 34 new identities are one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from shortcut_audit.frozen import frozen
from shortcut_audit.names import PATH_LIMIT, displayable, displayable_text
from shortcut_audit.report import AuditReport, Change, Comparison, Layer, Side
from shortcut_audit.report.wording import counted, exact, short
from shortcut_audit.reporters.shared.operators import plain_name
from shortcut_audit.reporters.shared.ranges import LABELS_SHOWN, in_ranges

LINES_SHOWN = 50
"""Changes that a log lists."""


@frozen
class Alike:
    """Changes of which the same is said."""

    keys: tuple[str, ...]
    what: str
    """ "identity → projection, +3 x 131,584 parameters, +3 x 103 M MACs"."""


@frozen
class Heap:
    """What has become of some layers: "changed", "added" or "removed"."""

    what: str
    number: int
    groups: tuple[Alike, ...]


def difference_of(report: AuditReport) -> Comparison | None:
    """The comparison that the report is about, of two models that somebody asked the difference of."""
    return next((made for made in report.comparisons if made.layers_unchanged is not None), None)


def in_short(comparison: Comparison) -> str:
    """How many have changed: "12 shortcuts changed, 4 unchanged; layers: 9 changed, 32 added, 12 unchanged"."""
    heaps = [f"{exact(heap.number)} {heap.what}" for heap in of_layers(comparison)]
    same = comparison.layers_unchanged
    if not comparison.changes and not heaps and same is not None:
        return f"no difference: the same {counted(comparison.unchanged, 'shortcut')} and {counted(same, 'layer')}"
    shortcuts = f"{counted(len(comparison.changes), 'shortcut')} changed, {exact(comparison.unchanged)} unchanged"
    return shortcuts if same is None else f"{shortcuts}; layers: {', '.join([*heaps, f'{exact(same)} unchanged'])}"


def told(report: AuditReport) -> list[str]:
    """The answer to --diff for logs: a line for how much has changed, then one for each change; else nothing."""
    found = difference_of(report)
    if found is None:
        return []
    groups = [("", group) for group in alike(found.changes, "->")]
    groups += [(f"layers {heap.what}: ", group) for heap in of_layers(found) for group in heap.groups]
    lines = [f"{what}{_in_ranges(group.keys)}: {group.what}" for what, group in groups[:LINES_SHOWN]]
    more = [f"and {exact(len(groups) - LINES_SHOWN)} more: the JSON report has all"] if groups[LINES_SHOWN:] else []
    old, new = (displayable(source, PATH_LIMIT) for source in (found.against, found.source))
    return [f"{in_short(found)}: from {old} to {new}", *map(displayable_text, lines), *more]


def _in_ranges(keys: Sequence[str]) -> str:
    labels = in_ranges(map(displayable, keys), "...")
    more = [f"{exact(len(labels) - LABELS_SHOWN)} more"] if labels[LABELS_SHOWN:] else []
    return ", ".join([*labels[:LABELS_SHOWN], *more])


def alike(changes: Iterable[Change], arrow: str) -> list[Alike]:
    """The changes, each kind of them once, in the order of its first."""
    groups: dict[Hashable, list[Change]] = {}
    for change in changes:
        groups.setdefault(_look(change), []).append(change)
    return [Alike(tuple(map(_key, group)), _said(group, arrow)) for group in groups.values()]


def of_layers(comparison: Comparison) -> list[Heap]:
    """What has become of the layers that are not as they were; nothing against a baseline, which holds no layers."""
    heaps = (
        _heap("changed", [(change.now, change.then) for change in comparison.layers_changed or ()]),
        _heap("added", [(layer, None) for layer in comparison.layers_added or ()]),
        _heap("removed", [(layer, None) for layer in comparison.layers_removed or ()]),
    )
    return [heap for heap in heaps if heap.number]


def _heap(what: str, layers: Sequence[tuple[Layer, Layer | None]]) -> Heap:
    """Layers, each with the one that stood in its place; those of which the same is said share a line."""
    groups: dict[Hashable, list[tuple[Layer, Layer | None]]] = {}
    for layer, before in layers:
        groups.setdefault((_layer(layer), before and _layer(before)), []).append((layer, before))
    told = [
        Alike(tuple(layer.scope or layer.name for layer, _ in group), _became(*group[0], _times(len(group))))
        for group in groups.values()
    ]
    return Heap(what, len(layers), tuple(told))


def _layer(layer: Layer) -> Hashable:
    return plain_name(layer.op), layer.detail, layer.parameters


def _became(layer: Layer, before: Layer | None, times: str) -> str:
    now = f"{plain_name(layer.op)} {layer.detail}".strip()
    if before is None:
        return f"{now}, {times}{counted(layer.parameters, 'parameter')}"
    then = f"{plain_name(before.op)} {before.detail}".strip()
    difference = layer.parameters - before.parameters
    price = (
        f"{_signed(difference, times)}{counted(abs(difference), 'parameter')}" if difference else "as many parameters"
    )
    return f"{now}, {price}" if now == then else f"{then} became {now}, {price}"


def _key(change: Change) -> str:
    side = change.now or change.then
    return "" if side is None else side.key


def _look(change: Change) -> Hashable:
    then, now = change.then, change.now
    if then is None or now is None:
        return (then and _price(then), now and _price(now))
    return then.kind, now.kind, _difference(then.parameters, now.parameters), _difference(then.macs, now.macs)


def _price(side: Side) -> Hashable:
    return side.kind, side.parameters, side.macs_formula


def _difference(then: int | None, now: int | None) -> int | None:
    return None if then is None or now is None else now - then


def _said(group: Sequence[Change], arrow: str) -> str:
    then, now = group[0].then, group[0].now
    times = _times(len(group))
    if then is None or now is None:
        side = now or then
        assert side is not None, "a change has a side"
        free = not side.parameters and side.macs == 0
        price = (
            "" if free else f", {times}{counted(side.parameters, 'parameter')}, {times}{short(side.macs_formula)} MACs"
        )
        return f"{'new' if then is None else 'gone'}: {side.kind}{price}"
    kinds = now.kind if then.kind == now.kind else f"{then.kind} {arrow} {now.kind}"
    parameters, macs = _difference(then.parameters, now.parameters), _difference(then.macs, now.macs)
    parts = [kinds]
    if parameters:
        parts.append(f"{_signed(parameters, times)}{exact(abs(parameters))} parameters")
    elif parameters is None and then.parameters != now.parameters:
        parts.append(f"{exact(then.parameters)} {arrow} {exact(now.parameters)} parameters")
    if macs:
        parts.append(f"{_signed(macs, times)}{short(abs(macs))} MACs")
    elif macs is None and then.macs_formula != now.macs_formula:
        parts.append(f"{short(then.macs_formula)} {arrow} {short(now.macs_formula)} MACs")
    return ", ".join(parts)


def _signed(number: int, times: str) -> str:
    return ("+" if number > 0 else "-") + times


def _times(number: int) -> str:
    return f"{exact(number)} x " if number > 1 else ""

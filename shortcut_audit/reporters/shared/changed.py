"""What has changed between two models, in few words?

Shortcuts of which the same is to be said share a line, wherever they stand: 34 new identities are one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from shortcut_audit.frozen import frozen
from shortcut_audit.report import AuditReport, Change, Comparison, Layer, Side
from shortcut_audit.report.wording import counted, exact, short


@frozen
class Alike:
    """Changes of which the same is said."""

    keys: tuple[str, ...]
    what: str
    """ "identity → projection, +3 x 131,584 parameters, +3 x 103 M MACs"."""


def difference_of(report: AuditReport) -> Comparison | None:
    """The comparison that the report is about, of two models that somebody asked the difference of."""
    return next((made for made in report.comparisons if made.layers_added is not None), None)


def in_short(comparison: Comparison) -> str:
    """How many have changed: "12 shortcuts changed, 4 unchanged"."""
    return f"{counted(len(comparison.changes), 'shortcut')} changed, {exact(comparison.unchanged)} unchanged"


def alike(changes: Iterable[Change], arrow: str) -> list[Alike]:
    """The changes, each kind of them once, in the order of its first."""
    groups: dict[Hashable, list[Change]] = {}
    for change in changes:
        groups.setdefault(_look(change), []).append(change)
    return [Alike(tuple(map(_key, group)), _said(group, arrow)) for group in groups.values()]


def layers_alike(layers: Iterable[Layer]) -> list[Alike]:
    """Layers that differ in nothing but their name."""
    groups: dict[Hashable, list[Layer]] = {}
    for layer in layers:
        groups.setdefault((layer.op, layer.detail, layer.parameters), []).append(layer)
    return [
        Alike(
            tuple(layer.scope or layer.name for layer in group),
            f"{f'{group[0].op} {group[0].detail}'.strip()}, {_times(len(group))}"
            f"{counted(group[0].parameters, 'parameter')}",
        )
        for group in groups.values()
    ]


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

"""What changed since it was accepted?

A shortcut is paired with its twin in the baseline by what survives a re-export: its key (module scope and position),
then its structure. Generated node names decide nothing. Another exporter may have lost the scopes, folded the
BatchNorms, or left the batch size open.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias

from shortcut_audit.accepted import AcceptedModel, AcceptedShortcut, accept
from shortcut_audit.report import Change, Comparison, ModelReport, Shape, Side, Trend

Pair: TypeAlias = "tuple[AcceptedShortcut | None, AcceptedShortcut | None]"
"""(then, now): a shortcut as it was accepted and as it is; None where one side has none."""


def compare(model: ModelReport, then: AcceptedModel | None, against: str) -> Comparison:
    """A model beside what was accepted of it in the baseline named `against`; None: nothing was."""
    if then is None:
        return Comparison(model.source, against, None, 0)
    pairs = pair_up(then.shortcuts, accept(model).shortcuts)
    changes = [_change(before, after) for before, after in pairs]
    changed = tuple(change for change in changes if not _unchanged(change))
    return Comparison(model.source, against, then.source, len(changes) - len(changed), changed)


def _change(then: AcceptedShortcut | None, now: AcceptedShortcut | None) -> Change:
    return Change(_side(then), _side(now), "same" if then is None or now is None else _trend(then, now))


def _side(shortcut: AcceptedShortcut | None) -> Side | None:
    if shortcut is None:
        return None
    return Side(
        shortcut.key, shortcut.kind, shortcut.fork, shortcut.merge, shortcut.parameters, shortcut.macs
    )


def _unchanged(change: Change) -> bool:
    same_kind = change.then is not None and change.now is not None and change.then.kind == change.now.kind
    return same_kind and change.cost == "same"


def _trend(then: AcceptedShortcut, now: AcceptedShortcut) -> Trend:
    """1. More parameters or MACs: grew. 2. MACs that were known and are not: unknown. 3. Fewer of either: fell."""
    parameters = now.settled_parameters - then.settled_parameters
    macs = 0 if now.macs is None or then.macs is None else now.macs - then.macs
    if parameters > 0 or macs > 0:
        return "grew"
    if now.macs is None and then.macs is not None:
        return "unknown"
    return "fell" if parameters < 0 or macs < 0 else "same"


def _key(shortcut: AcceptedShortcut) -> str | None:
    """The key, if it says more than a position in the whole model, which another exporter counts otherwise."""
    return shortcut.key if shortcut.scope else None


def _structure(shortcut: AcceptedShortcut) -> tuple[Shape, Shape, int]:
    return _sizes(shortcut.fork), _sizes(shortcut.merge), shortcut.weight_layers


def _sizes(shape: Shape) -> Shape:
    """A shape without its symbols: exporters name them as they like."""
    return None if shape is None else tuple(size if isinstance(size, int) else None for size in shape)


Likeness: TypeAlias = Callable[[AcceptedShortcut], Hashable | None]

LIKENESSES: tuple[Likeness, ...] = (
    lambda s: _key(s) and (_key(s), _structure(s)),
    lambda s: s.scope and (s.scope, s.kind, _structure(s)),
    _key,
    lambda s: (s.kind, s.settled_parameters, _structure(s)),
    lambda s: (s.kind, _structure(s)),
    _structure,
    lambda s: (_sizes(s.fork), _sizes(s.merge)),
)
"""What makes two shortcuts twins, strictest first; a falsy likeness is like nothing."""


def pair_up(then: Sequence[AcceptedShortcut], now: Sequence[AcceptedShortcut]) -> tuple[Pair, ...]:
    """Each shortcut with its twin, in the order of `now`; those that have disappeared come last, in their own order.

    Each likeness pairs, in order, what the stricter ones left over. Linear in the number of shortcuts.
    """
    twin: dict[int, int] = {}
    taken: set[int] = set()
    for likeness in LIKENESSES:
        waiting: defaultdict[Hashable, deque[int]] = defaultdict(deque)
        for n, shortcut in enumerate(then):
            if n not in taken and (mark := likeness(shortcut)):
                waiting[mark].append(n)
        for n, shortcut in enumerate(now):
            if n not in twin and (mark := likeness(shortcut)) and waiting.get(mark):
                twin[n] = waiting[mark].popleft()
                taken.add(twin[n])
    present: list[Pair] = [(then[twin[n]] if n in twin else None, after) for n, after in enumerate(now)]
    return (*present, *((before, None) for n, before in enumerate(then) if n not in taken))

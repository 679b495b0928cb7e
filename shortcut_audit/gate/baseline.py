"""What changed since it was accepted?

A shortcut is paired with its twin in the baseline by what survives a re-export: its key (module scope and position),
then its structure. Generated node names decide nothing. Another exporter may have lost the scopes, folded the
BatchNorms, or left the batch size open.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeAlias

from shortcut_audit.gate.accepted import AcceptedModel, AcceptedShortcut, accept
from shortcut_audit.gate.sizes import became
from shortcut_audit.names import displayable
from shortcut_audit.report import OUTPUTS_TOLD_APART, Change, Comparison, Detached, ModelReport, Shape, Side, Trend

Dim: TypeAlias = "int | str | None"

Pair: TypeAlias = "tuple[AcceptedShortcut | None, AcceptedShortcut | None]"
"""(then, now): a shortcut as it was accepted and as it is; None where one side has none."""


def compare(model: ModelReport, then: AcceptedModel | None, against: str, *, known: int = 1) -> Comparison:
    """A model beside what was accepted of it in the baseline named `against`, of so many models; None: nothing was."""
    if then is None:
        return Comparison(model.source, against, None, 0, known=known)
    pairs = pair_up(then.shortcuts, accept(model).shortcuts)
    changes = [_change(before, after) for before, after in pairs]
    changed = tuple(change for change in changes if not _unchanged(change))
    return Comparison(
        model.source,
        against,
        then.source,
        len(changes) - len(changed),
        changed,
        known=known,
        unknown=then.unknown,
        detached=tuple(_detached(then.outputs, tuple(displayable(output.name) for output in model.outputs), pairs)),
        accepted=tuple(filter(None, map(_side, then.shortcuts))) if changed else (),
    )


def _detached(then: Sequence[str], now: Sequence[str], pairs: Iterable[Pair]) -> Iterator[Detached]:
    """The first output of each shortcut that depended on it and does not any more.

    Outputs are told by their names where all that there were are there, and otherwise by their places: a `.pt2` file
    calls them after its nodes.
    """
    named = set(then) <= set(now)
    places = {n: now.index(name) if named else n for n, name in enumerate(then) if named or n < len(now)}
    told = {n: place for n, place in places.items() if place < OUTPUTS_TOLD_APART}
    for before, after in pairs:
        if before is not None and after is not None:
            lost = [n for n in before.outputs if n in told and told[n] not in after.outputs]
            if lost:
                yield Detached(after.key, then[lost[0]])


def unchanged(source: str, then: AcceptedModel, against: str, *, known: int) -> Comparison:
    """A model that has another name than it was accepted by, and is otherwise the same."""
    shortcuts = len(then.shortcuts)
    return Comparison(source, against, then.source, shortcuts, known=known, unknown=then.unknown, renamed=True)


def structure_of(model: AcceptedModel) -> Hashable:
    """What is equal in two models that have the same shortcuts, in the same order: a file under a new name."""
    return model.unknown, tuple(map(_likeness, model.shortcuts))


def _likeness(shortcut: AcceptedShortcut) -> Hashable:
    return shortcut.kind, shortcut.settled_parameters, shortcut.macs, _structure(shortcut)


def _change(then: AcceptedShortcut | None, now: AcceptedShortcut | None) -> Change:
    return Change(_side(then), _side(now), "same" if then is None or now is None else _trend(then, now))


def _side(shortcut: AcceptedShortcut | None) -> Side | None:
    if shortcut is None:
        return None
    return Side(
        shortcut.key,
        shortcut.kind,
        shortcut.fork,
        shortcut.merge,
        shortcut.parameters,
        shortcut.macs,
        macs_formula=shortcut.macs_formula,
        weight_layers=shortcut.weight_layers,
    )


def _unchanged(change: Change) -> bool:
    same_kind = change.then is not None and change.now is not None and change.then.kind == change.now.kind
    return same_kind and change.cost == "same"


def _trend(then: AcceptedShortcut, now: AcceptedShortcut) -> Trend:
    """1. More parameters or MACs: grew. 2. Either was known and is not: unknown. 3. Fewer of either: fell."""
    before, after = then.settled_parameters, now.settled_parameters
    parameters = 0 if before is None or after is None else after - before
    shapes = ((then.fork, now.fork), (then.merge, now.merge))
    macs = became(then.macs_formula, now.macs_formula, shapes)
    if parameters > 0 or macs == "grew":
        return "grew"
    if before is not None and after is None:
        return "unknown"
    return "fell" if parameters < 0 and macs == "same" else macs


def _key(shortcut: AcceptedShortcut) -> str | None:
    """The key, if it says more than a position in the whole model, which another exporter counts otherwise.

    As a report shows it: that is what an earlier one holds.
    """
    return displayable(shortcut.key) if shortcut.scope else None


def _structure(shortcut: AcceptedShortcut) -> tuple[Shape, Shape, int]:
    return _sizes(shortcut.fork), _sizes(shortcut.merge), shortcut.weight_layers


def _sizes(shape: Shape) -> Shape:
    """A shape without its symbols: exporters name them as they like."""
    return None if shape is None else tuple(size if isinstance(size, int) else None for size in shape)


Likeness: TypeAlias = Callable[[AcceptedShortcut], Hashable | None]
"""What is equal in two shortcuts that are taken for twins; a falsy one is like nothing."""

BY_SCOPE: tuple[Likeness, ...] = (
    lambda s: _key(s) and (_key(s), _structure(s)),
    lambda s: s.scope and (displayable(s.scope), s.kind, _structure(s)),
    _key,
)
"""Strictest first."""

CHANNELS = 1
BLOCKS = (8, 16)
"""Channels are padded to whole blocks of so many in ONNX Runtime's layout NCHWc (MlasNchwcGetBlockSize), by machine."""

BY_STRUCTURE: tuple[Likeness, ...] = (
    lambda s: (s.kind, s.settled_parameters, _structure(s)),
    lambda s: (s.kind, _structure(s)),
    _structure,
    lambda s: (_sizes(s.fork), _sizes(s.merge)),
)
"""Strictest first."""


def pair_up(then: Sequence[AcceptedShortcut], now: Sequence[AcceptedShortcut]) -> tuple[Pair, ...]:
    """Each shortcut with its twin, in the order of `now`; those that have disappeared come last, in their own order.

    Each step pairs, in order, what the steps before left over, in time linear in the number of shortcuts:

    1. By scope. 2. By descent: an optimiser may have moved the addition into a module of the block, or out of it.
    3. By structure. If 1 found any twin, both sides name their modules alike: two that each have a scope, and not the
    same, are no twins then, but one that went and one that came. 4. By place, if as many are left on one side as on
    the other, unless their shapes contradict each other: a batch size that is open on one side contradicts nothing, nor
    do channels that a layout has padded.
    """
    pairing = _Pairing(then, now)
    for likeness in BY_SCOPE:
        pairing.by(likeness)
    pairing.named_alike = bool(pairing.twin)
    pairing.by_descent()
    for likeness in BY_STRUCTURE:
        pairing.by(likeness)
    pairing.by_place()
    present: list[Pair] = [(then[pairing.twin[n]] if n in pairing.twin else None, s) for n, s in enumerate(now)]
    return (*present, *((then[m], None) for m in pairing.left_then()))


class _Pairing:
    """Twins found so far."""

    def __init__(self, then: Sequence[AcceptedShortcut], now: Sequence[AcceptedShortcut]) -> None:
        self.then, self.now = then, now
        self.twin: dict[int, int] = {}
        """Positions in `then`, by position in `now`."""
        self.named_alike = False

    def left_then(self) -> list[int]:
        taken = set(self.twin.values())
        return [m for m in range(len(self.then)) if m not in taken]

    def left_now(self) -> list[int]:
        return [n for n in range(len(self.now)) if n not in self.twin]

    def by(self, likeness: Likeness) -> None:
        """Pairs in order what is alike. While both sides name modules alike, one of a pair must have no scope."""
        if not self.named_alike:
            self._pair(likeness, self.left_then(), self.left_now())
            return
        self._pair(likeness, self.left_then(), [n for n in self.left_now() if not self.now[n].scope])
        self._pair(likeness, [m for m in self.left_then() if not self.then[m].scope], self.left_now())

    def _pair(self, likeness: Likeness, before: Iterable[int], after: Iterable[int]) -> None:
        waiting = _queues(likeness, self.then, before)
        for n in after:
            mark = likeness(self.now[n])
            if mark and waiting.get(mark):
                self.twin[n] = waiting[mark].popleft()

    def by_descent(self) -> None:
        """Pairs what stands in a module with what stands in one around it."""
        waiting = _queues(_scope, self.then, self.left_then())
        for n in self.left_now():
            outer = next((scope for scope in _outer_scopes(self.now[n]) if waiting.get(scope)), None)
            if outer is not None:
                self.twin[n] = waiting[outer].popleft()
        waiting = _queues(_scope, self.now, self.left_now())
        for m in self.left_then():
            outer = next((scope for scope in _outer_scopes(self.then[m]) if waiting.get(scope)), None)
            if outer is not None:
                self.twin[waiting[outer].popleft()] = m

    def by_place(self) -> None:
        before, after = self.left_then(), self.left_now()
        if len(before) != len(after):
            return
        for m, n in zip(before, after, strict=True):
            strangers = self.named_alike and self.then[m].scope and self.now[n].scope
            if not strangers and _compatible(self.then[m], self.now[n]):
                self.twin[n] = m


def _queues(
    likeness: Likeness, shortcuts: Sequence[AcceptedShortcut], positions: Iterable[int]
) -> defaultdict[Hashable, deque[int]]:
    waiting: defaultdict[Hashable, deque[int]] = defaultdict(deque)
    for position in positions:
        if mark := likeness(shortcuts[position]):
            waiting[mark].append(position)
    return waiting


def _scope(shortcut: AcceptedShortcut) -> str:
    return displayable(shortcut.scope)


def _outer_scopes(shortcut: AcceptedShortcut) -> Iterator[str]:
    """The modules around the one that a shortcut stands in, innermost first: of "a.b.c", "a.b" and "a"."""
    scope = _scope(shortcut)
    while "." in scope:
        scope = scope.rpartition(".")[0]
        yield scope


def _compatible(then: AcceptedShortcut, now: AcceptedShortcut) -> bool:
    """Whether no known size of fork or merge differs."""
    shapes = ((then.fork, now.fork), (then.merge, now.merge))
    return all(
        one is None or other is None or (len(one) == len(other) and all(map(_may_equal, range(len(one)), one, other)))
        for one, other in shapes
    )


def _may_equal(axis: int, one: Dim, other: Dim) -> bool:
    if one == other or not (isinstance(one, int) and isinstance(other, int)):
        return True
    return axis == CHANNELS and any(-(-min(one, other) // block) * block == max(one, other) for block in BLOCKS)

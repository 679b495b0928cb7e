"""Is a model as it was accepted?

One function a rule, from the comparison with the baseline to objections.
"""

from __future__ import annotations

from collections.abc import Iterator

from shortcut_audit.gate.case import Case, Objection, described, kind_of, price
from shortcut_audit.names import displayable
from shortcut_audit.report import KINDS, Change, Kind, Shortcut, Side
from shortcut_audit.report.wording import counted, shape


def identity_lost(case: Case) -> Iterator[Objection]:
    """A shortcut that let x through unchanged, or at least without a weight or a gate, no longer does so alone.

    1. It has become a dearer kind. 2. A dearer one has come to the same merge, y = F(x) + x + W x. 3. A dearer one has
    come to the same fork: what was accepted may live on beside it, in an output that nobody uses.
    """
    for then, now in _pairs(case):
        if _lost(then.kind, now.kind):
            yield Objection(
                now.key, f"was {kind_of(then)}, is now {described(case.shortcuts[now.key])}. {case.acceptance()}"
            )  # 1
    accepted = _Accepted(case)
    for added in _added(case):
        place = accepted.lost_to(added)
        if place is not None:
            yield Objection(added.key, f"{described(added)} has come to a {place}. {case.acceptance()}")  # 2, 3


def _lost(then: Kind, now: Kind) -> bool:
    was, now_is = KINDS.index(then), KINDS.index(now)
    return was < KINDS.index("gated") and was < now_is


def _added(case: Case) -> list[Shortcut]:
    return [case.shortcuts[c.now.key] for c in case.changes() if c.then is None and c.now is not None]


class _Accepted:
    """The dearest kind that was accepted at each merge, and at each fork, of a model as it is now."""

    def __init__(self, case: Case) -> None:
        changed = {change.now.key: change for change in case.changes() if change.now is not None}
        self._merges: dict[str, Kind] = {}
        self._forks: dict[str, Kind] = {}
        for shortcut in case.model.shortcuts:
            kind = _kind_then(shortcut, changed.get(shortcut.key))
            if kind is not None:
                for known, name in ((self._merges, shortcut.merge.name), (self._forks, shortcut.fork.name)):
                    known[name] = max(kind, known.get(name, kind), key=KINDS.index)

    def lost_to(self, added: Shortcut) -> str | None:
        """Where an added shortcut takes from what was accepted as a cheaper one, in words; None where it does not."""
        for place, was in (("merge", self._merges.get(added.merge.name)), ("fork", self._forks.get(added.fork.name))):
            if was is not None and _lost(was, added.kind):
                return f"{place} that was accepted as {was}"
        return None


def _kind_then(shortcut: Shortcut, change: Change | None) -> Kind | None:
    if change is None:
        return shortcut.kind  # as it was
    return None if change.then is None else change.then.kind


def weighted_shortcut_added(case: Case) -> Iterator[Objection]:
    """A shortcut that the baseline does not have holds weights, in a model that was accepted."""
    accepted = _Accepted(case) if case.is_on("identity-lost") else None
    for added in _added(case):
        if _holds_weights(added) and (accepted is None or accepted.lost_to(added) is None):
            yield Objection(added.key, f"is new: {described(added)}. {case.acceptance()}")


def _holds_weights(shortcut: Shortcut) -> bool:
    return shortcut.has_weight or shortcut.has_bias or shortcut.parameters != 0


def shortcut_removed(case: Case) -> Iterator[Objection]:
    """A shortcut that was accepted has gone: from the model, or from the way to an output."""
    for change in case.changes():
        if change.then is not None and change.now is None:
            at = f"from {shape(change.then.fork)} to {shape(change.then.merge)}"
            yield Objection(change.then.key, f"{kind_of(change.then)} {at} is gone. {case.acceptance()}")
    for detached in () if case.comparison is None else case.comparison.detached:
        gone = f"output {displayable(detached.output)!r} does not depend on it any more"
        yield Objection(detached.key, f"is still added, and {gone}. {case.acceptance()}")


def shortcut_cost_grew(case: Case) -> Iterator[Objection]:
    """A shortcut takes more parameters or MACs than were accepted; a lost identity is reported as that alone."""
    for change in case.changes():
        then, now = change.then, change.now
        if then is None or now is None or change.cost != "grew":
            continue
        if not (_lost(then.kind, now.kind) and case.is_on("identity-lost")):
            yield Objection(now.key, f"took {price(then)}, now takes {price(now)}. {case.acceptance()}")


def model_unaccepted(case: Case) -> Iterator[Objection]:
    """A baseline that has entries has none for this model."""
    comparison = case.comparison
    if comparison is not None and comparison.counterpart is None and comparison.known:
        known = counted(comparison.known, "model")
        yield Objection(
            None, f"the baseline knows {known}, and not this one: nothing was compared. {case.acceptance()}"
        )


def shortcut_added(case: Case) -> Iterator[Objection]:
    """A shortcut without weights that the baseline does not have, or a model, where it has no entries yet."""
    comparison = case.comparison
    if comparison is not None and comparison.counterpart is None and not comparison.known:
        yield Objection(None, f"the baseline does not know this model: nothing was compared. {case.acceptance()}")
    weighted = case.is_on("weighted-shortcut-added")
    accepted = _Accepted(case) if case.is_on("identity-lost") else None
    for added in _added(case):
        if not (weighted and _holds_weights(added)) and (accepted is None or accepted.lost_to(added) is None):
            yield Objection(added.key, f"is new: {described(added)}. {case.acceptance()}")


def shortcut_improved(case: Case) -> Iterator[Objection]:
    """A shortcut is of a cheaper kind, or takes less, than was accepted."""
    for change in case.changes():
        then, now = change.then, change.now
        if then is None or now is None or change.cost in {"grew", "unknown"}:
            continue
        if KINDS.index(now.kind) < KINDS.index(then.kind):
            yield Objection(
                now.key, f"was {kind_of(then)}, is now {described(case.shortcuts[now.key])}. {case.acceptance()}"
            )
        elif now.kind == then.kind and change.cost == "fell":
            yield Objection(now.key, f"took {price(then)}, now takes {price(now)}. {case.acceptance()}")


def _pairs(case: Case) -> Iterator[tuple[Side, Side]]:
    return ((c.then, c.now) for c in case.changes() if c.then is not None and c.now is not None)

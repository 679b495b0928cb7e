"""What is decided of costs that depend on open sizes?

A cost is held against a bound, or against what it was, for all sizes of at least 0: an empty past is one. What depends
on a size is not decided, and the gate stays shut.
"""

from __future__ import annotations

from collections.abc import Iterable

from shortcut_audit.algebra.bounds import at_most, share_at_most
from shortcut_audit.algebra.derived import exactly_divided, put_in
from shortcut_audit.algebra.formula import number_of
from shortcut_audit.algebra.polynomial import Atom, Cost, Number, terms_of
from shortcut_audit.gate.settings import Budget
from shortcut_audit.report import Shape, Trend


def cost_of(formula: str | None) -> Cost:
    """The cost that a formula in a report stands for."""
    return None if formula is None else number_of(formula)


def allowed(cost: str | None, budget: Budget, total: str | None) -> bool | None:
    """Whether a cost keeps to its budget at all sizes (True), at none (False), or is not decided (None).

    Both are formulas, as a report has them; `total` is that of the whole model, to which a share refers.
    """
    if budget.relative:
        return share_at_most(cost_of(cost), cost_of(total), budget.limit)
    return at_most(cost_of(cost), int(budget.limit))


def became(then: str | None, now: str | None, shapes: Iterable[tuple[Shape, Shape]]) -> Trend:
    """What became of a cost. Sizes that one side leaves open are those of the other, as far as `shapes` tell.

    `shapes` are pairs of the same tensor's, then and now. A cost that was unknown is no reason to object to one that is
    not; one that was known and is not, or may be more, is unknown.
    """
    before, after = cost_of(then), cost_of(now)
    if before is None:
        return "same"
    if after is None:
        return "unknown"
    earlier, later = _common(shapes)
    before, after = put_in(before, earlier), put_in(after, later)
    if before is None or after is None:
        return "unknown"
    if before == after:
        return "same"
    if at_most(after, before):
        return "fell"
    return "grew" if at_most(before, after) else "unknown"


def _common(shapes: Iterable[tuple[Shape, Shape]]) -> tuple[dict[Atom, Number], dict[Atom, Number]]:
    """What the open sizes of each side are in the other's: those of then first, those of now where then is fixed."""
    earlier: dict[Atom, Number] = {}
    later: dict[Atom, Number] = {}
    for then, now in shapes:
        for one, other in zip(then or (), now or (), strict=False):
            if isinstance(one, str) and other is not None:
                _solve(number_of(one), number_of(other) if isinstance(other, str) else other, earlier)
            elif isinstance(one, int) and isinstance(other, str):
                _solve(number_of(other), one, later)
    return earlier, later


def _solve(size: Number, value: Number, known: dict[Atom, Number]) -> None:
    """Learns an atom where it alone is open in a size: (h + 7)//8 = 28 tells nothing of h, and all of (h + 7)//8."""
    terms = dict(terms_of(size))
    constant = terms.pop((), 0)
    if len(terms) != 1:
        return
    ((monomial, times),) = terms.items()
    found = exactly_divided(value - constant, times)
    if found is not None and len(monomial) == 1 and monomial[0][1] == 1:
        known.setdefault(monomial[0][0], found)

"""Does a model keep to what the configuration asks of kinds and costs?

One function a rule. A cost is held against its bound as an interval: what is known is one number, a lower bound leaves
the rest open. What is within the bound wherever the cost may lie passes, what is over it wherever it may lie is over
budget, and anything between is not decided: `cost_unknown` and `kind_unknown` say so, and the gate stays shut.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from shortcut_audit.algebra.polynomial import integer
from shortcut_audit.frozen import frozen
from shortcut_audit.gate.case import Case, Objection, described
from shortcut_audit.gate.settings import Budget
from shortcut_audit.gate.sizes import allowed, cost_of
from shortcut_audit.report import Change, ModelReport
from shortcut_audit.report.wording import counted, exact, short

Held: TypeAlias = Literal["within", "over", "open"]


@frozen
class _Limit:
    """A budget beside what is held against it."""

    rule: str
    key: str
    """The key, as the configuration writes it."""
    what: str
    """Who takes how much of what: a sentence with a place for the number."""
    budget: Budget
    cost: str | None
    """A formula over the open sizes; None where nothing is known."""
    least: bool = False
    """Whether the cost is but a lower bound."""
    total: str | None = None
    """How much the whole model takes, for a share of it."""
    total_least: bool = False

    def held(self) -> Held:
        """Whether the cost keeps to the budget, as far as is known."""
        decided = allowed(self.cost, self.budget, self.total)
        if decided is None or (decided and self.least):
            return "open"
        if not decided and self.budget.relative and self.total_least:
            return "open"  # of a larger total the share is smaller
        return "within" if decided else "over"

    def excess(self) -> str:
        """What a cost that is over its budget is told."""
        cost, total = integer(cost_of(self.cost)), integer(cost_of(self.total))
        if cost is None or (total is None and self.budget.relative):
            of = f" of {short(self.total)}" if self.budget.relative else ""
            return f"{self.what.format(short(self.cost))}{of}; the budget is {self.budget.text}"
        most = self.budget.most(total or 0)
        share = f" ({self.budget.text} of {exact(total)})" if self.budget.relative else ""
        return f"{self.what.format(exact(cost))}; the budget is {exact(most)}{share}: {exact(cost - most)} too many"


def _number(count: int | None) -> str | None:
    return None if count is None else str(count)


def _limits(case: Case) -> Iterator[_Limit]:
    """The budgets that are set, each with what is held against it."""
    asked, summary, totals = case.settings, case.model.summary, case.model.totals
    if asked.max_extra_parameters is not None:
        yield _Limit(
            "extra-parameters-over-budget",
            "max-extra-parameters",
            "the shortcuts take {} learned parameters",
            asked.max_extra_parameters,
            _number(summary.extra_parameters),
            total=_number(totals.parameters),
            total_least=totals.parameters_lower_bound,
        )
    if asked.max_extra_macs is not None:
        yield _Limit(
            "extra-macs-over-budget",
            "max-extra-macs",
            "the shortcuts take {} MACs",
            asked.max_extra_macs,
            summary.extra_macs_formula,
            total=totals.macs_formula,
            total_least=totals.lower_bound,
        )
    if asked.max_parameters is not None:
        what, least = "the model holds {} learned parameters", totals.parameters_lower_bound
        yield _Limit(
            "parameters-over-budget", "max-parameters", what, asked.max_parameters, _number(totals.parameters), least
        )
    if asked.max_macs is not None:
        what, least = "the model takes {} MACs", totals.lower_bound
        yield _Limit("macs-over-budget", "max-macs", what, asked.max_macs, totals.macs_formula, least)
    if asked.max_held_memory is not None:
        what, key = "a shortcut holds {} bytes while its branch is computed", "max-held-memory"
        yield _Limit("held-memory-over-budget", key, what, asked.max_held_memory, summary.held_bytes_formula)


def _over(case: Case, rule: str) -> Iterator[Objection]:
    for limit in _limits(case):
        if limit.rule == rule and limit.held() == "over":
            yield Objection(None, limit.excess())


def extra_parameters_over_budget(case: Case) -> Iterator[Objection]:
    """The learned scalars on shortcuts exceed `max-extra-parameters`."""
    return _over(case, "extra-parameters-over-budget")


def extra_macs_over_budget(case: Case) -> Iterator[Objection]:
    """The MACs of shortcuts exceed `max-extra-macs`."""
    return _over(case, "extra-macs-over-budget")


def parameters_over_budget(case: Case) -> Iterator[Objection]:
    """The learned scalars of the model exceed `max-parameters`."""
    return _over(case, "parameters-over-budget")


def macs_over_budget(case: Case) -> Iterator[Objection]:
    """The MACs of the model exceed `max-macs`."""
    return _over(case, "macs-over-budget")


def held_memory_over_budget(case: Case) -> Iterator[Objection]:
    """A shortcut holds more memory than `max-held-memory`."""
    return _over(case, "held-memory-over-budget")


def too_many_projections(case: Case) -> Iterator[Objection]:
    """More shortcuts are projections than `max-projections` allows."""
    most, found = case.settings.max_projections, case.model.summary.projection
    if most is not None and found > most:
        are = "shortcut is a projection" if found == 1 else "shortcuts are projections"
        yield Objection(None, f"{exact(found)} {are}; at most {exact(most)} may be")


def too_few_identities(case: Case) -> Iterator[Objection]:
    """Fewer shortcuts are identities than `min-identities` asks for, whatever the additions are that are open."""
    least, summary = case.settings.min_identities, case.model.summary
    if least is not None and summary.identity + summary.unknown < least:
        are = "shortcut is an identity" if summary.identity == 1 else "shortcuts are identities"
        yield Objection(None, f"{exact(summary.identity)} {are}; at least {exact(least)} must be")


def kind_not_allowed(case: Case) -> Iterator[Objection]:
    """A shortcut's kind is not among `allowed-kinds`."""
    listed_kinds = case.settings.allowed_kinds
    if listed_kinds is None:
        return
    for shortcut in case.model.shortcuts:
        if shortcut.kind not in listed_kinds:
            listed = ", ".join(listed_kinds) or "no shortcut at all"
            yield Objection(shortcut.key, f"{described(shortcut)}; allowed here: {listed}")


def cost_unknown(case: Case) -> Iterator[Objection]:
    """A budget or a baseline cannot be checked, because a cost is unknown: it fails closed.

    1. A cost that may lie on either side of its budget. 2. A cost that was known when it was accepted.
    """
    for limit in _limits(case):
        if limit.held() == "open":
            yield Objection(None, f"{limit.key} cannot be checked: {_obstacle(case.model, limit)}")  # 1
    lost = [change for change in case.changes() if change.cost == "unknown"]
    if lost:
        yield Objection(None, _incomparable(case, lost))  # 2


def _incomparable(case: Case, lost: Sequence[Change]) -> str:
    """Why costs cannot be held against those that were accepted: they are open now, or were open then."""
    if all(c.now is not None and None not in (c.now.macs, c.now.parameters) for c in lost):
        return (
            f"the cost of {counted(len(lost), 'shortcut')} depended on open sizes when accepted, and none of the sizes "
            f"that are known now settles them. {case.acceptance()}"
        )
    was = f"the cost of {counted(len(lost), 'shortcut')} was known when accepted and is not now"
    return f"{was}: {_obstacle(case.model)}"


def kind_unknown(case: Case) -> Iterator[Objection]:
    """Additions are not understood, and what is asked depends on whether they merge a shortcut, and of what kind.

    1. What the configuration asks of kinds. 2. More such additions than were accepted. 3. A gate that may be a learned
    factor is a projection, or is not.
    """
    asked, summary = case.settings, case.model.summary
    unsure = sum(s.kind == "gated" and s.parameters is None for s in case.model.shortcuts)
    most = asked.max_projections
    if unsure and most is not None and summary.projection <= most < summary.projection + unsure:
        are = "gate is" if unsure == 1 else "gates are"
        yield Objection(
            None, f"max-projections cannot be checked: {exact(unsure)} {are} fed to the model, and may be weights"
        )  # 3
    if not summary.unknown:
        return
    keys = []
    if asked.allowed_kinds is not None:
        keys.append("allowed-kinds")
    if asked.max_projections is not None and summary.projection <= asked.max_projections:
        keys += ["max-projections"] if summary.projection + summary.unknown > asked.max_projections else []
    if (
        asked.min_identities is not None
        and summary.identity < asked.min_identities <= summary.identity + summary.unknown
    ):
        keys.append("min-identities")
    if keys:
        yield Objection(None, f"{' and '.join(keys)} cannot be checked: {_not_understood(case.model)}")  # 1
    then = None if case.comparison is None or case.comparison.counterpart is None else case.comparison.unknown
    if then is not None and summary.unknown > then:
        was = f"{exact(then)} when the model was accepted" if then else "none when the model was accepted"
        yield Objection(None, f"{_not_understood(case.model)}; {was}. {case.acceptance()}")  # 2


def _not_understood(model: ModelReport) -> str:
    details = list(dict.fromkeys(add.detail for add in model.other_adds if add.reason == "not understood"))
    named = ", ".join(filter(None, details[:3])) + (f" and {len(details) - 3} more" if len(details) > 3 else "")
    are = "is" if model.summary.unknown == 1 else "are"
    return f"{counted(model.summary.unknown, 'addition')} {are} not understood ({named})"


def _obstacle(model: ModelReport, limit: _Limit | None = None) -> str:
    """Why a cost is not known. An addition that is not understood hides a cost of shortcuts, not of the model."""
    of_model = limit is not None and limit.total is None and limit.rule != "held-memory-over-budget"
    if model.summary.unknown and not of_model:
        return _not_understood(model)
    fed = any(shortcut.parameters is None for shortcut in model.shortcuts)
    keys = {"max-parameters", "max-extra-parameters"} if fed else {"max-parameters"}
    if (limit is None and fed) or (limit is not None and limit.key in keys):
        return "weights of the model are fed to it, or read by an operator that is not understood"
    if model.symbols and not model.totals.lower_bound:
        bindings = " ".join(f"--dim {shlex.quote(f'{symbol}=SIZE')}" for symbol in model.symbols[:4])
        return f"it depends on dimensions that are not bound; {bindings} would bind them"
    if model.totals.macs_formula is not None and not model.totals.uncounted:
        return "which branch of an If runs only the data tell, and one takes more than the other"
    uncounted = ", ".join(model.totals.uncounted[:4]) or "some op"
    more = f" and {len(model.totals.uncounted) - 4} more" if len(model.totals.uncounted) > 4 else ""
    return f"the MACs of {uncounted}{more} are not counted"

"""Does a model break a rule?

One function a rule: from what was found, and what is asked, to objections. Each looks at the report alone. No message
holds a name from the model's file unless it must; where it must, the reporters escape it.
"""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from shortcut_audit.gate.settings import Budget, Settings
from shortcut_audit.gate.sizes import allowed
from shortcut_audit.report import KINDS, Change, Comparison, ModelReport, Shape, Shortcut, Side, Step
from shortcut_audit.wording import counted, exact, shape, short


@dataclass(frozen=True, slots=True)
class Case:
    """One model before the judge."""

    model: ModelReport
    settings: Settings
    comparison: Comparison | None
    """None when there is no baseline."""
    shortcuts: Mapping[str, Shortcut]
    """The model's shortcuts by key."""

    def changes(self) -> tuple[Change, ...]:
        """The shortcuts that are not as they were accepted."""
        return () if self.comparison is None else self.comparison.changes

    def is_on(self, rule: str) -> bool:
        """Whether a rule has not been switched off."""
        return self.settings.rules.get(rule) != "off"


@dataclass(frozen=True, slots=True)
class Objection:
    """What a rule objects to."""

    shortcut: str | None
    """Key of the shortcut; None when it is about the model."""
    message: str


# --- what the configuration asks for ---


def extra_parameters_over_budget(case: Case) -> Iterator[Objection]:
    """The learned scalars on shortcuts exceed `max-extra-parameters`."""
    budget, total = case.settings.max_extra_parameters, case.model.totals.parameters
    extra = case.model.summary.extra_parameters
    if budget is not None and extra > budget.most(total):
        yield Objection(None, _over("learned parameters", extra, total, budget))


def extra_macs_over_budget(case: Case) -> Iterator[Objection]:
    """The MACs of shortcuts exceed `max-extra-macs`. What cannot be known is `cost_unknown`'s."""
    budget, totals, summary = case.settings.max_extra_macs, case.model.totals, case.model.summary
    if budget is None or (budget.relative and totals.lower_bound):
        return
    if allowed(summary.extra_macs_formula, budget, totals.macs_formula) is False:
        if summary.extra_macs is not None and (totals.macs is not None or not budget.relative):
            yield Objection(None, _over("MACs", summary.extra_macs, totals.macs or 0, budget))
        else:
            spent, whole = short(summary.extra_macs_formula), short(totals.macs_formula)
            yield Objection(None, f"the shortcuts take {spent} MACs of {whole}; the budget is {budget.text}")


def _over(unit: str, extra: int, total: int, budget: Budget) -> str:
    most = budget.most(total)
    share = f" ({budget.text} of {exact(total)})" if budget.relative else ""
    return (
        f"the shortcuts take {exact(extra)} {unit}; the budget is {exact(most)}{share}: {exact(extra - most)} too many"
    )


def too_many_projections(case: Case) -> Iterator[Objection]:
    """More shortcuts are projections than `max-projections` allows."""
    most, found = case.settings.max_projections, case.model.summary.projection
    if most is not None and found > most:
        are = "shortcut is a projection" if found == 1 else "shortcuts are projections"
        yield Objection(None, f"{exact(found)} {are}; at most {exact(most)} may be")


def kind_not_allowed(case: Case) -> Iterator[Objection]:
    """A shortcut's kind is not among `allowed-kinds`."""
    allowed = case.settings.allowed_kinds
    if allowed is None:
        return
    for shortcut in case.model.shortcuts:
        if shortcut.kind not in allowed:
            listed = ", ".join(allowed) or "no shortcut at all"
            yield Objection(shortcut.key, f"{_described(shortcut)}; allowed here: {listed}")


def cost_unknown(case: Case) -> Iterator[Objection]:
    """A budget or a baseline cannot be checked, because a cost is unknown: it fails closed.

    1. A budget on MACs, and the MACs of a shortcut, or of the model that a share refers to, are unknown. 2. The same
    budget, and an op is not counted: what it hides may be a shortcut. 3. MACs that were known when they were accepted.
    """
    if case.settings.max_extra_macs is not None:
        summary, totals = case.model.summary, case.model.totals
        decided = allowed(summary.extra_macs_formula, case.settings.max_extra_macs, totals.macs_formula)
        if decided is None or totals.lower_bound:
            yield Objection(None, f"max-extra-macs cannot be checked: {_obstacle(case.model)}")
    lost = sum(change.cost == "unknown" for change in case.changes())
    if lost:
        yield Objection(
            None,
            f"the MACs of {counted(lost, 'shortcut')} were known when they were accepted and are not now: "
            f"{_obstacle(case.model)}",
        )


def _obstacle(model: ModelReport) -> str:
    if model.symbols and not model.totals.lower_bound:
        bindings = " ".join(f"--dim {shlex.quote(f'{symbol}=SIZE')}" for symbol in model.symbols[:4])
        return f"it depends on dimensions that are not bound; {bindings} would bind them"
    uncounted = ", ".join(model.totals.uncounted[:4]) or "some op"
    more = f" and {len(model.totals.uncounted) - 4} more" if len(model.totals.uncounted) > 4 else ""
    return f"the MACs of {uncounted}{more} are not counted"


# --- what was accepted ---


def identity_lost(case: Case) -> Iterator[Objection]:
    """A shortcut that let x through unchanged, or at least without a weight or a gate, no longer does."""
    for then, now in _pairs(case):
        if _lost(then, now):
            yield Objection(
                now.key, f"was {_kind(then)}, is now {_described(case.shortcuts[now.key])}. {_accept(case)}"
            )


def _lost(then: Side, now: Side) -> bool:
    was, now_is = KINDS.index(then.kind), KINDS.index(now.kind)
    return was < KINDS.index("gated") and was < now_is


def shortcut_removed(case: Case) -> Iterator[Objection]:
    """A shortcut that was accepted has gone."""
    for change in case.changes():
        if change.then is not None and change.now is None:
            at = f"from {shape(change.then.fork)} to {shape(change.then.merge)}"
            yield Objection(change.then.key, f"{_kind(change.then)} {at} is gone. {_accept(case)}")


def shortcut_cost_grew(case: Case) -> Iterator[Objection]:
    """A shortcut takes more parameters or MACs than were accepted; a lost identity is reported as that alone."""
    for change in case.changes():
        then, now = change.then, change.now
        if then is None or now is None or change.cost != "grew":
            continue
        if not (_lost(then, now) and case.is_on("identity-lost")):
            yield Objection(now.key, f"took {_price(then)}, now takes {_price(now)}. {_accept(case)}")


def shortcut_added(case: Case) -> Iterator[Objection]:
    """A shortcut that the baseline does not have, or a model."""
    if case.comparison is not None and case.comparison.counterpart is None:
        yield Objection(None, f"the baseline does not know this model: nothing was compared. {_accept(case)}")
    for change in case.changes():
        if change.then is None and change.now is not None:
            yield Objection(change.now.key, f"is new: {_described(case.shortcuts[change.now.key])}. {_accept(case)}")


def shortcut_improved(case: Case) -> Iterator[Objection]:
    """A shortcut is of a cheaper kind, or takes less, than was accepted."""
    for change in case.changes():
        then, now = change.then, change.now
        if then is None or now is None or change.cost in {"grew", "unknown"}:
            continue
        if KINDS.index(now.kind) < KINDS.index(then.kind):
            yield Objection(
                now.key, f"was {_kind(then)}, is now {_described(case.shortcuts[now.key])}. {_accept(case)}"
            )
        elif now.kind == then.kind and change.cost == "fell":
            yield Objection(now.key, f"took {_price(then)}, now takes {_price(now)}. {_accept(case)}")


def _pairs(case: Case) -> Iterator[tuple[Side, Side]]:
    return ((c.then, c.now) for c in case.changes() if c.then is not None and c.now is not None)


def _accept(case: Case) -> str:
    """The command that accepts the change, to be copied into a shell."""
    against = "FILE" if case.comparison is None else case.comparison.against
    file = shlex.quote(against) if against.endswith(".json") else "FILE.json"
    return f"To accept: shortcut-audit {shlex.quote(case.model.source)} --write-baseline {file}"


# --- what the literature advises ---


def avoidable_projection(case: Case) -> Iterator[Objection]:
    """A learned linear map stands where fork and merge have the same shape: the paper's option C."""
    for shortcut in case.model.shortcuts:
        linear = any(step.step_class == "linear" for step in shortcut.route)
        if linear and _known(shortcut.fork.shape) and shortcut.fork.shape == shortcut.merge.shape:
            yield Objection(
                shortcut.key,
                f"{_described(shortcut)}, where fork and merge are both {shape(shortcut.merge.shape)}: "
                "an identity would fit",
            )


def _known(shape: Shape) -> TypeGuard[tuple[int | str, ...]]:
    return shape is not None and None not in shape


def strided_pointwise_projection(case: Case) -> Iterator[Objection]:
    """A 1x1 convolution with a stride stands on a shortcut: it never reads most of its input."""
    for shortcut in case.model.shortcuts:
        for step in shortcut.route:
            kernels = [w.shape[2:] for w in step.weights if w.role == "weight" and len(w.shape) > 2]
            skipped = math.prod(step.strides)
            if skipped > 1 and kernels and all(size == 1 for size in kernels[0]):
                yield Objection(
                    shortcut.key,
                    f"its 1x1 convolution of stride {_stride(step)} reads one position in {skipped}",
                )


IMPEDIMENTS = {"scale": "a constant factor", "gate": "a gate", "diagonal": "a normalisation or a learned scale"}


def impeded_identity(case: Case) -> Iterator[Objection]:
    """A scale, a gate or a normalisation, and no linear map, stands on a shortcut that could be an identity."""
    for shortcut in case.model.shortcuts:
        classes = [step.step_class for step in shortcut.route]
        found = [words for step_class, words in IMPEDIMENTS.items() if step_class in classes]
        if found and "linear" not in classes:
            yield Objection(shortcut.key, f"{' and '.join(found)} on the shortcut: x does not pass unchanged")


def doubled_shortcut(case: Case) -> Iterator[Objection]:
    """One merge adds the same value twice, unchanged both times."""
    bare = [s for s in case.model.shortcuts if s.kind == "identity"]
    times = Counter((s.merge.name, s.fork.name) for s in bare)
    for shortcut in bare:
        count = times.pop((shortcut.merge.name, shortcut.fork.name), 0)
        if count > 1:
            yield Objection(shortcut.key, f"the same value is added {count} times by one merge: y = F(x) + {count}x")


# --- words ---


def _described(shortcut: Shortcut) -> str:
    details = [shortcut.weights_in_words] if shortcut.weights_in_words else []
    if shortcut.parameters or shortcut.macs != 0:
        details.append(_price(shortcut))
    return _article(shortcut.kind) + (f" ({'; '.join(details)})" if details else "")


def _kind(side: Side) -> str:
    return _article(side.kind) + (f" ({_price(side)})" if side.parameters or side.macs != 0 else "")


def _article(kind: str) -> str:
    return {"identity": "an identity", "parameter-free": "a parameter-free shortcut", "gated": "a gated shortcut",
            "projection": "a projection"}[kind]  # fmt: skip


def _price(side: Side | Shortcut) -> str:
    return f"{exact(side.parameters)} parameters, {exact(side.macs_formula)} MACs"


def _stride(step: Step) -> str:
    return "x".join(map(str, step.strides if len(set(step.strides)) > 1 else step.strides[:1]))

"""What should the reader know of a shortcut beyond its kind and its price?

Where experts differ the rules decide, and a note says why (theory: undecidable). Notes decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from shortcut_audit.account.describe import weights_of
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import row_of
from shortcut_audit.report.words import Kind
from shortcut_audit.search.found import Found
from shortcut_audit.search.marks import Mark
from shortcut_audit.search.routes import Route
from shortcut_audit.search.steps import Step

Check: TypeAlias = "Callable[[Found, Kind], str]"
"""What makes a note on a shortcut of a kind; an empty one where there is nothing to say."""


class Notes:
    """The notes on the shortcuts of a model. What there is to say of a route is said once for all that take it."""

    def __init__(self) -> None:
        self._said: dict[tuple[Route, Kind], tuple[str | None, ...]] = {}

    def on(self, found: Found, kind: Kind, *, tied: bool) -> tuple[str, ...]:
        """The notes on one shortcut, most important first. `tied`: other ops of the model read its weights, too."""
        said = self._said.get((found.way, kind))
        if said is None:
            said = tuple(None if check in OF_THE_MERGE else check(found, kind) for check in CHECKS)
            self._said[found.way, kind] = said
        notes = [known or check(found, kind) for check, known in zip(CHECKS, said, strict=True) if known != ""]
        notes += [told for mark, told in MARKED.items() if mark in found.marks]
        return (*filter(None, notes), *((TIED,) if tied else ()))


TIED = "its weights are tied: other ops read them, too, and they count once in the model's sums"


def _folded(found: Found, kind: Kind) -> str:
    """An eval export rewrites conv + BatchNorm into one conv: W_s gains a bias, and loses the norm's scale.

    A model that was never trained has a shift of zero, which exporters drop.
    """
    folded = [link.op for link in found.route if link.op.absorbs_norm]
    if not folded:
        return ""
    if any(weight.role == "bias" for op in folded for weight in weights_of(op)):
        return "the exporter folded a normalisation into W_s: its bias is that norm's shift, not a bias of the model's"
    return "the exporter folded a normalisation into W_s, and dropped its shift, which is zero: an untrained model"


def _subtracted(found: Found, kind: Kind) -> str:
    return "the shortcut is subtracted: y = F(x) - x" if found.operand.negated else ""


def _normalisation_only(found: Found, kind: Kind) -> str:
    steps = {link.step for link in found.route}
    if kind != "projection" or Step.LINEAR in steps or Step.DIAGONAL not in steps:
        return ""
    if all(row_of(link.op.kind).effect is Effect.SUM for link in found.route if link.step is Step.DIAGONAL):
        return "there is no W_s: a learned offset alone is added on the way"
    return "W_s is diagonal: a learned scale or a normalisation, no matrix"


def _bare_normalisation(found: Found, kind: Kind) -> str:
    if kind == "parameter-free" and any(link.step is Step.DIAGONAL for link in found.route):
        return "a normalisation without learned weights stands on the shortcut"
    return ""


def _fed(found: Found, kind: Kind) -> str:
    """Functional calls and exports without parameters hand a model its weights as they hand it data."""
    return "what it is multiplied with is fed to the model: weights, perhaps, of unknown number" if found.fed else ""


def _outside_gate(found: Found, kind: Kind) -> str:
    inside = {made for op in found.through for made in op.outputs} | {found.fork.id}
    gates = (link for link in found.route if link.step is Step.GATE)
    if any(given not in inside for link in gates for given in link.op.values()):
        return "the gate on the shortcut is fed from elsewhere than the fork: what computes it is not counted here"
    return ""


def _linear_branch(found: Found, kind: Kind) -> str:
    """RepVGG in training form, FPN laterals: by some readings these are parallel branches, not a residual."""
    if kind == "projection" and not found.residual.nonlinear:
        return "the residual branch is linear, too: it merely does more (mixes positions, or takes more MACs)"
    return ""


def _opaque_branch(found: Found, kind: Kind) -> str:
    unknown = sorted(found.residual.unknown)
    return f"not understood, taken for real work: {', '.join(unknown[:3])}" if unknown else ""


def _requantised(found: Found, kind: Kind) -> str:
    if any(row_of(link.op.kind).rounds for link in found.route):
        return "the shortcut is requantised on its way: its values are rounded"
    return ""


def _dropped(found: Found, kind: Kind) -> str:
    if any(row_of(link.op.kind).drops for link in found.route):
        return "a dropout stands on the shortcut; the graph is the training form, and is judged as it is in evaluation"
    return ""


def _selected(found: Found, kind: Kind) -> str:
    """Mixture of Depths, RT-DETR's queries: no weight is applied to what passes."""
    selections = (link for link in found.route if link.step is Step.SELECTION and row_of(link.op.kind).data)
    steered = any(
        isinstance(given, str) and slot not in row_of(link.op.kind).data
        for link in selections
        for slot, given in enumerate(link.op.inputs)
    )
    return "what passes is selected by an index that is computed: a score chooses, it scales nothing" if steered else ""


def _pooled(found: Found, kind: Kind) -> str:
    if any(row_of(link.op.kind).maximum for link in found.route):
        return "a maximum stands on the shortcut: it is fixed, but not linear"
    return ""


MARKED: Mapping[Mark, str] = {
    Mark.SIBLINGS: "it carries one slice of the fork, and the residual branch is computed from other slices (Res2Net)",
    Mark.JOINED: "the residual branch reads the fork joined with other values: a root of aggregated layers (DLA)",
    Mark.RESAMPLED: "what is added to it comes from another resolution: stages are fused (HRNet, feature pyramids)",
    Mark.POSITION_TERM: "W_s is a depthwise convolution beside attention: a position term of it, by another reading",
    Mark.RELATIVE_VALUES: "the fork are attention weights and W_s a table of relative positions (Shaw et al. 2018)",
    Mark.ADDED_AGAIN: "its fork is added in several sums: a position embedding, perhaps, that each layer adds again",
}
"""What is said of what the search has marked, most important first."""

CHECKS: tuple[Check, ...] = (
    _folded,
    _subtracted,
    _normalisation_only,
    _bare_normalisation,
    _fed,
    _outside_gate,
    _linear_branch,
    _opaque_branch,
    _requantised,
    _dropped,
    _selected,
    _pooled,
)
"""What makes notes, the most important first."""

OF_THE_MERGE = frozenset({_subtracted, _linear_branch, _opaque_branch})
"""Those that look at more than the route."""

"""What should the reader know of a shortcut beyond its kind and its price?

Where experts differ the rules decide, and a note says why (theory: undecidable). Notes decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from shortcut_audit.account.describe import adds_maps, weights_of
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import row_of
from shortcut_audit.report.words import Kind
from shortcut_audit.search.found import Found
from shortcut_audit.search.lineage import is_steered
from shortcut_audit.search.marks import Mark
from shortcut_audit.search.routes import Route
from shortcut_audit.search.steps import Step
from shortcut_audit.search.trails import Link

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
    if not found.route.any(_absorbs_norm):
        return ""
    if found.route.any(_absorbs_shift):
        return "the exporter folded a normalisation into W_s: its bias is that norm's shift, not a bias of the model's"
    return "the exporter folded a normalisation into W_s, and dropped its shift, which is zero: an untrained model"


def _subtracted(found: Found, kind: Kind) -> str:
    return "the shortcut is subtracted: y = F(x) - x" if found.operand.negated else ""


def _normalisation_only(found: Found, kind: Kind) -> str:
    if kind != "projection" or found.route.any(_is_linear) or not found.route.any(_is_diagonal):
        return ""
    if not found.route.any(_is_factor) and (found.fed or not found.route.any(adds_maps)):
        return "there is no W_s: a learned offset alone is added on the way"
    if found.route.any(_contracts):
        return "of W_s a diagonal is learned: a scale or a normalisation; its matrices are fixed"
    return "W_s is diagonal: a learned scale or a normalisation, no matrix"


def _bare_normalisation(found: Found, kind: Kind) -> str:
    if kind == "parameter-free" and found.route.any(_is_diagonal):
        return "a normalisation without learned weights stands on the shortcut"
    return ""


def _fed(found: Found, kind: Kind) -> str:
    """Functional calls and exports without parameters hand a model its weights as they hand it data."""
    return "what it is multiplied with is fed to the model: weights, perhaps, of unknown number" if found.fed else ""


def _outside_gate(found: Found, kind: Kind) -> str:

    def outside(link: Link) -> bool:
        read = link.op.values() if link.step is Step.GATE else ()
        return any(given != found.fork.id and found.through.maker(given) is None for given in read)

    if found.way.any(outside, _is_gate):
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
    if found.route.any(_rounds):
        return "the shortcut is requantised on its way: its values are rounded"
    return ""


def _dropped(found: Found, kind: Kind) -> str:
    if found.route.any(_drops):
        return "a dropout stands on the shortcut; the graph is the training form, and is judged as it is in evaluation"
    return ""


def _selected(found: Found, kind: Kind) -> str:
    """Mixture of Depths, RT-DETR's queries: no weight is applied to what passes."""
    steered = "what passes is selected by an index that is computed: a score chooses, it scales nothing"
    return steered if found.route.any(_is_steered) else ""


def _pooled(found: Found, kind: Kind) -> str:
    if found.route.any(_takes_maximum):
        return "a maximum stands on the shortcut: it is fixed, but not linear"
    return ""


def _absorbs_norm(link: Link) -> bool:
    return link.op.absorbs_norm


def _absorbs_shift(link: Link) -> bool:
    return link.op.absorbs_norm and any(weight.role == "bias" for weight in weights_of(link.op))


def _is_linear(link: Link) -> bool:
    return link.step is Step.LINEAR


def _contracts(link: Link) -> bool:
    return row_of(link.op.kind).effect is Effect.CONTRACTION


def _is_diagonal(link: Link) -> bool:
    return link.step is Step.DIAGONAL


def _is_factor(link: Link) -> bool:
    return link.step is Step.DIAGONAL and row_of(link.op.kind).effect is not Effect.SUM


def _is_gate(link: Link) -> bool:
    return link.step is Step.GATE


def _rounds(link: Link) -> bool:
    return row_of(link.op.kind).rounds


def _drops(link: Link) -> bool:
    return row_of(link.op.kind).drops


def _is_steered(link: Link) -> bool:
    return link.step is Step.SELECTION and is_steered(link.op)


def _takes_maximum(link: Link) -> bool:
    return row_of(link.op.kind).maximum


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

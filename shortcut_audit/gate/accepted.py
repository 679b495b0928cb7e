"""What was accepted of a model?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from shortcut_audit.algebra.settled import Costly
from shortcut_audit.frozen import frozen
from shortcut_audit.names import displayable
from shortcut_audit.report import OUTPUTS_TOLD_APART, Kind, ModelReport, Shape, Shortcut

COUNT_LIMIT = 10**100
"""No count of a model is as high. What is computed from counts below it stays small enough to compute."""


@frozen
class RouteStep:
    """One op on an accepted shortcut's route: what it did is in the roles and shapes of its learned tensors."""

    op: str
    weights: tuple[tuple[str, tuple[int, ...]], ...]
    """(role, shape) of each learned tensor."""
    absorbs_norm: bool = False
    """Whether the exporter folded a normalisation into it, whose shift it dropped where that is zero."""

    @property
    def dropped(self) -> int:
        """Elements of the shift that an exporter dropped: one for each channel that the weight makes."""
        kernels = [shape for role, shape in self.weights if role == "weight"]
        if not self.absorbs_norm or len(kernels) != 1 or len(self.weights) > 1:
            return 0
        return kernels[0][0] if kernels[0] else 0


@frozen
class AcceptedShortcut(Costly):
    """What a comparison needs to know of one shortcut."""

    key: str
    scope: str
    kind: Kind
    fork: Shape
    merge: Shape
    route: tuple[RouteStep, ...]
    parameters: int | None
    """None where it applied weights that were fed."""
    macs: int | None
    macs_formula: str | None = field(default=None, kw_only=True)
    """The MACs as a formula over the sizes that the model leaves open."""
    weight_layers: int
    """Weight layers of the residual branch that the shortcut skips."""
    outputs: tuple[int, ...] = ()
    """Which of the model's outputs depend on it, counted from 0. None are told in a baseline that is older."""

    @property
    def settled_parameters(self) -> int | None:
        """The shortcut's parameters, whether or not an exporter folded normalisations into weights.

        Eval-mode export folds BatchNorm's scale and shift, 2C numbers, into the convolution before it, which gains a
        bias of C instead (ResNet-18: 173,824 parameters before, 172,928 after). So the vectors that follow a matrix on
        the route (its bias, scales, shifts) count as one vector, however many there are, and so does the shift of a
        model that was never trained: it is zero, and was dropped. The price: one more vector after a matrix that has
        one already goes unnoticed.
        """
        if self.parameters is None:
            return None
        surplus, vectors, behind_matrix = 0, list[int](), False
        for step in self.route:
            for role, shape in step.weights:
                if role == "weight":
                    surplus += _foldable(vectors) if behind_matrix else 0
                    vectors, behind_matrix = [], True
                else:
                    vectors.append(_elements(shape))
        surplus += _foldable(vectors) if behind_matrix else 0
        return max(self.parameters - surplus, 0) + sum(step.dropped for step in self.route)


def _elements(shape: Sequence[int]) -> int:
    """Elements of a tensor; of an absurd one, as many as can be counted in time."""
    count = 1
    for size in shape:
        count *= size
        if count > COUNT_LIMIT:
            break
    return count


def _foldable(vectors: Sequence[int]) -> int:
    return sum(vectors) - max(vectors, default=0)


@frozen
class AcceptedModel:
    """What was accepted of one model; its shortcuts in topological order."""

    source: str
    shortcuts: tuple[AcceptedShortcut, ...]
    unknown: int = 0
    """Additions that were not understood."""
    outputs: tuple[str, ...] = ()
    """Names of what the model hands back: of as many as its shortcuts tell apart."""
    whole: ModelReport | str | None = field(default=None, compare=False)
    """The whole report on it, or its text in JSON; None where no more was kept than is here."""


@frozen
class Baseline:
    """Every model that was accepted together, and the file that says so."""

    file: str
    models: tuple[AcceptedModel, ...]


def accept(model: ModelReport) -> AcceptedModel:
    """What there is to accept of a model that was audited just now."""
    shortcuts = tuple(_accept(shortcut) for shortcut in model.shortcuts)
    outputs = tuple(displayable(output.name) for output in model.outputs[:OUTPUTS_TOLD_APART])
    return AcceptedModel(model.source, shortcuts, model.summary.unknown, outputs)


def _accept(shortcut: Shortcut) -> AcceptedShortcut:
    return AcceptedShortcut(
        key=shortcut.key,
        scope=shortcut.scope,
        kind=shortcut.kind,
        fork=shortcut.fork.shape,
        merge=shortcut.merge.shape,
        route=tuple(
            RouteStep(s.op, tuple((w.role, w.shape) for w in s.weights), s.absorbs_norm) for s in shortcut.route
        ),
        parameters=shortcut.parameters,
        macs=shortcut.macs,
        macs_formula=shortcut.macs_formula,
        weight_layers=shortcut.span.weight_layers,
        outputs=shortcut.outputs,
    )

"""What is said of one place of a model: a shortcut, another addition, a joint, a layer, an op?"""

from __future__ import annotations

from dataclasses import field

from shortcut_audit.algebra.settled import Costly
from shortcut_audit.frozen import frozen
from shortcut_audit.report.words import Kind, Quantisation, Reason, Role, Shape


@frozen
class Source:
    """A line of Python."""

    file: str
    line: int


@frozen
class TensorInfo:
    """An input or an output of the model."""

    name: str
    shape: Shape
    dtype: str | None


@frozen
class WeightInfo:
    """A learned tensor on a shortcut."""

    name: str
    shape: tuple[int, ...]
    role: Role


@frozen
class Step:
    """One op on a shortcut's route, in order from fork to merge."""

    op: str
    name: str
    detail: str
    """The step in words: "1x1, stride 2, 64 -> 128"; empty where there is nothing to say."""
    step_class: str
    """What the step does to the value that it lets through: view, selection, scale, gate, diagonal, linear."""
    weights: tuple[WeightInfo, ...] = ()
    strides: tuple[int, ...] = ()
    """Strides of a convolution, one for each spatial axis; empty for any other op, and where they are not stated."""
    absorbs_norm: bool = False
    """Whether the exporter is known to have folded a normalisation into it: a bias is that norm's shift; where there is
    none, the shift was zero."""


@frozen
class ForkInfo:
    """The value from which shortcut and residual branch both start."""

    name: str
    shape: Shape


@frozen
class MergeInfo:
    """The addition that merges the shortcut."""

    op: str
    name: str
    shape: Shape
    source: Source | None = None
    also: tuple[str, ...] = ()
    """Names of the other additions folded into this n-ary sum."""
    after_layers: int = 0
    """How many of the model's `layers` come before it."""


@frozen
class Layer(Costly):
    """One weight layer: a contraction or recurrence with learned weights. A model's layers are its spine."""

    name: str
    op: str
    detail: str
    """The layer in words: "3x3, stride 2, 64 -> 128"; empty where there is nothing to say."""
    scope: str
    shape: Shape
    """The shape of what it makes."""
    parameters: int
    """Learned scalars that it reads; a tied tensor counts at each layer that reads it."""
    macs: int | None
    macs_formula: str | None = field(default=None, kw_only=True)
    shortcut: str | None = None
    """Key of the shortcut that it stands on; None for one of the main path."""
    source: Source | None = None

    @property
    def flops(self) -> int | None:
        """Floating point operations of the layer: 2 x MACs."""
        return None if self.macs is None else 2 * self.macs


@frozen
class Span(Costly):
    """What the shortcut skips: the residual branch."""

    weight_layers: int
    ops: int
    parameters: int | None
    """None where a layer applies weights, perhaps, that are fed to the model."""
    macs: int | None
    macs_formula: str | None = field(default=None, kw_only=True)


@frozen
class Shortcut(Costly):
    """One residual shortcut."""

    key: str
    """Stable across re-exports: the scope, and the position within it from the second on ("layer1.0", "layer1.0#1")."""
    scope: str
    kind: Kind
    merge: MergeInfo
    fork: ForkInfo
    route: tuple[Step, ...]
    weights_in_words: str
    """W_s as a person would say it: "conv 1x1/2, 64 -> 128, no bias + BN"; empty without learned weights."""
    has_weight: bool
    has_bias: bool
    parameters: int | None
    """None where it applies what may be weights that the caller brings."""
    macs: int | None
    macs_formula: str | None = field(default=None, kw_only=True)
    elementwise_adds: int | None
    """(operands - 1) x elements of the merge."""
    elementwise_adds_formula: str | None = field(default=None, kw_only=True)
    held_bytes: int | None
    """Bytes of the fork value, kept alive while the residual branch runs."""
    held_bytes_formula: str | None = field(default=None, kw_only=True)
    span: Span
    notes: tuple[str, ...] = ()
    quantisation: Quantisation = "none"
    """Which of the operands of its merge come from integers, and whether by the same scale and zero point."""
    first_layer: int | None = None
    """The first of the model's `layers` that it leads around, counted from 0; None where it skips none."""
    last_layer: int | None = None
    outputs: tuple[int, ...] = ()
    """Which of the model's first 16 `outputs`, counted from 0, depend on its merge."""

    @property
    def flops(self) -> int | None:
        """Floating point operations of the shortcut: 2 x MACs."""
        return None if self.macs is None else 2 * self.macs


@frozen
class OtherAdd:
    """An addition that is no residual merge, and why."""

    name: str
    op: str
    shape: Shape
    reason: Reason
    detail: str = ""
    """What exactly, in words; shown by -v."""
    also: tuple[str, ...] = ()
    source: Source | None = None


@frozen
class Concatenation:
    """A joint of values with what was computed from them: DenseNet, U-Net. It is no shortcut."""

    name: str
    shape: Shape
    source: Source | None
    joins: tuple[str, ...]
    """The values that are carried over: those from which others of the joint were computed."""


@frozen
class Uncounted:
    """An op whose MACs nobody knows."""

    op: str
    name: str
    why: str
    """A sentence: what stands in the way, and what to do."""

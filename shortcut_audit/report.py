"""What has the audit found? (the nouns that come out)

Frozen, no trace of the graph: reporters, policy and baseline see nothing but this. The field
names are those of the JSON report (reporters/json.py), which `reporters/schema.json` describes.

Units: parameters are learned scalars; MACs are multiply-accumulates of contractions; FLOPs = 2 x MACs; bytes are bytes.
None always means "cannot be known", never 0. A cost that depends on sizes which the model leaves open is no number:
beside each stands the same as a formula over them (`macs_formula`; algebra/formula.py gives the grammar).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, fields, replace
from typing import Any, Literal, TypeAlias, get_args

from shortcut_audit.algebra.settled import Costly, settled
from shortcut_audit.frozen import frozen

Kind: TypeAlias = Literal["identity", "parameter-free", "gated", "projection"]
KINDS: tuple[Kind, ...] = ("identity", "parameter-free", "gated", "projection")
Option: TypeAlias = Literal["A", "B", "C", "mixed", "undecided", "none"]
"""Undecided: whether dimensions change where it matters depends on sizes that are open or unknown."""
Reason: TypeAlias = Literal[
    "constant operand",
    "broadcast",
    "independent sources",
    "parallel branches",
    "elementwise expression",
    "attention logits",
    "interpolation",
    "average",
    "cancelled",
    "normalisation",
    "weighted stack",
    "not understood",
]
"""Why an addition is no residual merge. The phrases are stable; theory.md has a section for each."""
REASONS: tuple[Reason, ...] = get_args(Reason)
Level: TypeAlias = Literal["error", "warning", "note"]
Trend: TypeAlias = Literal["same", "grew", "fell", "unknown"]
Quantisation: TypeAlias = Literal["none", "alike", "scales differ", "branch only", "shortcut only"]
Role: TypeAlias = Literal["weight", "bias", "scale"]
Shape: TypeAlias = tuple[int | str | None, ...] | None


@frozen
class Source:
    """A line of Python."""

    file: str
    line: int


@frozen
class TensorInfo:
    """An input of the model."""

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
    parameters: int
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
    parameters: int
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
class Totals(Costly):
    """The whole model."""

    ops: int
    adds: int
    parameters: int
    buffers: int
    macs: int | None
    macs_formula: str | None = field(default=None, kw_only=True)
    lower_bound: bool
    """True when an op is uncounted or unshaped: `macs` is then at least so much."""
    uncounted: tuple[str, ...]
    """Operators whose MACs are not in `macs`, by name, sorted."""
    constant_macs: int | None = 0
    """MACs of ops that read constants alone, not in `macs`: an eager pass runs them, a deployer folds them."""
    active_parameters: int | None = None
    """Learned scalars that one token goes through: all but those of experts that it is not sent to. None: unknown."""
    untied_parameters: int | None = None
    """Learned scalars if no two modules shared a tensor: exporters store equal tensors once, such as those of untrained
    layers. None: not counted."""
    parameters_lower_bound: bool = False
    """True when weights are fed to the model or drawn at random, or read by an operator that is not understood:
    `parameters` is then at least so much."""

    @property
    def flops(self) -> int | None:
        """Floating point operations of one forward pass: 2 x MACs."""
        return None if self.macs is None else 2 * self.macs


@frozen
class Price(Costly):
    """Parameters and MACs of the whole model under one of the paper's options."""

    parameters: int | None
    parameters_formula: str | None = field(default=None, kw_only=True)
    macs: int | None
    macs_formula: str | None = field(default=None, kw_only=True)


@frozen
class WhatIf:
    """He et al. 2015, section 3.3: the model with other shortcuts. `plain` is the model without any."""

    A: Price
    B: Price
    C: Price
    plain: Price


@frozen
class Summary(Costly):
    """The shortcuts taken together."""

    identity: int
    parameter_free: int
    gated: int
    projection: int
    extra_parameters: int | None
    """Learned scalars on shortcuts, each tensor once."""
    extra_macs: int | None
    extra_macs_formula: str | None = field(default=None, kw_only=True)
    elementwise_adds: int | None
    elementwise_adds_formula: str | None = field(default=None, kw_only=True)
    held_bytes: int | None
    """The largest `held_bytes` of any one shortcut."""
    held_bytes_formula: str | None = field(default=None, kw_only=True)
    option: Option
    what_if: WhatIf
    unknown: int = 0
    """Additions of which nobody knows whether they merge a shortcut, or of what kind: an op is not understood. What all
    shortcuts cost together is None then."""

    @property
    def extra_flops(self) -> int | None:
        """Floating point operations on shortcuts: 2 x MACs."""
        return None if self.extra_macs is None else 2 * self.extra_macs

    @property
    def shortcuts(self) -> int:
        """How many shortcuts there are, of any kind."""
        return self.identity + self.parameter_free + self.gated + self.projection


@frozen
class Uncounted:
    """An op whose MACs nobody knows."""

    op: str
    name: str
    why: str
    """A sentence: what stands in the way, and what to do."""


@frozen
class Declared:
    """An operator of which somebody says what it does: the configuration, or the caller."""

    op: str
    declared_as: str


@frozen
class ModelReport:
    """What was found in one model."""

    source: str
    format: str
    origin: str
    """"opset 17, pytorch 2.5.1": for the title line."""
    inputs: tuple[TensorInfo, ...]
    totals: Totals
    summary: Summary
    shortcuts: tuple[Shortcut, ...]
    other_adds: tuple[OtherAdd, ...]
    symbols: tuple[str, ...] = ()
    """Dimensions that are not bound and on which a cost depends: --dim NAME=SIZE, or `at`, would settle them."""
    notes: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = ()
    """Its weight layers, in the order in which they are computed."""
    uncounted: tuple[Uncounted, ...] = ()
    """The ops whose MACs are not in `totals.macs`, in the order in which they are computed."""
    concatenations: tuple[Concatenation, ...] | None = ()
    """Joints of values with what was computed from them; None where there are too many in one another to tell."""
    declared: tuple[Declared, ...] = ()
    """The operators whose meaning was declared, and not read from the model."""

    def at(self, sizes: Mapping[str, int] | None = None, /, **named: int) -> ModelReport:
        """The same report with open sizes settled: `report.at(batch=8)`; `report.at({"x[0]": 8})` for odd names.

        Every cost, share and what-if is then what auditing with these `dims` gives.
        """
        given = {**(sizes or {}), **named}
        left = tuple(symbol for symbol in self.symbols if symbol not in given)
        return replace(settled(self, given), symbols=left)

    def to_dict(self) -> dict[str, Any]:
        """The model's entry in the JSON report, names as they are in the file."""
        return _fields(self)


@frozen
class Side(Costly):
    """A shortcut as one side of a comparison has it."""

    key: str
    kind: Kind
    fork: Shape
    merge: Shape
    parameters: int
    macs: int | None
    macs_formula: str | None = field(default=None, kw_only=True)


@frozen
class Change:
    """A shortcut that is not as it was accepted."""

    then: Side | None
    """The shortcut as it was accepted; None for one that appeared."""
    now: Side | None
    """The shortcut as it is; None for one that disappeared."""
    cost: Trend
    """What became of its price. Vectors that an exporter folds away, or leaves standing, are no change."""


@frozen
class Comparison:
    """A model beside what was accepted of it."""

    source: str
    against: str
    """The baseline, as the user named it."""
    counterpart: str | None
    """The model's name in the baseline; None where the baseline does not know the model."""
    unchanged: int
    """Shortcuts of the same kind and cost as then."""
    changes: tuple[Change, ...] = ()
    layers_added: tuple[Layer, ...] | None = None
    """Layers that the other model does not have; None against a baseline, which holds no layers."""
    layers_removed: tuple[Layer, ...] | None = None
    known: int = 0
    """How many models the baseline knows."""
    unknown: int = 0
    """Additions that were not understood when the model was accepted."""
    renamed: bool = False
    """Whether the counterpart was found by its structure, under a name that is gone."""


@frozen
class Finding:
    """One objection of one rule."""

    rule: str
    level: Level
    source: str
    shortcut: str | None
    """Key of the shortcut it is about; None when it is about the model."""
    message: str


@frozen
class Failure:
    """A source that could not be audited, and why, in one line."""

    source: str
    message: str


@frozen
class AuditReport:
    """Everything one run has to say."""

    version: str
    models: Sequence[ModelReport]
    """In the order of the sources: a tuple, or, where they are many, a sequence that reads each when it is wanted."""
    findings: tuple[Finding, ...] = ()
    errors: tuple[Failure, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    """One for each model that was held against a baseline, in the models' order."""

    def to_dict(self) -> dict[str, Any]:
        """The JSON report as lists and dictionaries, names as they are in the file."""
        found = _fields(self)
        return {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "shortcut-audit", "version": found.pop("version")},
            **found,
        }


SCHEMA_VERSION = 1
"""Version of the JSON report; another number means that a field was dropped or has another meaning."""

_DERIVED = {"macs": "flops", "extra_macs": "extra_flops"}
"""A field, and the property that is reported after it by the nouns that have it."""


def _fields(noun: Any) -> dict[str, Any]:
    """The fields of one noun by name, with what is derived from them. Nouns nest a few levels deep."""
    found: dict[str, Any] = {}
    for each in fields(noun):
        found[each.name] = _plain(getattr(noun, each.name))
        derived = _DERIVED.get(each.name)
        if derived is not None and hasattr(noun, derived):
            found[derived] = getattr(noun, derived)
    return found


def _plain(thing: Any) -> Any:
    if isinstance(thing, Sequence) and not isinstance(thing, str):
        return [_plain(item) for item in thing]
    return thing if thing is None or isinstance(thing, str | int) else _fields(thing)

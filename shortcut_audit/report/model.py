"""What is said of one model?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from shortcut_audit.algebra.settled import Costly, settled
from shortcut_audit.frozen import frozen, replace
from shortcut_audit.report.places import Concatenation, Layer, OtherAdd, Shortcut, TensorInfo, Uncounted
from shortcut_audit.report.words import Option
from shortcut_audit.report.written import as_dictionary


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
class Declared:
    """An operator of which somebody says what it does: the configuration, or the caller."""

    op: str
    declared_as: str
    nodes: int
    """How many nodes of the model are of it."""


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
    """The model's weight layers, in the order in which they are computed."""
    uncounted: tuple[Uncounted, ...] = ()
    """The ops whose MACs are not in `totals.macs`, in the order in which they are computed."""
    concatenations: tuple[Concatenation, ...] | None = ()
    """Joints of values with what was computed from them; None only in a report of an earlier version."""
    declared: tuple[Declared, ...] = ()
    """The operators whose meaning was declared, and not read from the model."""
    outputs: tuple[TensorInfo, ...] = ()

    def at(self, sizes: Mapping[str, int] | None = None, /, **named: int) -> ModelReport:
        """The report with open sizes settled: `report.at(batch=8)`; `report.at({"x[0]": 8})` for odd names.

        Every cost, share and what-if is then what auditing with these `dims` gives.
        """
        given = {**(sizes or {}), **named}
        left = tuple(symbol for symbol in self.symbols if symbol not in given)
        return replace(settled(self, given), symbols=left)

    def to_dict(self) -> dict[str, Any]:
        """The model's entry in the JSON report, names as they are in the file."""
        return as_dictionary(self)

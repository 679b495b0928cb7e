"""What is said of a whole run: of its models, of what was accepted, of rules and failures?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

from shortcut_audit.algebra.settled import Costly
from shortcut_audit.frozen import frozen, replace
from shortcut_audit.report.model import ModelReport
from shortcut_audit.report.places import Layer
from shortcut_audit.report.words import Kind, Level, Shape, Trend
from shortcut_audit.report.written import UNWRITTEN, as_dictionary

SCHEMA_VERSION = 1
"""Version of the JSON report; another number means that a field was dropped or has another meaning."""


@frozen
class Side(Costly):
    """A shortcut as one side of a comparison has it."""

    key: str
    kind: Kind
    fork: Shape
    merge: Shape
    parameters: int | None
    macs: int | None
    macs_formula: str | None = field(default=None, kw_only=True)
    weight_layers: int = field(default=0, kw_only=True, metadata=UNWRITTEN)
    """How many weight layers it leads around."""


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
class Detached:
    """A shortcut on which an output depended when it was accepted, and does not any more."""

    key: str
    """The shortcut's key, as it is."""
    output: str


@frozen
class LayerChange:
    """A layer that is another one in the other model."""

    then: Layer
    now: Layer


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
    layers_changed: tuple[LayerChange, ...] | None = None
    """Layers that stand where another one stood, in the order of the model as it is now."""
    layers_unchanged: int | None = None
    """Layers that do the same as one of the other model."""
    known: int = 0
    """How many models the baseline knows."""
    unknown: int = 0
    """Additions that were not understood when the model was accepted."""
    renamed: bool = False
    """Whether the counterpart was found by its structure, under a name that is gone."""
    detached: tuple[Detached, ...] = ()
    accepted: tuple[Side, ...] = field(default=(), metadata=UNWRITTEN)
    """Where something has changed, all shortcuts that were accepted, in order."""
    before: ModelReport | None = field(default=None, metadata=UNWRITTEN)
    """Where something has changed, the model as it was; None where the baseline holds its shortcuts alone."""


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
    failing: frozenset[Finding] | None = None
    """The findings that the run fails on; None: those at error level, as without a word on it."""

    def fails(self, finding: Finding) -> bool:
        """Whether the run fails on a finding."""
        return finding.level == "error" if self.failing is None else finding in self.failing

    def to_dict(self) -> dict[str, Any]:
        """The JSON report as lists and dictionaries, names as they are in the file."""
        found = as_dictionary(replace(self, failing=None))
        del found["failing"]  # a matter of the run, and no part of what was found
        return {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "shortcut-audit", "version": found.pop("version")},
            **found,
        }

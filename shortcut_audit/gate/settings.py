"""What may a model's shortcuts be, and cost? (the nouns of the configuration)

Filled by `config.py` and by the command line, read by `checks.py`. Frozen; a field left at its default asks nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from fractions import Fraction
from typing import Literal, TypeAlias

from shortcut_audit.frozen import frozen
from shortcut_audit.report import Level
from shortcut_audit.report.words import Kind

RuleLevel: TypeAlias = Literal["error", "warning", "note", "off"]
FailOn: TypeAlias = Literal["error", "warning", "never"]
RULE_LEVELS: tuple[RuleLevel, ...] = ("error", "warning", "note", "off")
FAIL_ON: tuple[FailOn, ...] = ("error", "warning", "never")

LEVELS: tuple[Level, ...] = ("error", "warning", "note")
"""Gravest first."""


@frozen
class Budget:
    """The most that shortcuts may add: so many, or a share of the whole model."""

    text: str
    """The bound as it was written: "1.5M", "5%"."""
    limit: Fraction
    """A count; of a share, the fraction of the model."""
    relative: bool = False

    def most(self, total: int) -> int:
        """The largest whole number that is allowed in a model of `total`."""
        return int(self.limit * total) if self.relative else int(self.limit)


@frozen
class Settings:
    """What is asked of one model."""

    max_extra_parameters: Budget | None = None
    max_extra_macs: Budget | None = None
    max_parameters: Budget | None = None
    """The most that the whole model may take; no share."""
    max_macs: Budget | None = None
    max_held_memory: Budget | None = None
    """Bytes."""
    max_projections: int | None = None
    min_identities: int | None = None
    allowed_kinds: tuple[Kind, ...] | None = None
    rules: Mapping[str, RuleLevel] = field(default_factory=dict)
    """Levels of rules that differ from the rules' own."""
    fail_on: FailOn = "error"
    baseline: str | None = None
    """Path of the baseline, to be opened as it stands here."""
    dims: Mapping[str, int] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    """Shapes of inputs, each written as `--input` takes it: [NAME=]1x3x224x224[:dtype]."""
    file: str = ""
    """The configuration that says all this, as the current folder sees it; empty where there is none."""


@frozen
class Ignore:
    """Findings that somebody has looked at and decided to live with."""

    rule: str
    model: str
    """Glob over the model's path; "*" for all."""
    shortcut: str
    """Glob over the shortcut's key; "*" for all, and for findings on the model."""
    reason: str
    expires: date | None = None
    """The first day on which it no longer holds."""

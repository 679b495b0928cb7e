"""What stands before the judge, and what is an objection?"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from shortcut_audit.frozen import frozen
from shortcut_audit.gate.settings import Settings
from shortcut_audit.report import Change, Comparison, ModelReport, Shortcut, Side
from shortcut_audit.report.wording import exact


@frozen
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

    def acceptance(self) -> str:
        """The command that accepts a change."""
        return acceptance(self.model.source, None if self.comparison is None else self.comparison.against)


def acceptance(source: str, against: str | None) -> str:
    """The command that accepts what a model is now, to be copied into a shell."""
    file = shlex.quote(against) if against is not None and against.endswith(".json") else "FILE.json"
    return f"To accept: shortcut-audit {shlex.quote(source)} --write-baseline {file}"


@frozen
class Objection:
    """What a rule objects to. No message holds a name from the model's file unless it must; reporters escape it."""

    shortcut: str | None
    """Key of the shortcut; None when it is about the model."""
    message: str


def described(shortcut: Shortcut) -> str:
    """A shortcut in words: "a projection (conv 1x1, 8 -> 8, no bias; 64 parameters, 1,024 MACs)"."""
    details = [shortcut.weights_in_words] if shortcut.weights_in_words else []
    if shortcut.parameters or shortcut.macs != 0:
        details.append(price(shortcut))
    return article(shortcut.kind) + (f" ({'; '.join(details)})" if details else "")


def kind_of(side: Side) -> str:
    """The kind of one side of a comparison in words, with its price."""
    return article(side.kind) + (f" ({price(side)})" if side.parameters or side.macs != 0 else "")


def article(kind: str) -> str:
    """A kind as a thing: "an identity"."""
    return {"identity": "an identity", "parameter-free": "a parameter-free shortcut", "gated": "a gated shortcut",
            "projection": "a projection"}[kind]  # fmt: skip


def price(side: Side | Shortcut) -> str:
    """What a shortcut takes: "64 parameters, 1,024 MACs"."""
    return f"{exact(side.parameters)} parameters, {exact(side.macs)} MACs"

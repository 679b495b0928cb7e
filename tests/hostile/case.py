"""What is a hostile file, and what must come of it?"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Maker = Callable[[Path], Path | str]
"""Writes a file, and what belongs to it, into an empty folder; returns the file, or its name in that folder."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the command made of a file."""

    source: str
    """As it stood on the command line."""
    status: int
    document: dict[str, Any]
    """The JSON report."""
    errors: list[str]
    """The lines on stderr."""
    outputs: dict[str, str] = field(default_factory=dict)
    """Every format by its name."""

    @property
    def model(self) -> dict[str, Any]:
        """The report on the one model."""
        assert self.status in {0, 1}, self.errors
        (model,) = self.document["models"]
        assert isinstance(model, dict)
        return model


ANYTHING = ".*"
"""What stands for notes of whatever kind, or none."""

UNREAD = "^144 parameters in 1 tensor are read by nothing that the outputs need; not counted$"
"""The note where nothing computes with the clean twin's weight, or with another one of its shape: 4 x 4 x 3 x 3."""

DEAD = "^1 op leads to no output of the model: "
"""The note where nothing needs what one op makes."""

Check = Callable[[Result], None]


@dataclass(frozen=True, slots=True)
class Case:
    """A row of the list of hostile files."""

    what: str
    make: Maker
    check: Check
    """Raises AssertionError unless the result is what must come of this file."""


def reject(what: str, make: Maker, reason: str) -> Case:
    """A file that must be refused, for a reason that this regular expression finds."""

    def check(result: Result) -> None:
        assert result.status == 2, result.document["models"]
        assert result.document["models"] == []
        (line,) = result.errors
        assert line.startswith("shortcut-audit: ")
        assert re.search(reason, line), line

    return Case(what, make, check)


def same(what: str, make: Maker, note: str = "") -> Case:
    """A file that must be audited like its clean twin: a 3x3 convolution with an identity around it.

    `note`: a regular expression that one of the report's notes must match; none is allowed where it is empty.
    """

    def check(result: Result) -> None:
        # 4x4x3x3 = 144 weights, each applied at 8x8 = 64 positions; 1x4x8x8 = 256 elements added.
        check_numbers(result, identity=1, parameters=144, macs=9216, elementwise_adds=256)
        check_notes(result, note)

    return Case(what, make, check)


def audited(what: str, make: Maker, note: str = "", **numbers: Any) -> Case:
    """A file that must be audited with these numbers in the report; `note` as in `same`."""

    def check(result: Result) -> None:
        check_numbers(result, **numbers)
        check_notes(result, note)

    return Case(what, make, check)


def check_numbers(result: Result, **numbers: Any) -> None:
    """Raises AssertionError unless the report says so: of the kinds, the totals, the summary, or `reasons`.

    A kind that is not named is one that must not be found.
    """
    model = result.model
    found = {**model["summary"], **model["totals"], "reasons": [other["reason"] for other in model["other_adds"]]}
    wanted = {"identity": 0, "parameter_free": 0, "gated": 0, "projection": 0, **numbers}
    said = {name: found[name] for name in wanted}
    assert said == wanted, said


def check_notes(result: Result, note: str) -> None:
    notes = result.model["notes"]
    if note == ANYTHING:
        return
    if note:
        assert any(re.search(note, said) for said in notes), notes
    else:
        assert notes == []

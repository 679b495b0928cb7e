"""How does a report become GitLab's code quality? (https://docs.gitlab.com/ci/testing/code_quality)

An array with an issue for each finding, and a blocker for each model that could not be audited: the widget of a merge
request shows both, and an array without issues would be green.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from shortcut_audit.names import PATH_LIMIT, displayable, displayable_text
from shortcut_audit.report import AuditReport, Finding, Level
from shortcut_audit.reporters import WHOLE, Style
from shortcut_audit.reporters.json import dumped
from shortcut_audit.reporters.shared.fingerprints import fingerprints
from shortcut_audit.reporters.shared.grouped import gravest_first
from shortcut_audit.reporters.shared.locations import Place, Places, about

SEVERITIES: dict[Level, str] = {"error": "major", "warning": "minor", "note": "info"}
NOT_AUDITED = "not-audited"
"""The check that a source which could not be audited has not passed; no rule of the gate has this name."""


def format(report: AuditReport, style: Style = WHOLE) -> str:  # noqa: A001 -- what every reporter's function is called
    """The issues, gravest first, as ASCII JSON."""
    return dumped([*_failures(report), *_findings(report)], indent=1) + "\n"


def _failures(report: AuditReport) -> Iterator[dict[str, Any]]:
    marks = fingerprints(Finding(NOT_AUDITED, "error", failure.source, None, "") for failure in report.errors)
    for failure, mark in zip(report.errors, marks, strict=True):
        yield _issue(NOT_AUDITED, "blocker", failure.message, mark, Place(failure.source, 1, in_code=False))


def _findings(report: AuditReport) -> Iterator[dict[str, Any]]:
    places, ranked = Places(report), gravest_first(report.findings)
    for finding, mark in zip(ranked, fingerprints(ranked), strict=True):
        place = places.of(finding)
        yield _issue(finding.rule, SEVERITIES[finding.level], _said(finding, place), mark, place)


def _said(finding: Finding, place: Place) -> str:
    return ": ".join(filter(None, [about(finding, place), finding.message]))


def _issue(check: str, severity: str, said: str, mark: str, place: Place) -> dict[str, Any]:
    """One issue. GitLab takes paths relative to the repository, without "./" before them."""
    path = displayable(str(PurePosixPath(place.file)), PATH_LIMIT)
    return {
        "description": displayable_text(said),
        "check_name": check,
        "fingerprint": mark,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": place.line}},
    }

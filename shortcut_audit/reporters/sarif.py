"""How does a report become code-scanning alerts? (SARIF 2.1.0)

One run, every rule with its help, a result for each finding, a notification for each model that could not be audited.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from shortcut_audit.gate.rules import RULES, Rule
from shortcut_audit.names import displayable, displayable_text
from shortcut_audit.report import AuditReport, Failure, Finding
from shortcut_audit.report.wording import exact
from shortcut_audit.reporters import WHOLE, Style
from shortcut_audit.reporters.json import dumped
from shortcut_audit.reporters.shared import changed
from shortcut_audit.reporters.shared.fingerprints import fingerprints
from shortcut_audit.reporters.shared.grouped import gravest_first
from shortcut_audit.reporters.shared.locations import Place, Places, about

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
RESULTS = 5_000
"""GitHub shows no more results of a run, and refuses 25,000 (its page "SARIF support for code scanning")."""


def format(report: AuditReport, style: Style = WHOLE) -> str:  # noqa: A001 -- what every reporter's function is called
    """The SARIF log, as ASCII JSON."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report)]}
    return dumped(log, indent=1) + "\n"


def _run(report: AuditReport) -> dict[str, Any]:
    ranked = gravest_first(report.findings)
    return {
        "tool": {
            "driver": {
                "name": "shortcut-audit",
                "version": report.version,
                "rules": [_rule(rule) for rule in RULES],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not report.errors,
                "toolExecutionNotifications": [
                    *map(_failure, report.errors),
                    *_left_out(len(ranked) - RESULTS),
                    *({"level": "note", "message": {"text": _escaped(line)}} for line in changed.told(report)),
                ],
            }
        ],
        "results": _results(ranked[:RESULTS], Places(report)),
    }


def _rule(rule: Rule) -> dict[str, Any]:
    parts = (("What", rule.what), ("Why", rule.why), ("Example", rule.example), ("Fix", rule.fix))
    return {
        "id": rule.id,
        "name": rule.id,
        "shortDescription": {"text": _escaped(rule.what)},
        "fullDescription": {"text": _escaped(f"{rule.what} {rule.why}")},
        "help": {
            "text": _escaped("\n".join(f"{label}: {text}" for label, text in parts)),
            "markdown": "\n\n".join(f"**{label}**: {text}" for label, text in parts),
        },
        "defaultConfiguration": {"enabled": False} if rule.level == "off" else {"level": rule.level},
        "properties": {"tags": ["residual-connections"]},
    }


def _results(findings: Sequence[Finding], places: Places) -> list[dict[str, Any]]:
    numbers = {rule.id: number for number, rule in enumerate(RULES)}
    results = []
    for finding, mark in zip(findings, fingerprints(findings), strict=True):
        place = places.of(finding)
        said = ": ".join(filter(None, [about(finding, place), displayable_text(finding.message)]))
        results.append(
            {
                "ruleId": finding.rule,
                "ruleIndex": numbers[finding.rule],
                "level": finding.level,
                "message": {"text": _escaped(said)},
                "locations": [_location(place, finding.shortcut)],
                "partialFingerprints": {"primaryLocationLineHash": mark},
            }
        )
    return results


def _location(place: Place, key: str | None) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": _physical(place.file, place.line)}
    if place.node:
        location["logicalLocations"] = [
            {
                "name": displayable(place.node),
                "fullyQualifiedName": displayable(key or place.node),
                "kind": "element",
            }
        ]
    return location


def _physical(file: str, line: int) -> dict[str, Any]:
    return {"artifactLocation": _artifact(file), "region": {"startLine": line, "startColumn": 1}}


def _artifact(file: str) -> dict[str, str]:
    """The file as a percent-encoded URI: of a relative path, relative to the root of the repository."""
    path = str(PurePosixPath(file))  # without "./" and "//": what begins with "//" is an address of another machine
    encoded = quote(path.encode("utf-8", "surrogateescape" if _from_disk(path) else "surrogatepass"), safe="/")
    if encoded.startswith("/"):
        return {"uri": f"file:///{encoded.lstrip('/')}"}
    return {"uri": encoded, "uriBaseId": "%SRCROOT%"}


def _from_disk(file: str) -> bool:
    """Whether every lone surrogate stands for a byte of a file name that is no UTF-8 (PEP 383)."""
    return all(not 0xD800 <= ord(character) <= 0xDFFF or 0xDC80 <= ord(character) <= 0xDCFF for character in file)


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": _escaped(displayable_text(failure.message))},
        "locations": [{"physicalLocation": _physical(failure.source, 1)}],
    }


def _left_out(number: int) -> list[dict[str, Any]]:
    if number <= 0:
        return []
    text = f"{exact(number)} more findings are not in this log, which holds the {exact(RESULTS)} gravest"
    return [{"level": "warning", "message": {"text": text}}]


def _escaped(text: str) -> str:
    r"""A plain-text message. In it, SARIF (3.11.5, 3.11.6) reads braces as placeholders and brackets as links."""
    return text.replace("{", "{{").replace("}", "}}").replace("[", "\\[").replace("]", "\\]")

"""Does GitLab take the issues, and do they stay the same issues?"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema

from shortcut_audit.report import AuditReport, Failure, Finding, Source
from shortcut_audit.reporters import REPORTERS, Style, format_of, gitlab, sarif
from tests import goldens
from tests.reporters.examples import ESCAPES, HOSTILE, JUDGED, RESNET18, report

SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "pattern": "^[a-z-]+$"},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{16}:[0-9]+$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "minLength": 1, "pattern": r"^(?!\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""The fields of https://docs.gitlab.com/ci/testing/code_quality, "Code Quality report format"."""


def issues(audit: AuditReport) -> list[dict[str, Any]]:
    """The issues, which are held against the schema; no two have one fingerprint."""
    text = gitlab.format(audit)
    assert text.isascii()
    assert "##" not in text
    found = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert len({issue["fingerprint"] for issue in found}) == len(found)
    return list(found)


def test_the_issues() -> None:
    goldens.check("judged.gitlab.json", gitlab.format(JUDGED))


def test_severities_gravest_first() -> None:
    assert [(issue["check_name"], issue["severity"]) for issue in issues(JUDGED)] == [
        ("not-audited", "blocker"),
        ("identity-lost", "major"),
        ("too-many-projections", "minor"),
        ("strided-pointwise-projection", "info"),
    ]


def test_an_issue_stands_at_its_line_or_at_its_model() -> None:
    places = [issue["location"] for issue in issues(JUDGED)]
    assert places[0] == {"path": "broken.onnx", "lines": {"begin": 1}}
    assert places[1] == {"path": "net.py", "lines": {"begin": 101}}


def test_paths_are_relative_to_the_repository() -> None:
    audit = AuditReport(
        "0", (), tuple(Finding("model-missing", "error", name, None, "…") for name in ("./a.onnx", ".//b"))
    )
    assert [issue["location"]["path"] for issue in issues(audit)] == ["a.onnx", "b"]


def test_green_only_where_everything_was_audited() -> None:
    assert issues(report(RESNET18)) == []
    assert len(issues(AuditReport("0", (RESNET18,), errors=(Failure("bad.onnx", "empty"), Failure("", "memory"))))) == 2


def test_a_re_export_is_the_same_issue_and_the_same_alert() -> None:
    """Other node names and lines; the marks are those of the SARIF log."""
    moved = replace(
        RESNET18,
        shortcuts=tuple(
            replace(s, merge=replace(s.merge, name=f"node_{n}", source=Source("net.py", 300 + n)))
            for n, s in enumerate(RESNET18.shortcuts)
        ),
    )
    marks = [issue["fingerprint"] for issue in issues(JUDGED)]
    assert [issue["fingerprint"] for issue in issues(replace(JUDGED, models=(moved,)))] == marks
    results = json.loads(sarif.format(JUDGED))["runs"][0]["results"]
    assert [result["partialFingerprints"]["primaryLocationLineHash"] for result in results] == marks[1:]


def test_an_issue_that_is_not_audited_keeps_its_mark_whatever_else_fails() -> None:
    alone = issues(AuditReport("0", (), errors=(Failure("b.onnx", "empty"),)))
    both = issues(AuditReport("0", (), errors=(Failure("a.onnx", "empty"), Failure("b.onnx", "cut short"))))
    assert both[1]["fingerprint"] == alone[0]["fingerprint"]


def test_hostile_names_are_shown_and_do_nothing() -> None:
    attacks = (HOSTILE.source, *ESCAPES, "##vso[task.x]")
    findings = tuple(Finding("identity-lost", "error", name, name, name) for name in attacks)
    for issue in issues(AuditReport("0", (HOSTILE,), findings, tuple(Failure(name, name) for name in ESCAPES))):
        assert issue["description"].isprintable()
        assert issue["location"]["path"].isprintable()


def test_its_file_is_known_by_the_longest_suffix() -> None:
    assert format_of("r.gitlab.json") == "gitlab"
    assert format_of("gitlab.json") == "json"
    assert REPORTERS["gitlab"].render(JUDGED, Style()) == gitlab.format(JUDGED)

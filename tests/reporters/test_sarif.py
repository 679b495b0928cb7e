"""Is the log SARIF 2.1.0, and do alerts stay the same alerts?"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shortcut_audit.gate.rules import RULES
from shortcut_audit.report import AuditReport, Failure, Finding, Source
from shortcut_audit.reporters import sarif
from tests import goldens
from tests.reporters.examples import ESCAPES, HOSTILE, JUDGED, RESNET18, report

OFFICIAL = jsonschema.Draft4Validator(
    json.loads((Path(__file__).parent / "sarif-2.1.0.json").read_text(encoding="utf-8"))
)
URI = re.compile(r"(file:///)?([A-Za-z0-9._~/-]|%[0-9A-F]{2})+")
"""RFC 3986: an absolute file URI, or a relative reference whose first segment holds no colon."""

HOSTILE_RUN = AuditReport(
    "0.1.0",
    (HOSTILE,),
    tuple(
        Finding("identity-lost", "error", name, name, name)
        for name in (HOSTILE.source, *ESCAPES, "x:y", "[a](http://b)")
    ),
    tuple(Failure(name, name) for name in ESCAPES),
)


def run_of(audit: AuditReport) -> dict[str, Any]:
    """The one run of the log, which is checked against the official schema."""
    text = sarif.format(audit)
    assert text.isascii()
    log = json.loads(text)
    OFFICIAL.validate(log)
    (run,) = log["runs"]
    return dict(run)


def test_the_log() -> None:
    goldens.check("judged.sarif", sarif.format(JUDGED))


@pytest.mark.parametrize("audit", [JUDGED, HOSTILE_RUN, report(RESNET18), AuditReport("0", ())])
def test_the_log_keeps_to_the_official_schema(audit: AuditReport) -> None:
    assert run_of(audit)["tool"]["driver"]["name"] == "shortcut-audit"


def test_the_schema_does_refuse() -> None:
    log = json.loads(sarif.format(JUDGED))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not OFFICIAL.is_valid(log)


def test_every_rule_has_help() -> None:
    rules = run_of(report())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in RULES]
    assert all(rule["help"]["text"] and rule["help"]["markdown"] for rule in rules)


def test_a_result_names_its_rule_its_line_and_its_node() -> None:
    result = run_of(JUDGED)["results"][0]
    assert run_of(JUDGED)["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "identity-lost"
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "net.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 101, "startColumn": 1},
    }
    assert location["logicalLocations"][0]["name"] == "/layer2/0/Add"


def test_what_could_not_be_audited_is_a_notification() -> None:
    (invocation,) = run_of(JUDGED)["invocations"]
    assert invocation["executionSuccessful"] is False
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["message"]["text"] == "empty file; export the model again"
    assert notification["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "broken.onnx"
    assert run_of(report(RESNET18))["invocations"][0]["executionSuccessful"] is True


# --- fingerprints ----------------------------------------------------------------------------------------------------


def fingerprints(audit: AuditReport) -> list[str]:
    return [result["partialFingerprints"]["primaryLocationLineHash"] for result in run_of(audit)["results"]]


def test_a_re_export_is_the_same_alert() -> None:
    """Other node names, another line, other words."""
    moved = replace(
        RESNET18,
        shortcuts=tuple(
            replace(s, merge=replace(s.merge, name=f"node_add_{n}", source=Source("net.py", 300 + n)))
            for n, s in enumerate(RESNET18.shortcuts)
        ),
    )
    reworded = tuple(replace(finding, message="said otherwise") for finding in JUDGED.findings)
    assert fingerprints(replace(JUDGED, models=(moved,), findings=reworded)) == fingerprints(JUDGED)


def test_other_rules_models_and_blocks_are_other_alerts() -> None:
    base = Finding("identity-lost", "error", "a.onnx", "b.0", "…")
    others = (
        replace(base, rule="shortcut-removed"),
        replace(base, source="b.onnx"),
        replace(base, shortcut="b.1"),
        base,
    )
    found = fingerprints(AuditReport("0", (), (base, *others)))
    assert len(set(found)) == 5
    assert found[0].rpartition(":")[0] == found[4].rpartition(":")[0]


# --- names -----------------------------------------------------------------------------------------------------------


def test_uris_are_percent_encoded() -> None:
    sources = [
        "a b.onnx",
        "ä.onnx",
        "bytes\udcff.onnx",
        "mod:factory",
        "/abs/m.onnx",
        "./m.onnx",
        ".///evil.example/m.onnx",
        "//evil.example/m.onnx",
        "half\ud83d",
        "100%.onnx",
    ]
    run = run_of(
        AuditReport("0", (), tuple(Finding("identity-lost", "error", source, None, "…") for source in sources))
    )
    uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]]
    assert uris == [
        "a%20b.onnx",
        "%C3%A4.onnx",
        "bytes%FF.onnx",
        "mod%3Afactory",
        "file:///abs/m.onnx",
        "m.onnx",
        "evil.example/m.onnx",
        "file:///evil.example/m.onnx",
        "half%ED%A0%BD",
        "100%25.onnx",
    ]


def test_hostile_names_are_shown_and_do_nothing() -> None:
    run = run_of(HOSTILE_RUN)
    for result in run["results"]:
        text = result["message"]["text"]
        assert text.isprintable()
        assert not re.search(r"(?<!\\)[\[\]]", text)  # an embedded link
        assert not re.search(r"(?<!\{)\{(\{\{)*(?!\{)", text)  # a placeholder
        assert URI.fullmatch(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


def test_a_log_that_code_scanning_would_refuse_is_cut_and_says_so() -> None:
    """Gravest first: the error comes last and is kept."""
    many = (Finding("shortcut-added", "note", "m.onnx", f"b.{n}", "…") for n in range(6_000))
    error = Finding("identity-lost", "error", "m.onnx", "b.0", "…")
    run = run_of(AuditReport("0", (), (*many, error)))
    assert len(run["results"]) == 5_000
    assert run["results"][0]["level"] == "error"
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"].startswith("1,001 more findings are not in this log")

"""Do the test results say what failed, and can a name break the document?"""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from shortcut_audit.report import AuditReport, Failure, Finding
from shortcut_audit.reporters import REPORTERS, Style, format_of, junit
from tests import goldens
from tests.reporters.examples import ESCAPES, HOSTILE, JUDGED, RESNET18, report

ALLOWED = {
    "testsuites": {"name", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name", "classname", "file", "line"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "system-out": set(),
}
"""Elements and attributes that readers of JUnit XML agree on; `file` is GitLab's, `line` pytest's."""
INSIDE = {"testsuites": {"testsuite"}, "testsuite": {"testcase", "system-out"}, "testcase": {"failure", "error"}}


def results(audit: AuditReport) -> ET.Element:
    """The document, parsed; its shape and its counts are checked."""
    text = junit.format(audit)
    assert text.isascii()
    assert "##" not in text
    root = ET.fromstring(text)  # noqa: S314 -- our own words
    assert root.tag == "testsuites"
    for found in root.iter():
        assert set(found.attrib) == ALLOWED[found.tag]
        assert {child.tag for child in found} <= INSIDE.get(found.tag, set())
        if found.tag in {"testsuites", "testsuite"}:
            counted = [len(list(found.iter(tag))) for tag in ("testcase", "failure", "error")]
            assert [int(found.attrib[name]) for name in ("tests", "failures", "errors")] == counted
    names = [(test.attrib["classname"], test.attrib["name"]) for test in root.iter("testcase")]
    assert len(set(names)) == len(names)
    return root


def test_the_results() -> None:
    goldens.check("judged.junit.xml", junit.format(JUDGED))


def test_counts() -> None:
    """Two models were audited, one was not, one finding is an error: four tests. What is less grave is output."""
    root = results(JUDGED)
    assert [root.attrib[name] for name in ("tests", "failures", "errors")] == ["4", "1", "1"]
    (failure,), (error,), (said,) = (list(root.iter(tag)) for tag in ("failure", "error", "system-out"))
    assert failure.attrib["type"] == "identity-lost"
    assert (failure.text or "").startswith("net.py:101: layer2.0 of models/resnet18.onnx: was an identity")
    assert error.attrib["message"] == "empty file; export the model again"
    assert [line.split(":")[0] for line in (said.text or "").splitlines()] == [
        "warning too-many-projections",
        "note strided-pointwise-projection",
    ]


def test_a_finding_stands_at_its_line() -> None:
    (test,) = results(JUDGED).iterfind("testsuite/testcase[failure]")
    assert (test.attrib["file"], test.attrib["line"]) == ("net.py", "101")


def test_nothing_to_object_to_is_a_test_that_passed() -> None:
    root = results(report(RESNET18))
    assert [root.attrib[name] for name in ("tests", "failures", "errors")] == ["1", "0", "0"]


def test_a_run_that_could_audit_nothing_is_not_green() -> None:
    root = results(AuditReport("0", (), errors=(Failure("bad.onnx", "empty file"), Failure("", "out of memory"))))
    assert [root.attrib[name] for name in ("tests", "failures", "errors")] == ["2", "0", "2"]


def test_what_is_no_longer_there_fails() -> None:
    """A finding on a source that is no model of the run."""
    root = results(AuditReport("0", (), (Finding("model-missing", "error", "gone.onnx", None, "is missing"),)))
    assert [root.attrib[name] for name in ("tests", "failures", "errors")] == ["1", "1", "0"]


def test_tests_of_one_name_are_numbered() -> None:
    """GitLab takes tests of one class and name for one test."""
    twice = (
        Finding("identity-lost", "error", "m.onnx", "b.0", "this"),
        Finding("identity-lost", "error", "m.onnx", "b.0", "that"),
    )
    names = [test.attrib["name"] for test in results(AuditReport("0", (), twice)).iter("testcase")]
    assert names == ["identity-lost: b.0", "identity-lost: b.0 (2)"]


@pytest.mark.parametrize("level", ["error", "warning"])
def test_hostile_names_are_shown_and_do_nothing(level: str) -> None:
    attacks = (HOSTILE.source, *ESCAPES, "]]><failure/>", '"/><error>', "&lol;", "##vso[task.x]", "\ufffe\x0b")
    findings = tuple(Finding("identity-lost", level, name, name, name) for name in attacks)  # type: ignore[arg-type]
    root = results(AuditReport("0", (HOSTILE,), findings, tuple(Failure(name, name) for name in ESCAPES)))
    shown = [value for found in root.iter() for value in found.attrib.values()]
    shown += [
        line
        for tag in ("failure", "error", "system-out")
        for found in root.iter(tag)
        for line in (found.text or "").split("\n")
    ]
    assert all(text.isprintable() for text in shown)
    assert root.attrib["failures"] == ("18" if level == "error" else "0")  # the source, 12 escapes and 5 attacks
    assert root.attrib["errors"] == "12"


def test_its_file_is_known_by_the_suffix() -> None:
    assert format_of("out/r.junit.xml") == "junit"
    assert format_of("r.xml") is None
    assert REPORTERS["junit"].render(JUDGED, Style()) == junit.format(JUDGED)

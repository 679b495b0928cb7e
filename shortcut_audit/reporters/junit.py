"""How does a report become the test results of a CI system? (JUnit XML, as GitLab, Jenkins and others read it)

A suite for each source: a test that it could be audited, and one that failed for each finding that the run fails on
(`--fail-on`). The others fail nothing, they are the suite's output. Written by the standard library: no name can become
markup.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from shortcut_audit.names import PATH_LIMIT, displayable, displayable_text
from shortcut_audit.report import AuditReport, Failure, Finding
from shortcut_audit.reporters import WHOLE, Style
from shortcut_audit.reporters.shared import changed
from shortcut_audit.reporters.shared.grouped import gravest_first
from shortcut_audit.reporters.shared.locations import Place, Places, about

AUDITED = "audited"
"""The test that every source stands: nothing is green that was not looked at."""


def format(report: AuditReport, style: Style = WHOLE) -> str:  # noqa: A001 -- what every reporter's function is called
    """The results, as ASCII XML. `##` is spelled out: with it, commands to CI agents begin, anywhere in a log."""
    tests, remarks = _tests(report), _remarks(report)
    root = Element("testsuites", name="shortcut-audit")
    for source in dict.fromkeys((*tests, *remarks)):
        suite = SubElement(root, "testsuite", name=_path(source))
        suite.extend(tests[source])
        _count(suite)
        if remarks[source]:
            SubElement(suite, "system-out").text = "\n".join(remarks[source])
    _count(root)
    indent(root)
    text: str = tostring(root, encoding="us-ascii", xml_declaration=True).decode("ascii")
    return text.replace("##", "#&#35;") + "\n"


def _tests(report: AuditReport) -> defaultdict[str, list[Element]]:
    """The tests of each source. Those that would have one name, which GitLab takes for one test, are numbered."""
    places, tests = Places(report), defaultdict[str, list[Element]](list)
    for model in report.models:
        tests[model.source].append(_test(AUDITED, model.source, Place(model.source, 1, in_code=False)))
    for failure in report.errors:
        tests[failure.source].append(_not_audited(failure))
    for finding in report.findings:
        if report.fails(finding):
            tests[finding.source].append(_failed(finding, places.of(finding)))
    for suite in tests.values():
        _number(suite)
    return tests


def _number(tests: Iterable[Element]) -> None:
    seen: dict[str, int] = {}
    for test in tests:
        name = test.attrib["name"]
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            test.set("name", f"{name} ({seen[name]})")


def _test(name: str, source: str, place: Place) -> Element:
    where = {"file": _path(place.file), "line": str(place.line)}
    return Element("testcase", {"name": name, "classname": _path(source), **where})


def _not_audited(failure: Failure) -> Element:
    test = _test(AUDITED, failure.source, Place(failure.source, 1, in_code=False))
    said = displayable_text(failure.message)
    SubElement(test, "error", message=said, type="not-audited").text = f"{_path(failure.source)}: {said}"
    return test


def _failed(finding: Finding, place: Place) -> Element:
    shortcut = "" if finding.shortcut is None else displayable(finding.shortcut)
    test = _test(": ".join(filter(None, [finding.rule, shortcut])), finding.source, place)
    SubElement(test, "failure", message=displayable_text(finding.message), type=finding.rule).text = _said(
        finding, place
    )
    return test


def _remarks(report: AuditReport) -> defaultdict[str, list[str]]:
    """What is said of each source without failing it, gravest first, a line each."""
    places, remarks = Places(report), defaultdict[str, list[str]](list)
    for finding in gravest_first(report.findings):
        if not report.fails(finding):
            said = _said(finding, places.of(finding))
            remarks[finding.source].append(f"{finding.level} {finding.rule}: {said}")
    for line in changed.told(report):
        remarks[report.models[-1].source].append(line)
    return remarks


def _said(finding: Finding, place: Place) -> str:
    """The sentence behind its place: "net.py:101: layer2.0 of m.onnx: was an identity ..."."""
    line = f":{place.line}" if place.in_code else ""
    said = ": ".join(filter(None, [about(finding, place), displayable_text(finding.message)]))
    return f"{_path(place.file)}{line}: {said}"


def _count(suites: Element) -> None:
    """What the tests below came to; how long they took is not measured, and not said."""
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        suites.set(name, str(sum(1 for _ in suites.iter(tag))))


def _path(source: str) -> str:
    return displayable(source, PATH_LIMIT)

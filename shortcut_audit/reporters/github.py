"""How does a report become annotations of a GitHub workflow run?

As workflow commands on stdout, ten at most: GitHub shows no more of a step. The runner acts on a line that opens with
`::`, and on one that holds `##[` anywhere; Azure's agent, on `##vso[`. No name from a model may make such a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shortcut_audit.names import PATH_LIMIT, displayable, displayable_text
from shortcut_audit.report import AuditReport, Failure, Finding, Level, wording
from shortcut_audit.report.wording import exact
from shortcut_audit.reporters import WHOLE, Style
from shortcut_audit.reporters.shared import changed
from shortcut_audit.reporters.shared.grouped import gravest_first, verdict
from shortcut_audit.reporters.shared.locations import Places, about

ANNOTATIONS = 10
"""https://docs.github.com/actions/reference: 10 warning and 10 error annotations a step."""

COMMANDS: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}


def format(report: AuditReport, style: Style = WHOLE) -> str:  # noqa: A001 -- what every reporter's function is called
    """The workflow commands, gravest first, then one line for each model and one for what was left out."""
    commands = list(_commands(report))
    lines = commands[:ANNOTATIONS]
    if len(commands) > ANNOTATIONS:
        lines.append(_plain(f"{exact(len(commands) - ANNOTATIONS)} more are in the job summary, not annotated"))
    lines += [_plain(f"{_path(model.source)}: {wording.verdict(model)}") for model in report.models]
    difference = changed.told(report)
    lines += map(_plain, difference)
    lines.append(_plain("nothing was judged" if difference else verdict(report)))
    return "".join(f"{line}\n" for line in lines)


def _commands(report: AuditReport) -> Iterator[str]:
    for failure in report.errors:
        yield _failure(failure)
    places = Places(report)
    for finding in gravest_first(report.findings):
        yield _annotation(finding, places)


def _failure(failure: Failure) -> str:
    return f"::error file={_property(_path(failure.source))},title=shortcut-audit::{_data(failure.message)}"


def _annotation(finding: Finding, places: Places) -> str:
    place = places.of(finding)
    line = f",line={place.line}" if place.in_code else ""
    message = ": ".join(filter(None, [about(finding, place), finding.message]))
    title = f"shortcut-audit: {finding.rule}"
    command = COMMANDS[finding.level]
    return f"::{command} file={_property(_path(place.file))}{line},title={_property(title)}::{_data(message)}"


def _path(source: str) -> str:
    return displayable(source, PATH_LIMIT)


def _data(text: str) -> str:
    """A command's message."""
    escaped = displayable_text(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return _disarmed(escaped)


def _property(text: str) -> str:
    """A command's property: a comma would end it, and a colon might be two."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return _disarmed(escaped.replace(":", "%3A").replace(",", "%2C"))


def _plain(text: str) -> str:
    """A line that is no command."""
    return _disarmed(re.sub(r"^\s*:+", lambda colons: colons[0].replace(":", "\\u{3a}"), displayable_text(text)))


def _disarmed(line: str) -> str:
    return re.sub(r"##(?=\w*\[)", r"#\\u{23}", line)

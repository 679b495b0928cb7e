"""Which findings say the same?

Long models repeat themselves, and so do the objections to them: shortcuts of one model that are written in one line and
of which a rule says the same share a remark.
"""

from __future__ import annotations

from collections.abc import Iterable

from shortcut_audit.frozen import frozen
from shortcut_audit.gate.case import acceptance
from shortcut_audit.gate.settings import LEVELS
from shortcut_audit.report import AuditReport, Finding, Level
from shortcut_audit.report.wording import counted, exact
from shortcut_audit.reporters.shared.locations import Places


@frozen
class Remark:
    """What a rule says of a model, or of some of its shortcuts."""

    level: Level
    rule: str
    source: str
    line: str
    """The line of Python that wrote the shortcuts, "net.py:101"; empty where it is not known."""
    message: str
    """The message without the command that accepts it, which `acceptances` says once for all."""
    shortcuts: tuple[str, ...]
    """Their keys; empty for a remark on the model."""


def verdict(report: AuditReport) -> str:
    """What came of the run, in words: "2 errors, 1 note in 3 models; 1 could not be audited".

    A report that Python code has asked for is held against no rule.
    """
    levels = [finding.level for finding in report.findings]
    found = [counted(levels.count(level), level) for level in LEVELS if level in levels]
    failed = f"; {exact(len(report.errors))} could not be audited" if report.errors else ""
    nothing = "no rule was asked" if report.failing is None else "nothing to object to"
    return f"{', '.join(found) or nothing} in {counted(len(report.models), 'model')}{failed}"


def remarks(report: AuditReport) -> list[Remark]:
    """Everything that is objected to, gravest first."""
    places = Places(report)
    commands = _commands(report)
    same: dict[tuple[Level, str, str, str, str], list[str]] = {}
    for finding in gravest_first(report.findings):
        place = places.of(finding)
        line = f"{place.file}:{place.line}" if place.in_code else ""
        message = finding.message.removesuffix(f". {commands[finding.source]}")
        keys = same.setdefault((finding.level, finding.rule, finding.source, line, message), [])
        keys += [] if finding.shortcut is None else [finding.shortcut]
    return [Remark(*said, tuple(keys)) for said, keys in same.items()]


def acceptances(report: AuditReport) -> dict[str, str]:
    """The commands that accept what is objected to, by the model: "To accept: shortcut-audit ..."."""
    commands = _commands(report)
    ending = (f.source for f in report.findings if f.message.endswith(f". {commands[f.source]}"))
    return {source: commands[source] for source in ending}


def _commands(report: AuditReport) -> dict[str, str]:
    """The command that a message on a model would end in, by the model."""
    against = {made.source: made.against for made in report.comparisons}
    return {
        source: acceptance(source, against.get(source)) for source in {finding.source for finding in report.findings}
    }


def gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Errors before warnings before notes, otherwise as they came."""
    return sorted(findings, key=lambda finding: LEVELS.index(finding.level))

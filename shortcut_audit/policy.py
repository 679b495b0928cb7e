"""Is that allowed?

Every rule of the table in `rules.py`, at the level that the settings give it, against one model; then the findings that
the configuration has decided to live with.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from shortcut_audit.checks import Case
from shortcut_audit.errors import UsageError
from shortcut_audit.paths import matches
from shortcut_audit.report import Comparison, Finding, ModelReport
from shortcut_audit.rules import RULE_IDS, RULES, Rule
from shortcut_audit.settings import LEVELS, FailOn, Ignore, RuleLevel, Settings


def judge(model: ModelReport, settings: Settings, comparison: Comparison | None = None) -> tuple[Finding, ...]:
    """What the rules object to in one model, in the order of the rules and of the model's shortcuts."""
    case = Case(model, settings, comparison, {shortcut.key: shortcut for shortcut in model.shortcuts})
    findings = []
    for rule in RULES:
        level = level_of(rule, settings)
        if rule.check is not None and level != "off":
            findings += [
                Finding(rule.id, level, model.source, objection.shortcut, objection.message)
                for objection in rule.check(case)
            ]
    return tuple(findings)


def level_of(rule: Rule, settings: Settings) -> RuleLevel:
    """The level at which a rule is applied: the configuration's, else its own."""
    return settings.rules.get(rule.id, rule.level)


def restrict(settings: Settings, select: Sequence[str], ignore: Sequence[str]) -> Settings:
    """The settings under `--select` and `--ignore`: only the rules selected, if any are, and none of those ignored.

    A selected rule that the configuration switches off is applied at its own level. Raises UsageError for a rule that
    does not exist.
    """
    for name in (*select, *ignore):
        rule_named(name)
    levels = dict(settings.rules)
    for rule in RULES:
        if rule.id in ignore or (select and rule.id not in select):
            levels[rule.id] = "off"
        elif rule.id in select and levels.get(rule.id) == "off":
            levels[rule.id] = rule.level
    return replace(settings, rules=levels)


def waive(  # noqa: PLR0913 - what is judged, and what it is judged by
    findings: Iterable[Finding],
    ignores: Sequence[Ignore],
    *,
    settings: Settings,
    sources: Sequence[str],
    file: str,
    root: Path,
    today: date,
) -> tuple[Finding, ...]:
    """The findings without those that the configuration `file` ignores, and a finding on each entry that ignores none.

    `sources` are the models that were audited: an entry for others only is not objected to, since they may well break
    the rule. Nor is an entry for a rule that is switched off.
    """
    used: set[Ignore] = set()
    kept = []
    for finding in findings:
        waiving = [i for i in ignores if _waives(i, finding, root) and not _expired(i, today)]
        used.update(waiving)
        if not waiving:
            kept.append(finding)
    by_id = {rule.id: rule for rule in RULES}
    level = level_of(by_id["unused-ignore"], settings)
    for entry in ignores:
        concerned = any(matches(entry.model, source, root) for source in sources)
        if level != "off" and entry not in used and concerned and level_of(by_id[entry.rule], settings) != "off":
            kept.append(Finding("unused-ignore", level, file, None, _unused(entry, today)))
    return tuple(kept)


def _waives(entry: Ignore, finding: Finding, root: Path) -> bool:
    if entry.rule != finding.rule or not matches(entry.model, finding.source, root):
        return False
    return entry.shortcut == "*" if finding.shortcut is None else _fits(entry.shortcut, finding.shortcut)

"""Is that allowed?

Every rule of the table in `rules.py`, at the level that the settings give it, against one model; then the findings that
the configuration has decided to live with.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from fnmatch import fnmatchcase

from shortcut_audit.errors import UsageError
from shortcut_audit.frozen import replace
from shortcut_audit.gate.case import Case
from shortcut_audit.gate.config import Config
from shortcut_audit.gate.document import did_you_mean, shown
from shortcut_audit.gate.paths import matches
from shortcut_audit.gate.rules import RULE_IDS, RULES, Rule
from shortcut_audit.gate.settings import LEVELS, FailOn, Ignore, RuleLevel, Settings
from shortcut_audit.operators.declaration import find
from shortcut_audit.report import Comparison, Finding, ModelReport


def judge(model: ModelReport, settings: Settings, comparison: Comparison | None = None) -> tuple[Finding, ...]:
    """What the rules object to in one model, in the order of the rules and of the model's shortcuts."""
    case = Case(model, settings, comparison, {shortcut.key: shortcut for shortcut in model.shortcuts})
    findings = []
    for rule in RULES:
        level = _level(rule, settings)
        if rule.check is not None and level != "off":
            findings += [
                Finding(rule.id, level, model.source, objection.shortcut, objection.message)
                for objection in rule.check(case)
            ]
    return tuple(findings)


def levelled(findings: Sequence[Finding], config: Config) -> list[Finding]:
    """Findings on the run as a whole, each at the level that is set for the model that it names, but what is off."""
    rules = {rule.id: rule for rule in RULES}
    levels = [(found, _level(rules[found.rule], config.settings_for(found.source))) for found in findings]
    return [replace(found, level=level) for found, level in levels if level != "off"]


def _level(rule: Rule, settings: Settings) -> RuleLevel:
    """The level at which a rule is applied: the settings', else its own."""
    return settings.rules.get(rule.id, rule.level)


def fails(finding: Finding, fail_on: FailOn) -> bool:
    """Whether a finding is at or over the fail level: exit status 1."""
    return fail_on != "never" and LEVELS.index(finding.level) <= LEVELS.index(fail_on)


def waive(findings: Sequence[Finding], config: Config, sources: Sequence[str], today: date) -> tuple[Finding, ...]:
    """The findings without those that the configuration ignores, and a finding on each entry that ignores none.

    `sources` are the models that were audited. An entry for other models only is not objected to, nor is one for a rule
    that is switched off: they may well be needed in the next run.
    """
    named = {entry.model for entry in config.ignores}
    concerned = {
        source: {model for model in named if matches(model, source, config.root)}
        for source in {*sources, *(finding.source for finding in findings)}
    }
    used: set[Ignore] = set()
    kept = []
    for finding in findings:
        waiving = [
            entry
            for entry in config.ignores
            if entry.rule == finding.rule
            and entry.model in concerned[finding.source]
            and not _expired(entry, today)
            and _names(entry, finding)
        ]
        used.update(waiving)
        if not waiving:
            kept.append(finding)
    rules = {rule.id: rule for rule in RULES}
    level = _level(rules["unused-ignore"], config.settings_for(config.file))
    for n, entry in enumerate(config.ignores, start=1):
        for_models = [source for source in sources if entry.model in concerned[source]]
        applied = any(_level(rules[entry.rule], config.settings_for(source)) != "off" for source in for_models)
        if level != "off" and applied and entry not in used:
            kept.append(Finding("unused-ignore", level, config.file, None, _unused(n, entry, today)))
    return tuple(kept)


SIZED = {"dims": "dimension", "--dim": "dimension", "inputs": "input"}
"""What the keys, and the option, that give sizes give them to."""


def unused_settings(
    config: Config, unused: Sequence[str], declared: Collection[str] | None, first: str
) -> tuple[Finding, ...]:
    """A finding on each size, and on each operator of the configuration, that no audited model has a place for.

    `unused`: what gives sizes to what no model has: "dims.batch", "inputs.x", "--dim.batch"; `declared`: the operators,
    by name, that were taken as declared, None where no model was audited; `first`: the source at which it is said what
    stands in no file.
    """
    parted = [key.partition(".") for key in unused]
    told = [
        (key, f"`{key}`: no model has the {SIZED[key]} {shown(name)}: correct or remove it") for key, _, name in parted
    ]
    asked = [Finding("unused-setting", "warning", first, None, what) for key, what in told if key == "--dim"]
    said = [what for key, what in told if key != "--dim"]
    for name, declaration in sorted(config.operators.items() if declared is not None else ()):
        if not any(find({name: declaration}, kind) for kind in declared or ()):
            said += [f"`operators`: no model has {shown(name)}: correct or remove it"]
    return (*asked, *(Finding("unused-setting", "warning", config.file, None, what) for what in said))


def _names(entry: Ignore, finding: Finding) -> bool:
    """Whether an entry is for the shortcut that a finding is about."""
    return entry.shortcut == "*" if finding.shortcut is None else fnmatchcase(finding.shortcut, entry.shortcut)


def _expired(entry: Ignore, today: date) -> bool:
    return entry.expires is not None and entry.expires <= today


def _unused(n: int, entry: Ignore, today: date) -> str:
    what = f"ignore entry {n} (rule {entry.rule}, model {shown(entry.model)}, shortcut {shown(entry.shortcut)})"
    if _expired(entry, today):
        return f"{what} expired on {entry.expires}; its reason was: {entry.reason}"
    return f"{what} matches no finding: remove it"


def explain(name: str) -> str:
    """What a rule objects to, why, an example and what to do, as text; of "all", one line for each rule.

    Raises UsageError for a rule that does not exist.
    """
    if name == "all":
        width = max(len(rule.id) for rule in RULES)
        return "".join(f"{rule.id:<{width}}  {rule.level:<7}  {rule.what}\n" for rule in RULES)
    rule = next((rule for rule in RULES if rule.id == name), None)
    if rule is None:
        raise UsageError(f"there is no rule {shown(name)}{did_you_mean(name, RULE_IDS)}; --explain all lists them")
    import textwrap

    parts = (("What", rule.what), ("Why", rule.why), ("Example", rule.example), ("Fix", rule.fix))
    body = "\n".join(
        textwrap.fill(f"{label}: {text}", width=78, subsequent_indent="  ", break_on_hyphens=False)
        for label, text in parts
    )
    return f"{rule.id} ({rule.level})\n\n{body}\n"


def rule_table() -> str:
    """The rules as a Markdown table, for the README."""
    rows = [f"| `{rule.id}` | {rule.level} | {rule.what} |" for rule in RULES]
    return "\n".join(["| rule | level | objects to |", "|---|---|---|", *rows]) + "\n"

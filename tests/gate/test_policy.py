"""At which level does a rule speak, what is let pass, and how does it explain itself?"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from shortcut_audit.errors import UsageError
from shortcut_audit.gate.config import Config, Options
from shortcut_audit.gate.policy import explain, fails, judge, rule_table, waive
from shortcut_audit.gate.rules import RULES
from shortcut_audit.gate.settings import FailOn, Ignore, RuleLevel, Settings
from shortcut_audit.report import Finding
from tests.sketch import audited

BODY = "x -> Conv.1 -> Relu -> Conv.2 -> Add"
PROJECTION = audited(BODY, "x -> Conv.p{k=1} -> Add")


@pytest.mark.parametrize("level", ["error", "warning", "note"])
def test_the_configuration_sets_the_level(level: RuleLevel) -> None:
    (finding,) = judge(PROJECTION, Settings(rules={"avoidable-projection": level}))
    assert (finding.rule, finding.level, finding.source) == ("avoidable-projection", level, "sketch")


def test_a_rule_that_is_off_says_nothing() -> None:
    assert judge(PROJECTION, Settings(rules={"avoidable-projection": "off"})) == ()


@pytest.mark.parametrize(
    ("fail_on", "failing"), [("error", ["error"]), ("warning", ["error", "warning"]), ("never", [])]
)
def test_the_level_from_which_findings_fail(fail_on: FailOn, failing: list[str]) -> None:
    levels = ("error", "warning", "note")
    assert [level for level in levels if fails(Finding("r", level, "m", None, ""), fail_on)] == failing


# --- ignoring --------------------------------------------------------------------------------------------------------

TODAY = date(2027, 1, 31)
FOUND = Finding("avoidable-projection", "warning", "models/a.onnx", "layer1.0", "…")
ON_MODEL = Finding("too-many-projections", "error", "models/a.onnx", None, "…")


def left(*entries: Ignore, options: Options | None = None) -> list[tuple[str, str]]:
    """(rule, message) of what remains of the two findings, both on models/a.onnx."""
    config = Config("pyproject.toml", Path.cwd(), ignores=entries, options=options or Options())
    remaining = waive([FOUND, ON_MODEL], config, ["models/a.onnx", "models/b.onnx"], TODAY)
    return [(finding.rule, finding.message) for finding in remaining]


def entry(
    rule: str = "avoidable-projection", model: str = "*", shortcut: str = "*", expires: date | None = None
) -> Ignore:
    return Ignore(rule, model, shortcut, "known", expires)


BOTH = [("avoidable-projection", "…"), ("too-many-projections", "…")]


@pytest.mark.parametrize(
    "used",
    [
        entry(),
        entry(model="models/*.onnx"),
        entry(model="a.onnx", shortcut="layer1.0"),
        entry(shortcut="layer1.*"),
        entry(expires=date(2027, 2, 1)),
    ],
)
def test_what_is_ignored_is_not_reported(used: Ignore) -> None:
    assert left(used) == [("too-many-projections", "…")]


def test_a_finding_on_the_whole_model_is_ignored_for_the_whole_model() -> None:
    assert left(entry("too-many-projections")) == [("avoidable-projection", "…")]
    assert left(entry("too-many-projections", shortcut="layer1.0"))[:2] == BOTH


def test_an_entry_that_matches_nothing_is_reported() -> None:
    assert left(entry(), entry(shortcut="layer9.*")) == [
        ("too-many-projections", "…"),
        (
            "unused-ignore",
            "ignore entry 2 (rule avoidable-projection, model '*', shortcut 'layer9.*') matches no finding: remove it",
        ),
    ]


def test_an_entry_that_has_expired_is_reported_and_so_is_what_it_hid() -> None:
    assert left(entry(expires=TODAY)) == [
        *BOTH,
        (
            "unused-ignore",
            (
                "ignore entry 1 (rule avoidable-projection, model '*', shortcut '*') expired on 2027-01-31; "
                "its reason was: known"
            ),
        ),
    ]


@pytest.mark.parametrize(
    ("unused", "options"),
    [
        (entry(model="models/c.onnx"), Options()),
        (entry("doubled-shortcut"), Options(ignore=("doubled-shortcut",))),
        (entry("doubled-shortcut"), Options(select=("avoidable-projection",))),
        (entry("doubled-shortcut"), Options(ignore=("unused-ignore",))),
    ],
)
def test_an_entry_that_this_run_could_not_use_is_not_objected_to(unused: Ignore, options: Options) -> None:
    """Another model's, which the pre-commit hook did not hand over, or another rule's."""
    assert left(unused, options=options) == BOTH


# --- explaining ------------------------------------------------------------------------------------------------------


def test_the_rules_are_named_once_and_for_ever() -> None:
    """Configurations and suppressions name them: this list only ever grows."""
    assert [(rule.id, rule.level) for rule in RULES] == [
        ("extra-parameters-over-budget", "error"),
        ("extra-macs-over-budget", "error"),
        ("parameters-over-budget", "error"),
        ("macs-over-budget", "error"),
        ("held-memory-over-budget", "error"),
        ("too-many-projections", "error"),
        ("too-few-identities", "error"),
        ("kind-not-allowed", "error"),
        ("identity-lost", "error"),
        ("model-missing", "error"),
        ("model-unaccepted", "warning"),
        ("model-renamed", "note"),
        ("shortcut-removed", "error"),
        ("shortcut-cost-grew", "error"),
        ("weighted-shortcut-added", "warning"),
        ("shortcut-added", "note"),
        ("shortcut-improved", "note"),
        ("avoidable-projection", "warning"),
        ("strided-pointwise-projection", "note"),
        ("impeded-identity", "note"),
        ("doubled-shortcut", "warning"),
        ("residual-not-quantised", "off"),
        ("cost-unknown", "error"),
        ("kind-unknown", "error"),
        ("operator-declared", "note"),
        ("unused-ignore", "warning"),
        ("unused-setting", "warning"),
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_explains_itself(rule: object) -> None:
    text = explain(rule.id)  # type: ignore[attr-defined]
    labels = [line.partition(":")[0] for line in text.splitlines()[2:] if not line.startswith("  ")]
    assert labels == ["What", "Why", "Example", "Fix"]
    assert all(len(line) <= 78 for line in text.splitlines())


def test_the_explanation_of_one_rule() -> None:
    assert explain("shortcut-added") == (
        "shortcut-added (note)\n"
        "\n"
        "What: A shortcut without weights has no counterpart in the baseline, or the\n"
        "  baseline has no entries yet.\n"
        "Why: A new block is usually meant. Its cost is guarded by the budgets.\n"
        "Example: layer4.3 is new: an identity.\n"
        "Fix: Nothing has to be fixed; --write-baseline accepts it.\n"
    )


def test_all_rules_are_listed() -> None:
    lines = explain("all").splitlines()
    assert [line.split()[:2] for line in lines] == [[rule.id, rule.level] for rule in RULES]


def test_an_unknown_rule_has_a_nearest() -> None:
    with pytest.raises(UsageError, match="no rule 'identity_lost'; did you mean 'identity-lost'"):
        explain("identity_lost")


def test_the_readme_s_table_has_a_row_for_each_rule() -> None:
    rows = rule_table().splitlines()
    assert rows[:3] == [
        "| rule | level | objects to |",
        "|---|---|---|",
        (
            "| `extra-parameters-over-budget` | error | The shortcuts of a model hold more learned parameters than "
            "`max-extra-parameters` allows. |"
        ),
    ]
    assert len(rows) == 2 + len(RULES)

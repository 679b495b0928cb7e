"""Is the JSON report what its schema says, for every report?"""

from __future__ import annotations

import json
import string
from dataclasses import fields, is_dataclass, replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortcut_audit import report as nouns
from shortcut_audit.report import AuditReport
from shortcut_audit.report.written import UNWRITTEN
from shortcut_audit.reporters.json import format as render
from shortcut_audit.reporters.json import schema, to_dict
from tests import goldens
from tests.reporters import examples
from tests.reporters.examples import report

SCHEMA = json.loads(schema())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
REPORTS = {
    "resnet18": report(examples.RESNET18),
    "transformer": report(examples.TRANSFORMER),
    "highway": report(examples.HIGHWAY),
    "unbound": report(examples.UNBOUND),
    "plain": report(examples.PLAIN),
    "judged": examples.JUDGED,
    "hostile": report(examples.HOSTILE),
    "empty": AuditReport("0.1.0", ()),
}


@pytest.mark.parametrize("name", ["resnet18", "unbound", "judged", "empty"])
def test_whole_documents(name: str) -> None:
    goldens.check(f"{name}.json", render(REPORTS[name]))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", REPORTS)
def test_reports_are_as_the_schema_says(name: str) -> None:
    text = render(REPORTS[name])
    VALIDATOR.validate(json.loads(text))
    assert json.loads(text) == to_dict(REPORTS[name])
    assert set(text) <= set(string.printable) - set("\r\t\v\f")


def objects(schema_part: Any) -> list[Any]:
    found = [schema_part] if isinstance(schema_part, dict) and "properties" in schema_part else []
    inside = schema_part.values() if isinstance(schema_part, dict) else schema_part
    return found + [o for part in inside if isinstance(part, dict | list) for o in objects(part)]


def test_the_schema_is_strict() -> None:
    found = objects(SCHEMA)
    assert len(found) == 27
    for part in found:
        assert part["additionalProperties"] is False
        assert set(part["required"]) == set(part["properties"])


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": 2},
        {"models": None},
        {"extra": 1},
        {"errors": [{"source": "x", "message": None}]},
        {"findings": [{"rule": "r", "level": "fatal", "source": "s", "shortcut": None, "message": "m"}]},
    ],
)
def test_the_schema_refuses(change: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid({**to_dict(REPORTS["resnet18"]), **change})


def test_a_missing_number_is_null_and_no_number_is_rounded() -> None:
    model = to_dict(REPORTS["unbound"])["models"][0]
    assert model["totals"]["macs"] is None
    assert model["totals"]["flops"] is None
    assert model["summary"]["extra_flops"] is None
    assert json.loads(render(REPORTS["hostile"]))["models"][0]["totals"]["flops"] == 2**3401


def test_flops_are_two_a_mac() -> None:
    model = to_dict(REPORTS["resnet18"])["models"][0]
    assert model["totals"]["flops"] == 3_628_146_688
    assert model["summary"]["extra_flops"] == 38_535_168
    assert model["shortcuts"][2]["flops"] == 12_845_056  # 2 · 28² · 64 · 128


def test_one_shortcut_a_line() -> None:
    lines = render(REPORTS["resnet18"]).splitlines()
    assert sum('"key": ' in line for line in lines) == 8
    assert not [line for line in lines if line.count('"key": ') > 1]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=250))
def test_any_name_anywhere(name: str) -> None:
    model = replaced(examples.RESNET18, name)
    document = json.loads(render(report(model)))
    VALIDATOR.validate(document)


def replaced(noun: Any, name: str) -> Any:
    """The same noun with that name wherever there is text that a file decides on."""
    if isinstance(noun, tuple):
        return tuple(replaced(item, name) for item in noun)
    if isinstance(noun, str):
        return name
    if not is_dataclass(noun) or isinstance(noun, type):
        return noun
    fixed = {"format", "kind", "role", "option", "quantisation"}
    changed = {f.name: replaced(getattr(noun, f.name), name) for f in fields(noun) if f.name not in fixed}
    return replace(noun, **changed)


def test_every_noun_is_in_the_schema() -> None:
    """A field that is added to a noun must be described, too."""
    described = {frozenset(part["properties"]) for part in objects(SCHEMA)}
    derived = {"Totals": {"flops"}, "Layer": {"flops"}, "Shortcut": {"flops"}, "Summary": {"extra_flops"}}
    for name, noun in vars(nouns).items():
        if is_dataclass(noun) and name != "AuditReport":
            written = {f.name for f in fields(noun) if f.metadata != UNWRITTEN}
            assert frozenset(written | derived.get(name, set())) in described, name

"""Can a spreadsheet, or a program, read the tables?"""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from shortcut_audit.reporters import REPORTERS, Style, format_of
from shortcut_audit.reporters.shared import records
from tests.reporters import examples
from tests.reporters.examples import report
from tests.sketch import audited


def table(form: str, *models: object) -> list[dict[str, str]]:
    text = REPORTERS[form].render(report(*models), Style())  # type: ignore[arg-type]
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_row_a_shortcut() -> None:
    rows = table("csv", examples.RESNET18)
    assert [row["kind"] for row in rows].count("projection") == 3
    assert rows[2]["key"] == "layer2.0"
    assert rows[2]["flops"] == "12845056"  # 2 · 28² · 64 · 128
    assert rows[2]["fork_shape"] == "1x64x56x56"


def test_a_row_a_model() -> None:
    rows = table("models.csv", examples.RESNET18, examples.UNBOUND)
    assert [row["identity"] for row in rows] == ["5", str(examples.UNBOUND.summary.identity)]
    assert rows[1]["macs"] == ""  # unknown, never 0


def test_a_row_a_layer() -> None:
    rows = table("layers.csv", audited("x -> Conv.1 -> Relu -> Conv.2 -> Add", "x -> Conv.p{k=1} -> Add"))
    assert sorted((row["name"], row["parameters"], row["shortcut"]) for row in rows) == [
        ("Conv.1", "576", ""),  # 8 · 8 · 3 · 3
        ("Conv.2", "576", ""),
        ("Conv.p", "64", "(root)"),
    ]


@pytest.mark.parametrize("form", ["csv", "models.csv", "layers.csv"])
def test_columns_are_those_of_the_records(form: str) -> None:
    table = {"csv": records.SHORTCUTS, "models.csv": records.MODELS, "layers.csv": records.LAYERS}[form]
    (first, *_) = table.rows(report(audited("x -> Conv.1 -> Add", "x -> Add")), Style())
    assert tuple(first) == table.columns


def test_no_field_is_a_formula() -> None:
    hostile = replace(examples.RESNET18, source='=HYPERLINK("http://x")')
    assert table("models.csv", hostile)[0]["source"] == """'=HYPERLINK("http://x")"""


def test_no_field_is_a_command_of_a_ci_agent() -> None:
    hostile = replace(examples.RESNET18, source="::error::x ##vso[task.complete]")
    assert table("models.csv", hostile)[0]["source"] == "\\x3a:error::x #\\x23vso[task.complete]"


@pytest.mark.parametrize(
    ("file", "form"),
    [("r.csv", "csv"), ("r.models.csv", "models.csv"), ("R.LAYERS.CSV", "layers.csv"), ("r.json", "json"), ("r", None)],
)
def test_the_longest_suffix_is_the_format(file: str, form: str | None) -> None:
    assert format_of(file) == form

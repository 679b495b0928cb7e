"""Can a database read the tables, and answer the README's questions?"""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit import __version__, audit
from shortcut_audit.command.cli import execute
from shortcut_audit.reporters import REPORTERS, Style
from shortcut_audit.reporters.shared import records
from tests.reporters import examples
from tests.reporters.examples import report

parquet = pytest.importorskip("pyarrow.parquet")

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
FORMS = ("parquet", "models.parquet", "layers.parquet")


def table(form: str, *models: Any) -> Any:
    return parquet.read_table(io.BytesIO(REPORTERS[form].render(report(*models), Style())))


@pytest.mark.parametrize(
    ("form", "columns"), zip(FORMS, (records.SHORTCUTS, records.MODELS, records.LAYERS), strict=True)
)
def test_the_columns_are_those_of_the_csv(form: str, columns: records.Table) -> None:
    assert tuple(table(form, examples.RESNET18).column_names) == columns.columns


def test_rows() -> None:
    rows = table("parquet", examples.RESNET18).to_pylist()
    assert [row["kind"] for row in rows].count("projection") == 3
    assert (rows[2]["key"], rows[2]["flops"], rows[2]["has_bias"]) == (
        "layer2.0",
        12_845_056,
        True,
    )  # 2 · 28² · 64 · 128
    (model,) = table("models.parquet", examples.UNBOUND).to_pylist()
    assert model["macs"] is None  # unknown, never 0
    assert model["lower_bound"] in {True, False}


@pytest.mark.parametrize("form", FORMS)
def test_types_do_not_depend_on_what_is_in_the_table(form: str) -> None:
    """Every column that holds numbers or truths says so even where there is no row."""
    empty, full = table(form), table(form, *map(audit, map(str, sorted(SAMPLES.glob("*.onnx")))))
    assert empty.schema.equals(full.schema)
    for column in full.schema:
        kinds = {type(cell) for cell in full.column(column.name).to_pylist()} - {type(None)}
        assert kinds <= {{"string": str, "int64": int, "bool": bool}[str(column.type)]}


def test_the_schema_has_a_version() -> None:
    metadata = table("parquet", examples.RESNET18).schema.metadata
    assert metadata[b"shortcut-audit.schema"] == b"1"
    assert metadata[b"shortcut-audit"] == report().version.encode()
    assert __version__


def test_rows_come_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    from shortcut_audit.reporters import parquet as reporter

    monkeypatch.setattr(reporter, "GROUP", 3)
    written = REPORTERS["parquet"].render(report(examples.RESNET18), Style())
    groups = parquet.ParquetFile(io.BytesIO(written)).metadata
    assert [groups.row_group(at).num_rows for at in range(groups.num_row_groups)] == [3, 3, 2]


def test_a_number_beyond_64_bits_is_unknown() -> None:
    huge = replace(examples.RESNET18, totals=replace(examples.RESNET18.totals, parameters=2**63))
    (row,) = table("models.parquet", huge).to_pylist()
    assert row["parameters"] is None
    (row,) = table("models.parquet", replace(huge, totals=replace(huge.totals, parameters=2**63 - 1))).to_pylist()
    assert row["parameters"] == 2**63 - 1


def test_names_are_made_visible() -> None:
    named = replace(examples.RESNET18, source="a\x1b[2J\u202e.onnx")
    (row,) = table("models.parquet", named).to_pylist()
    assert "\x1b" not in row["source"]
    assert "\u202e" not in row["source"]


QUESTIONS = re.findall(r"```sql\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_duckdb_answers_the_readmes_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    duckdb = pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    Path("samples").symlink_to(SAMPLES)
    assert execute(["samples", "-q", "-o", "audit.parquet", "-o", "audit.models.parquet"]) == 0
    projecting, kinds, plain = (duckdb.sql(question).fetchall() for question in QUESTIONS)
    # ResNet-50's four projections: 2,776,576 of 25,557,032 parameters with BatchNorm; tests/test_published_numbers.py.
    assert (projecting[0][0], projecting[0][1]) == ("samples/resnet50.onnx", 4)
    assert [model for model, *_ in projecting] == [
        "samples/resnet50.onnx", "samples/resnet18-batchnorm.onnx", "samples/resnet18.pt2", "samples/resnet18.onnx",
    ]  # fmt: skip
    assert kinds[0][0] == "identity"
    assert sum(count for _, count, _ in kinds) == sum(
        audit(str(model)).summary.shortcuts for model in SAMPLES.iterdir() if model.suffix in {".onnx", ".pt2"}
    )
    assert [model for model, *_ in plain] == ["samples/plain34.onnx"]

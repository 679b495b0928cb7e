"""Does a test in somebody's project read as the README says?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import shortcut_audit
from shortcut_audit import ModelReport, UnreadableModel, UsageError, audit
from shortcut_audit import report as nouns

SAMPLES = Path(__file__).parents[1] / "samples"


def test_a_path() -> None:
    report = audit(SAMPLES / "resnet18.onnx")
    assert isinstance(report, ModelReport)
    assert report.summary.projection == 3
    assert [shortcut.key for shortcut in report.shortcuts if shortcut.has_weight] == [
        "layer2.0",
        "layer3.0",
        "layer4.0",
    ]
    assert json.loads(json.dumps(report.to_dict()))["summary"]["extra_flops"] == 38_535_168


def test_dims_and_inputs() -> None:
    transformer = str(SAMPLES / "transformer.onnx")
    assert audit(transformer).totals.macs is None
    assert audit(transformer, dims={"batch": 1}).totals.macs == 173_670_400  # tests/test_samples.py
    assert audit(transformer, inputs=["1x64"]).totals.macs == 173_670_400
    with pytest.raises(UsageError, match="no dimension 'size'"):
        audit(transformer, dims={"size": 1})


def test_no_model(tmp_path: Path) -> None:
    with pytest.raises(UnreadableModel):
        audit(tmp_path / "none.onnx")


@pytest.mark.parametrize("package", [shortcut_audit, nouns], ids=["shortcut_audit", "report"])
def test_every_public_name_is_there(package: ModuleType) -> None:
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = package.nonsense


def test_the_import_is_cheap() -> None:
    program = "import sys, shortcut_audit; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "shortcut_audit" in loaded
    assert not loaded & {"shortcut_audit.report", "networkx", "onnx", "rich", "click"}


def test_a_live_module_can_be_held_as_a_graph() -> None:
    """`load` takes what `audit` takes: the addition of y = relu(W x) + x reads both values."""
    torch = pytest.importorskip("torch")

    class Block(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(4, 4)

        def forward(self, x: Any) -> Any:
            return self.linear(x).relu() + x

    graph = shortcut_audit.load(Block(), torch.zeros(2, 4))
    (merge,) = (value for value, marks in graph.nodes.items() if marks["op"] == "aten.add.Tensor")
    assert sorted(graph.nodes[read]["op"] or "input" for read in graph.predecessors(merge)) == [
        "aten.relu.default",
        "input",
    ]


def test_example_inputs_are_for_live_modules_alone() -> None:
    with pytest.raises(UsageError, match="a file takes no example inputs"):
        shortcut_audit.load("a.onnx", 1)
    with pytest.raises(UsageError, match="a live model is called with example inputs"):
        shortcut_audit.load(object(), inputs=["1x4"])

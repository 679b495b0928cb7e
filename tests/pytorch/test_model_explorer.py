"""Are the nodes that are coloured for Model Explorer those that its own adapter draws?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from shortcut_audit import audit
from shortcut_audit.reporters.model_explorer import format as render
from tests.reporters.examples import report


class Block(torch.nn.Module):
    def __init__(self, narrow: int, wide: int) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(narrow, wide, 3, wide // narrow, 1)
        self.shortcut = torch.nn.Identity() if narrow == wide else torch.nn.Conv2d(narrow, wide, 1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = torch.relu(self.conv(x)) + self.shortcut(x)
        return made


def test_every_coloured_node_is_in_the_graph_of_the_adapter(tmp_path: Path) -> None:
    adapter = pytest.importorskip("model_explorer.builtin_pytorch_exportedprogram_adapter")
    file = tmp_path / "net.pt2"
    network = torch.nn.Sequential(Block(4, 4), Block(4, 8)).eval()
    torch.export.save(torch.export.export(network, (torch.zeros(1, 4, 8, 8),)), file)
    made = adapter.BuiltinPytorchExportedProgramAdapter().convert(str(file), {"const_element_count_limit": 16})
    nodes = {node.id for node in made["graphs"][0].nodes}
    results = json.loads(render(report(audit(str(file)))))["results"]
    kinds = sorted(given["value"] for given in results.values() if given["value"].endswith(" shortcut"))
    assert kinds == ["identity shortcut", "on a projection shortcut", "projection shortcut"]
    assert set(results) <= nodes

"""Does Model Explorer understand what is laid over its graph?"""

from __future__ import annotations

import json

import pytest

from shortcut_audit.reporters.model_explorer import COLORS, FORK
from shortcut_audit.reporters.model_explorer import format as render
from tests.reporters.examples import RESNET18, report


def test_merges_have_the_colour_of_their_kind() -> None:
    results = json.loads(render(report(RESNET18)))["results"]
    assert results["/layer2/0/Add"] == {"value": "projection shortcut", "bgColor": COLORS["projection"]}
    assert results["/layer1/0/Add"] == {"value": "identity shortcut", "bgColor": COLORS["identity"]}
    assert results["/layer2/layer2.0/downsample/Conv"]["value"] == "on a projection shortcut"
    assert results["/layer1/0/input"] == {"value": "fork", "bgColor": FORK}


def test_it_is_node_data_of_the_package() -> None:
    builder = pytest.importorskip("model_explorer.node_data_builder")
    document = json.loads(render(report(RESNET18)))
    data = builder.GraphNodeData(
        name=document["name"],
        results={node: builder.NodeDataResult(**given) for node, given in document["results"].items()},
    )
    assert json.loads(data.to_json_string())["results"] == document["results"]

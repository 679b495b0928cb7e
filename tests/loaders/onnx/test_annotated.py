"""Does a viewer find the verdicts in the file?"""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from shortcut_audit import audit
from shortcut_audit.errors import UnreadableModel
from shortcut_audit.loaders.onnx.annotated import KEY, annotated

SAMPLE = Path(__file__).parents[3] / "samples" / "resnet18.onnx"


def test_a_remark_stands_at_its_node_and_the_model_is_the_same(tmp_path: Path) -> None:
    file = tmp_path / "annotated.onnx"
    file.write_bytes(annotated(SAMPLE, {"node_add": "layer1.0: identity"}))
    model = onnx.load(file, load_external_data=False)
    said = {node.name: node.doc_string for node in model.graph.node if node.doc_string}
    assert said == {"node_add": f"{KEY}: layer1.0: identity"}
    (node,) = [node for node in model.graph.node if node.name == "node_add"]
    assert {entry.key: entry.value for entry in node.metadata_props}[KEY] == "layer1.0: identity"
    before, after = audit(str(SAMPLE)), audit(str(file))
    assert (after.totals, after.summary) == (before.totals, before.summary)


def test_weights_are_said_to_lie_elsewhere(tmp_path: Path) -> None:
    model = onnx.ModelProto.FromString(annotated(SAMPLE, {}))
    (weight,) = [tensor for tensor in model.graph.initializer if tensor.name == "fc.weight"]
    assert weight.data_location == onnx.TensorProto.EXTERNAL
    assert "location" in {entry.key for entry in weight.external_data}
    assert len(annotated(SAMPLE, {})) < 100_000  # bytes, of a model of 47 MB


def test_a_remark_that_no_viewer_would_show_is_refused() -> None:
    with pytest.raises(UnreadableModel, match="inside functions"):
        annotated(SAMPLE, {"nobody": "identity"})

"""What is this ONNX file with a word beside some of its nodes?

For viewers such as Netron: the model without its weights, a remark in the metadata and the doc string of the nodes that
somebody has something to say of. Weights are said to lie in another file, which is never written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.loaders.onnx.file import parsed
from shortcut_audit.loaders.onnx.text import text
from shortcut_audit.loaders.onnx.wire import skeleton

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

KEY = "shortcut-audit"
"""The key of the metadata that is added."""
LOCATION = "weights-left-out"
"""Where the weights are said to lie."""
EXTERNAL = 1


def annotated(path: Path, remarks: Mapping[str, str]) -> bytes:
    """The file with these remarks, by the name of the node, or OPERATOR:OUTPUT for a nameless one.

    Raises UnreadableModel as `load` does, and where none of the nodes is in the model's own graph.
    """
    model = parsed(skeleton(path))
    said = sum(_annotate(node, remarks) for node in model.graph.node)
    if remarks and not said:
        raise UnreadableModel("its shortcuts are inside functions or bodies, where viewers show no remark")
    _locate(model.graph.initializer)
    written: bytes = model.SerializeToString()
    return written


def _annotate(node: NodeProto, remarks: Mapping[str, str]) -> bool:
    name = text(node.name) or f"{text(node.op_type)}:{text(node.output[0]) if node.output else ''}"
    if name not in remarks:
        return False
    node.metadata_props.add(key=KEY, value=remarks[name])
    node.doc_string = f"{KEY}: {remarks[name]}"
    return True


def _locate(tensors: Iterable[TensorProto]) -> None:
    """Where what was left out lies: the format wants a place."""
    for tensor in tensors:
        if tensor.data_location == EXTERNAL and not any(entry.key == "location" for entry in tensor.external_data):
            tensor.external_data.add(key="location", value=LOCATION)

"""How does a test write a .pt2 archive without PyTorch?

`document` puts a program, drawn as tests/loaders/aten/programs.py says, into the JSON of PyTorch's schema 8; `archive`
packs it as torch.export.save does. What real archives look like, the files under samples/ show.
"""

from __future__ import annotations

import copy
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.graph.draft import Draft
from shortcut_audit.graph.model import Dim, TensorType
from shortcut_audit.loaders.aten.graph import Argument, AtenNode, Ref
from shortcut_audit.loaders.pt2.archive import load
from tests.loaders.aten.programs import program

RESIDUAL = """
    x: 1x4x8x8
    w: parameter 4x4x3x3
    f = aten.conv2d.default(input=x, weight=w, padding=[1, 1]) -> 1x4x8x8
    y = aten.add.Tensor(self=x, other=f) -> 1x4x8x8
    return y
"""
"""y = x + conv(x)."""

SCALAR_TYPES = {"float32": 7, "int64": 5, "bool": 12, "float16": 6}


def document(text: str = RESIDUAL) -> Any:
    """models/model.json of a program."""
    drawn = program(text)
    fed = [
        {"parameter" if tensor.learned else "buffer": named(name, tensor.learned)}
        for name, tensor in drawn.stored.items()
    ]
    fed += [{"user_input": {"arg": {"as_tensor": {"name": name}}}} for name in drawn.inputs]
    results = [item.name for item in drawn.graph.outputs if isinstance(item, Ref)]
    graph = {
        "inputs": [{"as_tensor": {"name": name}} for name in drawn.graph.inputs],
        "outputs": [{"as_tensor": {"name": name}} for name in results],
        "nodes": [node(found) for found in drawn.graph.nodes],
        "tensor_values": {name: meta(known) for name, known in drawn.graph.types.items()},
        "sym_int_values": {},
        "sym_bool_values": {},
        "is_single_tensor_return": False,
        "custom_obj_values": {},
        "sym_float_values": {},
    }
    signature = {
        "input_specs": fed,
        "output_specs": [{"user_output": {"arg": {"as_tensor": {"name": name}}}} for name in results],
    }
    return copy.deepcopy(
        {
            "graph_module": {"graph": graph, "signature": signature, "module_call_graph": []},
            "opset_version": {"aten": 10},
            "range_constraints": {},
            "schema_version": {"major": 8, "minor": 20},
            "torch_version": "2.13.0",
        }
    )


def named(name: str, learned: bool | None) -> dict[str, Any]:
    if learned:
        return {"arg": {"name": name}, "parameter_name": f"conv.{name}"}
    return {"arg": {"name": name}, "buffer_name": f"conv.{name}", "persistent": True}


def meta(known: TensorType) -> dict[str, Any]:
    return {
        "dtype": SCALAR_TYPES[known.dtype or "float32"],
        "sizes": [size(dim) for dim in known.shape or ()],
        "requires_grad": False,
        "device": {"type": "cpu", "index": None},
        "strides": [],
        "storage_offset": {"as_int": 0},
        "layout": 7,
    }


def size(dim: Dim) -> dict[str, Any]:
    return {"as_int": dim} if isinstance(dim, int) else {"as_expr": {"expr_str": dim, "hint": None}}


def node(found: AtenNode) -> dict[str, Any]:
    return {
        "target": f"torch.ops.{found.target}",
        "inputs": [{"name": name, "arg": argument(value), "kind": 1} for name, value in found.arguments],
        "outputs": [{"as_tensor": {"name": name}} for name in found.outputs],
        "metadata": {},
        "is_hop_single_tensor_return": None,
        "name": found.name,
    }


def argument(value: Argument) -> dict[str, Any]:
    match value:
        case None:
            return {"as_none": True}
        case Ref():
            return {"as_tensor": {"name": value.name}}
        case bool():
            return {"as_bool": value}
        case int():
            return {"as_int": value}
        case float():
            return {"as_float": value}
        case str():
            return {"as_string": value}
        case tuple() if value and all(isinstance(item, Ref) for item in value):
            return {"as_tensors": [{"name": item.name} for item in value if isinstance(item, Ref)]}
        case tuple():
            return {"as_ints": list(value)}
    raise AssertionError(value)


def archive(folder: Path, model: Any = None, **more: bytes) -> Path:
    """A .pt2 file. `model`: its document, or bytes; `more`: other files, "/" in their names written "__"."""
    path = folder / "model.pt2"
    content = model if isinstance(model, bytes) else json.dumps(document() if model is None else model).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("model/models/model.json", content)
        packed.writestr("model/archive_format", "pt2")
        for name, data in more.items():
            packed.writestr(f"model/{name.replace('__', '/')}", data)
    return path


def draft_of(folder: Path, text: str) -> Draft:
    return load(archive(folder, document(text)))


def refusal(path: Path) -> str:
    """The line with which a file is refused."""
    with pytest.raises(UnreadableModel) as refused:
        load(path)
    message = str(refused.value)
    assert "\n" not in message
    return message

"""How does a test write an ONNX file, and see what was read from it?"""

from __future__ import annotations

from pathlib import Path

import onnx.parser
import pytest

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.graph.draft import Draft
from shortcut_audit.loaders.onnx.file import load

HEADER = '<ir_version: 8, opset_import: ["": 17]>\n'
"""What the text of a model begins with, where the test is not about it."""


def parsed(text: str) -> onnx.ModelProto:
    """A model from ONNX's own text format; the header may be left out."""
    return onnx.parser.parse_model(text if "ir_version" in text else HEADER + text)


def saved(folder: Path, model: onnx.ModelProto | bytes) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    return path


def draft_of(folder: Path, model: onnx.ModelProto | bytes | str) -> Draft:
    return load(saved(folder, parsed(model) if isinstance(model, str) else model))


def refusal(folder: Path, model: onnx.ModelProto | bytes | str) -> str:
    """The line with which the model is refused."""
    with pytest.raises(UnreadableModel) as refused:
        draft_of(folder, model)
    message = str(refused.value)
    assert "\n" not in message
    return message


def drawing(draft: Draft) -> list[str]:
    """The nodes, one a line: `y = Add(x, r)`. An input that is left out is `_`."""
    return [f"{_listed(node.outputs)} = {node.kind}({_listed(node.inputs)})" for node in draft.nodes]


def _listed(names: tuple[str | None, ...]) -> str:
    return ", ".join(name or "_" for name in names)


def field(number: int, body: bytes) -> bytes:
    """A length-delimited field as protobuf writes it: tag, length, body."""
    return varint(number << 3 | 2) + varint(len(body)) + body


def varint(number: int) -> bytes:
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])

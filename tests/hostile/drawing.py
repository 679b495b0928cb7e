"""How does a maker of hostile files write an ONNX model?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import onnx.parser
from onnx import FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, helper

from tests.hostile.case import Maker

CONV = "f = Conv<pads = [1, 1, 1, 1]>(x, w)"
ADD = "y = Add(f, x)"
FIGURE = "g (float[1, 4, 8, 8] x) => (float[1, 4, 8, 8] y)"


def weight(name: str = "w", *shape: int) -> TensorProto:
    """A stored tensor, zeros, by default the 4x4x3x3 kernel of a convolution."""
    dims = shape or (4, 4, 3, 3)
    count = 1
    for size in dims:
        count *= size
    return TensorProto(name=name, dims=dims, data_type=TensorProto.FLOAT, raw_data=bytes(4 * count))


def integers(name: str, *numbers: int) -> TensorProto:
    return helper.make_tensor(name, TensorProto.INT64, [len(numbers)], numbers)


def graph(*nodes: str, figure: str = FIGURE, stored: Iterable[TensorProto] = ()) -> GraphProto:
    """A graph from ONNX's text format; the kernel `w` is stored in it."""
    made = onnx.parser.parse_graph(f"{figure} {{ {' '.join(nodes)} }}")
    made.initializer.extend([weight(), *stored])
    return made


def model(made: GraphProto, functions: Iterable[FunctionProto] = (), opset: int = 17) -> ModelProto:
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("local", 1)]
    return helper.make_model(made, functions=list(functions), opset_imports=imports, ir_version=8)


def clean() -> ModelProto:
    """y = x + conv(x)."""
    return model(graph(CONV, ADD))


def node(kind: str, inputs: str, outputs: str, **attributes: object) -> NodeProto:
    return helper.make_node(kind, inputs.split(), outputs.split(), **attributes)


def function(name: str, inputs: str, outputs: str, *nodes: NodeProto) -> FunctionProto:
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    return helper.make_function("local", name, inputs.split(), outputs.split(), list(nodes), imports)


# -- makers ---------------------------------------------------------------------------------------------------------


def saved(made: ModelProto) -> Maker:
    """The model, as it is."""
    return content(made.SerializeToString())


def content(data: bytes, name: str = "model.onnx") -> Maker:
    """A file with this content."""

    def make(folder: Path) -> Path:
        folder.joinpath(name).write_bytes(data)
        return folder / name

    return make


def drawn(*nodes: str, figure: str = FIGURE, stored: Iterable[TensorProto] = ()) -> Maker:
    """A model from the text of its nodes."""
    return saved(model(graph(*nodes, figure=figure, stored=stored)))


def edited(edit: Callable[[ModelProto], object]) -> Maker:
    """The clean twin, changed in place."""

    def make(folder: Path) -> Path:
        made = clean()
        edit(made)
        return saved(made)(folder)  # type: ignore[return-value]

    return make


# -- the wire -------------------------------------------------------------------------------------------------------


def varint(number: int) -> bytes:
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


def field(number: int, body: bytes) -> bytes:
    """A field with a length, as protobuf writes it."""
    return varint(number << 3 | 2) + varint(len(body)) + body

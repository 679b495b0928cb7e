"""How does a test write an ONNX file of residual blocks, as an exporter would?

    network("identity", "projection")

Every block but "plain" is y = F(x) + shortcut, F two 3x3 convolutions over 8 channels without bias. Scopes are recorded
("blocks.0"), and so is the line of Python that wrote each addition: net.py, 10 for the first block, 11 for the second.
"""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper

CHANNELS = 8


def network(*blocks: str, batch: int | str = 1, folder: str = "/export") -> onnx.ModelProto:
    """A chain of blocks. `folder` is where net.py lay when the model was exported."""
    writer = _Writer(folder)
    value, size = "x", 16
    for number, kind in enumerate(blocks):
        value = writer.block(number, kind, value)
        size //= 2 if kind in {"strided", "pooled"} else 1
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, CHANNELS, 16, 16])
    result = helper.make_tensor_value_info(value, TensorProto.FLOAT, [batch, CHANNELS, size, size])
    graph = helper.make_graph(writer.nodes, "network", [image], [result], writer.tensors)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.example", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def save(file: Path, model: onnx.ModelProto) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(model.SerializeToString())
    return file


class _Writer:
    def __init__(self, folder: str) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []
        self._folder = folder
        self._block = 0

    def block(self, number: int, kind: str, x: str) -> str:
        self._block = number
        stride = 2 if kind in {"strided", "pooled"} else 1
        branch = self._conv(self._op("Relu", self._conv(x, 3, stride)), 3)
        if kind == "plain":
            return branch
        if kind == "half-quantised":
            scale, zero = self._tensor("scale", 0.5), self._zero()
            branch = self._op("DequantizeLinear", self._op("QuantizeLinear", branch, scale, zero), scale, zero)
        if kind == "doubled":
            branch = self._op("Add", branch, x)
        merged = self._op("Add", branch, self._shortcut(kind, x))
        return self._op("Mystery", merged, domain="com.example") if kind == "uncounted" else merged

    def _shortcut(self, kind: str, x: str) -> str:
        match kind:
            case "projection":
                return self._conv(x, 1)
            case "wide-projection":
                return self._conv(self._conv(x, 1), 1)
            case "strided":
                return self._conv(x, 1, 2)
            case "pooled":
                return self._conv(self._op("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2]), 1)
            case "scaled":
                return self._op("Mul", x, self._tensor("half", 0.5))
            case "identity" | "doubled" | "uncounted" | "half-quantised":
                return x
            case "opaque":
                return self._op("Mystery", x, domain="com.example")
        raise ValueError(kind)

    def _conv(self, x: str, kernel: int, stride: int = 1) -> str:
        weight = self._tensor(
            "weight", *[0.0] * (CHANNELS * CHANNELS * kernel * kernel), shape=(CHANNELS, CHANNELS, kernel, kernel)
        )
        return self._op("Conv", x, weight, pads=[kernel // 2] * 4, strides=[stride, stride])

    def _tensor(self, role: str, *data: float, shape: tuple[int, ...] = ()) -> str:
        name = f"{role}_{len(self.tensors)}"
        self.tensors.append(helper.make_tensor(name, TensorProto.FLOAT, shape, data))
        return name

    def _zero(self) -> str:
        name = f"zero_{len(self.tensors)}"
        self.tensors.append(helper.make_tensor(name, TensorProto.INT8, (), [0]))
        return name

    def _op(self, kind: str, *inputs: str, domain: str = "", **attributes: object) -> str:
        made = f"val_{len(self.nodes)}"
        node = helper.make_node(kind, inputs, [made], domain=domain, **attributes)
        scopes = ["", f"blocks.{self._block}", kind.lower()]
        frame = f'File "{self._folder}/net.py", line {10 + self._block}, in forward\n    return residual + shortcut'
        for key, value in (("name_scopes", repr(scopes)), ("stack_trace", frame)):
            node.metadata_props.add(key=f"pkg.torch.onnx.{key}", value=value)
        self.nodes.append(node)
        return made

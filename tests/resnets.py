"""What do the networks of He et al. 2015 look like as ONNX graphs?

Built with `onnx.helper` alone, BatchNorm kept as PyTorch keeps it in training form, weights absent: every stored tensor
has a name, a type and a shape, and points to a side file that does not exist. Node names are numbers, so that nothing
can be read off them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

Option = Literal["A", "B", "C", "plain"]

OPSET = 17


class Drawing:
    """A graph under construction: each method adds an op and returns the name of what it makes."""

    def __init__(self, *shape: int) -> None:
        self.x: ValueInfoProto = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        result = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [result], name=f"n{len(self.nodes)}", **attributes))
        return result

    def weight(self, *shape: int) -> str:
        tensor = TensorProto(name=f"w{len(self.weights)}", dims=shape, data_type=TensorProto.FLOAT)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="weights-not-included.bin")
        self.weights.append(tensor)
        return tensor.name

    def integers(self, *numbers: int) -> str:
        name = f"i{len(self.weights)}"
        self.weights.append(helper.make_tensor(name, TensorProto.INT64, [len(numbers)], numbers))
        return name

    def conv_bn(self, x: str, width_in: int, width: int, kernel: int, stride: int = 1) -> str:
        weight = self.weight(width, width_in, kernel, kernel)
        y = self.op("Conv", x, weight, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4)
        return self.op("BatchNormalization", y, *(self.weight(width) for _ in range(4)))

    def relu(self, x: str) -> str:
        return self.op("Relu", x)

    def max_pool(self, x: str) -> str:
        return self.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)

    def subsample_and_pad(self, x: str, new_channels: int) -> str:
        """Option A: x[:, :, ::2, ::2], then channels of zeros."""
        starts, ends, axes, steps = (self.integers(*pair) for pair in [(0, 0), (2**31, 2**31), (2, 3), (2, 2)])
        return self.op(
            "Pad", self.op("Slice", x, starts, ends, axes, steps), self.integers(0, 0, 0, 0, 0, new_channels, 0, 0)
        )

    def head(self, x: str, width: int, classes: int) -> str:
        y = self.op("Flatten", self.op("GlobalAveragePool", x))
        return self.op("Gemm", y, self.weight(classes, width), self.weight(classes), transB=1)

    def model(self, result: str) -> ModelProto:
        y = helper.make_tensor_value_info(result, TensorProto.FLOAT, None)
        graph: GraphProto = helper.make_graph(self.nodes, "network", [self.x], [y], self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def shortcut(draw: Drawing, x: str, width_in: int, width_out: int, stride: int, option: Option) -> str:
    """Section 3.3 of the paper: A pads, B projects where dimensions change, C projects everywhere."""
    changes = stride != 1 or width_in != width_out
    if option == "C" or (option == "B" and changes):
        return draw.conv_bn(x, width_in, width_out, 1, stride)
    return draw.subsample_and_pad(x, width_out - width_in) if changes else x


def basic(draw: Drawing, x: str, width_in: int, width: int, stride: int, option: Option) -> str:
    """Two 3x3 convolutions (figure 5, left)."""
    y = draw.relu(draw.conv_bn(x, width_in, width, 3, stride))
    y = draw.conv_bn(y, width, width, 3)
    if option == "plain":
        return draw.relu(y)
    return draw.relu(draw.op("Add", y, shortcut(draw, x, width_in, width, stride, option)))


def bottleneck(draw: Drawing, x: str, width_in: int, width: int, stride: int, option: Option) -> str:
    """1x1, 3x3, 1x1 (figure 5, right), the stride on the 3x3 as PyTorch has it."""
    y = draw.relu(draw.conv_bn(x, width_in, width // 4, 1))
    y = draw.relu(draw.conv_bn(y, width // 4, width // 4, 3, stride))
    y = draw.conv_bn(y, width // 4, width, 1)
    return draw.relu(draw.op("Add", y, shortcut(draw, x, width_in, width, stride, option)))


BASIC_WIDTHS = (64, 128, 256, 512)
BOTTLENECK_WIDTHS = (256, 512, 1024, 2048)


def imagenet(blocks: tuple[int, ...], option: Option, *, deep: bool = False) -> ModelProto:
    """Table 1 of the paper: 7x7 convolution, pooling, four stages, a classifier of 1000; input 1x3x224x224."""
    block, widths = (bottleneck, BOTTLENECK_WIDTHS) if deep else (basic, BASIC_WIDTHS)
    draw = Drawing(1, 3, 224, 224)
    x = draw.max_pool(draw.relu(draw.conv_bn("x", 3, 64, 7, 2)))
    width_in = 64
    for stage, width in enumerate(widths):
        for position in range(blocks[stage]):
            stride = 2 if stage > 0 and position == 0 else 1
            x = block(draw, x, width_in, width, stride, option)
            width_in = width
    return draw.model(draw.head(x, width_in, 1000))


def cifar(n: int, option: Option) -> ModelProto:
    """Section 4.2: 6n + 2 layers of 16, 32 and 64 channels, a classifier of 10; input 1x3x32x32."""
    draw = Drawing(1, 3, 32, 32)
    x = draw.relu(draw.conv_bn("x", 3, 16, 3))
    width_in = 16
    for width in (16, 32, 64):
        for position in range(n):
            stride = 2 if width > 16 and position == 0 else 1
            x = basic(draw, x, width_in, width, stride, option)
            width_in = width
    return draw.model(draw.head(x, 64, 10))


def save(model: ModelProto, folder: Path) -> str:
    """Write the model into the folder; the path as the command line would get it."""
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return str(path)

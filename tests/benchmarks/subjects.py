"""Which models are timed?

Each is written into a folder once, with random weights: peers read them, or refuse a file that lacks them.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx

from tests.resnets import Drawing

SAMPLES = Path(__file__).parents[2] / "samples" / "make_samples.py"


def resnet50() -> Any:
    """ResNet-50: 25.6 M parameters."""
    return runpy.run_path(str(SAMPLES))["RESNET50"]().eval()


def vit_large() -> Any:
    """A transformer of ViT-L's size: 24 blocks of width 1024 on 196 tokens, 302 M parameters."""
    from torch import nn

    block = runpy.run_path(str(SAMPLES))["TransformerBlock"]

    class Net(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.patches = nn.Conv2d(3, 1024, 16, 16)
            self.blocks = nn.Sequential(*(block(1024, 16) for _ in range(24)))

        def forward(self, x: Any) -> Any:
            return self.blocks(self.patches(x).flatten(2).transpose(1, 2))

    return Net().eval()


def export_onnx(model: Callable[[], Any], file: Path) -> None:
    """The file that PyTorch's TorchScript exporter writes, weights inside."""
    import torch

    with torch.no_grad():
        image = torch.zeros(1, 3, 224, 224)
        torch.onnx.export(model(), (image,), file, dynamo=False, opset_version=17, input_names=["x"])


def export_pt2(model: Callable[[], Any], file: Path) -> None:
    """The archive that torch.export.save writes, weights inside."""
    import torch

    torch.export.save(torch.export.export(model(), (torch.zeros(1, 3, 224, 224),)), file)


def decoder(layers: int, width: int, *, positions: bool) -> onnx.ModelProto:
    """A pre-norm decoder, 64 tokens, rotary embedding by position ids that are fed, or by a stored table."""
    drawing = Drawing(1, 64, width)
    ids = onnx.helper.make_tensor_value_info("position_ids", onnx.TensorProto.FLOAT, (1, 64, 1))
    value, half = "x", drawing.integers(width // 2, width // 2)
    angles = (
        drawing.op("Mul", "position_ids", drawing.weight(1, 1, width)) if positions else drawing.weight(1, 64, width)
    )
    cosine, sine = (drawing.op(kind, angles) if positions else drawing.weight(1, 64, width) for kind in ("Cos", "Sin"))
    for _ in range(layers):
        normed = drawing.op("LayerNormalization", value, drawing.weight(width), axis=-1)
        query, key = (rotated(drawing, normed, width, cosine, sine, half) for _ in range(2))
        content = drawing.op("MatMul", normed, drawing.weight(width, width))
        scores = drawing.op("Softmax", drawing.op("MatMul", query, drawing.op("Transpose", key, perm=[0, 2, 1])))
        mixed = drawing.op("MatMul", drawing.op("MatMul", scores, content), drawing.weight(width, width))
        value = drawing.op("Add", value, mixed)
        normed = drawing.op("LayerNormalization", value, drawing.weight(width), axis=-1)
        hidden = drawing.op("Relu", drawing.op("MatMul", normed, drawing.weight(width, 4 * width)))
        value = drawing.op("Add", value, drawing.op("MatMul", hidden, drawing.weight(4 * width, width)))
    made = onnx.helper.make_tensor_value_info(value, onnx.TensorProto.FLOAT, (1, 64, width))
    fed = [drawing.x, ids] if positions else [drawing.x]
    graph = onnx.helper.make_graph(drawing.nodes, "decoder", fed, [made], drawing.weights)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


def rotated(drawing: Drawing, normed: str, width: int, cosine: str, sine: str, half: str) -> str:
    """q cos + rotate_half(q) sin."""
    q = drawing.op("MatMul", normed, drawing.weight(width, width))
    drawing.nodes.append(onnx.helper.make_node("Split", [q, half], [f"{q}a", f"{q}b"], axis=-1, name=f"split_{q}"))
    turned = drawing.op("Concat", drawing.op("Neg", f"{q}b"), f"{q}a", axis=-1)
    return drawing.op("Add", drawing.op("Mul", q, cosine), drawing.op("Mul", turned, sine))


def chain(ops: int) -> onnx.ModelProto:
    """Blocks of four ops, relu(x + conv(relu(conv(x)))) without the last: one shortcut a block."""
    drawing = Drawing(1, 8, 8, 8)
    value = "x"
    for _ in range(ops // 4):
        hidden = drawing.op("Relu", drawing.op("Conv", value, drawing.weight(8, 8, 1, 1)))
        value = drawing.op("Add", value, drawing.op("Conv", hidden, drawing.weight(8, 8, 1, 1)))
    made = onnx.helper.make_tensor_value_info(value, onnx.TensorProto.FLOAT, (1, 8, 8, 8))
    graph = onnx.helper.make_graph(drawing.nodes, "chain", [drawing.x], [made], drawing.weights)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


def draw(model: onnx.ModelProto, file: Path) -> None:
    """The model as a file, with weights where it is drawn without."""
    import numpy as np

    rng = np.random.default_rng(0)
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            values = rng.normal(0, 0.02, tuple(tensor.dims)).astype(np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    file.write_bytes(model.SerializeToString())


WIDTH = 32
"""Of the decoders, whose graph is what is timed: 80 layers of it store 4 MB."""

SUBJECTS: dict[str, Callable[[Path], None]] = {
    "resnet50.onnx": lambda file: export_onnx(resnet50, file),
    "resnet50.pt2": lambda file: export_pt2(resnet50, file),
    "vit-l.onnx": lambda file: export_onnx(vit_large, file),
    "decoder80.onnx": lambda file: draw(decoder(80, WIDTH, positions=False), file),
    "decoder80-positions.onnx": lambda file: draw(decoder(80, WIDTH, positions=True), file),
    "chain32000.onnx": lambda file: draw(chain(32_000), file),
}
"""By file name, what writes it."""


if __name__ == "__main__":
    wanted = Path(sys.argv[1])
    SUBJECTS[wanted.name](wanted)

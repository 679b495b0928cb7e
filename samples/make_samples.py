"""Which architectures can a newcomer try first, and where did their files come from?

Run it from the repository's root, with `pip install '.[test]'` (torch and onnxscript):

    python samples/make_samples.py [FOLDER]

Each network is written here by hand, after its paper, with the module names that torchvision made customary; it is
exported by PyTorch itself, and then its weights are cut out: a tensor over `KEPT_BYTES` only keeps its name, type and
shape, and points to a side file that does not exist. The audit needs no more. Nothing in a file depends on chance or
on the machine: run again with the same versions of torch and onnxscript, the script writes the same bytes.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional as F

HERE = Path(__file__).parent
KEPT_BYTES = 64
"""Tensors up to this size stay in the file: axes, target shapes, scalars."""
ABSENT = "weights-not-included.bin"


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al. 2015, figure 5 left)."""

    expansion = 1

    def __init__(self, width_in: int, width: int, stride: int, downsample: nn.Module | None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        """F(x) + x, or F(x) + W_s x."""
        residual = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(residual + shortcut)


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 and a shortcut (He et al. 2015, figure 5 right), the stride on the 3x3."""

    expansion = 4

    def __init__(self, width_in: int, width: int, stride: int, downsample: nn.Module | None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        """F(x) + x, or F(x) + W_s x."""
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        residual = self.bn3(self.conv3(y))
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(residual + shortcut)


class PlainBlock(BasicBlock):
    """The same two convolutions without a shortcut: the paper's plain networks."""

    def forward(self, x: Tensor) -> Tensor:
        """F(x)."""
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class PaddedIdentity(nn.Module):
    """Option A: every second pixel of every second row, new channels filled with zeros. No parameters."""

    def __init__(self, new_channels: int) -> None:
        super().__init__()
        self.new_channels = new_channels

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, c + new_channels, h/2, w/2)."""
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.new_channels))


def projection(width_in: int, width_out: int, stride: int) -> nn.Module:
    """Option B: the learned W_s."""
    return nn.Sequential(nn.Conv2d(width_in, width_out, 1, stride, bias=False), nn.BatchNorm2d(width_out))


def padding(width_in: int, width_out: int, stride: int) -> nn.Module:
    """Option A, for the one case that the paper's networks have: half the size, new channels."""
    if stride != 2:
        raise ValueError(f"a stride of {stride} is not subsampling by two")
    return PaddedIdentity(width_out - width_in)


def no_shortcut(width_in: int, width_out: int, stride: int) -> None:
    """The plain networks."""


Block = type[BasicBlock] | type[Bottleneck]
Match = Callable[[int, int, int], nn.Module | None]


def stage(block: Block, match: Match, width_in: int, width: int, blocks: int, stride: int) -> nn.Sequential:
    """Blocks of one width; the first one changes the dimensions, where they change."""
    width_out = width * block.expansion
    changes = stride != 1 or width_in != width_out
    first = block(width_in, width, stride, match(width_in, width_out, stride) if changes else None)
    return nn.Sequential(first, *(block(width_out, width, 1, None) for _ in range(1, blocks)))


class ResNet(nn.Module):
    """The paper's networks for ImageNet (table 1)."""

    def __init__(self, block: Block, blocks: tuple[int, int, int, int], match: Match = projection) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = stage(block, match, 64, 64, blocks[0], 1)
        self.layer2 = stage(block, match, 64 * block.expansion, 128, blocks[1], 2)
        self.layer3 = stage(block, match, 128 * block.expansion, 256, blocks[2], 2)
        self.layer4 = stage(block, match, 256 * block.expansion, 512, blocks[3], 2)
        self.fc = nn.Linear(512 * block.expansion, 1000)

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, 224, 224) -> (n, 1000)."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, padding=1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class CifarResNet(nn.Module):
    """The paper's networks for CIFAR-10 (section 4.2): 6n + 2 layers, here n = 3; option A throughout."""

    def __init__(self, n: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = stage(BasicBlock, padding, 16, 16, n, 1)
        self.layer2 = stage(BasicBlock, padding, 16, 32, n, 2)
        self.layer3 = stage(BasicBlock, padding, 32, 64, n, 2)
        self.fc = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, 32, 32) -> (n, 10)."""
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class HighwayLayer(nn.Module):
    """A shortcut with a learned gate (Srivastava et al. 2015, equation 3)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.transform = nn.Linear(width, width)
        self.gate = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """H(x) T(x) + x (1 - T(x))."""
        gate = torch.sigmoid(self.gate(x))
        return F.relu(self.transform(x)) * gate + x * (1 - gate)


class Highway(nn.Module):
    """The paper's network for MNIST (section 3.1), ten layers of width 50."""

    def __init__(self, layers: int = 10, width: int = 50) -> None:
        super().__init__()
        self.stem = nn.Linear(784, width)
        self.layers = nn.Sequential(*(HighwayLayer(width) for _ in range(layers)))
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        """(n, 784) -> (n, 10)."""
        return self.head(self.layers(F.relu(self.stem(x))))


class TransformerBlock(nn.Module):
    """A pre-LN decoder block: the norms lie on the residual branches, and both shortcuts are bare."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """x + attention(norm(x)), then x + mlp(norm(x))."""
        x = x + self.proj(self.attention(self.norm1(x)))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))

    def attention(self, x: Tensor) -> Tensor:
        """Causal self-attention, (n, tokens, width) -> the same."""
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1))
        return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)


class Transformer(nn.Module):
    """A small language model: token plus position embedding, pre-LN blocks, a head."""

    def __init__(self, layers: int = 3, width: int = 256, heads: int = 4, words: int = 1000, tokens: int = 64) -> None:
        super().__init__()
        self.token = nn.Embedding(words, width)
        self.position = nn.Embedding(tokens, width)
        self.blocks = nn.Sequential(*(TransformerBlock(width, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, words, bias=False)

    def forward(self, words: Tensor) -> Tensor:
        """(n, tokens) of int64 -> (n, tokens, words)."""
        x = self.token(words) + self.position(torch.arange(words.shape[1]))
        return self.head(self.norm(self.blocks(x)))


IMAGE = (1, 3, 224, 224)


def image(*shape: int) -> Tensor:
    """An input of this shape."""
    return torch.zeros(shape)


def export_dynamo(model: nn.Module, example: Tensor, path: Path, **options: object) -> None:
    """PyTorch's default exporter from 2.9 on: records module scopes and source lines."""
    torch.onnx.export(model, (example,), path, dynamo=True, external_data=False, verbose=False, **options)


def export_torchscript(model: nn.Module, example: Tensor, path: Path, **options: object) -> None:
    """PyTorch's exporter up to 2.8, which most files in the wild come from: module scopes in node names only."""
    torch.onnx.export(model, (example,), path, dynamo=False, opset_version=17, input_names=["x"], **options)


@dataclass(frozen=True)
class Sample:
    """One file: what is exported, with which exporter, on which input."""

    model: Callable[[], nn.Module]
    example: Tensor
    export: Callable[..., None] = export_dynamo
    options: dict[str, object] = field(default_factory=dict)


RESNET18 = partial(ResNet, BasicBlock, (2, 2, 2, 2))
RESNET50 = partial(ResNet, Bottleneck, (3, 4, 6, 3))
PLAIN34 = partial(ResNet, PlainBlock, (3, 4, 6, 3), no_shortcut)
KEEP_BATCHNORM = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
ANY_BATCH = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)}

SAMPLES: dict[str, Sample] = {
    "resnet18": Sample(RESNET18, image(*IMAGE)),
    "resnet18-batchnorm": Sample(RESNET18, image(*IMAGE), export_torchscript, KEEP_BATCHNORM),
    "resnet50": Sample(RESNET50, image(*IMAGE), export_torchscript),
    "plain34": Sample(PLAIN34, image(*IMAGE), export_torchscript),
    "cifar-resnet20-a": Sample(CifarResNet, image(1, 3, 32, 32)),
    "highway": Sample(Highway, image(1, 784), export_torchscript),
    "transformer": Sample(Transformer, torch.zeros(2, 64, dtype=torch.int64), export_dynamo, ANY_BATCH),
}


def cut_weights(model: onnx.ModelProto) -> None:
    """Leave name, type and shape of each large tensor; its payload is said to lie in a file that does not exist."""
    for tensor in model.graph.initializer:
        size = len(tensor.raw_data)
        if size > KEPT_BYTES:
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value=ABSENT)


def cut_paths(model: onnx.ModelProto) -> None:
    """Make the recorded source lines relative: "samples/make_samples.py", "torch/nn/modules/conv.py"."""
    for node in model.graph.node:
        for entry in node.metadata_props:
            entry.value = entry.value.replace(str(Path(__file__).resolve()), "samples/make_samples.py")
            entry.value = re.sub(r'File "[^"]*/site-packages/', 'File "', entry.value)


def look_trained(model: nn.Module) -> None:
    """Give every tensor values of its own: exporters store tensors of equal values once, as if they were tied."""
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5)


def make(sample: Sample) -> bytes:
    """The ONNX file of one sample."""
    torch.manual_seed(0)
    model = sample.model().eval()
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        look_trained(model)
        path = Path(folder, "model.onnx")
        sample.export(model, sample.example, path, **sample.options)
        proto = onnx.load(path)
    cut_weights(proto)
    cut_paths(proto)
    return proto.SerializeToString(deterministic=True)


def main(folder: Path) -> None:
    """Write every sample into the folder."""
    for name, sample in SAMPLES.items():
        path = folder / f"{name}.onnx"
        path.write_bytes(make(sample))
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)

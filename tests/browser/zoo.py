"""Which networks must a page show well?

Drawn op by op after the architectures that they are named for, with names as long as theirs: what a page has trouble
with is nesting, arcs beside one another, depth, and long names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from tests.sketch import listing, stored


class _Net:
    def __init__(self, channels: int, size: int) -> None:
        self.lines: list[str] = []
        self.tensors: dict[str, object] = {"x": (1, channels, size, size)}
        self._made = 0

    def op(self, kind: str, *inputs: str, scope: str, **attributes: object) -> str:
        self._made += 1
        made = f"v{self._made}"
        given = " ".join(f"{key}={value}" for key, value in attributes.items())
        self.lines.append(f"{made} = {kind}({', '.join(inputs)}) {given} @{scope}")
        return made

    def weight(self, *shape: int) -> str:
        name = f"w{len(self.tensors)}"
        self.tensors[name] = stored(*shape)
        return name

    def conv(self, x: str, narrow: int, wide: int, scope: str, *of: int, group: int = 1) -> str:
        """`of`: kernel and stride; 3 and 1 where left out."""
        kernel, stride = (*of, 3, 1)[:2] if not of else (*of, 1)[:2]
        pad = kernel // 2
        given = {"pads": ",".join([str(pad)] * 4), "strides": f"{stride},{stride}", "group": group}
        return self.op("Conv", x, self.weight(wide, narrow // group, kernel, kernel), scope=scope, **given)

    def linear(self, x: str, narrow: int, wide: int, scope: str) -> str:
        return self.op("MatMul", x, self.weight(narrow, wide), scope=scope)

    def relu(self, x: str, scope: str) -> str:
        return self.op("Relu", x, scope=scope)

    def add(self, *operands: str, scope: str) -> str:
        total, *rest = operands
        for operand in rest:
            total = self.op("Add", total, operand, scope=scope)
        return total

    def report(self, name: str) -> ModelReport:
        return replace(audit_draft(listing(*self.lines, **self.tensors)), source=name)  # type: ignore[arg-type]


def resnet(depths: tuple[int, ...], *, deep: bool) -> Callable[[], ModelReport]:
    def build() -> ModelReport:
        net = _Net(3, 64)
        x = net.relu(net.conv("x", 3, 16, "conv1", 7, 2), "relu")
        narrow = 16
        for stage, blocks in enumerate(depths):
            width = 16 * 2**stage
            wide = width * (4 if deep else 1)
            for block in range(blocks):
                scope, stride = f"layer{stage + 1}.{block}", 2 if stage and not block else 1
                kernels = (1, 3, 1) if deep else (3, 3)
                sizes = (narrow, *[width] * (len(kernels) - 1), wide)
                y = x
                for nth, kernel in enumerate(kernels):
                    step = stride if kernel == 3 and (deep or not nth) else 1
                    y = net.conv(y, sizes[nth], sizes[nth + 1], f"{scope}.conv{nth + 1}", kernel, step)
                    y = net.relu(y, scope) if nth + 1 < len(kernels) else y
                same = narrow == wide and stride == 1
                skip = x if same else net.conv(x, narrow, wide, f"{scope}.downsample.0", 1, stride)
                x = net.relu(net.add(y, skip, scope=scope), scope)
                narrow = wide
        return net.report(f"resnet{sum(depths) * (3 if deep else 2) + 2}.onnx")

    return build


def transformer(layers: int, name: str) -> Callable[[], ModelReport]:
    def build() -> ModelReport:
        net = _Net(1, 1)
        net.tensors["x"] = (1, 16, 32)
        x = "x"
        for number in range(layers):
            scope = f"model.layers.{number}"
            parts = [net.linear(x, 32, 32, f"{scope}.self_attn.{which}_proj") for which in "qkv"]
            logits = net.op("MatMul", parts[0], net.op("Transpose", parts[1], scope=scope, perm="0,2,1"), scope=scope)
            attended = net.op("MatMul", net.op("Softmax", logits, scope=scope, axis=-1), parts[2], scope=scope)
            x = net.add(x, net.linear(attended, 32, 32, f"{scope}.self_attn.o_proj"), scope=scope)
            gate, up = (net.linear(x, 32, 88, f"{scope}.mlp.{which}_proj") for which in ("gate", "up"))
            inner = net.op("Mul", net.op("Sigmoid", gate, scope=scope), up, scope=scope)
            x = net.add(x, net.linear(inner, 88, 32, f"{scope}.mlp.down_proj"), scope=scope)
        return net.report(name)

    return build


def hrnet() -> ModelReport:
    """Branches side by side, joined by sums that are no shortcuts."""
    net = _Net(3, 32)
    branches = [net.conv("x", 3, 16, "conv1"), net.conv("x", 3, 32, "transition1.1", 3, 2)]
    for module in range(3):
        for branch in range(2):
            for block in range(4):
                scope, width = f"stage{module + 2}.0.branches.{branch}.{block}", 16 * 2**branch
                y = net.relu(net.conv(branches[branch], width, width, f"{scope}.conv1"), scope)
                branches[branch] = net.relu(
                    net.add(net.conv(y, width, width, f"{scope}.conv2"), branches[branch], scope=scope), scope
                )
        down = net.conv(branches[0], 16, 32, f"stage{module + 2}.0.fuse_layers.1.0.0.0", 3, 2)
        low = net.relu(net.add(down, branches[1], scope=f"stage{module + 2}.0"), f"stage{module + 2}.0")
        branches[1] = low
    return net.report("hrnet_w18.onnx")


def fastvit() -> ModelReport:
    """Four shortcuts around one layer: normalisations and convolutions beside an identity."""
    net = _Net(3, 32)
    x = net.conv("x", 3, 48, "stem.0.conv_kxk.0.conv")
    for stage in range(4):
        for block in range(3):
            scope = f"stages.{stage}.blocks.{block}.token_mixer"
            mixed = net.conv(x, 48, 48, f"{scope}.mixer.conv_kxk.0.conv", group=48)
            scaled = net.op("Mul", x, net.weight(48, 1, 1), scope=f"{scope}.norm")
            wide = net.conv(x, 48, 48, f"{scope}.mixer.conv_scale.conv", 1, group=48)
            x = net.add(mixed, scaled, wide, x, scope=scope)
            scope = f"stages.{stage}.blocks.{block}"
            y = net.relu(net.conv(x, 48, 144, f"{scope}.mlp.fc1", 1), scope)
            x = net.add(x, net.conv(y, 144, 48, f"{scope}.mlp.fc2", 1), scope=scope)
    return net.report("fastvit_t8.onnx")


def focalnet() -> ModelReport:
    """Gated sums nested in identities, under long names."""
    net = _Net(3, 32)
    x = net.conv("x", 3, 96, "stem.proj", 4, 4)
    for number in range(12):
        scope = f"layers.{number // 3}.blocks.{number % 3}"
        gates = net.op("Sigmoid", net.conv(x, 96, 96, f"{scope}.modulation.f", 1), scope=scope)
        context = net.relu(net.conv(x, 96, 96, f"{scope}.modulation.focal_layers.0.0", group=96), scope)
        passed = net.op("Mul", context, gates, scope=scope)
        further = net.relu(net.conv(context, 96, 96, f"{scope}.modulation.focal_layers.1.0", group=96), scope)
        both = net.add(passed, further, scope=f"{scope}.modulation")
        x = net.add(x, net.conv(both, 96, 96, f"{scope}.modulation.proj", 1), scope=scope)
        y = net.relu(net.conv(x, 96, 384, f"{scope}.mlp.fc1", 1), scope)
        x = net.add(x, net.conv(y, 384, 96, f"{scope}.mlp.fc2", 1), scope=scope)
    return net.report("focalnet_tiny_srf.onnx")


def unet() -> ModelReport:
    """Additive skips from each level to its mirror: arcs within arcs."""
    net = _Net(8, 32)
    x, skips = "x", []
    for level in range(5):
        x = net.relu(net.conv(x, 8, 8, f"down.{level}"), f"down.{level}")
        skips.append(x)
    for level, skip in reversed(list(enumerate(skips))):
        y = net.relu(net.conv(x, 8, 8, f"up.{level}.0"), f"up.{level}")
        x = net.add(net.conv(y, 8, 8, f"up.{level}.1"), skip, scope=f"up.{level}")
    return net.report("unet.onnx")


def densenet() -> ModelReport:
    """No shortcut at all: 58 layers that grow by 12 channels each."""
    net = _Net(3, 32)
    x, width = net.conv("x", 3, 24, "features.conv0"), 24
    for block in range(3):
        for number in range(19):
            scope = f"features.denseblock{block + 1}.denselayer{number + 1}"
            y = net.conv(net.relu(x, scope), width, 12, f"{scope}.conv2")
            x, width = net.op("Concat", x, y, scope=scope, axis=1), width + 12
    return net.report("densenet.onnx")


def thousands() -> ModelReport:
    """2,000 shortcuts, no two of which look alike side by side."""
    net = _Net(8, 8)
    x = "x"
    for number in range(2_000):
        scope = f"blocks.{number}"
        inner = 8 + (number * number) % 89
        y = net.relu(net.conv(x, 8, inner, f"{scope}.conv1", 1), scope)
        x = net.add(net.conv(y, inner, 8, f"{scope}.conv2", 1), x, scope=scope)
    return net.report("thousands.onnx")


ZOO: dict[str, Callable[[], ModelReport]] = {
    "resnet18": resnet((2, 2, 2, 2), deep=False),
    "resnet50": resnet((3, 4, 6, 3), deep=True),
    "resnet152": resnet((3, 8, 36, 3), deep=True),
    "vit": transformer(12, "vit_b_16.onnx"),
    "decoder": transformer(80, "decoder.onnx"),
    "hrnet": hrnet,
    "fastvit": fastvit,
    "focalnet": focalnet,
    "unet": unet,
    "densenet": densenet,
    "thousands": thousands,
}

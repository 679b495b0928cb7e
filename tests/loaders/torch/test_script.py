from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shortcut_audit.errors import UnreadableModel, UsageError
from shortcut_audit.loaders.inputs import parse_inputs
from shortcut_audit.loaders.torch import script as torchscript
from shortcut_audit.pipeline import audit_draft
from tests.loaders.aten.programs import drawing

torch = pytest.importorskip("torch")
nn = torch.nn


class Block(nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.shortcut = nn.Conv2d(4, 8, 1)

    def forward(self, x: torch.Tensor) -> Any:  # type: ignore[name-defined]
        y = self.norm(self.conv(x)).relu_()
        y += self.shortcut(x)
        return y


@pytest.fixture(params=["trace", "script"])
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    block = Block().eval()
    module = torch.jit.trace(block, torch.ones(1, 4, 8, 8)) if request.param == "trace" else torch.jit.script(block)
    path = tmp_path / "model.pt"
    module.save(str(path))
    return path


def test_the_ops_that_it_runs(saved: Path) -> None:
    """Traced convolutions are called _convolution, scripted ones conv2d; so are their results."""
    draft = torchscript.load(saved, parse_inputs(["1x4x8x8"]))
    assert [line.replace("_convolution", "conv2d") for line in drawing(draft)] == [
        "conv2d = Conv(arg0_1, conv.weight)",
        "batch_norm = BatchNormalization(conv2d, norm.weight, norm.bias, norm.running_mean, norm.running_var)",
        "relu_ = Relu(batch_norm)",
        "conv2d_1 = Conv(arg0_1, shortcut.weight, shortcut.bias)",
        "add_ = Add(relu_, conv2d_1)",
    ]
    assert {tensor.name: tensor.learned for tensor in draft.tensors if not tensor.literal} == {
        "conv.weight": True,
        "norm.weight": True,
        "norm.bias": True,
        "norm.running_mean": False,
        "norm.running_var": False,
        "shortcut.weight": True,
        "shortcut.bias": True,
    }


def test_what_it_costs(saved: Path) -> None:
    """The shortcut: 4 x 8 weights and 8 biases; 32 MACs at each of 64 positions. All: 32 x 9 x 64 more."""
    report = audit_draft(torchscript.load(saved, parse_inputs(["1x4x8x8"])))
    assert [(found.kind, found.parameters, found.macs) for found in report.shortcuts] == [("projection", 40, 2048)]
    assert report.totals.macs == 2048 + 18432


@pytest.mark.parametrize("inputs", [[], ["x=1x4x8x8"], ["batchx4x8x8"]])
def test_inputs_must_be_given_in_order_with_sizes(saved: Path, inputs: list[str]) -> None:
    with pytest.raises(UsageError, match="TorchScript is replayed"):
        torchscript.load(saved, parse_inputs(inputs))


def test_inputs_that_do_not_fit(saved: Path) -> None:
    with pytest.raises(UnreadableModel, match=r"^TorchScript cannot be replayed: ") as error:
        torchscript.load(saved, parse_inputs(["1x5x8x8"]))
    assert "\n" not in str(error.value)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"no archive")
    with pytest.raises(UnreadableModel, match=r"^cannot be loaded as TorchScript: ") as error:
        torchscript.load(tmp_path / "model.pt", parse_inputs(["1x4"]))
    assert "\n" not in str(error.value)

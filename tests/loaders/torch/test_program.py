"""A program in memory and the archive that it is saved to must read the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit.graph.draft import Draft
from shortcut_audit.loaders.pt2 import archive as pt2
from shortcut_audit.loaders.torch import module as torch_module

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional


class Net(nn.Module):  # type: ignore[misc, name-defined]
    """A function with modules at hand."""

    def __init__(self, function: Callable[..., Any], **modules: Any) -> None:
        super().__init__()
        self.function = function
        for name, module in modules.items():
            setattr(self, name, module)

    def forward(self, x: Any) -> Any:
        return self.function(self, x)


def branches(net: Any, x: Any) -> Any:
    return torch.cond(x.sum() > 0, lambda x: net.f(x) + x, lambda x: x - 1.0, (x,))


def loop(net: Any, x: Any) -> Any:
    from torch._higher_order_ops import while_loop

    return while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, net.f(x) + x), (torch.tensor(0), x))[1]


def modes(net: Any, x: Any) -> Any:
    with torch.no_grad():
        x = x * 2
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return net.f(x)


def parts(net: Any, x: Any) -> Any:
    left, right = x.chunk(2, 1)
    top, index = torch.topk(x, 2)
    return left + right, top, index, torch.unbind(x, 0)


def in_place(net: Any, x: Any) -> Any:
    y = net.f(x)
    y[:, :2] += x[:, :2]
    y.t().relu_()
    out = torch.zeros(2, 8)
    out[:, :4] = y
    return out


def recurrent(net: Any, x: Any) -> Any:
    y, (hidden, cell) = net.r(x)
    return y, hidden, cell


PROGRAMS = {
    "branches": (Net(branches, f=nn.Linear(4, 4)), torch.ones(2, 4)),
    "loop": (Net(loop, f=nn.Linear(4, 4)), torch.ones(2, 4)),
    "modes": (Net(modes, f=nn.Linear(4, 4)), torch.ones(2, 4)),
    "parts": (Net(parts), torch.ones(2, 4)),
    "in place": (Net(in_place, f=nn.Linear(4, 4)), torch.ones(2, 4)),
    "recurrent": (Net(recurrent, r=nn.LSTM(4, 4, 2, bidirectional=True)), torch.ones(3, 2, 4)),
    "batch norm": (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True)), torch.ones(2, 3, 8, 8)),
    "transformer": (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), torch.ones(2, 5, 8)),
    "constant": (Net(lambda net, x: x + torch.tensor([1.0, 2.0, 3.0, 4.0])), torch.ones(2, 4)),
    "size": (Net(lambda net, x: x.view(x.shape[0] * 2, -1) + x.shape[1]), torch.ones(2, 4)),
}


def comparable(draft: Draft) -> Draft:
    """Without what cannot be the same: where it was read from, and how symbolic sizes are written."""
    return replace(draft, source="", format="", origin="", recorded={})


@pytest.mark.parametrize("name", PROGRAMS)
def test_live_and_saved_are_the_same_draft(name: str, tmp_path: Path) -> None:
    module, example = PROGRAMS[name]
    exported = torch.export.export(module, (example,), strict=False)
    torch.export.save(exported, tmp_path / "model.pt2")
    live, saved = torch_module.load_exported(exported), pt2.load(tmp_path / "model.pt2")
    assert comparable(live) == comparable(saved)
    assert live.recorded == saved.recorded
    assert not [node.label for node in live.nodes if "::" in node.kind]


def test_dynamic_sizes_are_symbols(tmp_path: Path) -> None:
    batch = torch.export.Dim("batch")
    module = Net(lambda net, x: net.f(x).flatten())
    module.f = nn.Linear(4, 4)
    exported = torch.export.export(module, (torch.ones(2, 4),), dynamic_shapes={"x": {0: batch}}, strict=False)
    torch.export.save(exported, tmp_path / "model.pt2")
    live, saved = torch_module.load_exported(exported), pt2.load(tmp_path / "model.pt2")
    symbol = live.inputs[0][1].shape[0]
    assert isinstance(symbol, str)
    assert saved.inputs[0][1].shape == live.inputs[0][1].shape == (symbol, 4)
    assert live.recorded["linear"].shape == (symbol, 4)


def test_a_tied_weight_is_one_tensor() -> None:
    net = Net(lambda net, x: net.head(net.table(x)), table=nn.Embedding(10, 4), head=nn.Linear(4, 10, bias=False))
    net.head.weight = net.table.weight
    draft = torch_module.load_module(net, (torch.ones(2, dtype=torch.int64),))
    assert [tensor.name for tensor in draft.tensors] == ["table.weight"]

"""Do the front ends say the same of what PyTorch users write: live, as .pt2, and by both ONNX exporters?"""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit import audit

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from torch import nn  # noqa: E402 -- only where there is a torch


class Recurrent(nn.Module):  # type: ignore[misc]
    """Three steps of a cell: what it carries on is a gated sum of what it was."""

    def __init__(self, cell: Callable[[int, int], Any]) -> None:
        super().__init__()
        self.cell = cell(8, 8)

    def forward(self, x: Any, h: Any, c: Any) -> Any:
        for t in range(3):
            h = self.cell(x[:, t], (h, c) if isinstance(self.cell, nn.LSTMCell) else h)
            if isinstance(h, tuple):
                h, c = h
        return h


class Conditioned(nn.Module):  # type: ignore[misc]
    """Two blocks into which the same condition is added, stretched in some way."""

    def __init__(self, stretch: Callable[[Any, Any], Any], *, before: bool) -> None:
        super().__init__()
        self.stretch, self.before = stretch, before
        self.maps = nn.ModuleList(nn.ModuleList(nn.Linear(8, 8) for _ in range(3)) for _ in range(2))

    def forward(self, x: Any, c: Any) -> Any:
        for one, condition, two in self.maps:
            told = condition(self.stretch(c, x)) if self.before else self.stretch(condition(c), x)
            x = x + two((one(x) + told).relu())
        return x


GROUPINGS: tuple[Callable[[Any, Any, Any, Any], Any], ...] = (
    lambda x, f, t, s: (x + t) + f,
    lambda x, f, t, s: x + (s + f),
    lambda x, f, t, s: (f + x) + t,
    lambda x, f, t, s: (x + s.expand_as(x)) + (t + f),
    lambda x, f, t, s: (x - t) + f,
    lambda x, f, t, s: ((t + x) + s) + f,
)
"""x + f, and what is stretched over both: made of the mean of x, or of a condition."""


class Grouped(nn.Module):  # type: ignore[misc]
    """A block for each grouping."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.ModuleList(nn.ModuleList(nn.Linear(8, 8) for _ in range(3)) for _ in GROUPINGS)

    def forward(self, x: Any, c: Any) -> Any:
        for (branch, context, condition), grouped in zip(self.maps, GROUPINGS, strict=True):
            t, s = context(x.mean(1, keepdim=True)), condition(c).relu()[:, None]
            x = grouped(x.relu(), branch(x.relu()).relu(), t, s)
        return x


class Streams(nn.Module):  # type: ignore[misc]
    """Hyper-connections: four streams are mixed to five, of which one goes to the branch."""

    def __init__(self) -> None:
        super().__init__()
        self.mix, self.spread, self.branch = (
            nn.Parameter(torch.ones(4, 5)),
            nn.Parameter(torch.ones(4, 1)),
            nn.Linear(8, 8),
        )

    def forward(self, x: Any) -> Any:
        mixed = torch.einsum("nm,btnd->btmd", self.mix, x)
        return self.spread * self.branch(mixed[:, :, 0]).relu()[:, :, None] + mixed[:, :, 1:]


class Delta(nn.Module):  # type: ignore[misc]
    """The delta rule, step by step, without a decay: a formula of keys and values."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(8, 8) for _ in range(4))

    def forward(self, x: Any) -> Any:
        q, k, v = self.q(x), self.k(x), self.v(x)
        state, made = k[:, 0, :, None] * v[:, 0, None], []
        for t in range(1, x.shape[1]):
            read = (state * k[:, t, :, None]).sum(-2)
            state = state + k[:, t, :, None] * (v[:, t] - read)[:, None]
            made.append((state * q[:, t, :, None]).sum(-2))
        return x[:, 1:] + self.o(torch.stack(made, 1))


TOKENS, STATE = (2, 3, 8), (2, 8)
IDENTITIES = {"identity": 2}

MODELS: dict[str, tuple[Callable[[], Any], tuple[tuple[int, ...], ...], dict[str, int]]] = {
    "GRUCell": (lambda: Recurrent(nn.GRUCell), (TOKENS, STATE, STATE), {"gated": 3}),
    "LSTMCell": (lambda: Recurrent(nn.LSTMCell), (TOKENS, STATE, STATE), {"gated": 2}),  # step 1: c is independent
    "RNNCell": (lambda: Recurrent(nn.RNNCell), (TOKENS, STATE, STATE), {}),
    "a new axis": (lambda: Conditioned(lambda c, x: c[:, None], before=False), (TOKENS, STATE), IDENTITIES),
    "expanded": (
        lambda: Conditioned(lambda c, x: c[:, None].expand(-1, x.shape[1], -1), before=False),
        (TOKENS, STATE),
        IDENTITIES,
    ),
    "expanded before a layer": (
        lambda: Conditioned(lambda c, x: c[:, None].expand_as(x), before=True),
        (TOKENS, STATE),
        IDENTITIES,
    ),
    "repeated": (
        lambda: Conditioned(lambda c, x: c[:, None].repeat(1, x.shape[1], 1), before=False),
        (TOKENS, STATE),
        IDENTITIES,
    ),
    "grouped": (Grouped, (TOKENS, STATE), {"identity": len(GROUPINGS)}),
    "mixed streams": (Streams, ((2, 3, 4, 8),), {"projection": 1}),
    "delta rule": (Delta, (TOKENS,), {"parameter-free": 1}),
}
"""What is built, the sizes of what it is called with, and the kinds of its shortcuts."""


def reports(module: Any, inputs: tuple[Any, ...], folder: Path) -> dict[str, Any]:
    torch.export.save(torch.export.export(module, inputs), folder / "m.pt2")
    with contextlib.redirect_stdout(io.StringIO()):
        torch.onnx.export(module, inputs, folder / "dynamo.onnx", dynamo=True, verbose=False)
        torch.onnx.export(module, inputs, folder / "script.onnx", dynamo=False, opset_version=18)
    files = {path.name: audit(path) for path in sorted(folder.iterdir()) if path.suffix in {".pt2", ".onnx"}}
    return {"live": audit(module, *inputs), **files}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODELS)
def test_all_front_ends_say_the_same(name: str, tmp_path: Path) -> None:
    make, sizes, kinds = MODELS[name]
    torch.manual_seed(0)
    with torch.no_grad():
        found = reports(make().eval(), tuple(torch.randn(size) for size in sizes), tmp_path)
    for front, one in found.items():
        assert Counter(shortcut.kind for shortcut in one.shortcuts) == Counter(kinds), front
    assert len({one.totals.macs for one in found.values()}) == 1

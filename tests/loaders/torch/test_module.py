"""Live modules. Needs PyTorch, as the extra `torch` brings it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit.errors import UnreadableModel, UsageError
from shortcut_audit.graph.draft import Draft
from shortcut_audit.graph.model import Source
from shortcut_audit.loaders.inputs import parse_inputs
from shortcut_audit.loaders.torch import module as torch_module
from shortcut_audit.pipeline import audit_draft
from tests.loaders.aten.programs import drawing

torch = pytest.importorskip("torch")

MODELS = '''
import torch
from torch import nn

print("the user's code talks")


class Residual(nn.Module):
    """Line 12 writes the addition."""

    def __init__(self):
        super().__init__()
        self.f = nn.Linear(4, 4)

    def forward(self, x, mask=None):
        return x + self.f(x)


class Reads(Residual):
    def __init__(self):
        super().__init__()
        self.rates = [rate.item() for rate in torch.linspace(0, 1, 3)]


class OnTheCpu(Residual):
    def forward(self, x):
        return super().forward(x + torch.arange(4).float())


class AsNumpy(Residual):
    def __init__(self):
        super().__init__()
        self.total = self.f.weight.detach().numpy().sum()


class Huge(AsNumpy):
    def __init__(self):
        nn.Module.__init__(self)
        self.f = nn.Linear(400, 400)
        self.total = self.f.weight.detach().numpy().sum()


class Wrong(Residual):
    def forward(self, x):
        return super().forward(x) @ torch.zeros(7, 7, device=x.device)


def broken():
    raise RuntimeError("out of order")


def nothing():
    return 3


ready = Residual()
number = 3
'''
LINE = MODELS.splitlines().index("        return x + self.f(x)") + 1


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the user's own code, which is the current one."""
    path = tmp_path / "mymodels.py"
    path.write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield path
    sys.modules.pop("mymodels", None)


def factory(name: str, *inputs: str) -> Draft:
    return torch_module.load_factory(f"mymodels:{name}", parse_inputs(inputs))


def test_a_module_class_is_a_factory(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draft = factory("Residual", "2x4")
    assert drawing(draft) == ["linear = Linear(x, f.weight, f.bias)", "add = Add(x, linear)"]
    assert (draft.source, draft.format, draft.notes) == ("mymodels:Residual", "module", ())
    assert [(node.scope, node.source) for node in draft.nodes][1] == ("", Source(str(models), LINE))
    assert draft.nodes[0].scope == "f"
    assert capsys.readouterr().out == ""


def test_inputs_by_name_and_type() -> None:
    draft = factory("Residual", "x=2x4", "mask=2x4:bool")
    assert [(name, known.shape, known.dtype) for name, known in draft.inputs] == [
        ("x", (2, 4), "float32"),
        ("mask", (2, 4), "bool"),
    ]


def test_a_module_that_is_there_already() -> None:
    assert drawing(factory("ready", "2x4")) == ["linear = Linear(x, f.weight, f.bias)", "add = Add(x, linear)"]


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("Reads", "traced with fake CPU tensors, because otherwise the factory failed: RuntimeError: Tensor.item()"),
        ("OnTheCpu", "traced with fake CPU tensors, because otherwise torch.export failed: "),
        ("AsNumpy", "built for real, because otherwise the factory failed: RuntimeError: .numpy()"),
    ],
)
def test_what_does_not_run_on_the_meta_device_is_traced_otherwise(name: str, note: str) -> None:
    draft = factory(name, "2x4")
    assert drawing(draft)[-1].partition(" = ")[2] in {"Add(x, linear)", "Add(add, linear)"}
    assert len(draft.notes) == 1
    assert draft.notes[0].startswith(note)
    assert "mymodels.py:" in draft.notes[0]


def test_only_small_models_are_built_for_real(monkeypatch: pytest.MonkeyPatch) -> None:
    """400 x 400 float32 are 640,000 bytes."""
    monkeypatch.setattr(torch_module, "REAL_LIMIT", 600_000)
    with pytest.raises(UnreadableModel, match=r"numpy.*; built for real, its weights would take more than"):
        factory("Huge", "2x400")


@pytest.mark.parametrize(
    ("name", "inputs", "error", "reason"),
    [
        ("Wrong", ["2x4"], UnreadableModel, r"^torch.export failed: RuntimeError: .*mymodels.py:\d+\)$"),
        ("broken", ["2x4"], UnreadableModel, r"^the factory failed: RuntimeError: out of order .*mymodels.py:\d+\)$"),
        ("nothing", ["2x4"], UsageError, "the factory returns int, not a torch.nn.Module"),
        ("number", ["2x4"], UsageError, "neither a module nor a function that makes one"),
        ("absent", ["2x4"], UsageError, "mymodels has no 'absent'"),
        ("Residual", [], UsageError, r"missing a required argument: 'x'; forward takes \(x, mask=None\)"),
        ("Residual", ["2x4", "y=2x4"], UsageError, "unexpected keyword argument 'y'"),
        ("Residual", ["batchx4"], UsageError, "sizes that are numbers"),
    ],
)
def test_what_goes_wrong_is_said_in_a_line(name: str, inputs: list[str], error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason) as raised:
        factory(name, *inputs)
    assert "\n" not in str(raised.value)


def test_a_module_that_cannot_be_imported() -> None:
    with pytest.raises(UsageError, match="nowhere cannot be imported: ModuleNotFoundError"):
        torch_module.load_factory("nowhere:Net", ())


def test_no_weight_is_allocated() -> None:
    """A linear map of 2^36 weights: 256 GiB in float32."""
    Path("huge.py").write_text("from torch import nn\ndef net():\n    return nn.Linear(2**18, 2**18, bias=False)\n")
    draft = torch_module.load_factory("huge:net", parse_inputs(["1x262144"]))
    assert [tensor.shape for tensor in draft.tensors] == [(2**18, 2**18)]
    del sys.modules["huge"]


# -- live objects ---------------------------------------------------------------------------------------------------


class Block(torch.nn.Module):  # type: ignore[misc, name-defined]
    def __init__(self) -> None:
        super().__init__()
        self.f = torch.nn.Linear(4, 4)

    def forward(self, x: Any) -> Any:
        y = self.f(x)
        y += x
        return y.relu_()


DATAFLOW = ["linear = Linear(x, f.weight, f.bias)", "add_ = Add(linear, x)", "relu_ = Relu(add_)"]


def test_a_module_with_example_inputs() -> None:
    assert drawing(torch_module.load_module(Block(), (torch.ones(2, 4),))) == DATAFLOW
    assert drawing(torch_module.load_module(Block(), (), {"x": torch.ones(2, 4)})) == DATAFLOW


def test_weights_on_the_meta_device_and_inputs_elsewhere() -> None:
    assert drawing(torch_module.load_module(Block().to("meta"), (torch.ones(2, 4),))) == DATAFLOW


def test_a_traced_graph_module() -> None:
    draft = torch_module.load_module(torch.fx.symbolic_trace(Block()), (torch.ones(2, 4),))
    assert [node.kind for node in draft.nodes] == ["Linear", "Add", "Relu"]


def test_an_exported_program() -> None:
    exported = torch.export.export(Block(), (torch.ones(2, 4),))
    assert drawing(torch_module.load_exported(exported)) == DATAFLOW


def test_a_module_keeps_its_mode() -> None:
    """Exporting in eval mode is for the user to ask: model.eval()."""
    net = torch.nn.Sequential(torch.nn.Dropout(0.5))
    torch_module.load_module(net, (torch.ones(2, 4),))
    assert net.training


def test_a_decomposed_program_is_the_same_model() -> None:
    """After run_decompositions() nothing happens in place, and linear is an addmm."""
    exported = torch.export.export(Block(), (torch.ones(2, 4),)).run_decompositions()
    report = audit_draft(torch_module.load_exported(exported))
    assert [shortcut.kind for shortcut in report.shortcuts] == ["identity"]
    assert report.totals.macs == 2 * 4 * 4

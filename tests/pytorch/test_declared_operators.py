"""Is an operator of torch.library unknown until it is declared, and then what it was declared as, however it arrives?

The operators are registered here; a model that calls one is audited live, as an exported program, as its .pt2 file (of
which nothing runs, and which holds no schemas), and with its in-place ops taken apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit import audit
from shortcut_audit.command.cli import execute

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

SIZE = 16
DEFINED = torch.library.Library("declared_here", "FRAGMENT")
"""The registration lasts as long as this object."""
for schema in (
    "same(Tensor x, int bits) -> Tensor",
    "mix(Tensor x, float scale, Tensor w) -> Tensor",
    "step_(Tensor(a!) x, Tensor s) -> ()",
    "step_back_(Tensor(a!) x, Tensor s) -> Tensor(a!)",
    "hidden(Tensor(a!) x, Tensor s) -> ()",
    "log(Tensor x) -> ()",
    "both(Tensor x) -> (Tensor, Tensor)",
):
    DEFINED.define(schema)


def implement(name: str, function: Any) -> None:
    torch.library.impl(DEFINED, name, "CompositeExplicitAutograd")(function)
    torch.library.register_fake(f"declared_here::{name}", function)


def step(x: Any, s: Any) -> None:
    x.mul_(s)


implement("same", lambda x, bits: x.clone())
implement("mix", lambda x, scale, w: x @ w * scale)
implement("step_", step)
implement("step_back_", lambda x, s: x.mul_(s))
implement("hidden", step)
implement("log", lambda x: None)
implement("both", lambda x: (x.clone(), torch.tanh(x)))


class Block(nn.Module):
    """relu(W x) + x, and x went through an operator before it was added."""

    def __init__(self, called: str) -> None:
        super().__init__()
        self.called = called
        self.inner = nn.Linear(SIZE, SIZE, bias=False)
        if called == "mix":
            self.weight = nn.Parameter(torch.randn(SIZE, SIZE))
        if called.startswith(("step", "hidden")):
            self.weight = nn.Parameter(torch.randn(SIZE))

    def forward(self, x: Any) -> Any:
        operator = getattr(torch.ops.declared_here, self.called)
        branch, passed = torch.relu(self.inner(x)), x.clone()
        if self.called == "same":
            passed = operator(passed, 4)
        elif self.called == "mix":
            passed = operator(passed, 2.0, self.weight)
        elif self.called == "log":
            operator(passed)
        else:
            operator(passed, self.weight)
        return branch + passed


X = torch.zeros(4, SIZE)


def arrivals(called: str, folder: Path, operators: Any = None) -> Iterator[tuple[str, Any]]:
    """The reports on the model by the ways that it may arrive."""
    module = Block(called).eval()
    program = torch.export.export(module, (X,))
    yield "live", audit(module, X, operators=operators)
    yield "traced", audit(torch.fx.symbolic_trace(module), X, operators=operators)
    yield "program", audit(program, operators=operators)
    torch.export.save(program, folder / "program.pt2")
    yield "file", audit(folder / "program.pt2", operators=operators)
    if called == "step_back_":
        return  # PyTorch takes no operator apart that hands back what it was given
    apart = program.run_decompositions({})
    yield "functional", audit(apart, operators=operators)
    torch.export.save(apart, folder / "functional.pt2")
    yield "functional file", audit(folder / "functional.pt2", operators=operators)


@pytest.mark.parametrize("called", ["same", "mix", "step_", "step_back_", "hidden"])
def test_it_is_unknown_what_it_does(called: str, tmp_path: Path) -> None:
    """An op that writes to its argument, and hands nothing back, is no dead code."""
    for way, report in arrivals(called, tmp_path):
        found = [(each.reason, each.detail.partition(" at ")[0]) for each in report.other_adds]
        assert (way, report.summary.shortcuts, found) == (
            way, 0, [("not understood", f"declared_here::{called}.default")]
        )  # fmt: skip


MIX = {"kind": "linear", "data": [0], "weights": [1], "macs": "matmul", "of": [0, 1]}


@pytest.mark.parametrize(
    ("called", "declared", "kind", "parameters", "macs"),
    [
        ("same", "copy", "identity", 0, 0),
        ("same", "scale", "parameter-free", 0, 0),
        ("mix", MIX, "projection", 16 * 16, 4 * 16 * 16),  # inputs are counted among tensors: the number is none
        ("mix", "linear", "projection", 16 * 16, None),
        ("step_", "copy", "identity", 0, 0),
        ("step_", "normalisation", "projection", 16, 0),
        ("step_back_", "normalisation", "projection", 16, 0),
        ("hidden", {"kind": "normalisation", "weights": [1]}, "projection", 16, 0),
    ],
)
def test_it_is_what_it_was_declared_as(
    called: str, declared: Any, kind: str, parameters: int, macs: int | None, tmp_path: Path
) -> None:
    for name in (f"declared_here::{called}", f"declared_here::{called}.default"):
        for way, report in arrivals(called, tmp_path, {name: declared}):
            found = [(each.kind, each.parameters, each.macs) for each in report.shortcuts]
            assert (way, found, report.summary.unknown) == (way, [(kind, parameters, macs)], 0)
            assert [(each.op, each.nodes) for each in report.declared] == [(f"declared_here::{called}.default", 1)]


def test_what_writes_nothing_by_its_schema_is_dead_and_may_be_declared_for_a_file(tmp_path: Path) -> None:
    """A .pt2 file does not hold the schema: it may have written. What takes ops apart leaves this one out."""
    kinds = {way: [each.kind for each in report.shortcuts] for way, report in arrivals("log", tmp_path)}
    assert kinds.pop("file") == []
    assert set(map(tuple, kinds.values())) == {("identity",)}
    for _, report in arrivals("log", tmp_path, {"declared_here::log": "copy"}):
        assert [each.kind for each in report.shortcuts] == ["identity"]


def test_the_gate_is_shut_until_it_is_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.export.save(torch.export.export(Block("hidden").eval(), (X,)), "model.pt2")
    config = tmp_path / "pyproject.toml"
    config.write_text('[tool.shortcut-audit]\nallowed-kinds = ["identity"]\nmax-extra-parameters = 0\n')
    assert execute(["model.pt2", "--format", "json"]) == 1
    rules = {found["rule"] for found in json.loads(capsys.readouterr().out)["findings"]}
    assert rules == {"kind-unknown", "cost-unknown"}
    config.write_text(config.read_text() + '[tool.shortcut-audit.operators]\n"declared_here::hidden" = "copy"\n')
    assert execute(["model.pt2", "--format", "json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [found["rule"] for found in findings] == ["operator-declared"]


class Both(nn.Module):
    """x + F(x), both of which one operator makes."""

    def forward(self, x: Any) -> Any:
        passed, worked = torch.ops.declared_here.both(x)
        return passed + worked


def test_it_is_unknown_what_two_outputs_of_one_operator_are_together(tmp_path: Path) -> None:
    program = torch.export.export(Both(), (X,))
    torch.export.save(program, tmp_path / "both.pt2")
    for way in (audit(Both(), X), audit(program), audit(tmp_path / "both.pt2")):
        found = [(each.reason, each.detail.partition(" at ")[0]) for each in way.other_adds]
        assert (found, way.summary.unknown) == ([("not understood", "declared_here::both.default")], 1)

"""Do the verdicts on drawn graphs hold when PyTorch writes them, and do they hold for the numbers?

The graphs of tests/test_theorem.py, of which the truth is known, run as modules and go through torch.export. What is
read of the exported program computes what the program computes; in it an identity is its fork, a shortcut is linear in
its fork, and the weights that are named change it, no others. THEOREM_EXPORTS=200 asks for more.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import numpy as np
import pytest

from shortcut_audit import audit
from shortcut_audit.graph.draft import Draft, Node
from shortcut_audit.graph.model import Constant, Op
from tests.canonical import evaluated, run
from tests.claims import Interpreter, hold
from tests.drawn_blocks import BLOCKS, SHAPE, STEP, drawn

torch = pytest.importorskip("torch")

import torch.ao.quantization.fx._decomposed as registered  # noqa: E402, F401 -- the operators below
from torch import nn  # noqa: E402

from shortcut_audit.loaders.torch.module import load_module  # noqa: E402

QUANTISE = torch.ops.quantized_decomposed.quantize_per_tensor
DEQUANTISE = torch.ops.quantized_decomposed.dequantize_per_tensor

DRAWS = int(os.environ.get("THEOREM_EXPORTS", "8"))


def chosen(condition: Any, one: Any, other: Any) -> Any:
    """Of a condition that is a number already, Python chooses."""
    if isinstance(condition, bool):
        return one if condition else other
    return torch.where(condition, one, other)


def looped(made: Any, *_: Any, stacked: int | None = None) -> Any:
    """What a loop of one step hands on; the steps of a scan are taken at once, side by side along the first axis."""
    return made if stacked is None else made.movedim(0, stacked)


KERNELS: Mapping[str, Callable[..., Any]] = {
    "Add": lambda a, b: a + b, "Sub": lambda a, b: a - b, "Mul": lambda a, b: a * b, "Div": lambda a, b: a / b,
    "MatMul": lambda a, b: a @ b, "Neg": lambda a: -a, "Less": lambda a, b: a < b, "Where": chosen, "If": chosen,
    "Sqrt": lambda a: a.sqrt(), "Sum": lambda *given: sum(given[1:], given[0]), "Relu": lambda a: a.relu(),
    "Sigmoid": lambda a: a.sigmoid(), "Reciprocal": lambda a: a.reciprocal(), "Identity": lambda a: a.clone(),
    "ReduceMean": lambda a, axes, keepdims: a.mean(axes, keepdim=bool(keepdims)),
    "Concat": lambda *given, axis: torch.cat(given, axis), "Split": lambda a, axis: a.chunk(2, axis),
    "Shape": lambda a: list(a.shape), "ConstantOfShape": lambda shape, value: torch.full(shape, value),
    "AveragePool": lambda a, **_: torch.nn.functional.avg_pool1d(a, 3, 1, 1),
    "ScatterElements": lambda a, places, values, axis, reduction: a.scatter_add(axis, places, values),
    "LoopState": lambda a: a.clone(), "Loop": looped, "LoopSlice": lambda a, axis: a.movedim(axis, 0),
    "Softmax": lambda a, axis: a.softmax(axis), "Mean": lambda *given: sum(given[1:], given[0]) / len(given),
    "Transpose": lambda a, perm: a.permute(perm), "Unsqueeze": lambda a, axes: a.unsqueeze(*axes),
    "Einsum": lambda *given, equation: torch.einsum(equation, *given),
    "QuantizeLinear": lambda a, scale, zero: QUANTISE(a, scale, zero, -(2**15), 2**15 - 1, torch.int16),
    "DequantizeLinear": lambda a, scale, zero: DEQUANTISE(a, scale, zero, -(2**15), 2**15 - 1, torch.int16),
}  # fmt: skip
"""The operators as a PyTorch user writes them."""


class Drawn(nn.Module):  # type: ignore[misc]
    """A drawing as a module: stored tensors are parameters, literals are numbers of the code."""

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft
        # Small weights keep gates from one end of a sigmoid, where nothing changes them.
        small = {t.name: torch.rand(t.shape) * 0.35 + 0.05 for t in draft.tensors if not t.literal}
        self.weights = nn.ParameterDict(small)
        self.literals = {t.name: t.data[0] for t in draft.tensors if t.literal and t.data}

    def forward(self, x: Any) -> Any:
        values: dict[str, Any] = {"x": x, **self.literals, **self.weights}
        for node in self.draft.nodes:
            made = KERNELS[node.kind](*(values[name] for name in node.inputs if name), **node.attributes)
            results = made if isinstance(made, tuple) else (made,)
            values.update({name: result for name, result in zip(node.outputs, results, strict=True) if name})
        return tuple(values[name] for name in self.draft.outputs)


def applied(op: Op, given: list[Any]) -> list[Any]:
    """What an op makes of some arrays."""
    if op.kind == "Scale":
        return [given[0] * np.float32(op.attributes["factor"])]
    return evaluated(
        Node(op.kind, tuple("x" if g is not None else None for g in given), op.outputs, attributes=op.attributes), given
    )


def array(constant: Constant) -> Any:
    """The elements of a constant."""
    kind = constant.type
    shape = tuple(size for size in kind.shape or () if isinstance(size, int))
    data = constant.fill if kind.data is None else kind.data
    return (
        np.broadcast_to(np.array(data, kind.dtype), shape)
        if kind.data is None
        else np.array(data, kind.dtype).reshape(shape)
    )


IN_EXPORTS = Interpreter(applied, array, exact=1e-4, quantum=STEP)


@pytest.mark.parametrize("seed", range(DRAWS))
def test_what_is_said_of_an_exported_program_holds(seed: int) -> None:
    random = Random(seed)
    drawing = drawn(random.choices(list(BLOCKS), k=random.randint(1, 5)), seed)
    torch.manual_seed(seed)
    module, x = Drawn(drawing.draft()).eval(), torch.rand(SHAPE) + 0.1
    report = audit(module, x)
    assert Counter(shortcut.kind for shortcut in report.shortcuts) == Counter(drawing.kinds)

    draft = load_module(module, (x,))
    ((fed, _),) = draft.inputs
    learned = {f"weights.{name}": weight.detach().numpy() for name, weight in module.weights.items()}
    weights = {tensor.name: learned[tensor.name] for tensor in draft.tensors if not tensor.literal}
    eager = [made.detach().numpy() for made in torch.export.export(module, (x,)).module()(x)]
    read = run(draft, {fed: x.numpy(), **weights})
    for name, made in zip(draft.outputs, eager, strict=True):
        np.testing.assert_allclose(read[name], made, rtol=1e-4, atol=1e-4)
    assert hold(draft, IN_EXPORTS, weights, {fed: x.numpy()}) == len(drawing.kinds)

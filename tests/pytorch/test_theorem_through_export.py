"""Do the verdicts on drawn graphs hold when PyTorch writes them?

The graphs of tests/test_theorem.py, of which the truth is known, run as modules and go through torch.export.
THEOREM_EXPORTS=200 asks for more.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest

from shortcut_audit import audit
from shortcut_audit.graph.draft import Draft
from tests.drawn_blocks import BLOCKS, SHAPE, drawn

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 -- only where there is a torch

DRAWS = int(os.environ.get("THEOREM_EXPORTS", "8"))


def chosen(condition: Any, one: Any, other: Any) -> Any:
    """Of a condition that is a number already, Python chooses."""
    if isinstance(condition, bool):
        return one if condition else other
    return torch.where(condition, one, other)


KERNELS: Mapping[str, Callable[..., Any]] = {
    "Add": lambda a, b: a + b, "Sub": lambda a, b: a - b, "Mul": lambda a, b: a * b, "Div": lambda a, b: a / b,
    "MatMul": lambda a, b: a @ b, "Neg": lambda a: -a, "Less": lambda a, b: a < b, "Where": chosen,
    "Sqrt": lambda a: a.sqrt(), "Sum": lambda *given: sum(given[1:], given[0]), "Relu": lambda a: a.relu(),
    "Sigmoid": lambda a: a.sigmoid(), "Reciprocal": lambda a: a.reciprocal(), "Identity": lambda a: a.clone(),
    "ReduceMean": lambda a, axes, keepdims: a.mean(axes, keepdim=bool(keepdims)),
    "Concat": lambda *given, axis: torch.cat(given, axis), "Split": lambda a, axis: a.chunk(2, axis),
}  # fmt: skip
"""The operators as a PyTorch user writes them."""


class Drawn(nn.Module):  # type: ignore[misc]
    """A drawing as a module: stored tensors are parameters, literals are numbers of the code."""

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft
        self.weights = nn.ParameterDict({t.name: torch.rand(t.shape) for t in draft.tensors if not t.literal})
        self.literals = {t.name: t.data[0] for t in draft.tensors if t.literal and t.data}

    def forward(self, x: Any) -> Any:
        values: dict[str, Any] = {"x": x, **self.literals, **self.weights}
        for node in self.draft.nodes:
            made = KERNELS[node.kind](*(values[name] for name in node.inputs if name), **node.attributes)
            results = made if isinstance(made, tuple) else (made,)
            values.update({name: result for name, result in zip(node.outputs, results, strict=True) if name})
        return tuple(values[name] for name in self.draft.outputs)


@pytest.mark.parametrize("seed", range(DRAWS))
def test_the_kinds_are_those_that_were_drawn(seed: int) -> None:
    random = Random(seed)
    drawing = drawn(random.choices(list(BLOCKS), k=random.randint(1, 5)), seed)
    report = audit(Drawn(drawing.draft()).eval(), torch.rand(SHAPE))
    assert Counter(shortcut.kind for shortcut in report.shortcuts) == Counter(drawing.kinds)

"""Is what we infer of an op's results what PyTorch computes: shapes, element types, known elements?

The calls are those of test_translations_against_eager.py. Here all inputs are small constants whose elements are known,
so that every rule that computes with elements has to do so; what it says must be so, and it may say nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shortcut_audit.graph.draft import Draft
from shortcut_audit.graph.model import TensorType
from shortcut_audit.loaders.torch.module import load_module
from shortcut_audit.operators.infer import infer

torch = pytest.importorskip("torch")

from tests.pytorch.test_translations_against_eager import (  # noqa: E402 -- only where there is a torch
    GROUPS,
    UNSAID,
    Calls,
    called,
    cases_of,
    sample,
)


def known(array: Any) -> TensorType:
    """A constant with all its elements."""
    return TensorType(array.shape, str(array.dtype), tuple(array.ravel().tolist()))


def inferred(draft: Draft, given: dict[str, TensorType]) -> dict[str, TensorType]:
    """What is known of every value of a draft."""
    types = dict(given)
    types.update({t.name: TensorType(t.shape, t.dtype, t.data) for t in draft.tensors})
    for node in draft.nodes:
        found = infer(
            node.kind,
            node.attributes,
            [types.get(name) if name else None for name in node.inputs],
            len(node.outputs),
            draft.opset,
        )
        types.update({name: made for name, made in zip(node.outputs, found, strict=True) if name})
    return types


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.filterwarnings("ignore")
def test_what_is_inferred_is_what_pytorch_computes(group: str) -> None:
    inputs, cases = sample(), cases_of(group)
    draft = load_module(Calls(cases, list(inputs)), list(inputs.values()))
    given = {name: known(tensor.numpy()) for (name, _), tensor in zip(draft.inputs, inputs.values(), strict=True)}
    types, wrong = inferred(draft, given), []
    for case, output in zip(cases, draft.outputs, strict=True):
        said, eager = types[output], called(case, sample()).numpy()
        if said.dtype not in {None, str(eager.dtype)}:
            wrong.append(f"{case}: {said.dtype}, not {eager.dtype}")
        if said.shape is not None and not fits(said.shape, eager.shape):
            wrong.append(f"{case}: {said.shape}, not {eager.shape}")
        if said.data is not None and case not in UNSAID:
            pairs = [(a, b) for a, b in zip(said.data, eager.ravel().tolist(), strict=True) if a is not None]
            if not np.allclose([a for a, _ in pairs], [b for _, b in pairs], rtol=1e-4, atol=1e-5, equal_nan=True):
                wrong.append(f"{case}: {said.data[:4]}, not {eager.ravel()[:4]}")
    assert wrong == []


def fits(said: tuple[Any, ...], shape: tuple[int, ...]) -> bool:
    """Whether a shape, some of whose sizes may be unknown, is this one."""
    return len(said) == len(shape) and all(a == b or not isinstance(a, int) for a, b in zip(said, shape, strict=True))

"""PyTorch's own list of operators: does each have a rule, or a reason for having none? Needs PyTorch."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from shortcut_audit.loaders.aten.remaining import POINTWISE, SPELLINGS, UNCONTRACTED, UNKNOWN
from shortcut_audit.loaders.aten.vocabulary import VOCABULARY, WITHOUT_EFFECT

torch = pytest.importorskip("torch")

LATEST = (2, 13)
"""The release whose list this is. Others have some more, some less."""

PLACES = {
    "vocabulary": frozenset(VOCABULARY),
    "without effect": WITHOUT_EFFECT,
    "pointwise": POINTWISE,
    "uncontracted": UNCONTRACTED,
    **UNKNOWN,
}


def schemas() -> dict[str, list[Any]]:
    """Every ATen operator that makes a tensor, by its usual name without the mark of an in-place op."""
    found: dict[str, list[Any]] = {}
    for schema in torch._C._jit_get_all_schemas():
        if schema.name.startswith("aten::") and any("Tensor" in str(made.type) for made in schema.returns):
            found.setdefault(f"aten.{schema.name.removeprefix('aten::')}", []).append(schema)
    return found


def places_of(operator: str) -> list[str]:
    """Where an operator stands, or what it is in place of."""
    usual = SPELLINGS.get(operator, operator)
    plain = usual if usual.endswith("__") else usual.removesuffix("_")
    return [place for place, names in PLACES.items() if usual in names or plain in names]


@pytest.mark.skipif(
    tuple(map(int, torch.__version__.split(".")[:2])) != LATEST, reason="the list is that of one release"
)
def test_every_operator_that_makes_a_tensor_has_one_place() -> None:
    astray = {operator: places_of(operator) for operator in schemas() if len(places_of(operator)) != 1}
    assert astray == {}


def test_nothing_is_listed_that_pytorch_does_not_have() -> None:
    if tuple(map(int, torch.__version__.split(".")[:2])) != LATEST:
        pytest.skip("the list is that of one release")
    known = schemas()
    listed = Counter(name for names in (POINTWISE, UNCONTRACTED, *UNKNOWN.values()) for name in names)
    assert [name for name in listed if name not in known and f"{name}_" not in known] == []
    assert [name for name, count in listed.items() if count > 1] == []


CONTRACTED = "mm bmm matmul linear conv einsum dot attention rnn lstm gru solve svd cholesky"


def test_nothing_that_multiplies_and_sums_is_taken_for_free() -> None:
    """By name: a last look. A fused cell is element by element, its products stand before it."""
    cells = {"aten._thnn_fused_gru_cell", "aten._thnn_fused_lstm_cell"}
    free = (POINTWISE | UNCONTRACTED) - cells
    assert [name for name in sorted(free) if any(part in name.split("_") for part in CONTRACTED.split())] == []

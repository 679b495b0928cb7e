"""Tensors in objects of any class. Needs PyTorch."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import pytest

from shortcut_audit.loaders.torch.holding import OBJECTS_LIMIT, lifted, tensors_in

torch = pytest.importorskip("torch")

A, B = torch.zeros(1), torch.zeros(2)


@dataclass
class Output:
    """What a library's model returns."""

    logits: Any
    other: Any = "text"


class Slotted:
    __slots__ = ("kept", "never")

    def __init__(self, kept: Any) -> None:
        self.kept = kept


def cyclic() -> list[Any]:
    found: list[Any] = [A]
    found.append(found)
    return found


@pytest.mark.parametrize(
    ("held", "tensors"),
    [
        (A, [A]),
        ((A, [B, A]), [A, B]),
        ({"b": B, "a": A}, [B, A]),
        (namedtuple("Pair", "a b")(A, B), [A, B]),
        (Output(A, Output(B)), [A, B]),
        (Slotted(B), [B]),
        (cyclic(), [A]),
        (torch.nn.Linear(2, 2), []),
        ((3, None, "text", Output), []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_tensors_are_found_in_order_each_once(held: Any, tensors: list[Any]) -> None:
    found = tensors_in(held)
    assert [id(tensor) for tensor in found] == [id(tensor) for tensor in tensors]


def test_endless_objects_are_left_alone() -> None:
    """Of more objects than anybody returns, those past the limit are not looked at."""
    assert tensors_in([[[]] * 3 for _ in range(OBJECTS_LIMIT)] + [A]) == []


def test_only_what_export_does_not_know_is_lifted() -> None:
    assert lifted({"a": [A, 3]}) is None
    strange = lifted(Output(A, {"b": B}))
    assert strange is not None
    assert len(strange.tensors) == 2
    again = strange.around([B, A])
    assert (again.logits, again.other["b"]) == (B, A)
    assert strange.original.logits is A

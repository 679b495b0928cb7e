"""What does a shortcut lead through on its way from fork to merge?"""

from __future__ import annotations

import pytest

from shortcut_audit.search import search
from shortcut_audit.search.found import Found
from shortcut_audit.search.steps import Step
from tests.sketch import sketch


def found(*lines: str) -> list[Found]:
    """The shortcuts of a drawing by the names of their sums."""
    return sorted(search(sketch(*lines)).found, key=lambda one: one.merge.op.name)


def test_a_route_lists_its_steps_and_what_stands_beside_them() -> None:
    (one,) = found("x -> Conv.1 -> Relu -> Add", "x -> Conv.g -> Sigmoid -> Mul -> Add", "x -> Mul")
    assert [(link.op.name, link.slot, link.step) for link in one.route] == [("Mul", 1, Step.GATE)]
    assert [op.name for op in one.through] == ["Conv.g", "Sigmoid", "Mul"]


def test_a_bare_edge_leads_through_nothing() -> None:
    (one,) = found("x -> Conv -> Relu -> Add", "x -> Add")
    assert (list(one.route), list(one.through), one.fork.id) == ([], [], "x")


def test_sums_behind_one_route_share_it() -> None:
    """The third takes another one."""
    branches = (f"x -> Conv.{n} -> Relu.{n} -> Add.{n}" for n in range(3))
    shared = "x -> Conv.p -> MaxPool -> Add.0", "MaxPool -> Add.1", "x -> MaxPool.q -> Add.2"
    first, second, third = found(*branches, *shared)
    assert first.way is second.way
    assert [link.op.name for link in first.route] == ["Conv.p", "MaxPool"]
    assert [link.op.name for link in third.route] == ["MaxPool.q"]


def test_what_a_gate_reads_that_the_branch_reads_beside_it_is_the_branch_s() -> None:
    """Two sums behind one gate: the second branch reads what the gate is computed from, too."""
    gate = "x -> Conv.a -> Relu.a -> Conv.g -> Sigmoid -> Mul", "x -> Mul"
    branches = "x -> Conv.1 -> Relu.1 -> Add.1", "Relu.a -> Conv.2 -> Relu.2 -> Add.2"
    first, second = found(*gate, *branches, "Mul -> Add.1", "Mul -> Add.2")
    assert [op.name for op in first.through] == ["Conv.a", "Relu.a", "Conv.g", "Sigmoid", "Mul"]
    assert [op.name for op in second.through] == ["Conv.g", "Sigmoid", "Mul"]


@pytest.mark.parametrize(("branches", "own"), [(7, []), (8, ["Conv.a", "Relu.a"])])
def test_beside_over_eight_operands_a_gate_keeps_what_it_reads(branches: int, own: list[str]) -> None:
    """All branches read Relu.a, as the gate does: it is theirs, unless the sum has 8 branches and the gated value."""
    gate = "x -> Conv.a -> Relu.a -> Conv.g -> Sigmoid -> Mul", "x -> Mul"
    beside = (f"Relu.a -> Conv.{n} -> Relu.{n} -> Sum" for n in range(branches))
    (one,) = found(*gate, *beside, "Mul -> Sum")
    assert [op.name for op in one.through] == [*own, "Conv.g", "Sigmoid", "Mul"]

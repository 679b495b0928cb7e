"""How does a fork lead to a value, and which values lie between?"""

from __future__ import annotations

from shortcut_audit.search.reach import Reach
from shortcut_audit.search.steps import Step
from tests.search.around import search


def test_how_a_fork_leads_to_an_operand() -> None:
    found = search("x -> AveragePool -> Add", "x -> Conv.1 -> Relu -> Add")
    pooled, nonlinear = map(found.field.reached, found.operands)
    assert pooled is not None
    assert nonlinear is not None
    assert (pooled.level, nonlinear.level) == (Step.SELECTION, Step.NONLINEAR)
    assert (pooled.working, pooled.mixing, pooled.weighing) == (True, True, False)
    assert (nonlinear.working, nonlinear.mixing, nonlinear.weighing) == (True, True, True)


def test_an_operand_that_a_fork_does_not_lead_to() -> None:
    found = search("x -> Sum", "x -> Conv -> Relu -> Sum", "z -> Sum")
    assert found.field.reached(found.operands[2]) is None


def test_nothing_has_been_done_at_the_fork_itself() -> None:
    found = search("x -> Add", "x -> Conv -> Add")
    assert found.field.reached(found.lineage.number["x"]) == (0, False, False, False)


def test_what_is_cut_out_leads_nowhere() -> None:
    """Beside Conv.1 only the pool leads on."""
    found = search("x -> Conv.1 -> Concat -> Add", "x -> MaxPool -> Concat", "x -> Add")
    number = found.lineage.number
    reach = Reach(found.lineage, number["x"], frozenset({number["Conv.1"]}))
    concat = reach.reached(number["Concat"])
    assert concat is not None
    assert (concat.level, concat.weighing) == (Step.SELECTION, False)
    assert [op.name for op in reach.ops([number["Concat"]])] == ["MaxPool", "Concat"]

"""How does a fork lead to a value, and which values lie between?"""

from __future__ import annotations

from shortcut_audit.graph.model import Op
from shortcut_audit.search.lineage import Lineage
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


def test_what_stands_between_a_fork_and_an_operand_passes_a_test() -> None:
    """The Conv stands before the operand, the MaxPool beside it, the Sigmoid before the fork."""
    found = search("z -> Sigmoid -> Conv.1 -> Relu -> Sum", "Sigmoid -> Sum", "Sigmoid -> MaxPool -> Sum")
    fork, relu = found.lineage.number["Sigmoid"], found.lineage.number["Relu"]
    reach = Reach(found.lineage, fork, frozenset())
    kinds = "Conv", "Relu", "MaxPool", "Sigmoid"
    assert [reach.any([relu], lambda _, op, kind=kind: op.kind == kind) for kind in kinds] == [True, True, False, False]


def test_no_op_is_tested_twice() -> None:
    found = search("x -> Conv.1 -> Relu.1 -> Conv.2 -> Relu.2 -> Sum", "Relu.1 -> Sum", "x -> Sum")
    number, tested = found.lineage.number, list[str]()

    def never(lineage: Lineage, op: Op) -> bool:
        tested.append(op.name)
        return False

    reach = Reach(found.lineage, number["x"], frozenset())
    assert not any(reach.any([number[name]], never) for name in ("Relu.1", "Relu.2", "Relu.1"))
    assert tested == ["Conv.1", "Relu.1", "Conv.2", "Relu.2", "Sum"]


def test_what_is_looked_for_is_found_in_a_closed_stretch_and_not_beside_a_cut() -> None:
    """All of the second sum's past passes through x: it is leapt over elsewhere."""
    drawn = "x -> Conv.1 -> Sigmoid -> Add.1", "x -> Relu.a -> Add.1 -> Conv.2 -> Relu.b -> Add.2", "x -> Add.2"
    number, lineage = (found := search(*drawn)).lineage.number, found.lineage

    def squashes(lineage: Lineage, op: Op) -> bool:
        return op.kind == "Sigmoid"

    assert number["Add.1"] in lineage.closed
    assert Reach(lineage, number["x"], frozenset()).any([number["Relu.b"]], squashes)
    assert not Reach(lineage, number["x"], frozenset({number["Sigmoid"]})).any([number["Relu.b"]], squashes)


def test_a_closed_stretch_is_one_step_back_to_where_it_begins() -> None:
    drawn = "x -> Conv.1 -> Sigmoid -> Add.1", "x -> Relu.a -> Add.1 -> Conv.2 -> Relu.b -> Add.2", "x -> Add.2"
    number, lineage = (found := search(*drawn)).lineage.number, found.lineage
    region = Reach(lineage, number["x"], frozenset()).region([number["Relu.b"]])
    assert list(region) == [number["Add.1"], number["Conv.2"], number["Relu.b"]]
    assert list(region.leapt) == [number["Add.1"]]
    assert region.parents(number["Add.1"]) == ((number["x"], int(Step.NONLINEAR), 0),)
    assert region.parents(number["Conv.2"]) == ((number["Add.1"], int(Step.LINEAR), 0),)

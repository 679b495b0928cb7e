"""How far does a value lead back along one line?"""

from __future__ import annotations

import pytest

from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.prices import UNIT
from shortcut_audit.search.runs import Runs
from shortcut_audit.search.steps import Step
from tests.sketch import sketch

VIEWS = " -> ".join(f"Transpose.{n}" for n in range(40))


def runs(*lines: str) -> Runs:
    return Runs(Lineage(sketch(*lines, shape=(1, 8, 8))))


def leap(runs: Runs, name: str, *stops: str) -> tuple[str, int] | None:
    """Where a walker comes to from a value, if it stops at some values and before them; by name."""
    number = runs.lineage.number
    latest = max((number[stop] for stop in stops), default=-1)
    landed = runs.leap(number[name], 0, lambda at: at <= latest)
    return None if landed is None else (runs.lineage.values[landed[0]].id, landed[1])


@pytest.mark.parametrize("stop", [0, 1, 2, 7, 8, 21, 38])
def test_a_walker_stops_at_the_first_value_where_it_should(stop: int) -> None:
    assert leap(runs(f"x -> {VIEWS}"), "Transpose.39", f"Transpose.{stop}") == (f"Transpose.{stop}", 0)


def test_or_at_the_end_of_the_run() -> None:
    """What is computed from x by a nonlinearity leads no further."""
    assert leap(runs(f"x -> Relu -> {VIEWS}"), "Transpose.39") == ("Relu", 0)
    assert leap(runs(f"x -> {VIEWS}"), "Transpose.39") == ("x", 0)


def test_it_pays_for_every_step() -> None:
    found = leap(runs("x -> MatMul.1 -> Transpose -> MatMul.2 -> MaxPool"), "MaxPool")
    assert found == ("x", 2 * UNIT[Step.LINEAR] + UNIT[Step.SELECTION])


def test_a_step_from_where_it_should_stop_is_one_step() -> None:
    assert leap(runs(f"x -> {VIEWS}"), "Transpose.20", "Transpose.20") == ("Transpose.19", 0)


def test_where_there_is_a_choice_or_a_gate_no_run_begins() -> None:
    drawn = runs("x -> Concat", "z -> Concat", "x -> Mul", "z -> Sigmoid -> Mul", "x -> Relu")
    assert [leap(drawn, name) for name in ("Concat", "Mul", "Relu", "x")] == [None, None, None, None]


def past_of(drawn: Runs, *names: str) -> int:
    """Some values as a set of bits."""
    return sum(1 << drawn.lineage.ancestry.places.of_value[drawn.lineage.number[name]] for name in names)


GATES = "x -> Identity.0 -> Mul.1 -> Mul.2 -> Identity.3", "z -> Relu.1 -> Mul.1", "z -> Relu.2 -> Mul.2"


def test_a_run_leads_through_gates_beside_which_nothing_leads_on() -> None:
    assert leap(runs(*GATES), "Identity.3") == ("x", 2 * UNIT[Step.GATE])


def test_no_run_leads_past_a_gate_that_another_operand_reads() -> None:
    """The walker goes on step by step."""
    drawn = runs(*GATES)
    number = drawn.lineage.number["Identity.3"]
    assert drawn.leap(number, 0, lambda at: False, lambda: past_of(drawn, "Relu.1")) == (
        drawn.lineage.number["Mul.2"],
        0,
    )


def test_behind_a_learned_map_no_run_leads_through_a_gate() -> None:
    """A map of a gated value is a nonlinear layer: the plain run ends before the gate."""
    drawn = runs("x -> Identity.0 -> Mul -> Identity.1 -> Identity.2", "z -> Relu -> Mul")
    number = drawn.lineage.number
    assert drawn.leap(number["Identity.2"], UNIT[Step.LINEAR], lambda at: False) == (number["Mul"], 0)
    assert drawn.leap(number["Identity.2"], 0, lambda at: False) == (number["x"], UNIT[Step.GATE])


def test_the_steps_of_a_run_are_kept() -> None:
    drawn = runs("x -> MatMul.1 -> Transpose -> MaxPool")
    number = drawn.lineage.number
    assert leap(drawn, "MaxPool") is not None
    start = drawn.trails.at(number["x"])
    trail = drawn.along(start, number["MaxPool"])
    assert [(link.op.name, link.slot, link.step) for link in trail] == [
        ("MatMul.1", 0, Step.LINEAR),
        ("Transpose", 0, Step.VIEW),
        ("MaxPool", 0, Step.SELECTION),
    ]
    assert drawn.along(start, number["MaxPool"]) is trail
    assert drawn.along(start, number["Transpose"]) is trail.before

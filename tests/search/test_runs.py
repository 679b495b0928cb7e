"""How far does a value lead back along one line?"""

from __future__ import annotations

import pytest

from shortcut_audit.search.lineage import UNIT, Lineage
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
    landed = runs.leap(number[name], lambda at: at <= latest)
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

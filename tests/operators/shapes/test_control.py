"""Ifs and loops, as draft.py hands them over."""

from __future__ import annotations

from tests.operators.shapes.calls import dtypes, out


def test_an_if_makes_what_its_branches_agree_on() -> None:
    assert out("If", "", "2x3", "2x3") == "2x3"
    assert out("If", "", "2x3", "2x4") == "2x?"
    assert out("If", "", "2x3", "2x3x1") == "..."
    assert out("If", "", "2x3", "...") == "..."


def test_a_loop_keeps_the_shape_that_it_carries() -> None:
    assert out("LoopState", "2x3") == "2x3"
    assert out("Loop", "2x3", "2x3") == "2x3"
    assert out("Loop", "2x3", "1x3") == "?x3"  # after no step the one, after some the other


def test_a_loop_stacks_what_its_steps_make() -> None:
    assert out("Loop", "2x3", stacked=0) == "?x2x3"
    assert out("Loop", "2x3", stacked=-1) == "2x3x?"


def test_a_step_reads_one_slice() -> None:
    assert out("LoopSlice", "7x2x3") == "2x3"
    assert out("LoopSlice", "7x2x3", axis=-1) == "7x2"
    assert out("LoopSlice", "", axis=0) == "..."


def test_a_step_has_a_number() -> None:
    assert out("LoopIndex", 10) == "()"
    assert dtypes("LoopIndex", 10) == ["int64"]

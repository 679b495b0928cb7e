"""Axes summed up, and ranks."""

from __future__ import annotations

import pytest

from tests.operators.shapes.calls import out


def test_reduced_axes_stay_as_ones_or_go() -> None:
    assert out("ReduceMean", "2x3x4", axes=(1, -1)) == "2x1x1"
    assert out("ReduceMean", "2x3x4", axes=(1,), keepdims=0) == "2x4"
    assert out("ReduceMean", "2x3x4") == "1x1x1"
    assert out("ReduceMean", "2x3x4", keepdims=0) == "()"
    assert out("ReduceMean", "2x3x4", axes=(3,)) == "..."


def test_axes_may_be_an_input() -> None:
    assert out("ReduceSum", "2x3x4", (1, 2), keepdims=0) == "2"
    assert out("ReduceSum", "2x3x4", ()) == "1x1x1"
    assert out("ReduceSum", "2x3x4", (), noop_with_empty_axes=1) == "2x3x4"
    assert out("ReduceSum", "2x3x4", noop_with_empty_axes=1) == "2x3x4"
    assert out("ReduceSum", "2x3x4", "1") == "?x?x?"
    assert out("ReduceSum", "2x3x4", "1", keepdims=0) == "..."


def test_positions_of_the_largest() -> None:
    assert out("ArgMax", "2x3x4", axis=-1) == "2x3x1"
    assert out("ArgMax", "2x3x4", axis=1, keepdims=0) == "2x4"
    assert out("TopK", "2x10", (3,), outputs=2) == "2x3 2x3"
    assert out("TopK", "2x10", k=3, axis=0, opset=9, outputs=2) == "3x10 3x10"
    assert out("TopK", "2x10", "1", outputs=2) == "2x? 2x?"


def test_determinants() -> None:
    assert out("Det", "7x3x3") == "7"
    assert out("Det", "3") == "..."


def test_quantised_means_read_scales_behind_the_data() -> None:
    assert out("com.microsoft::QLinearReduceMean", "2x3x4", "", "", "", "", axes=(1,), keepdims=0) == "2x4"


@pytest.mark.parametrize("kind", ["ReduceSum", "ArgMax", "com.microsoft::QLinearReduceMean"])
def test_reduced_axes_are_kept_where_it_says_one(kind: str) -> None:
    """onnx 1.23: infer_shapes says 3 of `ArgMax(2x3) keepdims=2`."""
    given = ("2x3", "", "", "", "") if "::" in kind else ("2x3",)
    along = {"axis": 0} if kind == "ArgMax" else {"axes": (0,)}
    assert out(kind, *given, opset=11, **along) == out(kind, *given, opset=11, keepdims=1, **along) == "1x3"
    assert out(kind, *given, opset=11, keepdims=2, **along) == out(kind, *given, opset=11, keepdims=0, **along) == "3"

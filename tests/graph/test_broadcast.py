"""One rule for axes that are broadcast, whoever asks: shapes, and counts of multiply-accumulates."""

from __future__ import annotations

import pytest

from shortcut_audit.graph.model import Dim
from shortcut_audit.graph.sizes import Unknown, broadcast_size, compatible, may_equal
from shortcut_audit.operators.counting.axes import Axes


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        (3, 3, 3),
        (1, 3, 3),
        (0, 1, 0),
        ("n", 1, "n"),
        ("n", "n", "n"),
        ("n", 3, 3),  # n is 1 or 3
        (None, 3, 3),
        (None, 1, None),
        (None, "n", None),  # where n is 1, it is whatever the other one is
        ("n", None, None),
    ],
)
def test_the_size_of_two_axes_that_are_broadcast(left: Dim, right: Dim, result: Dim) -> None:
    assert broadcast_size(left, right) == result
    axes = Axes()
    axes.read("...", (left,))
    axes.read("...", (right,))
    assert axes.possible
    count = axes.count("...")
    assert (None if count is None else str(count).strip("'")) == (None if result is None else str(result))


@pytest.mark.parametrize(("left", "right"), [(2, 3), (0, 2), ("n + 4", 3)])
def test_sizes_that_never_stand_beside_each_other(left: Dim, right: Dim) -> None:
    with pytest.raises(Unknown):
        broadcast_size(left, right)
    axes = Axes()
    axes.read("...", (left,))
    axes.read("...", (right,))
    assert not axes.possible


def test_unknown_is_never_different() -> None:
    assert may_equal(None, 3)
    assert may_equal("n", 3)
    assert not may_equal(2, 3)
    assert compatible((None, "n", 3), (1, 2, 3))
    assert not compatible((1, 2), (1, 3))
    assert not compatible((1, 2), (1, 2, 1))

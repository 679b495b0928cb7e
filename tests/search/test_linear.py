"""Is a sum of linear maps of one value a linear map, and how dear?"""

from __future__ import annotations

import pytest

from shortcut_audit.pipeline import audit_draft
from tests.sketch import listing, stored

MAPS = {
    "d = Mul(x, two)": "parameter-free",
    "d = Neg(x)": "parameter-free",
    "d = AveragePool(x) kernel_shape=3,3 pads=1,1,1,1": "parameter-free",
    "d = Roll(x)": "parameter-free",
    "d = Mul(x, g)": "projection",
    "d = Conv(x, w1)": "projection",
    "c = Conv(x, w1); d = AveragePool(c) kernel_shape=1,1": "projection",
    "c = Conv(x, w1); d = BatchNormalization(c, g8, g8, g8, g8)": "projection",
    "a, b = Split(x) axis=1; c = Conv(a, w4); d = Concat(c, b) axis=1": "projection",
}
"""What is added to x, and what a shortcut by that sum is."""

NONE = (
    "d = MaxPool(x) kernel_shape=3,3 pads=1,1,1,1",
    "c = Conv(x, w1); d = InstanceNormalization(c, g8, g8)",
    "d = GatherElements(x, x) axis=1",
)
"""What no linear map makes of x."""


def kinds(*added: str) -> list[str]:
    """The kinds of the shortcuts of F(x) + u, where u = x + d is read by others, too."""
    report = audit_draft(
        listing(
            *added,
            "u = Add(x, d)",
            "r = Relu(u)",
            "f1 = Conv(x, w3) pads=1,1,1,1",
            "f2 = Relu(f1)",
            "f = Conv(f2, w3) pads=1,1,1,1",
            "y = Add(f, u)",
            x=(1, 8, 4, 4),
            w1=stored(8, 8, 1, 1),
            w3=stored(8, 8, 3, 3),
            w4=stored(4, 4, 1, 1),
            g=stored(8, 1, 1),
            g8=stored(8),
            two=stored(data=(2.0,), literal=True),
            i=stored(1, 8, 4, 4, dtype="int64"),
        )
    )
    return [one.kind for one in report.shortcuts if one.merge.name == "y"]


@pytest.mark.parametrize("added", MAPS)
def test_a_sum_of_linear_maps_is_one(added: str) -> None:
    assert kinds(*added.split("; ")) == [MAPS[added]]


def test_a_sum_of_maps_is_a_map_of_what_all_of_them_map() -> None:
    """G(W_1 x) + (W_1 x + W_3 x): the inner sum is no function of W_1 x, and no bare shortcut of it."""
    report = audit_draft(
        listing(
            "a = Conv(x, w1)",
            "b = Conv(x, w3) pads=1,1,1,1",
            "u = Add(a, b)",
            "r = Relu(u)",
            "g1 = Relu(a)",
            "g = Conv(g1, w3) pads=1,1,1,1",
            "y = Add(g, u)",
            x=(1, 8, 4, 4),
            w1=stored(8, 8, 1, 1),
            w3=stored(8, 8, 3, 3),
        )
    )
    (shortcut,) = (one for one in report.shortcuts if one.merge.name == "y")
    assert (shortcut.kind, shortcut.fork.name, shortcut.has_weight) == ("projection", "x", True)


@pytest.mark.parametrize("added", NONE)
def test_a_sum_with_what_is_not_linear_is_none(added: str) -> None:
    assert kinds(*added.split("; ")) == []

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


@pytest.mark.parametrize("branch", ["f = Conv(p, w3) pads=1,1,1,1", "f = Conv(p, w1)"])
def test_a_sum_of_maps_is_as_dear_as_what_lies_behind_the_value_that_it_leads_back_to(branch: str) -> None:
    """p + pool(p) holds no weight, though p = W x: beside W p it is no equal map, and W is none of its weights."""
    report = audit_draft(
        listing(
            "p = Conv(x, w1)",
            "d = AveragePool(p) kernel_shape=3,3 pads=1,1,1,1",
            "u = Add(p, d)",
            "r = Relu(u)",
            branch,
            "y = Add(f, u)",
            x=(1, 8, 4, 4),
            w1=stored(8, 8, 1, 1),
            w3=stored(8, 8, 3, 3),
        )
    )
    (shortcut,) = (one for one in report.shortcuts if one.merge.name == "y")
    assert (shortcut.kind, shortcut.fork.name, shortcut.parameters) == ("parameter-free", "p", 0)


NAMED = {
    ("d = Conv(x, w1)", "u = Add(x, d)"): (["w1"], True, False, "beside: conv 1x1, 8 -> 8, no bias"),
    ("d = Conv(x, w1, g8)", "u = Add(x, d)"): (["w1", "g8"], True, True, "beside: conv 1x1, 8 -> 8, bias"),
    ("d = Conv(x, w1, g8)", "e = Conv(x, w2)", "u = Add(e, d)"): (
        ["w2", "w1", "g8"], True, True, "conv 1x1, 8 -> 8, no bias; beside: conv 1x1, 8 -> 8, bias",
    ),
    ("d = Conv(x, w1)", "e = BatchNormalization(x, g8, g8, g8, g8)", "u = Add(e, d)"): (
        ["g8", "w1"], True, False, "BN; beside: conv 1x1, 8 -> 8, no bias",
    ),
    ("d = Conv(x, w1)", "v = Add(x, d)", "s = Sigmoid(v)", "e = Conv(v, w2, g8)", "u = Add(v, e)"): (
        ["w1", "w2", "g8"], True, True, "beside: conv 1x1, 8 -> 8, no bias + conv 1x1, 8 -> 8, bias",
    ),
    ("d = Mul(x, g)", "u = Add(x, d)"): (["g"], True, False, "beside: scale 8x1x1"),
}  # fmt: skip
"""Of sums u of maps: the weights on the route, whether there is a W_s, whether it has a bias, W_s in words."""


@pytest.mark.parametrize("lines", NAMED)
def test_the_weights_beside_a_sum_of_maps_are_those_of_its_route(lines: tuple[str, ...]) -> None:
    """F(x) + (x + W x): the sum reads no weight, and W is W_s. A norm's shift is no bias of it."""
    report = audit_draft(
        listing(
            *lines,
            "r = Relu(u)",
            "f1 = Conv(x, w3) pads=1,1,1,1",
            "f2 = Relu(f1)",
            "f = Conv(f2, w3) pads=1,1,1,1",
            "y = Add(f, u)",
            outputs=("y", "r", *(["s"] if len(lines) > 4 else [])),
            x=(1, 8, 4, 4),
            w1=stored(8, 8, 1, 1),
            w2=stored(8, 8, 1, 1),
            w3=stored(8, 8, 3, 3),
            g=stored(8, 1, 1),
            g8=stored(8),
        )
    )
    (shortcut,) = (one for one in report.shortcuts if one.merge.name == "y")
    names = [weight.name for step in shortcut.route for weight in step.weights]
    said = names, shortcut.has_weight, shortcut.has_bias, shortcut.weights_in_words
    assert (shortcut.kind, shortcut.fork.name, said) == ("projection", "x", NAMED[lines])
    assert not any("no W_s" in note for note in shortcut.notes)


@pytest.mark.parametrize("added", NONE)
def test_a_sum_with_what_is_not_linear_is_none(added: str) -> None:
    assert kinds(*added.split("; ")) == []


@pytest.mark.parametrize("views", [0, 1, 2, 5])
def test_views_in_front_of_a_sum_of_maps_change_nothing(views: int) -> None:
    """G(W_1 x) + (W_1 x + W_3 x), where W_1 x is turned about before it is added: all of the sum leads back to x."""
    turned = [f"v{n + 1} = Transpose(v{n}) perm=0,1,3,2" for n in range(2 * views)]
    report = audit_draft(
        listing(
            "v0 = Conv(x, w1)", *turned, "b = Conv(x, w3) pads=1,1,1,1", f"u = Add(v{2 * views}, b)", "r = Relu(u)",
            "g1 = Relu(v0)", "g = Conv(g1, w3) pads=1,1,1,1", "y = Add(g, u)",
            x=(1, 8, 4, 4), w1=stored(8, 8, 1, 1), w3=stored(8, 8, 3, 3),
        )
    )  # fmt: skip
    (shortcut,) = (one for one in report.shortcuts if one.merge.name == "y")
    assert (shortcut.kind, shortcut.fork.name, shortcut.has_weight) == ("projection", "x", True)

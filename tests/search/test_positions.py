"""Which branches mix positions, and which only the features that the map on the route mixes, too?"""

from __future__ import annotations

import pytest

from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from tests.sketch import listing, stored

TENSORS: dict[str, Tensor] = {
    "w": stored(32, 32), "m": stored(4, 32), "k": stored(8, 8), "one": stored(1, 1, 32), "low": stored(32, 4),
    "cut": stored(4, dtype="int64", data=(2, 8, 8, 4), literal=True),
    "part": stored(1, dtype="int64", data=(2,), literal=True),
    "last": stored(1, dtype="int64", data=(3,), literal=True),
    "second": stored(dtype="int64", data=(1,), literal=True),
}  # fmt: skip

BRANCHES: dict[str, tuple[tuple[str, ...], str]] = {
    "MiSS: a sum over part of the features": (
        ("v = Reshape(x, cut)", "s = ReduceSum(v, part) keepdims=0", "F = MatMul(s, m)"), "parallel branches",
    ),
    "the same, scaled, and cut in the other way": (
        ("g = Mul(x, one)", "v = Reshape(g, cut)", "t = Transpose(v) perm=0,1,3,2",
         "s = ReduceMean(t, last) keepdims=0", "F = MatMul(s, m)"), "parallel branches",
    ),
    "sums over the positions before": (
        ("c = CumSum(x, second)", "d = MatMul(c, low)", "F = MatMul(d, m)"), "projection",
    ),
    "a product that mixes positions": (("F = MatMul(k, x)",), "projection"),
    "positions among the features": (
        ("v = Reshape(x, cut)", "t = Transpose(v) perm=0,2,1,3", "s = ReduceSum(t, part) keepdims=0",
         "F = MatMul(s, m)"), "projection",
    ),
}  # fmt: skip


@pytest.mark.parametrize("branch", BRANCHES)
def test_what_stands_beside_a_linear_map_of_the_features(branch: str) -> None:
    """W x of [2, 8, 32]: 2 x 8 x 32 x 32 MACs, more than any of these branches takes."""
    lines, verdict = BRANCHES[branch]
    words = " ".join(lines).replace("(", " ").replace(")", " ").replace(",", " ").split()
    given: dict[str, Tensor | TensorType] = {name: each for name, each in TENSORS.items() if name in words}
    report = audit_draft(
        listing(
            "x = Relu(x0)",
            "W = MatMul(x, w)",
            *lines,
            "y = Add(W, F)",
            opset=18,
            x0=(2, 8, 32),
            w=TENSORS["w"],
            **given,
        )
    )
    assert [s.kind for s in report.shortcuts] + [o.reason for o in report.other_adds if o.name == "y"] == [verdict]


def test_channels_of_a_convolution_are_no_last_axis() -> None:
    """A 1x1 convolution maps the second axis: sums over the columns, the last one, mix positions."""
    lines = ("x = Relu(x0)", "C = Conv(x, w)", "s = CumSum(x, columns)", "D = Conv(s, v)", "y = Add(C, D)")
    columns = stored(dtype="int64", data=(3,), literal=True)
    kernels = {"w": stored(8, 8, 1, 1), "v": stored(8, 8, 1, 1)}
    report = audit_draft(listing(*lines, opset=18, x0=(1, 8, 4, 4), columns=columns, **kernels))
    assert [shortcut.kind for shortcut in report.shortcuts] == ["projection"]


def test_an_open_size_is_followed_by_its_name() -> None:
    report = audit_draft(
        listing(
            "x = Relu(x0)", "W = MatMul(x, w)", "v = Reshape(x, cut)", "s = ReduceSum(v, part) keepdims=0",
            "F = MatMul(s, m)", "y = Add(W, F)", opset=18, x0=("n", 8, 32), w=TENSORS["w"], m=TENSORS["m"],
            part=TENSORS["part"], cut=stored(4, dtype="int64", data=(0, 0, 8, 4), literal=True),
        )
    )  # fmt: skip
    assert [other.reason for other in report.other_adds] == ["parallel branches"]

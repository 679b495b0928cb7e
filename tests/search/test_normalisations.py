"""Is a normalisation the same by one operator and written out, wherever it stands?"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from tests.sketch import listing, stored

MEAN = "m = ReduceMean(x, axes) keepdims=1"
MAXIMUM = "m = ReduceMax(x, axes) keepdims=1"
CENTRED = (MEAN, "d = Sub(x, m)")
DEVIATION = (*CENTRED, "dd = Mul(d, d)", "v = ReduceMean(dd, axes) keepdims=1", "ve = Add(v, eps)", "s = Sqrt(ve)")
SQUARES = ("q = Mul(x, x)", "v = ReduceMean(q, axes) keepdims=1", "ve = Add(v, eps)", "s = Sqrt(ve)")
EXPONENTIALS = (MAXIMUM, "d = Sub(x, m)", "e = Exp(d)", "z = ReduceSum(e, axes) keepdims=1")
NOT_CENTRED = ("e = Exp(x)", "z = ReduceSum(e, axes) keepdims=1")

OVER_ANY_AXIS = {
    "softmax": (
        ("n = Softmax(x) axis={axis}",),
        (*EXPONENTIALS, "n = Div(e, z)"),
        (*EXPONENTIALS, "r = Reciprocal(z)", "n = Mul(r, e)"),
        (*NOT_CENTRED, "n = Div(e, z)"),
        ("l = LogSoftmax(x) axis={axis}", "n = Exp(l)"),
    ),
    "log softmax": (
        ("n = LogSoftmax(x) axis={axis}",),
        (*EXPONENTIALS, "l = Log(z)", "n = Sub(d, l)"),
        (*EXPONENTIALS, "l = Log(z)", "t = Add(m, l)", "n = Sub(x, t)"),
        (*NOT_CENTRED, "l = Log(z)", "n = Sub(x, l)"),
        ("l = ReduceLogSumExp(x, axes) keepdims=1", "n = Sub(x, l)"),
        ("p = Softmax(x) axis={axis}", "n = Log(p)"),
    ),
    "unit length": (
        ("n = LpNormalization(x) axis={axis} p=2",),
        ("l = ReduceL2(x, axes) keepdims=1", "c = Clip(l, eps)", "n = Div(x, c)"),
        ("q = Mul(x, x)", "e = ReduceSum(q, axes) keepdims=1", "l = Sqrt(e)", "r = Reciprocal(l)", "n = Mul(x, r)"),
        ("e = ReduceSumSquare(x, axes) keepdims=1", "l = Sqrt(e)", "n = Div(x, l)"),
    ),
    "plain norm": (
        ("n = MeanVarianceNormalization(x) axes={axis}",),
        (*DEVIATION, "n = Div(d, s)"),
        (*DEVIATION, "r = Reciprocal(s)", "n = Mul(d, r)"),
    ),
}  # fmt: skip
"""Each way to write n, in numbers the same but for what keeps a divisor from zero."""

OVER_THE_LAST = {
    "layer norm": (
        ("n = LayerNormalization(x, gamma, beta) axis=-1",),
        (*DEVIATION, "h = Div(d, s)", "hg = Mul(h, gamma)", "n = Add(hg, beta)"),
        ("h = LayerNormalization(x, ones) axis=-1", "hg = Mul(h, gamma)", "n = Add(hg, beta)"),
        ("h = MeanVarianceNormalization(x) axes=-1", "hg = Mul(h, gamma)", "n = Add(hg, beta)"),
    ),
    "RMS": (
        ("n = RMSNormalization(x, gamma) axis=-1",),
        ("n = SimplifiedLayerNormalization(x, gamma) axis=-1",),
        (*SQUARES, "h = Div(x, s)", "n = Mul(h, gamma)"),
        (*SQUARES, "r = Reciprocal(s)", "h = Mul(x, r)", "n = Mul(gamma, h)"),
    ),
}
"""Those that learn a factor of each feature: n of a channel is scaled by itself."""

NUMBERS = {
    "gamma": stored(8), "beta": stored(8), "eps": stored(data=(1e-6,), literal=True), "k": stored(8, 8),
    "w": stored(8, 8), "ones": stored(8, data=(1.0,) * 8, literal=True, learned=False),
}  # fmt: skip

LAYER = ("W = MatMul(x, w)", "F = Relu(W)")

SUMS: dict[str, tuple[tuple[str, ...], tuple[str, str, str]]] = {
    "n + W x": ((*LAYER[:1], "y = Add(n, W)"), ("elementwise expression", "parameter-free", "projection")),
    "n + x": (("y = Add(n, x)",), ("normalisation",) * 3),
    "relu(n) + x": (("R = Relu(n)", "y = Add(x, R)"), ("elementwise expression",) * 3),
    "relu(n) + W x": (("R = Relu(n)", *LAYER[:1], "y = Add(R, W)"), ("elementwise expression",) * 3),
    "W n + x": (("W = MatMul(n, w)", "y = Add(x, W)"), ("identity",) * 3),
    "W n + n": (("W = MatMul(n, w)", "y = Add(n, W)"), ("identity",) * 3),
    "n + F(x)": ((*LAYER, "y = Add(n, F)"), ("parallel branches", "parameter-free", "projection")),
    "x n + W x": ((*LAYER[:1], "G = Mul(x, n)", "y = Add(G, W)"), ("elementwise expression",) * 3),
    "x n + F(x)": ((*LAYER, "G = Mul(n, x)", "y = Add(G, F)"), ("parallel branches",) * 3),
    "x + n + F(x)": (
        (*LAYER, "S = Add(x, n)", "y = Add(S, F)"), ("identity", "identity parameter-free", "identity projection"),
    ),
    "n^T x x + x": (
        ("T = Transpose(n) perm=0,2,1", "G = MatMul(T, x)", "Q = MatMul(x, G)", "y = Add(Q, x)"),
        ("identity", "elementwise expression", "identity"),
    ),
}  # fmt: skip
"""What is made of n, and what is said of y: of a softmax, of a normalisation without weights, and of one with them."""


def said_of(lines: Sequence[str], axes: tuple[int, ...], shape: tuple[int | None, ...]) -> str:
    """The kinds of the shortcuts that y merges, or why it merges none."""
    lines = ("x = MatMul(x0, k)", *(line.format(axis=",".join(map(str, axes))) for line in lines))
    words = set(re.findall(r"\w+", " ".join(lines)))
    tensors: dict[str, Tensor | TensorType] = {name: tensor for name, tensor in NUMBERS.items() if name in words}
    if "axes" in words:
        tensors["axes"] = stored(len(axes), dtype="int64", data=axes, literal=True)
    tensors["x0"] = TensorType(shape, "float32")
    report = audit_draft(listing(*lines, opset=23, **tensors))
    kinds = sorted(shortcut.kind for shortcut in report.shortcuts if shortcut.merge.name == "y")
    return " ".join(kinds) or next(other.reason for other in report.other_adds if other.name == "y")


@pytest.mark.parametrize("summed", SUMS)
@pytest.mark.parametrize("shape", [(2, 16, 8), (None, None, 8)], ids=str)
def test_a_normalisation_is_the_same_however_it_is_written(summed: str, shape: tuple[int | None, ...]) -> None:
    """Over the features, and over the positions, which it does not mix."""
    told, expected = SUMS[summed]
    for axis in (-1, 1):
        for name, spellings in OVER_ANY_AXIS.items():
            right = expected[0 if name == "softmax" else 1]
            for lines in spellings:
                assert (said_of((*lines, *told), (axis,), shape), name, axis, lines) == (right, name, axis, lines)


@pytest.mark.parametrize("summed", SUMS)
def test_a_normalisation_over_several_axes_is_no_work(summed: str) -> None:
    """As a layer norm over an image, a group norm and an instance norm are."""
    told, expected = SUMS[summed]
    for lines in OVER_ANY_AXIS["plain norm"]:
        assert (said_of((*lines, *told), (1, 2), (2, 16, 8)), lines) == (expected[1], lines)


@pytest.mark.parametrize("summed", SUMS)
def test_a_learned_factor_of_each_feature_makes_no_layer_of_a_normalisation(summed: str) -> None:
    told, expected = SUMS[summed]
    for name, spellings in OVER_THE_LAST.items():
        for lines in spellings:
            assert (said_of((*lines, *told), (-1,), (2, 16, 8)), name, lines) == (expected[2], name, lines)


WINDOWED = (
    "q = Mul(x, x)", "u = Unsqueeze(q, front)", "p = Pad(u, pads)", "a = AveragePool(p) kernel_shape=3,1 strides=1,1",
    "b = Squeeze(a, front)", "c = Mul(b, alpha)", "e = Add(c, k1)",
)  # fmt: skip
"""The mean square of three channels next to each other, as torch.nn.functional.local_response_norm writes it."""

LRN = {
    "one operator": ("n = LRN(x) size=3",),
    "divided": (*WINDOWED, "r = Pow(e, beta1)", "n = Div(x, r)"),
    "multiplied": (*WINDOWED, "s = Sqrt(e)", "r = Reciprocal(s)", "n = Mul(r, x)"),
}  # fmt: skip


@pytest.mark.parametrize("spelling", LRN)
@pytest.mark.parametrize("summed", SUMS)
def test_a_local_response_normalisation_gathers_from_windows(summed: str, spelling: str) -> None:
    """Krizhevsky, Sutskever and Hinton 2012, section 3.3: each activation over a power of its neighbours' squares."""
    told, expected = SUMS[summed]
    given: dict[str, Tensor | TensorType] = {name: NUMBERS[name] for name in ("k", "w")}
    given |= {name: stored(data=(0.75,), literal=True) for name in ("alpha", "beta1", "k1")}
    given["front"] = stored(1, dtype="int64", data=(1,), literal=True)
    given["pads"] = stored(8, dtype="int64", data=(0, 0, 1, 0, 0, 0, 1, 0), literal=True)
    lines = ("x = MatMul(x0, k)", *LRN[spelling], *told)
    words = set(re.findall(r"\w+", " ".join(lines)))
    report = audit_draft(
        listing(*lines, opset=23, x0=(2, 16, 8), **{name: each for name, each in given.items() if name in words})
    )
    kinds = " ".join(sorted(shortcut.kind for shortcut in report.shortcuts if shortcut.merge.name == "y"))
    assert (kinds or next(other.reason for other in report.other_adds if other.name == "y")) == expected[1]


@pytest.mark.parametrize("branch", ["Sub(a, x)", "Mul(a, x)", "Identity(a)"])
def test_what_windows_gather_and_nothing_rescales_is_a_pool(branch: str) -> None:
    """PoolFormer's avg_pool(x) - x (Yu et al. 2022) is the work of a branch."""
    lines = ("a = AveragePool(x) kernel_shape=3 pads=1,1", f"F = {branch}", "y = Add(x0, F)")
    report = audit_draft(listing("x = Relu(x0)", *lines, opset=23, x0=(2, 16, 8)))
    assert [shortcut.kind for shortcut in report.shortcuts] == ["identity"]


@pytest.mark.parametrize(
    ("leaves", "verdict"),
    [
        (("G = Sigmoid(m)", "R = Mul(x, G)"), "identity"),  # squeeze and excitation, without layers
        (("d = Sub(x, m)", "R = Relu(d)"), "elementwise expression"),  # it goes back
    ],
    ids=["a gate", "centred"],
)
def test_a_statistic_that_goes_elsewhere_was_work_to_gather(leaves: tuple[str, ...], verdict: str) -> None:
    axes = stored(1, dtype="int64", data=(1,), literal=True)
    report = audit_draft(listing(MEAN, *leaves, "y = Add(x, R)", opset=23, x=(2, 16, 8), axes=axes))
    assert [s.kind for s in report.shortcuts] + [o.reason for o in report.other_adds if o.name == "y"] == [verdict]


@pytest.mark.parametrize("summed", SUMS)
def test_what_a_pool_makes_is_normalised_as_any_other_value(summed: str) -> None:
    """The pool of a stem takes no part in the norms that are written out behind it."""
    told, expected = SUMS[summed]
    for lines in OVER_ANY_AXIS["plain norm"]:
        renamed = [re.sub(r"\bx\b", "z", line) for line in (*lines, *told)]
        pooled = ("z = AveragePool(x) kernel_shape=3 pads=1,1", *renamed)
        assert (said_of(pooled, (-1,), (2, 16, 8)), lines) == (expected[1], lines)

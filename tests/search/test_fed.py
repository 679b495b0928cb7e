"""Is what the caller brings never taken for nothing, where it may be a weight? (search/fed.py)"""

from __future__ import annotations

import pytest

from shortcut_audit.gate.budgets import kind_unknown
from shortcut_audit.gate.case import Case
from shortcut_audit.gate.settings import Settings
from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport, Shortcut
from tests.sketch import listing, stored

KERNEL = {"w1": stored(8, 8, 3, 3), "w2": stored(8, 8, 3, 3)}
BRANCH = (
    "a = Conv(x, w1) pads=1,1,1,1",
    "r = Relu(a)",
    "f = Conv(r, w2) pads=1,1,1,1",
)


def block(*route: str, **names: object) -> ModelReport:
    """F(a) + s, where the lines of `route` make s of a; names are inputs (shapes) or stored tensors."""
    return audit_draft(listing(*BRANCH, *route, "y = Add(f, s)", x=(1, 8, 4, 4), **KERNEL, **names))  # type: ignore[arg-type]


def only(report: ModelReport) -> Shortcut:
    (shortcut,) = report.shortcuts
    return shortcut


@pytest.mark.parametrize(
    ("route", "names"),
    [
        (["s = Conv(a, w)"], {"w": (8, 8, 1, 1)}),
        (["s = ConvTranspose(a, w)"], {"w": (8, 8, 1, 1)}),
        (["s = MatMul(a, w)"], {"w": (4, 4)}),
        (["s = MatMul(w, a)"], {"w": (1, 8, 4, 4)}),
        (["s = Einsum(a, w) equation=nchw,wv->nchv"], {"w": (4, 4)}),
        (["v = Mul(w, w)", "s = Conv(a, v)"], {"w": (8, 8, 1, 1)}),
        (["v = Add(w, p)", "s = Conv(a, v)"], {"w": (8, 8, 1, 1), "p": stored(8, 8, 1, 1)}),
        (["v = RandomNormal() shape=8,8,1,1", "s = Conv(a, v)"], {}),
        (["s = BatchNormalization(a, w, b, m, v)"], dict.fromkeys("wb", (8,)) | dict.fromkeys("mv", stored(8))),
        (["s = LayerNormalization(a, w)"], {"w": (4,)}),
        (["s = InstanceNormalization(a, w, b)"], dict.fromkeys("wb", (8,))),
        (["s = Add(a, b)"], {"b": (8, 1, 1)}),
        (["c = Conv(a, p)", "s = Add(c, b)"], {"b": (8, 1, 1), "p": stored(8, 8, 1, 1)}),
    ],
)
def test_what_may_be_a_weight_makes_a_projection_of_unknown_size(route: list[str], names: dict[str, object]) -> None:
    report = block(*route, **names)
    shortcut = only(report)
    assert (shortcut.kind, shortcut.parameters, shortcut.has_weight) == ("projection", None, True)
    assert report.summary.extra_parameters is None
    assert report.totals.parameters_lower_bound
    assert report.summary.what_if.A.parameters is None
    assert (
        shortcut.notes[-1].startswith("what it is multiplied with is fed to the model") or "W_s" in shortcut.notes[-1]
    )


@pytest.mark.parametrize("shape", [(8, 1, 1), (1, 8, 1, 1), (1, 8, 4, 4), (1,)])
def test_a_factor_that_is_fed_is_a_gate_of_unknown_size(shape: tuple[int, ...]) -> None:
    """It may be a learned diagonal: whether the model has a projection is not known."""
    report = block("s = Mul(a, w)", w=shape)
    assert (only(report).kind, only(report).parameters) == ("gated", None)
    judged = Case(report, Settings(max_projections=0), None, {s.key: s for s in report.shortcuts})
    assert [said.message for said in kind_unknown(judged)] == [
        "max-projections cannot be checked: 1 gate is fed to the model, and may be weights"
    ]


@pytest.mark.parametrize(
    ("route", "gate"),
    [
        (["s = Mul(a, g)"], (1, 1, 1, 1)),  # a number for each sample
        (["s = Mul(a, g)"], ()),
        (["c = Sigmoid(g)", "s = Mul(a, c)"], (1, 8, 4, 4)),  # what a function makes of it
        (["c = Cast(g) to=1", "s = Mul(a, c)"], TensorType((1, 1, 4, 4), "bool")),
    ],
)
def test_what_is_no_weight_is_a_gate_without_parameters(route: list[str], gate: object) -> None:
    assert (only(block(*route, g=gate)).kind, only(block(*route, g=gate)).parameters) == ("gated", 0)


def test_a_model_s_own_input_is_data() -> None:
    """Highway on the input itself: x is brought, and T(x) is not."""
    lines = ("t = Conv(x, w1) pads=1,1,1,1", "g = Sigmoid(t)", "s = Mul(g, x)", "f = Conv(x, w2) pads=1,1,1,1")
    report = audit_draft(listing(*lines, "y = Add(f, s)", x=(1, 8, 4, 4), **KERNEL))
    assert (only(report).kind, only(report).parameters) == ("gated", 576)  # the gate's 8 x 8 x 3 x 3


def test_two_layers_may_share_what_is_fed() -> None:
    """That the first block has used w makes the second one's w no data of its own."""
    lines = ("a = Conv(x, w1) pads=1,1,1,1", "b = Conv(a, w)", "r = Relu(b)", "f = Conv(r, w2) pads=1,1,1,1")
    report = audit_draft(listing(*lines, "s = Conv(b, w)", "y = Add(f, s)", x=(1, 8, 4, 4), w=(8, 8, 1, 1), **KERNEL))
    assert (only(report).kind, only(report).parameters) == ("projection", None)


@pytest.mark.parametrize(
    "lines",
    [
        ["w = Gather(t, i) axis=0"],
        ["w = If(c, k, m)"],
        ["w = Where(c, k, m)"],
    ],
)
def test_a_kernel_that_is_chosen_among_stored_ones_is_a_projection(lines: list[str]) -> None:
    names = {"t": stored(3, 4, 4), "k": stored(4, 4), "m": stored(4, 4)}
    fed = {"i": TensorType((), "int64"), "c": TensorType((), "bool")}
    read = {name: what for name, what in {**names, **fed}.items() if f"({name}" in lines[0] or f", {name}" in lines[0]}
    assert only(block(*lines, "s = MatMul(a, w)", **read)).kind == "projection"


def test_a_choice_between_x_and_a_map_of_x_is_a_projection() -> None:
    """As an If of the two is: where(c, x, W x)."""
    for choice in ("Where(c, a, v)", "Where(c, v, a)"):
        report = block("v = Conv(a, p)", f"s = {choice}", p=stored(8, 8, 1, 1), c=TensorType((1, 8, 4, 4), "bool"))
        assert (only(report).kind, only(report).parameters) == ("projection", 64)  # 8 x 8 x 1 x 1
    masked = block("s = Where(c, a, z)", z=stored(data=(0.0,)), c=TensorType((1, 8, 4, 4), "bool"))
    assert (only(masked).kind, only(masked).parameters) == ("gated", 0)

"""Which kind of shortcut is it? The dearest step on the route decides."""

from __future__ import annotations

import pytest

from shortcut_audit.account.classify import dearest_step, kind_of, learned
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.search.steps import Step
from tests.sketch import found, listing, sketch, stored

BRANCH = "x -> Conv.1 -> Relu -> Conv.2 -> Add"


@pytest.mark.parametrize(
    ("route", "kind", "dearest"),
    [
        (["x -> Add"], "identity", Step.VIEW),
        (["x -> Identity -> Reshape -> Add"], "identity", Step.VIEW),
        (["x -> MaxPool{k=1} -> Add"], "parameter-free", Step.SELECTION),
        (["x -> Neg -> Add"], "parameter-free", Step.SCALE),
        (["x -> Mul -> Add", "z -> Mul"], "gated", Step.GATE),
        (["x -> MaxPool{k=1} -> Mul -> Add", "z -> Mul"], "gated", Step.GATE),
        (["x -> Mul -> Add", "#scale -> Mul"], "projection", Step.DIAGONAL),
        (["x -> Conv.p{k=1} -> Add"], "projection", Step.LINEAR),
        (["x -> Conv.p{k=1} -> Mul -> Add", "z -> Mul"], "projection", Step.LINEAR),
    ],
)
def test_the_dearest_step_decides(route: list[str], kind: str, dearest: Step) -> None:
    (shortcut,) = found(sketch(BRANCH, *route))
    assert (kind_of(shortcut), dearest_step(shortcut)) == (kind, dearest)


def test_a_subtracted_shortcut_is_scaled_by_minus_one() -> None:
    (shortcut,) = found(sketch("x -> Conv.1 -> Relu -> Conv.2 -> Sub", "x -> Sub"))
    assert (kind_of(shortcut), dearest_step(shortcut)) == ("parameter-free", Step.SCALE)


def test_a_normalisation_that_has_learned_nothing_is_parameter_free() -> None:
    (shortcut,) = found(sketch(BRANCH, "x -> MeanVarianceNormalization -> Add"))
    assert kind_of(shortcut) == "parameter-free"


def test_a_shortcut_of_which_one_piece_is_mapped_is_a_projection() -> None:
    """The cheapest route only selects; the other half passes a convolution."""
    (shortcut,) = found(
        sketch(
            "x -> Conv.1 -> Relu -> Conv.2 -> Add",
            "x -> Split -> Concat -> Add",
            "Split:1 -> Conv.half{in=4,k=1} -> Concat",
        )
    )
    assert [link.step for link in shortcut.route] == [Step.SELECTION, Step.SELECTION]
    assert kind_of(shortcut) == "projection"
    assert [weight.name for weight in learned(shortcut.through)] == ["Conv.half.weight"]


def test_a_learned_tensor_is_listed_once() -> None:
    graph = sketch("x -> Conv.1 -> BatchNormalization")
    assert [w.name for w in learned(graph.ops + graph.ops)] == [
        "Conv.1.weight", "BatchNormalization.scale", "BatchNormalization.bias",
    ]  # fmt: skip


@pytest.mark.parametrize("padding", ["", "learned"])
def test_what_a_shortcut_is_padded_with_does_not_matter(padding: str) -> None:
    """Option A with its zeros stored beside the weights, as ONNX Runtime folds them: parameter-free all the same."""
    lines = (
        "h = Conv(x, w) pads=1,1,1,1",
        "r = Relu(h)",
        "f = Conv(r, v) pads=1,1,1,1",
        "s = Concat(x, z) axis=1",
        "y = Add(f, s)",
    )
    zeros = stored(1, 8, 4, 4, learned=True if padding else None)
    kernels = {"w": stored(16, 8, 3, 3), "v": stored(16, 16, 3, 3)}
    report = audit_draft(listing(*lines, x=(1, 8, 4, 4), z=zeros, **kernels))
    (shortcut,) = report.shortcuts
    assert (shortcut.kind, shortcut.parameters, shortcut.has_weight) == ("parameter-free", 0, False)
    assert (shortcut.weights_in_words, [step.weights for step in shortcut.route]) == ("", [()])
    assert report.summary.extra_parameters == 0

"""What was accepted of a model, and what is it worth?"""

from __future__ import annotations

from shortcut_audit.gate.accepted import (
    AcceptedShortcut,
    RouteStep,
)
from tests.reporters.examples import HIGHWAY, RESNET18, TRANSFORMER, UNBOUND

ALL = (HIGHWAY, RESNET18, TRANSFORMER, UNBOUND)


def shortcut(*route: RouteStep, parameters: int) -> AcceptedShortcut:
    return AcceptedShortcut("b.0", "b.0", "projection", None, None, route, parameters, 0, 2)


def step(**weights: tuple[int, ...]) -> RouteStep:
    return RouteStep("Op", tuple((name.rstrip("_"), shape) for name, shape in weights.items()))


# --- parameters, whether or not BatchNorm was folded -----------------------------------------------------------------


def test_a_folded_batchnorm_is_worth_as_much_as_an_unfolded_one() -> None:
    """64 -> 128, 1x1: 8,192 in the matrix. Unfolded, scale and shift (2 x 128); folded, a bias (128)."""
    unfolded = shortcut(step(weight=(128, 64, 1, 1)), step(scale=(128,), bias=(128,)), parameters=8_448)
    folded = shortcut(step(weight=(128, 64, 1, 1), bias=(128,)), parameters=8_320)
    both = shortcut(step(weight=(128, 64, 1, 1), bias=(128,)), step(scale=(128,), bias=(128,)), parameters=8_576)
    assert [s.settled_parameters for s in (unfolded, folded, both)] == [8_320, 8_320, 8_320]


def test_a_bare_matrix_is_worth_its_elements() -> None:
    assert shortcut(step(weight=(128, 64)), parameters=8_192).settled_parameters == 8_192


def test_vectors_without_a_matrix_count_in_full() -> None:
    """RepVGG's BatchNorm branch: nothing stands before it that it could be folded into."""
    assert shortcut(step(scale=(48,), bias=(48,)), parameters=96).settled_parameters == 96


def test_each_matrix_has_one_vector() -> None:
    """Depthwise 3x3 over 16 channels (144 + 16 + 2 x 16), 1x1 to 24 (384 + 24): 600 in all, 32 of them folded."""
    route = (
        step(weight=(16, 1, 3, 3), bias=(16,)),
        step(scale=(16,), bias=(16,)),
        step(weight=(24, 16, 1, 1), bias=(24,)),
    )
    assert shortcut(*route, parameters=600).settled_parameters == 568


def test_parameters_of_a_gate_count_in_full() -> None:
    """They are the shortcut's, but on no step of its route."""
    assert shortcut(RouteStep("Mul", ()), parameters=2_550).settled_parameters == 2_550


def test_an_untrained_model_is_worth_as_much_as_the_trained_one() -> None:
    """64 -> 128, 1x1: 8,192, and a bias of 128 that stands for a norm; it is zero at first, and was dropped then."""
    kernel = ("weight", (128, 64, 1, 1))
    trained = shortcut(RouteStep("Conv", (kernel, ("bias", (128,))), absorbs_norm=True), parameters=8_320)
    untrained = shortcut(RouteStep("Conv", (kernel,), absorbs_norm=True), parameters=8_192)
    bare = shortcut(RouteStep("Conv", (kernel,)), parameters=8_192)
    assert trained.settled_parameters == untrained.settled_parameters == 8_320
    assert bare.settled_parameters == 8_192  # its bias is a change

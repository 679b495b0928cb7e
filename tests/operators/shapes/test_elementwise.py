"""Broadcasting (onnx/docs/Broadcasting.md), and ops that keep the shape of an input."""

from __future__ import annotations

import pytest

from tests.operators.shapes.calls import out


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("2x3", "2x3", "2x3"),
        ("2x3", "3", "2x3"),
        ("2x1", "3", "2x3"),
        ("", "2x3", "2x3"),
        ("0x1", "4", "0x4"),
        ("N", "N", "N"),
        ("N", "1", "N"),
        ("N", "5", "5"),  # N can only be 5 or 1
        ("N", "M", "broadcast(M, N)"),
        ("?", "?", "?"),
        ("?", "1", "?"),
        ("?", "5", "5"),
        ("?", "N", "?"),
        ("2", "3", "..."),
        ("2x3", "...", "..."),
    ],
)
@pytest.mark.parametrize("kind", ["Add", "Mul", "Equal", "Pow", "Max", "Sum"])
def test_broadcast(kind: str, left: str, right: str, expected: str) -> None:
    assert out(kind, left, right) == expected
    assert out(kind, right, left) == expected


@pytest.mark.parametrize("inputs", [(), ("2x3",), ("2x3", "2x3", "2x3"), ("2x3", None)])
def test_an_addition_of_other_than_two_is_unknown(inputs: tuple[str | None, ...]) -> None:
    assert out("Add", *inputs) == "..."


def test_a_bias_is_broadcast() -> None:
    assert out("Bias", "2x5x8", "8") == "2x5x8"


def test_a_sum_has_any_number_of_operands() -> None:
    assert out("Sum", "2x3") == "2x3"
    assert out("Sum", "2x1", "3", "4x1x1") == "4x2x3"
    assert out("Where", "2x1", "3", "4x1x1") == "4x2x3"


@pytest.mark.parametrize("kind", ["Relu", "Softmax", "Cast", "ScatterND", "Clip", "com.microsoft::FastGelu", "Rsqrt"])
def test_shape_kept(kind: str) -> None:
    assert out(kind, "Nx3x?", "7") == "Nx3x?"


def test_normalisations_and_their_statistics() -> None:
    assert out("BatchNormalization", "2x8x4x4", "8", "8", "8", "8", outputs=3) == "2x8x4x4 8 8"
    assert out("LayerNormalization", "2x5x8", "8", outputs=3) == "2x5x8 2x5x1 2x5x1"
    assert out("LayerNormalization", "2x5x8", "5x8", axis=1, outputs=3) == "2x5x8 2x1x1 2x1x1"
    assert out("LayerNormalization", "2x5x8", "8", axis=3, outputs=3) == "... ... ..."
    skip = "com.microsoft::SkipLayerNormalization"
    assert out(skip, "2x5x8", "2x5x8", "8", outputs=4) == "2x5x8 2x5x1 2x5x1 2x5x8"
    assert out("com.microsoft::SkipGroupNorm", "2x4x4x8", "8", "8", "2x4x4x8", outputs=2) == "2x4x4x8 2x4x4x8"


def test_dropout_and_its_mask() -> None:
    assert out("Dropout", "2x5", outputs=2) == "2x5 2x5"


def test_losses() -> None:
    assert out("SoftmaxCrossEntropyLoss", "2x10x4", "2x4", outputs=2) == "() 2x10x4"
    assert out("NegativeLogLikelihoodLoss", "2x10x4", "2x4", reduction="none") == "2x4"


def test_quantised_operands_stand_among_scales() -> None:
    assert out("com.microsoft::QLinearAdd", "2x1x4", "", "", "3x1", "", "", "", "") == "2x3x4"
    assert out("com.microsoft::QLinearWhere", "3x1", "1x4", "", "", "2x1x1", "", "", "", "") == "2x3x4"
    assert out("DynamicQuantizeLinear", "2x3", outputs=3) == "2x3 () ()"


def test_a_gate_that_takes_half() -> None:
    assert out("com.microsoft::BiasSplitGelu", "2x5x2560", "2560") == "2x5x1280"


def test_sizes_are_known_up_to_the_largest_int64() -> None:
    assert out("Relu", "9223372036854775807x2") == "9223372036854775807x2"
    assert out("Relu", "9223372036854775808x2") == "?x2"

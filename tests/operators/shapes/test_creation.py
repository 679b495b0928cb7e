"""Tensors made from sizes."""

from __future__ import annotations

import pytest

from shortcut_audit.operators.shapes.creation import open_steps
from tests.operators.shapes.calls import numbers, out


@pytest.mark.parametrize(
    ("start", "limit", "step", "expected"),
    [
        (0, 5, 1, "5"),
        (0, 5, 2, "3"),  # 0 2 4
        (5, 0, -2, "3"),  # 5 3 1
        (0, 5, -1, "0"),
        (0, 5, 0, "?"),
        (0, 10**18, 1, "1000000000000000000"),  # never materialised
        (0, "seq", 1, "seq"),
        (1, "seq", 1, "max(0, seq - 1)"),
        ("seq", 5, 1, "max(0, 5 - seq)"),
    ],
)
def test_range(start: int | str, limit: int | str, step: int, expected: str) -> None:
    assert out("Range", (start,), (limit,), (step,)) == expected


def test_range_of_fractions() -> None:
    half, end = numbers("float32", 0.5), numbers("float32", 2.25)
    assert out("Range", numbers("float32", 0.0), end, half) == "5"  # 0 .5 1 1.5 2
    assert out("Range", numbers("float32", 0.0), end, numbers("float32", 1e-300)) == "?"


def test_range_of_unknown_limits_is_a_vector() -> None:
    assert out("Range", 0, "", 1) == "?"


def test_filled_tensors() -> None:
    assert out("ConstantOfShape", (2, 3)) == "2x3"
    assert out("ConstantOfShape", ("N", None)) == "Nx?"
    assert out("ConstantOfShape", "3") == "?x?x?"
    assert out("ConstantOfShape", (10**9, 10**9)) == "1000000000x1000000000"  # never materialised
    assert out("ConstantOfShape", (2, -3)) == "2x?"
    assert out("RandomNormal", shape=(2, 3)) == "2x3"
    assert out("RandomNormal") == "..."


def test_the_shape_of_a_tensor_is_a_vector() -> None:
    assert out("Shape", "Nx3x?") == "3"
    assert out("Shape", "1x2x3x4", start=1, end=-1) == "2"
    assert out("Shape", "...") == "?"
    assert out("Size", "...") == "()"


def test_windows_of_signals() -> None:
    assert out("HannWindow", 400) == "400"
    assert out("MelWeightMatrix", 80, 400, 16000, 0.0, 8000.0) == "201x80"  # 400 // 2 + 1
    assert out("BlackmanWindow", "") == "?"


def test_classes_and_draws() -> None:
    assert out("OneHot", "2x3", 10, "2") == "2x3x10"
    assert out("OneHot", "2x3", 10.0, "2", axis=0) == "10x2x3"
    assert out("OneHot", "2x3", "", "2", axis=1) == "2x?x3"
    assert out("Multinomial", "2x10", sample_size=4) == "2x4"


def test_positions() -> None:
    assert out("NonZero", "2x3") == "2x?"
    assert out("NonZero", (1, 0, 1)) == "1x2"
    assert out("NonMaxSuppression", "1x6x4", "1x1x6") == "?x3"


def test_images_and_texts() -> None:
    assert out("ImageDecoder", "1000", pixel_format="Grayscale", opset=20) == "?x?x1"
    assert out("TfIdfVectorizer", "2x12", ngram_indexes=(0, 1, 4, 2)) == "2x5"
    assert out("StringNormalizer", "4") == "?"
    assert out("StringSplit", "2x3", outputs=2, opset=20) == "2x3x? 2x3"


@pytest.mark.parametrize(
    ("start", "limit", "step", "count"),
    [
        (0, "n", 1, "n"), ("n", 8, None, None), (0, "n", "s", None), (0, "n", 0, None), (None, "n", 1, None),
        (0, None, 1, None), ("n", 0, -1, "n"), (2, 9, 3, 3),  # 2, 5, 8
    ],
)  # fmt: skip
def test_a_range_over_open_sizes(
    start: int | str | None, limit: int | str | None, step: int | str | None, count: int | str | None
) -> None:
    assert open_steps(start, limit, step) == count

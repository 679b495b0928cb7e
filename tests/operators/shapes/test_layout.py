"""Literals: the sizes of both sides multiply to the same number, given in the comments."""

from __future__ import annotations

import pytest

from tests.operators.shapes.calls import data, out


@pytest.mark.parametrize(
    ("x", "target", "expected"),
    [
        ("2x3x4", (6, 4), "6x4"),
        ("2x3x4", (0, -1), "2x12"),
        ("2x3x4", (-1,), "24"),
        ("2x3x4", (4, -1, 2), "4x3x2"),  # 24 / 8
        ("0x4", (-1, 2), "0x2"),
        ("2x3x4", (), "..."),  # a scalar has one element, not 24
        ("2x3x4", (5, 5), "..."),
        ("2x3x4", (5, -1), "5x?"),  # 24 / 5 is no size
        ("2x3x4", (-1, -1), "?x?"),
        ("2x3x4", (-2, 12), "..."),
        ("2x3", (2, 3, 0), "..."),  # nothing there to copy
        # Symbols cancel.
        ("batchx12x64", (0, -1), "batchx768"),
        ("batchx12x64", ("batch", -1), "batchx768"),
        ("batchx12x64", (-1, 768), "batchx768"),
        ("batchxseqx768", (0, 0, 12, 64), "batchxseqx12x64"),
        ("batchxseqx768", (-1, 768), "batch*seqx768"),
        ("batchx4x4", (-1, 8), "2*batchx8"),
        # A copied size cancels even when it is unknown; two unknown sizes may differ.
        ("?x12x64", (0, -1), "?x768"),
        ("?x12x64", (-1, 768), "?x768"),
        # One unknown element among known ones follows from the rest, as -1 would.
        ("2x3x4", (None, 4), "6x4"),
        ("2x3x4", (None, -1), "?x?"),
        # Unknown input, known target; unknown target of known length.
        ("...", (0, -1, 7), "?x?x7"),
        ("2x3x4", "3", "?x?x?"),
    ],
)
def test_reshape(x: str, target: str | tuple[int | str | None, ...], expected: str) -> None:
    assert out("Reshape", x, target) == expected


def test_reshape_may_mean_zero_by_zero() -> None:
    assert out("Reshape", "2x0x4", (0, 3), allowzero=1) == "0x3"


@pytest.mark.parametrize(
    ("axis", "expected"), [(1, "2x60"), (0, "1x120"), (2, "6x20"), (-1, "24x5"), (4, "120x1"), (5, "..."), (-5, "...")]
)
def test_flatten(axis: int, expected: str) -> None:
    assert out("Flatten", "2x3x4x5", axis=axis) == expected


def test_flatten_keeps_a_symbol_that_stands_alone() -> None:
    assert out("Flatten", "batchx512x1x1") == "batchx512"


def test_squeeze_reads_its_axes_from_an_attribute_or_an_input() -> None:
    assert out("Squeeze", "1x3x1x5", axes=(0, -2), opset=11) == "3x5"
    assert out("Squeeze", "1x3x1x5", (0, -2)) == "3x5"
    assert out("Squeeze", "1x3x1x5") == "3x5"
    assert out("Squeeze", "1x3xNx5", (0, 2)) == "3x5"


def test_squeeze_of_what_is_not_one_or_not_known_is_unknown() -> None:
    assert out("Squeeze", "1x3x1x5", (1,)) == "..."
    assert out("Squeeze", "1xN") == "..."
    assert out("Squeeze", "1x3", "1") == "..."


def test_unsqueeze_counts_axes_in_the_output() -> None:
    assert out("Unsqueeze", "3x5", axes=(0, 3), opset=11) == "1x3x5x1"
    assert out("Unsqueeze", "3x5", (-1, 0)) == "1x3x5x1"
    assert out("Unsqueeze", "3x5", (1, 1)) == "..."
    assert out("Unsqueeze", "3x5", (4,)) == "..."
    assert out("com.microsoft::ExpandDims", "3x5", -1) == "3x5x1"


def test_transpose() -> None:
    assert out("Transpose", "1x2x3xN", perm=(0, 2, 3, 1)) == "1x3xNx2"
    assert out("Transpose", "1x2x3") == "3x2x1"
    assert out("Transpose", "1x2x3", perm=(0, 0, 1)) == "..."
    assert out("Transpose", "1x2x3", perm=(0, 1)) == "..."


def test_depth_and_space() -> None:
    assert out("DepthToSpace", "1x12x4x5", blocksize=2) == "1x3x8x10"  # 12 / 4
    assert out("SpaceToDepth", "1x3x8x10", blocksize=2) == "1x12x4x5"
    assert out("DepthToSpace", "1x12x4x5", blocksize=0) == "..."
    assert out("SpaceToDepth", "1x3x7x10", blocksize=2) == "1x12x?x5"


def test_elements_are_known_only_where_their_number_is() -> None:
    assert data("Reshape", (1, 2, 3), (3, 1)) == (1, 2, 3)
    assert data("Reshape", (1, 2, 3), "2") is None  # to two axes, of which nobody knows how long they are

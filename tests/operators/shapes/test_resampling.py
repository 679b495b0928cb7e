"""Images read at other places; sizes are floor(size * scale)."""

from __future__ import annotations

import pytest

from tests.operators.shapes.calls import numbers, out


@pytest.mark.parametrize(
    ("size", "scale", "expected"),
    [
        (7, 2.0, 14),
        (7, 0.5, 3),
        (13, 2.3, 29),  # 29.9
        # The nearest float32 of 0.7 is 0.699999988; times 10, to float32 again, is 7. In double precision 6.99999988.
        (10, 0.699999988079071, 7),
        (224, 1 / 3, 74),
    ],
)
def test_resize_by_scales(size: int, scale: float, expected: int) -> None:
    scales = numbers("float32", 1.0, 1.0, scale, scale)
    assert out("Resize", f"1x3x{size}x{size}", None, scales) == f"1x3x{expected}x{expected}"
    assert out("Resize", f"1x3x{size}x{size}", scales, opset=10) == f"1x3x{expected}x{expected}"
    assert out("Upsample", f"1x3x{size}x{size}", scales, opset=9) == f"1x3x{expected}x{expected}"
    upsample = out("Upsample", f"1x3x{size}x{size}", scales=(1.0, 1.0, scale, scale), opset=7)
    assert upsample == f"1x3x{expected}x{expected}"


def test_an_open_size_is_scaled() -> None:
    assert out("Resize", "Nx3xHxW", None, numbers("float32", 1.0, 1.0, 2.0, 2.0)) == "Nx3x2*Hx2*W"
    assert out("Resize", "Nx3xHxW", None, numbers("float32", 1.0, 1.0, 0.5, 1.5)) == "Nx3xH//2xW + W//2"
    assert out("Resize", "Nx3xHxW", None, numbers("float32", 1.0, 1.0, 0.7, 1.0)) == "Nx3x?xW"  # it is rounded


def test_resize_to_sizes() -> None:
    assert out("Resize", "1x3x7x8", None, None, (1, 3, 14, 15)) == "1x3x14x15"
    assert out("Resize", "1x3x7x8", None, numbers("float32"), ("N", 3, 14, None)) == "Nx3x14x?"
    assert out("Resize", "1x3x7x8", None, None, (14, 15), axes=(2, 3), opset=18) == "1x3x14x15"
    assert out("Resize", "1x3x7x8", None, None, "4") == "?x?x?x?"
    assert out("Resize", "1x3x7x8", None, None, (14, 15)) == "..."


def test_resize_may_keep_the_aspect_ratio() -> None:
    # 20/10 = 2 and 20/15 = 1.33: by the smaller 13.3 x 20, by the larger 20 x 30.
    wanted = ("1x3x10x15", None, None, (20, 20))
    smaller = out("Resize", *wanted, axes=(2, 3), keep_aspect_ratio_policy="not_larger", opset=18)
    larger = out("Resize", *wanted, axes=(2, 3), keep_aspect_ratio_policy="not_smaller", opset=18)
    assert (smaller, larger) == ("1x3x13x20", "1x3x20x30")
    # 3/2 = 1.5 times 3 is 4.5, rounded half up to 5.
    assert out("Resize", "2x3", None, None, (3, 9), keep_aspect_ratio_policy="not_larger", opset=18) == "3x5"


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), 1e30])
def test_a_scale_that_makes_no_sense_leaves_the_size_unknown(scale: float) -> None:
    assert out("Resize", "3x7", None, numbers("float32", 1.0, scale)) == "3x?"


def test_regions() -> None:
    assert out("RoiAlign", "1x256x50x50", "1000x4", "1000", output_height=7, output_width=6) == "1000x256x7x6"
    assert out("MaxRoiPool", "1x256x50x50", "1000x5", pooled_shape=(7, 6)) == "1000x256x7x6"
    assert out("com.microsoft::CropAndResize", "1x3x50x50", "9x4", "9", (7, 6)) == "9x3x7x6"


def test_grids() -> None:
    assert out("GridSample", "2x3x50x60", "2x7x8x2") == "2x3x7x8"
    assert out("AffineGrid", "2x2x3", (2, 3, 7, 8), opset=20) == "2x7x8x2"
    assert out("AffineGrid", "2x3x4", (2, 3, 6, 7, 8), opset=20) == "2x6x7x8x3"

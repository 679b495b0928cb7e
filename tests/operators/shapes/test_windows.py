"""Literals: n = floor((size + padding - dilation * (kernel - 1) - 1) / stride) + 1, worked out in the comments."""

from __future__ import annotations

import pytest

from shortcut_audit.graph.model import Attribute
from tests.operators.shapes.calls import out


@pytest.mark.parametrize(
    ("x", "weight", "attributes", "expected"),
    [
        # ResNet's stem: (224 + 6 - 7) // 2 + 1 = 223 // 2 + 1 = 112 (He et al. 2015, table 1: 112x112).
        ("1x3x224x224", "64x3x7x7", {"strides": (2, 2), "pads": (3, 3, 3, 3)}, "1x64x112x112"),
        # The shortcut's projection: (56 - 1) // 2 + 1 = 28.
        ("1x256x56x56", "512x256x1x1", {"strides": (2, 2)}, "1x512x28x28"),
        # Dilation 2 makes a kernel of 3 span 5: 32 + 4 - 5 + 1 = 32.
        ("1x8x32x32", "8x8x3x3", {"dilations": (2, 2), "pads": (2, 2, 2, 2)}, "1x8x32x32"),
        # Pads are (top, left, bottom, right): 7 + 0 + 1 - 2 + 1 = 7, 7 + 0 + 0 - 2 + 1 = 6.
        ("1x1x7x7", "1x1x2x2", {"pads": (0, 0, 1, 0)}, "1x1x7x6"),
        # One axis and three: 9 - 3 + 1 = 7.
        ("2x4x9", "6x4x3", {}, "2x6x7"),
        ("1x3x16x112x112", "64x3x3x7x7", {"strides": (1, 2, 2), "pads": (1, 3, 3, 1, 3, 3)}, "1x64x16x56x56"),
        # SAME keeps ceil(size / stride), whatever the kernel: ceil(9 / 2) = 5, ceil(8 / 2) = 4.
        ("1x3x9x8", "4x3x3x3", {"strides": (2, 2), "auto_pad": "SAME_UPPER"}, "1x4x5x4"),
        # VALID pads nothing: (9 - 3) // 2 + 1 = 4, (8 - 3) // 2 + 1 = 3.
        ("1x3x9x8", "4x3x3x3", {"strides": (2, 2), "auto_pad": "VALID"}, "1x4x4x3"),
        # Stride 1 and padding kernel - 1 keep any size, known or not; stride 2 halves it, rounded up.
        ("Nx3xHxW", "4x3x3x3", {"pads": (1, 1, 1, 1)}, "Nx4xHxW"),
        ("Nx3xHxW", "4x3x3x3", {"pads": (1, 1, 1, 1), "strides": (2, 2)}, "Nx4x(H + 1)//2x(W + 1)//2"),
        # The weight alone still tells the channels.
        ("...", "4x3x3x3", {}, "?x4x?x?"),
    ],
)
def test_convolution(x: str, weight: str, attributes: dict[str, Attribute], expected: str) -> None:
    assert out("Conv", x, weight, **attributes) == expected


@pytest.mark.parametrize(
    ("kind", "x", "weight", "group"),
    [
        ("Conv", "1x8x8x4", "4x4x3x3", 1),  # 8 channels, of which a kernel of 4 reads none: another layout
        ("Conv", "1x8x8x4", "4x2x3x3", 2),
        ("ConvTranspose", "1x8x8x4", "4x4x3x3", 1),
    ],
)
def test_what_does_not_fit_has_no_shape(kind: str, x: str, weight: str, group: int) -> None:
    assert out(kind, x, weight, group=group) == "..."


@pytest.mark.parametrize(
    "attributes",
    [
        {"strides": (0, 0)},
        {"strides": (-1, 1)},
        {"dilations": (0, 1)},
        {"kernel_shape": (-3, 3)},
        {"kernel_shape": (3,)},
        {"pads": (1, 1)},
        {"pads": "1111"},
        {"auto_pad": "SOME"},
        {"auto_pad": 3},
    ],
)
def test_a_window_that_makes_no_sense_leaves_the_output_unknown(attributes: dict[str, Attribute]) -> None:
    assert out("Conv", "1x3x8x8", "4x3x3x3", **attributes) == "..."


def test_a_kernel_larger_than_the_image_leaves_that_size_unknown() -> None:
    assert out("Conv", "1x3x2x8", "4x3x3x3") == "1x4x?x6"


@pytest.mark.parametrize(
    ("size", "attributes", "expected"),
    [
        # ResNet's max pooling: (112 + 2 - 3) // 2 + 1 = 56.
        (112, {"kernel_shape": (3,), "strides": (2,), "pads": (1, 1)}, 56),
        # Rounding up: (6 - 3) / 2 = 1.5, so 3 windows instead of 2.
        (6, {"kernel_shape": (3,), "strides": (2,)}, 2),
        (6, {"kernel_shape": (3,), "strides": (2,), "ceil_mode": 1}, 3),
        # The third window would start at 4, beyond the 3 + 1 places in front of the padding behind: 2 windows.
        (3, {"kernel_shape": (1,), "strides": (2,), "pads": (1, 1), "ceil_mode": 1}, 2),
        # ceil((5 + 2 - 2) / 3) + 1 = 3, but the third starts at 6 = 5 + 1: left out (onnx/docs, MaxPool).
        (5, {"kernel_shape": (2,), "strides": (3,), "pads": (1, 1), "ceil_mode": 1}, 2),
        # SAME: ceil(5 / 2) = 3; VALID: (5 - 2) // 2 + 1 = 2, rounded up ceil(3 / 2) + 1 = 3.
        (5, {"kernel_shape": (2,), "strides": (2,), "auto_pad": "SAME_LOWER"}, 3),
        (5, {"kernel_shape": (2,), "strides": (2,), "auto_pad": "VALID"}, 2),
        (5, {"kernel_shape": (2,), "strides": (2,), "auto_pad": "VALID", "ceil_mode": 1}, 3),
        # Dilation 3 makes a kernel of 2 span 4: 9 - 4 + 1 = 6.
        (9, {"kernel_shape": (2,), "dilations": (3,)}, 6),
    ],
)
@pytest.mark.parametrize("kind", ["MaxPool", "AveragePool", "LpPool"])
def test_pooling(kind: str, size: int, attributes: dict[str, Attribute], expected: int) -> None:
    assert out(kind, f"1x8x{size}", **attributes) == f"1x8x{expected}"


def test_pooling_without_a_kernel_is_unknown() -> None:
    assert out("MaxPool", "1x8x6x6") == "..."


def test_max_pooling_may_tell_indices_too() -> None:
    assert out("MaxPool", "1x8x6x6", kernel_shape=(2, 2), strides=(2, 2), outputs=2) == "1x8x3x3 1x8x3x3"


@pytest.mark.parametrize("kind", ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"])
def test_global_pooling_leaves_one_number_per_channel(kind: str) -> None:
    assert out(kind, "Nx2048x7x?") == "Nx2048x1x1"


def test_adaptive_pooling_makes_the_size_wanted() -> None:
    assert out("AdaptiveAveragePool", "Nx512x13x9", output_size=(7, 7)) == "Nx512x7x7"
    assert out("AdaptiveAveragePool", "512", output_size=(7, 7)) == "..."


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        # 2 * (5 - 1) + 3 = 11; with padding 1 on both sides 9; one more row behind 10.
        ({"strides": (2,)}, 11),
        ({"strides": (2,), "pads": (1, 1)}, 9),
        ({"strides": (2,), "pads": (1, 1), "output_padding": (1,)}, 10),
        # Dilation 2 makes the kernel span 5: (5 - 1) + 5 = 9.
        ({"dilations": (2,)}, 9),
        ({"strides": (2,), "auto_pad": "SAME_UPPER"}, 10),
        ({"strides": (2,), "output_shape": (12,)}, 12),
    ],
)
def test_transposed_convolution(attributes: dict[str, Attribute], expected: int) -> None:
    assert out("ConvTranspose", "1x6x5", "6x4x3", **attributes) == f"1x4x{expected}"


def test_transposed_convolution_in_groups_makes_group_times_as_many_channels() -> None:
    assert out("ConvTranspose", "1x6x5", "6x4x1", group=3) == "1x12x5"


def test_deformable_and_quantised_convolutions_find_their_weight() -> None:
    assert out("DeformConv", "1x3x8x8", "4x3x3x3", "1x18x6x6") == "1x4x6x6"
    assert out("QLinearConv", "1x3x8x8", "", "", "4x3x3x3", "", "", "", "") == "1x4x6x6"
    assert out("ConvInteger", "1x3x8x8", "4x3x3x3") == "1x4x6x6"


def test_the_largest_image_is_exact() -> None:
    # (2**31 + 2 - 3) // 2 + 1 = (2**31 - 1) // 2 + 1 = 1073741823 + 1
    attributes = {"strides": (2, 2), "pads": (1, 1, 1, 1)}
    assert out("Conv", f"1x3x{2**31}x8", "4x3x3x3", **attributes) == "1x4x1073741824x4"


def test_unpooling_undoes_pooling() -> None:
    # 2 * (3 - 1) + 2 = 6
    assert out("MaxUnpool", "1x8x3x3", "1x8x3x3", kernel_shape=(2, 2), strides=(2, 2)) == "1x8x6x6"
    assert out("MaxUnpool", "1x8x3x3", "1x8x3x3", (1, 8, 7, 7), kernel_shape=(2, 2)) == "1x8x7x7"


def test_columns_become_an_image() -> None:
    # 24 = 8 channels x (3 x 1) block
    assert out("Col2Im", "1x24x30", (5, 6), (3, 1)) == "1x8x5x6"


def test_the_optimisers_blocked_layout_keeps_logical_shapes() -> None:
    nchwc = "com.microsoft.nchwc::"
    assert out(f"{nchwc}ReorderInput", "1x64x56x56") == "1x64x56x56"
    assert out(f"{nchwc}ReorderInput", "1x56x56x64", channels_last=1) == "1x64x56x56"
    assert out(f"{nchwc}ReorderInput", "1x20x56x56") == "1x?x56x56"  # padded to 20, 24 or 32, by machine
    assert out(f"{nchwc}Conv", "1x64x56x56", "64x64x3x3", "64", "1x64x56x56", pads=(1, 1, 1, 1)) == "1x64x56x56"
    assert out(f"{nchwc}ReorderOutput", "1x32x7x7", channels=20) == "1x20x7x7"
    assert out(f"{nchwc}ReorderOutput", "1x32x7x7", channels=20, channels_last=1) == "1x7x7x20"


def test_channels_last_variants() -> None:
    assert out("com.microsoft::NhwcConv", "1x9x8x3", "4x3x3x3", kernel_shape=(3, 3)) == "1x7x6x4"
    assert out("com.microsoft::NhwcMaxPool", "1x9x8x3", kernel_shape=(3, 3), strides=(2, 2)) == "1x4x3x3"
    weight = ("", "", "4x3x3x3", "", "", "", "")
    assert out("com.microsoft::QLinearConv", "1x9x8x3", *weight, channels_last=1) == "1x7x6x4"
    assert out("com.microsoft::QLinearConv", "1x3x9x8", *weight) == "1x4x7x6"
    assert out("com.microsoft::QLinearGlobalAveragePool", "1x9x8x3", channels_last=1) == "1x1x1x3"


def test_pads_may_be_an_input() -> None:
    # 2 * (5 - 1) + 3 - 2 = 9
    kind = "com.microsoft::ConvTransposeWithDynamicPads"
    assert out(kind, "1x3x5x5", "3x4x3x3", (1, 1, 1, 1), strides=(2, 2)) == "1x4x9x9"


def test_a_causal_convolution_keeps_its_state() -> None:
    assert out("CausalConvWithState", "2x16x100", "16x1x4", outputs=2, opset=27) == "2x16x100 2x16x3"
    # ONNX Runtime's may reach back over (4 - 1) * 2 positions.
    assert out("CausalConvWithState", "2x16x100", "16x1x4", outputs=2, dilation=2) == "2x16x100 2x16x6"


def test_adaptive_pooling_may_pool_every_axis() -> None:
    assert out("AdaptiveAveragePool", "6x6", output_size=(2, 3)) == "2x3"
    assert out("AdaptiveAveragePool", "6", output_size=(2, 3)) == "..."

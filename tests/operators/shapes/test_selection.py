"""What is picked, joined, padded and repeated; indices as in Python."""

from __future__ import annotations

import pytest

from shortcut_audit.graph.model import TensorType
from shortcut_audit.graph.sizes import number
from shortcut_audit.operators.shapes.selection import from_front
from tests.operators.shapes.calls import numbers, out

TO_THE_END = 2**63 - 1


@pytest.mark.parametrize(
    ("start", "end", "step", "expected"),
    [
        (0, 5, 1, 5),
        (2, 100, 1, 8),
        (-3, TO_THE_END, 1, 3),
        (0, -1, 1, 9),
        (0, 10, 3, 4),  # 0 3 6 9
        (9, 0, -3, 3),  # 9 6 3
        (-1, -TO_THE_END, -1, 10),
        (7, 3, 1, 0),
        (100, -100, -4, 3),  # 9 5 1
    ],
)
def test_slice_of_a_known_axis(start: int, end: int, step: int, expected: int) -> None:
    assert out("Slice", "2x10", (start,), (end,), (1,), (step,)) == f"2x{expected}"


def test_slice_keeps_what_it_can_of_an_unknown_axis() -> None:
    assert out("Slice", "Nx10", (0,), (TO_THE_END,), (0,)) == "Nx10"
    assert out("Slice", "Nx10", (0,), ("N",), (0,)) == "Nx10"
    assert out("Slice", "Nx10", (-1,), (-TO_THE_END,), (0,), (-1,)) == "Nx10"  # turned round
    assert out("Slice", "Nx10", (-1,), (TO_THE_END,), (0,)) == "1x10"  # the last one
    assert out("Slice", "Nx10", (0,), (1,), (0,)) == "1x10"  # the first one
    assert out("Slice", "Nx10", (0,), (5,), (0,)) == "min(5, N)x10"
    assert out("Slice", "Nx10", (-5,), (TO_THE_END,), (0,)) == "min(5, N)x10"
    assert out("Slice", "Nx10", (1,), (TO_THE_END,), (0,)) == "max(0, N - min(1, N))x10"
    assert out("Slice", "512x10", (0,), ("N",), (0,)) == "min(512, N)x10"
    assert out("Slice", "512x10", (None,), (7,), (0,)) == "?x10"


def test_slice_by_attributes_as_before_version_10() -> None:
    assert out("Slice", "8x10", starts=(1, 2), ends=(3, 9), opset=9) == "2x7"
    assert out("Slice", "8x10", starts=(2,), ends=(9,), axes=(1,), opset=9) == "8x7"


def test_slice_by_unknown_indices_touches_only_its_axes() -> None:
    assert out("Slice", "8x10x3", "1", "1", (1,)) == "8x?x3"
    assert out("Slice", "8x10x3", (0,), "1", (1,)) == "8x?x3"
    assert out("Slice", "8x10x3", "1", "1", "1") == "?x?x?"


def test_slice_that_makes_no_sense_is_unknown() -> None:
    assert out("Slice", "8x10", (0,), (4,), (0,), (0,)) == "..."  # no step
    assert out("Slice", "8x10", (0, 0), (4,), (0,)) == "..."
    assert out("Slice", "8x10", (0,), (4,), (2,)) == "..."


def test_split() -> None:
    assert out("Split", "6x4", outputs=3, opset=11) == "2x4 2x4 2x4"
    assert out("Split", "6x4", split=(1, 5), opset=11, outputs=2) == "1x4 5x4"
    assert out("Split", "6x4", (1, 2), axis=1, outputs=2) == "6x1 6x2"
    assert out("Split", "7x4", num_outputs=4, outputs=4, opset=18) == "2x4 2x4 2x4 1x4"
    assert out("Split", "Nx4", outputs=2) == "(N + 1)//2x4 N - ((N + 1)//2)x4"
    assert out("Split", "6x4", "2", outputs=2) == "?x4 ?x4"
    assert out("Split", "6x4", (1, 5), outputs=3) == "1x4 5x4 ..."


def test_concat() -> None:
    assert out("Concat", "1x3x5", "1x4x5", axis=1) == "1x7x5"
    assert out("Concat", "1x3x5", axis=-1) == "1x3x5"
    assert out("Concat", "Nx3", "Nx4", axis=1) == "Nx7"
    assert out("Concat", "?x3", "2x4", axis=1) == "2x7"  # what is not joined is the same
    assert out("Concat", "Nx3", "Nx3", axis=0) == "2*Nx3"
    assert out("Concat", "1x3", "1x3x1", axis=0) == "..."
    assert out("Concat", "1x3", "...", axis=0) == "..."
    assert out("Concat", axis=0) == "..."
    assert out("com.microsoft::QLinearConcat", "", "", "1x2", "", "", "1x3", "", "", axis=1) == "1x5"


def test_stack() -> None:
    assert out("Stack", "2x3", "2x3", "2x3", axis=1) == "2x3x3"
    assert out("Stack", "Nx3", "?x3", axis=-1) == "Nx3x2"
    assert out("Stack", "2x3", "2x3x1", axis=0) == "..."
    assert out("Stack", axis=0) == "..."


def test_gather() -> None:
    assert out("Gather", "30522x768", "batchxseq") == "batchxseqx768"
    assert out("Gather", "2x3x4", "", axis=1) == "2x4"
    assert out("Gather", "2x3x4", (0, 1), axis=-1) == "2x3x2"
    assert out("GatherElements", "2x3x4", "2x3x1", axis=2) == "2x3x1"
    assert out("GatherND", "2x3x4", "7x2") == "7x4"
    assert out("GatherND", "2x3x4", "2x5x1", batch_dims=1) == "2x5x4"
    assert out("GatherND", "2x3x4", "7x4") == "..."
    assert out("com.microsoft::TorchEmbedding", "30522x768", "1x7") == "1x7x768"


def test_expand_broadcasts_both_ways() -> None:
    assert out("Expand", "3x1", (2, 1, 6)) == "2x3x6"
    assert out("Expand", "1xN", ("batch", 1)) == "batchxN"
    assert out("Expand", "3x1", "3") == "?x3x?"


def test_tile() -> None:
    assert out("Tile", "2xNx4", (3, 1, 2)) == "6xNx8"
    assert out("Tile", "2x4", (3,)) == "..."
    assert out("Tile", "2x4", "2") == "?x?"


def test_pad() -> None:
    assert out("Pad", "1x3x8x8", (0, 2, 1, 1, 0, 3, 1, 1)) == "1x8x10x10"  # option A: 3 + 2 + 3 channels
    assert out("Pad", "1x3x8x8", pads=(0, 0, 1, 1, 0, 0, -2, 0), opset=2) == "1x3x7x9"
    assert out("Pad", "1x3xNx8", (0, 0, 0, 1, 0, 0, 0, 1)) == "1x3xNx10"
    assert out("Pad", "1x3x8x8", (1, 2), "", (3,), opset=18) == "1x3x8x11"
    assert out("Pad", "1x3x8x8", "8") == "?x?x?x?"
    assert out("Pad", "1x3x8x8", (1, 2)) == "..."


def test_center_crop_pad() -> None:
    assert out("CenterCropPad", "20x10x3", (10, 7), axes=(0, -1), opset=18) == "10x10x7"


def test_what_depends_on_elements_is_unknown_until_they_are_known() -> None:
    assert out("Compress", "3x2", "3", axis=0) == "?x2"
    assert out("Compress", "3x2", numbers("bool", True, False, True), axis=0) == "2x2"
    assert out("Unique", "3x2", outputs=4) == "? ? 6 ?"
    assert out("Unique", "3x2", axis=0, outputs=4) == "?x2 ? 3 ?"
    assert out("com.microsoft::Unique", "5", outputs=3) == "? 5 ?"


def test_unfolded_windows_come_last() -> None:
    # (9 - 3) // 2 + 1 = 4
    assert out("com.microsoft::UnfoldTensor", "2x9x4", dim=1, size=3, step=2) == "2x4x4x3"


def test_blocks_of_bytes_hold_two_numbers_each_unless_they_say_otherwise() -> None:
    packed = TensorType((8, 4), "uint8")
    assert out("com.microsoft::GatherBlockQuantized", packed, "3", "8x1", gather_axis=0) == "3x8"
    assert out("com.microsoft::GatherBlockQuantized", packed, "3", "8x1", gather_axis=0, bits=8) == "3x4"
    # 4 bytes hold 16 numbers of 2 bits, and 32 of 1; of 3 bits, or of 16, they hold none.
    assert out("com.microsoft::GatherBlockQuantized", packed, "3", "8x1", gather_axis=0, bits=2) == "3x16"
    assert out("com.microsoft::GatherBlockQuantized", packed, "3", "8x1", gather_axis=0, bits=1) == "3x32"
    assert out("com.microsoft::GatherBlockQuantized", packed, "3", "8x1", gather_axis=0, bits=3) == "..."
    assert out("com.microsoft::GatherBlockQuantized", packed, "3", "8x1", gather_axis=0, bits=16) == "..."
    unknown = TensorType((8, 4), None)  # packed, or not
    assert out("com.microsoft::GatherBlockQuantized", unknown, "3", "8x1", gather_axis=0) == "3x?"


def test_an_index_whose_sign_is_open_is_counted_from_neither_end() -> None:
    assert from_front("n", 8) == number("n")
    assert from_front(-3, 8) == 5
    assert from_front("1 - n", 8) is None  # 1 where n is 0, -1 where it is 2


def test_the_largest_int32_means_to_the_end() -> None:
    assert out("Slice", "Nx4", (0,), (2_147_483_647,), (0,)) == "Nx4"


def test_a_split_into_another_number_than_it_says_makes_nothing_known() -> None:
    assert out("Split", "6", outputs=2, num_outputs=2) == "3 3"
    assert out("Split", "6", outputs=2, num_outputs=3) == "? ?"

"""Elements that are moved; symbols and unknown elements move along."""

from __future__ import annotations

from tests.operators.shapes.calls import data, matrix, numbers, out, types

M = matrix(2, 3, 1, 2, 3, 4, 5, 6)


def test_the_sizes_of_a_tensor_are_the_elements_of_its_shape() -> None:
    assert data("Shape", "batchx3x?x224") == ("batch", 3, None, 224)
    assert data("Shape", "batchx3x?x224", start=-2) == (None, 224)
    assert data("Size", "2x3x4") == (24,)
    assert data("Size", "batchx1") == ("batch",)
    assert data("Shape", "...") is None


def test_elements_keep_their_order_in_another_shape() -> None:
    assert data("Reshape", M, (3, 2)) == (1, 2, 3, 4, 5, 6)
    assert data("Unsqueeze", ("batch",), (0,)) == ("batch",)
    assert data("Squeeze", matrix(1, 2, 7, 8)) == (7, 8)
    assert data("Identity", (1, None)) == (1, None)


def test_transpose() -> None:
    assert data("Transpose", M) == (1, 4, 2, 5, 3, 6)


def test_slice() -> None:
    assert data("Slice", ("batch", 3, 224, 224), (2,), (4,)) == (224, 224)
    assert data("Slice", (1, 2, 3, 4, 5), (-1,), (-100,), (0,), (-2,)) == (5, 3, 1)
    assert data("Slice", M, (1,), (3,), (1,)) == (2, 3, 5, 6)


def test_gather() -> None:
    assert data("Gather", ("batch", 3, 224), 0) == ("batch",)
    assert data("Gather", (10, 20, 30), (-1, 0)) == (30, 10)
    assert data("Gather", M, 1, axis=1) == (2, 5)
    assert data("Gather", (10, 20), (2,)) is None
    assert data("Gather", (10, 20), "1") is None


def test_concat() -> None:
    assert data("Concat", ("batch",), (12,), (-1,), axis=0) == ("batch", 12, -1)
    assert data("Concat", (1,), "2", axis=0) == (1, None, None)  # a part that is not known leaves the rest
    assert data("Concat", M, matrix(2, 1, 7, 8), axis=1) == (1, 2, 3, 7, 4, 5, 6, 8)
    assert data("Concat", matrix(1, 2, 1, 2), matrix(1, 2, 3, 4), axis=0) == (1, 2, 3, 4)


def test_split() -> None:
    first, second = types("Split", M, (1, 2), axis=1, outputs=2)
    assert (first.data, second.data) == ((1, 4), (2, 3, 5, 6))


def test_repeats() -> None:
    assert data("Expand", ("batch", 1), (2, 2)) == ("batch", 1, "batch", 1)
    assert data("Expand", matrix(2, 1, 1, 2), (1, 3)) == (1, 1, 1, 2, 2, 2)
    assert data("Tile", M, (1, 2)) == (1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6)


def test_one_hot() -> None:
    assert data("OneHot", (1, 0, -1), 3, (0, 7)) == (0, 7, 0, 7, 0, 0, 0, 0, 7)
    assert data("OneHot", (1, 0, -1), 2, (0, 7), axis=0) == (0, 7, 0, 7, 0, 7)
    assert data("OneHot", (3, -4), 3, (5, 6)) == (5, 5, 5, 5, 5, 5)  # no such class
    assert data("OneHot", (1, 0), 3, (5, 6, 7)) is None
    assert data("OneHot", (1, 0), 3, (None, 1)) == (None, 1, None, 1, None, None)


def test_scatter_nd() -> None:
    assert data("ScatterND", (1, 2, 3, 4), matrix(2, 1, 3, 0), (9, 8)) == (8, 2, 3, 9)
    assert data("ScatterND", M, matrix(1, 1, -1), matrix(1, 3, 7, 8, 9)) == (1, 2, 3, 7, 8, 9)
    assert data("ScatterND", (1, 2), matrix(1, 1, 5), (9,)) is None
    assert data("ScatterND", (1, 2), matrix(1, 1, 0), (9,), reduction="add") is None


def test_where() -> None:
    keep = numbers("bool", True, False, None)
    assert data("Where", keep, ("batch", 2, 3), (7, 8, 9)) == ("batch", 8, None)
    assert data("Where", numbers("bool", True, False), (1, 2), "2") == (1, None)
    assert data("Where", "2", (1, 2), (3, 4)) is None


def test_positions_of_what_is_not_zero() -> None:
    assert data("NonZero", matrix(2, 2, 0, 5, 7, 0)) == (0, 1, 1, 0)  # (0, 1) and (1, 0)


def test_filled_tensors() -> None:
    assert data("ConstantOfShape", (3,), value=-1) == (-1, -1, -1)
    assert data("ConstantOfShape", (2,), numbers("bool", True)) == (True, True)  # ATen: ones, full
    assert data("ConstantOfShape", (2,), numbers("float32", None)) is None  # empty
    assert data("ConstantOfShape", (2,)) == (0.0, 0.0)
    assert data("ConstantOfShape", ("N",), value=1) is None
    assert data("ConstantOfShape", (2,), 7) == (7, 7)  # ATen's, filled with an input


def test_range() -> None:
    assert data("Range", 1, 10, 3) == (1, 4, 7)
    assert data("Range", 3, 0, -1) == (3, 2, 1)


def test_what_is_large_is_never_made() -> None:
    assert data("ConstantOfShape", (257,), value=1) is None
    assert data("ConstantOfShape", (256,), value=1) == (1,) * 256
    assert data("Range", 0, 10**18, 1) is None
    assert data("Expand", (1,), (10**9, 10**9)) is None
    assert data("Tile", (1, 2), (2**60,)) is None
    assert out("Tile", (1, 2), (2**62,)) == "?"  # 2**63 does not fit an int64


def test_no_row_is_gone_through_of_what_has_nothing_but_rows() -> None:
    endless = matrix(2**62, 0)
    assert data("ConstantOfShape", (2**62, 0), value=1) is None
    assert data("Concat", endless, endless, axis=1) is None
    assert data("Gather", endless, (), axis=1) is None
    assert data("ReduceSum", endless, (1,)) is None
    assert data("ReduceSum", matrix(256, 0), (1,)) is None
    assert data("Concat", matrix(2, 0), M, axis=1) == (1, 2, 3, 4, 5, 6)  # what is empty and small is joined


def test_a_constant_whose_elements_do_not_fit_its_shape_is_not_believed() -> None:
    assert data("Identity", matrix(2, 2, 1, 2, 3)) is None
    assert data("Slice", matrix(-1, -3, 1, 2, 3), (0,), (1,)) is None


def test_pieces_that_are_longer_than_the_whole_hold_nothing_that_is_known() -> None:
    """A file may say so; it must not make the reader fail."""
    assert [made.data for made in types("Split", (1, 2, 3), (2, 2), outputs=2)] == [None, None]

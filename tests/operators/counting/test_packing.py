"""What shape has a weight that is stored several to a byte?

Attributes and sizes are those of ContribOperators.md of ONNX Runtime.
"""

from __future__ import annotations

import pytest

from shortcut_audit.graph.model import Shape
from shortcut_audit.operators.counting import packing

# MatMulNBits: A [5, 40] x B [40, 3], blocks of 16 along 40: 3 blocks, each of 16 x 4 bits = 8 bytes.
BLOCKS = {"K": 40, "N": 3, "block_size": 16}


@pytest.mark.parametrize(
    ("changed", "shapes", "logical"),
    [
        ({}, ((5, 40), (3, 3, 8)), (40, 3)),
        ({"bits": 4}, ((5, 40), (3, 3, 8)), (40, 3)),
        ({"bits": 8}, ((5, 40), (3, 3, 16)), (40, 3)),
        ({"bits": 2}, ((5, 40), (3, 3, 4)), (40, 3)),
        ({"bits": 3}, ((5, 40), (3, 3, 6)), (40, 3)),  # 48 bits
        ({"bits": 3, "block_size": 17}, ((5, 40), (3, 3, 7)), (40, 3)),  # 51 bits are 7 bytes, begun ones whole
        ({"K": 33}, ((5, 33), (3, 3, 8)), (33, 3)),  # the third block holds one
        ({"K": 32}, ((5, 32), (3, 2, 8)), (32, 3)),
        ({}, ((5, 40), None), (40, 3)),
        ({}, ((5, 40),), (40, 3)),
        ({}, (None, (3, 3, 8)), (40, 3)),
        ({}, ((5, None), (3, 3, 8)), (40, 3)),
        ({}, ((5, 41), (3, 3, 8)), None),
        ({}, ((5, 40), (3, 3, 7)), None),
        ({}, ((5, 40), (3, 2, 8)), None),
        ({}, ((5, 40), (2, 3, 8)), None),
        ({}, ((5, 40), (3, 24)), None),
        ({"K": 0}, ((5, 0), (3, 0, 8)), None),
        ({"N": 0}, ((5, 40), (0, 3, 8)), None),
        ({"block_size": 0}, ((5, 40), (3, 3, 8)), None),
        ({"bits": 0}, ((5, 40), (3, 3, 0)), None),
        ({"K": None}, ((5, 40), (3, 3, 8)), None),
        ({"N": None}, ((5, 40), (3, 3, 8)), None),
        ({"block_size": "16"}, ((5, 40), (3, 3, 8)), None),
        ({"bits": None}, ((5, 40), (3, 3, 8)), None),
    ],
)
def test_a_matrix_in_blocks(
    changed: dict[str, object], shapes: tuple[Shape, ...], logical: tuple[int, int] | None
) -> None:
    assert packing.blocked_matrix({**BLOCKS, **changed}, shapes) == logical  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sizes", "shapes", "logical"),
    [
        ({"K": 5, "N": 3}, ((2, 5), (8,)), (5, 3)),  # 15 numbers of 4 bits are 8 bytes
        ({"K": 4, "N": 3}, ((2, 4), (6,)), (4, 3)),
        ({"K": 4, "N": 3}, ((2, 4), (6, 1)), (4, 3)),
        ({"K": 4, "N": 3}, ((2, 4), (1, 6)), (4, 3)),
        ({"K": 4, "N": 3}, ((2, 4), None), (4, 3)),
        ({"K": 4, "N": 3}, ((2, 4), (7,)), None),
        ({"K": 4, "N": 3}, ((2, 4), (2, 3)), None),
        ({"K": 4, "N": 3}, ((2, 4), (6, 1, 1)), None),
        ({"K": 4, "N": 3}, ((2, 5), (6,)), None),
        ({"K": 0, "N": 3}, ((2, 0), (0,)), None),
        ({"K": 4}, ((2, 4), (6,)), None),
    ],
)
def test_a_matrix_in_one_row(sizes: dict[str, int], shapes: tuple[Shape, ...], logical: tuple[int, int] | None) -> None:
    assert packing.flat_matrix(sizes, shapes) == logical


@pytest.mark.parametrize(
    ("sizes", "given", "logical"),
    [
        ({"K": 4, "N": 3}, (2, 4), (4, 3)), ({"K": 4, "N": 3}, None, (4, 3)), ({"K": 4, "N": 3}, (2, "k"), (4, 3)),
        ({"K": 4, "N": 3}, (4, 2), None), ({"K": 4, "N": 3}, (), None),
        ({"K": 1, "N": 1}, (2, 1), (1, 1)), ({"K": 0, "N": 3}, (2, 0), None), ({"K": 4, "N": 0}, (2, 4), None),
        ({"K": -4, "N": 3}, None, None), ({"N": 3}, (2, 4), None), ({"K": 4}, (2, 4), None),
        ({"K": 4, "N": "3"}, (2, 4), None), ({"K": 4.0, "N": 3}, (2, 4), None),
    ],
)  # fmt: skip
def test_a_matrix_whose_sizes_are_stated(
    sizes: dict[str, object], given: Shape, logical: tuple[int, int] | None
) -> None:
    assert packing.stated_matrix(sizes, (given, (99,))) == logical  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bits", "packed", "logical"),
    [
        (4, (8, 16, 32), (8, 16, 64)), (8, (8, 16, 32), (8, 16, 32)), (2, (8, 16, 32), (8, 16, 128)),
        (1, (8, 16, 32), (8, 16, 256)), (3, (8, 16, 32), None), (16, (8, 16, 32), None), (0, (8, 16, 32), None),
        (None, (8, 16, 32), None), ("4", (8, 16, 32), None), (4, None, None), (4, (), None), (4, (8, None, 32), None),
        (4, (8, "n", 32), None),
    ],
)  # fmt: skip
def test_a_last_axis_of_bytes(bits: object, packed: Shape, logical: tuple[int, ...] | None) -> None:
    """Two numbers of 4 bits to a byte, and so on."""
    assert packing.gathered_blocks({"bits": bits}, (packed,)) == logical  # type: ignore[dict-item]
    assert packing.experts(2)({"expert_weight_bits": bits}, (None, None, packed)) == logical  # type: ignore[dict-item]


def test_four_bits_are_usual() -> None:
    assert packing.gathered_blocks({}, ((8, 32),)) == (8, 64)
    assert packing.experts(2)({}, (None, None, (8, 16, 32))) == (8, 16, 64)
    assert packing.experts(2)({}, (None, None)) is None


@pytest.mark.parametrize(
    ("sizes", "shape", "holds"),
    [
        ((2, 3), (2, 3), True), ((2, 3), (2, None), True), ((2, 3), ("n", 3), True), ((2, 3), (2, 4), False),
        ((2, 3), (2,), False), ((), (), True), ((2, "3"), (2, 3), False),
    ],
)  # fmt: skip
def test_a_shape_that_may_have_these_sizes(sizes: tuple[object, ...], shape: tuple[object, ...], holds: bool) -> None:
    assert packing.fits(sizes, shape) is holds  # type: ignore[arg-type]


def test_whole_numbers_above_nought() -> None:
    assert packing.positive(1, 2)
    assert packing.positive()
    assert not packing.positive(1, 0)
    assert not packing.positive(-1)
    assert not packing.positive(1.5)
    assert not packing.positive(None)

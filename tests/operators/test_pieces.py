"""Which part of its data, along which axis, does a selection take?"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.operators.pieces import Piece, Taken, piece_of
from tests.sketch import listing, stored


def pieces(line: str, **tensors: tuple[int | str | None, ...] | object) -> list[Piece | None]:
    graph = assemble(listing(line, **{"x": (1, 8, 4, 4), **tensors}))  # type: ignore[arg-type]
    return [piece_of(graph, value) for value in graph.values.values() if value.op is not None]


def index(*data: int) -> object:
    return stored(len(data), dtype="int64", data=data)


def test_the_parts_of_a_split_lie_side_by_side() -> None:
    assert pieces("a, b = Split(x, s) axis=1", s=index(3, 5)) == [Piece(1, 0, 3), Piece(1, 3, 8)]


@pytest.mark.parametrize(
    ("start", "end", "piece"),
    [(0, 3, Piece(1, 0, 3)), (-2, 1 << 31, Piece(1, 6, 8)), (2, -1, Piece(1, 2, 7)), (2, 99, Piece(1, 2, 8))],
)
def test_a_slice_is_counted_from_the_front(start: int, end: int, piece: Piece) -> None:
    assert pieces("a = Slice(x, b, e, a0)", b=index(start), e=index(end), a0=index(1)) == [piece]


def test_gathered_indices_are_known_by_their_hull() -> None:
    assert pieces("a = Gather(x, i) axis=2", i=index(1, -1)) == [Piece(2, 1, 4, Taken.PARTLY)]  # rows 1 and 3 of 4


@pytest.mark.parametrize(
    ("indices", "piece"),
    [
        (index(1, 2), Piece(2, 1, 3, Taken.WHOLE)),
        (index(-2, -1), Piece(2, 2, 4, Taken.WHOLE)),  # rows 2 and 3 of 4
        (index(2, 1), Piece(2, 1, 3, Taken.PARTLY)),  # turned round
        (index(-1, 0), Piece(2, 0, 4, Taken.PARTLY)),  # the last before the first
        (index(1, 1), Piece(2, 1, 2, Taken.PARTLY)),  # twice
        (stored(dtype="int64", data=(3,)), Piece(2, 3, 4, Taken.ELEMENT)),  # row 3, without the axis
    ],
)
def test_how_gathered_indices_take_their_hull(indices: object, piece: Piece) -> None:
    assert pieces("a = Gather(x, i) axis=2", i=indices) == [piece]


@pytest.mark.parametrize(("step", "taken"), [(1, Taken.WHOLE), (2, Taken.PARTLY)])
def test_a_slice_may_leave_gaps(step: int, taken: Taken) -> None:
    assert pieces("a = Slice(x, b, e, a0, s)", b=index(0), e=index(4), a0=index(1), s=index(step)) == [
        Piece(1, 0, 4, taken)
    ]


def test_what_is_computed_is_no_known_piece() -> None:
    assert pieces("a = Gather(x, i) axis=1", i=(2,)) == [None]
    assert pieces("a = Relu(x)") == [None]
    assert pieces("a = Slice(x, b, e, a0)", b=index(0), e=index(-1), a0=index(1), x=(1, None, 4, 4)) == [None]


def test_pieces_miss_each_other_along_one_axis_only() -> None:
    assert Piece(1, 0, 3).misses(Piece(1, 3, 8))
    assert not Piece(1, 0, 4).misses(Piece(1, 3, 8))
    assert not Piece(1, 0, 3).misses(Piece(2, 3, 8))

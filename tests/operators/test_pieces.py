"""Which part of its data, along which axis, does a selection take?"""

from __future__ import annotations

import random

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.model import Op, TensorType
from shortcut_audit.operators.pieces import EVERYTHING, Piece, Taken, all_miss, cuts, piece_of
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


def test_pieces_that_touch_miss_each_other_on_either_side() -> None:
    assert Piece(1, 3, 8).misses(Piece(1, 0, 3))
    assert not Piece(1, 2, 8).misses(Piece(1, 0, 3))


def test_what_lies_around_two_pieces() -> None:
    assert Piece(1, 0, 3).around(Piece(1, 5, 8)) == Piece(1, 0, 8, Taken.PARTLY)
    assert Piece(1, 5, 6).around(Piece(1, 2, 8)) == Piece(1, 2, 8, Taken.PARTLY)
    assert Piece(1, 0, 3).around(Piece(2, 0, 3)) == EVERYTHING  # nobody knows


@pytest.mark.parametrize(
    ("some", "others", "miss"),
    [
        ([], [Piece(1, 0, 3)], True),  # of none at all, none has
        ([Piece(1, 0, 3)], [], True),
        ([Piece(1, 0, 3)], [Piece(1, 3, 8)], True),
        ([Piece(1, 3, 8)], [Piece(1, 0, 3)], True),
        ([Piece(1, 0, 4)], [Piece(1, 3, 8)], False),
        ([Piece(1, 0, 2), Piece(1, 4, 6)], [Piece(1, 2, 4), Piece(1, 6, 8)], True),  # every other one
        ([Piece(1, 0, 2), Piece(1, 4, 6)], [Piece(1, 2, 5)], False),
        ([Piece(1, 0, 8), Piece(1, 1, 2)], [Piece(1, 3, 4)], False),  # in the first, behind the second
        ([Piece(1, 0, 3)], [Piece(2, 3, 8)], False),  # rows and columns meet
        ([Piece(1, 0, 3)], [Piece(1, 3, 8), Piece(2, 0, 1)], False),
        ([EVERYTHING], [EVERYTHING], False),
    ],
)
def test_some_pieces_miss_all_others(some: list[Piece], others: list[Piece], miss: bool) -> None:
    assert all_miss(some, others) is miss


@pytest.mark.parametrize(("kind", "cut"), [("Split", True), ("Slice", True), ("Gather", True), ("Concat", False)])
def test_what_cuts_a_value_into_pieces(kind: str, cut: bool) -> None:
    assert cuts(Op(kind, kind, "", ("x",), ("y",))) is cut


@pytest.mark.parametrize(
    ("line", "found"),
    [
        # Old opsets say it in attributes.
        ("a = Slice(x) starts=1, ends=3, axes=2,", Piece(2, 1, 3)),
        ("a = Slice(x) starts=1, ends=3,", Piece(0, 1, 1)),  # of one element there is nothing from 1 on
        ("a = Slice(x) starts=0, ends=1,", Piece(0, 0, 1)),
        ("a = Slice(x) starts=-9, ends=3, axes=2,", Piece(2, 0, 3)),  # before the first is the first
        ("a = Slice(x) starts=1, ends=-9, axes=2,", Piece(2, 1, 0)),
        ("a = Slice(x) starts=1,1 ends=3,3 axes=2,3", None),  # along two axes
        ("a = Slice(x) starts=1, ends=3, axes=-1,", Piece(3, 1, 3)),
        ("a = Slice(x) starts=1, ends=3, axes=-4,", Piece(0, 1, 1)),
        ("a = Slice(x) starts=1, ends=3, axes=4,", None),  # there is no fifth axis
        ("a = Slice(x) starts=1, ends=3, axes=-5,", None),
        ("a = Slice(x) ends=3, axes=2,", None),
        ("a = Slice(x) starts=1, axes=2,", None),
        ("a = Slice(x, b, e, a1, _)", Piece(1, 0, 4)),  # steps that are left out are 1
        ("a = Slice(x, b, e, a1, back)", None),  # backwards
        ("a = Slice(x, b, e, a1, nought)", None),
        ("a, b = Split(x)", Piece(0, 0, 1)),  # of one element the first half is all
        ("a = Split(x) axis=4", None),
        ("a = Gather(x, e) axis=1", Piece(1, 4, 5)),
        ("a = Gather(x, e) axis=4", None),
        ("a = Gather(x, e) axis=-3", Piece(1, 4, 5)),
        ("a = Gather(x, table) axis=1", Piece(1, 0, 2, Taken.PARTLY)),  # a matrix of indices makes an axis more
        ("a = Gather(x, unknown) axis=1", None),
    ],
)
def test_which_piece_is_taken(line: str, found: Piece | None) -> None:
    known = {"b": index(0), "e": index(4), "a1": index(1), "back": index(-1), "nought": index(0),
             "table": stored(1, 2, dtype="int64", data=(0, 1)), "unknown": stored(2, dtype="int64")}  # fmt: skip
    read = line.partition("(")[2].partition(")")[0].split(", ")
    assert pieces(line, **{name: given for name, given in known.items() if name in read})[0] == found


def test_of_a_value_whose_shape_nobody_knows_only_what_counts_from_the_front_is_known() -> None:
    unknown = {"x": TensorType(None, "float32")}
    assert pieces("a = Gather(x, i) axis=1", i=index(2), **unknown) == [Piece(1, 2, 3)]
    assert pieces("a = Gather(x, i) axis=0", i=index(2), **unknown) == [Piece(0, 2, 3)]
    assert pieces("a = Gather(x, i) axis=-1", i=index(2), **unknown) == [None]
    assert pieces("a = Gather(x, i) axis=1", i=index(-1), **unknown) == [None]
    assert pieces("a = Slice(x, b, e, a0)", b=index(0), e=index(3), a0=index(1), **unknown) == [None]


def test_behind_a_part_of_unknown_size_nobody_knows_where_a_part_begins() -> None:
    assert pieces("a, b = Split(x) axis=1", x=(1, "c", 4, 4)) == [None, None]


@pytest.mark.parametrize("seed", range(20))
def test_pieces_miss_others_where_each_misses_each(seed: int) -> None:
    """Against all pairs; of no pieces at all none meet."""
    drawn = random.Random(seed)
    for _ in range(40):
        starts = [drawn.choices(range(30), k=drawn.randint(0, 4)) for _ in range(2)]
        some, others = ([Piece(drawn.choice([1, 1, 2]), at, at + drawn.randint(0, 3)) for at in of] for of in starts)
        assert all_miss(some, others) is all(one.misses(other) for one in some for other in others)


def test_what_may_be_anything_misses_nothing() -> None:
    assert not all_miss([EVERYTHING], [Piece(1, 0, 2)])
    assert not all_miss([EVERYTHING], [EVERYTHING])
    assert all_miss([EVERYTHING], [])

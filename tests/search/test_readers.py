"""How do those values read a fork that stand in a set?"""

from __future__ import annotations

import random
from functools import reduce

import pytest

from shortcut_audit.operators.pieces import EVERYTHING, Piece
from shortcut_audit.search.readers import Readers
from shortcut_audit.search.reading import UNREAD, Reading


def test_what_is_read_is_the_hull_of_all_pieces_of_a_set_in_whatever_order_they_stand() -> None:
    """Pieces 4:6, 0:1 and 2:3 of axis 1 at places 3, 5 and 8: the first two span 0:6, the last two 0:3."""
    readings = {
        place: Reading(joined=False, otherwise=True, piece=Piece(1, *bounds))
        for place, bounds in {3: (4, 6), 5: (0, 1), 8: (2, 3)}.items()
    }
    readers = Readers(readings)
    assert readers.among(1 << 3 | 1 << 5).piece[1:3] == (0, 6)  # type: ignore[index]
    assert readers.among(1 << 5 | 1 << 8 | 1 << 1).piece[1:3] == (0, 3)  # type: ignore[index]
    assert readers.among(1 << 1) == UNREAD


@pytest.mark.parametrize("seed", range(40))
def test_a_set_of_readers_reads_what_they_read_one_after_the_other(seed: int) -> None:
    draw = random.Random(seed)
    readings = {}
    for place in draw.sample(range(200), draw.randint(1, 40)):
        start = draw.randint(0, 30)
        piece = draw.choice([EVERYTHING, Piece(draw.randint(0, 1), start, start + draw.randint(1, 5))])
        joined = draw.random() < 0.3
        readings[place] = Reading(joined, not joined, piece)
    readers = Readers(readings)
    for _ in range(20):
        chosen = draw.sample(sorted(readings), draw.randint(1, min(len(readings), draw.choice([2, 40]))))
        expected = reduce(Reading.beside, (readings[place] for place in chosen))
        found = readers.among(sum(1 << place for place in chosen))
        assert (found.joined, found.otherwise) == (expected.joined, expected.otherwise)
        assert found.piece is not None
        assert expected.piece is not None
        assert found.piece[:3] == expected.piece[:3]


@pytest.mark.parametrize("seed", range(40))
def test_whether_any_of_a_set_reads_an_element_of_a_piece(seed: int) -> None:
    """Against each reader by itself: 0:2 and 2:4 have nothing in common, what reads everything may read any."""
    draw = random.Random(seed)
    readings = {}
    for place in draw.sample(range(200), draw.randint(1, 40)):
        start = draw.randint(0, 30)
        piece = draw.choice([EVERYTHING, *(Piece(axis, start, start + draw.randint(1, 5)) for axis in (0, 1, 1, 1))])
        readings[place] = Reading(joined=False, otherwise=True, piece=piece)
    readers = Readers(readings)
    for _ in range(40):
        chosen = draw.sample(sorted(readings), draw.randint(1, min(len(readings), 4)))
        start = draw.randint(0, 35)
        asked = Piece(1, start, start + draw.randint(1, 5))
        values = sum(1 << place for place in chosen)
        pieces = {readings[place].piece for place in chosen}
        assert readers.pieces(values) == pieces
        assert readers.overlap(values, asked) is not all(piece is not None and piece.misses(asked) for piece in pieces)
        assert readers.overlap(values, EVERYTHING)
    assert not readers.overlap(0, EVERYTHING)

"""Which lanes are taken between two rows?"""

from __future__ import annotations

import random

import pytest

from shortcut_audit.reporters.figure.lanes import Lanes


def test_the_innermost_lane_that_is_free_may_lie_within_one_that_is_taken() -> None:
    """Rows 0:1 and 2:3 share lane 0, around both is lane 1; 0:5 overlaps with lanes 0 and 1."""
    lanes = Lanes(6)
    for first, last, lane in ((0, 1, 0), (2, 3, 0), (0, 3, 1)):
        assert lanes.innermost(first, last) == lane
        lanes.lay(first, last, lane)
    assert lanes.innermost(0, 5) == 2
    assert lanes.innermost(4, 5) == 0


@pytest.mark.parametrize("seed", range(30))
def test_against_every_arc_that_was_laid_down(seed: int) -> None:
    drawn = random.Random(seed)
    rows = drawn.randint(1, 40)
    ends = [sorted((drawn.randrange(rows), drawn.randrange(rows))) for _ in range(drawn.randint(1, 60))]
    laid: list[tuple[int, int, int]] = []
    lanes = Lanes(rows)
    for first, last in sorted(ends, key=lambda arc: arc[1] - arc[0]):
        taken = {lane for start, stop, lane in laid if start <= last and first <= stop}
        assert lanes.around(first, last) == max(taken, default=-1) + 1
        assert lanes.innermost(first, last) == next(lane for lane in range(len(laid) + 1) if lane not in taken)
        lane = drawn.choice([lanes.around(first, last), lanes.innermost(first, last)])
        lanes.lay(first, last, lane)
        laid.append((first, last, lane))

"""Does the work grow with the model, and no faster?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shortcut_audit.graph.draft import Draft
from tests.benchmarks.growth import BLOCK_COUNT, BLOCKS, GROWING, exponent, exponent_of
from tests.benchmarks.rolls import ROLLS


@pytest.mark.parametrize("model", GROWING)
def test_work_grows_with_the_model(model: str) -> None:
    """Work of n log n has an exponent of about 1.1 at this size, work of n^1.5 fails."""
    assert exponent(*GROWING[model]) <= 1.15


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.__name__)
def test_work_grows_with_the_number_of_blocks(block: Callable[[int], Draft]) -> None:
    assert exponent(block, BLOCK_COUNT) <= 1.15


@pytest.mark.parametrize("roll", ROLLS)
def test_work_grows_with_what_is_judged_or_shown(roll: str) -> None:
    assert exponent_of(*ROLLS[roll]) <= 1.15

"""Does the work grow with the model, and no faster?"""

from __future__ import annotations

import pytest

from tests.benchmarks.growth import GROWING, exponent


@pytest.mark.parametrize("model", GROWING)
def test_work_grows_with_the_model(model: str) -> None:
    """Work of n log n has an exponent of about 1.1 at this size, work of n^1.5 fails."""
    assert exponent(*GROWING[model]) <= 1.15

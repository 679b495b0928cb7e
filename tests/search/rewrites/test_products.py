"""Which numbers and values does a product multiply?"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.search.rewrites.products import Algebra
from tests.sketch import listing


@pytest.mark.parametrize("name", ["a", "z"], ids=["the product last", "the product first"])
@pytest.mark.parametrize(("values", "factors"), [(2, 2), (16, 16), (40, 17)])
def test_a_product_is_taken_apart_until_it_has_sixteen_factors(values: int, factors: int, name: str) -> None:
    """What it holds is bounded: both factors of the last that is taken apart are there, and that is all.

    Factors are taken in the order of their names.
    """
    lines = [f"p{n} = Mul({f'p{n - 1}' if n > 1 else f'{name}0'}, {name}{n})" for n in range(1, values)]
    graph = assemble(listing(*lines, **{f"{name}{n}": (1, 8) for n in range(values)}))
    assert len(Algebra(graph).term(f"p{values - 1}").atoms) == factors

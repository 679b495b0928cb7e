"""Which numbers and values does a product multiply?"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.search.rewrites.products import Algebra
from tests.sketch import listing


@pytest.mark.parametrize(("values", "factors"), [(2, 2), (16, 16), (40, 17)])
def test_a_product_is_taken_apart_until_it_has_sixteen_factors(values: int, factors: int) -> None:
    """What a product holds is bounded: of 15 known factors the last is taken apart into two, and that is all."""
    lines = [f"p{n} = Mul({f'p{n - 1}' if n > 1 else 'v0'}, v{n})" for n in range(1, values)]
    graph = assemble(listing(*lines, **{f"v{n}": (1, 8) for n in range(values)}))
    assert len(Algebra(graph).term(f"p{values - 1}").atoms) == factors

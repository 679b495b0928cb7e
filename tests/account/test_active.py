"""How much of a mixture of experts does one token meet?"""

from __future__ import annotations

import pytest

from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import Totals
from tests.sketch import listing, stored


def totals(*lines: str, **tensors: object) -> Totals:
    return audit_draft(listing(*lines, **tensors)).totals  # type: ignore[arg-type]


@pytest.mark.parametrize(("k", "active"), [("", 1_152), (" k=2", 2_176), (" k=8", 8_320)])
def test_a_token_meets_as_many_experts_as_the_operator_says(k: str, active: int) -> None:
    """A router of 16 x 8 and 8 experts of 16 x 32 + 32 x 16 = 1,024 each."""
    lines = "p = MatMul(x, r)", f"y = com.microsoft::MoE(x, p, a, _, b){k}"
    found = totals(*lines, x=(10, 16), r=stored(16, 8), a=stored(8, 16, 32), b=stored(8, 32, 16))
    assert (found.parameters, found.active_parameters) == (8_320, active)


@pytest.mark.parametrize(("picked", "active"), [(10, 512), (20, 1_024), (15, None)])
def test_a_token_meets_as_many_experts_as_it_has_rows(picked: int, active: int | None) -> None:
    """10 tokens; 4 matrices of 16 x 32, each row meets one; 15 rows are not so many for each token."""
    lines = "g = Gather(x, i) axis=0", "y = GroupedMatMul(g, w, o)"
    found = totals(*lines, x=(10, 16), i=(picked,), o=(4,), w=stored(4, 16, 32))
    assert (found.parameters, found.active_parameters) == (2_048, active)
    assert found.macs == picked * 16 * 32


def test_a_tensor_that_all_tokens_meet_elsewhere_is_active() -> None:
    """4 matrices of 16 x 16: each token meets one of them, and all of them in the sum."""
    lines = "y = GroupedMatMul(x, w, o)", "z = MatMul(x, w)"
    assert totals(*lines, x=(10, 16), o=(4,), w=stored(4, 16, 16)).active_parameters == 1_024


def test_without_experts_everything_is_active() -> None:
    assert totals("y = MatMul(x, w)", x=(1, 8), w=stored(8, 4)).active_parameters == 32

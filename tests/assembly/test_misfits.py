"""Which op cannot take the sizes that the caller has given?"""

from __future__ import annotations

from shortcut_audit.loaders.bind import bind
from shortcut_audit.loaders.inputs import parse_inputs
from shortcut_audit.pipeline import audit_draft
from tests.sketch import listing, stored

OPEN = listing("a = Conv(x, w)", "b = Add(a, c)", x=("batch", 8, 4, 4), w=stored(8, 8, 1, 1), c=stored(1, 8, 4, 3))
FIXED = listing("y = MatMul(x, w)", "z = Add(y, c)", x=(2, 8), w=stored(8, 8), c=stored(2, 8))


def test_the_node_that_contradicts_a_size_is_named() -> None:
    (note,) = [n for n in audit_draft(bind(FIXED, {}, parse_inputs(["3x8"]))).notes if "contradict" in n]
    assert "Add 'z' cannot take 3x8 and 2x8" in note


def test_a_dimension_that_is_bound_may_contradict_too() -> None:
    (note,) = [n for n in audit_draft(bind(OPEN, {"batch": 8}, ())).notes if "contradict" in n]
    assert "Add 'b' cannot take 8x8x4x4 and 1x8x4x3" in note


def test_sizes_that_fit_are_not_spoken_of() -> None:
    assert not [n for n in audit_draft(bind(FIXED, {}, parse_inputs(["2x8"]))).notes if "contradict" in n]
    assert not [n for n in audit_draft(OPEN).notes if "contradict" in n]

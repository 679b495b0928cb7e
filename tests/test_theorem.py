"""Does what a report says of a shortcut hold for the numbers?

Residual graphs are drawn whose truth is known, spelled by chance, and run in numpy. THEOREM_DRAWS=10000 asks for more.

1. The normal form of a sum is that sum, and every value that is made otherwise is the same value.
2. An identity is its fork, element for element, and within half a step where it is quantised. 3. A shortcut is linear
in its fork, with what gates it held.
4. The weights that it names change it, and no others do. 5. The kinds are those that were drawn: no spelling changes a
verdict, no refused sum is a shortcut. 6. Nor does an open dimension, or an unknown rank. 7. The reasons of refused sums
hold: what is parallel is linear in what is shared nowhere or everywhere, and so on (claims.py, CLAIMS).
"""

from __future__ import annotations

import os
from collections import Counter

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import REASONS
from shortcut_audit.search import merges
from shortcut_audit.search.rewrites.pieces import followed
from shortcut_audit.search.rewrites.scatters import as_sums
from tests.claims import CLAIMS, Array, computed, filled, hold, refuse
from tests.drawn_blocks import BLOCKS, IN_NUMPY, SHAPE, Drawing, as_inputs, drawn

DRAWS = int(os.environ.get("THEOREM_DRAWS", "60"))

in_numbers = settings(
    derandomize=DRAWS <= 60, deadline=None, database=None, max_examples=DRAWS, suppress_health_check=list(HealthCheck)
)
drawings = st.builds(drawn, st.lists(st.sampled_from(list(BLOCKS)), min_size=1, max_size=5), st.integers(0, 2**32))


def numbers(drawing: Drawing, seed: int) -> dict[str, Array]:
    """What is fed to a drawing whose weights are inputs: small positive weights keep activations awake."""
    source = np.random.default_rng(seed)
    fed = {
        tensor.name: source.uniform(0.05, 0.4, tensor.shape) for tensor in drawing.draft().tensors if not tensor.literal
    }
    return {"x": source.uniform(0.1, 1.0, SHAPE), **fed}


@in_numbers
@given(drawing=drawings)
def test_a_normal_form_is_the_sum(drawing: Drawing) -> None:
    graph, fed = assemble(as_inputs(drawing.draft())), numbers(drawing, 0)
    sums = merges.find(followed(as_sums(graph)))
    written, normal = computed(graph, IN_NUMPY, fed), computed(sums.graph, IN_NUMPY, fed)
    for name, value in written.items():
        np.testing.assert_allclose(normal[name], value, rtol=1e-9, atol=1e-9)  # 1
    for merge in sums.merges:
        added = (*merge.operands, *merge.beside)
        total = sum(-normal[term.value] if term.negated else normal[term.value] for term in added)
        if merge.op.kind == "Mean":  # judged as the sum that it is (theory: average)
            total = total / merge.added
        np.testing.assert_allclose(total, written[merge.result.id], rtol=1e-9, atol=1e-9)  # 1


@in_numbers
@given(drawing=drawings)
def test_what_is_said_of_a_shortcut_holds(drawing: Drawing) -> None:
    weights = numbers(drawing, 1)
    x = weights.pop("x")
    assert hold(drawing.draft(), IN_NUMPY, weights, {"x": x}) == len(drawing.kinds)  # 2, 3, 4


@in_numbers
@given(drawing=drawings)
def test_what_is_refused_fails_what_is_said_of_shortcuts(drawing: Drawing) -> None:
    fed = numbers(drawing, 1)
    refuse(filled(drawing.draft(), fed), IN_NUMPY, {"x": fed["x"]})  # 7


def test_sums_are_refused_for_every_reason() -> None:
    """Otherwise that would prove little."""
    told = Counter[str]()
    for seed in range(40):
        drawing = drawn([*(kind for kind, (_, shortcut) in BLOCKS.items() if shortcut is None), "gated"], seed)
        fed = numbers(drawing, 1)
        told += refuse(filled(drawing.draft(), fed), IN_NUMPY, {"x": fed["x"]})
    assert all(told[reason] >= 5 for reason in CLAIMS), told
    assert {*CLAIMS, "not understood"} == set(REASONS)


@in_numbers
@given(drawing=drawings)
def test_no_spelling_and_no_open_size_changes_a_verdict(drawing: Drawing) -> None:
    cut = any(
        "Split" in line for line in drawing.lines
    )  # where an open axis is cut nobody knows (theory: not understood)
    for shape in (
        SHAPE,
        ("batch", "tokens", SHAPE[-1]),
        (None, None, SHAPE[-1]),
        (1, 1, SHAPE[-1]),
        *[None] * (not cut),
    ):
        report = audit_draft(drawing.draft(shape))
        assert Counter(s.kind for s in report.shortcuts) == Counter(drawing.kinds)  # 5, 6
        listed = [name for s in report.shortcuts for name in (s.merge.name, *s.merge.also)]
        listed += [name for other in report.other_adds for name in (other.name, *other.also)]
        assert len(listed) == len(set(listed)) == report.totals.adds


def test_every_spelling_of_every_block_is_drawn() -> None:
    """Otherwise all of the above would prove little."""
    for kind, (spellings, shortcut) in BLOCKS.items():
        for lines in spellings.values():
            seen = {frozenset(drawn([kind], seed).lines) for seed in range(60)}
            assert len(seen) == len(spellings), (kind, lines)
        assert shortcut is None or set(drawn([kind], 0).kinds) == {shortcut}

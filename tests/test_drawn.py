"""Is still said of graphs that were drawn by chance what was said of them when it was held against numbers?

tests/golden/drawn.txt holds the verdicts on residual graphs of nested blocks (drawn_blocks.py), whose claims are held
against numbers before they are written down, and on graphs of any steps (random_graphs.py, random_tokens.py). An entry
opens with `==` and what was drawn; then comes a line for each thing that is said (varied.py).

    WRITE_GOLDEN=1 pytest tests/test_drawn.py

writes the verdicts anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from shortcut_audit.graph.draft import Draft
from shortcut_audit.pipeline import audit_draft
from tests import random_tokens
from tests.claims import hold
from tests.drawn_blocks import IN_NUMPY, drawn
from tests.random_graphs import STEPS, built
from tests.test_theorem import numbers
from tests.varied import said

FILE = Path(__file__).parent / "golden" / "drawn.txt"

KINDS = (
    "identity",
    "constant",
    "gated",
    "diagonal",
    "mapped",
    "quantised",
    "pooled",
    "scattered",
    "branched",
    "context",
    "parallel",
    "formula",
    "global context",
    "norm",
)
"""The kinds of blocks that are drawn: one more in drawn_blocks.py leaves what is drawn here as it was."""

EACH = 140
"""How many graphs of either of the first two sorts there are."""

OF_TOKENS = 160
"""How many there are of the third."""


def blocks(seed: int) -> tuple[str, list[str]]:
    """Some blocks, one in or behind the other."""
    chance = Random(seed)
    kinds = [chance.choice(KINDS) for _ in range(chance.randint(2, 5))]
    return f"blocks {seed}: {', '.join(kinds)}", kinds


def graphs() -> Iterator[tuple[str, Draft]]:
    """All graphs, each with what was drawn."""
    for seed in range(EACH):
        title, kinds = blocks(seed)
        yield title, drawn(kinds, seed).draft()
    for seed in range(EACH):
        chance = Random(-seed - 1)
        steps = [(chance.choice(list(STEPS)), *(chance.randint(1, 4) for _ in range(3))) for _ in range(12)]
        recipe = [(kind, a, b, c) for kind, a, b, c in steps]
        yield f"steps {seed}: {', '.join(kind for kind, *_ in recipe)}", built(recipe)
    for seed in range(OF_TOKENS):
        drawn_steps = random_tokens.recipe(seed)
        yield f"tokens {seed}: {', '.join(kind for kind, *_ in drawn_steps)}", random_tokens.built(drawn_steps)


def written() -> str:
    """The file, with the verdicts of today; those on blocks are held against numbers first."""
    for seed in range(EACH):
        drawing = drawn(blocks(seed)[1], seed)
        weights = numbers(drawing, seed)
        assert hold(drawing.draft(), IN_NUMPY, weights, {"x": weights.pop("x")}) == len(drawing.kinds)
    return "\n".join("\n".join([f"== {title}", *said(audit_draft(draft)), ""]) for title, draft in graphs())


if os.environ.get("WRITE_GOLDEN"):
    FILE.write_text(written(), encoding="utf-8")

RECORDED = ["== " + entry.rstrip("\n") for entry in FILE.read_text(encoding="utf-8").split("== ")[1:]]


@pytest.mark.parametrize(
    ("graph", "recorded"), list(zip(graphs(), RECORDED, strict=True)), ids=range(2 * EACH + OF_TOKENS)
)
def test_a_verdict_is_as_it_was(graph: tuple[str, Draft], recorded: str) -> None:
    title, draft = graph
    assert "\n".join([f"== {title}", *said(audit_draft(draft))]) == recorded

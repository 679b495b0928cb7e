"""Are many names said in few words, and no name that is not there?"""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortcut_audit.reporters.shared.ranges import in_ranges, ranged


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (["layer1.0"], "layer1.0"),
        (["layer1.0", "layer1.1"], "layer1.0…1"),
        (["layers.9.mlp", "layers.10.mlp"], "layers.9…10.mlp"),
        (["stage2.0.branches.0.0", "stage3.0.branches.0.1"], "stage2…3.0.branches.0.0…1"),
        (["stem.0", "head"], "stem.0…head"),
        (["layer1.0", "layer1.0#1"], "layer1.0…layer1.0#1"),
        (["", ""], ""),
    ],
)
def test_one_label(names: list[str], label: str) -> None:
    assert ranged(names, "…") == label


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["layer1.0", "layer1.1", "layer2.1"], ["layer1.0...1", "layer2.1"]),
        (["a.0", "a.2"], ["a.0", "a.2"]),
        (["a.0.b.0", "a.0.b.1", "a.1.b.0", "a.1.b.1"], ["a.0...1.b.0...1"]),
        (["a.0.b.0", "a.0.b.1", "a.1.b.0"], ["a.0.b.0...1", "a.1.b.0"]),
        (["blocks.0", "blocks.0#1", "blocks.1", "blocks.1#1"], ["blocks.0...1", "blocks.0...1#1"]),
        (["head", "layer1.0"], ["head", "layer1.0"]),
        (["a.007", "a.008"], ["a.007", "a.008"]),
        ([], []),
    ],
)
def test_labels(names: list[str], labels: list[str]) -> None:
    assert in_ranges(names, "...") == labels


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from(["", ".mlp"])), max_size=20))
def test_the_labels_name_what_is_there_and_nothing_else(places: list[tuple[int, int, str]]) -> None:
    names = [f"layer{stage}.{block}{rest}" for stage, block, rest in places]
    assert sorted(name for label in in_ranges(names, "…") for name in _spelled(label)) == sorted(set(names))


def _spelled(label: str) -> list[str]:
    """Every name that a label stands for."""
    parts = re.split(r"(\d+(?:…\d+)?)", label)
    choices = [_numbers(part) if nth % 2 else [part] for nth, part in enumerate(parts)]
    return ["".join(chosen) for chosen in product(*choices)]


def _numbers(part: str) -> list[str]:
    least, _, most = part.partition("…")
    return [str(number) for number in range(int(least), int(most or least) + 1)]

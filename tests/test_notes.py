"""What should the reader know of a shortcut beyond its kind and its price?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.pipeline import audit_draft
from tests.sketch import audited, draft

BRANCH = "x -> Conv.1 -> Relu -> Conv.2 -> Add"


def notes(*lines: str) -> tuple[str, ...]:
    (shortcut,) = audited(*lines).shortcuts
    return shortcut.notes


@pytest.mark.parametrize(
    "route", ["x -> Add", "x -> Conv.p{k=1} -> Add", "x -> Conv.p{k=1} -> BatchNormalization -> Add"]
)
def test_the_paper_s_own_shortcuts_need_no_note(route: str) -> None:
    assert notes(BRANCH, route) == ()


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        (("x -> Conv -> Relu -> Sub", "x -> Sub"), "subtracted"),
        ((BRANCH, "x -> BatchNormalization -> Add"), "diagonal"),
        ((BRANCH, "x -> Mul -> Add", "#scale -> Mul"), "diagonal"),
        ((BRANCH, "x -> MeanVarianceNormalization -> Add"), "without learned weights"),
        (("x -> Conv.1 -> Add", "x -> Conv.p{k=1} -> Add"), "linear, too"),
        (("x -> Mystery -> Add", "x -> Add"), "not understood, taken for real work: Mystery"),
        ((BRANCH, "x -> QuantizeLinear -> DequantizeLinear -> Add"), "requantised"),
        ((BRANCH, "x -> Mul -> Add", "z -> Conv.g{k=1} -> Sigmoid -> Mul"), "elsewhere"),
    ],
)
def test_what_is_unusual_is_said(lines: tuple[str, ...], word: str) -> None:
    (note,) = notes(*lines)
    assert word in note


def test_a_gate_that_the_fork_feeds_is_not_unusual() -> None:
    assert notes(BRANCH, "x -> Conv.g{k=1} -> Sigmoid -> Mul -> Add", "x -> Mul") == ()


def test_only_a_few_operators_are_named() -> None:
    mysteries = " -> ".join(f"{kind}" for kind in ("Mystery", "Enigma", "Riddle", "Puzzle"))
    assert notes(f"x -> {mysteries} -> Add", "x -> Add") == (
        "not understood, taken for real work: Enigma, Mystery, Puzzle",
    )


def test_a_normalisation_that_the_exporter_folded_is_told_from_a_bias() -> None:
    drawn = draft(BRANCH, "x -> Conv.p{k=1,bias=1} -> Add")
    nodes = tuple(replace(node, absorbs_norm=node.name == "Conv.p") for node in drawn.nodes)
    (shortcut,) = audit_draft(replace(drawn, nodes=nodes)).shortcuts
    assert "folded a normalisation into W_s" in shortcut.notes[0]
    assert shortcut.has_bias

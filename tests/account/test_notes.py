"""What should the reader know of a shortcut beyond its kind and its price?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.account.notes import TIED
from shortcut_audit.pipeline import audit_draft
from tests.sketch import audited, draft, listing, stored

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
        ((BRANCH, "x -> Add.offset -> Add", "#offset -> Add.offset"), "no W_s: a learned offset"),
        ((BRANCH, "x -> MeanVarianceNormalization -> Add"), "without learned weights"),
        (("x -> Conv.1 -> Add", "x -> Conv.p{k=1} -> Add"), "linear, too"),
        (("x -> Conv -> Mystery -> Relu -> Add", "x -> Add"), "not understood, taken for real work: Mystery"),
        ((BRANCH, "x -> QuantizeLinear -> DequantizeLinear -> Add"), "requantised"),
        ((BRANCH, "x -> Mul -> Add", "z -> Conv.g{k=1} -> Sigmoid -> Mul"), "elsewhere"),
    ],
)
def test_what_is_unusual_is_said(lines: tuple[str, ...], word: str) -> None:
    (note,) = notes(*lines)
    assert word in note


def test_a_product_of_two_maps_is_not_linear() -> None:
    branch = "x -> Conv.q{k=1} -> Mul -> Conv.o{k=1} -> Add", "x -> Conv.k{k=1} -> Mul"
    assert notes(*branch, "x -> Conv.p{k=1} -> Add") == ()


def test_where_matrices_are_fixed_a_diagonal_alone_is_learned() -> None:
    """VeRA's adapter: 2 + 8 learned numbers around 8 x 2 and 2 x 8 that are drawn once, beside a block."""
    block = "h = Linear(x, w)", "r = Relu(h)", "f = Linear(r, v)"
    lines = *block, "a = Linear(x, A)", "e = Mul(a, E)", "b = Linear(e, B)", "d = Mul(b, D)", "y = Add(f, d)"
    fixed = {"A": stored(2, 8, learned=False), "B": stored(8, 2, learned=False)}
    (shortcut,) = audit_draft(
        listing(*lines, x=(4, 8), w=stored(8, 8), v=stored(8, 8), E=stored(2), D=stored(8), **fixed)
    ).shortcuts
    assert (shortcut.kind, shortcut.parameters) == ("projection", 10)
    assert shortcut.notes == ("of W_s a diagonal is learned: a scale or a normalisation; its matrices are fixed",)


def test_tied_weights_are_said_to_be() -> None:
    """One 1x1 convolution on two shortcuts: 64 parameters each, and together."""
    lines = "a = Conv(x, w) pads=1,1,1,1", "r = Relu(a)", "s = Conv(x, p)", "y = Add(r, s)"
    more = "b = Conv(y, v) pads=1,1,1,1", "q = Relu(b)", "t = Conv(y, p)", "z = Add(q, t)"
    weights = {"w": stored(8, 8, 3, 3), "v": stored(8, 8, 3, 3), "p": stored(8, 8, 1, 1)}
    report = audit_draft(listing(*lines, *more, x=(1, 8, 4, 4), **weights))
    assert [(s.parameters, s.notes) for s in report.shortcuts] == [(64, (TIED,)), (64, (TIED,))]
    assert report.summary.extra_parameters == 64


def test_a_gate_that_the_fork_feeds_is_not_unusual() -> None:
    assert notes(BRANCH, "x -> Conv.g{k=1} -> Sigmoid -> Mul -> Add", "x -> Mul") == ()


def test_only_a_few_operators_are_named() -> None:
    mysteries = " -> ".join(f"{kind}" for kind in ("Mystery", "Enigma", "Riddle", "Puzzle"))
    assert notes(f"x -> Conv -> {mysteries} -> Relu -> Add", "x -> Add") == (
        "not understood, taken for real work: Enigma, Mystery, Puzzle",
    )


def test_a_normalisation_that_the_exporter_folded_is_told_from_a_bias() -> None:
    drawn = draft(BRANCH, "x -> Conv.p{k=1,bias=1} -> Add")
    nodes = tuple(replace(node, absorbs_norm=node.name == "Conv.p") for node in drawn.nodes)
    (shortcut,) = audit_draft(replace(drawn, nodes=nodes)).shortcuts
    assert "folded a normalisation into W_s" in shortcut.notes[0]
    assert shortcut.has_bias


def test_a_shift_of_zero_that_the_exporter_dropped_is_no_bias() -> None:
    """An untrained model: the shift of each BatchNorm is zero, and the exporter leaves a bias of zeros out."""
    drawn = draft("x -> Conv.1 -> Relu -> Conv.2 -> Add", "x -> Conv.p{k=1} -> Add")
    nodes = tuple(replace(node, absorbs_norm=node.name == "Conv.p") for node in drawn.nodes)
    (shortcut,) = audit_draft(replace(drawn, nodes=nodes)).shortcuts
    assert not shortcut.has_bias
    assert "dropped its shift, which is zero" in shortcut.notes[0]
    assert "its bias is that norm's shift" not in " ".join(shortcut.notes)

"""What is peculiar about a shortcut, so that experts may read it otherwise?"""

from __future__ import annotations

import pytest

from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from tests.sketch import audited, listing, stored

BRANCH = "x -> Conv.1 -> Relu.1 -> Conv.2"


def notes(*lines: str, shape: tuple[int, ...] = (1, 8, 4, 4)) -> tuple[str, ...]:
    """The notes on the last shortcut."""
    return audited(*lines, shape=shape).shortcuts[-1].notes


ATTENTION = (
    "x -> MatMul.q -> MatMul.l -> Softmax -> MatMul.av -> Add",
    "x -> MatMul.k -> Transpose -> MatMul.l",
    "x -> MatMul.v -> MatMul.av",
)

CASES = {
    "one slice": ("x -> Split -> Conv.1{in=4,out=4} -> Add", "Split:1 -> Add"),
    "joined with other": (
        "x -> Conv.1 -> Relu.1 -> Concat -> Conv.root{in=16,out=8,k=1} -> Add",
        "Relu.1 -> Conv.2 -> Relu.2 -> Concat",
        "Relu.2 -> Add",
    ),
    "another resolution": ("x -> Conv.1{stride=2} -> Relu -> Conv.2 -> Resize -> Add", "x -> Add"),
    "depthwise convolution beside attention": (*ATTENTION, "MatMul.v -> Conv.pe{group=8} -> Add"),
    "attention weights": (*ATTENTION, "Softmax -> MatMul.r -> Add"),
    "a maximum": (f"{BRANCH} -> Add", "x -> MaxPool{k=1} -> Add"),
}


@pytest.mark.parametrize("said", CASES)
def test_what_experts_may_read_otherwise_is_said(said: str) -> None:
    assert any(said in note for note in notes(*CASES[said], shape=(1, 8, 8, 8)))


def test_nothing_is_said_of_a_plain_block() -> None:
    assert notes(f"{BRANCH} -> Add", "x -> Add") == ()


def again(layers: int) -> tuple[str, ...]:
    lines = []
    for layer in range(layers):
        x = f"Add.x{layer - 1}" if layer else "Conv.in"
        lines += [f"{x} -> Add.p{layer} -> Conv.{layer} -> Relu.{layer} -> Add.x{layer}", f"{x} -> Add.x{layer}"]
        lines += [f"Relu.p -> Add.p{layer}"]
    return ("p -> Conv.p -> Relu.p -> Conv.in", *lines)


@pytest.mark.parametrize(("layers", "said"), [(2, 0), (3, 3)])
def test_a_value_that_every_layer_adds_again_is_told(layers: int, said: int) -> None:
    """DETR's position embeddings. Two sums are a residual stream's ordinary business."""
    shortcuts = audited(*again(layers)).shortcuts
    assert sum(any("added in several sums" in note for note in s.notes) for s in shortcuts) == said


def test_what_a_learned_score_selects_is_parameter_free() -> None:
    """Mixture of Depths: x[i] + F(x)[i], i the best by a learned score, which is the branch's."""
    made = audit_draft(
        listing(
            "s = MatMul(x, score)",
            "_, i = TopK(s, k) axis=1",
            "xi = GatherElements(x, i) axis=1",
            "h = MatMul(x, w)",
            "r = Relu(h)",
            "fi = GatherElements(r, i) axis=1",
            "y = Add(xi, fi)",
            x=(1, 7, 8),
            score=stored(8, 8),
            w=stored(8, 8),
            k=stored(1, dtype="int64", data=(3,)),
        )
    )
    (shortcut,) = made.shortcuts
    assert (shortcut.kind, shortcut.parameters, made.summary.extra_parameters) == ("parameter-free", 0, 0)
    assert any("an index that is computed" in note for note in shortcut.notes)


def test_a_depthwise_convolution_beside_a_block_is_no_position_term() -> None:
    assert notes(f"{BRANCH} -> Add", "x -> Conv.pe{group=8} -> Add") == notes(f"{BRANCH} -> Add", "x -> Conv.p -> Add")


def test_what_is_picked_by_computed_indices_is_not_joined() -> None:
    made = audit_draft(
        listing("g = Gather(x, i)", "c = Conv(g, w)", "r = Relu(c)", "y = Add(r, x)",
                x=(1, 8, 4, 4), i=TensorType((1,), "int64"), w=stored(8, 8, 3, 3))
    )  # fmt: skip
    assert [s.notes for s in made.shortcuts] == [()]


def test_a_value_that_is_added_again_by_a_route_is_not_told_there() -> None:
    """The mark is of bare additions; a pool lets the same value through, too."""
    branch = "Relu.p -> Conv.b -> Relu.b -> Conv.e -> Add.pooled"
    shortcuts = audited(*again(3), "Relu.p -> MaxPool{k=1} -> Add.pooled", branch).shortcuts
    told = {s.merge.name: any("added in several sums" in note for note in s.notes) for s in shortcuts}
    assert sum(told.values()) == 3
    assert told["Add.pooled"] is False

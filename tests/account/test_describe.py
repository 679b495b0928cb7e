"""How would a person say what stands on a route?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.account import describe
from shortcut_audit.account.describe import shape_text, weights_of
from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.pipeline import audit_draft
from tests.sketch import audited, draft, found, listing, sketch, stored

BRANCH = "x -> Conv.1 -> Relu -> Conv.2 -> Add"
IMAGE = (1, 8, 4, 4)


def detail(line: str, x: tuple[int | str | None, ...] = IMAGE, **tensors: Tensor) -> str:
    graph = assemble(listing(line, x=x, **tensors))
    return describe.detail(graph, graph.ops[-1])


def in_words(*route: str) -> str:
    graph = sketch(BRANCH, *route)
    (shortcut,) = found(graph)
    return describe.in_words(graph, shortcut)


# --- one step --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "weight", "said"),
    [
        ("y = Conv(x, w)", stored(16, 8, 1, 1), "1x1, 8 -> 16"),
        ("y = Conv(x, w) strides=2,2 pads=1,1,1,1", stored(16, 8, 3, 3), "3x3, stride 2, 8 -> 16"),
        ("y = Conv(x, w) strides=2,1", stored(16, 8, 3, 3), "3x3, stride 2x1, 8 -> 16"),
        ("y = Conv(x, w) group=4 pads=1,1,1,1", stored(8, 2, 3, 3), "3x3, 4 groups, 8 -> 8"),
        ("y = ConvTranspose(x, w) strides=2,2", stored(8, 4, 2, 2), "2x2, stride 2, 8 -> 4"),
        ("y = MatMul(x, w)", stored(4, 6), "4 -> 6"),
        ("y = MaxPool(x) kernel_shape=2,2 strides=2,2", stored(), "2x2, stride 2"),
        ("y = AveragePool(x) kernel_shape=3,3", stored(), "3x3"),
        ("y = ReduceMean(x) axes=2,3 keepdims=1", stored(), "1x8x4x4 -> 1x8x1x1"),
        ("y = Flatten(x)", stored(), "1x8x4x4 -> 1x128"),
        ("y = Relu(x)", stored(), ""),
        ("y = com.example::Mystery(x)", stored(), ""),
    ],
)
def test_what_an_op_does(line: str, weight: Tensor, said: str) -> None:
    assert detail(line, w=weight) == said


def test_what_cannot_be_known_is_a_question_mark() -> None:
    graph = assemble(listing("a = com.example::Mystery(x)", "y = MatMul(a, w)", x=IMAGE, w=stored(8, 8)))
    assert describe.detail(graph, graph.ops[-1]) == "? -> ?"
    assert detail("y = Flatten(x)", x=("batch", 8, None)).startswith("batchx8x")


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((1, 64, 56, 56), "1x64x56x56"),
        (("batch", None, 3), "batchx?x3"),
        ((), "scalar"),
        (None, "?"),
        (tuple(range(1, 21)), "1x2x3x4x5x6x7x8…"),
    ],
)
def test_shapes(shape: tuple[int | str | None, ...] | None, said: str) -> None:
    assert shape_text(shape) == said


# --- weights ---------------------------------------------------------------------------------------------------------


def roles(line: str, **tensors: Tensor) -> list[tuple[str, str]]:
    graph = assemble(listing(line, x=IMAGE, **tensors))
    return [(weight.name, weight.role) for weight in weights_of(graph.ops[-1])]


def test_the_roles_of_weights() -> None:
    vector = stored(8)
    assert roles("y = Conv(x, w, b)", w=stored(8, 8, 1, 1), b=vector) == [("w", "weight"), ("b", "bias")]
    assert roles("y = Mul(x, s)", s=stored(8, 1, 1)) == [("s", "scale")]
    assert roles("y = Add(x, b)", b=stored(8, 1, 1)) == [("b", "bias")]
    assert roles("y = BatchNormalization(x, s, b, m, v)", s=vector, b=vector, m=vector, v=vector) == [
        ("s", "scale"),
        ("b", "bias"),
    ]


def test_buffers_and_numbers_play_no_role() -> None:
    assert roles("y = Mul(x, s)", s=stored()) == []
    assert roles("y = Add(x, b)", b=stored(8, 1, 1, learned=False)) == []


def test_a_tensor_in_two_slots_is_named_once_in_its_first_role() -> None:
    assert roles("y = InstanceNormalization(x, v, v)", v=stored(8)) == [("v", "scale")]


# --- the whole shortcut ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ("x -> Add", ""),
        ("x -> AveragePool{k=1} -> Add", ""),
        ("x -> Conv.p{k=1} -> Add", "conv 1x1, 8 -> 8, no bias"),
        ("x -> Conv.p{k=1,bias=1} -> Add", "conv 1x1, 8 -> 8, bias"),
        ("x -> Conv.p{k=1} -> BatchNormalization -> Add", "conv 1x1, 8 -> 8, no bias + BN"),
        ("x -> Identity -> Conv.p{k=1} -> Cast -> Add", "conv 1x1, 8 -> 8, no bias"),  # views are not worth a word
        ("x -> AveragePool{k=1} -> Conv.p{group=8} -> Add", "avg pool 1x1 + conv 3x3, depthwise, 8 -> 8, no bias"),
        ("x -> InstanceNormalization -> Add", "a learned diagonal (IN)"),
    ],
)
def test_w_s_in_words(route: str, said: str) -> None:
    assert in_words(route) == said


def test_a_strided_projection_in_words() -> None:
    (shortcut,) = audited(
        "x -> Conv.1{out=16,stride=2} -> Relu -> Conv.2{in=16} -> Add",
        "x -> Conv.p{k=1,out=16,stride=2} -> BatchNormalization{in=16} -> Add",
    ).shortcuts
    assert shortcut.weights_in_words == "conv 1x1/2, 8 -> 16, no bias + BN"


def test_a_bias_and_a_scale_of_their_own() -> None:
    assert (
        in_words("x -> Mul.s -> Add.b -> Add", "#s -> Mul.s", "#b -> Add.b")
        == "a learned diagonal (scale 8x1x1 + bias)"
    )


def test_a_gate_is_told_from_the_route() -> None:
    gated = "x -> Conv.g{k=1,bias=1} -> Sigmoid -> Mul -> Add", "x -> Mul"
    assert in_words(*gated) == "gate: conv 1x1, 8 -> 8, bias"


def test_so_is_what_stands_beside_it() -> None:
    pieces = "x -> Split -> Concat -> Add", "Split:1 -> Conv.half{in=4,k=1} -> Concat"
    assert in_words(*pieces).endswith("; beside: conv 1x1, 4 -> 4, no bias")


def test_of_many_gates_the_first_are_said_and_of_a_long_route_the_ends() -> None:
    """Of 70 gates 64, of 70 scales 32 at each end: 6 are left out. What is multiplied says nothing of itself."""
    products = " -> ".join(f"Mul.{n}" for n in range(70))
    gates = (f"x -> Conv.g{n}{{k=1}} -> Sigmoid.{n} -> Mul.{n}" for n in range(70))
    assert (
        in_words(f"x -> {products} -> Add", *gates)
        == f"gate: {' + '.join(['conv 1x1, 8 -> 8, no bias'] * 64)} + 6 more"
    )
    scaled = in_words(f"x -> {products} -> Add", *(f"#s{n} -> Mul.{n}" for n in range(70)))
    ends = " + ".join(["scale 8x1x1"] * 32)
    assert scaled == f"a learned diagonal ({ends} + 6 more + {ends})"


def test_a_linear_map_in_words() -> None:
    drawn = "x -> MatMul.1 -> Relu -> MatMul.2 -> Add", "x -> Gemm.p -> Add"
    assert audited(*drawn, shape=(1, 8)).shortcuts[0].weights_in_words == "linear 8 -> 8, bias"


def test_a_bias_that_stands_for_a_folded_normalisation_says_so() -> None:
    drawn = draft(BRANCH, "x -> Conv.p{k=1,bias=1} -> Add")
    nodes = tuple(replace(node, absorbs_norm=node.name == "Conv.p") for node in drawn.nodes)
    (shortcut,) = audit_draft(replace(drawn, nodes=nodes)).shortcuts
    assert shortcut.weights_in_words == "conv 1x1, 8 -> 8, bias (folded norm)"

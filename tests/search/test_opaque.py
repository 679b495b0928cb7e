"""On which verdicts does it depend what an op does that is not understood?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.model import Shape, TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.search.opaque import at_least
from tests.sketch import audited, listing, stored

BODY = "x -> Conv.1 -> Relu -> Conv.2 -> Add"


@pytest.mark.parametrize(
    "lines",
    [
        (BODY, "x -> Mystery -> Add"),  # a copy: an identity; a nonlinear layer: parallel branches
        (BODY, "x -> Conv.p{k=1} -> Mystery -> Add"),
        (BODY, "x -> Mystery -> Conv.p{k=1} -> Add"),
        (BODY, "x -> Add", "x -> Mystery -> Add"),  # F(x) + x, or F(x) + 2 x
        ("x -> Conv.p{k=1} -> Add", "x -> Mystery -> Add"),  # a projection beside a layer, or x + W x
        (BODY, "x -> Cast.1 -> Mystery -> Mystery.2 -> Cast.2 -> Add"),
        (BODY, "x -> Mystery -> Mul -> Add", "x -> Mul"),
        # concat(x, opaque(W x)): W belongs to the shortcut if a copy reads it, to another layer if a ReLU does
        (
            "x -> Conv.1 -> Relu -> Conv.2{out=16} -> Add",
            "x -> Conv.v -> Mystery -> Concat{axis=1} -> Add",
            "x -> Concat",
        ),
    ],
)
def test_a_verdict_that_depends_on_it_is_not_understood(lines: tuple[str, ...]) -> None:
    report = audited(*lines)
    assert [other.reason for other in report.other_adds] == ["not understood"]
    assert report.shortcuts == ()
    summary = report.summary
    assert (summary.unknown, summary.extra_parameters, summary.extra_macs, summary.held_bytes) == (1, None, None, None)
    assert summary.what_if.B.parameters is None


@pytest.mark.parametrize(
    ("lines", "kinds"),
    [
        ((f"{BODY}", "x -> Add -> Mystery"), ["identity"]),  # behind the merge
        (("i -> Mystery -> Conv.1 -> Relu -> Conv.2 -> Add", "Mystery -> Add"), ["identity"]),  # before the fork
        (("x -> Conv.v -> Mystery -> Conv.w -> Add", "x -> Add"), ["identity"]),  # x + W opaque(V x)
        (("x -> Conv.v -> Mystery -> Relu -> Conv.w -> Add", "x -> Conv.p{k=1} -> Add"), ["projection"]),
        (("x -> Mystery -> Add", "x -> Add"), ["identity"]),  # x + F(x), whatever F is
        (("x -> Conv.v -> Mystery.a:1 -> Conv.w -> Add", "x -> Add"), ["identity"]),
    ],
)
def test_what_comes_out_the_same_whatever_it_does_stands(lines: tuple[str, ...], kinds: list[str]) -> None:
    report = audited(*lines)
    assert [shortcut.kind for shortcut in report.shortcuts] == kinds
    assert report.summary.unknown == 0
    assert report.summary.extra_parameters is not None


def test_an_op_that_reads_a_matrix_works_whatever_else_it_does() -> None:
    """Attention in one kernel: x + opaque(x, W)."""
    line = "f = mine::Attention(x, w)", "y = Add(f, x)"
    report = audit_draft(listing(*line, x=(1, 4, 8), w=stored(8, 8, learned=True)))
    assert [shortcut.kind for shortcut in report.shortcuts] == ["identity"]


def test_attention_in_a_kernel_beside_an_mlp_is_no_second_shortcut() -> None:
    """Parallel blocks: x + W opaque(Q x, K x, V x) + F(x). A kernel of several values is a product at the least."""
    heads = [f"x -> Conv.{name}{{k=1}} -> Mystery" for name in ("q", "k", "v")]
    report = audited(*heads, "Mystery -> Conv.o{k=1} -> Add -> Add.2", "x -> Add", BODY.replace("Add", "Add.2"))
    assert [shortcut.kind for shortcut in report.shortcuts] == ["identity"]


def test_the_detail_names_the_op_and_its_node() -> None:
    lines = "f = Conv(x, w) pads=1,1,1,1", "r = Relu(f)", "q = mine::Quant(x)", "y = Add(r, q)"
    (other,) = audit_draft(listing(*lines, x=(1, 8, 4, 4), w=stored(8, 8, 3, 3))).other_adds
    assert (other.reason, other.detail) == ("not understood", "mine::Quant at q")


def test_an_addition_without_such_an_op_keeps_its_reason() -> None:
    report = audited("x -> Conv.1 -> Relu -> Add", "x -> Conv.2 -> Relu.2 -> Add", "Add -> Mystery")
    assert [other.reason for other in report.other_adds] == ["parallel branches"]


@pytest.mark.parametrize(
    ("read", "made", "least"),
    [((1, 8), (1, 8), "copy"), ((1, 8), (1, 4), "selection"), (None, (1, 4), "copy"), ((1, 8), None, "copy")],
)
def test_what_nobody_understands_selects_where_it_changes_a_shape_that_is_known(
    read: Shape, made: Shape, least: str
) -> None:
    drawn = listing("y = Mystery(x)", x=TensorType(read, "float32"))
    graph = assemble(replace(drawn, recorded={"y": TensorType(made, "float32")}))
    assert [op.kind for op in at_least(graph).ops] == [f"declared::{least}"]


RELU_OF_BOTH = "c = Relu(a)", "d = Relu(b)", "y = Add(c, d)"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (("a, b = Mystery(x)", "y = Add(a, b)"), "not understood"),  # x + F(x)
        (("a, b = Mystery(x)", "c = Relu(b)", "y = Add(a, c)"), "not understood"),
        (("a, b = Mystery(x)", "c = Relu(a)", "y = Add(c, b)"), "not understood"),
        (("z, a, b = Mystery(x)", "y = Add(a, b)"), "not understood"),
        (("a = Mystery(x)", "b = Enigma(x)", "y = Add(a, b)"), "not understood"),
        (("a = Mystery(x, w)", "b = Enigma(x, v)", "y = Add(a, b)"), "not understood"),  # W x + F(x)
        (("a, b, c = Mystery(x)", "r = Relu(a)", "s = Relu(c)", "y = Sum(r, b, s)"), "not understood"),
        (("a, b = Mystery(x)", "m = Mul(a, b)", "y = Add(a, m)"), "not understood"),  # x + x F(x)
        (("a = Mystery(x)", "n = Relu(x)", "y = Add(a, n)"), "parallel branches"),  # x + relu(x) at the most
        (("a, b = Mystery(x)", *RELU_OF_BOTH), "parallel branches"),  # no shortcut passes a nonlinearity
    ],
)
def test_of_two_that_are_added_one_may_do_little_and_one_much(body: tuple[str, ...], reason: str) -> None:
    weights = {"w": stored(4, 4, learned=True), "v": stored(4, 4, learned=True)}
    found = audit_draft(listing(*body, x=(1, 8, 4, 4), outputs=("y",), **weights))  # type: ignore[arg-type]
    assert ([other.reason for other in found.other_adds], found.summary.unknown) == (
        [reason], int(reason == "not understood")
    )  # fmt: skip
    assert found.shortcuts == ()


def test_what_two_make_is_told_apart_behind_a_joint_of_known_sizes() -> None:
    lines = "a, b = Mystery(x)", "c = Concat(a, b) axis=1", "d, e = Split(c) axis=1", "y = Add(d, e)"
    made = TensorType((1, 8, 4, 4), "float32")
    drawn = listing(*lines, x=(1, 8, 4, 4), outputs=("y",))
    (other,) = audit_draft(replace(drawn, recorded={"a": made, "b": made})).other_adds
    assert (other.reason, other.detail) == ("not understood", "Mystery at a")


def test_each_sum_of_a_round_of_values_is_asked_both_ways() -> None:
    """Three values, each two of them added, one relu'd: no two sides hold the light and the heavy of all sums."""
    drawn = "a, b, c = Mystery(x)", "r = Relu(a)", "s = Relu(b)", "t = Relu(c)"
    sums = "i = Add(r, b)", "j = Add(s, c)", "k = Add(t, a)"
    found = audit_draft(listing(*drawn, *sums, x=(1, 8, 4, 4), outputs=("i", "j", "k")))
    assert [other.reason for other in found.other_adds] == ["not understood"] * 3


LOOP = ("a = Conv(x, w) pads=1,1,1,1", "r = Relu(a)", "f = Conv(r, v) pads=1,1,1,1", "s = LoopState(x)")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (("m = MatMul(s, p)", "l = Loop(m, x)", "y = Add(f, l)"), "not understood"),  # W^n x: no step is an identity
        (("m = MatMul(s, p)", "l = Loop(m)", "y = Add(f, l)"), "not understood"),  # what each step made, stacked
        (("m = MatMul(s, p)", "t = Tanh(m)", "l = Loop(t)", "y = Add(f, l)"), "parallel branches"),
    ],
)
def test_a_loop_of_which_nobody_knows_how_often_it_runs_may_be_anything(body: tuple[str, ...], reason: str) -> None:
    weights = {"w": stored(8, 8, 3, 3), "v": stored(8, 8, 3, 3), "p": stored(4, 4)}
    found = audit_draft(listing(*LOOP, *body, x=(1, 8, 4, 4), outputs=("y",), **weights))  # type: ignore[arg-type]
    assert [(other.reason, other.detail) for other in found.other_adds if other.reason == reason] == [
        (reason, "Loop at l" if reason == "not understood" else found.other_adds[0].detail)
    ]
    assert found.shortcuts == ()


def test_beside_a_clear_shortcut_a_loop_is_a_branch() -> None:
    """x + tanh steps of x: a recurrent layer with a residual around it."""
    lines = (
        "s = LoopState(x)",
        "m = MatMul(s, p)",
        "t = Tanh(m)",
        "l = Loop(t, x)",
        "o = MatMul(l, q)",
        "y = Add(o, x)",
    )
    found = audit_draft(listing(*lines, x=(1, 8, 4, 4), outputs=("y",), p=stored(4, 4), q=stored(4, 4)))
    assert [shortcut.kind for shortcut in found.shortcuts] == ["identity"]


def test_a_mean_of_two_values_that_nobody_understands_is_not_understood_either() -> None:
    """As their sum is: one may be x, and the other F(x)."""
    made = audit_draft(listing("a = com.x::M(x)", "b = com.x::N(x)", "y = Mean(a, b)", x=(2, 8)))
    assert [(add.reason, add.detail) for add in made.other_adds] == [("not understood", "com.x::M at a")]
    assert made.summary.unknown == 1


@pytest.mark.parametrize(
    ("line", "least"),
    [
        ("y = Mystery(x)", "copy"), ("y = Mystery(x, w)", "linear"), ("y = Mystery(x, w, v)", "linear"),
        ("y = Mystery(x, v)", "normalisation"), ("y = Mystery(x, s)", "copy"), ("y = Mystery(x, z)", "gate"),
        ("y = Mystery(x, z, v)", "gate"), ("y = Mystery(x, z, w)", "linear"), ("y = Mystery(x, x)", "copy"),
        ("y = Mystery(x, fixed)", "copy"),  # nothing learned
        ("a, y = Mystery(x)", "copy"), ("_, y = Mystery(x)", "copy"),
    ],
)  # fmt: skip
def test_the_least_that_an_op_could_do(line: str, least: str) -> None:
    known = {"z": (1, 8), "w": stored(8, 8), "v": stored(8), "s": stored(),
             "fixed": stored(8, 8, learned=False)}  # fmt: skip
    read = line.partition("(")[2].partition(")")[0].split(", ")
    graph = assemble(listing(line, x=(1, 8), **{name: given for name, given in known.items() if name in read}))  # type: ignore[arg-type]
    assert [op.kind for op in at_least(graph).ops] == [f"declared::{least}"]


@pytest.mark.parametrize(
    ("x", "y", "least"),
    [((1, 8), (1, 8), "copy"), ((1, 8), (1, 4), "selection"), ((1, 8), None, "copy"), (None, (1, 4), "copy"),
     ((1, 8), (8,), "selection")],
)  # fmt: skip
def test_what_changes_a_shape_selects_at_least(x: Shape, y: Shape, least: str) -> None:
    draft = listing("y = Mystery(x)", x=TensorType(x, "float32"))
    graph = assemble(replace(draft, recorded={"y": TensorType(y, "float32")}))
    assert [op.kind for op in at_least(graph).ops] == [f"declared::{least}"]


def test_what_makes_some_values_that_are_worked_for_is_two_ops() -> None:
    graph = assemble(listing("a, b = Mystery(x)", "c = Relu(a)", "d = Relu(b)", x=(1, 8)))
    kinds = [(op.kind, op.outputs) for op in at_least(graph, frozenset("b")).ops]
    assert kinds[:2] == [("declared::copy", ("a", None)), ("Mystery", (None, "b"))]
    assert [op.kind for op in at_least(graph, frozenset("ab")).ops] == ["Mystery", "Relu", "Relu"]
    assert [op.kind for op in at_least(graph, frozenset("c")).ops] == ["declared::copy", "Relu", "Relu"]
    assert at_least(graph, frozenset("b")).values["b"].op is not None
    assert at_least(graph, frozenset("b")).values["b"].op.kind == "Mystery"  # type: ignore[union-attr]
    assert at_least(graph, frozenset("b")).values["a"].op.kind == "declared::copy"  # type: ignore[union-attr]

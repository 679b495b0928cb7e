from __future__ import annotations

import pytest

from shortcut_audit.errors import UnreadableModel
from tests.loaders.aten.programs import body, drawing, drawn, translated

RESIDUAL = body("""
    a: 2x4
    w: 4x4
    f = aten.linear.default(input=a, weight=w) -> 2x4
    s = aten.add.Tensor(self=a, other=f) -> 2x4
    return s
""")


def test_what_merely_sets_a_mode_vanishes() -> None:
    """no_grad, autocast: the body's nodes stand where the op stood, under names of their own."""
    assert drawn(
        """
        x: 2x4
        w: parameter 4x4
        f = aten.relu.default(self=x) -> 2x4
        y = higher_order.wrap_with_set_grad_enabled(False, residual, f, w) -> 2x4
        return y
        """,
        residual=RESIDUAL,
    ) == ["f = Relu(x)", "f~1 = Linear(f, w)", "s = Add(f, f~1)"]


def test_what_a_body_writes_in_place_is_seen_outside() -> None:
    inplace = body("""
        a: 4
        r = aten.relu_.default(self=a) -> 4
        return r
    """)
    assert drawn(
        """
        x: 4
        y = aten.mul.Tensor(self=x, other=2) -> 4
        r = higher_order.wrap_with_autocast("cpu", "bfloat16", True, None, inplace, y) -> 4
        z = aten.neg.default(self=y) -> 4
        return z
        """,
        inplace=inplace,
    ) == ["y = Mul(x, 2)", "r = Relu(y)", "z = Neg(r)"]


def test_a_branch_is_chosen() -> None:
    negate = body("""
        a: 2x4
        w: 4x4
        n = aten.neg.default(self=a) -> 2x4
        return n
    """)
    assert drawn(
        """
        x: 2x4
        p: scalar:bool
        w: parameter 4x4
        y = higher_order.cond(p, residual, negate, [x, w]) -> 2x4
        return y
        """,
        residual=RESIDUAL,
        negate=negate,
    ) == ["f = Linear(x, w)", "s = Add(x, f)", "n = Neg(x)", "y = If(p, s, n)"]


def test_a_loop_carries_its_state() -> None:
    test = body("""
        i: scalar:int64
        a: 2x4
        w: 4x4
        c = aten.lt.Scalar(self=i, other=3) -> scalar:bool
        return c
    """)
    step = body("""
        i: scalar:int64
        a: 2x4
        w: 4x4
        j = aten.add.Tensor(self=i, other=1) -> scalar:int64
        f = aten.linear.default(input=a, weight=w) -> 2x4
        s = aten.add.Tensor(self=a, other=f) -> 2x4
        return j, s
    """)
    assert drawn(
        """
        x: 2x4
        n: scalar:int64
        w: parameter 4x4
        i, y = higher_order.while_loop(test, step, [n, x], [w]) -> scalar:int64, 2x4
        return y
        """,
        test=test,
        step=step,
    ) == [
        "i.state = LoopState(n)",
        "i.state~1 = LoopState(x)",
        "c = Less(i.state, 3)",
        "j = Add(i.state, 1)",
        "f = Linear(i.state~1, w)",
        "s = Add(i.state~1, f)",
        "i = Loop(j, n)",
        "y = Loop(s, x)",
    ]


SCANNED = body("""
    h: 4
    t: 4
    n = aten.add.Tensor(self=h, other=t) -> 4
    o = aten.tanh.default(self=n) -> 4
    return n, o
""")


def test_a_scan_reads_slices_and_stacks_results() -> None:
    draft = translated(
        """
        x: 5x4
        h: 4
        last, all = higher_order.scan(step, [h], [x], []) -> 4, 5x4
        return all
        """,
        step=SCANNED,
    )
    assert drawing(draft) == [
        "last.state = LoopState(h)",
        "last.slice = LoopSlice(x)",
        "n = Add(last.state, last.slice)",
        "o = Tanh(n)",
        "last = Loop(n, h)",
        "all = Loop(o)",
    ]
    assert draft.beside == (("last.state", "n"),)
    assert [dict(node.attributes) for node in draft.nodes if "Loop" in node.kind] == [
        {},
        {"axis": 0},
        {},
        {"stacked": 0},
    ]
    assert draft.recorded["last.slice"].shape == (4,)


def test_a_map_runs_its_body_on_every_slice() -> None:
    double = body("""
        t: 4
        k: 4
        m = aten.mul.Tensor(self=t, other=k) -> 4
        return m
    """)
    assert drawn(
        "x: 5x4\nk: parameter 4\ny = higher_order.map_impl(double, [x], [k]) -> 5x4\nreturn y", double=double
    ) == ["y.slice = LoopSlice(x)", "m = Mul(y.slice, k)", "y = Loop(m)"]


def test_an_associative_scan_combines_two_slices() -> None:
    combine = body("""
        a: 4
        b: 4
        c = aten.add.Tensor(self=a, other=b) -> 4
        return c
    """)
    assert drawn("x: 5x4\ny = higher_order.associative_scan(f, [x], []) -> 5x4\nreturn y", f=combine) == [
        "y.slice = LoopSlice(x)",
        "y.slice~1 = LoopSlice(x)",
        "c = Add(y.slice, y.slice~1)",
        "y = Loop(c)",
    ]


def test_flexible_attention_is_attention() -> None:
    score = body("s: scalar\nreturn s")
    text = "q: 1x2x5x4\ny, l = higher_order.flex_attention(q, q, q, score, [], 0.5) -> 1x2x5x4, 1x2x5\nreturn y"
    assert drawn(text, score=score) == ["y = Attention(q, q, q)"]


@pytest.mark.parametrize(
    "call",
    ["triton_kernel_wrapper_functional(x, 3)", "cond(x)", "wrap(x)", "while_loop(x, x)"],
)
def test_an_op_that_is_not_known_or_called_otherwise_stays_opaque(call: str) -> None:
    name = call.partition("(")[0]
    assert drawn(f"x: 4\ny = higher_order.{call} -> 4\nreturn y")[0].startswith(f"y = higher_order::{name}(x")


def test_bodies_nest_only_so_deep() -> None:
    inner = body("a: 4\nreturn a")
    for _ in range(100):
        inner = body("a: 4\nb = higher_order.wrap(inner, a) -> 4\nreturn b", inner=inner)
    with pytest.raises(UnreadableModel, match="nested more than 40 deep"):
        translated("x: 4\ny = higher_order.wrap(inner, x) -> 4\nreturn y", inner=inner)

"""Which branches without weights are formulas, and which recurrences hold a shortcut?"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import ModelGraph, Op
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from shortcut_audit.search.formulas import _is_outer, _product
from tests.sketch import kinds, listing, reasons, stored

TOKENS = (1, 8, 8)


def test_a_matrix_multiplied_with_itself_is_a_formula() -> None:
    """A Neumann series: p + p a, with a and p made of one value."""
    drawn = ("x -> MatMul.w -> Neg -> Add", "MatMul.w -> MatMul.p -> Add", "Neg -> MatMul.p")
    assert reasons(*drawn, shape=TOKENS) == ["elementwise expression"]


def test_a_row_plus_its_product_with_the_rows_above_is_a_formula() -> None:
    """Forward substitution, as a gated delta rule is written: row + sum(row * rows above)."""
    report = audit_draft(
        listing(
            "a = MatMul(x, w)",
            "row = Slice(a, one, two, axis)",
            "above = Slice(a, zero, one, axis)",
            "product = Mul(row, above)",
            "sum = ReduceSum(product, axis) keepdims=1",
            "y = Add(row, sum)",
            x=(1, 8, 8),
            w=stored(8, 8),
            zero=stored(1, dtype="int64", data=(0,)),
            one=stored(1, dtype="int64", data=(1,)),
            two=stored(1, dtype="int64", data=(2,)),
            axis=stored(1, dtype="int64", data=(1,)),
        )
    )
    assert [other.reason for other in report.other_adds] == ["elementwise expression"]


def test_a_state_that_decays_and_is_corrected_without_weights_is_a_formula() -> None:
    """The delta rule: S g + k (v - k S)."""
    drawn = (
        "s -> MatMul.s -> Mul.s -> Add.s",
        "x -> MatMul.g -> Sigmoid -> Mul.s",
        "x -> MatMul.k -> Relu.k -> MatMul.kS",
        "MatMul.s -> MatMul.kS",
        "x -> MatMul.v -> Relu.v -> Sub",
        "MatMul.kS -> Sub",
        "Relu.k -> MatMul.new -> Add.s",
        "Sub -> MatMul.new",
    )
    assert kinds(*drawn, shape=TOKENS) == []


@pytest.mark.parametrize("joined", ["s = Identity(c)", "s = Concat(zeros, c) axis=1"])
def test_a_state_that_is_stored_to_begin_with_makes_no_layer_of_a_scan(joined: str) -> None:
    """Mamba 2 by chunks: an exporter stores the zeros that the first chunk begins with, and nothing is applied."""
    report = audit_draft(
        listing(
            "v = MatMul(x, w)",
            "k = MatMul(x, w)",
            "t = Sigmoid(k)",
            "now = Mul(t, v)",
            "kT = Transpose(t) perm=0,2,1",
            "c = MatMul(kT, v)",
            joined,
            "q = MatMul(x, w9)" if "zeros" in joined else "q = MatMul(x, w)",
            "p = Relu(q)",
            "before = MatMul(p, s)",
            "y = Add(now, before)",
            x=(1, 8, 8),
            w=stored(8, 8),
            **({"zeros": stored(1, 1, 8), "w9": stored(8, 9)} if "zeros" in joined else {}),
        )
    )
    assert [other.reason for other in report.other_adds] == ["elementwise expression"]


DELTA = (
    "k = MatMul(x, wk)", "v = MatMul(x, wv)",
    "k0 = Gather(k, i0) axis=1", "v0 = Gather(v, i0) axis=1", "k0c = Unsqueeze(k0, last)", "v0r = Unsqueeze(v0, mid)",
    "s1 = Mul(k0c, v0r)",
    "k1 = Gather(k, i1) axis=1", "v1 = Gather(v, i1) axis=1", "k1c = Unsqueeze(k1, last)",
    "read = Mul(s1, k1c)", "kv = ReduceSum(read, mid) keepdims=0", "d = Sub(v1, kv)", "dr = Unsqueeze(d, mid)",
    "new = Mul(k1c, dr)", "s2 = Add(s1, new)",
)  # fmt: skip
"""Two steps of the delta rule, S + k (v - k S), as transformers writes them: sums over products."""


def delta(*lines: str, **tensors: Tensor) -> ModelReport:
    axes = {"last": stored(1, dtype="int64", data=(2,)), "mid": stored(1, dtype="int64", data=(1,))}
    indices = {f"i{t}": stored(dtype="int64", data=(t,)) for t in range(2)}
    return audit_draft(listing(*lines, x=TOKENS, wk=stored(8, 8), wv=stored(8, 8), **axes, **indices, **tensors))


def test_what_is_read_along_a_key_and_laid_out_along_it_again_is_a_formula() -> None:
    """Neither is v - k S a projection of x: the terms of a formula are none of anything before it."""
    report = delta(*DELTA)
    assert [(other.name, other.reason) for other in report.other_adds] == [
        ("d", "elementwise expression"),
        ("s2", "elementwise expression"),
    ]


def test_a_learned_map_on_the_way_makes_it_a_branch() -> None:
    lines = [line.replace("(v1, kv)", "(v1, kw)") for line in DELTA]
    report = delta(*lines[:12], "kw = MatMul(kv, w)", *lines[12:], w=stored(8, 8))
    assert [s.merge.name for s in report.shortcuts if s.kind == "identity"] == ["s2"]


def test_mixing_by_a_given_matrix_a_pool_or_a_transform_makes_a_branch() -> None:
    assert kinds("a -> MatMul -> Add", "x -> MatMul", "x -> Add", shape=TOKENS) == ["identity"]
    assert kinds("x -> AveragePool{k=1,stride=1} -> Add", "x -> Add") == ["identity"]


def test_attention_without_weights_makes_a_branch() -> None:
    drawn = ("x -> MatMul.l -> Softmax -> MatMul.a -> Add", "x -> Transpose -> MatMul.l", "x -> MatMul.a", "x -> Add")
    assert kinds(*drawn, shape=TOKENS) == ["identity"]


# --- recurrences -----------------------------------------------------------------------------------------------------


def cells(steps: int, *, one_map: bool) -> tuple[str, ...]:
    """An LSTM written out, its gates cut from W x[t] + U h; with `one_map` W x is made for all steps at once."""
    lines = [f"c{0} = Identity(c)", "h0 = Identity(h)", *(["wx = MatMul(x, w)"] if one_map else [])]
    for t in range(steps):
        source = "wx" if one_map else "x"
        lines += [f"x{t} = Gather({source}, i{t}) axis=1"]
        lines += [] if one_map else [f"w{t} = MatMul(x{t}, w)"]
        lines += [
            f"u{t} = MatMul(h{t}, u)",
            f"z{t} = Add({'x' if one_map else 'w'}{t}, u{t})",
            f"f{t}, i{t}_, g{t}, o{t} = Split(z{t}, q) axis=1",
            *(f"{gate}{t}s = Sigmoid({gate}{t})" for gate in "fo"),
            f"i{t}s = Sigmoid(i{t}_)",
            f"g{t}s = Tanh(g{t})",
            f"fc{t} = Mul(f{t}s, c{t})",
            f"ig{t} = Mul(i{t}s, g{t}s)",
            f"c{t + 1} = Add(fc{t}, ig{t})",
            f"t{t} = Tanh(c{t + 1})",
            f"h{t + 1} = Mul(o{t}s, t{t})",
        ]
    return tuple(lines)


def lstm(steps: int, *, one_map: bool) -> tuple[list[str], list[str]]:
    tensors = {f"i{t}": stored(dtype="int64", data=(t,)) for t in range(steps)}
    report = audit_draft(
        listing(
            *cells(steps, one_map=one_map),
            x=(1, steps, 8),
            h=(1, 8),
            c=(1, 8),
            w=stored(8, 32),
            u=stored(8, 32),
            q=stored(4, dtype="int64", data=(8, 8, 8, 8)),
            **tensors,
        )
    )
    return [s.kind for s in report.shortcuts], [s.merge.name for s in report.shortcuts]


def test_the_state_of_a_recurrent_cell_is_gated_and_its_pre_activations_are_no_shortcuts() -> None:
    """From the second step on h is computed from c. x[1] and x[2] are no pieces that h was made of."""
    for one_map in (False, True):
        assert lstm(3, one_map=one_map) == (["gated", "gated"], ["c2", "c3"])


def test_a_slice_beside_a_layer_of_the_slice_before_stays_a_shortcut() -> None:
    """Res2Net: no activation follows at once."""
    drawn = (
        "x -> Split -> Conv.1{in=8} -> Add -> Conv.2",
        "Split:1 -> Add",
        "x -> Split",
    )
    assert kinds(*drawn) == ["parameter-free"]


def test_what_is_not_understood_is_no_formula() -> None:
    assert kinds("x -> Mystery -> Add", "x -> Add") == ["identity"]


# --- what multiplies, and what adds up -------------------------------------------------------------------------------

TWO = {"a": (1, 4, 8), "b": (1, 4, 8)}


def last(*lines: str, **more: object) -> tuple[ModelGraph, Op]:
    """A graph over two values a and b, and the op of its last line."""
    read = {word for line in lines for word in line.partition("(")[2].partition(")")[0].split(", ")}
    given = {**TWO, "column": (1, 4, 1), "square": (1, 8, 8), "row": (1, 1, 8), "w": stored(8, 8), "v": stored(8),
             **more}  # fmt: skip
    graph = assemble(listing(*lines, **{name: what for name, what in given.items() if name in read}))  # type: ignore[arg-type]
    return graph, graph.ops[-1]


@pytest.mark.parametrize(
    ("lines", "outer"),
    [
        (("y = Mul(a, b)",), True), (("y = Div(a, b)",), True), (("y = Mul(a, v)",), False), (("y = Mul(a, a)",), True),
        (("y = Add(a, b)",), False), (("y = Neg(a)",), False), (("y = Relu(a)",), False),
        (("y = Einsum(a, b) equation=btc,btd->btcd",), True), (("y = Einsum(a, b) equation=btc,btc->btc",), True),
        (("y = Einsum(a, b) equation=btc,bsc->bts",), False), (("y = Einsum(a, b) equation=btc,btd->bcd",), False),
        (("y = Einsum(a, w) equation=btc,cd->btd",), False),
        (("y = MatMul(column, row)",), True),  # a column times a row
        (("y = MatMul(a, square)",), False), (("y = MatMul(a, w)",), False),
        (("t = Transpose(b) perm=0,2,1", "y = MatMul(a, t)"), False),
    ],
)  # fmt: skip
def test_what_multiplies_each_by_each(lines: tuple[str, ...], outer: bool) -> None:
    assert _is_outer(*last(*lines)) is outer


@pytest.mark.parametrize(
    ("lines", "product"),
    [
        (("y = MatMul(a, square)",), "y"), (("y = MatMul(a, w)",), None), (("y = MatMul(a, a2)",), "y"),
        (("y = Einsum(a, b) equation=btc,bsc->bts",), "y"), (("y = Conv(image, k)",), None),
        (("p = Mul(a, b)", "y = ReduceSum(p) axes=-1,"), "p"),
        (("p = Mul(a, b)", "t = Transpose(p) perm=0,2,1", "y = ReduceSum(t) axes=-1,"), "p"),
        (("p = Mul(a, b)", "y = ReduceMean(p) axes=-1,"), None),  # an average
        (("p = Mul(a, b)", "y = ReduceMax(p) axes=-1,"), None),
        (("p = Mul(a, v)", "y = ReduceSum(p) axes=-1,"), None),  # of one value
        (("p = Add(a, b)", "y = ReduceSum(p) axes=-1,"), None), (("y = ReduceSum(a) axes=-1,",), None),
        (("p = Mul(a, b)", "r = Relu(p)", "y = ReduceSum(r) axes=-1,"), None),
        (("y = Relu(a)",), None), (("y = Mul(a, b)",), None),
    ],
)  # fmt: skip
def test_what_an_op_adds_up_is_a_product(lines: tuple[str, ...], product: str | None) -> None:
    more = {"a2": (1, 8, 4), "image": (1, 8, 4, 4), "k": stored(8, 8, 1, 1)}
    found = _product(*last(*lines, **more))
    assert (found and found.outputs[0]) == product

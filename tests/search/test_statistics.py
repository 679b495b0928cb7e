"""Is a value a statistic of another one, or that one normalised? In any grouping, at known and unknown shape."""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from shortcut_audit.search.statistics import Expression, Part, expressions, is_normalisation
from tests.sketch import listing, stored

MOMENTS = (
    "m = ReduceMean(v) axes=-1, keepdims=1", "d = Sub(v, m)", "dd = Mul(d, d)",
    "w = ReduceMean(dd) axes=-1, keepdims=1",
    "we = Add(w, eps)", "s = Sqrt(we)",
)  # fmt: skip
"""Mean m and standard deviation s of v along its last axis."""

NORMALISATIONS = {
    "layer norm": (*MOMENTS, "q = Div(d, s)", "qg = Mul(q, gamma)", "n = Add(qg, beta)"),
    "layer norm by TensorFlow": (
        *MOMENTS, "r = Reciprocal(s)", "k = Mul(r, gamma)", "vk = Mul(v, k)", "mk = Mul(m, k)", "b = Sub(beta, mk)",
        "n = Add(vk, b)",
    ),
    "layer norm by TensorFlow, negated": (
        *MOMENTS, "r = Reciprocal(s)", "k = Mul(r, gamma)", "vk = Mul(v, k)", "nm = Neg(m)", "mk = Mul(nm, k)",
        "b = Add(mk, beta)", "n = Add(b, vk)",
    ),
    "layer norm by squares": (
        "m = ReduceMean(v) axes=-1, keepdims=1", "vv = Mul(v, v)", "e = ReduceMean(vv) axes=-1, keepdims=1",
        "mm = Mul(m, m)", "w = Sub(e, mm)", "we = Add(w, eps)", "s = Sqrt(we)", "r = Reciprocal(s)", "p = Mul(v, r)",
        "mr = Mul(m, r)", "d = Sub(p, mr)", "qg = Mul(d, gamma)", "n = Add(qg, beta)",
    ),
    "centred": ("m = ReduceMean(v) axes=-1, keepdims=1", "n = Sub(v, m)"),
    "RMS": (
        "vv = Mul(v, v)", "e = ReduceMean(vv) axes=-1, keepdims=1", "ee = Add(e, eps)", "s = Sqrt(ee)", "q = Div(v, s)",
        "qg = Mul(q, gamma)", "n = Add(qg, beta)",
    ),
    "RMS with a doubled scale": (
        "vv = Mul(v, v)", "e = ReduceMean(vv) axes=-1, keepdims=1", "ee = Add(e, eps)", "s = Sqrt(ee)", "q = Div(v, s)",
        "qg = Mul(q, gamma)", "n = Add(qg, q)",
    ),
    "GRN": (
        "g = ReduceL2(v) axes=1, keepdims=1", "a = ReduceMean(g) axes=-1, keepdims=1", "ae = Add(a, eps)",
        "k = Div(g, ae)", "vk = Mul(v, k)", "vg = Mul(vk, gamma)", "vb = Add(vg, beta)", "n = Add(vb, v)",
    ),
    "log softmax": ("m = ReduceMax(v) axes=-1, keepdims=1", "d = Sub(v, m)", "e = Exp(d)",
                    "z = ReduceSum(e, last) keepdims=1", "l = Log(z)", "n = Sub(d, l)"),
    "log-sum-exp": ("m = ReduceMax(v) axes=-1, keepdims=1", "d = Sub(v, m)", "e = Exp(d)",
                    "z = ReduceSum(e, last) keepdims=1", "l = Log(z)", "t = Add(m, l)", "n = Sub(v, t)"),
    "softmax": ("m = ReduceMax(v) axes=-1, keepdims=1", "d = Sub(v, m)", "e = Exp(d)",
                "z = ReduceSum(e, last) keepdims=1", "n = Div(e, z)"),
}  # fmt: skip

NUMBERS = {
    "gamma": stored(8), "beta": stored(8), "eps": stored(data=(1e-6,), literal=True),
    "k1": stored(8, 8), "k2": stored(8, 8),
    "last": stored(1, dtype="int64", data=(-1,), literal=True),
}  # fmt: skip


def audited(shape: tuple[int | str | None, ...] | None, *lines: str) -> ModelReport:
    """v = W x, what the lines make of it, n, and a residual around a layer behind that: y = v + W n."""
    behind = ("f = MatMul(n, k2)", "y = Add(v, f)")
    read = " ".join((*lines, *behind))
    used = {name: tensor for name, tensor in NUMBERS.items() if name in read or name == "k1"}
    x: dict[str, Tensor | TensorType] = {"x": TensorType(shape, "float32")}
    return audit_draft(listing("v = MatMul(x, k1)", *lines, *behind, **used, **x))


@pytest.mark.parametrize("shape", [(1, 16, 8), ("batch", "tokens", 8), (None, None, 8), None, (1, 1, 8)], ids=str)
@pytest.mark.parametrize("name", NORMALISATIONS)
def test_a_normalisation_written_out_merges_nothing(name: str, shape: tuple[int | str | None, ...] | None) -> None:
    report = audited(shape, *NORMALISATIONS[name])
    assert [(s.merge.name, s.kind) for s in report.shortcuts] == [("y", "identity")]
    reasons = {"normalisation", "constant operand", "broadcast"}
    assert {other.reason for other in report.other_adds} <= reasons


def test_the_sum_in_which_a_value_meets_its_statistic_says_so() -> None:
    report = audited((1, 16, 8), *NORMALISATIONS["layer norm by TensorFlow"])
    assert [(o.name, o.reason) for o in report.other_adds] == [("we", "constant operand"), ("n", "normalisation")]


def test_a_value_beside_its_own_softmax_merges_nothing() -> None:
    """x + softmax(x), the softmax one operator or written out: no layer is skipped, a formula of x."""
    whole, apart = ("n = Softmax(v)",), NORMALISATIONS["softmax"]
    kinds = [[s.kind for s in audited((1, 16, 8), *lines, "y2 = Add(v, n)").shortcuts] for lines in (whole, apart)]
    assert kinds == [["identity"], ["identity"]]  # y = v + W n


def test_a_softmax_over_the_edges_of_a_graph() -> None:
    """The maximum over the edges that arrive at a node, brought back to each of them: a - max(a)[index]."""
    lines = (
        "a = MatMul(x, k)", "m = ScatterElements(z, i, a) axis=0 reduction=max", "g = Gather(m, i) axis=0",
        "d = Sub(a, g)", "e = Exp(d)", "t = ScatterElements(z, i, e) axis=0 reduction=add", "h = Gather(t, i) axis=0",
        "y = Div(e, h)",
    )  # fmt: skip
    index = TensorType((20,), "int64")
    zeros = stored(20, data=(0.0,) * 20, literal=True, learned=False)
    report = audit_draft(listing(*lines, x=(20, 4), i=index, k=stored(4), z=zeros))
    assert not report.shortcuts
    assert [other.reason for other in report.other_adds] == ["normalisation"]


def test_a_group_norm_written_out() -> None:
    """Groups are put on an axis of their own, and back again."""
    lines = (
        "c = Conv(x, w)", "g = Reshape(c, groups)", "m = ReduceMean(g) axes=-1, keepdims=1", "d = Sub(g, m)",
        "dd = Mul(d, d)", "v = ReduceMean(dd) axes=-1, keepdims=1", "s = Sqrt(v)", "q = Div(d, s)",
        "n = Reshape(q, whole)", "f = Conv(n, u)", "r = Relu(f)", "y = Add(c, r)",
    )  # fmt: skip
    sizes = {
        "groups": stored(3, dtype="int64", data=(1, 2, 64), literal=True),
        "whole": stored(4, dtype="int64", data=(1, 8, 4, 4), literal=True),
    }
    report = audit_draft(listing(*lines, x=(1, 8, 4, 4), w=stored(8, 8, 1, 1), u=stored(8, 8, 1, 1), **sizes))
    assert [(s.merge.name, s.kind) for s in report.shortcuts] == [("y", "identity")]


@pytest.mark.parametrize("pool", ["p = AveragePool(c) kernel_shape=3,3 pads=1,1,1,1", "p = MatMul(c, a)"])
def test_a_pool_and_an_adjacency_matrix_are_no_statistics(pool: str) -> None:
    tensors = {"a": TensorType((4, 4), "float32")} if "MatMul" in pool else {}
    report = audit_draft(
        listing("c = Conv(x, w)", pool, "y = Add(c, p)", x=(1, 8, 4, 4), w=stored(8, 8, 1, 1), **tensors)
    )
    assert [(s.merge.name, s.kind) for s in report.shortcuts] == [("y", "identity")]


def test_what_a_squashed_statistic_multiplies_is_gated() -> None:
    """Squeeze and excitation without weights: x + sigmoid(mean(x)) F(x) keeps its identity."""
    lines = (
        "f = Conv(x, w)", "r = Relu(f)", "m = ReduceMean(x) axes=2,3 keepdims=1", "t = Sigmoid(m)", "g = Mul(r, t)",
        "y = Add(x, g)",
    )  # fmt: skip
    report = audit_draft(listing(*lines, x=(1, 8, 4, 4), w=stored(8, 8, 1, 1)))
    assert [(s.merge.name, s.kind) for s in report.shortcuts] == [("y", "identity")]


def test_what_is_scattered_onto_a_value_itself_normalises_nothing() -> None:
    """x + P x, P fixed: a message is passed, as in GIN. What is gathered back, x - max(x)[i], is a softmax's."""
    drawn = listing(
        "y = ScatterElements(x, i, x) axis=1 reduction=add",
        x=(1, 8, 4, 4),
        i=stored(1, 8, 4, 4, dtype="int64"),
    )
    assert [one.kind for one in audit_draft(drawn).shortcuts] == ["identity"]


def test_what_cancels_is_combined_with_nothing() -> None:
    """(n - n) - x, n = layer_norm(x): x is left, and no statistic of it."""
    drawn = listing("n = LayerNormalization(x, s, s)", "d = Sub(n, n)", "y = Sub(d, x)", x=("batch", 3, 8), s=stored(8))
    assert [other.reason for other in audit_draft(drawn).other_adds] == ["cancelled"]


@pytest.mark.parametrize(
    ("whole", "axes"),
    [("GlobalMaxPool", "ReduceMax"), ("GlobalAveragePool", "ReduceMean"), ("GlobalLpPool", "ReduceL2")],
)
def test_a_pool_over_all_positions_is_the_reduction_over_them(whole: str, axes: str) -> None:
    """x + exp(x - m) with m of the positions of a channel: one function of x written in two ways."""
    for maker in (f"m = {whole}(x)", f"m = {axes}(x) axes=2,3, keepdims=1"):
        made = audit_draft(listing(maker, "d = Sub(x, m)", "e = Exp(d)", "y = Add(x, e)", x=(1, 8, 4, 4)))
        assert [other.reason for other in made.other_adds] == ["normalisation"], maker


STACKED = (
    "a = Unsqueeze(r, front)", "b = Unsqueeze(x, front)", "s = Concat(a, b) axis=0",
    "n = ReduceSum(s, front) keepdims=0",
)  # fmt: skip


@pytest.mark.parametrize("added", [("n = Add(r, x)",), STACKED])
def test_a_sum_over_what_was_stacked_for_it_gathers_nothing(added: tuple[str, ...]) -> None:
    """n = relu(W x) + x, however it is written, beside its own channels in another order: no statistic stands there."""
    lines = ("c = Conv(x, w)", "r = Relu(c)", *added, "g = Gather(n, turned) axis=1", "y = Add(g, n)")
    turned = stored(8, dtype="int64", data=(7, 6, 5, 4, 3, 2, 1, 0))
    front = stored(1, dtype="int64", data=(0,), literal=True)
    made = audit_draft(listing(*lines, x=(1, 8, 4, 4), w=stored(8, 8, 1, 1), turned=turned, front=front))
    assert [shortcut.kind for shortcut in made.shortcuts] == ["identity"]
    assert [other.reason for other in made.other_adds] == ["elementwise expression"]


def test_a_sum_over_a_stack_centres_as_an_addition_does() -> None:
    """n = stack([x, -mean(x)]).sum(0) is x - mean(x)."""
    lines = (
        "m = ReduceMean(x) axes=-1, keepdims=1", "k = Neg(m)", "e = Expand(k, full)", "a = Unsqueeze(x, front)",
        "b = Unsqueeze(e, front)", "s = Concat(a, b) axis=0", "n = ReduceSum(s, front) keepdims=0", "z = Exp(n)",
        "y = Add(z, n)",
    )  # fmt: skip
    full = stored(3, dtype="int64", data=(1, 3, 8), literal=True)
    front = stored(1, dtype="int64", data=(0,), literal=True)
    made = audit_draft(listing(*lines, x=(1, 3, 8), full=full, front=front))
    assert [other.reason for other in made.other_adds] == ["broadcast", "normalisation"]


# --- what an op makes of a value -------------------------------------------------------------------------------------

GATHERED = "m = ReduceMean(v) axes=-1, keepdims=1"
CENTRED = "d = Sub(v, m)"


@pytest.mark.parametrize(
    ("lines", "origin", "part"),
    [
        # 1. What is gathered along axes, or by scattering.
        (("n = ReduceMean(v) axes=-1,",), "v", Part.STATISTIC),
        (("n = ReduceMax(v) axes=-1,",), "v", Part.STATISTIC),
        (("n = ReduceL2(v) axes=-1,",), "v", Part.STATISTIC),
        (("n = ReduceProd(v) axes=-1,",), "n", Part.VALUE),
        (("n = ScatterElements(zero, places, v) axis=0 reduction=add",), "v", Part.SCATTERED),
        (("n = ScatterElements(zero, places, v) axis=0 reduction=max",), "v", Part.SCATTERED),
        (("n = ScatterElements(zero, places, v) axis=0",), "n", Part.VALUE),
        # 2. Normalisations as one operator. 4. Views, sums, products and powers, of one value alone.
        (("n = Transpose(v) perm=0,2,1",), "v", Part.VALUE),
        (("n = Mul(v, v)",), "v", Part.VALUE),
        (("n = Mul(v, gamma)",), "v", Part.VALUE),
        (("n = Add(v, eps)",), "v", Part.VALUE),
        (("n = Sqrt(v)",), "v", Part.VALUE),
        (("n = Sigmoid(v)",), "n", Part.VALUE),
        (("n = MatMul(v, k1)",), "n", Part.VALUE),
        (("n = Add(v, o)",), "n", Part.VALUE),  # of two values
        ((GATHERED, "n = Sqrt(m)"), "v", Part.STATISTIC),
        ((GATHERED, "n = Mul(m, gamma)"), "v", Part.STATISTIC),
        ((GATHERED, "n = Sigmoid(m)"), "n", Part.VALUE),  # a gate's
        ((GATHERED, "n = Sub(v, m)"), "v", Part.NORMALISED),
        ((GATHERED, CENTRED, "n = Mul(d, d)"), "v", Part.NORMALISED),
        ((GATHERED, CENTRED, "n = Add(d, v)"), "v", Part.NORMALISED),
        ((GATHERED, CENTRED, "n = ReduceMean(d) axes=-1,"), "v", Part.STATISTIC),
        (("s = ScatterElements(zero, places, v) axis=0 reduction=add", "n = Add(v, s)"), "n", Part.VALUE),
        (("n = LayerNormalization(v, gamma) axis=-1",), "v", Part.NORMALISED),
        (("n = BatchNormalization(v, four, four, four, four)",), "n", Part.VALUE),  # of what the model keeps
        # 3. A statistic is spread over the elements again.
        ((GATHERED, "n = Expand(m, shape)"), "v", Part.STATISTIC),
        ((GATHERED, "n = Gather(m, i) axis=1"), "v", Part.STATISTIC),
        (("n = Gather(v, i) axis=1",), "n", Part.VALUE),
        (("s = ScatterElements(zero, places, v) axis=0 reduction=add", "n = Gather(s, i) axis=1"), "v", Part.STATISTIC),
        ((GATHERED, CENTRED, "n = Gather(d, i) axis=1"), "n", Part.VALUE),
        # 5. exp and log of a value, centred or not, of sums of that, and as one operator.
        (("n = Exp(v)",), "v", Part.EXPONENTIAL),
        (("e = Exp(v)", "n = Exp(e)"), "n", Part.VALUE),
        (("n = Log(v)",), "n", Part.VALUE),
        (("e = Exp(v)", "s = ReduceSum(e, last) keepdims=1", "n = Div(e, s)"), "v", Part.SOFTMAX),
        (("n = Softmax(v) axis=-1",), "v", Part.SOFTMAX),
        (("s = Softmax(v) axis=-1", "n = Log(s)"), "v", Part.NORMALISED),
        (("s = Softmax(v) axis=-1", "n = Softmax(s) axis=-1"), "n", Part.VALUE),
        ((GATHERED, "n = Softmax(m) axis=-1"), "n", Part.VALUE),  # a gate's
        ((GATHERED, "n = Exp(m)"), "n", Part.VALUE),
        ((GATHERED, CENTRED, "n = Exp(d)"), "v", Part.SOFTMAX),
        ((GATHERED, "n = Log(m)"), "v", Part.STATISTIC),
        ((GATHERED, CENTRED, "e = Exp(d)", "s = ReduceSum(e, last) keepdims=1", "n = Div(e, s)"), "v", Part.SOFTMAX),
    ],
)
def test_what_an_op_makes_of_a_value(lines: tuple[str, ...], origin: str, part: Part) -> None:
    numbers = {**NUMBERS, "zero": stored(1, 4, 8, data=(0.0,) * 32), "places": stored(1, 4, 8, dtype="int64"),
               "shape": stored(3, dtype="int64", data=(1, 4, 8)), "i": stored(4, dtype="int64"),
               "four": stored(4)}  # fmt: skip
    read = {word for line in lines for word in line.partition("(")[2].partition(")")[0].split(", ")}
    fed = {"v": (1, 4, 8), **({"o": (1, 4, 8)} if "o" in read else {})}
    graph = assemble(listing(*lines, **fed, **{n: given for n, given in numbers.items() if n in read}))
    assert expressions(graph)["n"] == Expression(origin, part)


@pytest.mark.parametrize(
    ("operands", "normalisation"),
    [
        ((("v", Part.VALUE), ("v", Part.STATISTIC)), True),
        ((("v", Part.NORMALISED), ("v", Part.VALUE)), True),
        ((("v", Part.STATISTIC), ("v", Part.STATISTIC)), True),
        ((("v", Part.VALUE), ("v", Part.VALUE)), False),
        ((("v", Part.VALUE), ("u", Part.STATISTIC)), False),
        ((("v", Part.VALUE), ("v", Part.SCATTERED)), False),
    ],
)
def test_a_value_combined_with_statistics_of_it(operands: tuple[tuple[str, Part], ...], normalisation: bool) -> None:
    assert is_normalisation([Expression(*each) for each in operands]) is normalisation

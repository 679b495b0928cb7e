"""Is what the caller brings never taken for nothing, where it may be a weight? (search/fed.py)"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.gate.budgets import kind_unknown
from shortcut_audit.gate.case import Case
from shortcut_audit.gate.settings import Settings
from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport, Shortcut
from shortcut_audit.search.fed import Fed
from tests.sketch import listing, stored

KERNEL = {"w1": stored(8, 8, 3, 3), "w2": stored(8, 8, 3, 3)}
BRANCH = (
    "a = Conv(x, w1) pads=1,1,1,1",
    "r = Relu(a)",
    "f = Conv(r, w2) pads=1,1,1,1",
)


def block(*route: str, **names: object) -> ModelReport:
    """F(a) + s, where the lines of `route` make s of a; names are inputs (shapes) or stored tensors."""
    return audit_draft(listing(*BRANCH, *route, "y = Add(f, s)", x=(1, 8, 4, 4), **KERNEL, **names))  # type: ignore[arg-type]


def only(report: ModelReport) -> Shortcut:
    (shortcut,) = report.shortcuts
    return shortcut


@pytest.mark.parametrize(
    ("route", "names"),
    [
        (["s = Conv(a, w)"], {"w": (8, 8, 1, 1)}),
        (["s = ConvTranspose(a, w)"], {"w": (8, 8, 1, 1)}),
        (["s = MatMul(a, w)"], {"w": (4, 4)}),
        (["s = MatMul(w, a)"], {"w": (1, 8, 4, 4)}),
        (["s = Einsum(a, w) equation=nchw,wv->nchv"], {"w": (4, 4)}),
        (["v = Mul(w, w)", "s = Conv(a, v)"], {"w": (8, 8, 1, 1)}),
        (["v = Add(w, p)", "s = Conv(a, v)"], {"w": (8, 8, 1, 1), "p": stored(8, 8, 1, 1)}),
        (["v = RandomNormal() shape=8,8,1,1", "s = Conv(a, v)"], {}),
        (["s = BatchNormalization(a, w, b, m, v)"], dict.fromkeys("wb", (8,)) | dict.fromkeys("mv", stored(8))),
        (["s = LayerNormalization(a, w)"], {"w": (4,)}),
        (["s = InstanceNormalization(a, w, b)"], dict.fromkeys("wb", (8,))),
        (["s = Add(a, b)"], {"b": (8, 1, 1)}),
        (["c = Conv(a, p)", "s = Add(c, b)"], {"b": (8, 1, 1), "p": stored(8, 8, 1, 1)}),
    ],
)
def test_what_may_be_a_weight_makes_a_projection_of_unknown_size(route: list[str], names: dict[str, object]) -> None:
    report = block(*route, **names)
    shortcut = only(report)
    assert (shortcut.kind, shortcut.parameters, shortcut.has_weight) == ("projection", None, True)
    assert report.summary.extra_parameters is None
    assert report.totals.parameters_lower_bound
    assert report.summary.what_if.A.parameters is None
    assert (
        shortcut.notes[-1].startswith("what it is multiplied with is fed to the model") or "W_s" in shortcut.notes[-1]
    )


@pytest.mark.parametrize("shape", [(8, 1, 1), (1, 8, 1, 1), (1, 8, 4, 4), (1,)])
def test_a_factor_that_is_fed_is_a_gate_of_unknown_size(shape: tuple[int, ...]) -> None:
    """It may be a learned diagonal: whether the model has a projection is not known."""
    report = block("s = Mul(a, w)", w=shape)
    assert (only(report).kind, only(report).parameters) == ("gated", None)
    judged = Case(report, Settings(max_projections=0), None, {s.key: s for s in report.shortcuts})
    assert [said.message for said in kind_unknown(judged)] == [
        "max-projections cannot be checked: 1 gate is fed to the model, and may be weights"
    ]


@pytest.mark.parametrize(
    ("route", "gate"),
    [
        (["s = Mul(a, g)"], (1, 1, 1, 1)),  # a number for each sample
        (["s = Mul(a, g)"], ()),
        (["c = Sigmoid(g)", "s = Mul(a, c)"], (1, 8, 4, 4)),  # what a function makes of it
        (["c = Cast(g) to=1", "s = Mul(a, c)"], TensorType((1, 1, 4, 4), "bool")),
    ],
)
def test_what_is_no_weight_is_a_gate_without_parameters(route: list[str], gate: object) -> None:
    assert (only(block(*route, g=gate)).kind, only(block(*route, g=gate)).parameters) == ("gated", 0)


def test_a_model_s_own_input_is_data() -> None:
    """Highway on the input itself: x is brought, and T(x) is not."""
    lines = ("t = Conv(x, w1) pads=1,1,1,1", "g = Sigmoid(t)", "s = Mul(g, x)", "f = Conv(x, w2) pads=1,1,1,1")
    report = audit_draft(listing(*lines, "y = Add(f, s)", x=(1, 8, 4, 4), **KERNEL))
    assert (only(report).kind, only(report).parameters) == ("gated", 576)  # the gate's 8 x 8 x 3 x 3


def test_two_layers_may_share_what_is_fed() -> None:
    """That the first block has used w makes the second one's w no data of its own."""
    lines = ("a = Conv(x, w1) pads=1,1,1,1", "b = Conv(a, w)", "r = Relu(b)", "f = Conv(r, w2) pads=1,1,1,1")
    report = audit_draft(listing(*lines, "s = Conv(b, w)", "y = Add(f, s)", x=(1, 8, 4, 4), w=(8, 8, 1, 1), **KERNEL))
    assert (only(report).kind, only(report).parameters) == ("projection", None)


@pytest.mark.parametrize(
    "lines",
    [
        ["w = Gather(t, i) axis=0"],
        ["w = If(c, k, m)"],
        ["w = Where(c, k, m)"],
    ],
)
def test_a_kernel_that_is_chosen_among_stored_ones_is_a_projection(lines: list[str]) -> None:
    names = {"t": stored(3, 4, 4), "k": stored(4, 4), "m": stored(4, 4)}
    fed = {"i": TensorType((), "int64"), "c": TensorType((), "bool")}
    read = {name: what for name, what in {**names, **fed}.items() if f"({name}" in lines[0] or f", {name}" in lines[0]}
    assert only(block(*lines, "s = MatMul(a, w)", **read)).kind == "projection"


def test_a_choice_between_x_and_a_map_of_x_is_a_projection() -> None:
    """As an If of the two is: where(c, x, W x)."""
    for choice in ("Where(c, a, v)", "Where(c, v, a)"):
        report = block("v = Conv(a, p)", f"s = {choice}", p=stored(8, 8, 1, 1), c=TensorType((1, 8, 4, 4), "bool"))
        assert (only(report).kind, only(report).parameters) == ("projection", 64)  # 8 x 8 x 1 x 1
    masked = block("s = Where(c, a, z)", z=stored(data=(0.0,)), c=TensorType((1, 8, 4, 4), "bool"))
    assert (only(masked).kind, only(masked).parameters) == ("gated", 0)


# --- where a value comes from ----------------------------------------------------------------------------------------


def origins(*lines: str, **given: object) -> tuple[Fed, dict[str, int]]:
    """What is known of a listing's values, and their numbers. x is fed, w is stored."""
    known: dict[str, object] = {"x": (8, 8), "w": stored(8, 8), **given}
    read = {word for line in lines for word in line.partition("(")[2].partition(")")[0].split(", ")}
    graph = assemble(listing(*lines, **{n: what for n, what in known.items() if n in read or n in given}))  # type: ignore[arg-type]
    number = {name: place for place, name in enumerate(graph.values)}
    return Fed(tuple(graph.values.values()), number.__getitem__), number


def is_brought(*lines: str, **given: object) -> bool:
    """Whether `b` may be an offset that the caller brings; it is added to z, which is fed, too."""
    fed, _ = origins(*lines, "y = Add(z, b)", z=(8, 8), **given)
    return fed.may_offset("z", "b")


@pytest.mark.parametrize(
    ("dtype", "brought"),
    [
        ("float32", True), ("float16", True), ("float64", True), ("bfloat16", True), (None, True),
        ("int64", False), ("uint8", False), ("bool", False), ("string", False), ("complex64", False),
    ],
)  # fmt: skip
def test_a_weight_that_is_fed_is_a_float(dtype: str | None, brought: bool) -> None:
    assert is_brought(b=TensorType((8, 8), dtype)) is brought


@pytest.mark.parametrize(
    ("line", "brought"),
    [
        ("b = Transpose(x)", True), ("b = Slice(x, i, j)", True), ("b = Mul(x, n)", True), ("b = Mul(x, x)", True),
        ("b = Add(x, x)", True), ("b = Sub(x, x)", True), ("b = RandomNormal() shape=8,8", True),
        ("b = Sigmoid(x)", False), ("b = Softmax(x)", False), ("b = MatMul(x, x)", False),  # what is made of it
        ("b = Where(c, x, x)", False),
        ("b = MatMul(x, w)", False), ("b = com.example::Mystery(x)", False),  # the model has made it
        ("a = MatMul(x, w); b = Add(x, a)", False), ("a = Sigmoid(x); b = Add(x, a)", False),
        ("b = Mul(x, w)", True), ("b = Add(x, w)", True), ("b = Where(c, x, w)", False),  # one of several kernels
        ("b = LayerNormalization(x, v)", False), ("b = PRelu(x, v)", False),
    ],
)  # fmt: skip
def test_what_is_made_of_a_weight_that_is_fed_may_still_be_one(line: str, brought: bool) -> None:
    index = {name: stored(1, dtype="int64", data=(n,)) for n, name in enumerate("ij")}
    given = {**index, "n": stored(data=(2.0,), literal=True), "c": TensorType((8, 8), "bool"), "v": stored(8)}
    names = [name for name in given if any(f"({name}" in part or f", {name}" in part for part in line.split("; "))]
    assert is_brought(*line.split("; "), **{name: given[name] for name in names}) is brought


def test_what_a_value_is_made_of_offsets_it_not() -> None:
    """x + b is data: that x is brought, too, makes no weight of it."""
    fed, _ = origins("a = Mul(x, b)", "y = Add(a, b)", x=(8, 8), b=(8, 8))
    assert not fed.may_offset("a", "b")
    assert not fed.may_offset("b", "b")
    assert fed.may_offset("x", "b")


@pytest.mark.parametrize(
    ("line", "perhaps"),
    [
        ("y = MatMul(x, b)", True), ("y = Mul(x, b)", True), ("y = Add(x, b)", True), ("y = Conv(x, b)", True),
        ("y = LayerNormalization(x, b)", True), ("y = MatMul(m, b)", True),
        ("y = MatMul(m, k)", False),  # the model computes both
        ("y = MatMul(x, w)", False),  # one is stored
        ("y = Concat(x, b) axis=0", False), ("y = Relu(x)", False), ("y = Where(c, x, b)", False),
        ("y = Sum(m, x, b)", True), ("y = Sum(m, k, b)", False),
    ],
)  # fmt: skip
def test_what_may_apply_a_weight_that_is_fed(line: str, perhaps: bool) -> None:
    """Of all that it reads, the model computes one at most; m and k are computed."""
    known = {"b": (8, 8), "c": TensorType((8, 8), "bool")}
    read = line.partition("(")[2].partition(")")[0].split(", ")
    made = [f"{name} = MatMul(x, w)" if name == "m" else f"{name} = MatMul(x, w2)" for name in "mk" if name in read]
    given = {name: what for name, what in known.items() if name in read} | ({"w2": stored(8, 8)} if "k" in read else {})
    fed, number = origins(*made, line, x=(8, 8), **given)
    assert (number["y"] in set(fed.perhaps())) is perhaps


FED_BRANCHES = {
    "a kernel": (["f = Conv(x, w) pads=1,1,1,1"], {"w": (8, 8, 3, 3)}, 1),
    "beside one that is stored": (
        ["a = Conv(x, w1) pads=1,1,1,1", "r = Relu(a)", "f = Conv(r, w) pads=1,1,1,1"],
        {"w": (8, 8, 3, 3), "w1": stored(8, 8, 3, 3)},
        2,
    ),
    "a kernel that is centred": (
        ["m = ReduceMean(w)", "v = Sub(w, m)", "f = Conv(x, v) pads=1,1,1,1"],
        {"w": (8, 8, 3, 3)},
        1,
    ),
    "matrices beside a batch": (
        ["h = MatMul(x, w)", "r = Relu(h)", "f = MatMul(r, v)"],
        {"w": (4, 4), "v": (4, 4)},
        2,
    ),
    "a norm's factor": (
        ["a = Conv(x, w1) pads=1,1,1,1", "f = LayerNormalization(a, w)"],
        {"w": (4,), "w1": stored(8, 8, 3, 3)},
        1,
    ),
    "a recurrence": (
        ["t = Reshape(x, q)", "l, h = GRU(t, w, r) hidden_size=4", "f = Reshape(l, p)"],
        {
            "w": (1, 12, 4), "r": (1, 12, 4), "q": stored(3, dtype="int64", data=(32, 1, 4)),
            "p": stored(4, dtype="int64", data=(1, 8, 4, 4)),
        },
        1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FED_BRANCHES)
def test_what_is_skipped_is_not_known_where_a_layer_s_weights_are_fed(case: str) -> None:
    """Zero would be a number. What is fed may be weights, or a kernel that data tell: nobody knows."""
    branch, names, layers = FED_BRANCHES[case]
    report = audit_draft(listing(*branch, "y = Add(f, x)", x=(1, 8, 4, 4), **names))  # type: ignore[arg-type]
    shortcut = only(report)
    assert (shortcut.kind, shortcut.span.weight_layers, shortcut.span.parameters) == ("identity", layers, None)
    assert report.totals.parameters_lower_bound


@pytest.mark.parametrize(
    ("branch", "names", "parameters"),
    [
        # keys and values of a cache: 64 of the query
        (
            ["q = MatMul(x, s)", "l = MatMul(q, k)", "a = Softmax(l)", "f = MatMul(a, v)"],
            {"k": (1, 8, 5), "v": (1, 5, 8), "s": stored(8, 8)},
            64,
        ),
        # an adjacency matrix
        (["h = MatMul(x, s)", "r = Relu(h)", "f = MatMul(k, r)"], {"k": (1, 6, 6), "s": stored(8, 8)}, 64),
        # a kernel that is computed by a layer: 8 x 64
        (["g = MatMul(x, s)", "h = ReduceMean(g) axes=0,1 keepdims=0", "k = Reshape(h, q)", "f = MatMul(x, k)"],
         {"s": stored(8, 64), "q": stored(2, dtype="int64", data=(8, 8))}, 512),
    ],
)  # fmt: skip
def test_data_that_are_fed_to_a_branch_are_none_of_its_weights(
    branch: list[str], names: dict[str, object], parameters: int
) -> None:
    report = audit_draft(listing(*branch, "y = Add(f, x)", x=(1, 6, 8), **names))  # type: ignore[arg-type]
    assert [(one.kind, one.span.parameters) for one in report.shortcuts] == [("identity", parameters)]


def test_a_gated_block_whose_weights_are_fed_is_gated() -> None:
    """Highway: beside products with matrices that are fed, no formula."""
    report = audit_draft(
        listing(
            "l = MatMul(x, g)", "t = Sigmoid(l)", "o = Sub(one, t)", "h = MatMul(x, w)", "r = MatMul(h, w)",
            "a = Mul(o, x)", "b = Mul(t, r)", "y = Add(a, b)",
            one=stored(data=(1.0,), literal=True), g=(8, 8), w=(8, 8), x=(1, 5, 8),
        )
    )  # fmt: skip
    assert [(one.kind, one.parameters, one.span.parameters) for one in report.shortcuts] == [("gated", None, None)]


@pytest.mark.parametrize(("second", "applied"), [("x", 0), ("b", 2)])
def test_the_one_value_that_is_brought_is_the_data(second: str, applied: int) -> None:
    """What is multiplied with the one input, or added to it, has no weight of it; with another input it may have one.

    The layers are the product of matrices and the norm.
    """
    lines = [f"k = MatMul(a, {second})", f"n = LayerNormalization(a, {second})", f"m = Mul(a, {second})"]
    given = {"x": (1, 8, 8), **({"b": (8, 8)} if second == "b" else {})}
    graph = assemble(listing("a = MatMul(x, w)", *lines, "y = Sum(k, n, m)", w=stored(8, 8), **given))  # type: ignore[arg-type]
    fed = Fed(tuple(graph.values.values()), list(graph.values).index)
    ops = [value.op for value in graph.values.values() if value.op is not None and len(value.op.values()) == 2]
    assert len(ops) == 3
    assert [fed.applies(op, 0) for op in ops] == [applied > 0] * 3
    assert len(list(fed.layers())) == applied
    assert len(list(fed.perhaps())) == (3 if applied else 0)
    assert fed.may_offset("a", second) is (applied > 0)
    assert fed.is_applied_anywhere is (applied > 0)

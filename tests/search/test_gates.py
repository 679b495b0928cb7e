"""What comes to the branch through a gate is not the branch's: whose work is it, and what does a gate cost?"""

from __future__ import annotations

import pytest

from shortcut_audit.pipeline import audit_draft
from tests.sketch import audited, kinds, listing, reasons, stored

TOKENS = (1, 8, 8)


def rotated(layer: int, x: str, *, pieces: bool) -> list[str]:
    """x + W (q cos p + rot(q) sin p), q = V x: one layer of a decoder whose positions p are an input."""
    q, name = f"MatMul.q{layer}", f"{layer}"
    turned = [f"{q} -> Neg.{name} -> Mul.s{name}"] if not pieces else [f"Split.{name}:1 -> Mul.s{name}"]
    straight = [f"{q} -> Mul.c{name}"] if not pieces else [f"{q} -> Split.{name}", f"Split.{name} -> Mul.c{name}"]
    return [
        f"{x} -> {q}",
        *straight,
        *turned,
        f"Cos -> Mul.c{name} -> Add.r{name}",
        f"Sin -> Mul.s{name} -> Add.r{name} -> Softmax.{name} -> MatMul.o{name} -> Add.{name}",
        f"{x} -> Add.{name}",
    ]


@pytest.mark.parametrize("pieces", [False, True])
def test_positions_that_are_an_input_let_nothing_of_the_network_through(pieces: bool) -> None:
    """From the second layer on, cos p is an ancestor of q: all of that work comes through the gate q."""
    drawn = ["p -> Cos", "p -> Sin", *rotated(0, "x", pieces=pieces), *rotated(1, "Add.0", pieces=pieces)]
    drawn += rotated(2, "Add.1", pieces=pieces)
    assert kinds(*drawn, shape=TOKENS) == ["identity"] * 3
    assert len(reasons(*drawn, shape=TOKENS)) == 3


HIGHWAY = (
    "x -> Conv.T{k=1,bias=1} -> Sigmoid -> Mul.f -> Add",
    "x -> Conv.H -> Relu -> Mul.f",
    "#one[] -> Sub -> Mul.x -> Add",
    "Sigmoid -> Sub",
    "x -> Mul.x",
)


def test_a_gate_on_both_sides_is_the_shortcut_s() -> None:
    """Highway: T has 8 x 8 weights and 8 shifts."""
    (shortcut,) = audited(*HIGHWAY).shortcuts
    assert (shortcut.kind, shortcut.fork.name, shortcut.parameters) == ("gated", "x", 72)


def fused(a: str) -> tuple[str, ...]:
    """b a(x) + (1 - b) F(x), b = sigmoid(W [a(x), F(x)])."""
    return (
        f"x -> {a}Identity.a -> Concat",
        "Identity.a -> Mul.a -> Add",
        "x -> Conv.1 -> Relu.1 -> Conv.2 -> Concat -> Conv.W{in=16,out=8,k=1} -> Sigmoid -> Mul.a",
        "#one[] -> Sub -> Mul.f -> Add",
        "Sigmoid -> Sub",
        "Conv.2 -> Mul.f",
    )


def test_gated_fusion_lets_x_through_and_not_the_branch() -> None:
    """The gate's own weights, 16 x 8: F is the branch's, though the gate reads it."""
    (shortcut,) = audited(*fused("")).shortcuts
    assert (shortcut.kind, shortcut.fork.name, shortcut.parameters) == ("gated", "x", 128)


def test_gated_fusion_of_a_linear_map_is_a_projection() -> None:
    """A (8 x 8) and the gate (16 x 8)."""
    (shortcut,) = audited(*fused("Conv.A{k=1} -> ")).shortcuts
    assert (shortcut.kind, shortcut.fork.name, shortcut.parameters) == ("projection", "x", 192)


def test_gated_fusion_of_two_nonlinear_branches_holds_no_shortcut() -> None:
    assert kinds(*fused("Conv.A{k=1} -> Relu.A -> ")) == []


def test_what_the_gate_and_the_branch_read_is_the_branch_s() -> None:
    """(1 - z) x + z tanh F(x), z = sigmoid(W F(x) + U x): two maps of 8 x 8."""
    *_, shortcut = audited(
        "x -> Conv.1 -> Relu.1 -> Conv.2 -> Conv.W{k=1} -> Add.z -> Sigmoid -> Mul.f -> Add",
        "x -> Conv.U{k=1} -> Add.z",
        "Conv.2 -> Tanh -> Mul.f",
        "#one[] -> Sub -> Mul.x -> Add",
        "Sigmoid -> Sub",
        "x -> Mul.x",
    ).shortcuts
    assert (shortcut.kind, shortcut.parameters) == ("gated", 128)


def test_a_gate_and_a_branch_cut_from_one_map_are_siblings() -> None:
    """Highway with one map for T and H, as an LSTM or a GRU has one for all its gates."""
    drawn = (
        "x -> Conv.TH{out=16} -> Split -> Sigmoid -> Mul.f -> Add",
        "Split:1 -> Tanh -> Mul.f",
        "#one[] -> Sub -> Mul.x -> Add",
        "Sigmoid -> Sub",
        "x -> Mul.x",
    )
    assert kinds(*drawn) == ["gated"]


def test_a_mask_on_both_sides_lets_x_through() -> None:
    """m x + m F(x): the mask is an input, and the earlier fork of the two that cost the same."""
    drawn = ("x -> Mul.x -> Add", "mask -> Mul.x", "x -> Conv -> Relu -> Mul.f -> Add", "mask -> Mul.f")
    (shortcut,) = audited(*drawn, shape=(1, 8, 4, 4)).shortcuts
    assert (shortcut.kind, shortcut.fork.name) == ("gated", "x")


def test_a_mask_that_every_layer_reads_changes_nothing() -> None:
    drawn = []
    for layer in range(3):
        x = f"Add.{layer - 1}" if layer else "x"
        drawn += [f"{x} -> Mul.x{layer} -> Add.{layer}", f"mask -> Mul.x{layer}"]
        drawn += [f"{x} -> Conv.{layer} -> Relu.{layer} -> Mul.f{layer} -> Add.{layer}", f"mask -> Mul.f{layer}"]
    forks = [shortcut.fork.name for shortcut in audited(*drawn).shortcuts]
    assert forks == ["x", "Add.0", "Add.1"]


# --- the next fork ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pool", ["AveragePool{k=1} -> ", ""])
def test_a_twin_at_a_nearer_fork_does_not_hide_the_farther_one(pool: str) -> None:
    """A(p(x)) + B(p(x)) + G(F(x)): two projections."""
    drawn = (
        f"x -> {pool}Conv.A{{k=1}} -> Sum",
        ("AveragePool" if pool else "x") + " -> Conv.B{k=1} -> Sum",
        "x -> Conv.F -> Relu -> Conv.G -> Sum",
    )
    assert kinds(*drawn) == ["projection", "projection"]


def test_two_equal_maps_of_one_value_stay_parallel() -> None:
    """The past of a fork that gave no verdict is looked at beside it: LN works for both."""
    drawn = ("x -> LayerNormalization -> Conv.A{k=1} -> Add", "LayerNormalization -> Conv.B{k=1} -> Add")
    assert reasons(*drawn) == ["parallel branches"]


@pytest.mark.parametrize(("factor", "kind"), [("#eps[]", "parameter-free"), ("#s", "projection")])
def test_the_operand_that_works_is_not_the_shortcut(factor: str, kind: str) -> None:
    """GIN: (1 + eps) x + pool(x), s x + pool(x), though the pool is the cheaper step."""
    drawn = ("x -> Mul -> Add", f"{factor} -> Mul", "x -> AveragePool{k=3,stride=1} -> Add")
    (shortcut,) = audited(*drawn, shape=(1, 8, None, None)).shortcuts
    assert (shortcut.kind, [step.op for step in shortcut.route]) == (kind, ["Mul"])


@pytest.mark.parametrize("written", ["factor", "one plus factor"])
def test_a_condition_that_scales_and_shifts_every_layer_is_no_fork(written: str) -> None:
    """FiLM, SPADE: g(s) x + b(s). From the second layer on x is computed from s as well."""
    drawn = []
    for layer in range(3):
        x = f"Relu.{layer - 1}" if layer else "x"
        one = f" -> Add.one{layer}" if written == "one plus factor" else ""
        drawn += [f"{x} -> Conv.{layer} -> Mul.{layer} -> Add.{layer} -> Relu.{layer}"]
        drawn += [f"s -> Conv.g{layer}{one} -> Mul.{layer}", f"s -> Conv.b{layer} -> Add.{layer}"]
        drawn += [f"#one{layer}[] -> Add.one{layer}"] if one else []
    assert kinds(*drawn) == []


@pytest.mark.parametrize(
    ("gate", "kind"),
    [
        (("a = MatMul(x, w)", "t = Sigmoid(a)"), "gated"),
        (("a = MatMul(x, w)", "b = Mul(x, p)", "s = Add(a, b)", "t = Sigmoid(s)"), "gated"),
        (("a = MatMul(x, w)", "s = Sub(a, x)", "t = Sigmoid(s)"), "gated"),
        (("a = MatMul(x, w)", "s = Mul(a, x)", "t = Tanh(s)"), "gated"),
        (("s = Mul(x, p)", "t = Sigmoid(s)"), None),
        (("t = Sigmoid(x)",), None),
    ],
)
def test_what_reads_what_it_gates_is_a_gate_if_layers_compute_it(gate: tuple[str, ...], kind: str | None) -> None:
    """Highway, its gate with and without a peephole. x sigmoid(p x), where no layer works, is an activation of x."""
    lines = ("h = MatMul(x, v)", "f = Relu(h)", "u = Sub(one, t)", "n = Mul(u, f)", "m = Mul(t, x)", "y = Add(m, n)")
    literal = stored(data=(1.0,), literal=True)
    weights = {"w": stored(8, 8), "v": stored(8, 8), "p": stored(8), "one": literal}
    report = audit_draft(listing(*gate, *lines, x=TOKENS, **weights))
    assert [s.kind for s in report.shortcuts if s.merge.name == "y"] == ([] if kind is None else [kind])


@pytest.mark.parametrize("peepholes", ["", "f", "i", "fi"])
def test_a_cell_with_peepholes_hands_its_state_on(peepholes: str) -> None:
    """Three steps of an LSTM; the first state is fed, and nothing else reads it by a layer."""
    lines = list[str]()
    for now, last in ((1, 0), (2, 1), (3, 2)):
        for gate in "fiog":
            lines += [f"{gate}w{now} = MatMul(x{now}, w{gate})", f"{gate}u{now} = MatMul(h{last}, u{gate})"]
            lines += [f"{gate}s{now} = Add({gate}w{now}, {gate}u{now})"]
            if gate in peepholes:
                lines += [f"{gate}p{now} = Mul(c{last}, p{gate})", f"{gate}t{now} = Add({gate}s{now}, {gate}p{now})"]
            read = f"{gate}{'t' if gate in peepholes else 's'}{now}"
            lines += [f"{gate}{now} = {'Tanh' if gate == 'g' else 'Sigmoid'}({read})"]
        lines += [f"m{now} = Mul(f{now}, c{last})", f"n{now} = Mul(i{now}, g{now})", f"c{now} = Add(m{now}, n{now})"]
        lines += [f"q{now} = Tanh(c{now})", f"h{now} = Mul(o{now}, q{now})"]
    weights = {kind + gate: stored(8, 8) for kind in "wu" for gate in "fiog"} | {"pf": stored(8), "pi": stored(8)}
    fed = dict.fromkeys(("x1", "x2", "x3", "h0", "c0"), (2, 8))
    report = audit_draft(listing(*lines, **fed, **weights))
    states = {s.merge.name: s.kind for s in report.shortcuts if s.merge.name.startswith("c")}
    assert states == {"c2": "gated", "c3": "gated"}


def test_the_score_of_a_router_scales_experts_and_is_no_shortcut() -> None:
    """p E_0(x[i]) + p E_1(x[i]), where i and p come of one softmax: Switch Transformers (Fedus et al. 2022)."""
    draft = listing(
        "r = MatMul(x, w)",
        "q = Softmax(r) axis=-1",
        "m = ReduceMax(q) axes=-1 keepdims=0",
        "p = Reshape(m, to)",
        "i = ArgMax(q) axis=1 keepdims=0",
        "g = Gather(x, i) axis=0",
        "e = MatMul(g, w0)",
        "f = MatMul(g, w1)",
        "h = MatMul(f, w2)",
        "a = Mul(e, p)",
        "b = Mul(h, p)",
        "y = Add(a, b)",
        x=(7, 8),
        to=stored(2, dtype="int64", data=(-1, 1), literal=True),
        **{name: stored(8, 8) for name in ("w", "w0", "w1", "w2")},
    )
    assert [s for s in audit_draft(draft).shortcuts if s.fork.name == "q"] == []


@pytest.mark.parametrize("gated", ["v", "c"])
@pytest.mark.parametrize("read", ["v", "c"])
def test_a_copy_of_what_is_gated_is_what_is_gated(gated: str, read: str) -> None:
    """y = v (W x - v) + F(v): the gate holds v, or a copy c of it; a layer computes it, too, and v is let through."""
    lines = (
        "v = Relu(x)", "c = Identity(v)", "p_ = Conv(x, w)", f"g = Sub(p_, {read})", f"a = Mul({gated}, g)",
        "f_ = Conv(v, k)", "f = Relu(f_)", "y = Add(a, f)",
    )  # fmt: skip
    report = audit_draft(listing(*lines, x=(1, 8, 4, 4), w=stored(8, 8, 1, 1), k=stored(8, 8, 1, 1)))
    (shortcut,) = [one for one in report.shortcuts if one.merge.name == "y"]
    assert (shortcut.kind, shortcut.fork.name) == ("gated", "v")

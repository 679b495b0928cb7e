"""Which sum is it, however it is written? Each law of the normal form, and where it ends."""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from shortcut_audit.search import merges
from tests.sketch import listing, stored

BLOCK = ("c = Conv(x, k)", "h = Relu(c)")
"""h is a branch: a 1x1 convolution of 8 channels and an activation."""

KERNEL = stored(8, 8, 1, 1)
ONE, THIRD = stored(data=(1.0,), literal=True), stored(data=(0.3,), literal=True)
SCALE = stored(8, 1, 1)


def audited(*lines: str, **tensors: Tensor) -> ModelReport:
    return audit_draft(listing(*lines, x=(1, 8, 4, 4), **tensors))


def kinds(*lines: str, **tensors: Tensor) -> list[str]:
    return [shortcut.kind for shortcut in audited(*BLOCK, *lines, k=KERNEL, **tensors).shortcuts]


def terms(*lines: str, **tensors: Tensor) -> list[str]:
    """What the last sum merges: a value by its name, one that the file does not write as the op that makes it."""
    found = merges.find(assemble(listing(*BLOCK, *lines, x=(1, 8, 4, 4), k=KERNEL, **tensors)))
    said = []
    for term in found.merges[-1].operands:
        op = found.graph.values[term.value].op
        name = term.value
        if op is not None and "~" in term.value:
            name = f"{op.kind}({', '.join(i if isinstance(i, str) else '_' for i in op.inputs)})"
        said.append(("-" if term.negated else "") + name)
    return said


GATE = ("g = Conv(x, gk)", "t = Sigmoid(g)")

LERPS = {
    "products": ("u = Sub(one, {t})", "a = Mul(u, x)", "b = Mul({t}, h)", "y = Add(a, b)"),
    "difference": ("d = Sub(h, x)", "m = Mul({t}, d)", "y = Add(x, m)"),
    "from the other end": ("d = Sub(x, h)", "u = Sub(one, {t})", "m = Mul(d, u)", "y = Add(h, m)"),
    "subtracted": ("d = Sub(x, h)", "m = Mul({t}, d)", "y = Sub(x, m)"),
    "written out": ("a = Mul({t}, x)", "b = Mul({t}, h)", "s = Sub(x, a)", "y = Add(s, b)"),
    "chosen": (
        "d = Sub(h, x)", "m = Mul({t}, d)", "a = Add(x, m)",
        "u = Sub(one, {t})", "n = Mul(d, u)", "b = Sub(h, n)", "c0 = Less({t}, one)", "y = Where(c0, a, b)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", LERPS)
def test_an_interpolation_is_gated_by_a_value(how: str) -> None:
    """(1 - t) x + t h, t = sigmoid(G x): the gate holds 8 * 8 = 64 parameters."""
    lines = [line.format(t="t") for line in LERPS[how]]
    report = audited(*BLOCK, *GATE, *lines, k=KERNEL, gk=KERNEL, one=ONE)
    assert [(s.kind, s.parameters) for s in report.shortcuts] == [("gated", 64)]


@pytest.mark.parametrize("how", LERPS)
@pytest.mark.parametrize("offset", [SCALE, stored(8, 1, 1, data=(0.5,) * 8, literal=True)], ids=["stored", "written"])
def test_an_offset_of_the_branch_is_no_term_of_the_gate(how: str, offset: Tensor) -> None:
    """An exporter that knows no Linear writes it as a product and a bias: t (h + b - x) holds a t b beside - t x."""
    lines = [line.format(t="t").replace("h,", "hb,").replace("h)", "hb)") for line in LERPS[how]]
    report = audited(*BLOCK, *GATE, "hb = Add(h, beta)", *lines, k=KERNEL, gk=KERNEL, one=ONE, beta=offset)
    assert [(s.kind, s.parameters) for s in report.shortcuts] == [("gated", 64)]


@pytest.mark.parametrize("how", LERPS)
def test_an_interpolation_by_a_learned_vector_is_a_diagonal_projection(how: str) -> None:
    """(1 - p) x + p h: p has 8 elements."""
    lines = [line.format(t="p") for line in LERPS[how]]
    report = audited(*BLOCK, *lines, k=KERNEL, p=SCALE, one=ONE)
    assert [(s.kind, s.parameters) for s in report.shortcuts] == [("projection", 8)]


@pytest.mark.parametrize("how", LERPS)
def test_an_interpolation_by_a_constant_is_free(how: str) -> None:
    lines = [line.format(t="t") for line in LERPS[how]]
    assert kinds(*lines, t=THIRD, one=ONE) == ["parameter-free"]


def test_a_difference_by_which_its_own_gate_is_computed_is_distributed() -> None:
    """t = sigmoid(G (h - x)): an exporter writes h - x once. The sum that the gate reads is a merge of its own."""
    gate = ("d = Sub(h, x)", "g = Conv(d, gk)", "t = Sigmoid(g)", "m = Mul(t, d)")
    report = audited(*BLOCK, *gate, "y = Sub(h, m)", k=KERNEL, gk=KERNEL)
    assert [(s.merge.name, s.kind, s.fork.name) for s in report.shortcuts] == [
        ("d", "parameter-free", "x"),
        ("y", "gated", "x"),
    ]


def test_a_difference_that_is_read_elsewhere_is_a_value_of_its_own() -> None:
    """The same, its gate computed from x alone, and h - x handed to another layer."""
    lines = (*GATE, "d = Sub(h, x)", "m = Mul(t, d)", "y = Sub(h, m)", "z = Conv(d, gk)")
    assert "gated" not in kinds(*lines, gk=KERNEL)


def test_every_addition_of_the_file_is_listed_once() -> None:
    """The difference, its product and the sum: two additions of 8 * 4 * 4 = 128 elements, one of them the merge."""
    report = audited(*BLOCK, "d = Sub(h, x)", "m = Mul(d, t)", "y = Add(x, m)", k=KERNEL, t=THIRD)
    assert report.totals.adds == 2
    assert [(s.merge.name, s.elementwise_adds) for s in report.shortcuts] == [("y", 128)]
    assert [(other.name, other.reason) for other in report.other_adds] == [("d", "interpolation")]


def test_what_one_exporter_writes_as_a_choice_of_two_sums_is_one_merge() -> None:
    """Three additions in the file: the difference, and the two sums of which one is chosen."""
    lines = [line.format(t="t") for line in LERPS["chosen"]]
    report = audited(*BLOCK, *lines, k=KERNEL, t=THIRD, one=ONE)
    assert report.totals.adds == 3
    assert [(s.merge.name, s.merge.also) for s in report.shortcuts] == [("a", ("b",))]


def test_opposite_terms_cancel() -> None:
    """F + x + (W x - x) is F + W x."""
    lines = ("w = Conv(x, v)", "s = Add(h, x)", "d = Sub(w, x)", "y = Add(s, d)")
    assert terms(*lines, v=KERNEL) == ["h", "w"]
    assert kinds(*lines, v=KERNEL) == ["projection"]


def test_what_cancels_is_seen_through_copies() -> None:
    lines = ("w = Conv(x, v)", "i = Identity(x)", "s = Add(h, i)", "d = Sub(w, x)", "y = Add(s, d)")
    assert terms(*lines, v=KERNEL) == ["h", "w"]


def test_what_cancels_is_seen_though_it_is_read_elsewhere() -> None:
    lines = ("w = Conv(x, v)", "s = Add(h, x)", "d = Sub(w, x)", "other = Relu(d)", "y = Add(s, d)")
    assert terms(*lines, v=KERNEL) == ["h", "w"]


def test_a_sum_of_which_one_term_is_left_is_that() -> None:
    """Whoever reads (x + h) - h reads x."""
    lines = ("s = Add(x, h)", "z = Sub(s, h)", "g = Conv(z, v)", "r = Relu(g)", "y = Add(z, r)")
    report = audited(*BLOCK, *lines, k=KERNEL, v=KERNEL)
    assert [(s.merge.name, s.kind) for s in report.shortcuts] == [("y", "identity")]
    assert [(other.name, other.also, other.reason) for other in report.other_adds] == [("z", ("s",), "cancelled")]


@pytest.mark.parametrize(
    "lines",
    [
        ("n = Neg(x)", "y = Sub(h, n)"),
        ("n = Neg(x)", "o = Neg(n)", "y = Add(h, o)"),
        ("n = Mul(x, minus)", "y = Sub(h, n)"),
    ],
)
def test_the_opposite_of_an_opposite_is_the_value(lines: tuple[str, ...]) -> None:
    minus = {"minus": stored(data=(-1.0,), literal=True)} if "minus" in " ".join(lines) else {}
    assert terms(*lines, **minus) == ["h", "x"]


def test_multiples_of_one_value_are_no_merge() -> None:
    """x - p x is (1 - p) x."""
    report = audited("a = Mul(x, p)", "y = Sub(x, a)", p=SCALE)
    assert [other.reason for other in report.other_adds] == ["elementwise expression"]


def test_terms_of_the_same_sign_stay_apart() -> None:
    """x + g x, with work in g, is the residual of an attention mask: x itself is let through."""
    assert kinds("t = Sigmoid(c)", "m = Mul(x, t)", "y = Add(x, m)") == ["identity"]


def test_a_product_that_meets_nothing_is_not_distributed() -> None:
    """x + s (pool(n) - n), n the norm of x, is one identity (PoolFormer)."""
    lines = (
        "n = LayerNormalization(x, s, b) axis=1", "p = AveragePool(n) kernel_shape=3,3 pads=1,1,1,1",
        "d = Sub(p, n)", "m = Mul(d, s)", "y = Add(x, m)",
    )  # fmt: skip
    assert kinds(*lines, s=SCALE, b=SCALE)[-1] == "identity"


def test_the_difference_between_a_value_and_its_pool_is_one_operator() -> None:
    """x + s (pool(x) - x), a diffusion (EfficientFormer): the branch is pool - 1, and x is let through."""
    lines = ("p = AveragePool(x) kernel_shape=3,3 pads=1,1,1,1", "d = Sub(p, x)", "m = Mul(d, s)", "y = Add(x, m)")
    report = audited(*lines, s=SCALE)
    assert [(s.merge.name, s.kind) for s in report.shortcuts] == [("y", "identity")]
    assert [(other.name, other.reason) for other in report.other_adds] == [("d", "interpolation")]


def test_a_difference_of_two_steps_back_is_left_alone() -> None:
    """2 x1 - x0 + F(x1), x1 = x0 + F(x0): the last value is what is let through, twice (leapfrog)."""
    lines = ("x1 = Add(x, h)", "f = Conv(x1, v)", "two = Mul(x1, n)", "s = Sub(two, x)", "r = Relu(f)", "y = Add(s, r)")
    assert terms(*lines, v=KERNEL, n=stored(data=(2.0,), literal=True)) == ["two", "-x", "r"]


def test_a_sum_of_very_many_terms_is_taken_as_it_is_written() -> None:
    """Terms are compared with each other only where they are few."""
    lines = [f"a{i} = Add({f'a{i - 1}' if i else 'x'}, h)" for i in range(40)]
    assert len(terms(*lines, "y = Sub(a39, x)")) == 42


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_stored_number_never_vanishes(value: float) -> None:
    """ReZero, SkipInit: x + a F(x), a stored scalar that training moves."""
    report = audited(*BLOCK, "m = Mul(a, h)", "y = Add(x, m)", k=KERNEL, a=stored(data=(value,)))
    assert [s.kind for s in report.shortcuts] == ["identity"]


def test_what_is_multiplied_by_a_zero_in_the_code_is_nothing() -> None:
    """Also by a matrix of zeros, the first state of a recurrence: q @ zeros."""
    zeros = stored(4, 4, data=(0.0,) * 16, literal=True, learned=False)
    report = audited(*BLOCK, "z = MatMul(x, o)", "y = Add(z, h)", k=KERNEL, o=zeros)
    assert [other.reason for other in report.other_adds] == ["constant operand"]

"""Which additions are one sum, and what does it add? A value that is stretched over the others is seen past."""

from __future__ import annotations

import pytest

from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from tests.sketch import listing, stored

BLOCK = (
    "g = ReduceMean(x) axes=2,3 keepdims=1",
    "t = Conv(g, wt, _)",  # 8 x 8: 64 parameters
    "s = Conv(g, ws, _)",  # 64
    "h = Conv(x, wf, _) pads=1,1,1,1",  # 3 x 3 x 8 x 8: 576
    "f = Relu(h)",
)
SHAPES = [(1, 8, 4, 4), (2, 8, 4, 4), (1, 8, 1, 1), ("batch", 8, "height", "width")]


def audited(*lines: str, shape: tuple[int | str, ...] = SHAPES[0], **fed: tuple[int, ...]) -> ModelReport:
    made = {"wt": stored(8, 8, 1, 1), "ws": stored(8, 8, 1, 1), "wf": stored(8, 8, 3, 3)}
    inputs = {name: TensorType(sizes, "float32") for name, sizes in fed.items()}
    return audit_draft(listing(*BLOCK, *lines, x=TensorType(shape, "float32"), **made, **inputs))


def told(report: ModelReport) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    return (
        [(s.kind, s.merge.name, s.fork.name) for s in report.shortcuts],
        [(other.name, other.reason) for other in report.other_adds],
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = Add(x, t)", "y = Add(a, f)"),
        ("a = Add(t, x)", "y = Add(f, a)"),
        ("a = Add(f, t)", "y = Add(x, a)"),
        ("a = Add(t, f)", "y = Add(a, x)"),
    ],
)
def test_what_is_stretched_is_seen_past(one: str, other: str, shape: tuple[int | str, ...]) -> None:
    """The branch holds F(x) and the context, 576 + 64 parameters."""
    report = audited(one, other, shape=shape)
    assert told(report) == ([("identity", "y", "x")], [("a", "broadcast")])
    assert (report.totals.adds, report.shortcuts[0].span.parameters) == (2, 640)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_stretched_over_a_whole_sum_comes_after_it(shape: tuple[int | str, ...]) -> None:
    report = audited("a = Add(x, f)", "y = Add(a, t)", shape=shape)
    assert told(report) == ([("identity", "a", "x")], [("y", "broadcast")])
    assert report.shortcuts[0].span.parameters == 576


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "lines",
    [
        ("a = Add(x, t)", "b = Add(a, s)", "y = Add(b, f)"),
        ("a = Add(x, t)", "b = Add(f, s)", "y = Add(a, b)"),
        ("a = Add(f, t)", "b = Add(s, a)", "y = Add(x, b)"),
        ("a = Add(x, t)", "i = Identity(a)", "b = Add(i, s)", "c = Cast(b) to=1", "y = Add(c, f)"),
    ],
)
def test_several_contexts_are_seen_past(lines: tuple[str, ...], shape: tuple[int | str, ...]) -> None:
    """576 + 64 + 64 parameters; one element is added for each of the sum."""
    report = audited(*lines, shape=shape)
    assert told(report) == ([("identity", "y", "x")], [("a", "broadcast"), ("b", "broadcast")])
    (shortcut,) = report.shortcuts
    assert shortcut.span.parameters == 704
    assert shortcut.elementwise_adds == (128 if shape == (1, 8, 4, 4) else shortcut.elementwise_adds)


@pytest.mark.parametrize("shape", SHAPES)
def test_contexts_that_are_added_up_first_are_a_sum_of_their_own(shape: tuple[int | str, ...]) -> None:
    report = audited("a = Add(t, s)", "b = Add(a, f)", "y = Add(b, x)", shape=shape)
    assert told(report) == ([("identity", "y", "x")], [("a", "parallel branches"), ("b", "broadcast")])


def test_a_context_may_be_taken_away_or_have_the_value_taken_from_it() -> None:
    """x - t, plus f, is a shortcut of x; t - x, plus f, one of -x. A difference of so little is not listed."""
    assert told(audited("a = Sub(x, t)", "y = Add(a, f)")) == ([("identity", "y", "x")], [])
    report = audited("a = Sub(t, x)", "y = Add(a, f)")
    assert told(report) == ([("parameter-free", "y", "x")], [])
    assert "the shortcut is subtracted" in report.shortcuts[0].notes[0]


@pytest.mark.parametrize(
    "lines",
    [
        ("r = Relu(x)", "a = Add(x, t)", "y = Add(a, r)"),
        ("r = Relu(x)", "a = Add(r, t)", "y = Add(a, x)"),
        ("r = Relu(x)", "y = Add(x, r)", "a = Add(y, t)"),
    ],
)
def test_a_context_makes_no_branch(lines: tuple[str, ...]) -> None:
    """x + t is a broadcast, x + relu(x) a formula: together they are no shortcut, however they are grouped."""
    _, others = told(audited(*lines))
    assert sorted(others) == [("a", "broadcast"), ("y", "elementwise expression")]


def test_a_context_of_the_branch_is_no_fork_of_it() -> None:
    """A global context block (Cao et al. 2019, GCNet): f + gc(f) is no shortcut of f, beside x or not."""
    block = "m = ReduceMean(f) axes=2,3 keepdims=1", "c = Conv(m, wt, _)", "a = Add(f, c)"
    assert told(audited(*block)) == ([], [("a", "broadcast")])
    assert told(audited(*block, "y = Add(a, x)")) == ([("identity", "y", "x")], [("a", "broadcast")])


def test_what_is_fed_may_be_a_weight_and_stays_on_the_route() -> None:
    assert told(audited("a = Add(x, e)", "y = Add(a, f)", e=(1, 8, 1, 1))) == (
        [("projection", "y", "x")],
        [("a", "broadcast")],
    )


def test_the_shift_of_a_norm_that_is_written_out_stays_with_it() -> None:
    """x k + (beta - mean k), as TensorFlow writes it: a norm without weights on the shortcut, and no gate k."""
    norm = (
        "m = ReduceMean(x) axes=1, keepdims=1", "d = Sub(x, m)", "q = Mul(d, d)",
        "v = ReduceMean(q) axes=1, keepdims=1", "e = Sqrt(v)", "k = Reciprocal(e)", "xk = Mul(x, k)",
        "mk = Mul(m, k)", "n = Neg(mk)", "a = Add(xk, n)",
    )  # fmt: skip
    report = audited(*norm, "y = Add(a, f)")
    assert told(report) == ([("parameter-free", "y", "x")], [("a", "broadcast")])
    assert "a" in [step.name for step in report.shortcuts[0].route]


def test_a_chain_of_a_thousand_contexts_is_one_sum() -> None:
    lines = ["a0 = Add(x, t)", *(f"a{n} = Add(a{n - 1}, t)" for n in range(1, 1000)), "y = Add(a999, f)"]
    report = audited(*lines)
    assert ([s.kind for s in report.shortcuts], len(report.other_adds)) == (["identity"], 1000)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_stretched_is_seen_past_whoever_else_reads_the_sum(shape: tuple[int | str, ...]) -> None:
    """(x + t) + F(x) is x + F(x), and t beside it, where x + t is read by others, too: 576 + 64 parameters."""
    report = audited("a = Add(x, t)", "other = Relu(a)", "y = Add(a, f)", shape=shape)
    assert told(report) == ([("identity", "y", "x")], [("a", "broadcast")])
    assert report.shortcuts[0].span.parameters == 640


def test_several_values_may_be_stretched_one_after_the_other() -> None:
    """F(x) + b, b = a + s, a = x + t, both read by others: 576 + 2 x 64 parameters are skipped."""
    lines = ("a = Add(x, t)", "b = Add(a, s)", "c = Identity(b)", "others = Mul(a, b)", "y = Sub(f, c)")
    report = audited(*lines)
    assert told(report) == ([("parameter-free", "y", "x")], [("a", "broadcast"), ("b", "broadcast")])
    assert report.shortcuts[0].span.parameters == 704


def test_a_context_block_that_others_read_makes_no_branch() -> None:
    """a = x + t(x) and b = a + t(a) are no branch beside x: b + x is 2 x, and what is stretched over it."""
    lines = ("a = Add(x, t)", "m = ReduceMean(a) axes=2,3 keepdims=1", "k = Conv(m, ws, _)", "b = Add(a, k)")
    report = audited(*lines, "other = Relu(b)", "y = Add(b, x)")
    assert told(report) == ([], [("a", "broadcast"), ("b", "broadcast"), ("y", "elementwise expression")])


def test_a_sum_from_which_the_branch_is_computed_is_the_fork() -> None:
    """a = x + t, and y = a + F(a): the time embedding of a diffusion model is added before its blocks."""
    report = audited("a = Add(x, t)", "k = Conv(a, wf, _) pads=1,1,1,1", "r = Relu(k)", "y = Add(r, a)")
    assert told(report) == ([("identity", "y", "a")], [("a", "broadcast")])
    assert report.shortcuts[0].span.parameters == 576


def test_what_would_cancel_is_left_as_it_is_written() -> None:
    """(a - x) + F(x), a = x + t, of which others read a: no identity x appears that the file does not add."""
    report = audited("a = Add(x, t)", "other = Relu(a)", "d = Sub(a, x)", "y = Add(d, f)")
    assert "identity" not in [shortcut.kind for shortcut in report.shortcuts]


def test_a_sum_that_is_added_twice_is_seen_past_as_one_that_is_added_once() -> None:
    """a + a + x, a = x + t(x): multiples of x, and what is stretched over them."""
    report = audited("a = Add(x, t)", "other = Relu(a)", "d = Add(a, a)", "y = Add(d, x)")
    assert [shortcut.kind for shortcut in report.shortcuts] == []

"""Which ops that are not understood may be additions themselves?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.search import unseen
from tests.sketch import audited, listing, stored

BRANCH = "x -> Conv.1 -> Relu -> Conv.2 -> Mystery"
ATTENTION = tuple(f"x -> Conv.{name}{{k=1}} -> Mystery" for name in ("q", "k", "v"))


@pytest.mark.parametrize(
    "lines",
    [
        (BRANCH, "x -> Mystery"),  # F(x) + x, perhaps
        (BRANCH, "x -> Conv.p{k=1} -> Mystery"),  # F(x) + W x
        (BRANCH, "x -> Mystery.2 -> Mystery"),  # an identity if the other one copies
        ("x -> Mystery.2 -> Mystery", "x -> Mystery"),  # and if it works
        (BRANCH, "x -> Mystery", "Mystery -> Relu.3"),
    ],
)
def test_it_would_merge_a_shortcut_if_it_added_what_it_reads(lines: tuple[str, ...]) -> None:
    report = audited(*lines)
    assert report.shortcuts == ()
    assert [(other.op, other.reason, other.detail) for other in report.other_adds] == [
        ("Mystery", "not understood", "Mystery at Mystery")
    ]
    assert (report.summary.unknown, report.summary.extra_parameters, report.totals.adds) == (1, None, 0)


@pytest.mark.parametrize(
    "lines",
    [
        ATTENTION,  # equal maps, added, are parallel branches
        (BRANCH, "x -> Conv.3 -> Relu.3 -> Mystery"),  # so are two nonlinear ones
        ("x -> Mystery", "z -> Mystery"),  # two towers
        ("x -> Conv.1 -> Mystery",),
        (BRANCH, "x -> Conv.3{out=4} -> Relu.3 -> Conv.4{out=4} -> Mystery"),
    ],
)
def test_it_would_merge_none(lines: tuple[str, ...]) -> None:
    assert (audited(*lines).other_adds, audited(*lines).summary.unknown) == ((), 0)


@pytest.mark.parametrize(
    "lines",
    [
        (*ATTENTION, "Mystery -> Conv.o{k=1} -> Add", "x -> Add"),
        # queries that are normalised and bent, values that are not
        ("x -> Conv.q -> Relu -> Mystery", "x -> Conv.v -> Mystery -> Conv.o -> Add", "x -> Add"),
        (
            "x -> Conv.0 -> Mystery.0",
            "Mystery.0 -> Conv.1 -> Relu -> Mystery",
            "Mystery.0 -> Mystery -> Add",
            "x -> Add",
        ),
    ],
)
def test_on_the_branch_of_a_clear_shortcut_it_is_the_branchs_work(lines: tuple[str, ...]) -> None:
    report = audited(*lines)
    assert [shortcut.kind for shortcut in report.shortcuts] == ["identity"]
    assert (len(report.other_adds), report.summary.unknown) == (0, 0)


def test_before_and_behind_a_clear_shortcut_it_is_not() -> None:
    report = audited(BRANCH, "x -> Mystery -> Conv.7 -> Relu.7 -> Conv.8 -> Add", "Mystery -> Add")
    assert ([s.kind for s in report.shortcuts], report.summary.unknown) == (["identity"], 1)
    report = audited("x -> Conv.7 -> Relu.7 -> Add", "x -> Add -> Conv.1 -> Relu -> Mystery", "Add -> Mystery")
    assert ([s.kind for s in report.shortcuts], report.summary.unknown) == (["identity"], 1)


def test_a_shortcut_around_what_another_tower_computes_is_not_hidden_by_a_branch() -> None:
    """It lies on the way from fork to merge, and does not begin there."""
    tower = "z -> Conv.1 -> Relu -> Mystery"
    report = audited(tower, "z -> Mystery", "x -> Conv.3 -> Mul", "Mystery -> Mul -> Conv.4 -> Add", "x -> Add")
    assert ([s.kind for s in report.shortcuts], report.summary.unknown) == (["identity"], 1)


def test_what_is_not_reached_is_no_branchs_work(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "x -> Conv.q -> Relu -> Mystery", "x -> Conv.v -> Mystery -> Conv.o -> Add", "x -> Add"
    monkeypatch.setattr(unseen, "WALKED", 0)
    assert audited(*lines).summary.unknown == 1


def test_values_of_other_shapes_are_not_added() -> None:
    """Boxes and scores; features and offsets."""
    drawn = listing("f = Conv(x, w)", "r = Relu(f)", "y = mine::Op(r, x)", x=(1, 8, 4, 4), w=stored(8, 8, 3, 3))
    assert audit_draft(drawn).summary.unknown == 0  # 2 x 2 and 4 x 4
    padded = listing(
        "f = Conv(x, w) pads=1,1,1,1", "r = Relu(f)", "y = mine::Op(r, x)", x=(1, 8, 4, 4), w=stored(8, 8, 3, 3)
    )
    assert audit_draft(padded).summary.unknown == 1
    unknown = replace(padded, inputs=(("x", TensorType(None, "float32")),))
    assert audit_draft(unknown).summary.unknown == 1


def test_a_chain_of_them_is_listed_each() -> None:
    lines = []
    for n in range(30):
        before = "x" if n == 0 else f"Mystery.{n - 1}"
        lines += [f"{before} -> Conv.{n} -> Relu.{n} -> Mystery.{n}", f"{before} -> Mystery.{n}"]
    assert audited(*lines).summary.unknown == 30


@pytest.mark.parametrize(
    ("sums", "unknown"),
    [
        ("y = AveragePool(j) kernel_shape=2,", 1), ("y = GlobalAveragePool(j)", 1), ("y = CumSum(j, axis)", 1),
        ("y = ReduceSum(j, axis)", 1), ("y = MaxPool(j) kernel_shape=2,", 0), ("y = ReduceMax(j) axes=2,", 0),
    ],
)  # fmt: skip
def test_what_adds_elements_of_what_is_joined_may_add_what_was_joined(sums: str, unknown: int) -> None:
    """x and F(x), of 8 each, joined and laid out as 8 pairs."""
    report = audit_draft(
        listing(
            "c = MatMul(x, w)", "f = Relu(c)", "a = Concat(x, f) axis=1", "j = Reshape(a, pairs)", sums,
            x=(1, 8), w=stored(8, 8), pairs=stored(3, dtype="int64", data=(1, 8, 2)),
            **({"axis": stored(1, dtype="int64", data=(2,))} if "axis" in sums else {}),
        )
    )  # fmt: skip
    assert report.summary.unknown == unknown


FOUR = (
    "a = Conv(x, w)",
    "b = Conv(x, k) pads=1,1,1,1",
    "c = Relu(b)",
    "d = Conv(c, w)",
    "j = Concat(x, a, c, d) axis=1",
)


@pytest.mark.parametrize(
    ("pool", "unknown"),
    [
        # Channels lie one behind the other, and a pool sums rows and columns: as many elements as each part, and none.
        ("y = AveragePool(j) kernel_shape=2,2 strides=2,2", 0),
        ("y = AdaptiveAveragePool(j) output_size=4,4", 0),
        ("y = AdaptiveAveragePool(j) output_size=4,8,8", 1),  # over the channels, in a manner
        ("t = Reshape(j, s)\ny = AveragePool(t) kernel_shape=4 strides=4", 1),  # laid out anew
        ("t = Reshape(j, s)\ny = AdaptiveAveragePool(t) output_size=1,", 1),
    ],
)
def test_a_pool_adds_parts_that_lie_along_the_axes_that_it_sums(pool: str, unknown: int) -> None:
    s = stored(3, dtype="int64", data=(1, 256, 4))
    drawn = listing(*FOUR, *pool.splitlines(), x=(1, 4, 8, 8), w=stored(4, 4, 1, 1), k=stored(4, 4, 3, 3), s=s)
    assert audit_draft(drawn).summary.unknown == unknown

"""Which value does an op choose, where that is known before it runs?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.model import ModelGraph, Op, TensorType
from shortcut_audit.pipeline import audit_draft
from tests.sketch import listing, stored

IMAGE = (1, 8, 4, 4)
KERNELS = {"w": stored(8, 8, 3, 3), "v": stored(8, 8, 3, 3)}
BRANCHES = (
    "a = Conv(x, w) pads=1,1,1,1",
    "r = Relu(a)",
    "b = Conv(x, v) pads=1,1,1,1",
    "c = If(k, r, b)",
)


def number(value: int | bool, dtype: str = "int64") -> object:
    return stored(dtype=dtype, data=(value,), literal=True)


def graph(*lines: str, **tensors: object) -> ModelGraph:
    return assemble(listing(*lines, x=IMAGE, **tensors))  # type: ignore[arg-type]


def source(made: ModelGraph, name: str) -> str:
    """What a value is a copy of."""
    op = made.values[name].op
    assert isinstance(op, Op)
    assert op.kind == "Identity"
    (given,) = op.values()
    return given


@pytest.mark.parametrize(
    ("condition", "chosen", "left", "dead"),
    [(True, "r", ["w"], "1 op leads"), (False, "b", ["v"], "2 ops lead")],
)
def test_an_if_whose_condition_is_known_is_one_branch(condition: bool, chosen: str, left: list[str], dead: str) -> None:
    made = graph(*BRANCHES, k=number(condition, "bool"), **KERNELS)
    assert source(made, "c") == chosen
    assert [weight.name for weight in made.weights] == left
    note, unread = made.notes
    assert note.startswith(f"{dead} to no output of the model: ")
    assert unread.startswith("576 parameters in 1 tensor are read by nothing")  # 8 x 8 x 3 x 3


def test_a_condition_may_follow_from_sizes() -> None:
    """squeeze(1) asks whether the second size is 1."""
    asks = "s = Shape(x)", "n = Gather(s, i) axis=0", "k = Equal(n, one)"
    made = graph(*asks, *BRANCHES, i=number(1), one=number(1), **KERNELS)
    assert source(made, "c") == "b"  # it is 8


@pytest.mark.parametrize(
    ("lines", "change", "kept"),
    [
        # NonZero makes as many columns as there are elements; the file merely says that it is one.
        ("n = NonZero(x) | s = Shape(n) | m = Gather(s, one) axis=0 | k = Equal(m, one)", {}, "If"),
        (
            "n = NonZero(x) | s = Shape(n) | m = Gather(s, one) axis=0 | k = Equal(m, one)",
            {"recorded": {"n": TensorType((4, 1), "int64")}},
            "If",
        ),
        # The batch is 2 in this run, and open in the file: in another run it may be 1.
        ("s = Shape(x) | m = Gather(s, zero) axis=0 | k = Equal(m, one)", {}, "Identity"),
        (
            "s = Shape(x) | m = Gather(s, zero) axis=0 | k = Equal(m, one)",
            {"declared": (("x", TensorType(("batch", 8, 4, 4), "float32")),)},
            "If",
        ),
    ],
)
def test_a_branch_is_taken_for_good_only_where_nobody_can_make_its_condition_otherwise(
    lines: str, change: dict[str, object], kept: str
) -> None:
    drawn = listing(*lines.split(" | "), *BRANCHES, x=(2, 8, 4, 4), one=number(1), zero=number(0), **KERNELS)  # type: ignore[arg-type]
    made = assemble(replace(drawn, **change))  # type: ignore[arg-type]
    op = made.values["c"].op
    assert op is not None
    assert op.kind == kept


def test_a_default_that_a_caller_may_override_proves_nothing() -> None:
    drawn = listing(*BRANCHES, x=IMAGE, k=number(True, "bool"), **KERNELS)  # type: ignore[arg-type]
    overridable = replace(drawn, tensors=tuple(replace(t, overridable=t.name == "k") for t in drawn.tensors))
    assert [op.kind for op in assemble(drawn).ops] == ["Conv", "Relu", "Identity"]
    assert [op.kind for op in assemble(overridable).ops] == ["Conv", "Relu", "Conv", "If"]


def test_an_if_whose_condition_is_a_value_keeps_both_branches() -> None:
    made = graph(*BRANCHES, k=(), **KERNELS)
    assert [op.kind for op in made.ops] == ["Conv", "Relu", "Conv", "If"]


def test_what_the_branch_that_is_not_taken_shares_with_others_stays() -> None:
    made = graph(*BRANCHES, "y = Add(c, a)", k=number(False, "bool"), **KERNELS)
    assert [op.kind for op in made.ops] == ["Conv", "Conv", "Identity", "Add"]  # a Relu of a nobody needs


def test_an_addition_that_is_never_run_is_none() -> None:
    lines = "a = Conv(x, w) pads=1,1,1,1", "s = Add(a, x)", "c = If(k, x, s)", "y = Relu(c)"
    report = audit_draft(listing(*lines, x=IMAGE, k=number(True, "bool"), **KERNELS))  # type: ignore[arg-type]
    assert (report.totals.adds, report.totals.macs, report.totals.parameters) == (0, 0, 0)


BUILT = ("e = SequenceEmpty()", "s = SequenceInsert(e, x)", "r = Relu(x)", "q = SequenceInsert(s, r)")


@pytest.mark.parametrize(
    ("lines", "element"),
    [
        (("q = SequenceConstruct(x, z)",), "x"),
        (("r = Relu(x)", "q = SequenceConstruct(r, z, x)"), "r"),
        (BUILT, "x"),
        ((*BUILT[:3], "q = SequenceInsert(s, r, i)"), "r"),  # in front
        ((*BUILT[:3], "q = SequenceInsert(s, r, last)"), "r"),  # in front of the last
        ((*BUILT[:3], "q = SequenceInsert(s, r, end)"), "x"),  # behind the last
    ],
)
def test_an_element_of_a_list_is_what_was_put_there(lines: tuple[str, ...], element: str) -> None:
    made = graph(*lines, "y = SequenceAt(q, i)", z=IMAGE, i=number(0), last=number(-1), end=number(1))
    assert source(made, "y") == element


def test_places_are_counted_from_the_end_too() -> None:
    assert source(graph(*BUILT, "y = SequenceAt(q, i)", i=number(-1)), "y") == "r"


def test_a_place_that_is_not_there_or_not_known_chooses_nothing() -> None:
    for place in (number(2), number(-3), ()):
        made = graph(*BUILT, "y = SequenceAt(q, i)", i=place)
        assert made.ops[-1].kind == "SequenceAt"


def test_a_list_that_is_put_together_is_a_concatenation() -> None:
    joined = graph(*BUILT, "y = ConcatFromSequence(q) axis=1").values["y"]
    assert (joined.op.kind, joined.op.values(), joined.type.shape) == ("Concat", ("x", "r"), (1, 16, 4, 4))  # type: ignore[union-attr]
    stacked = graph(*BUILT, "y = ConcatFromSequence(q) axis=0 new_axis=1").values["y"]
    assert (stacked.op.kind, stacked.type.shape) == ("Stack", (2, 1, 8, 4, 4))  # type: ignore[union-attr]


def test_a_list_that_is_only_read_leaves_no_trace() -> None:
    """x + f + g is one sum, the first addition of which goes through a list."""
    lines = "f = Conv(x, w) pads=1,1,1,1", "a = Add(x, f)", "g = Conv(x, v) pads=1,1,1,1"
    direct = audit_draft(listing(*lines, "y = Add(a, g)", x=IMAGE, **KERNELS))
    through = "s = SequenceConstruct(a)", "b = SequenceAt(s, i)", "y = Add(b, g)"
    listed = audit_draft(listing(*lines, *through, x=IMAGE, i=number(0), **KERNELS))  # type: ignore[arg-type]
    assert [s.kind for s in listed.shortcuts] == [s.kind for s in direct.shortcuts] == ["identity"]


def test_siblings_in_a_list_are_distinct() -> None:
    """y = x + f(x), the x out of a list that holds f(x), too: an identity, not what the list is computed from."""
    lines = "f = Conv(x, w) pads=1,1,1,1", "s = SequenceConstruct(x, f)", "h = SequenceAt(s, i)", "y = Add(h, f)"
    report = audit_draft(listing(*lines, x=IMAGE, i=number(0), **KERNELS))  # type: ignore[arg-type]
    assert [shortcut.kind for shortcut in report.shortcuts] == ["identity"]


# -- what is split into a list ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("split", "tensors", "sizes"),
    [
        ("SplitToSequence(x) axis=1", {}, [1] * 8),
        ("SplitToSequence(x, n) axis=1", {"n": number(3)}, [3, 3, 2]),
        ("SplitToSequence(x, n) axis=1", {"n": stored(2, dtype="int64", data=(2, 6), literal=True)}, [2, 6]),
    ],
)
def test_a_list_of_parts_that_is_put_together_is_a_concatenation(
    split: str, tensors: dict[str, object], sizes: list[int]
) -> None:
    made = graph(f"s = {split}", "y = ConcatFromSequence(s) axis=1", **tensors)
    joined = made.values["y"].op
    assert isinstance(joined, Op)
    assert joined.kind == "Concat"
    assert [made.values[part].type.shape for part in joined.values()] == [(1, size, 4, 4) for size in sizes]
    assert made.values["y"].type.shape == IMAGE


def test_a_part_may_lose_its_axis() -> None:
    made = graph("s = SplitToSequence(x) axis=1 keepdims=0", "y = SequenceAt(s, i)", i=number(-1))
    assert made.values[source(made, "y")].type.shape == (1, 4, 4)


@pytest.mark.parametrize(
    ("tensors", "shape"),
    [
        ({"n": (1,)}, IMAGE),  # where to cut is known at run time only
        ({"n": number(3)}, (1, "channels", 4, 4)),
        ({"n": number(0)}, IMAGE),
        ({"n": stored(2, dtype="int64", data=(2, 7), literal=True)}, IMAGE),
        ({"n": number(1)}, (1, 5000, 4, 4)),  # more parts than anybody follows
    ],
)
def test_parts_that_are_not_known_stay_in_their_list(tensors: dict[str, object], shape: tuple[int | str, ...]) -> None:
    lines = "s = SplitToSequence(x, n) axis=1", "y = ConcatFromSequence(s) axis=1"
    made = assemble(listing(*lines, x=shape, **tensors))  # type: ignore[arg-type]
    assert [op.kind for op in made.ops] == ["SplitToSequence", "ConcatFromSequence"]

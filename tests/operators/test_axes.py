"""Along which axes does an op work: those that it names, puts in, or joins values along?"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import Constant, ModelGraph, Op, TensorType
from shortcut_audit.operators.axes import (
    Stack,
    from_front,
    joint_axis,
    listed,
    only_axis,
    rank_of,
    stacked,
    summed_stack,
)
from tests.sketch import listing, stored

SHAPE = (1, 4, 8)


def drawn(*lines: str, outputs: tuple[str, ...] = (), **tensors: Tensor | TensorType | tuple[int, ...]) -> ModelGraph:
    return assemble(listing(*lines, outputs=outputs, **{"x": SHAPE, "z": SHAPE, **tensors}))


@pytest.mark.parametrize(
    ("axis", "rank", "counted"),
    [
        (0, 3, 0), (2, 3, 2), (3, 3, None), (-1, 3, 2), (-3, 3, 0), (-4, 3, None), (0, 0, None),
        (5, None, 5), (-1, None, -1), ("1", None, None), ("1", 3, None), (None, 3, None), ((1,), 3, None),
    ],
)  # fmt: skip
def test_an_axis_is_counted_from_the_front_where_the_rank_is_known(
    axis: object, rank: int | None, counted: int | None
) -> None:
    assert from_front(axis, rank) == counted  # type: ignore[arg-type]


def op(*inputs: object, kind: str = "ReduceSum", **attributes: object) -> Op:
    return Op(kind, kind, "", inputs, ("y",), attributes=attributes)  # type: ignore[arg-type]


def constant(*data: int | None) -> Constant:
    return Constant(TensorType((len(data),), "int64", data))


def test_axes_stand_in_the_second_input_or_in_an_attribute() -> None:
    assert listed(op("x", constant(1, 2))) == (1, 2)
    assert listed(op("x", constant(1), axes=(2,))) == (1,)  # what is given is asked first
    assert listed(op("x", axes=(0, 2))) == (0, 2)
    assert listed(op("x", None, axes=(2,))) == (2,)
    assert listed(op("x")) is None
    assert (
        listed(
            op(
                "x",
                axes=1,
            )
        )
        is None
    )  # no list
    assert listed(op("x", "computed")) is None


@pytest.mark.parametrize(
    ("axes", "rank", "one"),
    [
        ((1,), 3, 1), ((-1,), 3, 2), ((0, 1), 3, None), ((), 3, None), ((3,), 3, None), (("1",), 3, None),
        ((1,), None, 1),
    ],
)  # fmt: skip
def test_the_one_axis_that_is_listed(axes: tuple[object, ...], rank: int | None, one: int | None) -> None:
    assert only_axis(op("x", axes=axes), rank) == one


def test_the_axis_along_which_values_are_joined() -> None:
    assert joint_axis(op("x", "z", kind="Concat", axis=-1), 3) == 2
    assert joint_axis(op("x", "z", kind="Concat"), 3) is None  # Concat's axis has no default
    assert joint_axis(op("x", "z", kind="Stack"), 4) == 0  # torch.stack's is 0
    assert joint_axis(op("x", "z", kind="Stack", axis=2), 4) == 2
    assert joint_axis(op("x", "z", kind="Add", axis=1), 3) is None


PUT_IN = ("a = Unsqueeze(x) axes=1,", "b = Unsqueeze(z) axes=1,")


def test_what_was_stacked() -> None:
    assert stacked(drawn("y = Stack(x, z) axis=1"), "y") == Stack(1, ("x", "z"))
    assert stacked(drawn(*PUT_IN, "y = Concat(a, b) axis=1"), "y") == Stack(1, ("x", "z"))
    assert stacked(drawn(*PUT_IN, "y = Concat(a, b) axis=-3"), "y") == Stack(1, ("x", "z"))  # 4 axes: -3 is 1


@pytest.mark.parametrize(
    "lines",
    [
        (*PUT_IN, "y = Concat(a, b) axis=2"),  # along another axis than was put in
        ("a = Unsqueeze(x) axes=1,", "b = Unsqueeze(z) axes=2,", "c = Reshape(b, s)", "y = Concat(a, c) axis=1"),
        ("y = Concat(x, z) axis=1",),  # no axis was put in
        ("y = Add(x, z)",),
    ],
)
def test_what_was_joined_without_an_axis_of_its_own_was_not_stacked(lines: tuple[str, ...]) -> None:
    assert stacked(drawn(*lines, s=stored(4, dtype="int64", data=(1, 1, 4, 8))), "y") is None


def test_an_input_was_not_stacked() -> None:
    assert stacked(drawn("y = Add(x, z)"), "x") is None


def test_a_constant_that_is_joined_with_what_is_stacked_stays_as_it_is() -> None:
    graph = drawn("a = Unsqueeze(x) axes=1,", "y = Concat(t, a) axis=1", t=stored(1, 1, 4, 8))
    stack = stacked(graph, "y")
    assert stack is not None
    assert stack.slices == (graph.values["y"].op.inputs[0], "x")  # type: ignore[union-attr]
    assert isinstance(stack.slices[0], Constant)


def summed(*lines: str, outputs: tuple[str, ...] = ()) -> Stack | None:
    graph = drawn(*lines, outputs=outputs)
    made = graph.values["y"].op
    assert made is not None
    return summed_stack(graph, made)


@pytest.mark.parametrize("reduced", ["ReduceSum", "ReduceMean"])
def test_a_stack_that_is_summed_away(reduced: str) -> None:
    assert summed("s = Stack(x, z)", f"y = {reduced}(s) axes=0, keepdims=0") == Stack(0, ("x", "z"))
    assert summed("s = Stack(x, z) axis=2", f"y = {reduced}(s) axes=-2, keepdims=0") == Stack(2, ("x", "z"))


@pytest.mark.parametrize(
    "lines",
    [
        ("s = Stack(x, z)", "y = ReduceSum(s) axes=1, keepdims=0"),  # another axis
        ("s = Stack(x, z)", "y = ReduceSum(s) axes=0,1 keepdims=0"),
        ("s = Stack(x, z)", "y = ReduceSum(s) axes=0, keepdims=1"),  # the axis stays
        ("s = Stack(x, z)", "y = ReduceSum(s) axes=0,"),  # as it does by default
        ("s = Stack(x, z)", "y = ReduceMax(s) axes=0, keepdims=0"),  # no sum
        ("s = Stack(x, z)", "y = ReduceSum(s) axes=0, keepdims=0", "o = Relu(s)"),  # somebody else reads the stack
        ("y = ReduceSum(x) axes=0, keepdims=0",),  # no stack
    ],
)
def test_what_is_no_sum_of_a_stack(lines: tuple[str, ...]) -> None:
    assert summed(*lines) is None


def test_how_many_axes_a_value_has() -> None:
    assert rank_of(drawn("y = Relu(x)"), "y") == 3
    assert rank_of(drawn("y = Relu(t)", t=TensorType(None, "float32")), "y") is None
    assert rank_of(drawn("y = Relu(t)", t=()), "y") == 0

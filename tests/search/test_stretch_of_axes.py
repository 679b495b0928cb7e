"""What is known of each axis of a value: has it as many elements as the data, or one, however many there are?

`o` stands for an axis of the data's own, `1` for one that was reduced or put in, `?` for one of which nothing is known
(search/stretch.py).
"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.model import ModelGraph, Shape, TensorType
from shortcut_audit.search import ranks
from shortcut_audit.search.stretch import Axis, Stretches, stretched
from tests.sketch import listing, stored

LETTERS = {Axis.ONE: "1", Axis.UNKNOWN: "?", Axis.OWN: "o"}
AXES = {letter: axis for axis, letter in LETTERS.items()}

MEAN = "m = ReduceMean(x) axes=2,3 keepdims=1"
IMAGE = (2, 8, 4, 4)

GIVEN = {
    "x": IMAGE, "t": (2, 4, 8), "z": IMAGE, "row": (8, 1, 1), "unranked": TensorType(None, "float32"),
    "i": TensorType((2,), "int64"), "c": TensorType(IMAGE, "bool"),
    "w": stored(8, 8, 1, 1), "w3": stored(8, 8, 3, 3), "w16": stored(16, 8, 1, 1), "l": stored(8, 8),
    "g": stored(8, 1, 1),
    "k": stored(4, 4), "four": stored(4), "wide": stored(2, 8, 4, 4), "n": stored(data=(2.0,), literal=True),
    "axes23": stored(2, dtype="int64", data=(2, 3)), "to_image": stored(4, dtype="int64", data=IMAGE),
    "behind": stored(4, dtype="int64", data=(2, 8, 1, 1)), "before": stored(4, dtype="int64", data=(1, 2, 8, 1)),
    "flat": stored(2, dtype="int64", data=(2, 128)), "as_row": stored(2, dtype="int64", data=(2, 8)),
    "thrice": stored(4, dtype="int64", data=(1, 1, 3, 1)), "front": stored(5, dtype="int64", data=(3, *IMAGE)),
    "two_by": stored(4, dtype="int64", data=(2, 8, 8, 8)), "first": stored(2, dtype="int64", data=(0, 1)),
    "from": stored(1, dtype="int64", data=(1,)), "to": stored(1, dtype="int64", data=(3,)),
    "at": stored(dtype="int64", data=(0,)),
    "last": stored(1, dtype="int64", data=(-1,)),
}  # fmt: skip


def drawn(*lines: str, **sizes: Shape) -> ModelGraph:
    read = {word for line in lines for word in line.partition("(")[2].partition(")")[0].split(", ")}
    return assemble(listing(*lines, **{name: given for name, given in {**GIVEN, **sizes}.items() if name in read}))  # type: ignore[arg-type]


def axes(*lines: str, **sizes: Shape) -> str:
    return "".join(LETTERS[axis] for axis in Stretches(drawn(*lines, **sizes)).of("y"))


@pytest.mark.parametrize(
    ("lines", "known"),
    [
        # 1. A reduction that keeps its axes leaves ones; one that does not leaves nothing known.
        (("y = ReduceMean(x) axes=2,3 keepdims=1",), "oo11"),
        (("y = ReduceMean(x) axes=2,3",), "oo11"),
        (("y = ReduceMean(x) axes=-1,",), "ooo1"),
        (("y = ReduceSum(x, axes23)",), "oo11"),
        (("y = ReduceMax(x) axes=1, keepdims=1",), "o1oo"),
        (("y = ReduceMean(x) axes=2,3 keepdims=0",), "??"),
        (("y = ReduceMean(x)",), "1111"),
        (("y = ReduceMean(x) noop_with_empty_axes=1",), "oooo"),
        (("y = GlobalAveragePool(x)",), "oo11"),
        (("y = GlobalMaxPool(x)",), "oo11"),
        (("y = ReduceProd(x) axes=2,3",), "????"),  # no statistic
        (("y = ReduceMean(z) axes=0, keepdims=1",), "1ooo"),
        # 2. An axis that is put in is one.
        (("y = Unsqueeze(t) axes=1,",), "o1oo"),
        (("y = Unsqueeze(t) axes=-1,",), "ooo1"),
        (("y = Unsqueeze(t) axes=0,4",), "1ooo1"),
        (("y = Unsqueeze(t, last)",), "ooo1"),
        (("m = ReduceMean(x) axes=2,3 keepdims=0", "y = Unsqueeze(m) axes=2,3"), "??11"),
        ((MEAN, "y = Transpose(m) perm=0,2,3,1"), "o11o"),
        (("y = Transpose(x) perm=3,2,1,0",), "oooo"),
        ((MEAN, "y = Transpose(m) perm=2,0,3,1"), "1o1o"),
        (("a = Reshape(x, as_row)", "y = Reshape(a, behind)"), "????"),
        (("y = Reshape(x, flat)",), "??"),
        (("a = GlobalAveragePool(x)", "b = Squeeze(a) axes=2,3", "d = MatMul(b, l)", "y = Reshape(d, behind)"), "?o11"),
        (("a = MatMul(t, l)", "b = Slice(a, from, to, last)", "y = Identity(b)"), "oo?"),
        # 3. Element by element: stretched only if it is so in all operands.
        ((MEAN, "y = Relu(m)"), "oo11"),
        ((MEAN, "y = Mul(m, g)"), "oo11"),
        ((MEAN, "y = Mul(m, n)"), "oo11"),
        ((MEAN, "y = Mul(m, wide)"), "oo??"),  # sixteen factors make sixteen elements of one
        ((MEAN, "y = Add(m, x)"), "oooo"),
        ((MEAN, "b = ReduceMax(x) axes=2,3 keepdims=1", "y = Add(m, b)"), "oo11"),
        ((MEAN, "b = ReduceMax(x) axes=3, keepdims=1", "y = Add(m, b)"), "ooo1"),
        ((MEAN, "y = Add(m, row)"), "oooo"),  # the row is fed as it is
        ((MEAN, "y = Softmax(m) axis=1"), "oo11"),  # it keeps the shape
        (("y = Softmax(x) axis=1",), "oooo"),
        ((MEAN, "y = LayerNormalization(m, n) axis=-1"), "oo11"),
        ((MEAN, "y = Where(c, m, x)"), "oooo"),
        ((MEAN, "y = ArgMax(m) axis=1"), "????"),
        # 4. A convolution, a pool or a linear layer keeps the axes along which it maps nothing.
        ((MEAN, "y = Conv(m, w)"), "oo11"),
        ((MEAN, "y = Conv(m, w16)"), "oo11"),
        (("m = ReduceMean(x) axes=1, keepdims=1", "y = Conv(m, w1)"), "oooo"),
        ((MEAN, "y = AveragePool(m) kernel_shape=1,1"), "oo11"),
        (("m = ReduceMean(t) axes=1, keepdims=1", "y = MatMul(m, l)"), "o1o"),
        (("m = ReduceMean(t) axes=2, keepdims=1", "y = MatMul(m, l1)"), "ooo"),
        (("m = ReduceMean(t) axes=1, keepdims=1", "y = MatMul(k1, m)"), "???"),  # on the left it mixes positions
        # 5. A product of two matrices has the rows of the one and the columns of the other.
        (("y = MatMul(t, u)",), "ooo"),
        (("m = ReduceMean(t) axes=1, keepdims=1", "y = MatMul(m, u)"), "o1o"),
        (("m = ReduceMean(u) axes=2, keepdims=1", "y = MatMul(t, m)"), "oo1"),
        (("b = ReduceMean(u) axes=0, keepdims=1", "y = MatMul(t, b)"), "ooo"),
        (("m = ReduceMean(t) axes=0, keepdims=1", "b = ReduceMean(u) axes=0, keepdims=1", "y = MatMul(m, b)"), "1oo"),
        (("m = ReduceMean(t) axes=1, keepdims=1", "y = MatMul(m, columns)"), "o1o"),  # of two axes
        (("y = com.microsoft::FusedMatMul(t, u) transA=1",), ""),
        (("m = ReduceMean(t) axes=1, keepdims=1", "y = Einsum(m, l) equation=btc,cd->btd"), "o1?"),
        (("m = ReduceMean(t) axes=2, keepdims=1", "y = Einsum(m, u) equation=btc,bcd->bdt"), "ooo"),
        (("m = ReduceMean(u) axes=2, keepdims=1", "y = Einsum(t, m) equation=btc,bcd->bdt"), "o1o"),
        (("m = ReduceMean(t) axes=0, keepdims=1", "y = Einsum(m, u) equation=btc,bcd->btd"), "ooo"),
        (("m = ReduceMean(t) axes=1, keepdims=1", "y = Einsum(m) equation=...c->...c"), "???"),
        # 6. What is repeated along an axis is still one element.
        ((MEAN, "y = Expand(m, to_image)"), "oo11"),
        (("y = Tile(x, thrice)",), "oooo"),  # the data itself, thrice
        ((MEAN, "y = Tile(m, thrice)"), "oo11"),
        (("y = Expand(x, front)",), "1oooo"),
        ((MEAN, "y = Resize(m, _, _, two_by)"), "oo11"),
        (("y = Resize(x, _, _, two_by)",), "oooo"),
        (("y = Expand(t1, t4)",), "o1o"),
        # 7. A piece has the other axes of the whole.
        ((MEAN, "y, b = Split(m) axis=1"), "o?11"),
        ((MEAN, "y = Gather(m, first) axis=1"), "o?11"),
        ((MEAN, "y = Slice(m, from, to, from)"), "o?11"),
        ((MEAN, "y = Gather(m, i) axis=1"), "????"),
        (("y = Concat(x, z) axis=1",), "oooo"),
        ((MEAN, "b = ReduceMax(x) axes=2,3", "y = Concat(m, b) axis=1"), "oo11"),
        ((MEAN, "b = ReduceMax(x) axes=2,3", "y = Concat(m, b) axis=-1"), "oo1?"),
        (("y = Stack(t, t) axis=0",), "????"),
        (("m = ReduceMean(t) axes=1, keepdims=1", "y = LoopState(m)"), "o1o"),
        (("m = ReduceMean(t) axes=1, keepdims=1", "y = LoopSlice(m) axis=1"), "oo"),
        (("m = ReduceMean(t) axes=1, keepdims=1", "y = LoopSlice(m) axis=-1"), "o1"),
        (("m = ReduceMean(t) axes=1, keepdims=1", "y = Gather(m, at) axis=0"), "1o"),
        (("m = ReduceMean(t) axes=2, keepdims=1", "s = LoopSlice(m) axis=1", "y = Loop(s) stacked=1"), "oo1"),
        (("m = ReduceMean(t) axes=1, keepdims=1", "s = LoopState(m)", "y = Loop(s, m)"), "o1o"),
        # 8. Of anything else nothing is known.
        (("y = com.example::Mystery(x)",), ""),
    ],
)  # fmt: skip
def test_what_is_known_of_the_axes_of_a_value(lines: tuple[str, ...], known: str) -> None:
    more = {"w1": stored(8, 1, 1, 1), "l1": stored(1, 8), "k1": stored(1, 1), "u": (2, 8, 8), "columns": (8, 8),
            "t1": (2, 1, 8), "t4": stored(3, dtype="int64", data=(2, 4, 8))}  # fmt: skip
    assert axes(*lines, **more) == known  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lines", "known"),
    [
        (("y = ReduceMean(unranked) axes=-1, keepdims=1",), "oo1"),
        (("y = ReduceMean(unranked) axes=-1,",), "oo1"),
        (("y = ReduceMean(unranked) axes=-1, keepdims=0",), "??"),
        (("y = ReduceMean(unranked) axes=-2, keepdims=1",), "o1o"),
        (("y = ReduceMean(unranked) axes=1, keepdims=1",), "o1o"),
        (("y = ReduceProd(unranked) axes=-1, keepdims=1",), "???"),
        (("y = Unsqueeze(unranked) axes=-1,",), "ooo1"),
        (("y = Unsqueeze(unranked) axes=0,",), "1ooo"),
        (("m = ReduceMean(unranked) axes=-1, keepdims=1", "y = Unsqueeze(m) axes=-1,"), "oo11"),
        (("m = ReduceMean(unranked) axes=-1, keepdims=1", "y = Sqrt(m)"), "oo1"),
        (("m = ReduceMean(unranked) axes=-1, keepdims=1", "y = Sub(unranked, m)"), "ooo"),
        (("m = ReduceMean(unranked) axes=-1, keepdims=1", "y = Mul(m, n)"), "oo1"),
        (("m = ReduceMean(unranked) axes=-1, keepdims=1", "y = com.example::Mystery(m)"), "???"),
    ],
)
def test_where_nobody_knows_the_rank_three_axes_are_supposed_first(lines: tuple[str, ...], known: str) -> None:
    graph = drawn(*lines)
    assert Stretches(graph).of("y") == ()
    supposed, *_ = ranks.supposed(graph)
    assert "".join(LETTERS[axis] for axis in Stretches(supposed).of("y")) == known


@pytest.mark.parametrize(
    ("operands", "shape", "over"),
    [
        (("oo11", "oooo"), IMAGE, [True, False]),
        (("oo11", "oo11"), IMAGE, [False, False]),
        (("oo11", "oo??"), IMAGE, [False, False]),  # who knows
        (("oo11", "oo??"), (2, 8, None, 1), [True, False]),  # nobody knows how many there are
        (("oo11", "oo??"), (2, 8, "height", "width"), [False, False]),
        (("oo1o", "ooo1"), IMAGE, [True, True]),  # each over the other
        (("o1", "oooo"), IMAGE, [True, False]),  # counted from the last axis
        (("oo", "oo11"), IMAGE, [False, True]),
        (("1ooo", "ooo"), IMAGE, [False, False]),  # a batch of one
        (("1ooo", "oooo"), IMAGE, [True, False]),
        (("1oooo", "ooooo"), IMAGE, [False, False]),  # the sum has four axes
        (("1", "o"), (8,), [True, False]),
        (("1", "o"), None, [False, False]),
        (("", "o"), (8,), [False, False]),
        (("oooo", "?1oo", "o1oo"), IMAGE, [False, True, True]),
    ],
)
def test_which_operands_of_a_sum_are_stretched(operands: tuple[str, ...], shape: Shape, over: list[bool]) -> None:
    assert stretched([tuple(AXES[letter] for letter in operand) for operand in operands], shape) == over


@pytest.mark.parametrize(
    ("lines", "over"),
    [
        ((MEAN, "y = Mul(m, x)"), True),
        ((MEAN, "y = Mul(x, m)"), False),  # x is the factor that is asked for
        (("y = Mul(x, z)",), False),
        (("y = Mul(row, x)",), True),
        ((MEAN, "e = Expand(m, to_image)", "y = Mul(e, x)"), True),  # written out
        ((MEAN, "e = Expand(m, to_image)", "b = Expand(m, to_image)", "y = Mul(e, b)"), False),
        ((MEAN, "y = Add(m, x)"), False),  # a sum has no factors
        ((MEAN, "y = Mul(m, n)"), False),
        ((MEAN, "b = ReduceMax(x) axes=2,3 keepdims=1", "y = Mul(m, b)"), False),
    ],
)
def test_a_factor_that_stands_in_many_elements(lines: tuple[str, ...], over: bool) -> None:
    graph = drawn(*lines)
    assert Stretches(graph).is_factor_stretched(graph.ops[-1], 0) is over


def test_of_images_of_one_pixel_a_factor_is_stretched_by_how_it_came_to_be_one() -> None:
    pixel = {"x": (2, 8, 1, 1), "z": (2, 8, 1, 1)}
    for lines, over in (((MEAN, "y = Mul(m, x)"), True), (("y = Mul(z, x)",), False)):
        graph = drawn(*lines, **pixel)
        assert Stretches(graph).is_factor_stretched(graph.ops[-1], 0) is over


def test_what_may_repeat() -> None:
    assert not Stretches(drawn("y = Relu(x)")).repeats
    assert Stretches(drawn("y = Expand(x, front)")).repeats
    assert Stretches(drawn("y = Tile(x, thrice)")).repeats
    assert Stretches(drawn("y = Resize(x, _, _, two_by)")).repeats

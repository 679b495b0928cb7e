"""Does an op that is called a copy copy its elements, or change them?"""

from __future__ import annotations

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from tests.sketch import listing, stored

IMAGE = (1, 8, 4, 4)
NUMBERS = {
    "s": stored(data=(0.5,)),
    "t": stored(data=(0.5,)),
    "other": stored(data=(9.0,)),
    "learned": stored(8),
    "middle": stored(dtype="uint8", data=(128,)),
    "zero": stored(dtype="uint8", data=(0,)),
    "end": stored(dtype="uint8", data=(255,)),
    "centre": stored(dtype="int8", data=(0,)),
    "lowest": stored(dtype="int8", data=(-128,)),
    "absent": stored(dtype="int8"),
    "low": stored(dtype="int8", data=(-8,)),
    "high": stored(dtype="int8", data=(7,)),
    "nil": stored(dtype="int8", data=(0,)),
}
BLOCK = ("a = Conv(x, w) pads=1,1,1,1", "r = Relu(a)", "f = Conv(r, v) pads=1,1,1,1")
KERNELS = {"w": stored(8, 8, 3, 3), "v": stored(8, 8, 3, 3)}


def verdict(route: str, opset: int = 17, dtype: str = "float32", **tensors: Tensor) -> str:
    """What x + F(x) is whose x comes by this route: the kind of its shortcut, or the reason why there is none."""
    lines = (*BLOCK, *route.split(" | "), "y = Add(f, z)")
    drawn = listing(*lines, opset=opset, x=TensorType(IMAGE, dtype), outputs=("y",), **KERNELS, **NUMBERS, **tensors)
    found = audit_draft(drawn)
    return next((s.kind for s in found.shortcuts), "") or found.other_adds[0].reason


@pytest.mark.parametrize(
    ("before", "to", "expected"),
    [
        ("float32", 11, "identity"),  # float64 holds every float32
        ("float32", 10, "identity"),  # float16 rounds, which a note says
        ("float32", 9, "parallel branches"),  # x through a truth value is a step function
        ("float32", 7, "parallel branches"),
        ("float32", 8, "parallel branches"),
        ("int32", 7, "identity"),
        ("int64", 6, "parallel branches"),  # what does not fit wraps around
        ("uint8", 5, "identity"),  # int16 holds 0 to 255
        ("int8", 2, "parallel branches"),
        ("bool", 1, "identity"),
    ],
)
def test_a_cast_keeps_what_the_new_type_can_hold(before: str, to: int, expected: str) -> None:
    assert verdict(f"z = Cast(x) to={to}", dtype=before) == expected


def test_a_cast_to_a_narrower_float_is_said_to_round() -> None:
    found = audit_draft(listing(*BLOCK, "z = Cast(x) to=10", "y = Add(f, z)", x=IMAGE, **KERNELS))  # type: ignore[arg-type]
    assert found.shortcuts[0].notes == ("the shortcut is requantised on its way: its values are rounded",)


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("q = QuantizeLinear(x, s, middle) | z = DequantizeLinear(q, s, middle)", "identity"),
        ("q = QuantizeLinear(x, s, middle) | z = DequantizeLinear(q, t, middle)", "identity"),  # of equal value
        ("q = QuantizeLinear(x, s, centre) | p = Transpose(q) perm=0,1,2,3 | z = DequantizeLinear(p, s, centre)",
         "identity"),
        ("q = QuantizeLinear(x, s, middle) | z = DequantizeLinear(q, other, middle)", "parameter-free"),  # 18 x
        ("q = QuantizeLinear(x, s, middle) | z = DequantizeLinear(q, s, centre)", "parameter-free"),  # x + 64
        ("q = QuantizeLinear(x, s, centre) | z = Cast(q) to=1", "parameter-free"),  # 2 x
        ("q = QuantizeLinear(x, learned, absent) | z = DequantizeLinear(q, learned, absent)", "not understood"),
        ("q = QuantizeLinear(x, learned, centre) axis=1 | z = DequantizeLinear(q, learned, centre) axis=1", "identity"),
        ("q = QuantizeLinear(x, learned, centre) axis=1 | z = DequantizeLinear(q, learned, centre) axis=2",
         "projection"),
        ("q = QuantizeLinear(x, s, centre) | z = DequantizeLinear(q, learned, centre) axis=1", "projection"),  # diag
        # At the end of its type a zero point cuts off everything on one side of it.
        ("q = QuantizeLinear(x, s, zero) | z = DequantizeLinear(q, s, zero)", "parallel branches"),
        ("q = QuantizeLinear(x, s, _) | z = DequantizeLinear(q, s, _)", "parallel branches"),  # the default: uint8, 0
        ("q = QuantizeLinear(x, s, end) | z = DequantizeLinear(q, s, end)", "parallel branches"),
        ("q = QuantizeLinear(x, s, lowest) | z = DequantizeLinear(q, s, lowest)", "parallel branches"),
        ("q = QuantizeLinear(x, s, centre) quant_min=0 | z = DequantizeLinear(q, s, centre)", "parallel branches"),
    ],
)  # fmt: skip
def test_a_quantiser_and_a_dequantiser_are_a_pair_where_they_agree(route: str, expected: str) -> None:
    assert verdict(route) == expected


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        # Four bits in a type of eight, between Clip's bounds: -8 to 7.
        ("q = QuantizeLinear(x, s, centre) | c = Clip(q, low, high) | z = DequantizeLinear(c, s, centre)", "identity"),
        ("q = QuantizeLinear(x, s, centre) | c = Clip(q) min=-8 max=7 | z = DequantizeLinear(c, s, centre)",
         "identity"),
        # From 0 on it is a ReLU, unless there is one already.
        ("q = QuantizeLinear(x, s, centre) | c = Clip(q, nil, high) | z = DequantizeLinear(c, s, centre)",
         "parallel branches"),
        # Counted from a zero point of 128, 0 to 7 are all negative, 124 to 131 are not.
        ("q = QuantizeLinear(x, s, middle) | c = Clip(q, nil, high) | z = DequantizeLinear(c, s, middle)",
         "parallel branches"),
        ("q = QuantizeLinear(x, s, middle) | c = Clip(q) min=124 max=131 | z = DequantizeLinear(c, s, middle)",
         "identity"),
        # One bound alone, or one that nobody knows, and numbers that nobody has quantised: a nonlinear function.
        ("q = QuantizeLinear(x, s, centre) | c = Clip(q, low) | z = DequantizeLinear(c, s, centre)",
         "parallel branches"),
        ("q = QuantizeLinear(x, s, centre) | c = Clip(q, absent, high) | z = DequantizeLinear(c, s, centre)",
         "parallel branches"),
        ("z = Clip(x, low, high)", "parallel branches"),
    ],
)  # fmt: skip
def test_a_quantiser_of_fewer_bits_cuts_nothing_off_that_has_both_signs(route: str, expected: str) -> None:
    """As Brevitas writes it (QCDQ). The bounds are counted from the zero point."""
    assert verdict(route) == expected


def test_a_clip_of_what_is_never_negative_is_a_copy_from_zero_on() -> None:
    """As Brevitas writes the activations of four bits that it adds: 0 to 15 of int8."""
    route = ("q = QuantizeLinear(x, s, centre)", "c = Clip(q) min=0 max=15", "z = DequantizeLinear(c, s, centre)")
    for maker, kinds in (("x = Relu(i)", ["identity"]), ("x = Neg(i)", [])):
        found = audit_draft(listing(maker, *BLOCK, *route, "y = Add(f, z)", i=IMAGE, **KERNELS, **NUMBERS))  # type: ignore[arg-type]
        assert [shortcut.kind for shortcut in found.shortcuts] == kinds


POSITIVE = (
    "x = Relu(i)",
    "x = Sigmoid(i)",
    "x = Exp(i)",
    "x = Softmax(i)",
    "x = Abs(i)",
    "x = HardSigmoid(i)",
    "x = Mul(i, i)",
    "x = Pow(i, two)",
    "x = Clip(i, nought, six)",
    "x = Clip(i) min=0.0 max=6.0",
    "x = Max(i, nought)",
    "u = Relu(i) | x = Min(u, six)",  # ReLU6
    "u = Add(i, three) | u1 = Clip(u, nought, six) | x = Div(u1, six)",  # a hard sigmoid, written out
    "x = LeakyRelu(i) alpha=0.0",
    "u = Relu(i) | x = Transpose(u) perm=0,1,3,2",
    "u = Relu(i) | u1 = Sigmoid(i) | w0 = Concat(u, u1) axis=1 | x, d0 = Split(w0) axis=1",
    "u = Relu(i) | x = AveragePool(u) kernel_shape=3,3 pads=1,1,1,1",
)
SIGNED = (
    "x = HardSwish(i)",
    "x = Clip(i, minus, six)",
    "x = Max(i, minus)",
    "x = Pow(i, three)",
    "x = LeakyRelu(i)",
    "u = Relu(i) | x = Min(u, minus)",
    "u = Relu(i) | x = Mul(u, minus)",
    "u = Relu(i) | x = Mul(u, learned_scale)",
    "u = Relu(i) | x = Sub(u, three)",
    "u = Relu(i) | x = Add(u, i)",
    "u = Relu(i) | x = Neg(u)",
)
HELD = {
    "nought": stored(data=(0.0,)), "six": stored(data=(6.0,)), "three": stored(data=(3.0,)), "two": stored(data=(2.0,)),
    "minus": stored(data=(-1.0,)), "learned_scale": stored(8, 1, 1, data=(1.0,) * 8),
}  # fmt: skip


@pytest.mark.parametrize("maker", POSITIVE)
def test_nothing_is_cut_off_what_is_never_negative(maker: str) -> None:
    assert quantised_unsigned(maker) == ["identity"]


@pytest.mark.parametrize("maker", SIGNED)
def test_of_anything_else_something_may_be(maker: str) -> None:
    assert quantised_unsigned(maker) == []


def quantised_unsigned(maker: str) -> list[str]:
    """The kinds in F(x) + dequantise(quantise(x)), as unsigned integers with the zero point 0."""
    lines = (
        *maker.split(" | "),
        *BLOCK,
        "q = QuantizeLinear(x, s, zero)",
        "z = DequantizeLinear(q, s, zero)",
        "y = Add(f, z)",
    )
    held = {name: given for name, given in HELD.items() if f" {name}" in maker}
    found = audit_draft(listing(*lines, outputs=("y",), i=IMAGE, **KERNELS, **NUMBERS, **held))  # type: ignore[arg-type]
    return [shortcut.kind for shortcut in found.shortcuts if shortcut.merge.name == "y"]


def test_what_was_cut_off_once_is_not_cut_off_again() -> None:
    """ONNX Runtime folds a ReLU into the quantiser behind it: x is read from integers that stand for no negative."""
    pair = "{0} = QuantizeLinear({1}, s, zero)", "{2} = DequantizeLinear({0}, s, zero)"
    first, second = ([line.format(*names) for line in pair] for names in (("n", "i", "x"), ("q", "x", "z")))
    found = audit_draft(listing(*first, *BLOCK, *second, "y = Add(f, z)", i=IMAGE, **KERNELS, **NUMBERS))  # type: ignore[arg-type]
    assert [shortcut.kind for shortcut in found.shortcuts] == ["identity"]


def test_integers_that_are_fed_mean_what_their_first_reader_says() -> None:
    reads = (
        "a = DequantizeLinear(x, s, centre)",
        "b = DequantizeLinear(x, t, centre)",
        "c = DequantizeLinear(x, other, centre)",
    )
    made = assemble(listing(*reads, x=TensorType(IMAGE, "int8"), **NUMBERS))  # type: ignore[arg-type]
    assert [op.kind for op in made.ops] == ["DequantizeLinear", "DequantizeLinear", "Rescale"]


@pytest.mark.parametrize(
    ("line", "opset", "expected"),
    [
        ("z = Dropout(x)", 17, "identity"),
        ("z = Dropout(x, half, no)", 17, "identity"),
        ("z = Dropout(x, half, yes)", 17, "gated"),
        ("z = Dropout(x, none, yes)", 17, "identity"),  # with a ratio of 0
        ("z = Dropout(x, half, mode)", 17, "gated"),  # the caller decides
        ("z = Dropout(x, half) training=1", 17, "gated"),
        ("z = Dropout(x) ratio=0.5", 7, "identity"),
        ("z = Dropout(x) ratio=0.5", 6, "gated"),  # is_test is 0 by default
        ("z = Dropout(x) ratio=0.5 is_test=1", 6, "identity"),
    ],
)
def test_a_dropout_that_drops_is_no_copy(line: str, opset: int, expected: str) -> None:
    flags = {"half": stored(data=(0.5,)), "none": stored(data=(0.0,))}
    flags |= {name: stored(dtype="bool", data=(name == "yes",)) for name in ("yes", "no")}
    lines = (*BLOCK, line, "y = Add(f, z)")
    mode = {"mode": TensorType((), "bool")} if "mode" in line else {}
    found = audit_draft(listing(*lines, opset=opset, x=IMAGE, outputs=("y",), **KERNELS, **flags, **mode))
    assert [shortcut.kind for shortcut in found.shortcuts] == [expected]


@pytest.mark.parametrize(("modes", "expected"), [((1,), "identity"), ((0,), "gated"), ((1, 0), "gated"), ((), "gated")])
def test_in_the_training_form_a_dropout_stands_for_what_it_is_in_evaluation(
    modes: tuple[int, ...], expected: str
) -> None:
    """All batch norms take the statistics of the batch, or one does not, or there is none."""
    flags = {"half": stored(data=(0.5,)), "yes": stored(dtype="bool", data=(True,)), "c": stored(8)}
    norms = [f"g{at} = BatchNormalization(f, c, c, c, c) training_mode={mode}" for at, mode in enumerate(modes)]
    last = f"g{len(modes) - 1}" if modes else "f"
    outputs = ("y", *(f"g{at}" for at in range(len(modes))))
    lines = (*BLOCK, *norms, "z = Dropout(x, half, yes)", f"y = Add({last}, z)")
    found = audit_draft(listing(*lines, x=IMAGE, outputs=outputs, **KERNELS, **flags))  # type: ignore[arg-type]
    (shortcut,) = found.shortcuts
    assert shortcut.kind == expected
    said = any("judged as it is in evaluation" in note for note in shortcut.notes)
    assert said == (expected == "identity")

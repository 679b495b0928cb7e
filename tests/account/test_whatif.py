"""What would the model cost with other shortcuts? Two blocks, worked out by hand.

    block 1: 8 channels of 4x4        two convolutions of 8 x 8 x 3 x 3
    block 2: to 16 channels of 2x2    16 x 8 x 3 x 3, stride 2, and 16 x 16 x 3 x 3

Parameters 576 + 576 + 1152 + 2304 = 4608; MACs 9216 + 9216 + 4608 + 9216 = 32256: the plain model, and option A.
A projection on block 1 has 8 x 8 = 64 parameters and takes 64 x 16 = 1024 MACs; one on block 2 has 16 x 8 = 128 and
takes 128 x 4 = 512.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import Summary
from tests.sketch import audited, listing, stored

FIRST = "x -> Conv.1 -> Relu.1 -> Conv.2 -> Add.1"
SECOND = "Add.1 -> Conv.3{out=16,stride=2} -> Relu.2 -> Conv.4{in=16} -> Add.2"
KEPT, PROJECTED = "x -> Add.1", "x -> Conv.p1{k=1} -> Add.1"
PADDED, STRIDED = "Add.1 -> Slice -> Pad -> Add.2", "Add.1 -> Conv.p2{k=1,out=16,stride=2} -> Add.2"


def summary(*lines: str, shape: tuple[int | str | None, ...] = (1, 8, 4, 4)) -> Summary:
    return audited(*lines, shape=shape).summary


def prices(found: Summary) -> dict[str, tuple[int | None, int | None]]:
    """Parameters and MACs under each option."""
    options = {"A": found.what_if.A, "B": found.what_if.B, "C": found.what_if.C, "plain": found.what_if.plain}
    return {option: (price.parameters, price.macs) for option, price in options.items()}


OPTIONS = {"A": (KEPT, PADDED), "B": (KEPT, STRIDED), "C": (PROJECTED, STRIDED)}


@pytest.mark.parametrize("option", OPTIONS)
def test_the_options_cost_the_same_whichever_the_model_has(option: str) -> None:
    found = summary(FIRST, SECOND, *OPTIONS[option])
    assert found.option == option
    assert prices(found) == {
        "A": (4_608, 32_256),
        "B": (4_736, 32_768),  # + 128 and 512
        "C": (4_800, 33_792),  # + 128 + 64 and 512 + 1024
        "plain": (4_608, 32_256),
    }


@pytest.mark.parametrize(
    ("shortcuts", "option"),
    [
        ((PROJECTED, PADDED), "mixed"),  # the wrong way round
        ((KEPT, "Add.1 -> Slice -> Pad -> Mul -> Add.2", "#scale[16,1,1] -> Mul"), "B"),  # a diagonal projection
        ((KEPT, "Add.1 -> Slice -> Pad -> Mul -> Add.2", "gate -> Slice.g -> Pad.g -> Mul"), "mixed"),
    ],
)
def test_other_combinations(shortcuts: tuple[str, ...], option: str) -> None:
    assert summary(FIRST, SECOND, *shortcuts).option == option


def test_a_model_without_shortcuts_follows_no_option() -> None:
    found = summary("x -> Conv.1 -> Relu.1 -> Conv.2")
    assert found.option == "none"
    assert set(prices(found).values()) == {(1_152, 18_432)}


# --- what a further projection carries -------------------------------------------------------------------------------


def test_where_normalisations_stand_apart_a_projection_has_one_too() -> None:
    """Scale and shift of every output channel: 2 x 16 on block 2, 2 x 8 on block 1."""
    first = FIRST.replace("Conv.2", "Conv.2 -> BatchNormalization")
    assert prices(summary(first, SECOND, KEPT, PADDED)) == {
        "A": (4_624, 32_256),  # with the scale and shift of 8 that the model has
        "B": (4_784, 32_768),  # + 128 + 32
        "C": (4_864, 33_792),  # + 64 + 16
        "plain": (4_624, 32_256),
    }


def test_where_maps_carry_biases_a_projection_has_one_too() -> None:
    """An eval export folds the normalisation into the convolution."""
    first = FIRST.replace("Conv.1", "Conv.1{bias=1}").replace("Conv.2", "Conv.2{bias=1}")
    second = SECOND.replace("{in=16}", "{in=16,bias=1}")
    found = prices(summary(first, second, KEPT, PADDED))
    assert found["A"] == (4_640, 32_256)  # 4608 + 8 + 8 + 16
    assert found["C"] == (4_856, 33_792)  # + 128 + 16 + 64 + 8


def test_where_only_half_of_the_maps_carry_biases_a_projection_has_none() -> None:
    found = prices(summary(FIRST.replace("Conv.1", "Conv.1{bias=1}"), KEPT))
    assert found["C"] == (1_224, 19_456)  # 1152 + 8, and 64


def test_a_projection_that_is_there_keeps_its_own_price() -> None:
    found = prices(summary(FIRST, SECOND, KEPT, STRIDED.replace("k=1", "k=1,bias=1")))
    assert found["B"] == (4_752, 32_768)  # 4608 + 128 + 16


# --- channels --------------------------------------------------------------------------------------------------------


def test_channels_of_matrix_products_stand_last() -> None:
    found = summary("x -> MatMul.1{out=32} -> Relu -> MatMul.2{in=32,out=8} -> Add", "x -> Add", shape=(1, 5, 8))
    assert found.option == "A"
    assert prices(found) == {
        "A": (512, 2_560),  # 2 x 8 x 32, at 5 positions
        "B": (512, 2_560),
        "C": (576, 2_880),  # + 8 x 8, at 5 positions
        "plain": (512, 2_560),
    }


def test_channels_of_a_convnext_block_stand_where_its_convolution_has_them() -> None:
    """Conv on N, C, H, W, then matrices on N, H, W, C, then back: W_s is 8 x 8, not 6 x 6."""
    block = listing(
        "c = Conv(x, w) group=8 pads=3,3,3,3",
        "t = Transpose(c) perm=0,2,3,1",
        "u = MatMul(t, up)",
        "g = Gelu(u)",
        "d = MatMul(g, down)",
        "b = Transpose(d) perm=0,3,1,2",
        "y = Add(b, x)",
        x=(1, 8, 4, 6),
        w=stored(8, 1, 7, 7),
        up=stored(8, 32),
        down=stored(32, 8),
    )
    found = prices(audit_draft(block).summary)
    assert found["A"] == (904, 21_696)  # 8 x 49 + 2 x 8 x 32; 24 positions x (392 + 512)
    assert found["C"] == (968, 23_232)  # + 64; 24 positions x 64


@pytest.mark.parametrize("width", [8, 4])
def test_a_slice_is_projected_to_as_many_channels_as_it_has(width: int) -> None:
    """Res2Net, 4 slices of 4 channels: no size changes. W_s is 4 x 4, not 16 x 4; 4 columns are no channels."""
    block = listing(
        "a, b, c = Split(x) axis=1",
        "f1 = Conv(a, w1) pads=1,1,1,1",
        "g1 = Relu(f1)",
        "s = Add(b, g1)",
        "f2 = Conv(s, w2) pads=1,1,1,1",
        "g2 = Relu(f2)",
        "t = Add(c, g2)",
        x=(1, 12, 8, width),
        w1=stored(4, 4, 3, 3),
        w2=stored(4, 4, 3, 3),
    )
    found = prices(audit_draft(block).summary)
    assert found["B"] == found["A"] == (288, 288 * 8 * width)  # 2 x 4 x 4 x 3 x 3
    assert found["C"] == (320, 320 * 8 * width)  # + 2 x 4 x 4


def test_a_part_that_a_convolution_reads_is_no_image_s_width() -> None:
    """x + F(x[:, :4]) on 8 channels and 4 columns: W_s is 8 x 8, at 24 positions."""
    block = listing(
        "a, b = Split(x) axis=1",
        "f = Conv(a, w) pads=1,1,1,1",
        "r = Relu(f)",
        "y = Add(x, r)",
        x=(1, 8, 6, 4),
        w=stored(8, 4, 3, 3),
    )
    assert prices(audit_draft(block).summary)["C"] == (288 + 64, 288 * 24 + 64 * 24)  # 8 x 4 x 3 x 3


def test_channels_are_followed_where_the_shortcut_moves_them() -> None:
    """N, C, H, W to N, H, W, C on branch and shortcut alike: W_s is 8 x 8, not 8 x 4, at 24 positions."""
    block = listing(
        "c = Conv(x, w) pads=1,1,1,1",
        "r = Relu(c)",
        "t = Transpose(r) perm=0,2,3,1",
        "s = Transpose(x) perm=0,2,3,1",
        "y = Add(s, t)",
        x=(1, 8, 4, 6),
        w=stored(8, 8, 3, 3),
    )
    found = prices(audit_draft(block).summary)
    assert found["B"] == (576, 576 * 24)  # 8 x 8 x 3 x 3
    assert found["C"] == (576 + 64, 576 * 24 + 64 * 24)


# --- what cannot be known --------------------------------------------------------------------------------------------


def test_macs_are_a_formula_while_a_dimension_is_open_and_parameters_are_not() -> None:
    found = summary(FIRST, SECOND, KEPT, STRIDED, shape=("batch", 8, 4, 4))
    assert (prices(found)["A"], prices(found)["C"]) == ((4_608, None), (4_800, None))
    fixed = prices(summary(FIRST, SECOND, KEPT, STRIDED, shape=(1, 8, 4, 4)))
    assert found.what_if.A.macs_formula == f"{fixed['A'][1]}*batch"
    assert found.what_if.C.macs_formula == f"{fixed['C'][1]}*batch"


def test_a_projection_of_unknown_channels_has_no_price() -> None:
    found = prices(summary("x -> Mystery -> Conv.1 -> Relu -> Add", "Mystery -> Add"))
    assert (found["A"][0], found["C"]) == (576, (None, None))
    assert found["B"] == found["A"]  # an identity changes no dimension, whatever is known of them


# --- what goes with a shortcut ---------------------------------------------------------------------------------------


def test_a_gate_goes_with_the_shortcut_that_it_stands_on() -> None:
    """The plain counterpart has no gate: 72 parameters fewer."""
    found = summary(FIRST, "x -> Conv.g{k=1,bias=1} -> Sigmoid -> Mul -> Add.1", "x -> Mul")
    assert (found.gated, found.extra_parameters) == (1, 72)  # 8 x 8 + 8
    assert prices(found)["plain"] == (1_152, 18_432)


def test_a_tensor_that_the_residual_branch_reads_too_stays() -> None:
    shared = listing(
        "a = MatMul(x, w)",
        "r = Relu(a)",
        "b = MatMul(r, w)",
        "p = MatMul(x, w)",
        "y = Add(b, p)",
        x=(1, 8),
        w=stored(8, 8),
    )
    assert prices(audit_draft(shared).summary)["plain"] == (64, 128)  # one tensor, two products


def test_what_others_need_stays_when_the_shortcuts_go() -> None:
    """The head reads what the projection makes, too: 8 x 8 = 64 parameters, 64 x 16 = 1,024 MACs."""
    found = prices(summary(FIRST, PROJECTED, "Conv.p1 -> Relu.head"))
    assert found["plain"] == (1_216, 19_456)  # 576 + 576 and 64; 9,216 + 9,216 and 1,024
    assert found["C"] == found["plain"]


def test_a_gate_that_the_branch_reads_stays() -> None:
    """Highway: y = T(x) H(x) + (1 - T(x)) x. What goes is 1 - T(x) alone, which costs nothing."""
    drawn = (
        "x -> Conv.H -> Relu -> Mul.H -> Add", "x -> Conv.T -> Sigmoid -> Mul.H", "#one[1] -> Sub -> Mul.x -> Add",
        "Sigmoid -> Sub", "x -> Mul.x",
    )  # fmt: skip
    made = summary(*drawn)
    assert (made.gated, made.extra_macs) == (1, 9_216)
    assert prices(made)["plain"][1] == 18_432  # 2 x 9,216


def test_images_have_their_channels_second_where_no_layer_is_skipped() -> None:
    """PoolFormer: 8 x 8 = 64 parameters, at 16 x 16 positions."""
    found = prices(summary("x -> AveragePool{k=1} -> Add", "x -> Add", shape=(1, 8, 16, 16)))
    assert found["C"] == (64, 16_384)


@pytest.mark.parametrize(
    ("layout", "parameters", "macs"),
    [
        ("y = Add(x, r)", 64, 1_024),  # 8 x 8, at 16 positions
        ("t = Transpose(r) perm=0,2,3,1 ; y = Add(x, t)", 64, 1_024),
    ],
)
def test_channels_are_where_the_first_layer_skipped_reads_them(layout: str, parameters: int, macs: int) -> None:
    """Between images and tokens, channels change their place: 8 of them, in (1, 8, 4, 4) or (1, 4, 4, 8)."""
    last = "Transpose" in layout
    lines = [
        "i = Transpose(x) perm=0,3,1,2" if last else "i = Identity(x)",
        "c = Conv(i, w) pads=1,1,1,1",
        "r = Relu(c)",
    ]
    drawn = listing(*lines, *layout.split(" ; "), x=(1, 4, 4, 8) if last else (1, 8, 4, 4), w=stored(8, 8, 3, 3))
    found = prices(audit_draft(drawn).summary)
    assert found["C"] == (576 + parameters, 9_216 + macs)


def test_what_changes_for_sure_changes_whatever_else_is_unknown() -> None:
    lines = ("a = Mystery(v)", "c = Conv(a, w) pads=1,1,1,1", "r = Relu(c)", "p = Conv(a, k)", "y = Add(r, p)")
    drawn = listing(*lines, v=(1, 8), w=stored(16, 8, 3, 3), k=stored(16, 8, 1, 1))
    shape = TensorType((None, 8, 4, 4), "float32")
    assert audit_draft(replace(drawn, recorded={"a": shape})).summary.option == "B"  # 8 channels to 16


@pytest.mark.parametrize(
    ("shape", "parameters"), [((1, 4, 8), 64), ((1, 8, 4, 4), 64), ((1, 8, 2, 2, 2), 64), ((4, 8), 64)]
)
def test_tokens_have_their_channels_last_where_no_layer_is_skipped(shape: tuple[int, ...], parameters: int) -> None:
    """Images of three, four and more axes: of tokens the last axis, of 8, else the second. 8 x 8."""
    drawn = listing("c = CumSum(x, one)", "r = Relu(c)", "y = Add(x, r)", x=shape, one=stored(dtype="int64", data=(1,)))
    assert prices(audit_draft(drawn).summary)["C"][0] == parameters

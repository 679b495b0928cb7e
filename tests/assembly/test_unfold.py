"""Which canonical ops stand behind a fused one? Slots: ONNX Runtime's ContribOperators.md, and the ONNX operators.

In these listings a small letter is a value and a capital one a stored tensor; `y~1` is a new name.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.assembly import unfold
from shortcut_audit.graph.draft import Node
from shortcut_audit.graph.naming import Names
from shortcut_audit.operators.table import OPERATORS
from shortcut_audit.pipeline import audit_draft
from tests.sketch import listing, node, stored


def unfolded(line: str, taken: str = "") -> list[str]:
    parts = unfold.unfold(node(line), Names(taken.split()), str.islower)
    return [shown(part) for part in parts]


def shown(part: Node) -> str:
    made, read = (", ".join(name or "_" for name in names) for names in (part.outputs, part.inputs))
    attributes = "".join(f" {key}={value}" for key, value in part.attributes.items())
    return f"{made} = {part.kind}({read}){attributes}"


def test_a_canonical_op_stands_for_itself() -> None:
    assert unfolded("y = Conv(x, W) group=2") == ["y = Conv(x, W) group=2"]


def test_a_dynamic_quantiser_makes_a_copy_and_two_constants() -> None:
    assert unfolded("y, s, z = DynamicQuantizeLinear(x)") == [
        "s = Quantisation()",
        "z = Quantisation()",
        "y = QuantizeLinear(x, s, z) dynamic=1",
    ]
    assert unfolded("y, _, _ = DynamicQuantizeLinear(x)")[2] == "y = QuantizeLinear(x, y~1, y~2) dynamic=1"


def test_every_part_is_called_as_the_file_calls_the_fused_op() -> None:
    given = replace(node("y = com.microsoft::BiasAdd(x, B, z) @block"), name="/block/add")
    parts = unfold.unfold(given, Names(), str.islower)
    assert {(part.label, part.name, part.scope) for part in parts} == {
        ("com.microsoft::BiasAdd", "/block/add", "block")
    }


def test_the_parts_names_are_new_to_the_model() -> None:
    assert unfolded("y = com.microsoft::BiasAdd(x, B, z)", taken="y~1 y~2") == [
        "y~3 = Bias(x, B)",
        "y = Add(y~3, z)",
    ]


# --- 1. other names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("alias", "canonical"), unfold.ALIASES.items())
def test_an_alias_is_its_canonical_op(alias: str, canonical: str) -> None:
    (part,) = unfold.unfold(node(f"y = {alias}(x) axis=1"), Names(), str.islower)
    assert (shown(part), part.label) == (f"y = {canonical}(x) axis=1", alias)
    assert canonical in OPERATORS


# --- 2. quantised operators ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (
            "y = com.microsoft::QLinearAdd(a, As, Az, b, Bs, Bz, Ys, Yz)",
            [
                "y~1 = DequantizeLinear(a, As, Az)",
                "y~2 = DequantizeLinear(b, Bs, Bz)",
                "y~3 = Add(y~1, y~2)",
                "y = QuantizeLinear(y~3, Ys, Yz)",
            ],
        ),
        (
            "y = QLinearConv(x, Xs, Xz, W, Ws, Wz, Ys, Yz, B) group=2",
            [
                "y~1 = DequantizeLinear(x, Xs, Xz)",
                "y~2 = DequantizeLinear(W, Ws, Wz)",
                "y~3 = Conv(y~1, y~2, B) group=2",
                "y = QuantizeLinear(y~3, Ys, Yz)",
            ],
        ),
        (
            "y = QLinearMatMul(a, As, Az, B, Bs, Bz, Ys, Yz)",
            [
                "y~1 = DequantizeLinear(a, As, Az)",
                "y~2 = DequantizeLinear(B, Bs, Bz)",
                "y~3 = MatMul(y~1, y~2)",
                "y = QuantizeLinear(y~3, Ys, Yz)",
            ],
        ),
        (
            "y = com.microsoft::QGemm(a, As, Az, W, Ws, Wz, B, Ys, Yz) transB=1",
            [
                "y~1 = DequantizeLinear(a, As, Az)",
                "y~2 = DequantizeLinear(W, Ws, Wz)",
                "y~3 = Gemm(y~1, y~2, B) transB=1",
                "y = QuantizeLinear(y~3, Ys, Yz)",
            ],
        ),
        (
            "y = com.microsoft::QLinearSigmoid(x, Xs, Xz, Ys, Yz)",
            [
                "y~1 = DequantizeLinear(x, Xs, Xz)",
                "y~2 = Sigmoid(y~1)",
                "y = QuantizeLinear(y~2, Ys, Yz)",
            ],
        ),
        (
            "y = com.microsoft::QLinearConcat(Ys, Yz, a, As, Az, b, Bs, Bz) axis=1",
            [
                "y~1 = DequantizeLinear(a, As, Az)",
                "y~2 = DequantizeLinear(b, Bs, Bz)",
                "y~3 = Concat(y~1, y~2) axis=1",
                "y = QuantizeLinear(y~3, Ys, Yz)",
            ],
        ),
        (
            "y = com.microsoft::QLinearWhere(c, a, As, Az, b, Bs, Bz, Ys, Yz)",
            [
                "y~1 = DequantizeLinear(a, As, Az)",
                "y~2 = DequantizeLinear(b, Bs, Bz)",
                "y~3 = Where(c, y~1, y~2)",
                "y = QuantizeLinear(y~3, Ys, Yz)",
            ],
        ),
    ],
)
def test_a_quantised_operator_is_the_plain_one_between_dequantised_values(line: str, parts: list[str]) -> None:
    assert unfolded(line) == parts


def test_integer_products_leave_their_zero_points_behind() -> None:
    assert unfolded("y = MatMulInteger(a, B, Az, Bz)") == ["y = MatMul(a, B)"]
    assert unfolded("y = ConvInteger(x, W, Xz) strides=2,2") == ["y = Conv(x, W) strides=(2, 2)"]


def test_a_matrix_product_with_quantised_weights_and_a_bias() -> None:
    assert unfolded("y = com.microsoft::DynamicQuantizeMatMul(a, B, Bs, Bz, C)") == [
        "y~1 = DequantizeLinear(B, Bs, _)",
        "y~2 = MatMul(a, y~1)",
        "y = Bias(y~2, C)",
    ]
    assert unfolded("y = com.microsoft::MatMulIntegerToFloat(a, B, As, Bs)") == [
        "y~1 = DequantizeLinear(B, Bs, _)",
        "y = MatMul(a, y~1)",
    ]


def test_a_quantised_addition_is_an_identity_shortcut() -> None:
    block = listing(
        "q = QuantizeLinear(x, S, Z)",
        "c = QLinearConv(q, S, Z, W, S, Z, S, Z) pads=1,1,1,1",
        "y = com.microsoft::QLinearAdd(c, S, Z, q, S, Z, S, Z)",
        x=(1, 8, 4, 4),
        W=stored(8, 8, 3, 3, dtype="int8"),
        S=stored(),
        Z=stored(dtype="uint8"),
    )
    (shortcut,) = audit_draft(block).shortcuts
    assert (shortcut.kind, shortcut.fork.name, shortcut.merge.op) == ("identity", "q", "com.microsoft::QLinearAdd")
    assert shortcut.held_bytes == 128  # 8 x 4 x 4 elements of one byte


# --- 3. a residual inside --------------------------------------------------------------------------------------------


def test_gemm_with_a_stored_bias_is_canonical() -> None:
    assert unfolded("y = Gemm(a, B, C) transB=1") == ["y = Gemm(a, B, C) transB=1"]
    assert unfolded("y = Gemm(a, B)") == ["y = Gemm(a, B)"]


def test_what_is_added_nought_times_is_not_read() -> None:
    assert unfolded("y = Gemm(a, B, x) beta=0.0") == ["y = Gemm(a, B, _)"]


def test_gemm_with_an_activation_as_c_is_a_product_and_an_addition() -> None:
    assert unfolded("y = Gemm(a, B, x) transB=1 alpha=2.0") == [
        "y~1 = Gemm(a, B) alpha=2.0 transB=1",
        "y = Add(y~1, x)",
    ]


def test_gemm_may_scale_what_it_adds() -> None:
    assert unfolded("y = Gemm(a, B, x) beta=0.5") == [
        "y~1 = Gemm(a, B)",
        "y~2 = Scale(x) factor=0.5",
        "y = Add(y~1, y~2)",
    ]


def test_a_layer_norm_whose_bias_is_computed_adds_it() -> None:
    assert unfolded("y = LayerNormalization(x, S, B)") == ["y = LayerNormalization(x, S, B)"]
    assert unfolded("y = LayerNormalization(x, S)") == ["y = LayerNormalization(x, S)"]
    assert unfolded("y = LayerNormalization(x, S, a)") == ["y = LayerNormalization(x, S, a)"]  # of the last axis alone
    assert unfolded("y, m = LayerNormalization(x, S, a) axis=1") == [
        "y~1, m = LayerNormalization(x, S) axis=1",
        "y = Add(y~1, a)",
    ]


@pytest.mark.parametrize("kind", ["com.microsoft::FusedConv", "com.microsoft.nchwc::Conv"])
def test_a_convolution_may_add_a_residual_before_its_activation(kind: str) -> None:
    """activation(Conv(X, W, B) + Z): ORT_ENABLE_ALL leaves no Add in a ResNet."""
    assert unfolded(f"y = {kind}(x, W, B, z) activation=Relu strides=2,2") == [
        "y~1 = Conv(x, W, B) strides=(2, 2)",
        "y~2 = Add(y~1, z)",
        "y = Relu(y~2)",
    ]
    assert unfolded(f"y = {kind}(x, W, _, z)") == ["y~1 = Conv(x, W, _)", "y = Add(y~1, z)"]
    assert unfolded(f"y = {kind}(x, W) activation=Relu") == ["y~1 = Conv(x, W)", "y = Relu(y~1)"]
    assert unfolded(f"y = {kind}(x, W)") == ["y = Conv(x, W)"]


def test_a_normalisation_may_come_with_the_addition_before_it() -> None:
    assert unfolded("y = com.microsoft::SkipLayerNormalization(a, x, G, H)") == [
        "y~1 = Add(a, x)",
        "y = LayerNormalization(y~1, G, H) axis=-1",
    ]


def test_the_sum_and_the_normalised_sum_are_siblings() -> None:
    """Output 0 is normalised, output 3 is not: the next block's shortcut starts from the latter."""
    assert unfolded("y, _, _, s = com.microsoft::SkipLayerNormalization(a, x, G, H)") == [
        "s = Add(a, x)",
        "y = LayerNormalization(s, G, H) axis=-1",
    ]
    assert unfolded("y, _, _, s = com.microsoft::SkipLayerNormalization(a, x, G, H, B)") == [
        "y~1 = Add(a, x)",
        "s = Bias(y~1, B)",
        "y = LayerNormalization(s, G, H) axis=-1",
    ]
    assert unfolded("_, _, _, s = com.microsoft::SkipLayerNormalization(a, x, G)") == ["s = Add(a, x)"]


def test_statistics_that_a_fused_normalisation_puts_out_are_made() -> None:
    assert unfolded("y, m, v, _ = com.microsoft::SkipLayerNormalization(a, x, G)") == [
        "y~1 = Add(a, x)",
        "y = LayerNormalization(y~1, G, _) axis=-1",
        "m = ReduceMean(y~1) axes=(-1,) keepdims=1",
        "v = ReduceMean(y~1) axes=(-1,) keepdims=1",
    ]


def test_the_simplified_normalisation_has_no_shift() -> None:
    """Slot 3 is the bias here."""
    assert unfolded("y, _, _, s = com.microsoft::SkipSimplifiedLayerNormalization(a, x, G, B)") == [
        "y~1 = Add(a, x)",
        "s = Bias(y~1, B)",
        "y = RMSNormalization(s, G) axis=-1",
    ]


def test_group_normalisation_may_come_with_an_addition() -> None:
    assert unfolded("y, s = com.microsoft::SkipGroupNorm(a, G, H, x, B) groups=4") == [
        "y~1 = Add(a, x)",
        "s = Bias(y~1, B)",
        "y~2 = Transpose(s) perm=(0, 3, 1, 2)",
        "y~3 = GroupNormalization(y~2, G, H) num_groups=4",
        "y = Transpose(y~3) perm=(0, 2, 3, 1)",
    ]


def test_group_normalisation_of_images_may_come_with_a_silu() -> None:
    """By default, channels stand last; `activation` 1 is SiLU: what it makes is not linear."""
    assert unfolded("y = com.microsoft::GroupNorm(x, G, H) groups=4 activation=1 channels_last=0") == [
        "y~1 = GroupNormalization(x, G, H) num_groups=4",
        "y = Swish(y~1)",
    ]
    assert unfolded("y = com.microsoft::GroupNorm(x, G, H) groups=4 activation=1") == [
        "y~1 = Transpose(x) perm=(0, 3, 1, 2)",
        "y~2 = GroupNormalization(y~1, G, H) num_groups=4",
        "y~3 = Swish(y~2)",
        "y = Transpose(y~3) perm=(0, 2, 3, 1)",
    ]
    assert unfolded("y = com.microsoft::GroupNorm(x, G, H) groups=4 activation=2 channels_last=0")[-1] == (
        "y = activation::2(y~1)"
    )


def test_a_bias_and_an_activation_behind_a_product() -> None:
    assert unfolded("y = com.microsoft::GemmFastGelu(x, W, B)") == [
        "y~1 = MatMul(x, W)",
        "y~2 = Bias(y~1, B)",
        "y = Gelu(y~2)",
    ]
    assert unfolded("y = com.microsoft::FusedMatMulActivation(x, W) transB=1 activation=Relu") == [
        "y~1 = com.microsoft::FusedMatMul(x, W) transB=1",
        "y = Relu(y~1)",
    ]


@pytest.mark.parametrize("equation", ["ij,jk->ik->i", "ij->i", "i?,jk->ik", "ij,jk->iz", "ij,jk->ii", "ij,jk->...ik"])
def test_an_einsum_that_nobody_can_read_is_not_understood(equation: str) -> None:
    assert unfolded(f"y = Einsum(x, W) equation={equation}") == ["y = UnknownEinsum(x, W)"]


@pytest.mark.parametrize("equation", ["ij,jk->ik", "ij,jk", "...ij,jk->...ik", "ij,jk->", "ii,jk->jk"])
def test_an_einsum_that_can_be_read_stays_one(equation: str) -> None:
    (line,) = unfolded(f"y = Einsum(x, W) equation={equation}")
    assert line.startswith("y = Einsum(x, W)")


def test_a_bias_may_come_with_a_residual() -> None:
    assert unfolded("y = com.microsoft::BiasAdd(a, B, x)") == ["y~1 = Bias(a, B)", "y = Add(y~1, x)"]
    assert unfolded("y = com.microsoft::BiasDropout(a, B, x)") == [
        "y~1 = Bias(a, B)",
        "y~2 = Dropout(y~1)",
        "y = Add(y~2, x)",
    ]
    assert unfolded("y = com.microsoft::BiasDropout(a, B)") == ["y~1 = Bias(a, B)", "y = Dropout(y~1)"]


def test_a_causal_convolution_of_one_dimension_is_that_of_onnx() -> None:
    """Slots: data, kernel, bias, past state; outputs: result, state, and what speculation captures."""
    kind = "com.microsoft::CausalConvWithState"
    assert unfolded(f"y, s = {kind}(x, W, B, p) activation=silu dilation=2 ndim=1") == [
        "y, s = CausalConvWithState(x, W, B, p) activation=silu dilation=2"
    ]
    assert unfolded(f"y, s = {kind}(x, W, _, p) channels_last=1") == [
        "y~1 = Transpose(x) perm=(0, 2, 1)",
        "y~2 = Transpose(p) perm=(0, 2, 1)",
        "y~3, y~4 = CausalConvWithState(y~1, W, _, y~2)",
        "y = Transpose(y~3) perm=(0, 2, 1)",
        "s = Transpose(y~4) perm=(0, 2, 1)",
    ]
    assert unfolded(f"y = {kind}(x, W) channels_last=1")[1:] == [
        "y~2 = CausalConvWithState(y~1, W, _, _)",
        "y = Transpose(y~2) perm=(0, 2, 1)",
    ]


@pytest.mark.parametrize("own", ["ndim=2", "state_window=2", "input_channels=4", "state_channels_last=1"])
def test_a_causal_convolution_that_onnx_does_not_know_stays_opaque(own: str) -> None:
    text = f"y, s = com.microsoft::CausalConvWithState(x, W, B, p) {own}"
    assert unfolded(text) == [text]


def test_embeddings_that_are_summed_and_normalised() -> None:
    """Slots: ids, segment ids, words, positions, segments, scale, shift, mask, position ids."""
    assert unfolded("y, _, s = com.microsoft::EmbedLayerNormalization(i, j, W, P, S, G, H, _, p)") == [
        "y~1 = Gather(W, i) axis=0",
        "y~2 = Gather(S, j) axis=0",
        "y~3 = Gather(P, p) axis=0",
        "y~4 = Add(y~1, y~3)",
        "y~5 = Add(y~4, y~2)",
        "s = Identity(y~5)",
        "y = LayerNormalization(y~5, G, H) axis=-1",
    ]


def test_embeddings_without_segments_and_with_fixed_positions() -> None:
    assert unfolded("y, n = com.microsoft::EmbedLayerNormalization(i, _, W, P, _, G, H, m)") == [
        "y~1 = Gather(W, i) axis=0",
        "y~2 = Bias(y~1, P)",
        "y = LayerNormalization(y~2, G, H) axis=-1",
        "n = ReduceSum(m) axes=(1,) keepdims=0",
    ]


# --- 4. an activation behind -----------------------------------------------------------------------------------------


def test_a_matrix_product_may_have_an_activation_behind_it() -> None:
    assert unfolded("y = com.microsoft::FusedGemm(a, B, C) activation=Relu") == [
        "y~1 = Gemm(a, B, C)",
        "y = Relu(y~1)",
    ]
    assert unfolded("y = com.microsoft::FusedGemm(a, B, x) activation=Relu") == [
        "y~1 = Gemm(a, B)",
        "y~2 = Add(y~1, x)",
        "y = Relu(y~2)",
    ]


def test_an_activation_that_is_none_is_taken_for_no_operator_that_is_known() -> None:
    """The attribute is any text: "Shape" would make the result a constant."""
    (_, last) = unfold.unfold(node("y = com.microsoft::FusedConv(x, W) activation=Shape"), Names(), str.islower)
    assert last.kind not in OPERATORS


# --- nonsense --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", unfold.UNFOLDINGS)
def test_a_fused_op_with_nothing_to_read_unfolds_without_fail(kind: str) -> None:
    assert unfold.unfold(node(f"y = {kind}()"), Names(), str.islower)


@pytest.mark.parametrize("kind", unfold.UNFOLDINGS)
def test_whatever_is_asked_of_a_fused_op_is_made(kind: str) -> None:
    """An op asked for more than it makes stays as it is."""
    asked = "a, b, c, d, e, f"
    parts = unfold.unfold(node(f"{asked} = {kind}(x)"), Names(), str.islower)
    assert {name for part in parts for name in part.outputs} >= set(asked.split(", "))


@pytest.mark.parametrize("kind", unfold.UNFOLDINGS)
def test_the_parts_of_a_fused_op_are_understood(kind: str) -> None:
    inputs = ", ".join("abcdefghi")
    parts = unfold.unfold(node(f"y = {kind}({inputs})"), Names(), str.islower)
    assert {part.kind for part in parts} <= OPERATORS.keys()


def test_the_shortcut_of_a_fused_convolution_is_found() -> None:
    block = listing(
        "a = com.microsoft::FusedConv(x, V) activation=Relu",
        "y = com.microsoft::FusedConv(a, W, _, x) activation=Relu pads=1,1,1,1",
        x=(1, 8, 4, 4),
        V=stored(8, 8, 1, 1),
        W=stored(8, 8, 3, 3),
    )
    (shortcut,) = audit_draft(block).shortcuts
    assert (shortcut.kind, shortcut.fork.name, shortcut.span.weight_layers) == ("identity", "x", 2)


# --- 5. channels last ------------------------------------------------------------------------------------------------


def test_an_image_with_its_channels_last_is_turned_before_and_behind() -> None:
    assert unfolded("y = com.microsoft::NhwcMaxPool(x) kernel_shape=2,2") == [
        "y~1 = Transpose(x) perm=(0, 3, 1, 2)",
        "y~2 = MaxPool(y~1) kernel_shape=(2, 2)",
        "y = Transpose(y~2) perm=(0, 2, 3, 1)",
    ]


def test_both_images_of_a_fused_convolution_are_turned() -> None:
    assert unfolded("y = com.microsoft::NhwcFusedConv(x, W, B, z) kernel_shape=3,") == [
        "y~1 = Transpose(x) perm=(0, 2, 1)",
        "y~2 = Transpose(z) perm=(0, 2, 1)",
        "y~3~1 = Conv(y~1, W, B) kernel_shape=(3,)",
        "y~3 = Add(y~3~1, y~2)",
        "y = Transpose(y~3) perm=(0, 2, 1)",
    ]


@pytest.mark.parametrize(("last", "kinds"), [(0, 0), (1, 2)])
def test_an_attribute_says_where_the_channels_are(last: int, kinds: int) -> None:
    parts = unfolded(f"y = com.microsoft::QLinearConv(x, s, z, W, t, u, v, w, B) channels_last={last}")
    assert sum("= Transpose(" in part for part in parts) == kinds
    assert sum("= Conv(" in part for part in parts) == 1


def test_a_depthwise_convolution_with_its_channels_last_has_its_price() -> None:
    """4 channels of 16 x 16, 3 x 3 each: 4 x 256 x 9 = 9,216 MACs; ONNX Runtime writes MobileNets so."""
    line = "y = com.microsoft::QLinearConv(x, s, z, w, s, z, s, z) channels_last=1 group=4 pads=1,1,1,1"
    scale, zero = stored(data=(0.1,)), stored(dtype="uint8", data=(0,))
    report = audit_draft(listing(line, x=(1, 16, 16, 4), w=stored(4, 1, 3, 3, dtype="int8"), s=scale, z=zero))
    assert (report.totals.macs, report.totals.lower_bound, report.totals.parameters) == (9_216, False, 36)

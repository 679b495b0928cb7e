"""Which operators share a fact, whatever else is known of them?

Each list is written by hand, from what the operators' own documentation says of them (ONNX's Operators.md,
ContribOperators.md of ONNX Runtime, and torch's documentation for those of ATen): a second book-keeping beside the
table. A row that is added to the table belongs into every list whose title is true of it. `ms:` stands for ONNX
Runtime's domain. (Which input holds what: test_slots.py.)
"""

from __future__ import annotations

import onnx
import pytest

from shortcut_audit.operators.mixing import by_kernel, by_labels, by_reduction, by_side
from shortcut_audit.operators.row import Arrangement, Effect, Family, Joint, Operator
from shortcut_audit.operators.table import OPERATORS

TABLE = {kind: row for kind, row in OPERATORS.items() if not kind.startswith("declared::")}


def named(kinds: str) -> list[str]:
    return sorted(kinds.replace("ms:", "com.microsoft::").replace("nchwc:", "com.microsoft.nchwc::").split())


def told(fact: str, nothing: object) -> dict[str, object]:
    """What the table says of a fact, by operator, where it says anything."""
    return {kind: getattr(row, fact) for kind, row in TABLE.items() if getattr(row, fact) != nothing}


ACTIVATIONS = """
    Relu LeakyRelu Elu Selu Celu ThresholdedRelu Sigmoid HardSigmoid HardSwish Swish Tanh Gelu Mish Softplus Softsign
    Erf Sign Sin Cos Tan Sinh Cosh Asin Acos Atan Asinh Acosh Atanh Shrink BitwiseNot Floor Ceil Round Not IsInf IsNaN
    Sqrt Exp Log Reciprocal Rsqrt Pow Abs Clip PRelu
    Affine ParametricSoftplus ScaledTanh ms:Gelu ms:FastGelu ms:BiasGelu
    Hardtanh Relu6 Expm1 Log1p Trunc Frac Erfc Erfinv Lgamma Digamma Sinc I0 Atan2"""
"""Functions of one number (and of parameters): ONNX's, those that it dropped, ONNX Runtime's, ATen's."""

ARITHMETIC = "Mul Div Neg Scale Add Sub Sum Mean Bias Where Max Min Mod BitwiseAnd BitwiseOr BitwiseXor BitShift"
LOGIC = "Equal Less Greater LessOrEqual GreaterOrEqual And Or Xor"
COPIES = "Identity Dropout Cast CastLike QuantizeLinear DequantizeLinear NarrowingCast TrainingDropout"
CALLED_COPIES = "LossyCast ClippingQuantisation Rescale RandomDropout"
ATTENTIONS = """
    Attention ms:Attention ms:DecoderMaskedSelfAttention ms:PackedAttention ms:PackedMultiHeadAttention
    ms:MultiHeadAttention ms:DecoderMaskedMultiHeadAttention ms:GroupQueryAttention ms:QAttention LinearAttention
    ms:LinearAttention"""
RECURRENT = "LSTM ms:DynamicQuantizeLSTM GRU RNN"
MATRICES = "MatMul Gemm Linear ms:MatMulNBits ms:MatMulBnb4 PackedLinear"
MOVED = """
    Reshape Flatten Squeeze Unsqueeze Transpose DepthToSpace SpaceToDepth nchwc:ReorderInput nchwc:ReorderOutput
    LoopState Optional OptionalGetElement SplitToSequence"""
"""What keeps all elements, in other places or under another name."""
PARTS = "Slice Split SequenceAt Gather GatherElements GatherND Compress Crop LoopSlice"
AVERAGES = "AveragePool GlobalAveragePool AdaptiveAveragePool RoiAlign ReduceMean"
MAXIMA = "MaxPool GlobalMaxPool MaxRoiPool ReduceMax ReduceMin"
SUMS = "ReduceSum CumSum Col2Im"
NORMS = "LpPool GlobalLpPool"
NOT_UNDERSTOOD = """
    UnknownCast UnknownQuantisation UnknownEinsum DynamicQuantizeLinear ConvInteger MatMulInteger QLinearConv
    QLinearMatMul StringConcat StringSplit RegexFullMatch ms:ExpandDims ms:BiasAdd ms:BiasDropout ms:GatherND
    ms:TorchEmbedding ms:UnfoldTensor ms:CropAndResize ms:QLinearConcat ms:MaxpoolWithMask ms:NhwcMaxPool
    ms:QLinearAveragePool ms:QLinearGlobalAveragePool ms:QLinearReduceMean ms:QLinearAdd ms:QLinearMul ms:QLinearWhere
    ms:SkipLayerNormalization ms:SkipSimplifiedLayerNormalization ms:GroupNorm ms:SkipGroupNorm
    ms:EmbedLayerNormalization ms:QLinearConv ms:FusedConv nchwc:Conv ms:DynamicQuantizeMatMul ms:MatMulIntegerToFloat
    ms:FusedGemm ms:QGemm ms:ConvTransposeWithDynamicPads ms:NhwcConv ms:NhwcFusedConv ms:GemmFastGelu
    ms:FusedMatMulActivation ms:BiasSplitGelu ms:QLinearLeakyRelu ms:QLinearSigmoid ms:QLinearSoftmax ms:Unique ms:Range
    ms:Rfft ms:Irfft"""
"""What is written out before anybody looks, or stays as it is: its shape at most is known."""

LISTS: dict[str, str] = {
    "pointwise": f"{ACTIVATIONS} {ARITHMETIC} {LOGIC} {COPIES} {CALLED_COPIES} Pointwise",
    "moves": f"{MOVED} {PARTS} Identity Dropout Cast CastLike TrainingDropout Expand Tile",
    "parts": "Split SplitToSequence",
    "varies": """LoopState LoopIndex RandomDropout RandomNormal RandomUniform RandomNormalLike RandomUniformLike
        Bernoulli Multinomial""",
    "rescales": "Sqrt Rsqrt Reciprocal Pow Abs Clip Max",
    "masks": "Slice Pad Max IsNaN Clip",
    "rounds": "QuantizeLinear NarrowingCast ms:GatherBlockQuantized",
    "free": "UnknownCast UnknownQuantisation",
}


@pytest.mark.parametrize("fact", LISTS)
def test_of_which_operators_it_is_true(fact: str) -> None:
    assert sorted(told(fact, nothing=False)) == named(LISTS[fact])


EFFECTS = {
    Effect.VIEW: f"{MOVED} {COPIES}",
    Effect.SELECTION: f"""{PARTS} {AVERAGES} {MAXIMA} {SUMS} ms:GatherBlockQuantized ReverseSequence Trilu Roll Pad
        ms:Pad CenterCropPad Expand Tile Resize Upsample nchwc:Upsample GridSample Concat Stack SequenceConstruct
        ConcatFromSequence ScatterND ScatterElements Scatter TensorScatter If MaxUnpool Im2Col""",
    Effect.GATE: "RandomDropout",
    Effect.NORMALISATION: """BatchNormalization LayerNormalization SimplifiedLayerNormalization GroupNormalization
        InstanceNormalization RMSNormalization LRN MeanVarianceNormalization LpNormalization LogSoftmax""",
    Effect.PRODUCT: "Mul Div Neg Scale Rescale",
    Effect.SUM: "Add Sub Sum Mean Bias",
    Effect.CHOICE: "Where",
    Effect.CONTRACTION: f"Conv ConvTranspose Einsum GroupedMatMul ms:FusedMatMul {MATRICES}",
    Effect.UNKNOWN: NOT_UNDERSTOOD,
}
"""All others are nonlinear: whatever is computed by them is no longer the value that they read."""


@pytest.mark.parametrize("effect", Effect)
def test_what_it_does_to_its_data(effect: Effect) -> None:
    said = sorted(kind for kind, row in TABLE.items() if row.effect is effect)
    others = {kind for listed in EFFECTS.values() for kind in named(listed)}
    expected = sorted(TABLE.keys() - others) if effect is Effect.NONLINEAR else named(EFFECTS.get(effect, ""))
    assert said == expected


DATA = {
    (0, 1): "Mul Add Sub MatMul Gemm GroupedMatMul ms:FusedMatMul TensorScatter",  # or one into another
    (0, 2): "ScatterND ScatterElements Scatter",  # the updates are the third: the second are indices
    (1, 2): "If Where",  # the first is the condition
}
ALL_DATA = f"""
    {LOGIC} {ATTENTIONS} {NOT_UNDERSTOOD} Sum Mean Max Min Mod BitwiseAnd BitwiseOr BitwiseXor BitShift Concat Stack
    SequenceConstruct ConcatFromSequence Einsum ms:CDist Bilinear Loop ms:MoE ms:QMoE ms:RelativePositionBias
    RotaryEmbedding ms:RotaryEmbedding ms:GatedRelativePositionBias Pointwise Uncontracted ms:BiasSoftmax SwiGLU
    SoftmaxCrossEntropyLoss NegativeLogLikelihoodLoss ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp
    ReduceProd CumProd ArgMax ArgMin TopK Sort Det Inverse Shape Size NonZero NonMaxSuppression OneHot Unique LoopIndex
    ConstantOfShape Range EyeLike AffineGrid HannWindow HammingWindow BlackmanWindow MelWeightMatrix Quantisation
    QuantisationOf BitCast RandomNormal RandomUniform RandomNormalLike RandomUniformLike Bernoulli Multinomial DFT STFT
    Fft SequenceInsert SequenceErase SequenceEmpty SequenceLength OptionalHasElement StringNormalizer TfIdfVectorizer
    ImageDecoder"""


def test_through_which_inputs_data_passes() -> None:
    """Through all, through two, and everywhere else through the first alone."""
    assert sorted(kind for kind, row in TABLE.items() if row.data == ()) == named(ALL_DATA)
    several = {kind: data for data, listed in DATA.items() for kind in named(listed)}
    assert told("data", nothing=(0,)) == {**dict.fromkeys(named(ALL_DATA), ()), **several}


MIXING = {
    True: f"""{AVERAGES} {MAXIMA} {SUMS} {NORMS} {ATTENTIONS} {RECURRENT} DeformConv CausalConvWithState ms:CDist Loop
        Uncontracted DFT STFT Fft ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp ReduceProd CumProd""",
    by_kernel: "Conv ConvTranspose",
    by_side: f"{MATRICES} ms:FusedMatMul",
    by_labels: "Einsum",
    by_reduction: "ScatterND ScatterElements",
}


def test_what_mixes_positions() -> None:
    assert told("mixes", nothing=False) == {kind: how for how, listed in MIXING.items() for kind in named(listed)}


COUNTED = f"""
    {MATRICES} {RECURRENT} {ATTENTIONS} Conv ConvTranspose DeformConv CausalConvWithState GroupedMatMul ms:FusedMatMul
    Einsum ms:CDist Bilinear Loop ms:MoE ms:QMoE ms:GatedRelativePositionBias AffineGrid Det Inverse"""


def test_what_multiplies_and_accumulates() -> None:
    assert sorted(told("macs", nothing=None)) == named(COUNTED)


COUNTED_WITH = {
    "dilations group kernel_shape pads strides": "Conv ConvTranspose DeformConv",
    "transA transB": "Gemm",
    "transA transB transBatchA transBatchB": "ms:FusedMatMul",
    "equation": "Einsum",
    "K N": "PackedLinear ms:MatMulBnb4",
    "K N bits block_size": "ms:MatMulNBits",
    "direction hidden_size": RECURRENT,
    "kv_num_heads q_num_heads": "Attention",
    "kv_num_heads q_num_heads update_rule": "LinearAttention ms:LinearAttention",
    "kv_num_heads num_heads": "ms:GroupQueryAttention",
    "num_heads past_present_share_buffer qkv_hidden_sizes": "ms:Attention ms:DecoderMaskedSelfAttention ms:QAttention",
    "num_heads qkv_hidden_sizes": "ms:PackedAttention",
    "num_heads": "ms:PackedMultiHeadAttention ms:MultiHeadAttention ms:GatedRelativePositionBias",
    "num_heads past_present_share_buffer": "ms:DecoderMaskedMultiHeadAttention",
    "k": "ms:MoE",
    "expert_weight_bits k": "ms:QMoE",
}


def test_which_attributes_decide_how_much_is_multiplied() -> None:
    expected = {kind: tuple(names.split()) for names, listed in COUNTED_WITH.items() for kind in named(listed)}
    assert {kind: tuple(sorted(names)) for kind, names in told("counted_with", nothing=()).items()} == expected  # type: ignore[call-overload]


@pytest.mark.parametrize("kind", [kind for kind in TABLE if TABLE[kind].counted_with and onnx.defs.has(kind)])
def test_such_an_attribute_is_one_that_onnx_knows(kind: str) -> None:
    assert set(TABLE[kind].counted_with) <= onnx.defs.get_schema(kind).attributes.keys()


SEQUENCES = "how long each sequence is"
IN_USE = "how much of the keys and values of earlier steps is in use"
UNTOLD = {
    **dict.fromkeys(named(RECURRENT), (SEQUENCES, (4,), None)),  # sequence_lens
    "Attention": ("how many of its keys are no padding", (6,), None),  # nonpad_kv_seqlen
    "com.microsoft::Attention": (IN_USE, (4,), None),  # past
    "com.microsoft::DecoderMaskedSelfAttention": (IN_USE, (4,), None),
    "com.microsoft::QAttention": (IN_USE, (8,), None),
    "com.microsoft::MultiHeadAttention": (IN_USE, (6, 7), None),  # past_key, past_value
    "com.microsoft::DecoderMaskedMultiHeadAttention": (IN_USE, (5, 6), None),
    "com.microsoft::GroupQueryAttention": (IN_USE, (3, 4), None),
    "com.microsoft::PackedAttention": (SEQUENCES, (4,), (2,)),  # cumulative_sequence_length: of one sequence, two
    "com.microsoft::PackedMultiHeadAttention": (SEQUENCES, (5,), (2,)),
}


def test_what_data_alone_may_tell_of_a_count() -> None:
    assert {kind: tuple(row.untold) for kind, row in TABLE.items() if row.untold is not None} == UNTOLD


ONE_BY_ONE: dict[str, tuple[object, dict[str, object]]] = {
    "neutral": (None, {"Mul": 1, "Div": 1, "Add": 0, "Sub": 0, "Sum": 0, "Bias": 0}),
    "arranges": (None, {"Reshape": Arrangement.RESHAPED, "Flatten": Arrangement.RESHAPED,
                        "Unsqueeze": Arrangement.PUT_IN, "Transpose": Arrangement.PERMUTED,
                        "Expand": Arrangement.REPEATED, "Tile": Arrangement.REPEATED,
                        "Resize": Arrangement.RESIZED, "Upsample": Arrangement.RESIZED}),
    "joins": (None, {"Concat": Joint(axis=None, fresh=False), "Stack": Joint(axis=0, fresh=True)}),
    "labels": ("", {"Einsum": "equation"}),
    "scales": ((), {"DequantizeLinear": (1, 2)}),
    "unread": ((), {"Shape": (0,), "Size": (0,), "EyeLike": (0,), "RandomNormalLike": (0,), "RandomUniformLike": (0,),
                    "CastLike": (1,)}),
    "met": ("", {"com.microsoft::MoE": "k", "com.microsoft::QMoE": "k"}),
    "experts": ((), {"GroupedMatMul": (1, 3), "com.microsoft::MoE": (2, 3, 4, 5, 6, 7),
                     "com.microsoft::QMoE": (2, 4, 5, 7, 8, 10)}),  # weights and biases of three layers
    "family": (None, {"Conv": Family.CONVOLUTION, "ConvTranspose": Family.CONVOLUTION,
                      "DeformConv": Family.CONVOLUTION, "CausalConvWithState": Family.CONVOLUTION,
                      **dict.fromkeys(named(MATRICES), Family.MATRIX_PRODUCT),
                      "AveragePool": Family.WINDOW_POOLING, "MaxPool": Family.WINDOW_POOLING,
                      "LpPool": Family.WINDOW_POOLING,
                      "Softmax": Family.SOFTMAX, "com.microsoft::BiasSoftmax": Family.SOFTMAX}),
    # Conv's weight is (M, C/group, k...), ConvTranspose's (C, M/group, k...), Linear's (out, in), MatMul's (in, out).
    "channels": (None, {"Conv": 1, "DeformConv": 1, "ConvTranspose": 0, "Linear": -1, "MatMul": -2, "Gemm": -2}),
    "short": ("", {"Conv": "conv", "ConvTranspose": "transposed conv", "DeformConv": "deformable conv",
                   "Slice": "slice", "Pad": "pad", "Resize": "resize", "Upsample": "resize", "Concat": "concat",
                   "AveragePool": "avg pool", "MaxPool": "max pool", "GlobalAveragePool": "global avg pool",
                   "ReduceMean": "mean", "ReduceMax": "max", "BatchNormalization": "BN", "LayerNormalization": "LN",
                   "GroupNormalization": "GN", "InstanceNormalization": "IN", "RMSNormalization": "RMSNorm"}),
}  # fmt: skip


@pytest.mark.parametrize("fact", ONE_BY_ONE)
def test_what_few_operators_have(fact: str) -> None:
    nothing, expected = ONE_BY_ONE[fact]
    assert told(fact, nothing) == expected


UNPACKED = {"com.microsoft::GatherBlockQuantized": [0], "com.microsoft::MatMulNBits": [1],
            "com.microsoft::MatMulBnb4": [1], "PackedLinear": [1], "com.microsoft::QMoE": [2, 5, 8]}  # fmt: skip


def test_which_weights_are_stored_several_to_a_byte() -> None:
    assert {kind: list(row.unpacked) for kind, row in TABLE.items() if row.unpacked} == UNPACKED
    assert [kind for kind, row in TABLE.items() if not row.unpacked.keys() <= set(row.quantised)] == []


KNOWN_ELEMENTS = f"""
    {LOGIC} Reshape Flatten Squeeze Unsqueeze Transpose ms:ExpandDims Identity Cast CastLike QuantizeLinear
    DequantizeLinear Slice Split Gather Expand Tile Concat ScatterND ReduceSum ReduceMax ReduceMin ReduceProd Mul Div
    Neg Add Sub Sum Where Max Min Mod Floor Ceil Round Not Sqrt Reciprocal Pow Abs Clip Shape Size NonZero
    ConstantOfShape Range ms:Range OneHot"""
UNSHAPED = """
    Optional OptionalGetElement SplitToSequence SequenceAt SequenceConstruct ConcatFromSequence SequenceInsert
    SequenceErase SequenceEmpty Crop Im2Col Sort Pointwise Uncontracted Affine ParametricSoftplus ScaledTanh Maxout
    QuantisationOf Fft"""
"""Lists of tensors, experimental operators, and those of ATen whose shapes the file itself states."""


def test_of_whose_results_the_numbers_and_of_whose_not_even_the_shape_is_known() -> None:
    assert sorted(told("elements", nothing=None)) == named(KNOWN_ELEMENTS)
    assert sorted(TABLE.keys() - told("shape", nothing=None).keys()) == named(UNSHAPED)


def types_of(row: Operator) -> tuple[object, ...] | None:
    return None if row.types is None or any(map(callable, row.types)) else tuple(row.types)


TYPES: dict[tuple[object, ...], str] = {
    ("bool",): f"{LOGIC} Not IsInf IsNaN RegexFullMatch OptionalHasElement",
    ("int64",): "ArgMax ArgMin Shape Size NonZero NonMaxSuppression LoopIndex SequenceLength",
    (0, "int64"): "MaxPool TopK",
    (0, "bool"): "ms:BiasDropout",
    (0, "int64", "int64", "int64"): "Unique",
    (0, "int64", "int64"): "ms:Unique",
    ("int32",): "ConvInteger MatMulInteger",
    ("uint8",): "ImageDecoder",
    ("uint8", "float32", "uint8"): "DynamicQuantizeLinear",
    ("float32",): "TfIdfVectorizer",
    ("string", "int64"): "StringSplit",
    (0,): "ms:CropAndResize AffineGrid",
    (1,): "CastLike ms:QLinearConcat ms:QLinearWhere",  # of the second input
    (2,): "ms:GatherBlockQuantized ms:MatMulIntegerToFloat OneHot",  # of the scales, of the values
    (7,): "QLinearConv ms:QLinearConv QLinearMatMul",  # of y_zero_point
    (0, 3, 3, 3, 3): "BatchNormalization",  # the statistics have a type of their own
    (0, "float32", "float32", 0): "ms:SkipLayerNormalization ms:SkipSimplifiedLayerNormalization",
    (2, "int32", 2): "ms:EmbedLayerNormalization",
    (0, 1, 2, 0): "Attention",
    (0, 0): "ms:Attention ms:DecoderMaskedSelfAttention",
    (3, 3): "ms:QAttention",  # of the input's scale: the input itself is of integers
}  # fmt: skip


def test_of_which_types_its_outputs_are() -> None:
    expected = {kind: types for types, listed in TYPES.items() for kind in named(listed)}
    assert {kind: types_of(row) for kind, row in TABLE.items() if types_of(row)} == expected


def test_whose_types_depend_on_more_than_one_thing() -> None:
    """On an attribute, on the first of two inputs whose type is known, or on scales."""
    said = sorted(kind for kind, row in TABLE.items() if row.types is not None and any(map(callable, row.types)))
    assert said == named("""
        Cast NarrowingCast LossyCast UnknownCast BitCast HannWindow HammingWindow BlackmanWindow MelWeightMatrix
        RandomNormal RandomUniform Multinomial EyeLike RandomNormalLike RandomUniformLike Bernoulli
        Dropout TrainingDropout RandomDropout QuantizeLinear ClippingQuantisation UnknownQuantisation DequantizeLinear
        Rescale Mul Div Add Sub Where Mod BitwiseAnd BitwiseOr BitwiseXor MatMul Gemm GroupedMatMul PRelu Range Loop
        Concat Stack Sum Mean Max Min Einsum If LayerNormalization SimplifiedLayerNormalization LinearAttention
        ms:LinearAttention ms:QGemm ConstantOfShape""")

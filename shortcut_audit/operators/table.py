"""What does an operator do to the value that passes through it, and how many MACs does that take?

One table, `OPERATORS`, over canonical (ONNX) operator names. Each row says how the operator treats its data (steps.py
tells what that makes of a route), whether it mixes positions, which inputs are buffers, and how its MACs are counted.
An operator is counted, known to cost no MACs, or (absent here) *unknown*: named as uncounted, never on a shortcut.
Formulas: the ONNX operator specification; torch.utils.flop_counter counts the same contractions (as 2 x MAC).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TypeAlias

from shortcut_audit.graph.model import ModelGraph, Op
from shortcut_audit.operators.counting import attention, contractions, layers
from shortcut_audit.operators.counting.contractions import Call


class Effect(IntEnum):
    """How a row decides the step: alone (the first four, with the numbers of steps.Step), or by what the op reads."""

    VIEW = 0
    SELECTION = 1
    NORMALISATION = 4
    NONLINEAR = 6
    PRODUCT = 10
    SUM = 11
    CONTRACTION = 12
    CHOICE = 13


Macs: TypeAlias = Callable[[Call], int | None]


@dataclass(frozen=True, slots=True)
class Operator:
    """One row of the table."""

    effect: Effect
    data: tuple[int, ...] = (0,)
    """Input slots through which data passes; () stands for all. A value in any other slot steers: nonlinear."""
    mixes: bool = False
    """Whether an output element depends on several positions of the data."""
    pointwise: bool = False
    """Whether each output element depends on the input elements of the same position alone."""
    macs: Macs | None = None
    """Counts multiply-accumulates; None: known to need none."""
    buffers: tuple[int, ...] = ()
    """Input slots whose constants are never learned: running statistics, scales, zero points, sizes."""
    quantised: tuple[int, ...] = ()
    """Input slots whose integer constants are learned weights, stored in few bits."""
    bias: tuple[int, ...] = ()
    """Input slots whose constants are added."""


def _rows(names: str, row: Operator) -> Iterable[tuple[str, Operator]]:
    return ((name, row) for name in names.split())


_VIEW = Operator(Effect.VIEW, buffers=(1, 2, 3, 4))
_COPY = replace(_VIEW, pointwise=True)
_SELECTION = Operator(Effect.SELECTION, buffers=(1, 2, 3, 4))
_POOLING = replace(_SELECTION, mixes=True)
_ACTIVATION = Operator(Effect.NONLINEAR, pointwise=True)
_COMPARISON = Operator(Effect.NONLINEAR, data=(), pointwise=True)
_OPAQUE = Operator(Effect.NONLINEAR, data=())
_NORM = Operator(Effect.NORMALISATION, mixes=False, bias=(2,))
_RECURRENT = Operator(Effect.NONLINEAR, mixes=True, bias=(3,), buffers=(4, 5, 6))

OPERATORS: Mapping[str, Operator] = dict(
    [
        # The same elements: nothing is computed. LoopState: a value on its way into a loop's body.
        *_rows("Reshape Transpose Flatten Squeeze Unsqueeze DepthToSpace SpaceToDepth", _VIEW),
        *_rows("com.microsoft.nchwc::ReorderInput com.microsoft.nchwc::ReorderOutput", _VIEW),
        *_rows("LoopState Optional OptionalGetElement SequenceAt", _VIEW),
        *_rows("Identity Dropout Cast CastLike QuantizeLinear", _COPY),
        ("DequantizeLinear", replace(_COPY, buffers=(1, 2), quantised=(0,))),
        # Selection, padding, resampling.
        *_rows("Slice Split Gather GatherElements GatherND Pad Expand Tile Resize Upsample LoopSlice", _SELECTION),
        *_rows("com.microsoft.nchwc::Upsample com.microsoft::Pad", _SELECTION),
        *_rows("Crop CenterCropPad ReverseSequence Trilu Compress GridSample SplitToSequence Roll", _SELECTION),
        *_rows("Concat Stack SequenceConstruct ConcatFromSequence", Operator(Effect.SELECTION, data=())),
        *_rows(
            "ScatterND ScatterElements Scatter TensorScatter", Operator(Effect.SELECTION, data=(0, 2), buffers=(1,))
        ),
        ("If", Operator(Effect.SELECTION, data=(1, 2))),
        # Pooling: a fixed mean, maximum or sum over positions.
        *_rows("AveragePool MaxPool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool MaxRoiPool RoiAlign", _POOLING),
        *_rows("ReduceMean ReduceSum ReduceMax ReduceMin CumSum MaxUnpool Col2Im Im2Col AdaptiveAveragePool", _POOLING),
        # Element-wise arithmetic: what it is depends on what else it reads.
        ("Mul", Operator(Effect.PRODUCT, data=(0, 1), pointwise=True)),
        ("Div", Operator(Effect.PRODUCT, data=(0,), pointwise=True)),
        *_rows("Add Sub", Operator(Effect.SUM, data=(0, 1), pointwise=True, bias=(0, 1))),
        *_rows("Sum Mean", Operator(Effect.SUM, data=(), pointwise=True, bias=(0, 1, 2, 3))),
        *_rows("Neg Scale", Operator(Effect.PRODUCT, pointwise=True)),
        ("Bias", Operator(Effect.SUM, data=(0,), pointwise=True, bias=(1,))),
        ("Where", Operator(Effect.CHOICE, data=(1, 2), pointwise=True, buffers=(0,))),
        # Normalisations.
        ("BatchNormalization", replace(_NORM, buffers=(3, 4))),
        *_rows("LayerNormalization GroupNormalization InstanceNormalization RMSNormalization LRN", _NORM),
        *_rows("com.microsoft::GroupNorm", _NORM),
        *_rows("SimplifiedLayerNormalization MeanVarianceNormalization LpNormalization", _NORM),
        # Contractions with stored weights or with another value.
        (
            "Conv",
            Operator(Effect.CONTRACTION, (0,), mixes=True, macs=contractions.convolution, quantised=(1,), bias=(2,)),
        ),
        ("DeformConv", Operator(Effect.NONLINEAR, (0,), mixes=True, macs=contractions.convolution, bias=(3,))),
        (
            "ConvTranspose",
            Operator(Effect.CONTRACTION, (0,), mixes=True, macs=contractions.transposed_convolution, bias=(2,)),
        ),
        ("MatMul", Operator(Effect.CONTRACTION, (0, 1), macs=contractions.matmul, quantised=(0, 1))),
        ("Gemm", Operator(Effect.CONTRACTION, (0, 1), macs=contractions.gemm, quantised=(0, 1), bias=(2,))),
        ("com.microsoft::FusedMatMul", Operator(Effect.CONTRACTION, (0, 1), macs=contractions.fused_matmul)),
        ("Linear", Operator(Effect.CONTRACTION, (0,), macs=contractions.linear, quantised=(1,), bias=(2,))),
        ("Bilinear", Operator(Effect.NONLINEAR, (), macs=contractions.bilinear, bias=(3,))),
        ("Einsum", Operator(Effect.CONTRACTION, (), macs=contractions.einsum)),
        (
            "com.microsoft::MatMulNBits",
            Operator(
                Effect.CONTRACTION, (0,), macs=contractions.matmul_nbits, quantised=(1,), buffers=(2, 3, 4), bias=(5,)
            ),
        ),
        ("LSTM", replace(_RECURRENT, macs=contractions.recurrent(gates=4))),
        ("GRU", replace(_RECURRENT, macs=contractions.recurrent(gates=3))),
        ("RNN", replace(_RECURRENT, macs=contractions.recurrent(gates=1))),
        ("Attention", Operator(Effect.NONLINEAR, (), mixes=True, macs=attention.attention)),
        (
            "com.microsoft::Attention",
            Operator(Effect.NONLINEAR, (), mixes=True, macs=attention.packed_attention, bias=(2,)),
        ),
        (
            "com.microsoft::MultiHeadAttention",
            Operator(Effect.NONLINEAR, (), mixes=True, macs=attention.multi_head_attention, bias=(3,)),
        ),
        (
            "com.microsoft::GroupQueryAttention",
            Operator(Effect.NONLINEAR, (), mixes=True, macs=attention.grouped_attention, buffers=(5, 6, 7, 8)),
        ),
        # Nonlinear, no contraction: activations first, element by element.
        *_rows(
            "Relu LeakyRelu PRelu Elu Selu Celu ThresholdedRelu Sigmoid HardSigmoid HardSwish Swish Tanh", _ACTIVATION
        ),
        *_rows(
            "Gelu Mish Softplus Softsign Erf Exp Log Sqrt Rsqrt Reciprocal Pow Abs Sign Floor Ceil Round", _ACTIVATION
        ),
        ("Clip", replace(_ACTIVATION, buffers=(1, 2))),
        *_rows("Sin Cos Tan Sinh Cosh Asin Acos Atan Asinh Acosh Atanh Shrink IsNaN IsInf Not", _ACTIVATION),
        *_rows(
            "BitwiseNot Hardtanh Relu6 Affine ParametricSoftplus ScaledTanh Atan2 Expm1 Log1p",
            _ACTIVATION,
        ),
        *_rows("Trunc Frac Erfc Erfinv Lgamma Digamma Sinc I0", _ACTIVATION),
        *_rows("Equal Less Greater LessOrEqual GreaterOrEqual And Or Xor Max Min Mod BitShift", _COMPARISON),
        *_rows("BitwiseAnd BitwiseOr BitwiseXor", _COMPARISON),
        *_rows("com.microsoft::Gelu com.microsoft::FastGelu com.microsoft::BiasGelu", replace(_ACTIVATION, bias=(1,))),
        *_rows("com.microsoft::BiasSoftmax", _OPAQUE),
        *_rows("Softmax LogSoftmax Hardmax Maxout", replace(_ACTIVATION, pointwise=False, mixes=False)),
        *_rows("ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceProd ReduceSumSquare CumProd", _OPAQUE),
        *_rows("ArgMax ArgMin TopK NonZero Unique OneHot NonMaxSuppression EyeLike Bernoulli Multinomial", _OPAQUE),
        *_rows("RandomNormalLike RandomUniformLike RandomNormal RandomUniform Det Inverse StringNormalizer", _OPAQUE),
        *_rows("SequenceInsert SequenceErase SequenceEmpty SequenceLength OptionalHasElement Sort Range", _OPAQUE),
        *_rows("DFT STFT Fft", replace(_OPAQUE, mixes=True)),
        *_rows("HannWindow HammingWindow BlackmanWindow MelWeightMatrix Quantisation", _OPAQUE),
        *_rows("Shape Size ConstantOfShape BitCast LoopIndex AffineGrid ImageDecoder", _OPAQUE),
        *_rows("com.microsoft::RelativePositionBias SwiGLU", _OPAQUE),
        *_rows("RotaryEmbedding com.microsoft::RotaryEmbedding", replace(_OPAQUE, buffers=(1, 2, 3))),
        *_rows("SoftmaxCrossEntropyLoss NegativeLogLikelihoodLoss TfIdfVectorizer", _OPAQUE),
        ("Loop", Operator(Effect.NONLINEAR, (), mixes=True, macs=contractions.unknowable)),
    ]
)
"""The table. A row may be used under one name only; what is not here is unknown."""

REDUCTIONS = frozenset(
    "ReduceMean ReduceSum ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceSumSquare GlobalAveragePool".split()
)
"""Ops that make a statistic of a value."""

SCALINGS = frozenset("Sqrt Rsqrt Reciprocal Pow Abs Clip Max".split())
"""Nonlinear ops that turn one statistic into another, as a normalisation needs it: a power, or one kept from zero."""

PARTED = frozenset({"Split", "SplitToSequence"})
"""Ops each of whose outputs holds a part of the data. Of any other only the first does: the rest are masks, indices,
statistics."""


VARYING = frozenset(
    "RandomNormal RandomUniform RandomNormalLike RandomUniformLike Bernoulli Multinomial LoopState LoopIndex".split()
)
"""Ops whose result changes from pass to pass, or from one step of a loop to the next, even when their inputs do not."""


def understood(op: Op) -> Operator | None:
    """The row of an op's kind; None if the kind is unknown."""
    return OPERATORS.get(op.kind)


def does_work(op: Op) -> bool:
    """Whether an op does real work (theory: real work): is a layer that reads learned weights, or mixes positions.

    A learned factor or offset of each element by itself is no layer: it makes no branch of an element-wise expression.
    An unknown operator is taken to work: what it does cannot be ruled out.
    """
    row = OPERATORS.get(op.kind)
    return row is None or mixes(op) or (not row.pointwise and any(weight.learned for weight in op.weights()))


def mixes(op: Op) -> bool:
    """Whether an output of `op` depends on several positions of its data. A product of two values does.

    A 1x1 convolution does not, though convolutions do: case 1. A matmul with stored weights maps each position alone
    when the weights stand on the right, and mixes positions when they stand on the left (an MLP-mixer): case 2. An
    einsum with stored weights maps each position alone when it sums over the last axis of the data: case 3. What is
    scattered mixes positions where it is added up: message passing, case 4.
    """
    row = OPERATORS.get(op.kind)
    if row is None:
        return False
    if op.kind in {"Conv", "ConvTranspose"}:
        return not layers.is_pointwise(op)  # 1
    values = [slot for slot, given in enumerate(op.inputs) if isinstance(given, str)]
    equation = op.attributes.get("equation")
    if op.kind == "Einsum" and isinstance(equation, str) and len(values) == 1:
        return not layers.sums_last_axis_alone(equation, values[0])  # 3
    if op.kind in {"ScatterND", "ScatterElements"}:
        return op.attributes.get("reduction", "none") != "none"  # 4
    if row.effect is Effect.CONTRACTION:
        return values != [0]  # 2
    return row.mixes


def is_activation(op: Op) -> bool:
    """Whether an op is nonlinear in what it reads element by element."""
    row = OPERATORS.get(op.kind)
    return row is not None and row.effect is Effect.NONLINEAR and row.pointwise


def is_nonlinear(op: Op) -> bool:
    """Whether what an op makes is not linear in what it reads: an activation, or a product of several values."""
    row = OPERATORS.get(op.kind)
    if row is None or row.effect is Effect.NONLINEAR:
        return True
    return row.effect in {Effect.PRODUCT, Effect.CONTRACTION} and len(op.values()) > 1


def is_copy(op: Op) -> bool:
    """Whether an op makes the same elements in the same places, perhaps of another type."""
    row = OPERATORS.get(op.kind)
    return row is not None and row.effect is Effect.VIEW and row.pointwise


def is_weight_layer(op: Op) -> bool:
    """Whether an op is what the literature counts as a layer: a contraction or recurrence with learned weights."""
    row = OPERATORS.get(op.kind)
    return row is not None and row.macs is not None and any(weight.learned for weight in op.weights())


def macs(graph: ModelGraph, op: Op) -> int | None:
    """Multiply-accumulates of one op; None where the shapes, the operator, or an attribute of it are not known."""
    row = OPERATORS.get(op.kind)
    if row is None:
        return None
    if row.macs is None:
        return 0
    unread = any(value is None and name in contractions.COUNTED_WITH for name, value in op.attributes.items())
    return None if unread else row.macs(Call.of(graph, op))

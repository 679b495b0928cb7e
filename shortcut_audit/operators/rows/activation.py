"""What do nonlinear functions do: activations, roots, softmaxes?"""

from __future__ import annotations

import math

from shortcut_audit.frozen import replace
from shortcut_audit.operators.row import Effect, Family, Operator, rows, table_of
from shortcut_audit.operators.shapes import arithmetic
from shortcut_audit.operators.shapes.element_types import BOOL, PAIR
from shortcut_audit.operators.shapes.elementwise import bias_split_gelu, binary, cross_entropy, same

_ACTIVATION = Operator(Effect.NONLINEAR, shape=same, pointwise=True)
_UNSHAPED = replace(_ACTIVATION, shape=None)
_OPAQUE = Operator(Effect.NONLINEAR, data=(), shape=same)
_FUSED = Operator(Effect.UNKNOWN, data=(), shape=same)

ROWS = table_of(
    rows(
        "Relu LeakyRelu Elu Selu Celu ThresholdedRelu Sigmoid HardSigmoid HardSwish Swish Tanh Gelu Mish Softplus "
        "Softsign Erf Sign Sin Cos Tan Sinh Cosh Asin Acos Atan Asinh Acosh Atanh Shrink BitwiseNot",
        _ACTIVATION,
    ),
    # Of ATen alone.
    rows("Hardtanh Relu6 Expm1 Log1p Trunc Frac Erfc Erfinv Lgamma Digamma Sinc I0", _ACTIVATION),
    rows("Atan2", replace(_ACTIVATION, shape=binary)),
    # Of ATen, without a name of their own: known to contract nothing (loaders/aten/remaining.py).
    rows("Pointwise", replace(_ACTIVATION, data=(), shape=None)),
    rows("Uncontracted", Operator(Effect.NONLINEAR, data=(), mixes=True)),
    # Experimental operators that ONNX dropped before version 7.
    rows("Affine ParametricSoftplus ScaledTanh", _UNSHAPED),
    rows("Maxout", replace(_UNSHAPED, pointwise=False)),
    rows("PRelu", replace(_ACTIVATION, types=PAIR)),
    rows("Floor", replace(_ACTIVATION, elements=arithmetic.singles(math.floor, keeps_sizes=True))),
    rows("Ceil", replace(_ACTIVATION, elements=arithmetic.singles(math.ceil, keeps_sizes=True))),
    rows("Round", replace(_ACTIVATION, elements=arithmetic.singles(round, keeps_sizes=True))),
    rows("Not", replace(_ACTIVATION, types=BOOL, elements=arithmetic.singles(arithmetic.negation))),
    rows("IsInf", replace(_ACTIVATION, types=BOOL)),
    rows("IsNaN", replace(_ACTIVATION, types=BOOL, masks=True)),
    # What makes of one statistic another.
    rows("Sqrt", replace(_ACTIVATION, elements=arithmetic.singles(arithmetic.root), rescales=True)),
    rows("Exp", replace(_ACTIVATION, exponential=True)),
    rows("Log", replace(_ACTIVATION, logarithm=True)),
    rows("Reciprocal", replace(_ACTIVATION, elements=arithmetic.singles(arithmetic.inverse), rescales=True)),
    rows("Rsqrt", replace(_ACTIVATION, rescales=True)),
    rows("Pow", replace(_ACTIVATION, shape=binary, elements=arithmetic.pairs(arithmetic.POW), rescales=True)),
    rows("Abs", replace(_ACTIVATION, elements=arithmetic.singles(abs, keeps_sizes=True), rescales=True)),
    rows("Clip", replace(_ACTIVATION, elements=arithmetic.clip, buffers=(1, 2), rescales=True, masks=True)),
    rows("com.microsoft::Gelu com.microsoft::FastGelu com.microsoft::BiasGelu", replace(_ACTIVATION, bias=(1,))),
    # An element depends on all others along an axis.
    rows("Softmax", replace(_ACTIVATION, pointwise=False, family=Family.SOFTMAX)),
    rows("Hardmax", replace(_ACTIVATION, pointwise=False)),
    rows("com.microsoft::BiasSoftmax", replace(_OPAQUE, family=Family.SOFTMAX)),
    rows("SwiGLU", replace(_OPAQUE, shape=binary)),
    rows("SoftmaxCrossEntropyLoss NegativeLogLikelihoodLoss", replace(_OPAQUE, shape=cross_entropy)),
    # Not understood, or written out before anybody looks.
    rows("com.microsoft::BiasSplitGelu", replace(_FUSED, shape=bias_split_gelu)),
    rows("com.microsoft::QLinearLeakyRelu com.microsoft::QLinearSigmoid com.microsoft::QLinearSoftmax", _FUSED),
    rows("RegexFullMatch", replace(_FUSED, types=BOOL)),
)

"""What multiplies and sums: convolutions, matrix products, recurrences?

With stored weights a learned linear map; with another value a product of values.
"""

from __future__ import annotations

from shortcut_audit.frozen import replace
from shortcut_audit.operators.counting import contractions as count
from shortcut_audit.operators.counting import packing
from shortcut_audit.operators.mixing import by_kernel, by_labels, by_side
from shortcut_audit.operators.row import Effect, Family, Operator, Untold, rows, table_of
from shortcut_audit.operators.shapes import contraction, windows
from shortcut_audit.operators.shapes.control import result
from shortcut_audit.operators.shapes.element_types import ANY, PAIR, THIRD, either

_MATMUL = contraction.matmul(0, 1)
_GEMM = contraction.gemm(0, 1)
_CONV = windows.convolution(1)

_CONVOLUTION = Operator(
    Effect.CONTRACTION,
    shape=_CONV,
    mixes=by_kernel,
    macs=count.convolution,
    counted_with=("dilations", "group", "kernel_shape", "pads", "strides"),
    bias=(2,),
    family=Family.CONVOLUTION,
)
_PRODUCT = Operator(Effect.CONTRACTION, data=(0, 1), shape=_MATMUL, mixes=by_side, macs=count.matmul)
_LINEAR = replace(_PRODUCT, family=Family.MATRIX_PRODUCT, channels=-2)
_RECURRENT = Operator(
    Effect.NONLINEAR,
    shape=contraction.recurrent,
    mixes=True,
    counted_with=("direction", "hidden_size"),
    untold=Untold("how long each sequence is", (4,)),
    bias=(3,),
    buffers=(4, 5, 6),
)
_FUSED = Operator(Effect.UNKNOWN, data=())

ROWS = table_of(
    # Convolutions.
    rows("Conv", replace(_CONVOLUTION, quantised=(1,), channels=1, short="conv")),
    rows(
        "ConvTranspose",
        replace(
            _CONVOLUTION,
            shape=windows.transposed_convolution,
            macs=count.transposed_convolution,
            channels=0,
            short="transposed conv",
        ),
    ),
    rows(
        "DeformConv",
        replace(_CONVOLUTION, effect=Effect.NONLINEAR, mixes=True, bias=(3,), channels=1, short="deformable conv"),
    ),
    rows(
        "CausalConvWithState",
        Operator(
            Effect.NONLINEAR,
            shape=windows.causal_convolution,
            mixes=True,
            macs=count.causal_convolution,
            bias=(2,),
            family=Family.CONVOLUTION,
        ),
    ),
    # Matrix products. Linear: ATen's, whose weight lies the other way round.
    rows("MatMul", replace(_LINEAR, types=PAIR, quantised=(0, 1))),
    rows(
        "Gemm",
        replace(
            _LINEAR,
            shape=_GEMM,
            types=PAIR,
            macs=count.gemm,
            counted_with=("transA", "transB"),
            quantised=(0, 1),
            bias=(2,),
        ),
    ),
    rows(
        "Linear",
        replace(
            _LINEAR,
            data=(0,),
            shape=contraction.linear,
            macs=count.linear,
            quantised=(1,),
            bias=(2,),
            channels=-1,
        ),
    ),
    rows(
        "com.microsoft::MatMulNBits",
        replace(
            _LINEAR,
            data=(0,),
            shape=contraction.packed_matmul,
            macs=count.matmul_nbits,
            counted_with=("K", "N", "bits", "block_size"),
            quantised=(1,),
            unpacked={1: packing.blocked_matrix},
            buffers=(2, 3, 4),
            bias=(5,),
            channels=None,
        ),
    ),
    # Each row of the data meets the matrix of its group: experts (ATen's _grouped_mm).
    rows(
        "GroupedMatMul",
        replace(
            _PRODUCT, shape=contraction.grouped, types=PAIR, mixes=False, macs=count.grouped, experts=(1, 3), bias=(3,)
        ),
    ),
    rows(
        "com.microsoft::MatMulBnb4",
        replace(
            _LINEAR,
            data=(0,),
            shape=contraction.packed_matmul,
            macs=count.matmul_bnb4,
            counted_with=("K", "N"),
            quantised=(1,),
            unpacked={1: packing.flat_matrix},
            buffers=(2,),
            channels=None,
        ),
    ),
    rows(
        "com.microsoft::FusedMatMul",
        replace(
            _PRODUCT,
            shape=contraction.fused_matmul,
            macs=count.fused_matmul,
            counted_with=("transA", "transB", "transBatchA", "transBatchB"),
        ),
    ),
    rows(
        "Einsum",
        replace(
            _PRODUCT,
            data=(),
            shape=contraction.einsum,
            types=ANY,
            mixes=by_labels,
            macs=count.einsum,
            counted_with=("equation",),
            labels="equation",
        ),
    ),
    # A learned matrix stored in few bits, whose sizes are attributes (ATen's _weight_int4pack_mm).
    rows(
        "PackedLinear",
        replace(
            _LINEAR,
            data=(0,),
            shape=contraction.packed_matmul,
            macs=count.packed_linear,
            counted_with=("K", "N"),
            quantised=(1,),
            unpacked={1: packing.stated_matrix},
            buffers=(2, 3),
            channels=None,
        ),
    ),
    rows(
        "com.microsoft::CDist",
        Operator(Effect.NONLINEAR, data=(), shape=contraction.distances, mixes=True, macs=count.distances),
    ),
    rows(
        "Bilinear",
        Operator(Effect.NONLINEAR, data=(), shape=contraction.bilinear, macs=count.bilinear, bias=(3,)),
    ),
    # Recurrences.
    rows("LSTM", replace(_RECURRENT, macs=count.recurrent(gates=4))),
    rows(
        "com.microsoft::DynamicQuantizeLSTM",
        replace(
            _RECURRENT,
            shape=contraction.turned_recurrent,
            macs=count.recurrent(gates=4, turned=True),
            quantised=(1, 2),
            buffers=(4, 5, 6, 8, 9, 10, 11),
        ),
    ),
    rows("GRU", replace(_RECURRENT, macs=count.recurrent(gates=3))),
    rows("RNN", replace(_RECURRENT, macs=count.recurrent(gates=1))),
    rows(
        "Loop",
        Operator(
            Effect.NONLINEAR,
            data=(),
            shape=result,
            types=(either(0, 1),),
            mixes=True,
            macs=count.counted_inside,
            repeats=True,
        ),
    ),
    # Written out before anybody looks.
    rows("QLinearConv", replace(_FUSED, shape=windows.convolution(3), types=(7,))),
    rows("com.microsoft::QLinearConv", replace(_FUSED, shape=windows.quantised_convolution, types=(7,))),
    rows("ConvInteger", replace(_FUSED, shape=_CONV, types=("int32",))),
    rows("com.microsoft::FusedConv com.microsoft.nchwc::Conv", replace(_FUSED, shape=_CONV)),
    rows("QLinearMatMul", replace(_FUSED, shape=contraction.matmul(0, 3), types=(7,))),
    rows("MatMulInteger", replace(_FUSED, shape=_MATMUL, types=("int32",))),
    rows("com.microsoft::DynamicQuantizeMatMul", replace(_FUSED, shape=_MATMUL)),
    rows("com.microsoft::MatMulIntegerToFloat", replace(_FUSED, shape=_MATMUL, types=THIRD)),
    rows("com.microsoft::FusedGemm", replace(_FUSED, shape=_GEMM)),
    rows(
        "com.microsoft::QGemm",
        replace(_FUSED, shape=contraction.gemm(0, 3), types=(lambda call: call.dtype(8 if call.given(8) else 1),)),
    ),
    # Not understood.
    rows("UnknownEinsum", replace(_FUSED, shape=contraction.einsum)),
    rows("com.microsoft::ConvTransposeWithDynamicPads", replace(_FUSED, shape=windows.dynamically_padded)),
    rows(
        "com.microsoft::NhwcConv com.microsoft::NhwcFusedConv", replace(_FUSED, shape=windows.channels_last_convolution)
    ),
    rows("com.microsoft::GemmFastGelu", replace(_FUSED, shape=_MATMUL)),
    rows(
        "com.microsoft::FusedMatMulActivation",
        replace(_FUSED, shape=contraction.fused_matmul),
    ),
)

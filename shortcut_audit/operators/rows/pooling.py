"""What pools: a fixed mean, maximum or sum over positions, or a statistic of a value?"""

from __future__ import annotations

from shortcut_audit.frozen import replace
from shortcut_audit.operators.counting.contractions import unsolved
from shortcut_audit.operators.row import Effect, Family, Operator, rows, table_of
from shortcut_audit.operators.shapes import arithmetic, reductions, resampling, windows
from shortcut_audit.operators.shapes.element_types import INT64
from shortcut_audit.operators.shapes.elementwise import same

_POOLING = Operator(Effect.SELECTION, mixes=True, buffers=(1, 2, 3, 4))
_WINDOWS = replace(_POOLING, shape=windows.pooling, family=Family.WINDOW_POOLING)
_GLOBAL = replace(_POOLING, shape=windows.global_pooling, spatial=True)
_REDUCTION = replace(_POOLING, shape=reductions.reduce)
_NONLINEAR = Operator(Effect.NONLINEAR, data=(), shape=reductions.reduce)
_FUSED = Operator(Effect.UNKNOWN, data=())

ROWS = table_of(
    # Windows and regions.
    rows("AveragePool", replace(_WINDOWS, short="avg pool")),
    rows("MaxPool", replace(_WINDOWS, types=(0, "int64"), maximum=True, short="max pool")),
    rows("LpPool", replace(_WINDOWS, effect=Effect.NONLINEAR)),
    rows("GlobalAveragePool", replace(_GLOBAL, statistic=True, short="global avg pool")),
    rows("GlobalMaxPool", replace(_GLOBAL, statistic=True, maximum=True)),
    rows("GlobalLpPool", replace(_GLOBAL, effect=Effect.NONLINEAR, statistic=True)),
    rows("AdaptiveAveragePool", replace(_POOLING, shape=windows.adaptive_pooling)),
    rows("MaxUnpool", replace(_POOLING, shape=windows.unpooling, mixes=False)),
    rows("MaxRoiPool", replace(_POOLING, maximum=True, shape=resampling.regions_pooled)),
    rows("RoiAlign", replace(_POOLING, shape=resampling.regions_aligned)),
    rows("Col2Im", replace(_POOLING, shape=windows.columns_to_image)),
    rows("Im2Col", replace(_POOLING, mixes=False)),
    rows("com.microsoft::MaxpoolWithMask", replace(_FUSED, shape=windows.pooling)),
    rows("com.microsoft::NhwcMaxPool", replace(_FUSED, shape=windows.channels_last_pooling)),
    rows("com.microsoft::QLinearAveragePool", replace(_FUSED, shape=windows.quantised_pooling)),
    rows("com.microsoft::QLinearGlobalAveragePool", replace(_FUSED, shape=windows.global_pooling)),
    # Whole axes.
    rows("ReduceMean", replace(_REDUCTION, statistic=True, sums_axes=True, averages=True, short="mean")),
    rows(
        "ReduceSum",
        replace(_REDUCTION, elements=arithmetic.reductions(arithmetic.ADD), statistic=True, sums_axes=True),
    ),
    rows(
        "ReduceMax",
        replace(_REDUCTION, elements=arithmetic.reductions(arithmetic.MAX), statistic=True, maximum=True, short="max"),
    ),
    rows(
        "ReduceMin", replace(_REDUCTION, elements=arithmetic.reductions(arithmetic.MIN), statistic=True, maximum=True)
    ),
    rows("CumSum", replace(_POOLING, shape=same)),
    rows(
        "ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp",
        replace(_NONLINEAR, mixes=True, statistic=True),
    ),
    rows("ReduceProd", replace(_NONLINEAR, mixes=True, elements=arithmetic.reductions(arithmetic.MUL))),
    rows("CumProd", replace(_NONLINEAR, mixes=True, shape=same)),
    rows("ArgMax ArgMin", replace(_NONLINEAR, shape=reductions.arg_reduce, types=INT64)),
    rows("TopK", replace(_NONLINEAR, shape=reductions.top_k, types=(0, "int64"))),
    rows("Sort", replace(_NONLINEAR, shape=None)),
    rows("Det", replace(_NONLINEAR, shape=reductions.determinant, macs=unsolved)),
    rows("Inverse", replace(_NONLINEAR, shape=same, macs=unsolved)),
    rows("com.microsoft::QLinearReduceMean", replace(_FUSED, shape=reductions.reduce_by_attribute)),
)

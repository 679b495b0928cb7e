"""What do normalisations do?"""

from __future__ import annotations

from shortcut_audit.frozen import replace
from shortcut_audit.operators.row import Effect, Operator, rows, table_of
from shortcut_audit.operators.shapes.attention import embedding_normalization
from shortcut_audit.operators.shapes.element_types import NORMALIZATION, SKIP_NORMALIZATION
from shortcut_audit.operators.shapes.elementwise import (
    all_same,
    batch_normalization,
    layer_normalization,
    same,
    skip_layer_normalization,
)

_NORM = Operator(Effect.NORMALISATION, shape=same, bias=(2,))
_LAYER_NORM = replace(_NORM, shape=layer_normalization, types=NORMALIZATION, trailing=True)
_FUSED = Operator(Effect.UNKNOWN, data=(), shape=skip_layer_normalization, types=SKIP_NORMALIZATION)

ROWS = table_of(
    rows(
        "BatchNormalization",
        replace(_NORM, shape=batch_normalization, types=(0, 3, 3, 3, 3), buffers=(3, 4), short="BN"),
    ),
    rows("LayerNormalization", replace(_LAYER_NORM, short="LN")),
    rows("SimplifiedLayerNormalization", _LAYER_NORM),
    rows("GroupNormalization", replace(_NORM, short="GN")),
    rows("InstanceNormalization", replace(_NORM, short="IN")),
    rows("RMSNormalization", replace(_NORM, short="RMSNorm", trailing=True)),
    rows("LRN MeanVarianceNormalization LpNormalization", _NORM),
    # x - log(sum(exp(x))): a value less a statistic of it. Its exponential is what bends.
    rows("LogSoftmax", replace(_NORM, bias=())),
    # Written out before anybody looks.
    rows("com.microsoft::SkipLayerNormalization com.microsoft::SkipSimplifiedLayerNormalization", _FUSED),
    rows("com.microsoft::GroupNorm com.microsoft::SkipGroupNorm", replace(_FUSED, shape=all_same, types=None)),
    rows(
        "com.microsoft::EmbedLayerNormalization",
        replace(_FUSED, shape=embedding_normalization, types=(2, "int32", 2)),
    ),
)

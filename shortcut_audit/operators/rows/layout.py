"""What keeps the same elements: reshapes, transpositions, casts, what enters a body?"""

from __future__ import annotations

from shortcut_audit.frozen import replace
from shortcut_audit.operators.row import Arrangement, Effect, Operator, rows, table_of
from shortcut_audit.operators.shapes import arithmetic, constants, layout
from shortcut_audit.operators.shapes.control import state
from shortcut_audit.operators.shapes.element_types import SECOND, by_number, dequantized, dropout_mask, quantized
from shortcut_audit.operators.shapes.elementwise import dropout, dynamic_quantize, same
from shortcut_audit.operators.shapes.windows import reordered_input, reordered_output

_VIEW = Operator(Effect.VIEW, buffers=(1, 2, 3, 4), moves=True)
_RESHAPED = replace(_VIEW, arranges=Arrangement.RESHAPED)
_PUT_IN = replace(_VIEW, arranges=Arrangement.PUT_IN)
_PERMUTED = replace(_VIEW, arranges=Arrangement.PERMUTED)
_COPY = replace(_VIEW, shape=same, pointwise=True)
_CHANGED = Operator(Effect.NONLINEAR, shape=same, pointwise=True, buffers=(1,))
_FUSED = Operator(Effect.UNKNOWN, data=())

ROWS = table_of(
    # In another arrangement.
    rows("Reshape", replace(_RESHAPED, shape=layout.reshape, elements=constants.unmoved)),
    rows("Flatten", replace(_RESHAPED, shape=layout.flatten, elements=constants.unmoved)),
    rows("Squeeze", replace(_VIEW, shape=layout.squeeze, elements=constants.unmoved)),
    rows("Unsqueeze", replace(_PUT_IN, shape=layout.unsqueeze, elements=constants.unmoved)),
    rows("Transpose", replace(_PERMUTED, shape=layout.transpose, elements=constants.transpose)),
    rows("DepthToSpace", replace(_VIEW, shape=layout.depth_to_space)),
    rows("SpaceToDepth", replace(_VIEW, shape=layout.space_to_depth)),
    rows("com.microsoft.nchwc::ReorderInput", replace(_VIEW, shape=reordered_input)),
    rows("com.microsoft.nchwc::ReorderOutput", replace(_VIEW, shape=reordered_output)),
    rows("com.microsoft::ExpandDims", replace(_FUSED, shape=layout.expand_dims, elements=constants.unmoved)),
    # What comes through a boundary: into a loop's body, out of a list. No list is a tensor.
    rows("LoopState", replace(_VIEW, shape=state, varies=True)),
    rows("Optional OptionalGetElement", _VIEW),
    rows("SplitToSequence", replace(_VIEW, parts=True)),  # all that is there, in pieces
    # In the same places, perhaps of another type.
    rows("Identity", replace(_COPY, elements=constants.unmoved)),
    rows("Dropout", replace(_COPY, shape=dropout, types=(0, dropout_mask))),
    rows("Cast", replace(_COPY, types=(by_number("to", 0),), elements=arithmetic.casts)),
    rows("CastLike", replace(_COPY, types=SECOND, elements=arithmetic.casts, unread=(1,))),
    rows(
        "QuantizeLinear",
        replace(_COPY, types=(quantized,), elements=arithmetic.quantises, moves=False, rounds=True),
    ),
    rows(
        "DequantizeLinear",
        replace(
            _COPY,
            types=(dequantized,),
            elements=arithmetic.dequantises,
            buffers=(1, 2),
            quantised=(0,),
            scales=(1, 2),
            moves=False,
        ),
    ),
    # Called a copy by the file, and none (assembly/copies.py).
    rows("NarrowingCast", replace(_COPY, types=(by_number("to", 0),), moves=False, rounds=True)),
    rows("LossyCast", replace(_CHANGED, types=(by_number("to", 0),))),
    rows("UnknownCast", replace(_FUSED, shape=same, types=(by_number("to", 0),), free=True)),
    rows("ClippingQuantisation", replace(_CHANGED, types=(quantized,), buffers=(1, 2))),
    rows("UnknownQuantisation", replace(_FUSED, shape=same, types=(quantized,), buffers=(1, 2), free=True)),
    rows("Rescale", replace(_CHANGED, effect=Effect.PRODUCT, types=(dequantized,), buffers=(2,))),
    rows("TrainingDropout", replace(_COPY, shape=dropout, types=(0, dropout_mask), drops=True)),
    rows("RandomDropout", replace(_CHANGED, effect=Effect.GATE, shape=dropout, types=(0, dropout_mask), varies=True)),
    # Written out before anybody looks.
    rows("DynamicQuantizeLinear", replace(_FUSED, shape=dynamic_quantize, types=("uint8", "float32", "uint8"))),
    rows("com.microsoft::BiasAdd", replace(_FUSED, shape=same)),
    rows("com.microsoft::BiasDropout", replace(_FUSED, shape=dropout, types=(0, "bool"))),
)

"""What selects, joins, pads, repeats or resamples?"""

from __future__ import annotations

from shortcut_audit.frozen import replace
from shortcut_audit.operators.counting import packing
from shortcut_audit.operators.mixing import by_reduction
from shortcut_audit.operators.row import Arrangement, Effect, Joint, Operator, Whole, rows, table_of
from shortcut_audit.operators.shapes import constants, control, elementwise, resampling, selection
from shortcut_audit.operators.shapes.element_types import ANY, SECOND, choice

_SELECTION = Operator(Effect.SELECTION, buffers=(1, 2, 3, 4))
_JOIN = Operator(Effect.SELECTION, data=())
_SCATTER = Operator(Effect.SELECTION, data=(0, 2), shape=elementwise.same, buffers=(1,))
_SAME_SHAPE = Whole()
PADDED = Whole(slot=1, plain=0, attribute="pads")
"""A padding selects everything where it adds nothing."""

_FUSED = Operator(Effect.UNKNOWN, data=())

ROWS = table_of(
    # Parts of one tensor.
    rows(
        "Slice",
        replace(
            _SELECTION,
            shape=selection.slice_,
            elements=constants.slice_,
            whole=Whole(slot=4, plain=1),
            moves=True,
            masks=True,
            short="slice",
        ),
    ),
    rows("Split", replace(_SELECTION, shape=selection.split, elements=constants.split, moves=True, parts=True)),
    rows("SequenceAt", replace(_SELECTION, moves=True)),
    rows("Gather", replace(_SELECTION, shape=selection.gather, elements=constants.gather, moves=True)),
    rows(
        "com.microsoft::GatherBlockQuantized",
        replace(
            _SELECTION,
            shape=selection.gather_blocks,
            types=(2,),
            quantised=(0,),
            unpacked={0: packing.gathered_blocks},
            rounds=True,
        ),
    ),
    rows("GatherElements", replace(_SELECTION, shape=selection.gather_elements, moves=True)),
    rows("GatherND", replace(_SELECTION, shape=selection.gather_nd, moves=True)),
    rows("Compress", replace(_SELECTION, shape=selection.compress, moves=True)),
    rows("ReverseSequence Trilu Roll", replace(_SELECTION, shape=elementwise.same)),
    rows("Crop", replace(_SELECTION, moves=True)),
    rows("LoopSlice", replace(_SELECTION, shape=control.slice_of, moves=True)),
    rows("com.microsoft::GatherND", replace(_FUSED, shape=selection.gather_nd)),
    rows("com.microsoft::TorchEmbedding", replace(_FUSED, shape=selection.embedding)),
    rows("com.microsoft::UnfoldTensor", replace(_FUSED, shape=selection.unfold)),
    # More of it: padding, repetition.
    rows("Pad", replace(_SELECTION, shape=selection.pad, whole=PADDED, masks=True, short="pad")),
    rows("com.microsoft::Pad", replace(_SELECTION, shape=selection.pad)),
    rows("CenterCropPad", replace(_SELECTION, shape=selection.center_crop_pad, whole=_SAME_SHAPE)),
    rows(
        "Expand",
        replace(
            _SELECTION,
            shape=selection.expand,
            elements=constants.expand,
            whole=_SAME_SHAPE,
            moves=True,
            arranges=Arrangement.REPEATED,
        ),
    ),
    rows(
        "Tile",
        replace(
            _SELECTION,
            shape=selection.tile,
            elements=constants.tile,
            whole=_SAME_SHAPE,
            moves=True,
            arranges=Arrangement.REPEATED,
        ),
    ),
    # An image at other places than its pixels.
    rows(
        "Resize",
        replace(_SELECTION, shape=resampling.resize, whole=_SAME_SHAPE, short="resize", arranges=Arrangement.RESIZED),
    ),
    rows(
        "Upsample",
        replace(_SELECTION, shape=resampling.upsample, whole=_SAME_SHAPE, short="resize", arranges=Arrangement.RESIZED),
    ),
    rows("com.microsoft.nchwc::Upsample", replace(_SELECTION, shape=resampling.upsample)),
    rows("GridSample", replace(_SELECTION, shape=resampling.sampled)),
    rows("com.microsoft::CropAndResize", replace(_FUSED, shape=resampling.cropped_and_resized, types=(0,))),
    # Several values together. No list is a tensor.
    rows(
        "Concat",
        replace(
            _JOIN,
            shape=selection.concat,
            types=ANY,
            elements=constants.concat,
            joins=Joint(),
            whole=_SAME_SHAPE,
            short="concat",
        ),
    ),
    rows("Stack", replace(_JOIN, shape=selection.stack, types=ANY, joins=Joint(axis=0, fresh=True))),
    rows("SequenceConstruct ConcatFromSequence", _JOIN),
    rows("com.microsoft::QLinearConcat", replace(_FUSED, shape=selection.quantised_concat, types=SECOND)),
    # One into another.
    rows("ScatterND", replace(_SCATTER, elements=constants.scatter_nd, mixes=by_reduction)),
    rows("ScatterElements", replace(_SCATTER, mixes=by_reduction)),
    rows("Scatter", _SCATTER),
    rows("TensorScatter", replace(_SCATTER, data=(0, 1), buffers=(2,))),
    rows("If", Operator(Effect.SELECTION, data=(1, 2), shape=control.choice, types=(choice,))),
)

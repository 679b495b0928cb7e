"""What makes tensors from sizes, chance, positions or texts, or tells sizes?"""

from __future__ import annotations

from shortcut_audit.frozen import replace
from shortcut_audit.operators.counting.contractions import affine_grid
from shortcut_audit.operators.row import Effect, Operator, rows, table_of
from shortcut_audit.operators.shapes import constants, control, creation, fourier, resampling, selection
from shortcut_audit.operators.shapes.element_types import (
    INT64,
    PAIR,
    RANDOM,
    RANDOM_LIKE,
    THIRD,
    WINDOW,
    by_number,
    fill,
)
from shortcut_audit.operators.shapes.elementwise import same

_OPAQUE = Operator(Effect.NONLINEAR, data=())
_SPECTRUM = replace(_OPAQUE, mixes=True)
_UNKNOWN = Operator(Effect.UNKNOWN, data=())

ROWS = table_of(
    # Sizes and positions.
    rows("Shape", replace(_OPAQUE, shape=creation.shape_of, types=INT64, elements=constants.shape_of, unread=(0,))),
    rows("Size", replace(_OPAQUE, shape=creation.scalar, types=INT64, elements=constants.size_of, unread=(0,))),
    rows("NonZero", replace(_OPAQUE, shape=creation.non_zero, types=INT64, elements=constants.non_zero)),
    rows("NonMaxSuppression", replace(_OPAQUE, shape=creation.boxes, types=INT64)),
    rows("OneHot", replace(_OPAQUE, shape=creation.one_hot, types=THIRD, elements=constants.one_hot)),
    rows("Unique", replace(_OPAQUE, shape=selection.unique, types=(0, "int64", "int64", "int64"))),
    rows("com.microsoft::Unique", replace(_UNKNOWN, shape=selection.unique_flat, types=(0, "int64", "int64"))),
    rows("LoopIndex", replace(_OPAQUE, shape=control.index, types=INT64, varies=True)),
    # Numbers.
    rows("ConstantOfShape", replace(_OPAQUE, shape=creation.filled, types=(fill,), elements=constants.filled)),
    rows("Range", replace(_OPAQUE, shape=creation.count, types=PAIR, elements=constants.count)),
    rows("com.microsoft::Range", replace(_UNKNOWN, shape=creation.count, elements=constants.count)),
    rows("EyeLike", replace(_OPAQUE, shape=same, types=RANDOM_LIKE, unread=(0,))),
    rows("AffineGrid", replace(_OPAQUE, shape=resampling.affine_grid, types=(0,), macs=affine_grid)),
    rows("HannWindow HammingWindow BlackmanWindow", replace(_OPAQUE, shape=creation.window, types=WINDOW)),
    rows("MelWeightMatrix", replace(_OPAQUE, shape=creation.mel_weights, types=WINDOW)),
    rows("Quantisation", replace(_OPAQUE, shape=creation.scalar)),
    rows("QuantisationOf", _OPAQUE),  # a scale and a zero point that fit a value
    rows("BitCast", replace(_OPAQUE, shape=same, types=(by_number("to", 0),))),
    # Chance.
    rows("RandomNormal RandomUniform", replace(_OPAQUE, shape=creation.by_attribute, types=RANDOM, varies=True)),
    rows(
        "RandomNormalLike RandomUniformLike",
        replace(_OPAQUE, shape=same, types=RANDOM_LIKE, unread=(0,), varies=True),
    ),
    rows("Bernoulli", replace(_OPAQUE, shape=same, types=RANDOM_LIKE, varies=True)),
    rows("Multinomial", replace(_OPAQUE, shape=creation.multinomial, types=(by_number("dtype", 6),), varies=True)),
    # Spectra.
    rows("DFT", replace(_SPECTRUM, shape=fourier.fourier)),
    rows("STFT", replace(_SPECTRUM, shape=fourier.short_time_fourier)),
    rows("Fft", _SPECTRUM),
    rows("com.microsoft::Rfft", replace(_UNKNOWN, shape=fourier.real_fourier)),
    rows("com.microsoft::Irfft", replace(_UNKNOWN, shape=fourier.inverse_real_fourier)),
    # Lists: no tensors.
    rows("SequenceInsert SequenceErase SequenceEmpty", _OPAQUE),
    rows("SequenceLength", replace(_OPAQUE, shape=creation.scalar, types=INT64)),
    rows("OptionalHasElement", replace(_OPAQUE, shape=creation.scalar, types=("bool",))),
    # Texts and images.
    rows("StringNormalizer", replace(_OPAQUE, shape=creation.normalized_strings)),
    rows("StringSplit", replace(_UNKNOWN, shape=creation.split_strings, types=("string", "int64"))),
    rows("TfIdfVectorizer", replace(_OPAQUE, shape=creation.n_grams, types=("float32",))),
    rows("ImageDecoder", replace(_OPAQUE, shape=creation.image, types=("uint8",))),
)

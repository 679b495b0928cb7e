"""Which canonical ops do operators outside ATen stand for: arithmetic on symbolic sizes, and other libraries'?"""

from __future__ import annotations

from collections.abc import Mapping

from shortcut_audit.loaders.aten import (
    arithmetic,
    contraction,
    layers,
    quantisation,
)
from shortcut_audit.loaders.aten.call import Rule
from shortcut_audit.loaders.aten.plain import plain

ELSEWHERE: Mapping[str, Rule] = {
    **{f"_operator.{name}": plain(kind, "a b") for name, kind in (("add", "Add"), ("sub", "Sub"), ("mul", "Mul"))},
    "_operator.floordiv": plain("Div", "a b"),
    "_operator.truediv": arithmetic.quotient,
    "_operator.mod": plain("Mod", "a b"),
    "_operator.pow": plain("Pow", "a b"),
    "_operator.neg": plain("Neg", "a"),
    "_operator.eq": plain("Equal", "a b"),
    "_operator.lt": plain("Less", "a b"),
    "_operator.gt": plain("Greater", "a b"),
    "_operator.le": plain("LessOrEqual", "a b"),
    "_operator.ge": plain("GreaterOrEqual", "a b"),
    "torch.sym_max": plain("Max", "a b"),
    "torch.sym_min": plain("Min", "a b"),
    "torch.sym_float": arithmetic.whole(None, "float64"),
    "math.trunc": arithmetic.whole(None, "int64"),
    "math.floor": arithmetic.whole("Floor", "int64"),
    "math.ceil": arithmetic.whole("Ceil", "int64"),
    "prims.convert_element_type": layers.converted,
    **{f"quantized_decomposed.quantize_{sort}": quantisation.quantise for sort in quantisation.SORTS},
    **{f"quantized_decomposed.dequantize_{sort}": quantisation.dequantise for sort in quantisation.SORTS},
    **{f"quantized_decomposed.{name}": quantisation.chosen for name in quantisation.CHOSEN},
    **{f"torchao.quantize_affine{sort}": quantisation.quantise for sort in ("", "_float8_non_decomposed")},
    **{f"torchao.dequantize_affine{sort}": quantisation.dequantise for sort in ("", "_float8_non_decomposed")},
    "torchao.choose_qparams_affine": quantisation.chosen,
    "torchao.choose_scale_float8": plain("QuantisationOf", "tensor"),
    **{f"aten.{name}": quantisation.there_and_back for name in quantisation.FAKE},
    "quanto.qbytes_mm": contraction.in_bytes,
    "transformers.grouped_mm_fallback": contraction.grouped,
    "torchvision.deform_conv2d": layers.deformable_convolution,
    "torchvision.roi_align": plain(
        "RoiAlign",
        "input rois",
        output_height="pooled_height",
        output_width="pooled_width",
        spatial_scale="spatial_scale",
        sampling_ratio="sampling_ratio",
    ),
}
"""Arithmetic on symbolic sizes, and operators outside ATen."""

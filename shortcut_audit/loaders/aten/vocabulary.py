"""Which canonical ops does an ATen op stand for?

One table, `VOCABULARY`, by operator without overload ("aten.add"), for every source of ATen graphs. In-place ops are
not listed: "aten.add_" is "aten.add" whose result is written to its first argument. What is not here stays opaque: a
node of kind "aten::name.overload" that reads whatever the op reads. Schemas: native_functions.yaml of PyTorch.
"""

from __future__ import annotations

from collections.abc import Mapping

from shortcut_audit.loaders.aten import (
    arithmetic,
    contraction,
    creation,
    encoder,
    fourier,
    functions,
    indexing,
    layers,
    movement,
    recurrence,
    reductions,
)
from shortcut_audit.loaders.aten.call import Rule
from shortcut_audit.loaders.aten.elsewhere import ELSEWHERE
from shortcut_audit.loaders.aten.plain import paired, plain


def _aten(rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """The rules by full name; a key may list several names."""
    return {f"aten.{name}": rule for names, rule in rules.items() for name in names.split()}


def _unary(names: str) -> dict[str, Rule]:
    """ATen's names and ONNX's of functions of one tensor, element by element: "relu=Relu"."""
    return {aten: plain(onnx) for aten, onnx in (pair.split("=") for pair in names.split())}


def _binary(names: str) -> dict[str, Rule]:
    """ATen's names and ONNX's of functions of two tensors, element by element."""
    return {aten: paired(onnx) for aten, onnx in (pair.split("=") for pair in names.split())}


ARITHMETIC = {
    "add": arithmetic.add,
    "_add_relu": arithmetic.add_and_cut,
    "sub subtract": arithmetic.sub,
    "rsub": arithmetic.rsub,
    "addcmul": arithmetic.addcmul,
    "addcdiv": arithmetic.addcdiv,
    "lerp": arithmetic.lerp,
    "div divide true_divide": arithmetic.div,
    "floor_divide": arithmetic.floor_divide,
    **_binary("mul=Mul multiply=Mul maximum=Max minimum=Min fmax=Max fmin=Min remainder=Mod atan2=Atan2"),
    "fmod": paired("Mod", fmod=1),
    **_binary("eq=Equal lt=Less gt=Greater le=LessOrEqual ge=GreaterOrEqual"),
    **{f"logical_{name.lower()}": arithmetic.logical(name) for name in ("And", "Or", "Xor", "Not")},
    **_binary("bitwise_and=BitwiseAnd bitwise_or=BitwiseOr bitwise_xor=BitwiseXor"),
    **_binary("__and__=BitwiseAnd __or__=BitwiseOr __xor__=BitwiseXor"),
    "ne": arithmetic.negated("Equal"),
    "pow": paired("Pow", "self", "exponent"),
    "float_power": arithmetic.float_power,
    "square": functions.power(2),
    "exp2": functions.power_of(2),
    "log2": functions.logarithm(2),
    "log10": functions.logarithm(10),
    "clamp clip clamp_min clamp_max": arithmetic.clamp,
    "masked_fill": arithmetic.masked_fill,
    "where": arithmetic.where,
    "nan_to_num": plain("Identity"),
    "to _to_copy": arithmetic.dtype_cast,
    "type_as": arithmetic.cast_like,
}
"""Element by element, on one or several tensors."""

FUNCTIONS = {
    **_unary("relu=Relu relu6=Relu6 sigmoid=Sigmoid tanh=Tanh silu=Swish mish=Mish hardswish=HardSwish selu=Selu"),
    **_unary("neg=Neg abs=Abs exp=Exp expm1=Expm1 log=Log log1p=Log1p sqrt=Sqrt rsqrt=Rsqrt reciprocal=Reciprocal"),
    **_unary("sin=Sin cos=Cos tan=Tan asin=Asin acos=Acos atan=Atan sinh=Sinh cosh=Cosh asinh=Asinh acosh=Acosh"),
    **_unary("atanh=Atanh erf=Erf sign=Sign sgn=Sign floor=Floor ceil=Ceil isnan=IsNaN isinf=IsInf"),
    **_unary("bitwise_not=BitwiseNot trunc=Trunc frac=Frac"),
    **_unary("erfc=Erfc erfinv=Erfinv lgamma=Lgamma digamma=Digamma sinc=Sinc i0=I0 special_expit=Sigmoid"),
    "gelu": plain("Gelu", approximate="approximate"),
    "hardtanh": plain("Hardtanh", min_val="min_val", max_val="max_val"),
    "round": functions.rounded,
    "elu": functions.elu,
    "celu": plain("Celu", alpha="alpha"),
    "leaky_relu": plain("LeakyRelu", alpha="negative_slope"),
    "rrelu": functions.rrelu,
    "prelu": functions.prelu,
    "_prelu_kernel": plain("PRelu", "self weight"),
    "hardsigmoid": functions.unary("HardSigmoid", alpha=1 / 6, beta=0.5),
    "softplus": functions.softplus,
    "hardshrink": plain("Shrink", lambd="lambd"),
    "softshrink": functions.soft_shrink,
    "threshold": functions.threshold,
    "log_sigmoid": functions.chain("Sigmoid", "Log"),
    "isfinite": functions.is_finite,
    "glu": layers.glu,
    "softmax _softmax": functions.softmax("Softmax"),
    "log_softmax _log_softmax": functions.softmax("LogSoftmax"),
}
"""Functions of one tensor."""

REDUCTIONS = {
    "sum": reductions.reduced("ReduceSum"),
    "mean": reductions.reduced("ReduceMean"),
    "amax": reductions.reduced("ReduceMax"),
    "amin": reductions.reduced("ReduceMin"),
    "prod": reductions.reduced("ReduceProd"),
    "any": reductions.reduced("ReduceMax", "bool"),
    "all": reductions.reduced("ReduceMin", "bool"),
    "logsumexp": reductions.reduced("ReduceLogSumExp"),
    "max": reductions.extreme("ReduceMax", "Max", "ArgMax"),
    "min": reductions.extreme("ReduceMin", "Min", "ArgMin"),
    "argmax": reductions.position("ArgMax"),
    "argmin": reductions.position("ArgMin"),
    "linalg_vector_norm norm": reductions.norm,
    "var": reductions.variance,
    "std": reductions.deviation,
    "var_mean": reductions.variance_and_mean,
    "std_mean": reductions.deviation_and_mean,
    "cumsum": reductions.cumulative("CumSum"),
    "cumprod": reductions.cumulative("CumProd"),
    "diff": reductions.diff,
    "topk": reductions.top,
    "sort": reductions.ordered,
    "argsort": reductions.argsort,
}
"""Over one or several axes."""

CONTRACTIONS = {
    "linear": plain("Linear", "input weight bias?"),
    "_grouped_mm _scaled_grouped_mm": contraction.grouped,
    "_int_mm _scaled_mm": plain("MatMul", "self mat2"),
    "_addmm_activation": contraction.activated,
    "linalg_vecdot": contraction.dot_product,
    "bilinear": plain("Bilinear", "input1 input2 weight bias?"),
    "mm bmm": plain("MatMul", "self mat2"),
    "matmul": plain("MatMul", "self other"),
    "mv": plain("MatMul", "self vec"),
    "dot": plain("MatMul", "self tensor"),
    "vdot": plain("MatMul", "self other"),
    "inner": contraction.inner,
    "outer ger": contraction.outer,
    "addmm": contraction.addmm,
    "baddbmm": contraction.added_product("batch1", "batch2"),
    "addmv": contraction.added_product("mat", "vec"),
    "addbmm": contraction.addbmm,
    "addr": contraction.addr,
    "einsum": contraction.einsum,
    "tensordot": contraction.tensordot,
    "chain_matmul linalg_multi_dot": contraction.multi_dot,
    "_weight_int8pack_mm": contraction.weight_only_linear,
    "_weight_int4pack_mm _weight_int4pack_mm_for_cpu": contraction.four_bit_linear,
    "_weight_int4pack_mm_with_scales_and_zeros _dyn_quant_matmul_4bit": contraction.four_bit_linear,
    "cdist _cdist_forward _euclidean_dist": contraction.distances,
    "_native_multi_head_attention": encoder.multi_head,
    "_transformer_encoder_layer_fwd": encoder.encoder_layer,
    "scaled_dot_product_attention": contraction.attention,
    "_scaled_dot_product_flash_attention _scaled_dot_product_flash_attention_for_cpu": contraction.attention,
    "_scaled_dot_product_efficient_attention _scaled_dot_product_cudnn_attention": contraction.attention,
    "_scaled_dot_product_attention_math _scaled_dot_product_fused_attention_overrideable": contraction.attention,
}
"""Matrix products and attention."""

LAYERS = {
    "conv1d conv2d conv3d convolution _convolution _convolution_mode": layers.convolution,
    "conv_tbc": layers.time_first_convolution,
    "conv_transpose1d conv_transpose2d conv_transpose3d": layers.transposed_convolution,
    "batch_norm native_batch_norm _native_batch_norm_legit cudnn_batch_norm": layers.batch_norm,
    "_native_batch_norm_legit_no_training _native_batch_norm_legit_functional": layers.batch_norm,
    "_batch_norm_with_update _batch_norm_no_update _batch_norm_impl_index": layers.batch_norm,
    "_weight_norm _weight_norm_interface": layers.weight_norm,
    "instance_norm": layers.instance_norm,
    "layer_norm native_layer_norm": layers.layer_norm,
    "group_norm native_group_norm": layers.group_norm,
    "rms_norm _fused_rms_norm": layers.rms_norm,
    "embedding": layers.embedding,
    "dropout feature_dropout alpha_dropout feature_alpha_dropout native_dropout": layers.dropout,
    "max_pool1d max_pool1d_with_indices": layers.pooling("MaxPool", 1),
    "max_pool2d max_pool2d_with_indices": layers.pooling("MaxPool", 2),
    "max_pool3d max_pool3d_with_indices": layers.pooling("MaxPool", 3),
    "avg_pool1d": layers.pooling("AveragePool", 1),
    "avg_pool2d": layers.pooling("AveragePool", 2),
    "avg_pool3d": layers.pooling("AveragePool", 3),
    "adaptive_avg_pool1d": layers.adaptive_average(1),
    "adaptive_avg_pool2d _adaptive_avg_pool2d": layers.adaptive_average(2),
    "adaptive_avg_pool3d _adaptive_avg_pool3d": layers.adaptive_average(3),
    "adaptive_max_pool1d": layers.adaptive_maximum(1),
    "adaptive_max_pool2d": layers.adaptive_maximum(2),
    "adaptive_max_pool3d": layers.adaptive_maximum(3),
    "upsample_nearest1d upsample_nearest2d upsample_nearest3d": layers.resampling("nearest", "asymmetric", "floor"),
    "_upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d": layers.resampling("nearest"),
    "upsample_linear1d upsample_bilinear2d upsample_trilinear3d _upsample_bilinear2d_aa": layers.resampling("linear"),
    "upsample_bicubic2d _upsample_bicubic2d_aa": layers.resampling("cubic"),
    "grid_sampler grid_sampler_2d grid_sampler_3d": layers.grid_sample,
    "affine_grid_generator": layers.affine_grid,
    "pixel_shuffle": layers.pixel_shuffle("DepthToSpace", "upscale_factor"),
    "pixel_unshuffle": layers.pixel_shuffle("SpaceToDepth", "downscale_factor"),
    "im2col": layers.image_to_columns,
    "col2im": layers.columns_to_image,
    "pad constant_pad_nd": layers.pad,
    "reflection_pad1d reflection_pad2d reflection_pad3d": layers.pad,
    "replication_pad1d replication_pad2d replication_pad3d": layers.pad,
    "lstm": recurrence.layers("LSTM"),
    "gru": recurrence.layers("GRU"),
    "rnn_tanh rnn_relu": recurrence.layers("RNN"),
    "lstm_cell": recurrence.lstm_cell,
    "gru_cell": recurrence.gru_cell,
    "rnn_tanh_cell rnn_relu_cell": recurrence.rnn_cell,
}
"""What torch.nn.functional offers."""

MOVEMENT = {
    "alias detach lift_fresh lift_fresh_copy positive resolve_conj resolve_neg requires_grad": movement.identity,
    "clone contiguous pin_memory _conj_physical conj": movement.identity,
    "view reshape _unsafe_view _reshape_alias": movement.reshape,
    "view_as reshape_as": movement.reshape_like,
    "flatten": movement.flatten,
    "unflatten": movement.unflatten,
    "ravel": movement.ravel,
    "squeeze": movement.squeeze,
    "unsqueeze": movement.unsqueeze,
    "permute transpose t numpy_T mT mH adjoint swapaxes swapdims movedim moveaxis": movement.transpose,
    "expand broadcast_to": movement.expand,
    "expand_as": movement.expand_like,
    "repeat tile": movement.repeat,
    "repeat_interleave": movement.repeat_interleave,
    "slice": movement.cut,
    "narrow": movement.narrow,
    "select": movement.select,
    "split split_with_sizes chunk tensor_split unsafe_split unsafe_chunk unsafe_split_with_sizes": movement.split,
    "unbind": movement.unbind,
    "cat concat concatenate": movement.concatenate,
    "stack": movement.stack,
    "hstack": movement.concatenated_along(1),
    "vstack row_stack": movement.concatenated_along(0),
    "dstack": movement.concatenated_along(2),
    "column_stack": movement.concatenated_along(1),
    "roll": movement.roll,
    "flip": movement.flip,
    "tril": movement.triangle(0),
    "triu": movement.triangle(1),
    "unfold": movement.windows,
    "channel_shuffle native_channel_shuffle": movement.channel_shuffle,
    "copy": movement.copied,
}
"""Views, copies and joins."""

INDEXING = {
    "index _unsafe_index": indexing.index,
    "index_put _unsafe_index_put _index_put_impl": indexing.index_put,
    "index_select": indexing.index_select,
    "index_add": indexing.along("ScatterElements", "index", "source", "add"),
    "index_copy": indexing.along("ScatterElements", "index", "source"),
    "index_fill": indexing.along("ScatterElements", "index", "value"),
    "gather": indexing.gather,
    "take_along_dim": indexing.take_along,
    "scatter scatter_reduce": indexing.along("ScatterElements", "index", ""),
    "scatter_add": indexing.along("ScatterElements", "index", "src", "add"),
    "slice_scatter select_scatter diagonal_scatter": indexing.written_part,
    "masked_scatter": indexing.masked_scatter,
    "masked_select": indexing.masked_select,
    "nonzero": indexing.nonzero,
    "one_hot": indexing.one_hot,
}
"""Ops that read or write at computed places."""

FOURIER = {
    "fft_fft fft_ifft fft_rfft fft_irfft fft_hfft fft_ihfft": fourier.transform,
    "fft_fft2 fft_ifft2 fft_rfft2 fft_irfft2 fft_hfft2 fft_ihfft2": fourier.transform,
    "fft_fftn fft_ifftn fft_rfftn fft_irfftn fft_hfftn fft_ihfftn": fourier.transform,
    "_fft_r2c _fft_c2r _fft_c2c": fourier.transform,
    "view_as_real": fourier.as_pairs,
    "view_as_complex": fourier.from_pairs,
    "real": fourier.part(0),
    "imag": fourier.part(1),
}
"""Spectra and complex numbers."""

CREATION = {
    "zeros new_zeros": creation.filled(0.0),
    "empty new_empty empty_strided new_empty_strided empty_like": creation.unwritten,
    "ones new_ones": creation.filled(1.0),
    "full new_full": creation.filled(None),
    "zeros_like zero": creation.filled_like(0.0),
    "ones_like": creation.filled_like(1.0),
    "full_like": creation.filled_like(None),
    "fill": creation.fill,
    "arange": creation.arange,
    "linspace logspace": creation.spaced,
    "eye": creation.eye,
    "scalar_tensor": creation.scalar_tensor,
    "rand randint": creation.random("RandomUniform"),
    "randn": creation.random("RandomNormal"),
    "rand_like randint_like uniform random exponential": arithmetic.random_like("RandomUniformLike"),
    "randn_like normal log_normal": arithmetic.random_like("RandomNormalLike"),
    "bernoulli": creation.bernoulli,
    "multinomial": creation.multinomial,
    "sym_size": creation.size,
    "sym_numel": creation.count,
    "item _local_scalar_dense": creation.item,
}
"""Ops that make a tensor from nothing but sizes, or from a shape."""

VOCABULARY: Mapping[str, Rule] = {
    **_aten(ARITHMETIC),
    **_aten(FUNCTIONS),
    **_aten(REDUCTIONS),
    **_aten(CONTRACTIONS),
    **_aten(LAYERS),
    **_aten(MOVEMENT),
    **_aten(INDEXING),
    **_aten(FOURIER),
    **_aten(CREATION),
    **ELSEWHERE,
}
"""The table."""

CHECKS = (
    "_assert_async _assert_scalar _assert_tensor_metadata _functional_assert_async _functional_assert_scalar _print "
    "record_stream sym_constrain_range sym_constrain_range_for_size sym_constrain_range_for_size_functional"
)
WITHOUT_EFFECT = frozenset(f"aten.{name}" for name in CHECKS.split())
"""Ops that check something and make nothing."""

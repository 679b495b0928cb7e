"""Does each translation compute what PyTorch computes?

Every case is one op on small random inputs, called by its name in ATen. It is run eagerly; the same call is exported,
translated, and the canonical ops are run by tests/canonical.py. The numbers must be the same, or be said to be unknown:
those of `UNSAID` are, each with the reason.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from shortcut_audit.loaders.aten.elsewhere import ELSEWHERE
from shortcut_audit.loaders.aten.vocabulary import VOCABULARY
from shortcut_audit.loaders.torch.module import load_module
from tests import canonical
from tests.loaders.aten.programs import translated

torch = pytest.importorskip("torch")

ARITHMETIC = """
    aten.add.Tensor(v, w)
    aten.add.Tensor(v, w, alpha=2)
    aten.add.Scalar(v, 2)
    aten.add.Tensor(n, v)
    aten.sub.Tensor(v, w, alpha=2)
    aten.subtract.Tensor(v, w)
    aten.rsub.Scalar(v, 1)
    aten.rsub.Tensor(v, w, alpha=2)
    aten.addcmul(v, w, u, value=3)
    aten.addcdiv(v, w, u, value=3)
    aten.lerp.Scalar(v, w, 0.3)
    aten.lerp.Tensor(v, w, u)
    aten.div.Tensor(v, u)
    aten.divide.Tensor(v, u)
    aten.true_divide.Tensor(v, u)
    aten.div.Tensor(n, m)
    aten.div.Tensor_mode(v, u, rounding_mode='floor')
    aten.div.Tensor_mode(v, u, rounding_mode='trunc')
    aten.div.Tensor_mode(n, m, rounding_mode='floor')
    aten.div.Tensor_mode(n, m, rounding_mode='trunc')
    aten.floor_divide(v, u)
    aten.floor_divide(n, m)
    aten.mul.Tensor(v, w)
    aten.mul.Tensor(n, v)
    aten.mul.Scalar(n, 0.5)
    aten.multiply.Tensor(v, w)
    aten.maximum(v, w)
    aten.minimum(v, w)
    aten.fmax(v, w)
    aten.fmin(v, w)
    aten.remainder.Tensor(v, u)
    aten.remainder.Tensor(n, m)
    aten.fmod.Tensor(v, u)
    aten.fmod.Tensor(n, m)
    aten.atan2(v, w)
    aten.eq.Tensor(n, m)
    aten.ne.Tensor(n, m)
    aten.lt.Tensor(v, w)
    aten.gt.Scalar(v, 0)
    aten.le.Tensor(v, w)
    aten.ge.Tensor(v, w)
    aten.logical_and(b, c)
    aten.logical_or(b, c)
    aten.logical_xor(b, c)
    aten.logical_and(n, c)
    aten.bitwise_and.Tensor(n, m)
    aten.bitwise_or.Tensor(n, m)
    aten.bitwise_xor.Tensor(n, m)
    aten.bitwise_and.Tensor(b, c)
    aten.__and__.Tensor(n, m)
    aten.__or__.Tensor(n, m)
    aten.__xor__.Tensor(n, m)
    aten.pow.Tensor_Scalar(v, 2)
    aten.pow.Tensor_Tensor(u, v)
    aten.pow.Scalar(2, v)
    aten.float_power.Tensor_Scalar(u, 2)
    aten.square(v)
    aten.exp2(v)
    aten.log2(u)
    aten.log10(u)
    aten.clamp(v, -0.5, 0.5)
    aten.clip(v, None, 0.5)
    aten.clamp_min(v, 0)
    aten.clamp_max(v, 0.25)
    aten.clamp.Tensor(v, u, None)
    aten.masked_fill.Scalar(v, b, 3.0)
    aten.where.self(b, v, w)
    aten.where.ScalarOther(b, v, 2.0)
    aten.nan_to_num(v)
    aten.to.dtype(v, torch.float16)
    aten.to.dtype(v, torch.int64)
    aten._to_copy(v, dtype=torch.float64)
    aten.type_as(v, n)
    aten.add.Tensor(b, n)
    aten.add.Scalar(b, 2)
    aten._add_relu.Tensor(v, w, alpha=2)
    aten.mul.Tensor(v, v.double())
"""

FUNCTIONS = """
    aten.relu(v)
    aten.relu6(v)
    aten.sigmoid(v)
    aten.tanh(v)
    aten.silu(v)
    aten.mish(v)
    aten.hardswish(v)
    aten.selu(v)
    aten.neg(v)
    aten.abs(v)
    aten.exp(v)
    aten.expm1(v)
    aten.log(u)
    aten.log1p(u)
    aten.sqrt(u)
    aten.rsqrt(u)
    aten.reciprocal(u)
    aten.sin(v)
    aten.cos(v)
    aten.tan(v)
    aten.asin(u)
    aten.acos(u)
    aten.atan(v)
    aten.sinh(v)
    aten.cosh(v)
    aten.asinh(v)
    aten.acosh(u + 1)
    aten.atanh(u)
    aten.erf(v)
    aten.sign(v)
    aten.sgn(v)
    aten.floor(v * 3)
    aten.ceil(v * 3)
    aten.round(v * 3)
    aten.round.decimals(v, decimals=1)
    aten.isnan(v / 0)
    aten.isinf(v / 0)
    aten.logical_not(b)
    aten.logical_not(n)
    aten.bitwise_not(n)
    aten.bitwise_not(b)
    aten.hardtanh(v)
    aten.hardtanh(v, -0.25, 0.5)
    aten.trunc(v * 3)
    aten.frac(v * 3)
    aten.erfc(v)
    aten.erfinv(u)
    aten.lgamma(u)
    aten.digamma(u)
    aten.sinc(v)
    aten.i0(v)
    aten.special_expit(v)
    aten.gelu(v)
    aten.gelu(v, approximate='tanh')
    aten.elu(v, 0.5)
    aten.elu(v, 0.5, 2.0, 3.0)
    aten.celu(v, 0.5)
    aten.leaky_relu(v, 0.2)
    aten.rrelu(v, 0.1, 0.3, False)
    aten.prelu(v, p4)
    aten.prelu(img, p4)
    aten._prelu_kernel(v, u)
    aten.hardsigmoid(v)
    aten.softplus(v)
    aten.softplus(v, 2.0)
    aten.softplus(v * 9, 2.0, 5.0)
    aten.hardshrink(v, 0.3)
    aten.softshrink(v, 0.3)
    aten.threshold(v, 0.1, 0.0)
    aten.threshold(v, 0.1, 7.0)
    aten.log_sigmoid(v)
    aten.isfinite(v / 0)
    aten.isfinite(v * 0 / 0)
    aten.glu(v)
    aten.glu(x, 2)
    aten.softmax.int(v, 1)
    aten._softmax(x, 1, False)
    aten.log_softmax.int(v, -1)
    aten._log_softmax(x, 2, False)
"""

REDUCTIONS = """
    aten.sum(x)
    aten.sum.dim_IntList(x, [1])
    aten.sum.dim_IntList(x, [0, -1], True)
    aten.sum(n)
    aten.sum(b)
    aten.mean(x)
    aten.mean.dim(x, [1, 2])
    aten.amax(x, [1])
    aten.amin(x, [1], True)
    aten.prod(x)
    aten.prod.dim_int(x, 1)
    aten.any(b)
    aten.any.dim(b, 1)
    aten.any(v)
    aten.all(b)
    aten.all.dim(b, 1)
    aten.all(n - n)
    aten.logsumexp(x, [1])
    aten.max(x)
    aten.max.other(v, w)
    aten.max.dim(x, 1)[0]
    aten.max.dim(x, 1)[1]
    aten.min(x)
    aten.min.dim(x, 1, True)[0]
    aten.min.dim(x, 1, True)[1]
    aten.argmax(x)
    aten.argmax(x, 1)
    aten.argmin(x, -1, True)
    aten.linalg_vector_norm(x, 2, [1])
    aten.linalg_vector_norm(x, 1)
    aten.linalg_vector_norm(x, float('inf'), [1, 2])
    aten.norm.Scalar(x)
    aten.norm.ScalarOpt_dim(x, 1, [1])
    aten.var.correction(x, [1])
    aten.var.correction(x, [1], correction=0)
    aten.std.correction(x, [1, 2], keepdim=True)
    aten.var.dim(x, [1], False)
    aten.var(x)
    aten.std(x)
    aten.var_mean.correction(x, [1])[0]
    aten.var_mean.correction(x, [1])[1]
    aten.std_mean.correction(x, [1])[0]
    aten.std_mean.correction(x, [1])[1]
    aten.cumsum(x, 1)
    aten.cumprod(x, 1)
    aten.diff(x)
    aten.diff(x, 1, 1)
    aten.diff(x, 1, 1, x, None)
    aten.topk(x, 2)[0]
    aten.topk(x, 2)[1]
    aten.topk(x, 2, 1, False)[0]
    aten.sort(x)[0]
    aten.sort(x, 1, True)[0]
    aten.sort(x, 1, True)[1]
    aten.argsort(x, 1)
    aten.sum.dim_IntList(b, [1])
    aten.mean(x, dtype=torch.float64)
"""

CONTRACTIONS = """
    aten.linear(v, m34)
    aten.linear(v, m34, p3)
    aten.bilinear(v, w, b344, p3)
    aten.mm(v, m43)
    aten.bmm(x, x.transpose(1, 2))
    aten.matmul(x, m43)
    aten.mv(v, p4)
    aten.dot(p4, p4)
    aten.vdot(p4, p4)
    aten.inner(v, w)
    aten.outer(p4, p3)
    aten.ger(p4, p3)
    aten.addmm(p3, v, m43)
    aten.addmm(p3, v, m43, beta=0.5, alpha=2)
    aten.baddbmm(x[:, :, :3], x, x.transpose(1, 2), beta=0.5, alpha=2)
    aten.addmv(v[:, 0], v, p4)
    aten.addbmm(x[0, :, :3], x, x.transpose(1, 2))
    aten.addr(m34, p3, p4)
    aten.einsum('bij, kj -> bik', [x, m34])
    aten.einsum('bij,kj', [x, m34])
    aten.tensordot(x, m34, [2], [1])
    aten.chain_matmul([v, m43, m34])
    aten.linalg_multi_dot([v, m43, m34])
    aten.scaled_dot_product_attention(img, img, img)
    aten.scaled_dot_product_attention(img, img, img, is_causal=True)
    aten.scaled_dot_product_attention(img, img, img, scale=0.5)
    aten.scaled_dot_product_attention(x, x, x)
    aten.scaled_dot_product_attention(img, img, img, img[0, 0])
    aten.scaled_dot_product_attention(img, img, img, img[0, 0] > 0)
    aten.scaled_dot_product_attention(img[None], img[None], img[None])
    aten.scaled_dot_product_attention(img, img[:, :2], img[:, :2], enable_gqa=True)
    aten._scaled_dot_product_flash_attention_for_cpu(img, img, img)[0]
    aten._scaled_dot_product_attention_math(img, img, img)[0]
    aten._addmm_activation(p3, v, m43)
    aten._addmm_activation(p3, v, m43, use_gelu=True)
    aten.linalg_vecdot(v, w)
    aten._weight_int8pack_mm(v, m34.to(torch.int8), p3.abs())
    aten.cdist(v, w)
    aten.cdist(x, x, 2.0, 1)
    aten._euclidean_dist(v, w)
    aten._native_multi_head_attention(x, x, x, 4, 2, e124, f12, e44, p4, None, False)[0]
    aten._native_multi_head_attention(x, x * 2, x, 4, 2, e124, f12, e44, p4, None, False)[0]
    aten._native_multi_head_attention(x, x, x, 4, 2, e124, f12, e44, p4)[1]
    aten._native_multi_head_attention(x, x, x, 4, 2, e124, f12, e44, p4, average_attn_weights=False)[1]
    aten._native_multi_head_attention(x, x, x, 4, 2, e124, f12, e44, p4, m33 > 0.5, False, True, 0)[0]
    aten._native_multi_head_attention(x, x, x, 4, 2, e124, f12, e44, p4, b23, False, True, 1)[0]
    aten._transformer_encoder_layer_fwd(x, 4, 2, *attn, False, True, 1e-5, p4, q4, q4, p4, e84, p8, e48, p4)
    aten._transformer_encoder_layer_fwd(x, 4, 2, *attn, True, False, 1e-5, p4, q4, q4, p4, e84, p8, e48, p4)
"""

LAYERS = """
    aten.conv2d(img, k, p8)
    aten.conv2d(img, k, None, [2], [1])
    aten.conv2d.padding(img, k, None, [1], "same")
    aten.conv2d(img[0], k)
    aten._convolution_mode(img, k, None, [1], "same", [1], 1)
    aten.conv2d(img, kg, None, [1], [1], [2], 2)
    aten.conv1d(x, k1)
    aten.conv_tbc(x, c345, p5, 1)
    aten.convolution(img, k, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1)
    aten.convolution(img, kt, None, [2, 2], [1, 1], [1, 1], True, [1, 1], 1)
    aten.conv_transpose2d.input(img, kt, None, [2], [1], [1])
    aten.conv_transpose1d(x, k1.transpose(0, 1))
    aten.batch_norm(img, p4, q4, q4, u4, False, 0.1, 1e-3, False)
    aten._native_batch_norm_legit_no_training(img, p4, q4, q4, u4, 0.1, 1e-3)[0]
    aten.batch_norm(img, None, None, q4, u4, False, 0.1, 1e-3, False)
    aten.batch_norm(img, p4, q4, None, None, True, 0.1, 1e-3, False)
    aten._weight_norm(m34, p31)
    aten.instance_norm(img, p4, q4, None, None, True, 0.1, 1e-3, False)
    aten.instance_norm(img, None, None, None, None, True, 0.1, 1e-3, False)
    aten.layer_norm(v, [4], p4, q4, 1e-3)
    aten.layer_norm(x, [3, 4])
    aten.native_layer_norm(v, [4], p4, q4, 1e-3)[0]
    aten.native_layer_norm(v, [4], p4, q4, 1e-3)[1]
    aten.native_layer_norm(v, [4], p4, q4, 1e-3)[2]
    aten.group_norm(img, 2, p4, q4, 1e-3)
    aten.group_norm(img, 2)
    aten.rms_norm(v, [4], p4, 0.1)
    aten.rms_norm(v, [4])
    aten.embedding(m43, n.abs() % 4)
    aten.dropout(v, 0.5, False)
    aten.feature_dropout(img, 0.5, False)
    aten.alpha_dropout(v, 0.5, False)
    aten.native_dropout(v, 0.5, False)[0]
    aten.max_pool1d(x, 2)
    aten.max_pool2d(img, 3, 2, 1)
    aten.max_pool2d(img, 3, 2, 1, 2, True)
    aten.max_pool2d_with_indices(img, 2)[0]
    aten.max_pool2d(img[0], 3, 2, 1)
    aten.avg_pool1d(x, [2])
    aten.avg_pool2d(img, [3], [2], [1])
    aten.avg_pool2d(img, [3], [2], [1], False, False)
    aten.avg_pool2d(img, [3], [2], [1], True)
    aten.avg_pool2d(img, [3], [2], [0], False, True, 5)
    aten.max_pool3d(vol, [2])
    aten.avg_pool3d(vol, [2])
    aten.adaptive_avg_pool1d(x, [1])
    aten.adaptive_avg_pool2d(img, [1, 1])
    aten.adaptive_avg_pool2d(img, [4, 3])
    aten._adaptive_avg_pool2d(img, [2, 3])
    aten.adaptive_avg_pool3d(vol, [1, 2, 2])
    aten.adaptive_max_pool1d(x, [2])[0]
    aten.adaptive_max_pool2d(img, [2, 3])[0]
    aten.adaptive_max_pool3d(vol, [2, 2, 2])[0]
    aten.upsample_nearest1d(x, [7])
    aten.upsample_nearest2d(img, [9, 12])
    aten.upsample_nearest2d.vec(img, None, [2.0, 2.0])
    aten.upsample_nearest2d.vec(img, None, [0.5, 0.5])
    aten.upsample_nearest3d(vol, [8, 8, 8])
    aten._upsample_nearest_exact1d(x, [7])
    aten._upsample_nearest_exact2d(img, [9, 4])
    aten.upsample_linear1d(x, [7], False)
    aten.upsample_bilinear2d(img, [9, 12], False)
    aten.upsample_bilinear2d(img, [9, 12], True)
    aten.upsample_bilinear2d.vec(img, None, True, [2.0, 2.0])
    aten.upsample_trilinear3d(vol, [8, 8, 8], False)
    aten._upsample_bilinear2d_aa(img, [3, 3], False)
    aten.upsample_bicubic2d(img, [9, 12], False)
    aten.upsample_bicubic2d(img, [9, 12], True)
    aten._upsample_bicubic2d_aa(img, [3, 3], False)
    aten.grid_sampler(img, grid, 0, 0, True)
    aten.grid_sampler(img, grid, 0, 0, False)
    aten.grid_sampler_2d(img, grid, 1, 1, False)
    aten.grid_sampler(img, grid, 2, 2, True)
    aten.affine_grid_generator(theta, [2, 4, 6, 6], False)
    aten.affine_grid_generator(theta, [2, 4, 6, 6], True)
    aten.pixel_shuffle(img, 2)
    aten.pixel_unshuffle(img, 2)
    aten.im2col(img, [2, 2], [1, 1], [0, 0], [1, 1])
    aten.col2im(cols, [6, 6], [2, 2], [1, 1], [0, 0], [1, 1])
    aten.pad(v, [1, 2])
    aten.pad(x, [1, 2, 0, 1], 'constant', 3.0)
    aten.pad(x, [1, 2], 'reflect')
    aten.pad(x, [1, 2], 'replicate')
    aten.pad(x, [1, 2], 'circular')
    aten.constant_pad_nd(v, [1, -1], 2.0)
    aten.reflection_pad2d(img, [1, 2, 3, 0])
    aten.replication_pad2d(img, [1, 2, 3, 0])
    aten.lstm.input(x, [h0, h0], [wi4, wh4, bi4, bi4], True, 1, 0.0, False, False, False)[0]
    aten.lstm.input(x, [h0, h0], [wi4, wh4, bi4, bi4], True, 1, 0.0, False, False, False)[1]
    aten.gru.input(x, h0, [wi3, wh3, bi3, bi3], True, 1, 0.0, False, False, False)[0]
    aten.rnn_tanh.input(x, h0, [wi1, wh1, bi1, bi1], True, 1, 0.0, False, False, False)[0]
    aten.rnn_relu.input(x, h0, [wi1, wh1, bi1, bi1], True, 1, 0.0, False, False, False)[0]
    aten.lstm_cell(v, [h0[0, :2], h0[0, :2]], wi4, wh4, bi4, bi4)[0]
    aten.gru_cell(v, h0[0, :2], wi3, wh3, bi3, bi3)
    aten.rnn_tanh_cell(v, h0[0, :2], wi1, wh1, bi1, bi1)
    aten.rnn_relu_cell(v, h0[0, :2], wi1, wh1, bi1, bi1)
    aten.feature_alpha_dropout(img, 0.5, False)
    aten._upsample_nearest_exact3d(vol, [8, 8, 8])
    aten.max_pool1d_with_indices(x, [2])[0]
    aten.max_pool3d_with_indices(vol, [2])[0]
    aten._adaptive_avg_pool3d(vol, [1, 2, 2])
    aten.conv3d(vol, k3)
    aten.conv_transpose3d.input(vol, k3.transpose(0, 1))
    aten._convolution(img, k, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, False, False, False, False)
    aten.native_batch_norm(img, p4, q4, q4, u4, False, 0.1, 1e-3)[0]
    aten.native_group_norm(img, p4, q4, 2, 4, 36, 2, 1e-3)[0]
    aten._native_batch_norm_legit.no_stats(img, p4, q4, True, 0.1, 1e-3)[0]
    aten._batch_norm_impl_index(img, p4, q4, q4, u4, False, 0.1, 1e-3, False)[0]
    aten._native_batch_norm_legit_functional(img, p4, q4, q4, u4, False, 0.1, 1e-3)[0]
    aten._batch_norm_no_update(img, p4, q4, q4, u4, 0.1, 1e-3)[0]
    aten._batch_norm_with_update(img, p4, q4, q4.clone(), u4.clone(), 0.1, 1e-3)[0]
    aten._weight_norm_interface(m34, p31)[0]
    aten.reflection_pad1d(x, [1, 2])
    aten.reflection_pad3d(vol, [1, 1, 1, 0, 1, 2])
    aten.replication_pad1d(x, [1, 2])
    aten.replication_pad3d(vol, [1, 1, 1, 0, 1, 2])
    aten.grid_sampler_3d(vol, grid3, 0, 0, False)
    aten._fused_rms_norm(v, [4], p4, 0.1)[0]
    aten.lstm.input(x, [h2, h2], [wi4, wh4, bi4, bi4, wi4, wh4, bi4, bi4], True, 1, 0.0, False, True, False)[0]
    aten.native_channel_shuffle(img, 2)
"""

MOVEMENT = """
    aten.alias(v)
    aten.detach(v)
    aten.positive(v)
    aten.clone(v)
    aten.contiguous(v.t())
    aten.view(v, [4, 2])
    aten.reshape(v, [-1, 2])
    aten.view_as(v, m43.new_zeros(4, 2))
    aten.reshape_as(v, m43.new_zeros(4, 2))
    aten.flatten.using_ints(img, 1, 2)
    aten.flatten.using_ints(img, 1)
    aten.flatten.using_ints(img)
    aten.unflatten.int(v, 1, [2, 2])
    aten.ravel(v)
    aten.squeeze(v[None])
    aten.squeeze.dim(v[None], 0)
    aten.squeeze.dims(v[None, :, None], [0, 2])
    aten.unsqueeze(v, -1)
    aten.permute(x, [2, 0, 1])
    aten.transpose.int(x, 1, 2)
    aten.t(v)
    aten.numpy_T(x)
    aten.mT(x)
    aten.mH(v)
    aten.adjoint(x)
    aten.swapaxes(x, 0, 1)
    aten.swapdims(x, 0, 1)
    aten.movedim.int(x, 0, 2)
    aten.movedim.intlist(img, [0, 1], [3, 0])
    aten.moveaxis.int(x, 0, 2)
    aten.expand(v[:, None], [-1, 3, 4])
    aten.broadcast_to(p4, [2, 4])
    aten.expand_as(p4, v)
    aten.repeat(v, [2, 1, 3])
    aten.tile(v, [2])
    aten.repeat_interleave.self_int(x, 2, 1)
    aten.slice.Tensor(x, 1, 1, 3)
    aten.slice.Tensor(x, 2, 0, 9223372036854775807, 2)
    aten.slice.Tensor(x, 1, -2)
    aten.narrow(x, 1, 1, 2)
    aten.narrow(x, 2, -2, 2)
    aten.select.int(x, 1, 1)
    aten.select.int(x, 1, -1)
    aten.split.Tensor(x, 2, 2)[1]
    aten.split.Tensor(x, 2, 1)[1]
    aten.split_with_sizes(x, [1, 3], 2)[1]
    aten.chunk(x, 2, 1)[1]
    aten.tensor_split.sections(x, 3, 2)[1]
    aten.tensor_split.indices(x, [1, 2], 2)[2]
    aten.unsafe_split.Tensor(x, 2, 2)[0]
    aten.unsafe_chunk(x, 2, 1)[0]
    aten.unsafe_split_with_sizes(x, [1, 3], 2)[0]
    aten.unbind.int(x, 1)[2]
    aten.cat([v, w], 1)
    aten.concat([v, w])
    aten.concatenate([v, w], -1)
    aten.stack([v, w], 1)
    aten.stack([v, w], -1)
    aten.hstack([v, w])
    aten.hstack([p3, p4])
    aten.vstack([v, w])
    aten.row_stack([v, w])
    aten.dstack([x, x])
    aten.column_stack([v, w])
    aten.roll(x, [1], [1])
    aten.roll(x, [1, -1], [1, 2])
    aten.roll(v, [3])
    aten.flip(x, [0, 2])
    aten.tril(x, 1)
    aten.triu(x)
    aten.unfold(x, 2, 2, 1)
    aten.channel_shuffle(img, 2)
    aten.copy(v, w)
    aten.copy(v, p4)
    aten.lift_fresh_copy(v)
    aten.resolve_conj(v)
    aten.resolve_neg(v)
    aten.conj(v)
    aten._conj_physical(v)
    aten._unsafe_view(v, [4, 2])
    aten._reshape_alias(v, [4, 2], [2, 1])
"""

INDEXING = """
    aten.index.Tensor(m43, [idx])
    aten.index.Tensor(x, [None, idx3])
    aten.index.Tensor(x, [idx2, idx3])
    aten.index.Tensor(x, [None, idx3, idx3])
    aten.index.Tensor(v, [b])
    aten.index_put(m43, [idx], p3)
    aten.index_put(m43, [idx], m34.t()[:2, :], True)
    aten.index_put(x, [idx2, idx3], p4)
    aten.index_put(v, [b], h0[0, 0, 0])
    aten.index_select(x, 1, idx3)
    aten.index_add(x, 1, idx3, x[:, :2])
    aten.index_add(x, 1, idx3, x[:, :2], alpha=2)
    aten.index_copy(x, 1, idx3, x[:, :2])
    aten.index_fill.int_Scalar(x, 1, idx3, 2)
    aten.gather(v, 1, n.abs() % 4)
    aten.take_along_dim(v, n.abs() % 4, 1)
    aten.take_along_dim(x, n.abs()[:, :1, None] % 3, 1)
    aten.take_along_dim(v, n.abs() % 4)
    aten.scatter.src(v, 1, g, w)
    aten.scatter.value(v, 1, g, 2.0)
    aten.scatter.reduce(v, 1, g, w, reduce='multiply')
    aten.scatter_reduce.two(v, 1, g, w, 'amax')
    aten.scatter_reduce.two(v, 1, g, w, 'sum', include_self=False)
    aten.scatter_add(v, 1, g, w)
    aten.slice_scatter(x, x[:, :2], 1, 1, 3)
    aten.select_scatter(x, v, 1, 0)
    aten.diagonal_scatter(m43, p3)
    aten.masked_scatter(v, b, w)
    aten.masked_select(v, b)
    aten.nonzero(b)
    aten.one_hot(n.abs() % 4, 4)
"""

CREATION = """
    aten.zeros([2, 3])
    aten.new_zeros(v, [2, 3])
    aten.empty([2, 3])
    aten.ones([2, 3])
    aten.new_ones(v, [2])
    aten.full([2, 3], 1.5)
    aten.new_full(v, [2, 3], 1.5)
    aten.zeros_like(v)
    aten.empty_like(v)
    aten.ones_like(v)
    aten.full_like(v, 2.5)
    aten.fill.Scalar(v, 2.5)
    aten.fill.Tensor(v, p4[0])
    aten.zero(v)
    aten.arange(5)
    aten.arange.start(2, 5)
    aten.arange.start_step(2, 9, 3)
    aten.arange.start_step(0, 1, 0.25)
    aten.linspace(0, 1, 5)
    aten.linspace(2, -1, 4)
    aten.linspace(3, 5, 1)
    aten.logspace(0, 2, 3)
    aten.logspace(0, 3, 4, 2.0)
    aten.eye(3)
    aten.eye.m(3, 4)
    aten.scalar_tensor(2.5)
    aten.rand([2])
    aten.randn([2])
    aten.randint(5, [2])
    aten.rand_like(v)
    aten.randn_like(v)
    aten.bernoulli(u)
    aten.bernoulli.p(u, 0.5)
    aten.multinomial(u, 2, True)
    aten.new_empty(v, [2])
    aten.empty_strided([2, 3], [3, 1])
    aten.new_empty_strided(v, [2, 3], [3, 1])
    aten.randint_like(v, 5)
"""
GROUPS = {
    "arithmetic": ARITHMETIC, "functions": FUNCTIONS, "reductions": REDUCTIONS, "contractions": CONTRACTIONS,
    "layers": LAYERS, "movement": MOVEMENT, "indexing": INDEXING, "creation": CREATION,
}  # fmt: skip

UNSAID = {
    "aten.elu(v, 0.5, 2.0, 3.0)": "an Elu whose negative part is stretched has no canonical op: it stays opaque",
    "aten.index.Tensor(x, [None, idx3, idx3])": "indices of inner axes are one list",
    "aten.scatter_reduce.two(v, 1, g, w, 'sum', include_self=False)": "no canonical op forgets what was there",
    "aten.slice_scatter(x, x[:, :2], 1, 1, 3)": "a part is replaced, it is not said which",
    "aten.select_scatter(x, v, 1, 0)": "a part is replaced, it is not said which",
    "aten.diagonal_scatter(m43, p3)": "a part is replaced, it is not said which",
    "aten.masked_scatter(v, b, w)": "how many elements are read depends on the mask",
    "aten._upsample_bilinear2d_aa(img, [3, 3], False)": "ONNX's filter is cut off otherwise at the borders",
    "aten._upsample_bicubic2d_aa(img, [3, 3], False)": "ONNX's filter is cut off otherwise at the borders",
    **dict.fromkeys(
        (case.strip() for case in CREATION.splitlines() if re.search(r"\.(new_)?empty", case)), "nothing was written"
    ),
    **dict.fromkeys(
        (case.strip() for case in CREATION.splitlines() if re.search(r"\.(rand|bernoulli|multinomial)", case)), "chance"
    ),
}
"""Cases whose numbers the canonical ops do not tell, and why."""

UNTRIED = {
    "fft": "a transform is one op, Fft, that mixes positions: tests/loaders/aten/test_vocabulary.py",
    "_fft": "as above",
    "view_as_real view_as_complex real imag": "complex numbers are pairs in another layout: as above",
    "uniform random exponential normal log_normal": "chance, in place",
    "sym_size sym_numel item _local_scalar_dense": "numbers in Python: test_numbers_in_python",
    "lift_fresh requires_grad pin_memory": "not exported, or of a device",
    "cudnn_batch_norm _scaled_dot_product_flash_attention _scaled_dot_product_efficient_attention": "of a GPU",
    "_scaled_dot_product_cudnn_attention _scaled_dot_product_fused_attention_overrideable": "of a GPU",
    "_weight_int4pack_mm _dyn_quant_matmul_4bit": "few bits, packed for one device: MACs alone are counted",
    "_cdist_forward": "what cdist calls",
    "_int_mm _scaled_mm _grouped_mm _scaled_grouped_mm": "few bits, or groups of rows: MACs alone are counted",
    "_index_put_impl _unsafe_index _unsafe_index_put": "index and index_put without a check of bounds",
}
"""Beginnings of operators that have no case here, and why."""


def sample() -> dict[str, Any]:
    """The inputs that cases are written in."""
    chance = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Any:
        return torch.randn(*shape, generator=chance)

    def positive(*shape: int) -> Any:
        return torch.rand(*shape, generator=chance) * 0.8 + 0.1

    def gates(count: int) -> dict[str, Any]:
        """Weights of a recurrent layer, the same for each gate: ONNX and ATen list the gates in different orders."""
        parts = {
            "wi": normal(5, 4).repeat(count, 1),
            "wh": normal(5, 5).repeat(count, 1),
            "bi": normal(5).repeat(count),
        }
        return {f"{name}{count}": weight for name, weight in parts.items()}

    return {
        "v": normal(2, 4),
        "w": normal(2, 4),
        "u": positive(2, 4),
        "x": normal(2, 3, 4),
        "img": normal(2, 4, 6, 6),
        "vol": normal(2, 2, 4, 4, 4),
        "cols": normal(2, 8, 25),
        "n": torch.tensor([[-5, 3, 4, -2], [7, 1, -7, 2]]),
        "m": torch.tensor([[2, 3, -3, 5], [-2, 4, 2, 2]]),
        "b": torch.tensor([[True, False, True, True], [False, False, True, False]]),
        "c": torch.tensor([[True, True, False, True], [False, True, True, False]]),
        "p3": normal(3),
        "p4": normal(4),
        "q4": normal(4),
        "u4": positive(4),
        "p8": normal(8),
        "p31": normal(3, 1),
        "m34": normal(3, 4),
        "m43": normal(4, 3),
        "b344": normal(3, 4, 4),
        "c345": normal(3, 4, 5),
        "p5": normal(5),
        "e124": normal(12, 4),
        "f12": normal(12),
        "e44": normal(4, 4),
        "e84": normal(8, 4),
        "e48": normal(4, 8),
        "m33": torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]),
        "b23": torch.tensor([[False, False, True], [False, True, False]]),
        "k": normal(8, 4, 3, 3),
        "kg": normal(8, 2, 3, 3),
        "k1": normal(5, 3, 2),
        "k3": normal(5, 2, 2, 2, 2),
        "kt": normal(4, 5, 3, 3),
        "grid": normal(2, 5, 5, 2) * 0.5,
        "grid3": normal(2, 3, 3, 3, 3) * 0.5,
        "theta": normal(2, 2, 3),
        "h0": normal(1, 3, 5),
        "h2": normal(2, 3, 5),
        "idx": torch.tensor([1, 3]),
        "idx2": torch.tensor([0, 1]),
        "idx3": torch.tensor([2, 0]),
        "g": torch.tensor([[1, 0, 2, 3], [3, 1, 0, 2]]),
        **gates(1),
        **gates(3),
        **gates(4),
    }


LEARNED = ("e124", "f12", "e44", "p4")
"""What attention learns, as `attn` in the cases above."""


def called(case: str, inputs: dict[str, Any]) -> Any:
    return eval(case, {**inputs, "aten": torch.ops.aten, "torch": torch, "attn": [inputs[name] for name in LEARNED]})  # noqa: S307 -- written above


class Calls(torch.nn.Module):  # type: ignore[misc, name-defined]
    """All cases of a group, each result copied: what is handed back twice would be one output."""

    def __init__(self, cases: list[str], names: list[str]) -> None:
        super().__init__()
        self.cases, self.names = cases, names

    def forward(self, *inputs: Any) -> list[Any]:
        given = dict(zip(self.names, inputs, strict=True))
        return [called(case, given).clone() for case in self.cases]


def cases_of(group: str) -> list[str]:
    return [case.strip() for case in GROUPS[group].splitlines() if case.strip()]


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.filterwarnings("ignore")
def test_every_translation_computes_what_pytorch_computes(group: str) -> None:
    inputs, cases = sample(), cases_of(group)
    draft = load_module(Calls(cases, list(inputs)), list(inputs.values()))
    given = {fed: tensor.numpy() for (fed, _), tensor in zip(draft.inputs, inputs.values(), strict=True)}
    values = canonical.run(draft, given)
    assert len(draft.outputs) == len(cases)
    wrong = []
    for case, output in zip(cases, draft.outputs, strict=True):
        said, eager = values[output], called(case, sample()).numpy()
        if case in UNSAID:
            continue
        if said is None:
            wrong.append(f"{case}: nothing is said of it")
        elif (said.shape, said.dtype) != (eager.shape, eager.dtype):
            wrong.append(f"{case}: {said.dtype} {said.shape}, not {eager.dtype} {eager.shape}")
        elif not np.allclose(said, eager, rtol=1e-4, atol=1e-5, equal_nan=True):
            wrong.append(f"{case}: {said.ravel()[:4]}, not {eager.ravel()[:4]}")
    assert wrong == []


def test_of_what_is_not_said_nothing_is_known() -> None:
    """Nothing but a filter that differs at the borders is said in other numbers."""
    inputs = sample()
    cases = [case for case in UNSAID if "_aa" not in case]
    draft = load_module(Calls(cases, list(inputs)), list(inputs.values()))
    given = {fed: tensor.numpy() for (fed, _), tensor in zip(draft.inputs, inputs.values(), strict=True)}
    values = canonical.run(draft, given)
    assert [case for case, output in zip(cases, draft.outputs, strict=True) if values[output] is not None] == []


def test_every_operator_of_the_vocabulary_has_a_case() -> None:
    """Fails when one is added without: write a call of it above, or say why there is none."""
    tried = {f"aten.{name}" for text in GROUPS.values() for name in re.findall(r"aten\.(\w+)", text)}
    excused = tuple(f"aten.{name}" for names in UNTRIED for name in names.split())
    lacking = VOCABULARY.keys() - tried - ELSEWHERE.keys()
    assert sorted(name for name in lacking if not name.startswith(excused)) == []


@pytest.mark.parametrize(
    ("call", "a", "b", "result"),
    [
        ("_operator.add(a=a, b=b)", 5, 2, 7),
        ("_operator.sub(a=a, b=b)", 5, 2, 3),
        ("_operator.mul(a=a, b=b)", 5, 2, 10),
        ("_operator.floordiv(a=a, b=b)", 5, 2, 2),
        ("_operator.truediv(a=a, b=b)", 5, 2, 2.5),
        ("_operator.mod(a=a, b=b)", -5, 3, 1),
        ("_operator.pow(a=a, b=b)", 5, 2, 25),
        ("_operator.neg(a=a)", 5, 0, -5),
        ("_operator.eq(a=a, b=b)", 5, 2, False),
        ("_operator.lt(a=a, b=b)", 5, 2, False),
        ("_operator.gt(a=a, b=b)", 5, 2, True),
        ("_operator.le(a=a, b=b)", 5, 5, True),
        ("_operator.ge(a=a, b=b)", 2, 5, False),
        ("torch.sym_max(a=a, b=b)", 5, 2, 5),
        ("torch.sym_min(a=a, b=b)", 5, 2, 2),
        ("torch.sym_float(a=a)", 5, 2, 5.0),
        ("math.trunc(a=a)", -2.5, 0, -2),
        ("math.floor(a=a)", -2.5, 0, -3),
        ("math.ceil(a=a)", -2.5, 0, -2),
    ],
)
def test_numbers_in_python(call: str, a: float, b: float, result: float) -> None:
    draft = translated(
        f"a: scalar:{'int64' if isinstance(a, int) else 'float64'}\nb: scalar:int64\ny = {call}\nreturn y"
    )
    said = canonical.run(draft, {"a": np.array(a), "b": np.array(b)})[draft.outputs[0]]
    assert said is not None
    assert (said.item(), type(said.item())) == (result, type(result))

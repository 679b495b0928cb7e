"""Which ATen ops have no rule of their own, and why?

Every other one stands in the vocabulary. Those that contract nothing are known to take no MACs: they become one
canonical op, under their own name in the report. The rest is unknown on purpose, each for a reason. A test holds
PyTorch's list of operators against these and the vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping


def _aten(names: str) -> frozenset[str]:
    return frozenset(f"aten.{name}" for name in names.split())


POINTWISE = _aten("""
    __iand__ __ilshift__ __ior__ __irshift__ __ixor__ __lshift__ __rshift__ _fused_dropout _masked_scale
    _standard_gamma angle binomial bitwise_left_shift bitwise_right_shift cauchy chalf complex copysign deg2rad
    frexp gcd geometric heaviside hypot igamma igammac isclose isneginf isposinf isreal lcm ldexp
    log_sigmoid_forward logaddexp logaddexp2 logit mvlgamma nextafter poisson polar polygamma rad2deg
    rrelu_with_noise rrelu_with_noise_functional signbit special_airy_ai special_bessel_j0 special_bessel_j1
    special_bessel_y0 special_bessel_y1 special_chebyshev_polynomial_t special_chebyshev_polynomial_u
    special_chebyshev_polynomial_v special_chebyshev_polynomial_w special_entr special_erfcx special_gammainc
    special_gammaincc special_hermite_polynomial_h special_hermite_polynomial_he special_i0e special_i1 special_i1e
    special_laguerre_polynomial_l special_legendre_polynomial_p special_log_ndtr special_logit
    special_modified_bessel_i0 special_modified_bessel_i1 special_modified_bessel_k0 special_modified_bessel_k1
    special_multigammaln special_ndtr special_ndtri special_polygamma special_scaled_modified_bessel_k0
    special_scaled_modified_bessel_k1 special_shifted_chebyshev_polynomial_t special_shifted_chebyshev_polynomial_u
    special_shifted_chebyshev_polynomial_v special_shifted_chebyshev_polynomial_w special_spherical_bessel_j0
    special_xlog1py special_xlogy special_zeta xlogy
""")
"""Functions of one or several tensors, element by element."""

UNCONTRACTED = _aten("""
    _aminmax _chunk_cat _ctc_loss _embedding_bag _embedding_bag_forward_only
    _fused_moving_avg_obs_fq_helper_functional _is_all_true _is_any_true _logcumsumexp _masked_softmax _neg_view
    _neg_view_copy _pad_circular _thnn_fused_gru_cell _thnn_fused_lstm_cell _unique _unique2 _unsafe_masked_index
    _unsafe_masked_index_put_accumulate _upsample_lanczos2d_aa aminmax argwhere as_strided as_strided_copy
    as_strided_scatter atleast_1d atleast_2d atleast_3d bartlett_window binary_cross_entropy
    binary_cross_entropy_with_logits bincount blackman_window block_diag broadcast_tensors bucketize cartesian_prod
    combinations cosine_embedding_loss cosine_similarity count_nonzero cross cross_entropy_loss ctc_loss cummax
    cummin cumulative_trapezoid diag diag_embed diagflat diagonal diagonal_copy dist dsplit embedding_bag
    empty_permuted fft_fftfreq fft_fftshift fft_ifftshift fft_rfftfreq fill_diagonal fliplr flipud
    fractional_max_pool2d fractional_max_pool3d frobenius_norm hamming_window hann_window hinge_embedding_loss histc
    histogram histogramdd hsplit huber_loss index_reduce isin istft kaiser_window kl_div kron kthvalue l1_loss
    linalg__powsum linalg_cross linalg_diagonal linalg_vander logcumsumexp margin_ranking_loss max_unpool2d
    max_unpool3d median meshgrid mode mse_loss msort multi_margin_loss multilabel_margin_loss
    multilabel_margin_loss_forward nanmedian nanquantile narrow_copy native_norm nll_loss nll_loss2d
    nll_loss2d_forward nll_loss_forward nll_loss_nd nonzero_numpy nonzero_static norm_except_dim pad_sequence
    pairwise_distance poisson_nll_loss put quantile range renorm rot90 searchsorted segment_reduce slice_inverse
    smooth_l1_loss soft_margin_loss stft sum_to_size take trace trapezoid trapz tril_indices
    triplet_margin_loss triu_indices unique_consecutive unique_dim unique_dim_consecutive vander vsplit
""")
"""What selects, arranges, joins, counts, compares or reduces: losses, statistics, windows, orders, indices."""

UNKNOWN: Mapping[str, frozenset[str]] = {
    "of training: gradients, optimisers, loss scaling": _aten("""
        _adaptive_avg_pool2d_backward _adaptive_avg_pool3d_backward _amp_foreach_non_finite_check_and_unscale
        _amp_update_scale _batch_norm_impl_index_backward _cdist_backward _convolution_double_backward
        _ctc_loss_backward _cudnn_attention_backward _cudnn_rnn_backward _dirichlet_grad _efficient_attention_backward
        _embedding_bag_backward _embedding_bag_dense_backward _embedding_bag_per_sample_weights_backward
        _embedding_bag_sparse_backward _fake_quantize_learnable_per_channel_affine_backward
        _fake_quantize_learnable_per_tensor_affine_backward _flash_attention_backward _foreach_abs _foreach_acos
        _foreach_add _foreach_addcdiv _foreach_addcmul _foreach_asin _foreach_atan _foreach_ceil _foreach_clamp_max
        _foreach_clamp_min _foreach_clone _foreach_copy _foreach_cos _foreach_cosh _foreach_div _foreach_erf
        _foreach_erfc _foreach_exp _foreach_expm1 _foreach_floor _foreach_frac _foreach_lerp _foreach_lgamma
        _foreach_log _foreach_log10 _foreach_log1p _foreach_log2 _foreach_max _foreach_maximum _foreach_minimum
        _foreach_mm _foreach_mul _foreach_neg _foreach_norm _foreach_pow _foreach_powsum _foreach_reciprocal
        _foreach_round _foreach_rsqrt _foreach_sigmoid _foreach_sign _foreach_sin _foreach_sinh _foreach_sqrt
        _foreach_sub _foreach_tan _foreach_tanh _foreach_trunc _foreach_zero _fused_adagrad _fused_adam _fused_adamw
        _fused_rms_norm_backward _fused_sgd _fw_primal _fw_primal_copy _gather_sparse_backward _grad_sum_to_size
        _grid_sampler_2d_cpu_fallback_backward _log_softmax_backward_data _make_dual _make_dual_copy
        _masked_softmax_backward _nested_select_backward _nested_sum_backward _no_grad_embedding_renorm _no_grad_fill
        _no_grad_normal _no_grad_uniform _no_grad_zero _pack_padded_sequence_backward _pdist_backward
        _prelu_kernel_backward _scaled_dot_product_cudnn_attention_backward
        _scaled_dot_product_efficient_attention_backward _scaled_dot_product_flash_attention_backward
        _scaled_dot_product_flash_attention_for_cpu_backward _scaled_dot_product_fused_attention_overrideable_backward
        _segment_reduce_backward _slow_conv2d_backward _softmax_backward_data _sparse_log_softmax_backward_data
        _sparse_mm_reduce_impl_backward _sparse_softmax_backward_data _sparse_sum_backward _standard_gamma_grad
        _thnn_differentiable_gru_cell_backward _thnn_differentiable_lstm_cell_backward _thnn_fused_gru_cell_backward
        _thnn_fused_lstm_cell_backward _thnn_fused_lstm_cell_backward_impl _unpack_dual
        _upsample_bicubic2d_aa_backward _upsample_bilinear2d_aa_backward _upsample_lanczos2d_aa_backward
        _upsample_nearest_exact1d_backward _upsample_nearest_exact2d_backward _upsample_nearest_exact3d_backward
        _weight_norm_differentiable_backward _weight_norm_interface_backward adaptive_avg_pool3d_backward
        adaptive_max_pool2d_backward adaptive_max_pool3d_backward affine_grid_generator_backward avg_pool2d_backward
        avg_pool3d_backward batch_norm_backward batch_norm_backward_elemt batch_norm_backward_reduce
        binary_cross_entropy_backward conv_tbc_backward convolution_backward convolution_backward_overrideable
        cudnn_affine_grid_generator_backward cudnn_batch_norm_backward cudnn_grid_sampler_backward cummaxmin_backward
        cumprod_backward diagonal_backward elu_backward embedding_backward embedding_dense_backward
        embedding_sparse_backward fake_quantize_per_channel_affine_cachemask_backward
        fake_quantize_per_tensor_affine_cachemask_backward fractional_max_pool2d_backward
        fractional_max_pool3d_backward gather_backward gelu_backward get_gradients glu_backward glu_backward_jvp
        glu_jvp grad gradient grid_sampler_2d_backward grid_sampler_3d_backward hardshrink_backward
        hardsigmoid_backward hardswish_backward hardtanh_backward huber_loss_backward index_select_backward
        infinitely_differentiable_gelu_backward leaky_relu_backward linear_backward log_sigmoid_backward
        logit_backward lstm_mps_backward masked_scatter_backward masked_select_backward matmul_backward
        matrix_exp_backward max_pool2d_backward max_pool2d_with_indices_backward max_pool3d_with_indices_backward
        miopen_batch_norm_backward miopen_rnn_backward mish_backward mkldnn_adaptive_avg_pool2d_backward
        mkldnn_linear_backward mkldnn_linear_backward_input mkldnn_linear_backward_weights mkldnn_max_pool2d_backward
        mkldnn_max_pool3d_backward mkldnn_rnn_layer_backward mps_convolution_backward
        mps_convolution_transpose_backward mse_loss_backward multi_margin_loss_backward
        multilabel_margin_loss_backward native_batch_norm_backward native_dropout_backward native_group_norm_backward
        native_layer_norm_backward nll_loss2d_backward nll_loss_backward reflection_pad1d_backward
        reflection_pad2d_backward reflection_pad3d_backward replication_pad1d_backward replication_pad2d_backward
        replication_pad3d_backward rrelu_with_noise_backward select_backward sigmoid_backward silu_backward
        slice_backward smooth_l1_loss_backward soft_margin_loss_backward softplus_backward softshrink_backward
        tanh_backward threshold_backward to_dense_backward to_mkldnn_backward trace_backward unfold_backward
        upsample_bicubic2d_backward upsample_bilinear2d_backward upsample_linear1d_backward
        upsample_nearest1d_backward upsample_nearest2d_backward upsample_nearest3d_backward
        upsample_trilinear3d_backward value_selecting_reduction_backward
    """),
    "a decomposition or a solver: how many products it takes depends on the method": _aten("""
        _cholesky_solve_helper _compute_linear_combination _linalg_det _linalg_eigh _linalg_eigvals _linalg_slogdet
        _linalg_solve_ex _linalg_svd _lu_with_info _spsolve cholesky cholesky_inverse cholesky_solve det geqrf inverse
        linalg_cholesky linalg_cholesky_ex linalg_cond linalg_det linalg_eig linalg_eigh linalg_eigvals
        linalg_eigvalsh linalg_householder_product linalg_inv linalg_inv_ex linalg_ldl_factor linalg_ldl_factor_ex
        linalg_ldl_solve linalg_lstsq linalg_lu linalg_lu_factor linalg_lu_factor_ex linalg_lu_solve linalg_matrix_exp
        linalg_matrix_norm linalg_matrix_power linalg_matrix_rank linalg_norm linalg_pinv linalg_qr linalg_slogdet
        linalg_solve linalg_solve_ex linalg_solve_triangular linalg_svd linalg_svdvals linalg_tensorinv
        linalg_tensorsolve logdet lu_solve lu_unpack matrix_exp matrix_power nuclear_norm orgqr ormqr pinverse qr
        slogdet svd triangular_solve
    """),
    "distances and covariances: as a matrix product or element by element, by backend and size": _aten("""
        _pdist_forward corrcoef cov pdist
    """),
    "on sparse tensors: how many products there are depends on the elements": _aten("""
        _coalesce _coalesced _convert_indices_from_coo_to_csr _convert_indices_from_csr_to_coo _cslt_compress
        _cslt_sparse_mm _efficientzerotensor _indices _indices_copy _sparse_addmm _sparse_broadcast_to
        _sparse_broadcast_to_copy _sparse_bsc_tensor_unsafe _sparse_bsr_tensor_unsafe _sparse_compressed_tensor_unsafe
        _sparse_compressed_tensor_with_dims _sparse_coo_tensor_unsafe _sparse_coo_tensor_with_dims
        _sparse_coo_tensor_with_dims_and_tensors _sparse_csc_tensor_unsafe _sparse_csr_prod _sparse_csr_sum
        _sparse_csr_tensor_unsafe _sparse_log_softmax _sparse_mask_projection _sparse_mm _sparse_mm_reduce_impl
        _sparse_semi_structured_addmm _sparse_semi_structured_apply _sparse_semi_structured_apply_dense
        _sparse_semi_structured_linear _sparse_semi_structured_mm _sparse_semi_structured_tile _sparse_softmax
        _sparse_sparse_matmul _sparse_sum _spdiags _to_dense _to_sparse _to_sparse_bsc _to_sparse_bsr _to_sparse_csc
        _to_sparse_csr _to_sparse_semi_structured _values _values_copy ccol_indices ccol_indices_copy coalesce
        col_indices col_indices_copy copy_sparse_to_sparse crow_indices crow_indices_copy hspmm indices indices_copy
        resize_as_sparse row_indices row_indices_copy smm sparse_bsc_tensor sparse_bsr_tensor sparse_compressed_tensor
        sparse_coo_tensor sparse_csc_tensor sparse_csr_tensor sparse_mask sparse_resize sparse_resize_and_clear
        sparse_sampled_addmm sspaddmm to_dense to_sparse to_sparse_bsc to_sparse_bsr to_sparse_csc to_sparse_csr
        values values_copy
    """),
    "on tensors of ragged lengths, which no shape tells": _aten("""
        _jagged_to_padded_dense_forward _nested_compute_contiguous_strides_offsets _nested_from_padded
        _nested_from_padded_and_nested_example _nested_from_padded_tensor _nested_get_jagged_dummy _nested_get_lengths
        _nested_get_max_seqlen _nested_get_min_seqlen _nested_get_offsets _nested_get_values _nested_get_values_copy
        _nested_tensor_from_mask _nested_tensor_from_tensor_list _nested_tensor_size _nested_tensor_softmax_with_shape
        _nested_tensor_storage_offsets _nested_tensor_strides _nested_view_from_buffer _nested_view_from_buffer_copy
        _nested_view_from_jagged _nested_view_from_jagged_copy _pack_padded_sequence _pack_sequence
        _pad_packed_sequence _padded_dense_to_jagged_forward _transform_bias_rescale_qkv nested_to_padded_tensor
        to_padded_tensor
    """),
    "a kernel of one backend, which no exporter records": _aten("""
        _conv_depthwise2d _cudnn_attention_forward _cudnn_ctc_loss _cudnn_init_dropout_state _cudnn_rnn
        _cudnn_rnn_flatten_weight _efficient_attention_forward _fill_mem_eff_dropout_mask _flash_attention_forward
        _flash_attention_forward_no_dropout_inplace _grid_sampler_2d_cpu_fallback _lstm_mps _mkldnn_reshape
        _mkldnn_transpose _mps_convolution _mps_convolution_transpose _nnpack_spatial_convolution
        _scaled_dot_product_attention_math_for_mps _scaled_grouped_mm_v2 _scaled_mm_v2 _slow_conv2d_forward _to_cpu
        _trilinear _triton_multi_head_attention _triton_scaled_dot_attention conv_depthwise3d convolution_overrideable
        cudnn_affine_grid_generator cudnn_convolution cudnn_convolution_add_relu cudnn_convolution_relu
        cudnn_convolution_transpose cudnn_grid_sampler miopen_batch_norm miopen_convolution
        miopen_convolution_add_relu miopen_convolution_relu miopen_convolution_transpose miopen_ctc_loss
        miopen_depthwise_convolution miopen_rnn mkldnn_adaptive_avg_pool2d mkldnn_convolution mkldnn_linear
        mkldnn_max_pool2d mkldnn_max_pool3d mkldnn_reorder_conv2d_weight mkldnn_reorder_conv3d_weight mkldnn_rnn_layer
        slow_conv3d slow_conv3d_forward slow_conv_dilated2d slow_conv_dilated3d slow_conv_transpose2d
        slow_conv_transpose3d thnn_conv2d to_mkldnn
    """),
    "on weights packed, or quantised, in a layout of their own": _aten("""
        _convert_weight_to_int4pack _convert_weight_to_int4pack_for_cpu _dyn_quant_pack_4bit_weight
        _empty_affine_quantized _empty_per_channel_affine_quantized _make_per_channel_quantized_tensor
        _make_per_tensor_quantized_tensor _mixed_dtypes_linear _rowwise_prune _saturate_weight_to_fp16
        _wrapped_linear_prepack _wrapped_quantized_linear_prepacked choose_qparams_optimized dequantize
        empty_quantized fbgemm_linear_fp16_weight fbgemm_linear_fp16_weight_fp32_activation fbgemm_linear_int8_weight
        fbgemm_linear_int8_weight_fp32_activation fbgemm_linear_quantize_weight fbgemm_pack_gemm_matrix_fp16
        fbgemm_pack_quantized_matrix int_repr q_per_channel_scales q_per_channel_zero_points quantize_per_channel
        quantize_per_tensor quantize_per_tensor_dynamic quantized_batch_norm quantized_gru quantized_gru_cell
        quantized_lstm quantized_lstm_cell quantized_max_pool1d quantized_max_pool2d quantized_max_pool3d
        quantized_rnn_relu_cell quantized_rnn_tanh_cell
    """),
    "of PyTorch's own run time, tests and random number generators": _aten("""
        __interpolate __upsample __upsample_bilinear __upsample_nearest _add_batch_dim _autocast_to_full_precision
        _autocast_to_reduced_precision _batch_norm_with_update_functional _cast_Byte _cast_Char _cast_Double
        _cast_Float _cast_Half _cast_Int _cast_Long _cast_Short _copy_from _copy_from_and_resize _dim_arange _foobar
        _functional_sym_constrain_range _functional_sym_constrain_range_for_size _histogramdd_bin_edges
        _histogramdd_from_bin_cts _histogramdd_from_bin_tensors _lazy_clone _list_to_tensor _make_dep_token
        _ncf_unsqueeze _ncf_view _new_zeros_with_same_feature_meta _pad_enum _philox_key_fold_in _philox_key_split
        _philox_normal _philox_uniform _pin_memory _remove_batch_dim _reshape_from_tensor _resize_output
        _sample_dirichlet _shape_as_tensor _sobol_engine_draw _sobol_engine_ff _sobol_engine_initialize_state
        _sobol_engine_scramble _test_ambiguous_defaults _test_autograd_multiple_dispatch
        _test_autograd_multiple_dispatch_view _test_autograd_multiple_dispatch_view_copy _test_check_tensor
        _test_functorch_fallback _test_optional_filled_intlist _test_optional_floatlist _test_optional_intlist
        _test_parallel_materialize _test_serialization_subcmul _test_string_default _test_warn_in_autograd as_tensor
        batch_norm_elemt batch_norm_gather_stats batch_norm_gather_stats_with_counts batch_norm_stats
        batch_norm_update_stats cpu cuda dict embedding_renorm flatten_dense_tensors from_file hash_tensor items keys
        normal_functional popitem randperm resize resize_as set sorted tensor unflatten_dense_tensors
    """),
}
"""The ops that stay opaque, named as uncounted, by the reason why."""

SPELLINGS: Mapping[str, str] = {
    f"aten.{name}{mark}": f"aten.{usual}{mark}"
    for pair in """
        _conj=conj _conj_copy=conj _reshape_alias_copy=_reshape_alias _reshape_copy=reshape _safe_softmax=softmax
        _stack=stack absolute=abs alias_copy=alias arccos=acos arccosh=acosh arcsin=asin arcsinh=asinh arctan2=atan2
        arctan=atan arctanh=atanh conj_physical=conj data=detach detach_copy=detach expand_copy=expand fix=trunc
        greater=gt greater_equal=ge less=lt less_equal=le lift=lift_fresh linalg_matmul=matmul matrix_H=mH nanmean=mean
        nansum=sum negative=neg not_equal=ne permute_copy=permute select_copy=select slice_copy=slice
        special_digamma=digamma special_erf=erf special_erfc=erfc special_erfinv=erfinv special_exp2=exp2
        special_expm1=expm1 special_gammaln=lgamma special_i0=i0 special_log1p=log1p special_log_softmax=log_softmax
        special_logsumexp=logsumexp special_psi=digamma special_round=round special_sinc=sinc special_softmax=softmax
        split_copy=split split_with_sizes_copy=split_with_sizes squeeze_copy=squeeze t_copy=t transpose_copy=transpose
        unbind_copy=unbind unfold_copy=unfold unsqueeze_copy=unsqueeze view_as_complex_copy=view_as_complex
        view_as_real_copy=view_as_real view_copy=view
    """.split()
    for name, usual in [pair.split("=")]
    for mark in ("", "_")
}
"""Further names of ops, with the usual one."""

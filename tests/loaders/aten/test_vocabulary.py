"""Each case is a program of one op, in the schema's names, and the canonical nodes that it stands for.

Expectations follow the operator's page in PyTorch's documentation (what it computes) and in ONNX's (slots, attributes).
"""

from __future__ import annotations

import pytest

from shortcut_audit.loaders.aten.vocabulary import VOCABULARY
from tests.loaders.aten.programs import drawn, translated

PAIR = "x: 2x4\ny: 2x4\n"


def attributes(text: str) -> dict[str, object]:
    """Attributes of the last node."""
    return dict(translated(text).nodes[-1].attributes)


@pytest.mark.parametrize(
    ("call", "nodes"),
    [
        ("aten.add.Tensor(self=x, other=y)", ["z = Add(x, y)"]),
        ("aten.add.Tensor(self=x, other=y, alpha=2)", ["z.Mul = Mul(y, 2)", "z = Add(x, z.Mul)"]),
        ("aten.add.Tensor(self=x, other=3.0)", ["z = Add(x, 3.0)"]),
        ("aten.sub.Tensor(self=x, other=y)", ["z = Sub(x, y)"]),
        ("aten.rsub.Scalar(self=x, other=1)", ["z = Sub(1, x)"]),
        ("aten.rsub.Tensor(self=x, other=y, alpha=2)", ["z.Mul = Mul(x, 2)", "z = Sub(y, z.Mul)"]),
        ("aten.addcmul.default(self=x, tensor1=y, tensor2=y)", ["z.Mul = Mul(y, y)", "z = Add(x, z.Mul)"]),
        (
            "aten.addcdiv.default(self=x, tensor1=y, tensor2=y, value=3.0)",
            ["z.Div = Div(y, y)", "z.Mul = Mul(z.Div, 3.0)", "z = Add(x, z.Mul)"],
        ),
        (
            "aten.lerp.Scalar(self=x, end=y, weight=0.3)",
            ["z.Sub = Sub(y, x)", "z.Mul = Mul(0.3, z.Sub)", "z = Add(x, z.Mul)"],
        ),
        ("aten.div.Tensor_mode(self=x, other=y, rounding_mode='floor')", ["z.Div = Div(x, y)", "z = Floor(z.Div)"]),
        ("aten.ne.Scalar(self=x, other=1)", ["z.Equal = Equal(x, 1)", "z = Not(z.Equal)"]),
        ("aten.clamp.default(self=x, min=0)", ["z = Clip(x, 0)"]),
        ("aten.clamp_max.default(self=x, max=6)", ["z = Clip(x, _, 6)"]),
        ("aten.masked_fill.Scalar(self=x, mask=y, value=0.0)", ["z = Where(y, 0.0, x)"]),
        ("aten.where.ScalarOther(condition=y, self=x, other=0.0)", ["z = Where(y, x, 0.0)"]),
        ("aten.square.default(self=x)", ["z = Pow(x, 2)"]),
        ("aten.log_sigmoid.default(self=x)", ["z.Sigmoid = Sigmoid(x)", "z = Log(z.Sigmoid)"]),
        ("aten.softmax.int(self=x, dim=-1)", ["z = Softmax(x)"]),
        ("aten.sum.dim_IntList(self=x, dim=[-1])", ["z = ReduceSum(x, [1])"]),
        ("aten.sum.default(self=x)", ["z = ReduceSum(x)"]),
        ("aten.max.other(self=x, other=y)", ["z = Max(x, y)"]),
        ("aten.argmax.default(self=x)", ["z.Reshape = Reshape(x, [-1])", "z = ArgMax(z.Reshape)"]),
        ("aten.linalg_vector_norm.default(self=x, dim=[1])", ["z = ReduceL2(x, [1])"]),
        ("aten.to.dtype(self=x, dtype='float16')", ["z = Cast(x)"]),
        ("aten.clone.default(self=x)", ["z = Identity(x)"]),
    ],
)
def test_arithmetic(call: str, nodes: list[str]) -> None:
    assert drawn(f"{PAIR}z = {call} -> 2x4\nreturn z") == nodes


@pytest.mark.parametrize(
    ("call", "inputs"),
    [
        ("aten.fft_rfft2.default(self=x, norm='ortho')", "x"),
        ("aten.fft_ifftn.default(self=x, s=[2, 4], dim=[-2, -1])", "x"),
        ("aten.fft_irfft.default(self=x, n=k, dim=-1)", "x, k"),
        ("aten._fft_r2c.default(self=x, dim=[1], normalization=0, onesided=True)", "x"),
    ],
)
def test_fourier_transforms_mix(call: str, inputs: str) -> None:
    assert drawn(f"{PAIR}k: scalar:int64\nz = {call} -> 2x3:float16\nreturn z") == [f"z = Fft({inputs})"]


def test_two_transforms_of_one_tensor_are_two() -> None:
    draft = translated("""
        x: 2x4
        y = aten.fft_rfft.default(self=x, dim=0) -> 2x4
        z = aten.fft_rfft.default(self=x, dim=1) -> 2x3
        return y, z
    """)
    assert [dict(node.attributes) for node in draft.nodes] == [
        {"transform": "aten.fft_rfft", "dim": 0},
        {"transform": "aten.fft_rfft", "dim": 1},
    ]
    assert draft.recorded["z"].shape == (2, 3)


@pytest.mark.parametrize(
    ("call", "nodes"),
    [
        (
            "aten.view_as_complex.default(self=x)",
            ["z.Shape = Shape(x)", "z.Reshape = Reshape(x, z.Shape)", "z = Identity(z.Reshape)"],
        ),
        (
            "aten.view_as_real.default(self=c)",
            [
                "z.Shape = Shape(c)",
                "z.Concat = Concat(z.Shape, [2])",
                "z.Reshape = Reshape(c, z.Concat)",
                "z = Identity(z.Reshape)",
            ],
        ),
        (
            "aten.imag.default(self=c)",
            [
                "z.Shape = Shape(c)",
                "z.Concat = Concat(z.Shape, [2])",
                "z.Reshape = Reshape(c, z.Concat)",
                "z.Identity = Identity(z.Reshape)",
                "z = Gather(z.Identity, 1)",
            ],
        ),
        ("aten.real.default(self=x)", ["z = Identity(x)"]),
    ],
)
def test_complex_numbers_are_pairs(call: str, nodes: list[str]) -> None:
    assert drawn(f"x: 3x2\nc: 3:complex64\nz = {call} -> 3:unknown\nreturn z") == nodes


def test_a_number_takes_the_type_of_the_tensor_beside_it() -> None:
    """x + 1.5 stays float16 (PyTorch's type promotion: a Python number does not widen a tensor of its category)."""
    draft = translated("x: 2:float16\nz = aten.add.Tensor(self=x, other=1.5) -> 2:float16\nreturn z")
    assert [(tensor.shape, tensor.dtype, tensor.data) for tensor in draft.tensors] == [((), "float16", (1.5,))]


def test_variance_divides_by_one_less_than_there_are() -> None:
    """Over 4 elements: 4 / (4 - 1) = 1.333... times the mean square deviation."""
    nodes = drawn("x: 2x4\nz = aten.var.correction(self=x, dim=[1], correction=1) -> 2\nreturn z")
    assert nodes == [
        "z.ReduceMean = ReduceMean(x, [1])",
        "z.Sub = Sub(x, z.ReduceMean)",
        "z.Mul = Mul(z.Sub, z.Sub)",
        "z.ReduceMean~1 = ReduceMean(z.Mul, [1])",
        "z.ReduceMean~2 = ReduceMean(x, [1])",
        "z = Mul(z.ReduceMean~1, 1.3333333333333333)",
    ]


@pytest.mark.parametrize(
    ("call", "nodes"),
    [
        ("aten.linear.default(input=x, weight=w, bias=b)", ["z = Linear(x, w, b)"]),
        ("aten.addmm.default(self=x, mat1=x, mat2=w)", ["z = Gemm(x, w, x)"]),
        (
            "aten.baddbmm.default(self=x, batch1=x, batch2=w, beta=2.0)",
            ["z.MatMul = MatMul(x, w)", "z.Mul = Mul(x, 2.0)", "z = Add(z.Mul, z.MatMul)"],
        ),
        ("aten.bmm.default(self=x, mat2=w)", ["z = MatMul(x, w)"]),
        ("aten.einsum.default(equation='i j, j k -> i k', tensors=[x, w])", ["z = Einsum(x, w)"]),
        ("aten.tensordot.default(self=x, other=w, dims_self=[1], dims_other=[0])", ["z = Einsum(x, w)"]),
        ("aten.inner.default(self=x, other=w)", ["z = Einsum(x, w)"]),
        ("aten.dot.default(self=b, tensor=b)", ["z = MatMul(b, b)"]),
        ("aten.vdot.default(self=b, other=b)", ["z = MatMul(b, b)"]),
    ],
)
def test_matrix_products(call: str, nodes: list[str]) -> None:
    text = f"x: 4x4\nw: parameter 4x4\nb: parameter 4\nz = {call} -> 4x4\nreturn z"
    assert drawn(text) == nodes


def test_tensordot_names_each_axis_once() -> None:
    text = "x: 2x3x4\ny: 4x3x5\nz = aten.tensordot.default(self=x, other=y, dims_self=[1, 2], dims_other=[1, 0]) -> 2x5"
    assert attributes(f"{text}\nreturn z") == {"equation": "abc,cbf->af"}


def test_an_inner_product_sums_over_the_last_axis_of_both() -> None:
    """x @ y.T, not x @ y; with a number there is nothing to sum."""
    assert attributes("x: 2x3x4\ny: 5x4\nz = aten.inner.default(self=x, other=y) -> 2x3x5\nreturn z") == {
        "equation": "abc,dc->abd"
    }
    assert drawn("x: 4\ny: scalar\nz = aten.inner.default(self=x, other=y) -> 4\nreturn z") == ["z = Mul(x, y)"]


def test_attention_gets_the_axes_that_it_lacks() -> None:
    """[heads x batch, length, size] has no axis for the batch: it is put in front and taken away again."""
    call = "aten.scaled_dot_product_attention.default(query=q, key=q, value=q, is_causal=True)"
    assert drawn(f"q: 8x5x4\nz = {call} -> 8x5x4\nreturn z") == [
        "z.Unsqueeze = Unsqueeze(q, [0])",
        "z.Unsqueeze~1 = Unsqueeze(q, [0])",
        "z.Unsqueeze~2 = Unsqueeze(q, [0])",
        "z.Attention = Attention(z.Unsqueeze, z.Unsqueeze~1, z.Unsqueeze~2)",
        "z = Squeeze(z.Attention, [0])",
    ]


def test_attention_with_a_mask() -> None:
    call = "aten.scaled_dot_product_attention.default(query=q, key=k, value=k, attn_mask=m, scale=0.5)"
    text = f"q: 1x2x5x4\nk: 1x2x7x4\nm: 5x7\nz = {call} -> 1x2x5x4\nreturn z"
    assert drawn(text) == ["z = Attention(q, k, k, m)"]
    assert attributes(text) == {"is_causal": 0, "scale": 0.5}


CONV = "x: 1x4x9x9\nw: parameter 6x2x3x3\n"


def test_convolution() -> None:
    call = "aten.conv2d.default(input=x, weight=w, stride=[2, 1], padding=[1], groups=2)"
    text = f"{CONV}z = {call} -> 1x6x5x9\nreturn z"
    assert drawn(text) == ["z = Conv(x, w)"]
    assert attributes(text) == {"strides": (2, 1), "pads": (1, 1, 1, 1), "dilations": (1, 1), "group": 2}


@pytest.mark.parametrize(
    ("call", "kind"), [("aten.conv1d.default", "Conv"), ("aten.conv_transpose1d.default", "ConvTranspose")]
)
def test_a_convolution_gets_the_batch_that_it_lacks(call: str, kind: str) -> None:
    text = f"x: 4x9\nw: parameter 4x4x1\nz = {call}(input=x, weight=w) -> 4x9\nreturn z"
    assert drawn(text) == [
        "z.Unsqueeze = Unsqueeze(x, [0])",
        f"z.{kind} = {kind}(z.Unsqueeze, w)",
        f"z = Squeeze(z.{kind}, [0])",
    ]


def test_padding_to_the_same_size_puts_the_odd_one_behind() -> None:
    """A kernel of 4 needs 3 more elements: 1 before, 2 behind. With dilation 2 of 3, 4 more: 2 and 2."""
    call = "aten.conv2d.padding(input=x, weight=w, padding='same', dilation=[1, 2])"
    text = f"x: 1x4x9x9\nw: parameter 6x4x4x3\nz = {call} -> 1x6x9x9\nreturn z"
    assert attributes(text)["pads"] == (1, 2, 2, 2)


def test_transposed_convolution() -> None:
    call = "aten.convolution.default(input=x, weight=w, bias=None, stride=[2, 2], padding=[1, 1], dilation=[1, 1], "
    call += "transposed=True, output_padding=[1, 1], groups=1)"
    text = f"x: 1x6x4x4\nw: parameter 6x2x3x3\nz = {call} -> 1x2x8x8\nreturn z"
    assert drawn(text) == ["z = ConvTranspose(x, w)"]
    assert attributes(text)["output_padding"] == (1, 1)


NORM = "x: 2x8x4\ns: parameter 8\nb: parameter 8\nm: buffer 8\nv: buffer 8\n"


@pytest.mark.parametrize(
    ("call", "node"),
    [
        (
            "aten.batch_norm.default(input=x, weight=s, bias=b, running_mean=m, running_var=v, training=False)",
            "z = BatchNormalization(x, s, b, m, v)",
        ),
        (
            "aten.batch_norm.default(input=x, weight=None, bias=None, running_mean=m, running_var=v, training=True)",
            "z = BatchNormalization(x, _, _, m, v)",
        ),
        ("aten.instance_norm.default(input=x, weight=s, bias=b)", "z = InstanceNormalization(x, s, b)"),
        ("aten.group_norm.default(input=x, num_groups=2, weight=s, bias=b)", "z = GroupNormalization(x, s, b)"),
        ("aten.layer_norm.default(input=x, normalized_shape=[4])", "z = LayerNormalization(x)"),
        ("aten.rms_norm.default(input=x, normalized_shape=[4], weight=s)", "z = RMSNormalization(x, s)"),
    ],
)
def test_normalisations(call: str, node: str) -> None:
    assert drawn(f"{NORM}z = {call} -> 2x8x4\nreturn z") == [node]


def test_layer_norm_is_over_as_many_axes_as_its_shape_names() -> None:
    text = f"{NORM}z = aten.layer_norm.default(input=x, normalized_shape=[8, 4], eps=0.5) -> 2x8x4\nreturn z"
    assert attributes(text) == {"axis": -2, "epsilon": 0.5}


@pytest.mark.parametrize(
    ("call", "kind", "shown"),
    [
        (
            "aten.max_pool2d.default(self=x, kernel_size=[3, 3], padding=[1, 1])",
            "MaxPool",
            {"kernel_shape": (3, 3), "strides": (3, 3), "pads": (1, 1, 1, 1), "ceil_mode": 0, "dilations": (1, 1)},
        ),
        (
            "aten.avg_pool2d.default(self=x, kernel_size=[2], stride=[1], ceil_mode=True, count_include_pad=False)",
            "AveragePool",
            {"kernel_shape": (2, 2), "strides": (1, 1), "pads": (0, 0, 0, 0), "ceil_mode": 1, "count_include_pad": 0},
        ),
        ("aten.adaptive_avg_pool2d.default(self=x, output_size=[1, 1])", "ReduceMean", {"keepdims": 1}),
        (
            "aten.adaptive_avg_pool2d.default(self=x, output_size=[4, 2])",
            "AdaptiveAveragePool",
            {"output_size": (4, 2)},
        ),
        (
            "aten.adaptive_max_pool2d.default(self=x, output_size=[4, 2])",
            "MaxPool",
            {"kernel_shape": (2, 4), "strides": (2, 4)},
        ),
    ],
)
def test_pooling(call: str, kind: str, shown: dict[str, object]) -> None:
    text = f"x: 1x3x8x8\nz = {call}\nreturn z"
    assert translated(text).nodes[-1].kind == kind
    assert attributes(text) == shown


@pytest.mark.parametrize(
    ("call", "nodes"),
    [
        ("aten.view.default(self=x, size=[8, -1])", ["z = Reshape(x, [8, -1])"]),
        ("aten.flatten.using_ints(self=x, start_dim=1)", ["z = Reshape(x, [0, -1])"]),
        (
            "aten.flatten.using_ints(self=x, start_dim=0, end_dim=1)",
            ["z.Shape = Shape(x)", "z.Concat = Concat([-1], z.Shape)", "z = Reshape(x, z.Concat)"],
        ),
        ("aten.unflatten.int(self=x, dim=-1, sizes=[2, 2])", ["z = Reshape(x, [0, 0, 2, 2])"]),
        ("aten.transpose.int(self=x, dim0=1, dim1=2)", ["z = Transpose(x)"]),
        ("aten.unsqueeze.default(self=x, dim=-1)", ["z = Unsqueeze(x, [3])"]),
        ("aten.squeeze.dim(self=x, dim=1)", ["z = Identity(x)"]),
        ("aten.expand.default(self=x, size=[5, -1, -1, -1])", ["z = Expand(x, [5, 1, 1, 1])"]),
        ("aten.slice.Tensor(self=x, dim=1, start=1)", ["z = Slice(x, [1], [9223372036854775807], [1])"]),
        ("aten.slice.Tensor(self=x, dim=-1, start=0, end=4, step=2)", ["z = Slice(x, [0], [4], [2], [2])"]),
        ("aten.select.int(self=x, dim=0, index=-1)", ["z = Gather(x, -1)"]),
        ("aten.narrow.default(self=x, dim=1, start=1, length=2)", ["z = Slice(x, [1], [3], [1])"]),
        ("aten.cat.default(tensors=[x, x], dim=-1)", ["z = Concat(x, x)"]),
        ("aten.stack.default(tensors=[x, x], dim=-1)", ["z = Stack(x, x)"]),
        (
            "aten.repeat.default(self=x, repeats=[2, 1, 1, 3])",
            ["z.Unsqueeze = Unsqueeze(x, [0])", "z = Tile(z.Unsqueeze, [2, 1, 1, 3])"],
        ),
        ("aten.pad.default(self=x, pad=[1, 2, 0, 3])", ["z = Pad(x, [0, 0, 1, 0, 3, 2])"]),
        ("aten.roll.default(self=x, shifts=[1], dims=[-1])", ["z = Roll(x)"]),
        ("aten.index_select.default(self=x, dim=1, index=i)", ["z = Gather(x, i)"]),
        ("aten.index.Tensor(self=x, indices=[None, i])", ["z = Gather(x, i)"]),
        (
            "aten.index.Tensor(self=x, indices=[i, i])",
            ["z.Stack = Stack(i, i)", "z = GatherND(x, z.Stack)"],
        ),
        ("aten.zeros_like.default(self=x)", ["z.Shape = Shape(x)", "z = ConstantOfShape(z.Shape, 0.0)"]),
        ("aten.full.default(size=[2, 3], fill_value=7.0)", ["z = ConstantOfShape([2, 3], 7.0)"]),
        ("aten.arange.start(start=1, end=5)", ["z = Range(1, 5, 1)"]),
        ("aten.embedding.default(weight=x, indices=i)", ["z = Gather(x, i)"]),
    ],
)
def test_movement_indexing_and_creation(call: str, nodes: list[str]) -> None:
    assert drawn(f"x: 2x3x4\ni: 5:int64\nz = {call}\nreturn z") == nodes


def test_axes_are_counted_from_the_front() -> None:
    """A merge written as stack(...).sum(...) is recognised by its axis: -1 and 3 must be one."""
    text = "x: 2x3x4\nz = aten.stack.default(tensors=[x, x], dim=-1) -> 2x3x4x2\nreturn z"
    assert attributes(text) == {"axis": 3}


def test_parts_of_a_split_are_different_values() -> None:
    text = "x: 2x7\na, b = aten.chunk.default(self=x, chunks=2, dim=1) -> 2x4, 2x3\nreturn a, b"
    assert drawn(text) == ["a, b = Split(x, [4, 3])"]


def test_unbound_parts_lose_their_axis() -> None:
    text = "x: 2x7\na, b = aten.unbind.int(self=x) -> 7, 7\nreturn a, b"
    assert drawn(text) == [
        "a.Split, a.Split~1 = Split(x)",
        "a = Squeeze(a.Split, [0])",
        "b = Squeeze(a.Split~1, [0])",
    ]


def test_a_symbolic_size_is_computed_from_the_shape() -> None:
    text = """
        x: sx6
        n = aten.sym_size.int(self=x, dim=0) -> scalar:int64
        m = _operator.mul(a=n, b=2) -> scalar:int64
        z = aten.view.default(self=x, size=[m, 3]) -> 2*sx3
        return z
    """
    assert drawn(text) == [
        "n.Shape = Shape(x)",
        "n = Squeeze(n.Shape, [0])",
        "m = Mul(n, 2)",
        "z.Reshape = Reshape(m, [1])",
        "z.Concat = Concat(z.Reshape, [3])",
        "z = Reshape(x, z.Concat)",
    ]


def test_what_is_not_known_stays_opaque() -> None:
    text = "x: 2\ny: 2\na, b = mylib.mix.fast(left=x, others=[y, 3], how='well') -> 2, 2\nreturn a, b"
    draft = translated(text)
    assert [(node.kind, node.inputs, node.outputs) for node in draft.nodes] == [
        ("mylib::mix.fast", ("x", "y"), ("a", "b"))
    ]


def test_an_overload_that_a_rule_does_not_fit_stays_opaque() -> None:
    """The p-norm for p = 3 is none of the canonical reductions."""
    text = "x: 2x4\nz = aten.linalg_vector_norm.default(self=x, ord=3.0) -> 2\nreturn z"
    assert drawn(text) == ["z = aten::linalg_vector_norm.default(x)"]


def test_an_output_that_nobody_reads_is_not_made_opaque() -> None:
    """Attention's second output, the log-sum-exp of the scores, is for the backward pass."""
    op = "aten._scaled_dot_product_flash_attention_for_cpu.default"
    text = f"q: 1x2x5x4\nz, unused = {op}(query=q, key=q, value=q) -> 1x2x5x4, 1x2x5\nreturn z"
    assert drawn(text) == ["z = Attention(q, q, q)"]


def test_checks_make_nothing() -> None:
    check = "_ = aten._assert_tensor_metadata.default(a=x, dtype='float32')"
    text = f"x: 2\n{check}\nz = aten.relu.default(self=x) -> 2\nreturn z"
    assert drawn(text) == ["z = Relu(x)"]


def test_a_node_keeps_its_name_and_the_operator_as_the_file_has_it() -> None:
    draft = translated("x: 2\nz = aten.relu_.default(self=x) -> 2\nreturn z")
    assert [(node.name, node.label, node.kind) for node in draft.nodes] == [("z", "aten.relu_.default", "Relu")]


def test_no_operator_is_listed_in_place() -> None:
    """What "aten.add_" means follows from "aten.add": a row of its own would be a second meaning."""
    assert [name for name in VOCABULARY if name.endswith("_") and not name.endswith("__")] == []


# -- quantisers that only pretend to -----------------------------------------------------------------------------------

LEARNED = "x: 2x4\ns: scalar\np: scalar\n"


@pytest.mark.parametrize(
    ("bounds", "dtype"),
    [
        ((-128, 127), "int8"),
        ((0, 255), "uint8"),
        ((-32768, 32767), "int16"),
        ((0, 65535), "uint16"),
        ((0, 70000), "int32"),
    ],
)
def test_a_fake_quantiser_is_a_pair_of_one_scale(bounds: tuple[int, int], dtype: str) -> None:
    call = "aten.fake_quantize_per_tensor_affine.default(self=x, scale=0.5, zero_point=3, quant_min={}, quant_max={})"
    draft = translated(f"{PAIR}z = {call.format(*bounds)} -> 2x4\nreturn z")
    written, read = draft.nodes
    assert [written.kind, read.kind] == ["QuantizeLinear", "DequantizeLinear"]
    assert written.inputs[1:] == read.inputs[1:]
    zero = next(tensor for tensor in draft.tensors if tensor.name == read.inputs[2])
    assert (zero.dtype, zero.data) == (dtype, (3,))
    assert (written.attributes["quant_min"], written.attributes["quant_max"]) == bounds


def test_a_zero_point_that_is_a_tensor_is_fitted() -> None:
    call = "aten._fake_quantize_learnable_per_tensor_affine.default"
    draft = translated(
        f"{LEARNED}z = {call}(self=x, scale=s, zero_point=p, quant_min=-8, quant_max=7) -> 2x4\nreturn z"
    )
    assert [node.kind for node in draft.nodes] == ["QuantizeLinear", "DequantizeLinear"]
    assert draft.nodes[0].attributes["dynamic"] == 1


# -- operators without a rule ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "node"),
    [
        ("aten.xlogy.Tensor(self=x, other=y)", "z = Pointwise(x, y)"),
        ("aten.cosine_similarity.default(x1=x, x2=y)", "z = Uncontracted(x, y)"),
        ("aten.cdist.default(x1=x, x2=y)", "z = com.microsoft::CDist(x, y)"),
        ("aten.cdist.default(x1=x, x2=y, p=1.0)", "z = aten::cdist.default(x, y)"),
        ("aten.arctan.default(self=x)", "z = Atan(x)"),
        ("aten.negative_.default(self=x)", "z = Neg(x)"),
        ("aten.hstack.default(tensors=[x, y])", "z = Concat(x, y)"),
        ("aten._add_relu.Tensor(self=x, other=y)", "z = Relu(z.Add)"),
        ("aten.linalg_vecdot.default(x=x, y=y)", "z = Einsum(x, y)"),
        ("aten._grouped_mm.default(self=x, mat2=y)", "z = GroupedMatMul(x, y)"),
    ],
)
def test_every_operator_has_a_place(call: str, node: str) -> None:
    assert drawn(f"{PAIR}z = {call} -> 2x4\nreturn z")[-1] == node

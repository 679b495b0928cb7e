from __future__ import annotations

import re

import pytest

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from tests.loaders.aten.programs import drawn, translated


def test_inputs_outputs_and_what_is_stored() -> None:
    draft = translated("""
        x: 1x4
        w: parameter 4x4
        m: buffer 4
        y = aten.linear.default(input=x, weight=w) -> 1x4
        z = aten.sub.Tensor(self=y, other=m) -> 1x4
        return z, y, z
    """)
    assert draft.inputs == (("x", TensorType((1, 4), "float32")),)
    assert draft.outputs == ("z", "y")
    assert [(tensor.name, tensor.shape, tensor.learned) for tensor in draft.tensors] == [
        ("w", (4, 4), True),
        ("m", (4,), False),
    ]
    assert draft.recorded["y"] == TensorType((1, 4), "float32")


def test_no_two_tensors_share_a_name() -> None:
    """A parameter may be called like an op's result; so may a result and a part of what a rule writes."""
    assert drawn("""
        x: 4
        mul: parameter 4
        y = aten.add.Tensor(self=x, other=mul, alpha=2) -> 4
        z = aten.neg.default(self=y) -> 4
        return z
    """) == ["y.Mul = Mul(mul, 2)", "y = Add(x, y.Mul)", "z = Neg(y)"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x: 4\nz = aten.neg.default(self=y) -> 4\nreturn z", "node 'z' reads 'y' before anything made it"),
        (
            "x: 4\nz = aten.neg.default(self=y) -> 4\ny = aten.neg.default(self=x) -> 4\nreturn z",
            "node 'z' reads 'y' before anything made it",
        ),
        (
            "x: 4\ny = aten.neg.default(self=x) -> 4\ny = aten.abs.default(self=x) -> 4\nreturn y",
            "node 'y' makes 'y' again",
        ),
        ("x: 4\nx = aten.neg.default(self=x) -> 4\nreturn x", "node 'x' makes 'x' again"),
        ("x: 4x2\ny, y = aten.unbind.int(self=x) -> 2, 2\nreturn y", "node 'y' makes 'y' again"),
        ("x: 4\nreturn y", "the model hands back 'y', which nothing makes"),
    ],
)
def test_a_program_that_cannot_run_is_refused(text: str, reason: str) -> None:
    """In-place ops mean what they do only in the order in which they run, so nothing is sorted."""
    with pytest.raises(UnreadableModel, match=re.escape(reason)):
        translated(text)


@pytest.mark.parametrize(
    "call",
    [
        "aten.add.Tensor(self=x)",
        "aten.add.Tensor(self=x, other=[1, 2])",
        "aten.conv2d.default(input=x, weight=3)",
        "aten.conv2d.default(input=x, weight=x, stride='fast')",
        "aten.transpose.int(self=x, dim0=0, dim1=9)",
        "aten.split.Tensor(self=x, split_size=0)",
        "aten.chunk.default(self=x, chunks=-1)",
        "aten.unfold.default(self=x, dimension=0, size=-3, step=0)",
        "aten.pad.default(self=x, pad=[1, 2, 3])",
        "aten.stack.default(tensors=[])",
        "aten.cat.default(tensors=[])",
        "aten.lstm.input(input=x, hx=[x], params=[], num_layers=10000000000)",
        "aten.max_pool2d.default(self=x, kernel_size=[])",
        "aten.tensor_split.sections(self=x, sections=1000000000)",
        "aten.einsum.default(equation=3, tensors=[x])",
        "aten.var.correction(self=x, correction=None, dim=[])",
        "aten.repeat_interleave.self_int(self=x, repeats=2)",
        "aten.movedim.intlist(self=x, source=[0, 1], destination=[7])",
        "aten.slice.Tensor(self=x, dim=0, start='a')",
        "aten.index.Tensor(self=x, indices=[])",
        "aten.layer_norm.default(input=x, normalized_shape=[4], eps=1" + "0" * 400 + ")",
        "aten.dropout.default(input=x, train=True, p=1" + "0" * 400 + ")",
        "aten.split.Tensor(self=s, split_size=1)",
        "aten.chunk.default(self=s, chunks=1)",
        "aten.var.correction(self=s, dim=[0], correction=1)",
        "aten.std_mean.correction(self=s, dim=[0])",
        "aten.permute.default(self=x, dims=[0, 0])",
        "aten.slice.Tensor(self=s, dim=0, end=1)",
        "aten.unfold.default(self=s, dimension=0, size=1, step=1)",
        "aten.repeat_interleave.self_int(self=s, repeats=2, dim=0)",
    ],
)
def test_absurd_arguments_do_no_harm(call: str) -> None:
    """Whatever they become, it is a graph."""
    nodes = drawn(f"x: 4\ns: scalar\nz = {call} -> 4\nreturn z")
    assert any(node.startswith("z = ") for node in nodes)


def test_a_quantiser_says_which_integers_it_writes_and_a_dropout_whether_it_drops() -> None:
    pair = "input={}, scale=0.5, zero_point=3, quant_min=0, quant_max=255, dtype='uint8'"
    draft = translated(f"""
        x: 1x4
        q = quantized_decomposed.quantize_per_tensor.default({pair.format("x")}) -> 1x4:uint8
        d = quantized_decomposed.dequantize_per_tensor.default({pair.format("q")}) -> 1x4
        k = aten.dropout.default(input=d, p=0.5, train=False) -> 1x4
        r = aten.dropout.default(input=k, p=0.5, train=True) -> 1x4
        return r
    """)
    quantise, dequantise, kept, dropped = draft.nodes
    assert dict(quantise.attributes) == {"quant_min": 0, "quant_max": 255}
    assert quantise.inputs[1:] == dequantise.inputs[1:]
    assert [tensor.data for tensor in draft.tensors if tensor.dtype == "uint8"] == [(3,)]
    assert (kept.inputs, dict(kept.attributes)) == (("d",), {})
    assert (dropped.inputs[0], len(dropped.inputs), dict(dropped.attributes)) == ("k", 2, {"training": 1})


CHOOSING = """
    x: 2x4
    w: parameter 4x4:int8
    k: buffer 4
    s, z = {choose} -> 2x1, 2x1:int64
    q = {quantise} -> 2x4:uint8
    d = {dequantise} -> 2x4
    v = {read} -> 4x4
    f = aten.linear.default(input=x, weight=v) -> 2x4
    r = aten.relu.default(self=f) -> 2x4
    y = aten.add.Tensor(self=d, other=r) -> 2x4
    return y
"""
"""x goes past a layer in eight bits, with a scale that is found while the model runs; so do the layer's weights."""

OWN = {
    "choose": "quantized_decomposed.choose_qparams_per_token_asymmetric.default(input=x, dtype='uint8')",
    "quantise": "quantized_decomposed.quantize_per_token.default(input=x, scales=s, zero_points=z, quant_min=0, "
    "quant_max=255, dtype='uint8')",
    "dequantise": "quantized_decomposed.dequantize_per_token.default(input=q, scales=s, zero_points=z, quant_min=0, "
    "quant_max=255, dtype='uint8', output_dtype='float32')",
    "read": "quantized_decomposed.dequantize_per_channel_group.default(input=w, scales=k, quant_min=-128, "
    "quant_max=127, dtype='int8', group_size=4, output_dtype='float32')",
}
TORCHAO = {
    "choose": "torchao.choose_qparams_affine.default(input=x, mapping_type='ASYMMETRIC', block_size=[1, 4], "
    "target_dtype='uint8')",
    "quantise": "torchao.quantize_affine.default(input=x, block_size=[1, 4], scale=s, zero_point=z, "
    "output_dtype='uint8', quant_min=0, quant_max=255)",
    "dequantise": "torchao.dequantize_affine.default(input=q, block_size=[1, 4], scale=s, zero_point=z, "
    "input_dtype='uint8', output_dtype='float32')",
    "read": "torchao.dequantize_affine.default(input=w, block_size=[1, 4], scale=k, input_dtype='int8')",
}


@pytest.mark.parametrize("ops", [OWN, TORCHAO], ids=["pytorch", "torchao"])
def test_a_scale_that_is_found_while_the_model_runs_fits_what_is_quantised_with_it(ops: dict[str, str]) -> None:
    """Nothing is opaque, and nothing cut off: an identity, 16 weights as integers, 2 x 4 x 4 = 32 MACs."""
    model = audit_draft(translated(CHOOSING.format(**ops)))
    assert [(shortcut.kind, shortcut.quantisation) for shortcut in model.shortcuts] == [("identity", "shortcut only")]
    assert (model.totals.parameters, model.totals.macs, model.totals.lower_bound) == (16, 32, False)


def test_eight_bit_floats_have_no_zero_point() -> None:
    draft = translated("""
        x: 4
        s = torchao.choose_scale_float8.default(tensor=x, block_size=[4]) -> scalar
        q = torchao.quantize_affine_float8_non_decomposed.default(tensor=x, scale=s, float8_dtype='float8e4m3fn') -> 4
        d = torchao.dequantize_affine_float8_non_decomposed.default(tensor=q, scale=s) -> 4
        return d
    """)  # fmt: skip
    assert [node.kind for node in draft.nodes] == ["QuantisationOf", "QuantizeLinear", "DequantizeLinear"]


def test_bytes_and_scales_are_a_matrix() -> None:
    """quanto's own op: 2 rows of 4 by the transposed matrix of 3 x 4 bytes, 24 MACs."""
    model = audit_draft(
        translated("""
        x: 2x4
        w: parameter 3x4:int8
        s: buffer 3x1
        y = quanto.qbytes_mm.default(A=x, B=w, scales=s) -> 2x3
        return y
    """)
    )
    assert (model.totals.parameters, model.totals.macs, model.totals.lower_bound) == (12, 24, False)

"""Which canonical ops stand behind a fused one?

Optimisers and quantisers write one node where the model had several: SkipLayerNormalization is an addition and a
normalisation, QLinearAdd an addition between dequantised values, a Gemm whose C is computed in the graph a matrix
product and an addition. Each is unfolded for analysis, under the name that the node has in the file.

`UNFOLDINGS` lists them all. Cases:
1. the same operator under another name (com.microsoft's Gelu);
2. quantised operators: dequantise every operand, apply the plain operator, quantise the result (quantised.py);
3. an operator with an addition of a residual inside;
4. an operator with an activation behind it, or a bias and one;
5. an operator on images whose channels stand last: the channels are moved, and the result's are moved back.
Slots: ONNX operator specification, and ONNX Runtime's ContribOperators.md for domain com.microsoft.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shortcut_audit.assembly import quantised
from shortcut_audit.assembly.parts import IsValue, Parts
from shortcut_audit.frozen import frozen, replace
from shortcut_audit.graph.draft import Node
from shortcut_audit.graph.model import Attribute
from shortcut_audit.graph.naming import Names
from shortcut_audit.operators.equation import readable


def unfold(node: Node, names: Names, is_value: IsValue) -> tuple[Node, ...]:
    """The canonical nodes that a node stands for; the node alone where it is canonical already.

    Also where it asks for what its operator does not make, or has attributes that make no sense: it stays opaque.
    """
    layout = LAYOUTS.get(node.kind)
    if layout is not None and node.attributes.get("channels_last", layout.last):
        before, inner, behind = _channels_first(node, layout, names)  # 5
        return (*before, *unfold(inner, names, is_value), *behind)
    alias = ALIASES.get(node.kind)  # 1
    if alias is not None:
        node = replace(node, kind=alias, label=node.label or node.kind)
    unfolding = UNFOLDINGS.get(node.kind)
    if unfolding is None:
        return (node,)
    parts = Parts(node, names, is_value)
    unfolding(parts)
    made = {name for part in parts.nodes for name in part.outputs}
    return tuple(parts.nodes) if parts.nodes and made.issuperset(filter(None, node.outputs)) else (node,)


@frozen
class Layout:
    """How an operator takes images whose channels stand last."""

    images: tuple[int, ...] = (0,)
    """Input slots whose channels stand last."""
    last: int = 1
    """Whether they do where no attribute `channels_last` says so."""
    kind: str = ""
    """The operator for images whose channels come second; empty: the same."""


def _channels_first(node: Node, layout: Layout, names: Names) -> tuple[list[Node], Node, list[Node]]:
    """The operator with its images' channels second; what moves them there, and what moves the result's back."""
    kernel = node.attributes.get("kernel_shape")
    rank = 2 + (len(kernel) if isinstance(kernel, tuple) else 2)
    ahead, back = (0, rank - 1, *range(1, rank - 1)), (0, *range(2, rank), 1)
    parts = Parts(node, names, lambda name: True)
    inputs = tuple(
        parts.add("Transpose", name, attributes={"perm": ahead}) if slot in layout.images and name is not None else name
        for slot, name in enumerate(node.inputs)
    )
    before, parts.nodes = parts.nodes, []
    moved = tuple(None if name is None else parts.new_name() for name in node.outputs)
    for name, made in zip(moved, node.outputs, strict=True):
        if name is not None:
            parts.add("Transpose", name, to=made, attributes={"perm": back})
    kept = {name: value for name, value in node.attributes.items() if name != "channels_last"}
    label, kind = node.label or node.kind, layout.kind or node.kind
    if not layout.last:
        kept["channels_last"] = 0
    return before, replace(node, kind=kind, label=label, inputs=inputs, outputs=moved, attributes=kept), parts.nodes


INTERNAL = "Conv ConvTranspose MaxPool AveragePool GlobalAveragePool GlobalMaxPool BatchNormalization"

LAYOUTS: Mapping[str, Layout] = {
    "com.microsoft::QLinearConv": Layout(last=0),
    "com.microsoft::QLinearAveragePool": Layout(last=0),
    "com.microsoft::QLinearGlobalAveragePool": Layout(last=0),
    "com.microsoft::NhwcMaxPool": Layout(kind="MaxPool"),
    "com.microsoft::NhwcConv": Layout((0, 1), kind="Conv"),  # the kernel's, too (fusion_nhwc_conv.py)
    "com.microsoft::NhwcFusedConv": Layout((0, 3), kind="com.microsoft::FusedConv"),
    **{f"com.ms.internal.nhwc::{kind}": Layout(kind=kind) for kind in INTERNAL.split()},
}
"""Case 5: operators on images whose channels may stand last."""

ALIASES: Mapping[str, str] = {
    "com.microsoft::QuantizeLinear": "QuantizeLinear",
    "com.microsoft::DequantizeLinear": "DequantizeLinear",
    "com.microsoft::QuickGelu": "Gelu",
    "com.microsoft::SimplifiedLayerNormalization": "SimplifiedLayerNormalization",
    "com.microsoft::Inverse": "Inverse",
    "com.microsoft::MatMulInteger16": "MatMul",
    "com.microsoft::TransposeMatMul": "com.microsoft::FusedMatMul",
    "com.microsoft::Trilu": "Trilu",
    "com.microsoft::GridSample": "GridSample",
    "com.microsoft.nchwc::MaxPool": "MaxPool",
    "com.microsoft.nchwc::AveragePool": "AveragePool",
    "com.microsoft.nchwc::GlobalMaxPool": "GlobalMaxPool",
    "com.microsoft.nchwc::GlobalAveragePool": "GlobalAveragePool",
}
"""Case 1: operators that are canonical ones under another name, with the same slots and attributes."""


def _gemm(parts: Parts) -> None:
    """Gemm: alpha A B + beta C. Where C is a value, the addition is one of values (case 3); beta 0 adds nothing."""
    activation, beta = parts.fused.attributes.get("activation"), parts.fused.attributes.get("beta", 1.0)
    addend = parts.input(2) if beta != 0 else None
    last = None if activation else parts.output(0)
    kept = parts.kept("alpha", "transA", "transB")
    if addend is not None and parts.is_value(addend):
        made = parts.add("Gemm", parts.input(0), parts.input(1), attributes=kept)
        made = parts.add("Add", made, _scaled(parts, addend, beta), to=last)
    elif activation or beta == 0:
        made = parts.add("Gemm", parts.input(0), parts.input(1), addend, to=last, attributes=kept)
    else:
        return
    _activate(parts, made, parts.output(0))


def _scaled(parts: Parts, name: str, factor: Attribute) -> str:
    return name if factor == 1.0 else parts.add("Scale", name, attributes={"factor": factor})


def _convolution(parts: Parts) -> None:
    """FusedConv, nchwc Conv: activation(Conv(X, W, B) + Z) (cases 3 and 4)."""
    residual = parts.input(3)
    activation = parts.fused.attributes.get("activation")
    attributes = parts.kept("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
    last = parts.output(0)
    made = parts.add(
        "Conv", *parts.fused.inputs[:3], to=None if residual or activation else last, attributes=attributes
    )
    if residual is not None:
        made = parts.add("Add", made, residual, to=None if activation else last)
    _activate(parts, made, last)


ACTIVATIONS = frozenset("Relu LeakyRelu Elu Clip HardSigmoid HardSwish Sigmoid Tanh Gelu Softplus".split())
"""What ONNX Runtime fuses behind a contraction (conv_activation_fusion.cc, gemm_activation_fusion.cc)."""


def _activate(parts: Parts, made: str, to: str | None) -> None:
    """The activation that a fused node names, if it names one; an operator of its own where nobody knows it."""
    activation = parts.fused.attributes.get("activation")
    if isinstance(activation, str) and activation:
        parts.add(activation if activation in ACTIVATIONS else f"activation::{activation}", made, to=to)


def _skip_norm(norm: str, beta: int | None, bias: int) -> Callable[[Parts], None]:
    """SkipLayerNormalization family: norm(input + skip + bias); output 3 is the sum (case 3)."""

    def unfolding(parts: Parts) -> None:
        shift, total = parts.input(bias), parts.output(3)
        made = parts.add("Add", parts.input(0), parts.input(1), to=total if shift is None else None)
        if shift is not None:
            made = parts.add("Bias", made, shift, to=total)
        learned = [parts.input(2)] if beta is None else [parts.input(2), parts.input(beta)]
        if parts.output(0) is not None:
            parts.add(norm, made, *learned, to=parts.output(0), attributes={"axis": -1})
        for slot in (1, 2):
            if parts.output(slot) is not None:
                parts.add("ReduceMean", made, to=parts.output(slot), attributes={"axes": (-1,), "keepdims": 1})

    return unfolding


def _skip_group_norm(parts: Parts) -> None:
    """SkipGroupNorm: GroupNorm(X + skip + bias); output 1 is the sum (case 3)."""
    bias, total = parts.input(4), parts.output(1)
    made = parts.add("Add", parts.input(0), parts.input(3), to=total if bias is None else None)
    if bias is not None:
        made = parts.add("Bias", made, bias, to=total)
    _group_norm_of(parts, made)


def _group_norm(parts: Parts) -> None:
    """GroupNorm: a normalisation, and a SiLU where `activation` is 1 (case 4)."""
    given = parts.input(0)
    if given is not None:
        _group_norm_of(parts, given)


def _group_norm_of(parts: Parts, given: str) -> None:
    """Of images whose channels stand last, unless `channels_last` is 0; it is moved there and back (case 5)."""
    last, active = parts.fused.attributes.get("channels_last", 1), parts.fused.attributes.get("activation", 0)
    groups = parts.fused.attributes.get("groups")
    if last:
        given = parts.add("Transpose", given, attributes={"perm": (0, 3, 1, 2)})
    made = parts.add(
        "GroupNormalization", given, parts.input(1), parts.input(2),
        to=None if last or active else parts.output(0), attributes={"num_groups": groups, **parts.kept("epsilon")},
    )  # fmt: skip
    if active:
        kind = "Swish" if active == 1 else f"activation::{active}"
        made = parts.add(kind, made, to=None if last else parts.output(0))
    if last:
        parts.add("Transpose", made, to=parts.output(0), attributes={"perm": (0, 2, 3, 1)})


def _fast_gelu(parts: Parts) -> None:
    """GemmFastGelu: gelu(X W + bias) (case 4)."""
    made = parts.add("MatMul", parts.input(0), parts.input(1))
    if parts.input(2) is not None:
        made = parts.add("Bias", made, parts.input(2))
    parts.add("Gelu", made, to=parts.output(0))


def _activated_matmul(parts: Parts) -> None:
    """FusedMatMulActivation: an activation of a product (case 4)."""
    kept = parts.kept("alpha", "transA", "transB", "transBatchA", "transBatchB")
    made = parts.add("com.microsoft::FusedMatMul", parts.input(0), parts.input(1), attributes=kept)
    _activate(parts, made, parts.output(0))


def _bias_add(parts: Parts) -> None:
    """BiasAdd: X + bias + skip (case 3)."""
    made = parts.add("Bias", parts.input(0), parts.input(1))
    parts.add("Add", made, parts.input(2), to=parts.output(0))


def _bias_dropout(parts: Parts) -> None:
    """BiasDropout: dropout(data + bias) + residual (case 3)."""
    made = parts.add("Bias", parts.input(0), parts.input(1))
    residual = parts.input(2)
    made = parts.add("Dropout", made, to=None if residual else parts.output(0))
    if residual is not None:
        parts.add("Add", made, residual, to=parts.output(0))


def _embed_norm(parts: Parts) -> None:
    """EmbedLayerNormalization: norm(word[ids] + position[positions] + segment[segments]); output 2 is the sum."""
    words = parts.add("Gather", parts.input(2), parts.input(0), attributes={"axis": 0})
    segments = (
        parts.input(1)
        and parts.input(4)
        and parts.add("Gather", parts.input(4), parts.input(1), attributes={"axis": 0})
    )
    positions = parts.input(8)
    if positions is not None:
        made = parts.add("Add", words, parts.add("Gather", parts.input(3), positions, attributes={"axis": 0}))
    else:
        made = parts.add("Bias", words, parts.input(3))
    if segments:
        made = parts.add("Add", made, segments)
    if parts.output(2) is not None:
        parts.add("Identity", made, to=parts.output(2))
    parts.add("LayerNormalization", made, parts.input(5), parts.input(6), to=parts.output(0), attributes={"axis": -1})
    if parts.output(1) is not None:
        parts.add(
            "ReduceSum", parts.input(7) or parts.input(0), to=parts.output(1), attributes={"axes": (1,), "keepdims": 0}
        )


def _causal_convolution(parts: Parts) -> None:
    """CausalConvWithState of ONNX Runtime: that of ONNX, whose channels may stand last (cases 1 and 5).

    In several dimensions, with several states, or on a slice of the channels it is an operator of its own.
    """
    given = parts.fused.attributes
    own = ("state_window", "state_length", "state_update_capacity", "input_channels", "input_channel_offset")
    if given.get("ndim", 1) != 1 or any(given.get(name, 0) != 0 for name in own) or parts.output(2) is not None:
        return
    if given.get("state_channels_last", -1) != -1:
        return
    moved = {"perm": (0, 2, 1)} if given.get("channels_last", 0) else None

    def ahead(name: str | None) -> str | None:
        return name if moved is None or name is None else parts.add("Transpose", name, attributes=moved)

    inputs = (ahead(parts.input(0)), parts.input(1), parts.input(2), ahead(parts.input(3)))
    outputs = tuple(name and (name if moved is None else parts.new_name()) for name in parts.fused.outputs)
    kept, label = parts.kept("activation", "dilation"), parts.fused.label or parts.fused.kind
    parts.nodes.append(
        replace(parts.fused, kind="CausalConvWithState", label=label, inputs=inputs, outputs=outputs, attributes=kept)
    )
    for made, name in zip(outputs, parts.fused.outputs, strict=True):
        if moved is not None and made is not None:
            parts.add("Transpose", made, to=name, attributes=moved)


def _einsum(parts: Parts) -> None:
    """Einsum, where nobody can read what it does: an operator that is not understood, rather than a guess."""
    if not readable(parts.fused.attributes.get("equation"), len(parts.fused.inputs)):
        parts.add("UnknownEinsum", *parts.fused.inputs, to=parts.output(0))


def _layer_norm(parts: Parts) -> None:
    """LayerNormalization over several axes whose bias is computed: it may be all of F(x) + x's x (case 3)."""
    bias = parts.input(2)
    if bias is None or not parts.is_value(bias) or parts.fused.attributes.get("axis", -1) == -1:
        return
    outputs = (parts.new_name(), *parts.fused.outputs[1:])
    label = parts.fused.label or parts.fused.kind
    parts.nodes.append(replace(parts.fused, label=label, inputs=parts.fused.inputs[:2], outputs=outputs))
    parts.add("Add", outputs[0], bias, to=parts.output(0))


UNFOLDINGS: Mapping[str, Callable[[Parts], None]] = {
    "Einsum": _einsum,
    "LayerNormalization": _layer_norm,
    "Gemm": _gemm,
    "com.microsoft::FusedGemm": _gemm,
    "com.microsoft::FusedConv": _convolution,
    "com.microsoft.nchwc::Conv": _convolution,
    "com.microsoft::SkipLayerNormalization": _skip_norm("LayerNormalization", beta=3, bias=4),
    "com.microsoft::SkipSimplifiedLayerNormalization": _skip_norm("RMSNormalization", beta=None, bias=3),
    "com.microsoft::GemmFastGelu": _fast_gelu,
    "com.microsoft::FusedMatMulActivation": _activated_matmul,
    "com.microsoft::CausalConvWithState": _causal_convolution,
    "com.microsoft::GroupNorm": _group_norm,
    "com.microsoft::SkipGroupNorm": _skip_group_norm,
    "com.microsoft::EmbedLayerNormalization": _embed_norm,
    "com.microsoft::BiasAdd": _bias_add,
    "com.microsoft::BiasDropout": _bias_dropout,
    "com.microsoft::QLinearAdd": quantised.quantised("Add", (0, 3), 6),
    "com.microsoft::QLinearMul": quantised.quantised("Mul", (0, 3), 6),
    "com.microsoft::QLinearConcat": quantised.quantised_concat,
    "com.microsoft::QLinearWhere": quantised.quantised_where,
    "com.microsoft::QLinearSigmoid": quantised.quantised("Sigmoid", (0,), 3),
    "com.microsoft::QLinearLeakyRelu": quantised.quantised("LeakyRelu", (0,), 3),
    "com.microsoft::QLinearSoftmax": quantised.quantised("Softmax", (0,), 3),
    "com.microsoft::QLinearAveragePool": quantised.quantised("AveragePool", (0,), 3),
    "com.microsoft::QLinearGlobalAveragePool": quantised.quantised("GlobalAveragePool", (0,), 3),
    "com.microsoft::QLinearReduceMean": quantised.quantised("ReduceMean", (0,), 3),
    "com.microsoft::QLinearConv": quantised.quantised("Conv", (0, 3), 6, also=(8,)),
    "com.microsoft::QGemm": quantised.quantised("Gemm", (0, 3), 7, also=(6,)),
    "DynamicQuantizeLinear": quantised.quantise_dynamically,
    "QLinearConv": quantised.quantised("Conv", (0, 3), 6, also=(8,)),
    "QLinearMatMul": quantised.quantised("MatMul", (0, 3), 6),
    "MatMulInteger": quantised.integer("MatMul"),
    "ConvInteger": quantised.integer("Conv"),
    "com.microsoft::DynamicQuantizeMatMul": quantised.integer_matmul(scale=2, bias=4),
    "com.microsoft::MatMulIntegerToFloat": quantised.integer_matmul(scale=3, bias=6),
}
"""Cases 2 to 4: how each fused operator unfolds."""

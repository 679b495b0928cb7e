"""Which canonical ops stand behind a fused one?

Optimisers and quantisers write one node where the model had several: SkipLayerNormalization is an addition and a
normalisation, QLinearAdd an addition between dequantised values, a Gemm whose C is computed in the graph a matrix
product and an addition. Each is unfolded for analysis, under the name that the node has in the file.

`UNFOLDINGS` lists them all. Cases:
1. the same operator under another name (com.microsoft's Gelu);
2. quantised operators: dequantise every operand, apply the plain operator, quantise the result;
3. an operator with an addition of a residual inside;
4. an operator with an activation behind it.
Slots: ONNX operator specification, and ONNX Runtime's ContribOperators.md for domain com.microsoft.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from shortcut_audit.graph.draft import Node
from shortcut_audit.graph.model import Attribute
from shortcut_audit.graph.naming import Names

IsValue: TypeAlias = Callable[[str], bool]
"""Whether a name stands for a value (and not for a constant)."""


NONE: Mapping[str, Attribute] = {}


@dataclass(slots=True)
class Parts:
    """The canonical nodes of one fused node, under construction."""

    fused: Node
    names: Names
    """Those of the model's tensors: the names of parts must be new."""
    is_value: IsValue
    nodes: list[Node] = field(default_factory=list)

    def input(self, slot: int) -> str | None:
        """The name in an input slot of the fused node; None where it is left out."""
        return self.fused.inputs[slot] if slot < len(self.fused.inputs) else None

    def output(self, slot: int) -> str | None:
        """The name in an output slot of the fused node; None where nobody asks for it."""
        return self.fused.outputs[slot] if slot < len(self.fused.outputs) else None

    def add(
        self, kind: str, *inputs: str | None, to: str | None = None, attributes: Mapping[str, Attribute] = NONE
    ) -> str:
        """One more part; its result is called `to`, or by a new name."""
        made = to if to is not None else self._new_name()
        label = self.fused.label or self.fused.kind
        part = replace(self.fused, kind=kind, label=label, inputs=inputs, outputs=(made,), attributes=attributes)
        self.nodes.append(part)
        return made

    def _new_name(self) -> str:
        stem = next((name for name in self.fused.outputs if name is not None), self.fused.name)
        return self.names.beside(stem)

    def kept(self, *names: str) -> dict[str, Attribute]:
        """Attributes of the fused node that a part takes over; all of them when none is named."""
        given = self.fused.attributes
        return {name: given[name] for name in names or given if name in given}


def unfold(node: Node, names: Names, is_value: IsValue) -> tuple[Node, ...]:
    """The canonical nodes that a node stands for; the node alone where it is canonical already.

    Also where it asks for what its operator does not make, or has attributes that make no sense: it stays opaque.
    """
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


ALIASES: Mapping[str, str] = {
    "com.microsoft::QuantizeLinear": "QuantizeLinear",
    "com.microsoft::DequantizeLinear": "DequantizeLinear",
    "com.microsoft::QuickGelu": "Gelu",
    "com.microsoft::SimplifiedLayerNormalization": "SimplifiedLayerNormalization",
    "com.microsoft::Inverse": "Inverse",
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
    parts.add(
        "com.microsoft::GroupNorm", made, parts.input(1), parts.input(2), to=parts.output(0), attributes=parts.kept()
    )


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


def _quantised(
    kind: str, operands: tuple[int, ...], result: int, also: tuple[int, ...] = ()
) -> Callable[[Parts], None]:
    """Case 2. `operands` are slots of (tensor, scale, zero point) triples, `result` that of the result's scale.

    `also` are slots that go to the plain operator as they are: a bias in 32 bits.
    """

    def unfolding(parts: Parts) -> None:
        plain: list[str | None] = [_dequantised(parts, slot) for slot in operands]
        plain += [parts.input(slot) for slot in also]
        made = parts.add(kind, *plain, attributes=parts.kept())
        parts.add("QuantizeLinear", made, parts.input(result), parts.input(result + 1), to=parts.output(0))

    return unfolding


def _dequantised(parts: Parts, slot: int) -> str:
    return parts.add("DequantizeLinear", parts.input(slot), parts.input(slot + 1), parts.input(slot + 2))


def _quantised_concat(parts: Parts) -> None:
    """QLinearConcat: result scale and zero point come first, then a triple for each operand (case 2)."""
    operands = [_dequantised(parts, slot) for slot in range(2, len(parts.fused.inputs), 3)]
    made = parts.add("Concat", *operands, attributes=parts.kept("axis"))
    parts.add("QuantizeLinear", made, parts.input(0), parts.input(1), to=parts.output(0))


def _quantised_where(parts: Parts) -> None:
    """QLinearWhere: the condition comes first (case 2)."""
    made = parts.add("Where", parts.input(0), _dequantised(parts, 1), _dequantised(parts, 4))
    parts.add("QuantizeLinear", made, parts.input(7), parts.input(8), to=parts.output(0))


def _integer(kind: str) -> Callable[[Parts], None]:
    """MatMulInteger, ConvInteger: zero points in slots 2 and 3, no scales; the result is not rescaled (case 2)."""

    def unfolding(parts: Parts) -> None:
        parts.add(kind, parts.input(0), parts.input(1), to=parts.output(0), attributes=parts.kept())

    return unfolding


def _integer_matmul(scale: int, bias: int) -> Callable[[Parts], None]:
    """DynamicQuantizeMatMul, MatMulIntegerToFloat: A times dequantised B, plus bias (case 2)."""

    def unfolding(parts: Parts) -> None:
        weights = parts.add("DequantizeLinear", parts.input(1), parts.input(scale), None)
        shift = parts.input(bias)
        made = parts.add("MatMul", parts.input(0), weights, to=parts.output(0) if shift is None else None)
        if shift is not None:
            parts.add("Bias", made, shift, to=parts.output(0))

    return unfolding


def _quantise_dynamically(parts: Parts) -> None:
    """DynamicQuantizeLinear: x in 8 bits. Its scale and zero point follow from x, but are no data: as if stored (2)."""
    scale, zero = (parts.add(QUANTISATION, to=parts.output(slot)) for slot in (1, 2))
    parts.add("QuantizeLinear", parts.input(0), scale, zero, to=parts.output(0), attributes={"dynamic": 1})


QUANTISATION = "Quantisation"
"""A scale or zero point that a quantiser makes as it goes: reads nothing, and is therefore constant."""

UNFOLDINGS: Mapping[str, Callable[[Parts], None]] = {
    "Gemm": _gemm,
    "com.microsoft::FusedGemm": _gemm,
    "com.microsoft::FusedConv": _convolution,
    "com.microsoft.nchwc::Conv": _convolution,
    "com.microsoft::SkipLayerNormalization": _skip_norm("LayerNormalization", beta=3, bias=4),
    "com.microsoft::SkipSimplifiedLayerNormalization": _skip_norm("RMSNormalization", beta=None, bias=3),
    "com.microsoft::SkipGroupNorm": _skip_group_norm,
    "com.microsoft::EmbedLayerNormalization": _embed_norm,
    "com.microsoft::BiasAdd": _bias_add,
    "com.microsoft::BiasDropout": _bias_dropout,
    "com.microsoft::QLinearAdd": _quantised("Add", (0, 3), 6),
    "com.microsoft::QLinearMul": _quantised("Mul", (0, 3), 6),
    "com.microsoft::QLinearConcat": _quantised_concat,
    "com.microsoft::QLinearWhere": _quantised_where,
    "com.microsoft::QLinearSigmoid": _quantised("Sigmoid", (0,), 3),
    "com.microsoft::QLinearLeakyRelu": _quantised("LeakyRelu", (0,), 3),
    "com.microsoft::QLinearSoftmax": _quantised("Softmax", (0,), 3),
    "com.microsoft::QLinearAveragePool": _quantised("AveragePool", (0,), 3),
    "com.microsoft::QLinearGlobalAveragePool": _quantised("GlobalAveragePool", (0,), 3),
    "com.microsoft::QLinearReduceMean": _quantised("ReduceMean", (0,), 3),
    "com.microsoft::QLinearConv": _quantised("Conv", (0, 3), 6, also=(8,)),
    "com.microsoft::QGemm": _quantised("Gemm", (0, 3), 7, also=(6,)),
    "DynamicQuantizeLinear": _quantise_dynamically,
    "QLinearConv": _quantised("Conv", (0, 3), 6, also=(8,)),
    "QLinearMatMul": _quantised("MatMul", (0, 3), 6),
    "MatMulInteger": _integer("MatMul"),
    "ConvInteger": _integer("Conv"),
    "com.microsoft::DynamicQuantizeMatMul": _integer_matmul(scale=2, bias=4),
    "com.microsoft::MatMulIntegerToFloat": _integer_matmul(scale=3, bias=6),
}
"""Cases 2 to 4: how each fused operator unfolds."""

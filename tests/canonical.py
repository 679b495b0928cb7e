"""What numbers does a draft compute?

A small interpreter of canonical ops: ONNX's own by onnx's reference evaluator, one node at a time, the others here in
numpy. None stands for numbers that the draft does not tell: what an opaque op makes, random numbers, an unknown
literal, and whatever is computed from those.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import onnx
from onnx import helper
from onnx.reference import ReferenceEvaluator

from shortcut_audit.graph.draft import Draft, Node, Tensor

Array = np.ndarray[Any, Any]
Values = dict[str, "Array | None"]

OPSET = 24


def run(draft: Draft, given: Mapping[str, Array]) -> Values:
    """The value of every name, from those of inputs and stored tensors; literals tell their own."""
    values: Values = dict(given)
    for tensor in draft.tensors:
        if tensor.name not in values:
            values[tensor.name] = literal(tensor)
    for node in draft.nodes:
        made = evaluated(node, [None if name is None else values[name] for name in node.inputs])
        values.update((name, value) for name, value in zip(node.outputs, made, strict=True) if name is not None)
    return values


def literal(tensor: Tensor) -> Array | None:
    """A number written in the code."""
    if tensor.data is None or None in tensor.data:
        return None
    return np.array(tensor.data, dtype=tensor.dtype).reshape(tensor.shape)


def evaluated(node: Node, inputs: list[Array | None]) -> list[Array | None]:
    """What one node makes; None where a value that it reads is not known."""
    nothing: list[Array | None] = [None] * len(node.outputs)
    unknown = any(name is not None and value is None for name, value in zip(node.inputs, inputs, strict=True))
    if unknown or node.kind in UNTOLD or ("::" in node.kind and node.kind not in OWN) or _at_unknown_places(node):
        return nothing
    if node.kind in OWN:
        return [*_own(node.kind, inputs, node.attributes), *nothing][: len(nothing)]
    return list(reference(node.kind, node.attributes, inputs, len(node.outputs)))


def computed(
    kind: str, attributes: Mapping[str, Any], inputs: list[Array | None], outputs: int, opset: int
) -> list[Array]:
    """What one op makes as ONNX has it; those that it has not as they are here."""
    known = onnx.defs.has(kind) and onnx.defs.get_schema(kind).since_version <= opset
    if kind in OWN and (not known or kind in UNCALLED):
        return _own(kind, inputs, attributes)
    return reference(kind, attributes, inputs, outputs, opset)


def _own(kind: str, inputs: list[Array | None], attributes: Mapping[str, Any]) -> list[Array]:
    made = OWN[kind](*inputs, **attributes)
    return list(made) if isinstance(made, tuple) else [made]


def reference(
    kind: str, attributes: Mapping[str, Any], inputs: list[Array | None], outputs: int, opset: int = OPSET
) -> list[Array]:
    """What onnx's reference evaluator makes of one op. Attributes that ONNX does not know are left out."""
    schema = onnx.defs.get_schema(kind, opset, "")
    kept = tuple((name, value) for name, value in attributes.items() if name in schema.attributes and value is not None)
    read = tuple(f"i{slot}" if value is not None else "" for slot, value in enumerate(inputs))
    fed = {name: value for name, value in zip(read, inputs, strict=True) if value is not None}
    found: list[Array] = _evaluator(kind, kept, read, outputs, opset).run(None, fed)  # type: ignore[assignment]
    return found


@cache
def _evaluator(
    kind: str, attributes: tuple[tuple[str, Any], ...], read: tuple[str, ...], outputs: int, opset: int
) -> ReferenceEvaluator:
    made = [f"o{slot}" for slot in range(outputs)]
    node = helper.make_node(kind, read, made, **{name: _attribute(kind, name, value) for name, value in attributes})
    graph = helper.make_graph([node], "g", [_info(name) for name in read if name], [_info(name) for name in made])
    return ReferenceEvaluator(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)]))


def _attribute(kind: str, name: str, value: Any) -> Any:
    """An attribute as ONNX has it: what fills a tensor is a tensor of one element."""
    if (kind, name) != ("ConstantOfShape", "value"):
        return value
    kinds = {bool: onnx.TensorProto.BOOL, int: onnx.TensorProto.INT64, float: onnx.TensorProto.FLOAT}
    return helper.make_tensor("value", kinds[type(value)], [1], [value])


def _info(name: str) -> onnx.ValueInfoProto:
    return onnx.ValueInfoProto(name=name)


def _at_unknown_places(node: Node) -> bool:
    """Whether a scatter does not tell where, or forgets what was there."""
    return (node.kind == "ScatterND" and node.inputs[1] is None) or node.attributes.get("include_self") == 0


UNTOLD = frozenset(
    "RandomNormal RandomUniform RandomNormalLike RandomUniformLike Bernoulli Multinomial SequenceConstruct".split()
)
"""What changes from pass to pass, or is no tensor."""

UNCALLED = frozenset(("GroupNormalization", "GlobalLpPool"))
"""What ONNX has and its evaluator does not call: a function, and an op without an implementation."""


# --- kinds that ONNX has no name for, or of which the evaluator knows less --------------------------------------------


def _linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    made: Array = x @ weight.T
    return made if bias is None else made + bias


def _bilinear(left: Array, right: Array, weight: Array, bias: Array | None = None) -> Array:
    made: Array = np.einsum("...i,kij,...j->...k", left, weight, right)
    return made if bias is None else made + bias


def _filled(shape: Array, number: Array) -> Array:
    return np.full(shape, number)


def _global_lp_pool(x: Array, p: int = 2) -> Array:
    made: Array = (np.abs(x) ** p).sum(tuple(range(2, x.ndim)), keepdims=True) ** (1 / p)
    return made


def _roll(x: Array, axes: tuple[int, ...], shifts: tuple[int, ...]) -> Array:
    return np.roll(x, shifts, axes) if axes else np.roll(x, shifts[0])


def _space_to_depth(x: Array, blocksize: int, mode: str = "DCR") -> Array:
    """ONNX's order of channels is block first; ATen's, which `mode` CRD asks for, channel first."""
    n, c, h, w = x.shape
    b = blocksize
    parts = x.reshape(n, c, h // b, b, w // b, b)
    order = (0, 1, 3, 5, 2, 4) if mode == "CRD" else (0, 3, 5, 1, 2, 4)
    return parts.transpose(order).reshape(n, c * b * b, h // b, w // b)


def _adaptive_average(x: Array, output_size: tuple[int, ...]) -> Array:
    """Window i of n over a size s reaches from floor(i s / n) to ceil((i + 1) s / n)."""
    for axis, count in zip(range(x.ndim - len(output_size), x.ndim), output_size, strict=True):
        size = x.shape[axis]
        windows = [range(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
        x = np.stack([x.take(window, axis).mean(axis) for window in windows], axis)
    return x


def _modulo(left: Array, right: Array, fmod: int = 0) -> Array:
    return np.fmod(left, right) if fmod else np.mod(left, right)


def _resize(x: Array, roi: Any, scales: Array | None, sizes: Array | None = None, **attributes: Any) -> Array:
    """Image by image: the reference evaluator would blur batch and channels too, which stay as they are."""
    lead = x.shape[:2]
    flat = x.reshape(-1, *x.shape[2:])
    tail = (None, None, scales[2:]) if scales is not None else (None, None, None, sizes[2:])  # type: ignore[index]
    made = [reference("Resize", attributes, [image, *tail[1:]], 1)[0] for image in flat]
    return np.stack(made).reshape(*lead, *made[0].shape)


def _padded(x: Array, pads: Array, fill: Array | None = None, mode: str = "constant") -> Array:
    """Negative pads cut off."""
    before, behind = pads[: x.ndim], pads[x.ndim :]
    cut = tuple(slice(max(0, -a), n - max(0, -b)) for a, b, n in zip(before, behind, x.shape, strict=True))
    widths = np.maximum(np.stack([before, behind], 1), 0)
    if mode != "constant":
        return np.pad(x[cut], widths, mode=mode)  # type: ignore[call-overload,no-any-return]
    return np.pad(x[cut], widths, constant_values=0 if fill is None else fill.item())


def _normalised(
    x: Array, axes: tuple[int, ...], epsilon: float, scale: Array | None = None, shift: Array | None = None
) -> tuple[Array, Array, Array]:
    """Over some axes, then scale and shift; with mean and inverse deviation."""
    mean = x.mean(axes, keepdims=True)
    inverse = 1 / np.sqrt(x.var(axes, keepdims=True) + epsilon)
    made = (x - mean) * inverse
    return (made if scale is None else made * scale) + (0 if shift is None else shift), mean, inverse


def _along_channels(x: Array, number: Array | None) -> Array | None:
    return None if number is None else number.reshape(1, -1, *(1,) * (x.ndim - 2))


def _batch_norm(
    x: Array, scale: Any = None, shift: Any = None, mean: Any = None, var: Any = None, *, epsilon: float, **kept: int
) -> Array:
    scale, shift, mean, var = (_along_channels(x, number) for number in (scale, shift, mean, var))
    if kept["training_mode"] or mean is None:
        return _normalised(x, (0, *range(2, x.ndim)), epsilon, scale, shift)[0]
    made: Array = (x - mean) / np.sqrt(var + epsilon)
    return (made if scale is None else made * scale) + (0 if shift is None else shift)


def _instance_norm(x: Array, scale: Any = None, shift: Any = None, *, epsilon: float) -> Array:
    return _normalised(x, tuple(range(2, x.ndim)), epsilon, _along_channels(x, scale), _along_channels(x, shift))[0]


def _group_norm(x: Array, scale: Any = None, shift: Any = None, *, num_groups: int, epsilon: float = 1e-5) -> Array:
    grouped = x.reshape(x.shape[0], num_groups, -1)
    made = _normalised(grouped, (2,), epsilon)[0].reshape(x.shape)
    scale, shift = (_along_channels(x, number) for number in (scale, shift))
    return (made if scale is None else made * scale) + (0 if shift is None else shift)


def _layer_norm(
    x: Array, scale: Any = None, shift: Any = None, *, axis: int, epsilon: float
) -> tuple[Array, Array, Array]:
    return _normalised(x, tuple(range(axis, 0)), epsilon, scale, shift)


def _rms_norm(x: Array, scale: Any = None, *, axis: int, epsilon: float) -> Array:
    made: Array = x / np.sqrt((x**2).mean(tuple(range(axis, 0)), keepdims=True) + epsilon)
    return made if scale is None else made * scale


def _columns(x: Array, *, kernel_shape: Any, strides: Any, pads: Any, dilations: Any) -> Array:
    """Each window of an image as a column: [batch, channels x kernel, windows]."""
    x = np.pad(x, [(0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])])
    reach = [d * (k - 1) for d, k in zip(dilations, kernel_shape, strict=True)]
    rows = range(0, x.shape[2] - reach[0], strides[0])
    columns = range(0, x.shape[3] - reach[1], strides[1])
    windows = [
        x[:, :, r : r + reach[0] + 1 : dilations[0], c : c + reach[1] + 1 : dilations[1]].reshape(x.shape[0], -1)
        for r in rows
        for c in columns
    ]
    return np.stack(windows, -1)


def _rnn(
    x: Array,
    wide: Array,
    square: Array,
    bias: Array,
    _: Any,
    state: Array,
    *,
    activations: Any = ("Tanh",),
    **kept: Any,
) -> tuple[Array, Array]:
    """One direction; ONNX's reference evaluator knows no Relu here."""
    act = np.tanh if activations[0] == "Tanh" else lambda value: np.maximum(value, 0)
    hidden, size, made = state[0], square.shape[-1], []
    for step in x:
        hidden = act(step @ wide[0].T + hidden @ square[0].T + bias[0, :size] + bias[0, size:])
        made.append(hidden)
    return np.stack(made)[:, None], hidden[None]


def _elementwise(function: Callable[[float], float]) -> Callable[..., Array]:
    return lambda x: np.vectorize(function, otypes=[x.dtype])(x)


def _inverse_error_function(y: float) -> float:
    """The x of erf(x) = y, by Newton's method: the slope of erf is 2 / sqrt(pi) exp(-x^2)."""
    if abs(y) >= 1:
        return math.nan
    x = 0.0
    for _ in range(50):
        x -= (math.erf(x) - y) * math.sqrt(math.pi) / 2 * math.exp(x * x)
    return x


def _digamma(x: float) -> float:
    """The slope of lgamma."""
    return (math.lgamma(x + 1e-5) - math.lgamma(x - 1e-5)) / 2e-5


def _hardtanh(x: Array, min_val: float = -1.0, max_val: float = 1.0) -> Array:
    return np.clip(x, min_val, max_val)


OWN: Mapping[str, Callable[..., Any]] = {
    "AdaptiveAveragePool": _adaptive_average,
    "Atan2": np.arctan2,
    "BatchNormalization": _batch_norm,
    "Bias": lambda x, b: x + b,
    "Bilinear": _bilinear,
    "ConstantOfShape": _filled,
    "com.microsoft::CDist": lambda a, b, metric: np.linalg.norm(a[..., :, None, :] - b[..., None, :, :], axis=-1),
    "CumProd": lambda x, axis: np.cumprod(x, int(axis)),
    "Digamma": _elementwise(_digamma),
    "Erfc": _elementwise(math.erfc),
    "Erfinv": _elementwise(_inverse_error_function),
    "Expm1": np.expm1,
    "Frac": lambda x: x - np.trunc(x),
    "GlobalLpPool": _global_lp_pool,
    "GroupNormalization": _group_norm,
    "Hardtanh": _hardtanh,
    "I0": np.i0,
    "Im2Col": _columns,
    "InstanceNormalization": _instance_norm,
    "LayerNormalization": _layer_norm,
    "Lgamma": _elementwise(math.lgamma),
    "Linear": _linear,
    "Log1p": np.log1p,
    "Mod": _modulo,
    "Pad": _padded,
    "RMSNormalization": _rms_norm,
    "RNN": _rnn,
    "Relu6": lambda x: np.clip(x, 0, 6),
    "Resize": _resize,
    "Roll": _roll,
    "Rsqrt": lambda x: 1 / np.sqrt(x),
    "Scale": lambda x, factor: x * factor,
    "Sinc": np.sinc,
    "SpaceToDepth": _space_to_depth,
    "Stack": lambda *parts, axis: np.stack(parts, axis),
    "Trunc": np.trunc,
}

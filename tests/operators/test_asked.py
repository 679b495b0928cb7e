"""Is still known of operators what was known of them, and does what is less known contradict nothing?"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from shortcut_audit.graph.model import TensorType
from tests.operators.asked import Call, Input, recorded, told, write

if os.environ.get("WRITE_GOLDEN"):
    write([call for call, _ in recorded()])


def by_kind() -> dict[str, list[tuple[Call, tuple[str, ...]]]]:
    found = defaultdict(list)
    for call, answers in recorded():
        found[call.kind].append((call, answers))
    return found


KINDS = by_kind()


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_is_as_it_was(kind: str) -> None:
    for call, answers in KINDS[kind]:
        assert told(call) == answers, call


def contradicts(one: TensorType, other: TensorType) -> bool:
    """Whether no tensor can be both. An open size may be any."""
    if one.dtype != other.dtype and None not in (one.dtype, other.dtype):
        return True
    if one.data is not None and other.data is not None:
        pairs = list(zip(one.data, other.data, strict=True))
        return any(
            a != b and None not in (a, b) and not isinstance(a, str) and not isinstance(b, str) for a, b in pairs
        )
    if one.shape is None or other.shape is None:
        return False
    sizes = zip(one.shape, other.shape, strict=False)
    return len(one.shape) != len(other.shape) or any(a != b for a, b in sizes if type(a) is type(b) is int)


@pytest.mark.parametrize("kind", KINDS)
def test_who_knows_less_says_nothing_else(kind: str) -> None:
    for call, _ in KINDS[kind]:
        for name, other, less in call.variations():
            if less:
                assert not any(map(contradicts, call.made, other.made)), (call, name)


# --- what onnx says --------------------------------------------------------------------------------------------------

OTHERWISE = {
    "Attention": "of queries of four axes onnx takes the output's last axis from Q",
    "ConvTranspose": "onnx lets SAME padding be negative where the kernel is smaller than the stride",
    "Einsum": "onnx stretches no axis of size 1, as numpy does",
    "MaxUnpool": "onnx asks the indices how many channels there are",
    "Resize Upsample": "onnx multiplies in double precision, ONNX Runtime in single: 10 x 0.7 is 7",
    "STFT": "onnx divides by a step of 0",
}
"""Where onnx.shape_inference is not followed, and why. All but the last two are calls that contradict themselves."""


def written(call: Call) -> onnx.ModelProto | None:
    """The call as a model; None where onnx cannot say it: it knows no such operator, or some size is unknown."""
    if not onnx.defs.has(call.kind) or not all(one is None or _is_known(one) for one in call.inputs):
        return None
    known = onnx.defs.get_schema(call.kind, call.opset).attributes
    if not all(name in known and value is not None for name, value in call.attributes.items()):
        return None
    named = [(f"i{slot}", one.type) for slot, one in enumerate(call.inputs) if one is not None]
    dtypes = {name: np.dtype(known.dtype) for name, known in named}
    fed = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtypes[name]), known.shape)
        for name, known in named
    ]
    kept = [
        numpy_helper.from_array(np.array(known.data, dtypes[name]).reshape(known.shape or ()), name)
        for name, known in named
        if known.data is not None
    ]
    made = [f"o{slot}" for slot in range(call.outputs)]
    read = ["" if one is None else f"i{slot}" for slot, one in enumerate(call.inputs)]
    node = helper.make_node(call.kind, read, made, **call.attributes)
    graph = helper.make_graph([node], "call", fed, [onnx.ValueInfoProto(name=name) for name in made], kept)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", call.opset)])


def _is_known(one: Input) -> bool:
    shape, data = one.type.shape, one.type.data or ()
    if shape is None or not all(type(size) is int and size >= 0 for size in shape):
        return False
    return one.type.dtype in NUMPY and all(isinstance(element, int | float) for element in data)


NUMPY = {
    "bool",
    "float16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
}


def inferred_by_onnx(call: Call) -> Iterator[TensorType]:
    """What onnx.shape_inference says of the outputs; nothing where it takes the call for none."""
    try:
        model = written(call)
        if model is None:
            return
        inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    except (onnx.shape_inference.InferenceError, onnx.defs.SchemaError, ValueError):
        return
    for output in inferred.graph.output:
        tensor = output.type.tensor_type
        sizes = tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim)
        yield TensorType(sizes if tensor.HasField("shape") else None)


@pytest.mark.parametrize("kind", [k for k in KINDS if onnx.defs.has(k) and k not in " ".join(OTHERWISE).split()])
def test_where_onnx_infers_a_shape_it_is_this_one(kind: str) -> None:
    for call, _ in KINDS[kind]:
        for name, other in [("", call), *((name, other) for name, other, less in call.variations() if not less)]:
            for ours, theirs in zip(other.made, inferred_by_onnx(other), strict=False):
                assert not contradicts(TensorType(ours.shape), theirs), (call, name, ours, theirs)

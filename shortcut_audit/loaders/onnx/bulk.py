"""How much work is it to write a part of an ONNX model out?

Told from lengths alone, so that it is known before anything is written out. In units of some two microseconds and a few
hundred bytes, over all stages of an audit; the weights below are measured. What counts is that nothing that a file can
repeat comes for free: of two bytes in a function that is called a thousand times, a thousand inputs may be made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortcut_audit.graph.draft import DATA_LIMIT
from shortcut_audit.loaders.onnx.attributes import LIST_LIMIT, SINGLE, TENSOR, kind_of

if TYPE_CHECKING:
    from google.protobuf.message import Message  # type: ignore[import-untyped]
    from onnx import AttributeProto, FunctionProto, GraphProto, NodeProto, TensorProto, ValueInfoProto

NODE = 10
MADE = 6
"""A tensor that a node makes, or that the file stores."""
DESCRIBED = 4
"""A tensor of which the file says something."""
NAMED = 2
"""A tensor that a node reads, or an attribute."""
ELEMENTS = 4
"""Elements of a list or a tensor, Python numbers once they are read, to a unit."""
BYTES = 32
"""How many bytes of names, metadata and all else make a unit."""
HEAVIEST_BYTE = 11
"""What no byte of a graph's inputs and outputs outweighs: of an empty one two weigh NODE + MADE + DESCRIBED."""
HEAVY_BYTE = 4
"""What no other byte outweighs, the nodes themselves aside: of an output of a node two weigh MADE."""


def most_of(graph: GraphProto) -> int:
    """What a graph that holds no other, and is in no function, weighs at the most."""
    size: int = graph.ByteSize()
    ends: int = sum(info.ByteSize() + 2 for info in (*graph.input, *graph.output))
    return HEAVIEST_BYTE * ends + NODE * len(graph.node) + HEAVY_BYTE * size


def weight_of_node(node: NodeProto) -> int:
    """A node by itself: bodies that it holds, and a function that it calls, come on top."""
    own = NODE + NAMED * len(node.input) + MADE * len(node.output) + len(node.metadata_props)
    return own + sum(map(_weight_of_attribute, node.attribute)) + _weight_of_bytes(node)


def weight_of_graph(graph: GraphProto) -> int:
    """What a graph has beside its nodes. Its inputs and outputs become nodes of their own where it is a body."""
    ends = (NODE + MADE) * (len(graph.input) + len(graph.output))
    described = sum(map(_weight_of_value, (*graph.input, *graph.output, *graph.value_info)))
    sparse = sum(MADE + _weight_of_bytes(tensor) for tensor in graph.sparse_initializer)
    return ends + described + sparse + sum(map(_weight_of_tensor, graph.initializer))


def weight_of_function(function: FunctionProto) -> int:
    """What a function has beside its nodes. Each output that it only hands on becomes a node of its own."""
    formal = NAMED * (len(function.input) + len(function.attribute_proto)) + (NODE + MADE) * len(function.output)
    described = sum(map(_weight_of_value, function.value_info))
    return formal + described + len(function.opset_import) + _weight_of_bytes(function)


def _weight_of_attribute(attribute: AttributeProto) -> int:
    if attribute.ref_attr_name:  # What the caller gives is not known here: as much as is read at the most.
        return NAMED + (0 if attribute.type in SINGLE else LIST_LIMIT // ELEMENTS)
    if kind_of(attribute) == TENSOR:
        return NAMED + _weight_of_tensor(attribute.t)
    elements = len(attribute.ints) + len(attribute.floats) + len(attribute.strings)
    return NAMED + (elements // ELEMENTS if elements <= LIST_LIMIT else 0)


def _weight_of_value(info: ValueInfoProto) -> int:
    return DESCRIBED + len(info.type.tensor_type.shape.dim) + _weight_of_bytes(info)


def _weight_of_tensor(tensor: TensorProto) -> int:
    typed = sum(map(len, (tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data)))
    elements = min(typed + len(tensor.uint64_data) + len(tensor.raw_data) // 2, DATA_LIMIT)
    return MADE + elements // ELEMENTS + _weight_of_bytes(tensor)


def _weight_of_bytes(message: Message) -> int:
    size: int = message.ByteSize()
    return size // BYTES

"""How does somebody get a projection past the gate, and what may be done to a model that changes nothing?

Edits of ONNX models, as protobuf messages. An *evil* one puts learned weights, or what nobody understands, where a
merge adds an identity. A *harmless* one leaves the function as it is. All are drawn by chance, none knows the tool.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper


class Editor:
    """A model under the hands of somebody who edits it."""

    def __init__(self, model: ModelProto, random: Random) -> None:
        self.model = ModelProto()
        self.model.CopyFrom(model)
        self.graph: GraphProto = self.model.graph
        self.random = random
        self._count = 0

    def name(self) -> str:
        """A name that nobody has."""
        self._count += 1
        return f"edit_{self.random.getrandbits(32):08x}_{self._count}"

    def tensor(self, array: np.ndarray) -> str:
        """A stored tensor."""
        name = self.name()
        self.graph.initializer.append(numpy_helper.from_array(array, name))
        return name

    def floats(self, *shape: int) -> str:
        """A stored tensor of floats as training leaves them."""
        return self.tensor(np.linspace(-0.9, 1.1, int(np.prod(shape)), dtype=np.float32).reshape(shape))

    def ints(self, *numbers: int) -> str:
        """A stored list of whole numbers."""
        return self.tensor(np.array(numbers, np.int64))

    def fed(self, *shape: int, dtype: int = TensorProto.FLOAT) -> str:
        """One more input of the model."""
        name = self.name()
        self.graph.input.append(helper.make_tensor_value_info(name, dtype, list(shape)))
        return name

    def op(self, kind: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: object) -> str:
        """One more op, in front of all that is inserted after it; the name of its first output."""
        made = [self.name() for _ in range(outputs)]
        self.pending.append(helper.make_node(kind, list(inputs), made, domain=domain, **attributes))
        return made[0]

    pending: list[NodeProto]

    def reroute(self, at: int, slot: int, through: Callable[[str], str]) -> None:
        """Lets what a node reads in one slot pass through new ops."""
        self.pending = []
        node = self.graph.node[at]
        read = through(node.input[slot])
        node.input[slot] = read
        self.insert(at, self.pending)

    def insert(self, at: int, nodes: list[NodeProto]) -> None:
        """Puts nodes in front of the one at a place."""
        after = [*self.graph.node[:at], *nodes, *self.graph.node[at:]]
        kept = [NodeProto.FromString(node.SerializeToString()) for node in after]
        del self.graph.node[:]
        self.graph.node.extend(kept)

    def domain(self, name: str) -> None:
        """Imports a domain of operators."""
        if name not in {opset.domain for opset in self.model.opset_import}:
            self.model.opset_import.append(helper.make_opsetid(name, 1))


# --- what nobody may do unseen: x becomes W x -------------------------------------------------------------------


def _conv(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    return edit.op("Conv", x, edit.floats(shape[1], shape[1], 1, 1))


def _depthwise(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    return edit.op("Conv", x, edit.floats(shape[1], 1, 1, 1), group=shape[1])


def _matmul(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    return edit.op("MatMul", x, edit.floats(shape[-1], shape[-1]))


def _whole_numbers(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    table = edit.tensor(np.arange(shape[-1] ** 2, dtype=np.int64).reshape(shape[-1], shape[-1]))
    return edit.op("MatMul", x, edit.op("Cast", table, to=TensorProto.FLOAT))


def _gemm(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    rows = edit.op("Reshape", x, edit.ints(-1, shape[-1]))
    mapped = edit.op("Gemm", rows, edit.floats(shape[-1], shape[-1]), edit.floats(shape[-1]))
    return edit.op("Reshape", mapped, edit.ints(*shape))


def _learned_scale(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    return edit.op("Mul", x, edit.floats(shape[-1]))


def _divided(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    return edit.op("Div", x, edit.floats(shape[-1]))


def _norm(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    return edit.op("LayerNormalization", x, edit.floats(shape[-1]))


def _rezero(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    gain = edit.tensor(np.zeros((1,), np.float32))  # it only begins as zero
    return edit.op("Add", x, edit.op("Mul", _matmul(edit, x, shape), gain))


def _cancelled(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    return edit.op("Add", x, edit.op("Sub", _matmul(edit, x, shape), x))


def _beside(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    return edit.op("Add", x, _matmul(edit, x, shape))


def _fed_matrix(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    return edit.op("MatMul", x, edit.fed(shape[-1], shape[-1]))


def _fed_scale(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    return edit.op("Mul", x, edit.fed(shape[-1]))


def _drawn_matrix(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    return edit.op("MatMul", x, edit.op("RandomNormal", shape=[shape[-1], shape[-1]], dtype=TensorProto.FLOAT))


def _hidden_in_a_branch(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    return _either(edit, x, shape, edit.fed(1, dtype=TensorProto.BOOL))


def _by_a_default(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    """The condition holds, unless the caller feeds another one: it is an input with a default."""
    condition = edit.tensor(np.array([True]))
    edit.graph.input.append(helper.make_tensor_value_info(condition, TensorProto.BOOL, [1]))
    edit.model.ir_version = max(edit.model.ir_version, 8)
    return _either(edit, x, shape, condition)


def _either(edit: Editor, x: str, shape: tuple[int, ...], condition: str) -> str:
    kept, mapped, weight = edit.name(), edit.name(), edit.floats(shape[-1], shape[-1])

    def branch(name: str, node: NodeProto) -> GraphProto:
        made: list[ValueInfoProto] = [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))]
        return helper.make_graph([node], edit.name(), [], made)

    return edit.op(
        "If",
        condition,
        then_branch=branch(kept, helper.make_node("Identity", [x], [kept])),
        else_branch=branch(mapped, helper.make_node("MatMul", [x, weight], [mapped])),
    )


def _chosen(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    return edit.op("Where", edit.fed(1, dtype=TensorProto.BOOL), x, _matmul(edit, x, shape))


def _in_a_function(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    edit.domain("harmless")
    name = edit.name()
    body = [helper.make_node("MatMul", ["v", "w"], ["r"])]
    opsets = [opset for opset in edit.model.opset_import if not opset.domain]
    edit.model.functions.append(helper.make_function("harmless", name, ["v", "w"], ["r"], body, opsets))
    return edit.op(name, x, edit.floats(shape[-1], shape[-1]), domain="harmless")


def _opaque(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    edit.domain("vendor")
    return edit.op("Copy", x, domain="vendor")


def _scattered(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    """All of x is overwritten by W x."""
    rows = edit.tensor(np.arange(shape[0], dtype=np.int64).reshape(-1, 1))
    return edit.op("ScatterND", x, rows, _matmul(edit, x, shape))


def _other_piece(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    """The second half of [x, W x]."""
    both = edit.op("Concat", x, _matmul(edit, x, shape), axis=-1)
    return edit.op("Slice", both, edit.ints(shape[-1]), edit.ints(2 * shape[-1]), edit.ints(len(shape) - 1))


def _requantised(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    """Written by one scale and read by another, for each channel."""
    zeros = edit.tensor(np.zeros(shape[-1], np.int8))
    written = edit.op("QuantizeLinear", x, edit.floats(shape[-1]), zeros, axis=-1)
    other = edit.tensor(np.linspace(0.1, 2, shape[-1], dtype=np.float32))
    return edit.op("DequantizeLinear", written, other, zeros, axis=-1)


def _dropped(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    half, on = edit.tensor(np.array(0.5, np.float32)), edit.tensor(np.array(True))
    return edit.op("Dropout", x, half, on)


def _truncated(edit: Editor, x: str, shape: tuple[int, ...]) -> str:
    whole = edit.random.choice([TensorProto.BOOL, TensorProto.INT32, TensorProto.INT8])
    return edit.op("Cast", edit.op("Cast", x, to=whole), to=TensorProto.FLOAT)


EVIL: Mapping[str, Callable[[Editor, str, tuple[int, ...]], str]] = {
    function.__name__.strip("_"): function
    for function in (
        _conv, _depthwise, _matmul, _whole_numbers, _gemm, _learned_scale, _divided, _norm, _rezero, _cancelled,
        _beside, _fed_matrix, _fed_scale, _drawn_matrix, _hidden_in_a_branch, _by_a_default, _chosen, _in_a_function,
        _opaque, _scattered, _other_piece, _requantised, _dropped, _truncated,
    )
}  # fmt: skip
"""What becomes of the x that a merge adds."""

IMAGES_ONLY = frozenset({"conv", "depthwise"})

CHANGES_VALUES_ONLY = frozenset({"requantised", "dropped", "truncated"})
"""What holds no parameter that the paper would count: a budget on parameters or projections may pass it."""


# --- what changes nothing ---------------------------------------------------------------------------------------


def _renamed(edit: Editor) -> None:
    """Other names for all nodes and all values between them."""
    for node in edit.graph.node:
        node.name = edit.name()
    shown = {info.name for info in edit.graph.output}
    made = {name for node in edit.graph.node for name in node.output if name and name not in shown}
    inner = {name for node in edit.graph.node if _has_bodies(node) for name in _captured(node)}
    names = {name: edit.name() for name in made - inner}
    for node in edit.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    del edit.graph.value_info[:]


def _has_bodies(node: NodeProto) -> bool:
    return any(attribute.HasField("g") for attribute in node.attribute)


def _captured(node: NodeProto) -> set[str]:
    return {
        name
        for attribute in node.attribute
        if attribute.HasField("g")
        for inner in attribute.g.node
        for name in inner.input
    }


def _decoys(edit: Editor) -> None:
    """Ops that nobody reads, and weights: a block like the others beside a huge layer."""
    x = edit.graph.input[0].name
    edit.pending = []
    kept = edit.op("Identity", x)
    edit.op("Add", kept, edit.op("Relu", kept))
    edit.op("Mul", kept, edit.floats(1))
    huge = TensorProto(name=edit.name(), data_type=TensorProto.FLOAT, dims=[1_000_000, 16])
    huge.data_location = TensorProto.EXTERNAL
    huge.external_data.add(key="location", value="nowhere.bin")
    edit.graph.initializer.append(huge)
    edit.insert(len(edit.graph.node), edit.pending)


def _copied(edit: Editor) -> None:
    """An Identity, a cast to the same type or a pair of transpositions in front of any op."""
    at = edit.random.randrange(len(edit.graph.node))
    node = edit.graph.node[at]
    values = {name for made in edit.graph.node for name in made.output}
    slots = [slot for slot, name in enumerate(node.input) if name in values]
    if slots and not _has_bodies(node) and not _reads_shape(node):
        kind = edit.random.choice(["Identity", "Dropout"])
        edit.reroute(at, edit.random.choice(slots), lambda x: edit.op(kind, x))


def _reads_shape(node: NodeProto) -> bool:
    return node.op_type in {"Shape", "Reshape", "Expand", "Gather", "Slice", "Cast"}


def _wrapped(edit: Editor) -> None:
    """One op without bodies becomes a function of its own."""
    at = edit.random.randrange(len(edit.graph.node))
    node = edit.graph.node[at]
    if _has_bodies(node) or node.domain or not all(node.input) or len(node.output) != 1:
        return
    edit.domain("wrapped")
    name = edit.name()
    inside = NodeProto.FromString(node.SerializeToString())
    inside.input[:] = [f"i{slot}" for slot in range(len(node.input))]
    inside.output[:] = ["o"]
    opsets = [opset for opset in edit.model.opset_import if not opset.domain]
    made = helper.make_function("wrapped", name, list(inside.input), ["o"], [inside], opsets)
    edit.model.functions.append(made)
    del node.attribute[:]
    node.op_type, node.domain = name, "wrapped"


def _commuted(edit: Editor) -> None:
    """b + a for a + b."""
    for node in edit.graph.node:
        if node.op_type == "Add" and not node.domain and edit.random.random() < 0.5:
            node.input[:] = list(node.input)[::-1]


def _shuffled(edit: Editor) -> None:
    """The nodes in another order in which they can run, and the stored tensors in any."""
    waiting = [NodeProto.FromString(node.SerializeToString()) for node in edit.graph.node]
    made = {name for node in waiting for name in node.output if name}
    done: set[str] = set()
    order = []
    while waiting:
        ready = [
            node
            for node in waiting
            if all(name not in made or name in done for name in (*node.input, *_captured(node)))
        ]
        node = edit.random.choice(ready)
        waiting.remove(node)
        order.append(node)
        done.update(node.output)
    del edit.graph.node[:]
    edit.graph.node.extend(order)


def _folded(edit: Editor) -> None:
    """A factor 1, or an offset 0, that the program writes, in front of any addition that is not in a function."""
    places = [at for at, node in enumerate(edit.graph.node) if node.op_type == "Add" and not node.domain]
    values = {name for made in edit.graph.node if made.op_type != "Constant" for name in made.output}
    at = edit.random.choice(places) if places else 0
    slots = [slot for slot, name in enumerate(edit.graph.node[at].input) if name in values]
    if places and slots:
        kind, number = edit.random.choice([("Mul", 1.0), ("Add", 0.0)])

        def through(x: str) -> str:
            return edit.op(kind, x, edit.op("Constant", value_float=number))

        edit.reroute(at, edit.random.choice(slots), through)


def _stripped(edit: Editor) -> None:
    """Without the shapes that the file states of what lies between."""
    del edit.graph.value_info[:]
    edit.model.producer_name = "another"


HARMLESS: Mapping[str, Callable[[Editor], None]] = {
    function.__name__.strip("_"): function
    for function in (_renamed, _decoys, _copied, _wrapped, _commuted, _shuffled, _folded, _stripped)
}

"""In which ways may one thing in a graph be another?

    n3 turned   the op that makes n3 reads its operands the other way round
    n3 gone     what it read first is taken for it
    n3 shown    n3 is an output of the model, too
    n3 cut, n3 halved, n3 weighed   who reads n3 reads its Relu, half of it, or a learned multiple of it
    n3 axis+1   an integer of its attributes, or the first of several, is one more
    x open, x unknown, x batch   the sizes of an input are open, are not known, or the first is open
    w literal, w hidden, w fed   a tensor is a number in the code, is of unknown elements, is fed by the caller
    w wider     its last axis is one more

And by which detours may a value come to those that read it?

    n3 plus n1, less n1, times n1, gated by n1   with n1, which has its shape, or its sigmoid
    n3 swapped, n3 there and back   cut in halves that are joined in the other order; transposed and back
    n3 wrapped  with an axis more, and without it again
    n3 mapped, n3 normed, n3 opaque   by a matrix, by a normalisation, by an op that nobody knows
    n3 meant    as the mean over its last axis, which is kept
    n3 again    of another op that does the same
    n3 stored, n3 given   it is a stored tensor, or an input of the model
    n3 as Sub   its op is another one of as many operands
    w as v      the tensor w is v, of the same shape
    x single    an axis of an input has one element
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Draft, Node, Tensor
from shortcut_audit.graph.model import TensorType


def changes(draft: Draft) -> Iterator[tuple[str, Draft]]:
    """The draft with one thing changed, by what is changed."""
    for place, node in enumerate(draft.nodes):
        name = next((made for made in node.outputs if made is not None), "")
        for how, other in _nodes(node):
            yield f"{name} {how}", _with(draft, place, other)
        yield f"{name} shown", replace(draft, outputs=tuple(dict.fromkeys((*draft.outputs, name))))
        for how, kind, operand in (("cut", "Relu", None), ("halved", "Mul", HALF), ("weighed", "Mul", WEIGHT)):
            yield f"{name} {how}", _behind(draft, place, name, kind, operand)
    for slot, (name, known) in enumerate(draft.inputs):
        for how, shape in _shapes(known):
            fed = (*draft.inputs[:slot], (name, replace(known, shape=shape)), *draft.inputs[slot + 1 :])
            yield f"{name} {how}", replace(draft, inputs=fed)
    for slot, tensor in enumerate(draft.tensors):
        rest = draft.tensors[:slot], draft.tensors[slot + 1 :]
        for how, changed in _tensors(tensor):
            yield f"{tensor.name} {how}", replace(draft, tensors=(*rest[0], changed, *rest[1]))
        fed = (*draft.inputs, (tensor.name, TensorType(tensor.shape, tensor.dtype)))
        yield f"{tensor.name} fed", replace(draft, tensors=(*rest[0], *rest[1]), inputs=fed)


HALF, WEIGHT = Tensor("half_", (), "float32", (0.5,), literal=True), Tensor("weight_", (1,), "float32")


def _nodes(node: Node) -> Iterator[tuple[str, Node]]:
    if len(set(node.inputs)) > 1:
        yield "turned", replace(node, inputs=node.inputs[::-1])
    if node.inputs and node.inputs[0] is not None and node.kind != "Identity":
        yield "gone", replace(node, kind="Identity", inputs=node.inputs[:1], attributes={})
    for key, value in node.attributes.items():
        more = (value[0] + 1, *value[1:]) if isinstance(value, tuple) and value and type(value[0]) is int else None
        more = value + 1 if type(value) is int else more
        if more is not None:
            yield f"{key}+1", replace(node, attributes={**node.attributes, key: more})


def _shapes(known: TensorType) -> Iterator[tuple[str, tuple[int | str | None, ...] | None]]:
    if known.shape is not None:
        yield "open", tuple(f"s{axis}" for axis in range(len(known.shape)))
        yield "batch", ("batch", *known.shape[1:])
        yield "unknown", None


def _tensors(tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    if not tensor.literal:
        yield "literal", replace(tensor, literal=True)
    if tensor.data is not None:
        yield "hidden", replace(tensor, data=None)
    if tensor.shape and tensor.data is None:
        yield "wider", replace(tensor, shape=(*tensor.shape[:-1], tensor.shape[-1] + 1))


def _with(draft: Draft, place: int, node: Node) -> Draft:
    return replace(draft, nodes=(*draft.nodes[:place], node, *draft.nodes[place + 1 :]))


def _behind(draft: Draft, place: int, name: str, kind: str, operand: Tensor | None) -> Draft:
    """The draft with an op behind a value, which all who read the value read instead of it."""
    made = f"{name}~"
    read = (name,) if operand is None else (name, operand.name)
    later = [replace(n, inputs=tuple(made if i == name else i for i in n.inputs)) for n in draft.nodes[place + 1 :]]
    return replace(
        draft,
        nodes=(*draft.nodes[: place + 1], Node(kind, read, (made,), made), *later),
        outputs=tuple(made if output == name else output for output in draft.outputs),
        tensors=draft.tensors if operand is None else (*draft.tensors, operand),
    )


def detours(draft: Draft) -> Iterator[tuple[str, Draft]]:
    """The draft with a detour on the way of one value, by what it is."""
    types = {name: value.type for name, value in assemble(draft).values.items()}
    order = list(types)
    for place, node in enumerate(draft.nodes):
        name = next((made for made in node.outputs if made is not None), "")
        if name in types:
            earlier = [o for o in order[: order.index(name)] if types[o] == types[name]]
            for how, lines, tensors in _ways(name, types[name], [*dict.fromkeys((*earlier[:1], *earlier[-1:]))]):
                yield f"{name} {how}", _by(draft, place, name, lines, tensors)
            yield from _instead(draft, place, name, types[name])
    for one, tensor in enumerate(draft.tensors):
        for other in draft.tensors[:one]:
            if other.shape == tensor.shape and tensor.data is None and other.data is None:
                yield f"{tensor.name} as {other.name}", _read(draft, 0, tensor.name, other.name)
    for slot, (name, known) in enumerate(draft.inputs):
        for axis in range(len(known.shape or ())):
            shape = tuple(1 if axis == at else size for at, size in enumerate(known.shape or ()))
            fed = (*draft.inputs[:slot], (name, replace(known, shape=shape)), *draft.inputs[slot + 1 :])
            yield f"{name} single{axis}", replace(draft, inputs=fed)


Ways = Iterator[tuple[str, list[Node], list[Tensor]]]


def _ways(name: str, known: TensorType, alike: list[str]) -> Ways:
    """The ops of each detour of a value, the last of which makes `name~`."""
    made, shape = f"{name}~", known.shape
    if known.dtype != "float32" or shape is None:
        return
    for other in alike:
        for how, kind in (("plus", "Add"), ("less", "Sub"), ("times", "Mul")):
            yield f"{how} {other}", [Node(kind, (name, other), (made,), made)], []
        gate = Node("Sigmoid", (other,), ("gate~",), "gate~")
        yield f"gated by {other}", [gate, Node("Mul", ("gate~", name), (made,), made)], []
    yield "opaque", [Node("odd::Op", (name,), (made,), made)], []
    zero = Tensor("zero~", (1,), "int64", (0,), literal=True)
    wrap = Node("Unsqueeze", (name, "zero~"), ("wrap~",), "wrap~")
    yield "wrapped", [wrap, Node("Squeeze", ("wrap~", "zero~"), (made,), made)], [zero]
    if not shape:
        return
    yield "meant", [Node("ReduceMean", (name,), (made,), made, attributes={"axes": (-1,), "keepdims": 1})], []
    width, last = shape[-1], len(shape) - 1
    if len(shape) > 1:
        order = (*range(last - 1), last, last - 1)
        there = Node("Transpose", (name,), ("there~",), "there~", attributes={"perm": order})
        yield "there and back", [there, Node("Transpose", ("there~",), (made,), made, attributes={"perm": order})], []
    if isinstance(width, int):
        scale, matrix = Tensor("scale~", (width,), "float32"), Tensor("matrix~", (width, width), "float32")
        normed = Node("LayerNormalization", (name, "scale~"), (made,), made, attributes={"axis": -1})
        yield "normed", [normed], [scale]
        yield "mapped", [Node("MatMul", (name, "matrix~"), (made,), made)], [matrix]
    for axis in {last, min(1, last)}:
        if isinstance(size := shape[axis], int) and size % 2 == 0:
            cut = Node("Split", (name,), ("left~", "right~"), "left~", attributes={"axis": axis})
            joined = Node("Concat", ("right~", "left~"), (made,), made, attributes={"axis": axis})
            yield f"swapped{axis}", [cut, joined], []


OTHERS = {
    "Add": "Sub", "Sub": "Add", "Mul": "Add", "Div": "Mul", "Relu": "Tanh", "Sigmoid": "Softmax", "Softmax": "Relu",
    "Sum": "Max", "Concat": "Sum", "ReduceMean": "ReduceSum", "ReduceSum": "ReduceMax", "Tanh": "Identity",
    "Transpose": "Identity", "Neg": "Relu", "Gather": "GatherElements",
}  # fmt: skip
"""What may stand in place of an op."""


def _instead(draft: Draft, place: int, name: str, known: TensorType) -> Iterator[tuple[str, Draft]]:
    """The draft with something else in place of what makes a value."""
    node = draft.nodes[place]
    again = replace(node, outputs=tuple(made and f"{made}~" for made in node.outputs), name=f"{node.name}~")
    readers = [at for at, other in enumerate(draft.nodes) if name in other.inputs]
    if len(readers) > 1:
        late = _read(_with(draft, place, node), readers[-1], name, f"{name}~")
        yield f"{name} again", replace(late, nodes=(*late.nodes[: place + 1], again, *late.nodes[place + 1 :]))
    if node.kind in OTHERS:
        yield f"{name} as {OTHERS[node.kind]}", _with(draft, place, replace(node, kind=OTHERS[node.kind]))
    rest = (*draft.nodes[:place], *draft.nodes[place + 1 :])
    if len(node.outputs) == 1 and known.shape is not None:
        yield f"{name} given", replace(draft, nodes=rest, inputs=(*draft.inputs, (name, known)))
        if None not in known.shape and all(isinstance(size, int) for size in known.shape) and len(rest) > 1:
            kept = Tensor(name, tuple(int(size) for size in known.shape), known.dtype)  # type: ignore[arg-type]
            if name not in draft.outputs:
                yield f"{name} stored", replace(draft, nodes=rest, tensors=(*draft.tensors, kept))


def _by(draft: Draft, place: int, name: str, way: list[Node], tensors: list[Tensor]) -> Draft:
    """The draft with some ops behind a value, whose last result all who read the value read instead of it."""
    after = _read(draft, place + 1, name, f"{name}~")
    return replace(
        after,
        nodes=(*after.nodes[: place + 1], *way, *after.nodes[place + 1 :]),
        outputs=tuple(f"{name}~" if output == name else output for output in draft.outputs),
        tensors=(*draft.tensors, *tensors),
    )


def _read(draft: Draft, start: int, name: str, other: str) -> Draft:
    """The draft, in which the ops from one on read another value."""
    late = [replace(n, inputs=tuple(other if i == name else i for i in n.inputs)) for n in draft.nodes[start:]]
    return replace(draft, nodes=(*draft.nodes[:start], *late))

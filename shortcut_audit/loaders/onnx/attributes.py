"""What do the attributes of an ONNX node say, in Python?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.graph.draft import DATA_LIMIT, Tensor
from shortcut_audit.graph.model import Attribute
from shortcut_audit.loaders.onnx.tensors import Oddities, sparse_tensor, stored_tensor
from shortcut_audit.loaders.onnx.text import text
from shortcut_audit.names import displayable

if TYPE_CHECKING:
    from onnx import AttributeProto, FunctionProto, GraphProto, NodeProto

Bound: TypeAlias = "Mapping[str, AttributeProto]"
"""Attributes by name; those of a call are what the attribute references in the function's body stand for."""

LIST_LIMIT = DATA_LIMIT
"""Elements of an attribute that are read: as many as of a tensor, which newer operators take in its place."""

TEXT_LIMIT = 1024
"""Bytes of text in an attribute that are read."""

FLOAT, INT, STRING, TENSOR, GRAPH, FLOATS, INTS, STRINGS, TENSORS, GRAPHS, SPARSE_TENSOR = range(1, 12)
"""Numbers in `AttributeProto.AttributeType`."""

SINGLE = frozenset({FLOAT, INT, STRING})

HOLDERS: Mapping[str, int] = {
    "f": FLOAT, "i": INT, "s": STRING, "t": TENSOR, "g": GRAPH, "floats": FLOATS, "ints": INTS, "strings": STRINGS,
    "tensors": TENSORS, "graphs": GRAPHS, "sparse_tensor": SPARSE_TENSOR, "sparse_tensors": 12, "tp": 13,
    "type_protos": 14,
}  # fmt: skip
"""The fields of an attribute that hold its value, each with the type that it is of."""


def attributes_of(node: NodeProto, bound: Bound) -> Bound:
    """The node's attributes by name.

    One that refers to an attribute of the function call stands for what was given there; absent where nothing was.
    An attribute that cannot be read must not count as absent, where the operator's default would hold: raises
    UnreadableModel when one has no name, is given twice, or holds something else than it says.
    """
    found: dict[str, AttributeProto] = {}
    for attribute in node.attribute:
        name = text(attribute.name)
        if not name:
            raise UnreadableModel(f"{called(node)} has an attribute without a name; export the model again")
        if name in found:
            raise UnreadableModel(
                f"{called(node)} has the attribute '{displayable(name)}' twice; export the model again"
            )
        if not attribute.ref_attr_name:
            _check_value(node, attribute)
            found[name] = attribute
        elif (given := bound.get(text(attribute.ref_attr_name))) is not None:
            _check_reference(node, attribute, given)
            found[name] = given
    return found


def _check_value(node: NodeProto, attribute: AttributeProto) -> None:
    held = _held(attribute)
    if held and held != [kind_of(attribute)]:
        raise UnreadableModel(
            f"{called(node)} has an attribute '{displayable(text(attribute.name))}' whose value is not, or not alone, "
            "what its type says; export the model again"
        )


def _check_reference(node: NodeProto, attribute: AttributeProto, given: AttributeProto) -> None:
    if graphs_in(given):
        raise UnreadableModel(f"{called(node)} is given a graph by the caller of its function; inline it first")
    if attribute.type in SINGLE and kind_of(given) not in SINGLE:
        name = displayable(text(attribute.name))
        raise UnreadableModel(
            f"{called(node)} is given a list or tensor by the caller of its function where its attribute '{name}' is a "
            "number or text; export the model again"
        )


def kind_of(attribute: AttributeProto) -> int:
    """The type of an attribute: what it says or, up to IR version 1, what it holds; 0 where neither tells."""
    if attribute.type:
        return attribute.type
    held = _held(attribute)
    return held[0] if len(held) == 1 else 0


def _held(attribute: AttributeProto) -> list[int]:
    """The types of the values that an attribute holds: one, as a rule."""
    return [kind for stated, _ in attribute.ListFields() if (kind := HOLDERS.get(stated.name)) is not None]


def defaults_of(function: FunctionProto) -> Bound:
    """What a call of the function leaves out, where the function says what it is then."""
    return {text(attribute.name): attribute for attribute in function.attribute_proto}


def plain(attributes: Bound) -> dict[str, Attribute]:
    """Attributes as Python numbers, strings and tuples; None for those that are neither, or too long to be read."""
    found = {name: _plain(attribute) for name, attribute in attributes.items()}
    if isinstance(order := found.get("perm"), tuple):
        found["perm"] = _from_the_front(order)
    return found


def _from_the_front(order: tuple[int, ...] | tuple[float, ...] | tuple[str, ...]) -> tuple[int, ...] | None:
    """The axes of a transposition, of which it lists as many as there are, counted from the front.

    PyTorch's older exporter writes those of `permute(0, -2, -1, 1)` as they stand. None where they are no axes.
    """
    axes = tuple(axis for axis in order if isinstance(axis, int))
    return tuple(axis + len(axes) if axis < 0 else axis for axis in axes) if len(axes) == len(order) else None


def graphs_in(attribute: AttributeProto) -> tuple[GraphProto, ...]:
    """The graphs that an attribute holds: a body, or several."""
    kind = attribute.type or kind_of(attribute)
    if kind == GRAPH:
        return (attribute.g,)
    return tuple(attribute.graphs) if kind == GRAPHS else ()


def constant_of(attributes: Bound, name: str, oddities: Oddities) -> Tensor | None:
    """The tensor that a `Constant` node with these attributes makes; None where they give no value.

    One attribute gives the value (ONNX operators, Constant-13): a tensor, or Python-like numbers and strings.
    """
    for key, attribute in attributes.items():
        if key not in VALUES or kind_of(attribute) != VALUES[key]:
            continue
        if key == "value":
            return stored_tensor(attribute.t, name, oddities, literal=True)
        if key == "sparse_value":
            return sparse_tensor(attribute.sparse_tensor, name, literal=True)
        if key in NUMBERS:
            dtype, where = NUMBERS[key]
            return Tensor(name, (), dtype, (getattr(attribute, where),), literal=True)
        if key in LISTS:
            dtype, where = LISTS[key]
            elements = getattr(attribute, where)
            return Tensor(name, (len(elements),), dtype, _few(elements), literal=True)
        shape = (len(attribute.strings),) if key == "value_strings" else ()
        return Tensor(name, shape, "string", literal=True)
    return None


VALUES: Mapping[str, int] = {
    "value": TENSOR, "sparse_value": SPARSE_TENSOR, "value_float": FLOAT, "value_int": INT, "value_string": STRING,
    "value_floats": FLOATS, "value_ints": INTS, "value_strings": STRINGS,
}  # fmt: skip
"""Attributes of `Constant` that give its value, each with its type."""

NUMBERS: Mapping[str, tuple[str, str]] = {"value_float": ("float32", "f"), "value_int": ("int64", "i")}
LISTS: Mapping[str, tuple[str, str]] = {"value_floats": ("float32", "floats"), "value_ints": ("int64", "ints")}
"""Attributes that spell a tensor out in numbers: its element type, and the field that has it."""


def _few(elements: Sequence[float]) -> tuple[float, ...] | None:
    return tuple(elements) if len(elements) <= DATA_LIMIT else None


def _plain(attribute: AttributeProto) -> Attribute:
    kind = kind_of(attribute)
    if kind == INT:
        return attribute.i
    if kind == INTS:
        return tuple(attribute.ints) if len(attribute.ints) <= LIST_LIMIT else None
    if kind == FLOAT:
        return attribute.f
    if kind == FLOATS:
        return tuple(attribute.floats) if len(attribute.floats) <= LIST_LIMIT else None
    if kind == STRING:
        return text(attribute.s) if len(attribute.s) <= TEXT_LIMIT else None
    if kind == STRINGS:
        return _texts(attribute.strings)
    return _only_element(attribute) if kind == TENSOR else None


def _texts(strings: Sequence[bytes]) -> Attribute:
    if len(strings) > LIST_LIMIT or sum(map(len, strings)) > TEXT_LIMIT:
        return None
    return tuple(map(text, strings))


def _only_element(attribute: AttributeProto) -> Attribute:
    """The number in a tensor of one element: what `ConstantOfShape` fills with."""
    data = stored_tensor(attribute.t, text(attribute.name), defaultdict(list)).data
    return data[0] if data is not None and len(data) == 1 else None


def called(node: NodeProto) -> str:
    """How messages name a node: its operator, and its name, or else what it makes."""
    first = next((text(name) for name in node.output if name), "")
    return f"{displayable(text(node.op_type))} '{displayable(text(node.name) or first)}'"

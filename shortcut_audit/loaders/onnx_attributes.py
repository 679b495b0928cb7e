"""What do the attributes of an ONNX node say, in Python?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from shortcut_audit.draft import DATA_LIMIT, Tensor
from shortcut_audit.errors import UnreadableModel
from shortcut_audit.graph import Attribute
from shortcut_audit.loaders.onnx_tensors import Oddities, sparse_tensor, stored_tensor
from shortcut_audit.loaders.onnx_text import text
from shortcut_audit.names import displayable

if TYPE_CHECKING:
    from onnx import AttributeProto, FunctionProto, GraphProto, NodeProto

Bound: TypeAlias = "Mapping[str, AttributeProto]"
"""Attributes by name; those of a call are what the attribute references in the function's body stand for."""

LIST_LIMIT = 65_536
"""Elements of an attribute that are kept: no operator here reads a longer list."""

FLOAT, INT, STRING, TENSOR, GRAPH, FLOATS, INTS, STRINGS = range(1, 9)
GRAPHS = 10
"""Numbers in `AttributeProto.AttributeType`."""


def attributes_of(node: NodeProto, bound: Bound) -> Bound:
    """The node's attributes by name. Raises UnreadableModel when one is given twice.

    One that refers to an attribute of the function call stands for what was given there; absent where nothing was.
    """
    found: dict[str, AttributeProto] = {}
    for attribute in node.attribute:
        name = text(attribute.name)
        if name in found:
            raise UnreadableModel(
                f"{called(node)} has the attribute '{displayable(name)}' twice; export the model again"
            )
        if attribute.ref_attr_name:
            given = bound.get(text(attribute.ref_attr_name))
            if given is None:
                continue
            if graphs_in(given):
                raise UnreadableModel(f"{called(node)} is given a graph by the caller of its function; inline it first")
            attribute = given  # noqa: PLW2901 - from here on the one stands for the other
        found[name] = attribute
    return found


def defaults_of(function: FunctionProto) -> Bound:
    """What a call of the function leaves out, where the function says what it is then."""
    return {text(attribute.name): attribute for attribute in function.attribute_proto}


def plain(attributes: Bound) -> dict[str, Attribute]:
    """Attributes as Python numbers, strings and tuples; None for those that are neither, or absurdly long."""
    return {name: _plain(attribute) for name, attribute in attributes.items()}


def graphs_in(attribute: AttributeProto) -> tuple[GraphProto, ...]:
    """The graphs that an attribute holds: a body, or several."""
    if attribute.type == GRAPH:
        return (attribute.g,)
    return tuple(attribute.graphs) if attribute.type == GRAPHS else ()


def constant_of(attributes: Bound, name: str, oddities: Oddities) -> Tensor | None:
    """The tensor that a `Constant` node with these attributes makes; None where they give no value.

    One attribute gives the value (ONNX operators, Constant-13): a tensor, or Python-like numbers and strings.
    """
    for key, attribute in attributes.items():
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
        if key in STRINGS_SPELT_OUT:
            shape = (len(attribute.strings),) if key == "value_strings" else ()
            return Tensor(name, shape, "string", literal=True)
    return None


NUMBERS: Mapping[str, tuple[str, str]] = {"value_float": ("float32", "f"), "value_int": ("int64", "i")}
LISTS: Mapping[str, tuple[str, str]] = {"value_floats": ("float32", "floats"), "value_ints": ("int64", "ints")}
STRINGS_SPELT_OUT = frozenset({"value_string", "value_strings"})
"""Attributes of `Constant` that spell the value out: its element type, and the field that has it."""


def _few(elements: Sequence[float]) -> tuple[float, ...] | None:
    return tuple(elements) if len(elements) <= DATA_LIMIT else None


def _plain(attribute: AttributeProto) -> Attribute:
    kind = attribute.type
    if kind == INT:
        return attribute.i
    if kind == INTS:
        return tuple(attribute.ints) if len(attribute.ints) <= LIST_LIMIT else None
    if kind == FLOAT:
        return attribute.f
    if kind == FLOATS:
        return tuple(attribute.floats) if len(attribute.floats) <= LIST_LIMIT else None
    if kind == STRING:
        return text(attribute.s)
    if kind == STRINGS:
        return tuple(text(one) for one in attribute.strings)
    return _only_element(attribute) if kind == TENSOR else None


def _only_element(attribute: AttributeProto) -> Attribute:
    """The number in a tensor of one element: what `ConstantOfShape` fills with."""
    data = stored_tensor(attribute.t, text(attribute.name), defaultdict(list)).data
    return data[0] if data is not None and len(data) == 1 else None


def called(node: NodeProto) -> str:
    """How messages name a node: its operator, and its name, or else what it makes."""
    first = next((text(name) for name in node.output if name), "")
    return f"{displayable(text(node.op_type))} '{displayable(text(node.name) or first)}'"

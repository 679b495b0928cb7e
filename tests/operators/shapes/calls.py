"""One op, asked for its output: inputs and outputs are spelt the way people write shapes.

"1x3x?xN" is a tensor of four axes, the third unknown, the last a symbol; "" is a scalar, "?" alone is one unknown axis,
"..." is a tensor of which nothing is known, and None an input left out. A tuple is a vector of known elements, a number
a known scalar.
"""

from __future__ import annotations

from shortcut_audit.graph.model import Attribute, Datum, Dim, Shape, TensorType
from shortcut_audit.operators.infer import infer

Given = str | int | float | tuple[Datum, ...] | TensorType | None


def out(kind: str, *inputs: Given, outputs: int = 1, opset: int = 17, **attributes: Attribute) -> str:
    """The shapes of the op's outputs, one behind the other."""
    return " ".join(spelt(found.shape) for found in types(kind, *inputs, outputs=outputs, opset=opset, **attributes))


def data(kind: str, *inputs: Given, opset: int = 17, **attributes: Attribute) -> tuple[Datum, ...] | None:
    """The elements of the op's only output."""
    (found,) = types(kind, *inputs, opset=opset, **attributes)
    return found.data


def dtypes(kind: str, *inputs: Given, outputs: int = 1, opset: int = 17, **attributes: Attribute) -> list[str | None]:
    """The element types of the op's outputs."""
    return [found.dtype for found in types(kind, *inputs, outputs=outputs, opset=opset, **attributes)]


def types(
    kind: str, *inputs: Given, outputs: int = 1, opset: int = 17, **attributes: Attribute
) -> tuple[TensorType, ...]:
    """What is inferred of the op's outputs."""
    return infer(kind, attributes, [read(given) for given in inputs], outputs, opset)


def read(given: Given) -> TensorType | None:
    """An input, from the way it is spelt."""
    if given is None or isinstance(given, TensorType):
        return given
    if isinstance(given, str):
        return TensorType(None if given == "..." else tuple(map(size, given.split("x"))) if given else (), "float32")
    elements = given if isinstance(given, tuple) else (given,)
    whole = all(isinstance(element, int | str | None) for element in elements)
    shape = (len(elements),) if isinstance(given, tuple) else ()
    return TensorType(shape, "int64" if whole else "float32", elements)


def size(word: str) -> Dim:
    """One size, from the way it is spelt."""
    return int(word) if word.lstrip("-").isdigit() else None if word == "?" else word


def spelt(shape: Shape) -> str:
    """A shape as people write it; "..." where it is unknown, "()" for a scalar."""
    if shape is None:
        return "..."
    return "x".join("?" if size is None else str(size) for size in shape) or "()"


def numbers(dtype: str, *elements: Datum) -> TensorType:
    """A vector of known elements of this type."""
    return TensorType((len(elements),), dtype, elements)


def matrix(rows: int, columns: int, *elements: Datum) -> TensorType:
    """A matrix of known integers."""
    return TensorType((rows, columns), "int64", elements)

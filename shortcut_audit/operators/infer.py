"""What does an op's output look like, from what its inputs look like?

`infer` answers from shapes, element types and small constants alone: no payload is read, nothing large is computed, and
nothing that a file holds makes it fail. The operator's row says by which functions of shapes/: the rule for its shapes,
the element types, and the arithmetic that exporters do on shapes. What an op does not tell is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shortcut_audit.graph.model import Attribute, Shape, TensorType, elements
from shortcut_audit.graph.sizes import Unknown
from shortcut_audit.operators.row import Operator
from shortcut_audit.operators.shapes.call import Call, Data, Made, Propagation, legal
from shortcut_audit.operators.shapes.element_types import element_types
from shortcut_audit.operators.table import row_of


def infer(
    kind: str,
    attributes: Mapping[str, Attribute],
    inputs: Sequence[TensorType | None],
    outputs: int,
    opset: int,
) -> tuple[TensorType, ...]:
    """One type for each of an op's outputs, as far as it follows from its inputs; None marks inputs left out.

    Kinds and slots are those of draft.py. What cannot be known, or makes no sense, is unknown: this never raises.
    """
    row = row_of(kind)
    if row.shape is None or not outputs:
        return (TensorType(),) * outputs
    call = Call(kind, attributes, inputs, outputs, opset)
    made = tuple(map(TensorType, _shapes(row, call), element_types(row.types, call)))
    return made if row.elements is None else tuple(map(_holding, made, _elements(row.elements, call, made)))


def _shapes(row: Operator, call: Call) -> list[Shape]:
    """The shape of each output."""
    try:
        found = row.shape(call) if row.shape is not None else []
    except Unknown:
        found = []
    shapes = [legal(shape) for shape in found[: call.outputs]]
    return shapes + [None] * (call.outputs - len(shapes))


def _holding(known: TensorType, data: Data | None) -> TensorType:
    return known if data is None else TensorType(known.shape, known.dtype, data)


def _elements(propagation: Propagation, call: Call, made: Made) -> list[Data | None]:
    """The elements of each output, where they are few and known."""
    nothing: list[Data | None] = [None] * call.outputs
    try:
        found = propagation(call, made)
    except Unknown:
        return nothing
    fitting = [data if elements(known.shape) == len(data) else None for data, known in zip(found, made, strict=False)]
    return fitting + nothing[len(fitting) :]

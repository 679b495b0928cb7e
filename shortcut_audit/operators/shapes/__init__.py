"""What does an op's output look like, from what its inputs look like?

`infer` answers from shapes, element types and small constants alone: no payload is read, nothing large is computed, and
nothing that a file holds makes it fail. Three tables keep the knowledge: rules for shapes (one module for each sort of
operator), element types, and the arithmetic that exporters do on shapes. What an op does not tell is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shortcut_audit.graph.model import Attribute, Shape, TensorType, elements
from shortcut_audit.graph.sizes import Unknown
from shortcut_audit.operators.shapes import (
    arithmetic,
    attention,
    constants,
    contraction,
    control,
    creation,
    elementwise,
    fourier,
    layout,
    reductions,
    resampling,
    selection,
    windows,
)
from shortcut_audit.operators.shapes.call import Call, Data, Propagation, Rule, legal
from shortcut_audit.operators.shapes.element_types import element_types

RULES: Mapping[str, Rule] = {
    **attention.RULES,
    **contraction.RULES,
    **control.RULES,
    **creation.RULES,
    **elementwise.RULES,
    **fourier.RULES,
    **layout.RULES,
    **reductions.RULES,
    **resampling.RULES,
    **selection.RULES,
    **windows.RULES,
}
"""How each operator shapes its outputs, by canonical name."""

PROPAGATIONS: Mapping[str, Propagation] = {**constants.PROPAGATIONS, **arithmetic.PROPAGATIONS}
"""What each operator makes of known elements, by canonical name."""


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
    if kind not in RULES or not outputs:
        return (TensorType(),) * outputs
    call = Call(kind, attributes, inputs, outputs, opset)
    shapes = output_shapes(call)
    return tuple(map(TensorType, shapes, element_types(call), output_data(call, shapes)))


def output_shapes(call: Call) -> list[Shape]:
    """The shape of each output."""
    try:
        found = RULES[call.kind](call)
    except Unknown:
        found = []
    shapes = [legal(shape) for shape in found[: call.outputs]]
    return shapes + [None] * (call.outputs - len(shapes))


def output_data(call: Call, shapes: list[Shape]) -> list[Data | None]:
    """The elements of each output, where they are few and known."""
    nothing: list[Data | None] = [None] * call.outputs
    propagation = PROPAGATIONS.get(call.kind)
    if propagation is None:
        return nothing
    try:
        found = propagation(call, shapes)
    except Unknown:
        return nothing
    fitting = [data if elements(shape) == len(data) else None for data, shape in zip(found, shapes, strict=False)]
    return fitting + nothing[len(fitting) :]

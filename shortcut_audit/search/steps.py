"""What does a value go through when it enters an op by one of its slots?

A step of a route, by class, follows from the operator's row and from what else the op reads (theory: view, selection,
scale, gate, diagonal, linear, nonlinear).
"""

from __future__ import annotations

from enum import IntEnum

from shortcut_audit.graph.model import Constant, ModelGraph, Op
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.neutral import is_neutral, keeps_shape


class Step(IntEnum):
    """What a step does to the value that it lets through, cheapest first (theory: route)."""

    VIEW = 0
    """The step keeps the elements, perhaps in another layout or type."""
    SELECTION = 1
    """Selection, padding, pooling, resampling: fixed, without learned weights."""
    SCALE = 2
    """A constant factor or offset that is not learned."""
    GATE = 3
    """An element-wise product with another value."""
    DIAGONAL = 4
    """A normalisation, or a learned element-wise factor or offset."""
    LINEAR = 5
    """A learned linear map."""
    NONLINEAR = 6
    """Anything else: never on a shortcut."""


class Kinship(IntEnum):
    """What the values that an op combines are to each other."""

    STRANGERS = 0
    SAME_ELEMENT = 1
    """Functions of one value, element by element: their product is an activation, x * sigmoid(x)."""
    STATISTIC = 2
    """A value that is combined with statistics of itself: a normalisation, (x - mean(x)) / std(x)."""
    STRETCHED = 6
    """Each of its elements stands in many of the product (stretch.py): it scales them, and they do not gate it."""
    FED = 3
    """What is beside it may be weights that the caller brings (fed.py)."""
    SAME_VALUE = 4
    """One value, several times: x + x is 2 x."""


UNGATED = frozenset({Kinship.SAME_ELEMENT, Kinship.SAME_VALUE, Kinship.STRETCHED})
"""What makes a product let none of its factors through."""


def step(graph: ModelGraph, op: Op, slot: int, kinship: Kinship) -> Step:
    """What a value goes through when it enters `op` by input `slot`; `kinship` is that of the op's values.

    Cases: 1. unknown operator, or a slot that steers; 2. a step that the row decides alone; 3. a product or a sum with
    constants (x + 0 and 1 x are copies of x), 4. with a statistic of itself, 5. with another value, over whose shape it
    is not stretched; 6. a choice between values; 7. a contraction with constants, or with another value. 8. What may be
    a weight is none the cheaper for being fed. 9. A sum of one value with itself is a multiple of it; of linear maps of
    one value linear.py tells what they come to.
    """
    row = row_of(op.kind)
    if not row.understood or (row.data and slot not in row.data):
        return Step.NONLINEAR  # 1
    match row.effect:
        case Effect.SELECTION:  # 2
            return Step.VIEW if _passes_whole(graph, op, slot) else Step.SELECTION
        case Effect.PRODUCT | Effect.SUM:
            return _arithmetic(graph, op, slot, kinship)  # 3, 4, 5
        case Effect.CHOICE:  # 6
            if kinship is Kinship.SAME_ELEMENT:
                return Step.NONLINEAR  # where(x < 0, a x, x) is an activation
            return Step.GATE if isinstance(op.inputs[0], str) else Step.SELECTION
        case Effect.CONTRACTION:  # 7
            return _contraction(op, kinship)
    return Step(row.effect)  # 2


def _arithmetic(graph: ModelGraph, op: Op, slot: int, kinship: Kinship) -> Step:
    if len(op.values()) == 1:
        if any(weight.learned for weight in op.weights()):
            return Step.DIAGONAL  # 3
        return Step.VIEW if is_neutral(graph, op, slot) else Step.SCALE  # 3
    if kinship is Kinship.STATISTIC:
        return Step.DIAGONAL  # 4
    if kinship is Kinship.FED and row_of(op.kind).effect is Effect.SUM:
        return Step.DIAGONAL  # 8
    if kinship is Kinship.SAME_VALUE and row_of(op.kind).effect is Effect.SUM:
        return Step.SCALE  # 9
    gated = row_of(op.kind).effect is Effect.PRODUCT and kinship not in UNGATED
    return Step.GATE if gated else Step.NONLINEAR  # 5


def _contraction(op: Op, kinship: Kinship) -> Step:
    if kinship is Kinship.FED:
        return Step.LINEAR  # 8
    if len(op.values()) > 1:
        return Step.NONLINEAR
    return Step.LINEAR if any(weight.learned for weight in op.weights()) else Step.SELECTION


def _passes_whole(graph: ModelGraph, op: Op, slot: int) -> bool:
    """Whether a selection selects everything: no size changes, nothing is turned round (Slice) or shifted (Pad)."""
    whole = row_of(op.kind).whole
    if whole is None or not keeps_shape(graph, op, slot):
        return False
    given = op.inputs[whole.slot] if whole.slot is not None and whole.slot < len(op.inputs) else None
    if given is None and not whole.attribute:
        return True
    data = given.type.data if isinstance(given, Constant) else None
    listed = op.attributes.get(whole.attribute) if given is None else data
    return isinstance(listed, tuple) and all(number == whole.plain for number in listed)

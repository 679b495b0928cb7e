"""Which ops add up what was stacked, each times a weight?

DenseFormer and attention residuals sum all earlier values of a network in this way: several values are stacked, and the
new axis is contracted with constants, with learned vectors or with what an attention computes. No operand is let
through by the others' side: that is no residual merge, but it adds.
"""

from __future__ import annotations

from collections.abc import Iterator

from shortcut_audit.graph.model import ModelGraph, Op, Shape
from shortcut_audit.operators.axes import only_axis, rank_of, stacked
from shortcut_audit.operators.row import Arrangement, Effect, Family
from shortcut_audit.operators.table import is_copy, row_of

VIEWS = 8
"""How many views may stand between a stack and what contracts it."""

FOLLOWED = frozenset({Arrangement.PERMUTED, Arrangement.RESHAPED})
"""How a view may arrange the axes so that the new one can still be found."""


def weighted(graph: ModelGraph) -> Iterator[Op]:
    """The ops that contract a stack of several values along its new axis. A plain sum over a stack is no such thing."""
    known: dict[str, int | None] = {}
    for op in graph.ops:
        for name, axis in _contracted(graph, op) if op.outputs[0] is not None else ():
            if name not in known:
                known[name] = _stacking_axis(graph, name)
            if axis is not None and known[name] == axis:
                yield op
                break


def _contracted(graph: ModelGraph, op: Op) -> Iterator[tuple[str, int | None]]:
    """The values that an op contracts, each with the axis along which it does.

    1. A sum over a product. 2. A matrix product: the last axis of the left operand, the last but one of the right one.
    3. An einsum: the axis whose letter the result does not have.
    """
    row = row_of(op.kind)
    if row.sums_axes and op.inputs and isinstance(op.inputs[0], str):
        made = graph.values[op.inputs[0]].op
        if made is not None and row_of(made.kind).effect is Effect.PRODUCT and len(made.inputs) == 2:
            for name in made.values():
                yield name, only_axis(op, rank_of(graph, name))  # 1
    elif row.family is Family.MATRIX_PRODUCT:
        for slot, given in enumerate(op.inputs[:2]):
            if isinstance(given, str):
                yield given, len(_shape(graph, given) or ()) - 1 - slot  # 2
    elif isinstance(equation := op.attributes.get(row.labels), str):
        terms, _, result = equation.replace(" ", "").partition("->")
        for letters, given in zip(terms.split(","), op.inputs, strict=False):
            left_out = [axis for axis, letter in enumerate(letters) if letter not in result]
            if isinstance(given, str) and result and "." not in equation:
                yield given, left_out[0] if len(left_out) == 1 else None  # 3


def _stacking_axis(graph: ModelGraph, name: str) -> int | None:
    """The axis along which the elements of a value were stacked; None where nothing was."""
    op, shape = graph.values[name].op, _shape(graph, name)
    moves: list[Op] = []
    while op is not None and len(moves) < VIEWS and (is_copy(op) or row_of(op.kind).arranges in FOLLOWED):
        if not isinstance(given := op.inputs[0], str):
            return None
        moves.append(op)
        name, op = given, graph.values[given].op
    stack = stacked(graph, name)
    several = stack is not None and sum(isinstance(given, str) for given in stack.slices) > 1
    axis = stack.axis if stack is not None and several else None
    for move in reversed(moves):
        axis = None if axis is None else moved(graph, move, axis)
    return axis if axis is not None and (shape is None or axis < len(shape)) else None


def moved(graph: ModelGraph, view: Op, axis: int) -> int | None:
    """Where a view has put an axis. Of a reshape it is known if it was, and is, the first one or the last."""
    arranges, order = row_of(view.kind).arranges, view.attributes.get("perm")
    if arranges is Arrangement.PERMUTED:
        return order.index(axis) if isinstance(order, tuple) and axis in order else None
    if arranges is not Arrangement.RESHAPED:
        return axis
    given = view.inputs[0]
    before, after = _shape(graph, given if isinstance(given, str) else None), _shape(graph, view.outputs[0])
    if not before or not after:
        return None
    if axis == 0 and before[0] == after[0]:
        return 0
    return len(after) - 1 if axis == len(before) - 1 and before[-1] == after[-1] else None


def _shape(graph: ModelGraph, name: str | None) -> Shape:
    return None if name is None else graph.values[name].type.shape

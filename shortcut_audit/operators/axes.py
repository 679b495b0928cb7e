"""Along which axes does an op work: those that it names, puts in, or joins values along?

Axes are counted from the front or, where nobody knows how many there are, as they are written. An op names them in an
attribute or, in newer opsets, in its second input.
"""

from __future__ import annotations

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Attribute, Constant, Input, ModelGraph, Op, Shape, Value
from shortcut_audit.operators.row import Arrangement, Effect
from shortcut_audit.operators.table import row_of


@frozen
class Stack:
    """Values that lie one behind the other along an axis that was put in for them."""

    axis: int
    slices: tuple[Input, ...]
    """What was stacked, without the new axis; constants that were joined with it as they are."""


def from_front(axis: Attribute, rank: int | None) -> int | None:
    """An axis, counted from the front, or as it is written where nobody knows the rank; None where there is none."""
    if rank is None:
        return axis if isinstance(axis, int) else None
    return axis % rank if isinstance(axis, int) and -rank <= axis < rank else None


def listed(op: Op) -> tuple[object, ...] | None:
    """The axes as an op lists them; None where it lists none, or they are computed."""
    given = op.inputs[1] if len(op.inputs) > 1 else None
    axes = given.type.data if isinstance(given, Constant) else op.attributes.get("axes")
    return axes if isinstance(axes, tuple) else None


def only_axis(op: Op, rank: int | None) -> int | None:
    """The one axis that an op lists; None where it lists several, or nobody knows."""
    axes = listed(op) or ()
    return from_front(axes[0], rank) if len(axes) == 1 and isinstance(axes[0], int) else None


def joint_axis(op: Op, rank: int | None) -> int | None:
    """The axis of its result along which an op joins what it reads; None if it joins nothing."""
    joins = row_of(op.kind).joins
    return None if joins is None else from_front(op.attributes.get("axis", joins.axis), rank)


def stacked(graph: ModelGraph, name: str) -> Stack | None:
    """What a value was stacked from: by an op that does, or by one that joins values of which each got the axis."""
    op, rank = graph.values[name].op, rank_of(graph, name)
    axis = None if op is None else joint_axis(op, rank)
    if op is None or axis is None:
        return None
    joins = row_of(op.kind).joins
    if joins is not None and joins.fresh:
        return Stack(axis, op.inputs)
    makers = [graph.values[given].op for given in op.values()]
    fresh = [made for made in makers if made is not None and row_of(made.kind).arranges is Arrangement.PUT_IN]
    if not fresh or len(fresh) < len(makers) or {only_axis(made, rank) for made in fresh} != {axis}:
        return None
    before = iter(made.inputs[0] for made in fresh)  # in the order of the values among the inputs
    return Stack(axis, tuple(next(before) if isinstance(given, str) else given for given in op.inputs))


def summed_stack(graph: ModelGraph, op: Op) -> Stack | None:
    """What an op adds up that was stacked for it alone, `stack([a, b]).sum(axis)`: the axis put in is summed away."""
    pile = op.inputs[0] if row_of(op.kind).sums_axes and op.inputs else None
    if not isinstance(pile, str) or op.attributes.get("keepdims", 1) != 0 or len(graph.readers[pile]) != 1:
        return None
    stack = stacked(graph, pile)
    return stack if stack is not None and only_axis(op, rank_of(graph, pile)) == stack.axis else None


def rank_of(graph: ModelGraph, name: str) -> int | None:
    """How many axes a value has; None where nobody knows."""
    shape = graph.values[name].type.shape
    return None if shape is None else len(shape)


def treats_apart(value: Value, axis: int) -> bool:
    """Whether each element of a value is made of elements at the same place of an axis alone, and of constants.

    Cases: 1. element by element; 2. normalised over axes behind it; 3. normalised by statistics that the model keeps.
    """
    op, shape = value.op, value.type.shape
    if op is None or shape is None or value.slot > 0:
        return False
    row = row_of(op.kind)
    if row.trailing:
        first = from_front(op.attributes.get("axis", -1), len(shape))
        return first is not None and axis < first  # 2
    apart = (row.pointwise and row.effect is not Effect.NORMALISATION) or row.running  # 1, 3
    constants = (given for given in op.inputs if isinstance(given, Constant))
    return apart and all(given.type.shape is not None for given in constants)


def along(op: Op, rank: int, given: Shape, axis: int) -> int | None:
    """The axis of an operand that lies along an axis of what is made of it; None where it is the same all along.

    The axes of an operand are the last ones, but for what a normalisation reads of each channel.
    """
    row = row_of(op.kind)
    if given is None:
        return None
    own = axis - 1 if row.running and len(given) == 1 else axis - rank + len(given)
    return own if 0 <= own < len(given) and given[own] != 1 else None

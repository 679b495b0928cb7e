"""Does a branch leave the positions of its fork where they are, and mix features alone?

Which axis holds features is a property of the graph: the one that the linear map on the route contracts, the last of a
matrix product. All axes before it are positions. A sum over part of the features (MiSS) mixes nothing that the map on
the route does not mix, too. Positions are followed op by op: they stand in front of all that is made, in their order
and of their sizes. What cannot be followed so may have mixed them.
"""

from __future__ import annotations

from collections.abc import Iterable

from shortcut_audit.graph.model import ModelGraph, Op, Shape
from shortcut_audit.operators.axes import from_front, listed
from shortcut_audit.operators.equation import terms_of
from shortcut_audit.operators.row import Arrangement, Effect, Family
from shortcut_audit.operators.table import is_weight_layer, mixes, row_of

FOLLOWED = 64
"""How many ops of a branch are looked at."""


def maps_the_last_axis(ops: Iterable[Op]) -> bool:
    """Whether the layers among some ops, which mix no positions, map the last axis: convolutions map the second."""
    return all(row_of(op.kind).family is not Family.CONVOLUTION for op in ops if is_weight_layer(op))


def stay_in_front(graph: ModelGraph, fork: str, ops: Iterable[Op]) -> bool:
    """Whether some ops, all between a fork and what is made of it, leave all axes of the fork but the last in front."""
    shape = graph.values[fork].type.shape
    if not shape or len(shape) < 2 or None in shape:
        return False
    made = {fork}
    for count, op in enumerate(ops):
        if count == FOLLOWED or not _leaves(graph, op, shape[:-1], made):
            return False
        made.update(output for output in op.outputs if output is not None)
    return True


def _leaves(graph: ModelGraph, op: Op, front: tuple[object, ...], inside: set[str]) -> bool:
    """Whether an op leaves the first axes of what it reads of a branch where they are.

    Cases: 1. what it reads or makes has other axes in front; 2. element by element, values of one rank; 3. a view that
    keeps the order, so that sizes that are in front are the same elements; 4. along later axes: a sum, a piece; 5. a
    product with stored weights.
    """
    row, count = row_of(op.kind), len(front)
    read = {slot: given for slot, given in enumerate(op.inputs) if isinstance(given, str) and given in inside}
    shapes = [graph.values[name].type.shape for name in (*read.values(), *filter(None, op.outputs[:1]))]
    if any(shape is None or shape[:count] != front for shape in shapes):
        return False  # 1
    rank = len(shapes[0] or ())
    if row.pointwise or row.effect in {Effect.PRODUCT, Effect.SUM}:
        return len({len(shape or ()) for shape in shapes}) == 1  # 2
    if row.effect is Effect.VIEW:
        order = op.attributes.get("perm")
        kept = isinstance(order, tuple) and order[:count] == tuple(range(count))
        return kept or row.arranges in {Arrangement.RESHAPED, Arrangement.PUT_IN}  # 3
    if row.effect is Effect.CONTRACTION:
        return len(op.values()) == 1 and _maps_alone(op, next(iter(read)), shapes[0], count)  # 5
    axes = _axes(op)
    fronts = [from_front(axis, rank) for axis in axes if isinstance(axis, int)]
    return bool(axes) and len(fronts) == len(axes) and all(axis is not None and axis >= count for axis in fronts)  # 4


def _maps_alone(op: Op, slot: int, shape: Shape, count: int) -> bool:
    """Whether a product with stored weights sums over none of the first axes, and keeps them first."""
    equation = op.attributes.get("equation")
    if not isinstance(equation, str):
        return row_of(op.kind).family is Family.MATRIX_PRODUCT and not mixes(op)
    terms, result = terms_of(equation)
    term = terms[slot] if slot < len(terms) else ""
    if term.startswith("...") and result.startswith("..."):
        return len(shape or ()) - (len(term) - 3) >= count
    return "..." not in term + result and term[:count] == result[:count]


def _axes(op: Op) -> tuple[object, ...]:
    """The axes along which an op works, as it names them; none where it does not say."""
    row = row_of(op.kind)
    if row.sums_axes:
        return listed(op) or ()
    if row.effect is Effect.SELECTION and row.moves:
        return (op.attributes.get("axis"),)
    return ()

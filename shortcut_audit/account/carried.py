"""What does a shortcut carry of its fork, and on which axis of the merge does each of its axes end?

All of it, as a rule; a slice where the residual branch is computed from others (Res2Net). To the merge, axes may have
been brought in another order.
"""

from __future__ import annotations

from typing import NamedTuple

from shortcut_audit.graph.model import ModelGraph, Op, Shape
from shortcut_audit.operators.pieces import cuts
from shortcut_audit.operators.row import Arrangement
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.found import Found
from shortcut_audit.search.marks import Mark
from shortcut_audit.search.trails import Link, Trail


class Carried(NamedTuple):
    """What a shortcut carries."""

    shape: Shape
    """As the fork, or the slice of it, is laid out."""
    order: tuple[int, ...] | None = None
    """For each axis of the merge, which axis of the shape it is; None where none has moved, or that cannot be told."""

    def moved(self) -> Shape:
        """The shape, its axes where the merge has them."""
        return self.shape if self.shape is None or self.order is None else tuple(self.shape[a] for a in self.order)

    def place(self, axis: int) -> int:
        """The axis of the merge on which an axis of the shape ends."""
        if self.shape is None or self.order is None or not -len(self.shape) <= axis < len(self.shape):
            return axis
        return self.order.index(axis % len(self.shape))


class _Moved(NamedTuple):
    """What has become, after some steps, of the axes of what is carried."""

    order: tuple[int, ...] | None
    slice: str | None = None
    """The slice that is carried, once a step has read it."""


def carried(graph: ModelGraph, found: Found) -> Carried:
    """What a shortcut carries, as far as that can be followed.

    Routes that begin alike are followed together: what is known of one before its last step is not asked again.
    """
    whole = found.fork.type.shape
    sliced = Mark.SIBLINGS in found.marks and found.route.any(_cuts)

    def onward(moved: _Moved, trail: Trail) -> _Moved:
        assert trail.last is not None, "a step leads here"
        op, given = trail.last.op, trail.last.op.inputs[trail.last.slot]
        if sliced and cuts(op):
            return _Moved(next((_axes(graph.values[made].type.shape) for made in op.outputs if made is not None), None))
        piece = moved.slice or (given if isinstance(given, str) else None)
        if moved.order is None or row_of(op.kind).arranges is not Arrangement.PERMUTED:
            return _Moved(moved.order, piece)
        return _Moved(_permuted(moved.order, op), piece)

    moved = found.route.fold((carried, whole, sliced), _Moved(_axes(whole)), onward)
    if not sliced:
        return Carried(whole, moved.order)
    piece = moved.slice or found.operand.value
    return Carried(graph.values[piece].type.shape if isinstance(piece, str) else None, moved.order)


def _axes(shape: Shape) -> tuple[int, ...] | None:
    """The axes of a shape in their order."""
    return None if shape is None else tuple(range(len(shape)))


def _permuted(axes: tuple[int, ...], op: Op) -> tuple[int, ...] | None:
    told = op.attributes.get("perm")
    order = tuple(axis for axis in told if isinstance(axis, int)) if isinstance(told, tuple) else ()
    order = order or tuple(range(len(axes)))[::-1]
    return tuple(axes[axis] for axis in order) if sorted(order) == list(range(len(axes))) else None


def _cuts(link: Link) -> bool:
    return cuts(link.op)

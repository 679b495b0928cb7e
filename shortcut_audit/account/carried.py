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
from shortcut_audit.search.trails import Link


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


def carried(graph: ModelGraph, found: Found) -> Carried:
    """What a shortcut carries, as far as that can be followed."""
    shape = found.fork.type.shape
    sliced = Mark.SIBLINGS in found.marks and found.route.any(_cuts)
    links = tuple(found.route) if sliced or found.route.any(_permutes) else ()
    if sliced:
        links = links[1 + max(place for place, link in enumerate(links) if _cuts(link)) :]
        piece = links[0].op.inputs[links[0].slot] if links else found.operand.value
        shape = graph.values[piece].type.shape if isinstance(piece, str) else None
    return Carried(shape, _order(links, shape))


def _order(links: tuple[Link, ...], shape: Shape) -> tuple[int, ...] | None:
    """Where the axes of a shape have been brought by some steps; None where nowhere, or where nobody knows."""
    axes = None if shape is None else tuple(range(len(shape)))
    for link in links:
        if _permutes(link) and axes is not None:
            axes = _permuted(axes, link.op)
    return axes


def _permuted(axes: tuple[int, ...], op: Op) -> tuple[int, ...] | None:
    told = op.attributes.get("perm")
    order = tuple(axis for axis in told if isinstance(axis, int)) if isinstance(told, tuple) else ()
    order = order or tuple(range(len(axes)))[::-1]
    return tuple(axes[axis] for axis in order) if sorted(order) == list(range(len(axes))) else None


def _permutes(link: Link) -> bool:
    return row_of(link.op.kind).arranges is Arrangement.PERMUTED


def _cuts(link: Link) -> bool:
    return cuts(link.op)

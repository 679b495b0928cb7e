"""Which part of its data, along which axis, does a selection take?

Split, Slice and Gather by known indices cut a value into pieces; pieces that do not overlap are siblings, whatever cut
them (theory: value).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from enum import Enum, auto
from typing import NamedTuple

from shortcut_audit.graph.model import Constant, ModelGraph, Op, Shape, Value


class Taken(Enum):
    """How a selection takes what lies between the first and the last index of a piece."""

    WHOLE = auto()
    """Every element, in its order."""
    ELEMENT = auto()
    """The only one there is, without the axis."""
    PARTLY = auto()
    """With gaps, in another order, or several times."""


class Piece(NamedTuple):
    """The indices along one axis between which a selection stays."""

    axis: int
    """Counted from the front."""
    start: int
    stop: int
    """One behind the last."""
    taken: Taken = Taken.WHOLE
    cut: str | None = None
    """What a cut makes first whose pieces are counted instead of their elements: nobody knows how large they are."""

    @property
    def along(self) -> tuple[int, str | None]:
        """By what it is counted."""
        return self.axis, self.cut

    def misses(self, other: Piece) -> bool:
        """Whether two pieces of one value have no element in common for sure."""
        return self.along == other.along and (self.stop <= other.start or other.stop <= self.start)

    def around(self, other: Piece) -> Piece:
        """A piece in which both of one value lie."""
        if self.along != other.along:
            return EVERYTHING
        return Piece(self.axis, min(self.start, other.start), max(self.stop, other.stop), Taken.PARTLY, self.cut)


EVERYTHING = Piece(-1, 0, 0)
"""What takes, for all that is known, any element: a piece along no axis."""


def all_miss(some: Collection[Piece], others: Collection[Piece]) -> bool:
    """Whether none of some pieces has an element in common with any of others for sure; of none at all, none has."""
    if not some or not others:
        return True
    if len({piece.along for piece in (*some, *others)}) > 1 or EVERYTHING.axis in {piece.axis for piece in some}:
        return False
    ordered = sorted((piece.start, piece.stop, mine) for mine, of in ((True, some), (False, others)) for piece in of)
    reached = {True: 0, False: 0}
    for start, stop, mine in ordered:
        if start < reached[not mine]:
            return False
        reached[mine] = max(reached[mine], stop)
    return True


def piece_of(graph: ModelGraph, value: Value) -> Piece | None:
    """Which piece of the first input of its op a value is; None where it is none, or cannot be known."""
    op = value.op
    if op is None or not op.inputs or not isinstance(op.inputs[0], str):
        return None
    cut = CUTTERS.get(op.kind)
    return None if cut is None else cut(graph, op, value, graph.values[op.inputs[0]].type.shape)


def place_of(graph: ModelGraph, value: Value) -> Piece | None:
    """The piece of the first input of its op that a value is or, of several of unknown size, which of them."""
    op, found = value.op, piece_of(graph, value)
    if found is not None or op is None or not cuts(op) or len(op.outputs) < 2:
        return found
    axis, first = op.attributes.get("axis", 0), next((made for made in op.outputs if made is not None), None)
    return Piece(axis, value.slot, value.slot + 1, Taken.WHOLE, first) if isinstance(axis, int) else None


def cuts(op: Op) -> bool:
    """Whether an op is one that cuts a value into pieces."""
    return op.kind in CUTTERS


def _split(graph: ModelGraph, op: Op, value: Value, data: Shape) -> Piece | None:
    axis = _from_front(op.attributes.get("axis", 0), data)
    if axis is None:
        return None
    edges, slot = graph.edges(op, axis), value.slot
    return Piece(axis, edges[slot], edges[slot + 1]) if slot + 1 < len(edges) else None


def _slice(graph: ModelGraph, op: Op, value: Value, data: Shape) -> Piece | None:
    starts, ends = _numbers(op, 1, "starts"), _numbers(op, 2, "ends")
    axes = _numbers(op, 3, "axes") or (None if starts is None else tuple(range(len(starts))))
    steps = _numbers(op, 4, "steps")
    if not starts or not ends or not axes or len(starts) != 1 or (steps or (1,))[0] < 1:
        return None
    axis = _from_front(axes[0], data)
    size = data[axis] if data is not None and axis is not None else None
    if axis is None or not isinstance(size, int):
        return None
    start, stop = (max(0, min(size, end + size if end < 0 else end)) for end in (starts[0], ends[0]))
    by_one = steps == (1,) if steps is not None else len(op.inputs) <= 4 or op.inputs[4] is None
    return Piece(axis, start, stop, Taken.WHOLE if by_one else Taken.PARTLY)


def _gather(graph: ModelGraph, op: Op, value: Value, data: Shape) -> Piece | None:
    axis, indices = _from_front(op.attributes.get("axis", 0), data), _numbers(op, 1, "")
    if axis is None or not indices:
        return None
    size = data[axis] if data is not None else None
    if min(indices) < 0 and not isinstance(size, int):
        return None
    found = [index + size if index < 0 and isinstance(size, int) else index for index in indices]
    given = op.inputs[1]
    if isinstance(given, Constant) and given.type.shape == ():
        return Piece(axis, found[0], found[0] + 1, Taken.ELEMENT)
    flat = isinstance(given, Constant) and given.type.shape == (len(found),)
    in_order = flat and found == list(range(found[0], found[0] + len(found)))
    return Piece(axis, min(found), max(found) + 1, Taken.WHOLE if in_order else Taken.PARTLY)


CUTTERS: Mapping[str, Callable[[ModelGraph, Op, Value, Shape], Piece | None]] = {
    "Split": _split,
    "Slice": _slice,
    "Gather": _gather,
}
"""How each operator that cuts a value into pieces says where."""


def _numbers(op: Op, slot: int, attribute: str) -> tuple[int, ...] | None:
    """A list of integers that stands in an input or, in old opsets, in an attribute; None where it is not known."""
    given = op.inputs[slot] if slot < len(op.inputs) else None
    listed = given.type.data if isinstance(given, Constant) else op.attributes.get(attribute) if given is None else None
    if not isinstance(listed, tuple):
        return None
    numbers = tuple(number for number in listed if isinstance(number, int))
    return numbers if len(numbers) == len(listed) else None


def _from_front(axis: object, data: Shape) -> int | None:
    if not isinstance(axis, int) or data is None or not -len(data) <= axis < len(data):
        return axis if isinstance(axis, int) and axis >= 0 and data is None else None
    return axis % len(data)

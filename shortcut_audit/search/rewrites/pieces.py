"""Whose elements are these?

What is joined and cut again is what it was before: `cat([u, t])[:, 0]` is u, `cat([x, x]).chunk(2)` are x, and
`cat(x.chunk(2))` is x. Elements are followed through Concat, Stack, Split, Slice and Gather by known indices. Where a
joint is read as a whole, too, a piece of it stays one if it meets what is made of the whole: x[:, :1] + F(x) of tokens
x (VOLO). Of pieces that nobody can follow loose.py supposes where they lie.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile

from shortcut_audit.frozen import frozen, replace
from shortcut_audit.graph.model import Constant, Input, ModelGraph, Op, TensorType, Value
from shortcut_audit.operators.axes import joint_axis
from shortcut_audit.operators.pieces import Piece, Taken, cuts, piece_of
from shortcut_audit.operators.table import is_copy, row_of
from shortcut_audit.search.rewrites.cuts import Cuts
from shortcut_audit.search.rewrites.values import rebuilt


def followed(graph: ModelGraph) -> ModelGraph:
    """The graph, in which each piece is cut out of what it was a piece of before that was joined with others."""
    known = dict(graph.values)
    now = replace(graph, values=known)
    joints = Joints(now)
    cuts = Cuts(now, joints.cut)
    for name, value in graph.values.items():
        op = _uncut(now, value, joints) or _cut_first(cuts, value, joints) or _reassembled(now, value)
        known.update((written.id, written) for written in cuts.written.get(name, ()))
        if op is not None:
            known[name] = Value(name, value.type, replace(op, outputs=(name,)))
    if all(known[name] is value for name, value in graph.values.items()):
        return graph
    ordered = (made for name in graph.values for made in (*cuts.written.get(name, ()), known[name]))
    return rebuilt(graph, {value.id: value for value in ordered})


def is_followed(value: Value, joint: str, joints: Joints, cuts: Cuts) -> bool:
    """Whether it is known of which parts of a joint a piece is cut: along an axis of known sizes.

    Between them stand copies, or what treats the elements along the axis apart.
    """
    graph, cut = joints.graph, _cut_of(joints.graph, value)
    if cut is None:
        return False
    piece, _, whole = cut
    if before_copies(graph, whole) != joint:
        joined = cuts.joints_of(whole, piece.axis)
        return joint in joined and all(joints.of(name, piece.axis) is not None for name in joined)
    made, shape = graph.values[joint].op, graph.values[joint].type.shape
    axis = None if made is None or shape is None else joint_axis(made, len(shape))
    return axis is not None and (axis != piece.axis or joints.of(joint, axis) is not None)


def lies_apart(graph: ModelGraph, value: Value, axis: int | None) -> bool:
    """Whether a piece is cut along another axis than one that is known."""
    piece = piece_of(graph, value)
    return piece is not None and axis is not None and axis >= 0 and piece.axis != axis


@frozen
class _Part:
    """One of the values that were joined, and where it lies."""

    source: Input
    start: int
    stop: int


def _cut_of(graph: ModelGraph, value: Value) -> tuple[Piece, Op, str] | None:
    """Which piece a value is, the op that cuts it, and of what; None where it is none."""
    piece, op = piece_of(graph, value), value.op
    if piece is None or op is None or not isinstance(whole := op.inputs[0], str):
        return None
    return piece, op, whole


def _uncut(graph: ModelGraph, value: Value, joints: Joints) -> Op | None:
    """The op that cuts a piece out of what it comes from; None if that is what it does already."""
    cut = _cut_of(graph, value)
    if cut is None:
        return None
    piece, op, whole = cut
    joint = before_copies(graph, whole)
    if joints.of(joint, piece.axis) is None or joints.meet(joint, value.id):
        return None
    return joints.cut(joint, piece, op)


def _cut_first(cuts: Cuts, value: Value, joints: Joints) -> Op | None:
    """The op by which a value is a piece that was cut out before it was normalised; None where it is none."""
    cut = _cut_of(cuts.graph, value)
    if cut is None or cut[0].taken is Taken.PARTLY:
        return None
    piece, op, whole = cut
    joined = cuts.joints_of(whole, piece.axis)
    if not joined or any(joints.of(name, piece.axis) is None or joints.meet(name, value.id) for name in joined):
        return None
    made = cuts.of(whole, piece, op, value.id)
    if made is None:
        return None
    return _op(op, "Identity" if piece.taken is Taken.WHOLE else "Reshape", made)


class Joints:
    """What was joined, each joint looked at once."""

    def __init__(self, graph: ModelGraph) -> None:
        self.graph = graph
        self._known: dict[tuple[str, int], list[_Part] | None] = {}
        self._made: dict[str, frozenset[str]] = {}
        self._left = WALKED * len(graph.values)

    def of(self, name: str, axis: int) -> list[_Part] | None:
        """The values that were joined along an axis to a value."""
        if (name, axis) not in self._known:
            self._known[name, axis] = _joined(self.graph, name, axis)
        return self._known[name, axis]

    def cut(self, name: str, piece: Piece, like: Op) -> Op | None:
        """What cuts a piece of a joint out of what was joined there; None where that is no single op."""
        parts = self.of(name, piece.axis)
        if piece.taken is Taken.PARTLY or parts is None:
            return None
        first = bisect_right(parts, piece.start, key=lambda part: part.stop)
        inside = list(takewhile(lambda part: part.start < piece.stop, islice(parts, first, None)))
        if not inside or not all(isinstance(part.source, str) for part in inside):
            return None
        whole = (inside[0].start, inside[-1].stop) == (piece.start, piece.stop)
        if whole and len(inside) > 1:
            return _op(like, "Concat", *(part.source for part in inside), axis=piece.axis)
        if len(inside) > 1:
            return None
        if whole:
            return _op(like, "Identity" if piece.taken is Taken.WHOLE else "Reshape", inside[0].source)
        start, stop = piece.start - inside[0].start, piece.stop - inside[0].start
        if piece.taken is Taken.WHOLE:
            return _op(like, "Slice", inside[0].source, *map(_numbers, ((start,), (stop,), (piece.axis,))))
        return _op(like, "Gather", inside[0].source, _numbers((start,), ()), axis=piece.axis)

    def meet(self, name: str, piece: str) -> bool:
        """Whether a piece of a joint is combined with what is made of the joint as a whole."""
        if name not in self._made:
            self._made[name] = frozenset(self._made_of_whole(name))
        made = self._made[name]
        waiting, looked_at = [piece] if made else [], 0
        while waiting:
            current = waiting.pop()
            readers = self.graph.readers[current]
            looked_at += len(readers)
            if looked_at > READERS:
                return False
            for reader in readers:
                op = self.graph.values[reader].op
                others = [] if op is None else [given for given in op.values() if given != current]
                if not others:
                    waiting.append(reader)
                elif not made.isdisjoint(others):
                    return True
        return False

    def _made_of_whole(self, joint: str) -> Iterator[str]:
        """What is computed from a joint as a whole, as far as that many values may still be walked."""
        pieces, waiting, seen = [joint], list[str](), set[str]()
        while pieces:
            for reader in self.graph.readers.get(pieces.pop(), ()):  # what is written here is read in one place
                op = self.graph.values[reader].op
                if op is not None and is_copy(op):
                    pieces.append(reader)
                elif op is None or not cuts(op):
                    waiting.append(reader)
        while waiting and self._left > 0:
            current = waiting.pop()
            if current not in seen:
                self._left -= 1
                seen.add(current)
                yield current
                waiting.extend(self.graph.readers[current])


WALKED = 50
"""So many values may be walked for each of the graph, in all, to tell what is made of joints as a whole."""

READERS = 64
"""So many readers may be looked at behind a piece, to tell what it is combined with first."""


def _joined(graph: ModelGraph, name: str, axis: int) -> list[_Part] | None:
    """The values that were joined along an axis only to be cut again; None where not all sizes are known."""
    op, shape = graph.values[name].op, graph.values[name].type.shape
    joins = None if op is None else row_of(op.kind).joins
    if op is None or shape is None or joins is None:
        return None
    if joint_axis(op, len(shape)) != axis:
        return None
    parts, start = [], 0
    for given in op.inputs:
        size = 1 if joins.fresh else _size(graph, given, axis)
        if size is None:
            return None
        parts.append(_Part(given, start, start + size))
        start += size
    return parts


def _size(graph: ModelGraph, given: Input, axis: int) -> int | None:
    if given is None:
        return None
    shape = given.type.shape if isinstance(given, Constant) else graph.values[given].type.shape
    size = shape[axis] if shape is not None and axis < len(shape) else None
    return size if isinstance(size, int) else None


def _reassembled(graph: ModelGraph, value: Value) -> Op | None:
    """A copy, where all pieces of one value are joined again in their order."""
    op = value.op
    joins = None if op is None else row_of(op.kind).joins
    if op is None or joins is None or joins.fresh or value.type.shape is None:
        return None
    values = [given for given in op.inputs if isinstance(given, str)]
    pieces = [piece_of(graph, graph.values[given]) for given in values]
    makers = [graph.values[given].op for given in values]
    sources = {made.inputs[0] for made, piece in zip(makers, pieces, strict=True) if made and piece}
    if len(values) < len(op.inputs) or None in pieces or len(sources) != 1:
        return None
    (source,) = sources
    return _op(op, "Identity", source) if _covers(graph, op, makers, pieces, source) else None


def _covers(
    graph: ModelGraph, op: Op, makers: Sequence[Op | None], pieces: Sequence[Piece | None], source: Input
) -> bool:
    """Whether pieces follow upon each other along the axis of a joint, from the first element to the last."""
    shape, end = graph.values[source].type.shape if isinstance(source, str) else None, 0
    for made, piece in zip(makers, pieces, strict=True):
        if made is None or piece is None or piece.start != end or piece.taken is not Taken.WHOLE:
            return False
        if shape is None or joint_axis(op, len(shape)) != piece.axis:
            return False
        end = piece.stop
    return shape is not None and pieces[0] is not None and end == shape[pieces[0].axis]


def before_copies(graph: ModelGraph, name: str) -> str:
    """The value that another one is a copy of, in whatever type: a piece of a cast is a cast piece."""
    while (op := graph.values[name].op) is not None and is_copy(op) and isinstance(source := op.inputs[0], str):
        name = source
    return name


def _op(like: Op, kind: str, *inputs: Input, axis: int | None = None) -> Op:
    """Another op in the place of one. Its output is named by whoever writes it down."""
    return replace(like, kind=kind, inputs=inputs, attributes={} if axis is None else {"axis": axis})


def _numbers(data: tuple[int, ...], shape: tuple[int, ...] | None = None) -> Constant:
    return Constant(TensorType((len(data),) if shape is None else shape, "int64", data))

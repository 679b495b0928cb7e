"""Of a piece that nobody can follow, which part of what was joined may it be?

Where sizes are not known, or axes are moved between a joint and its cut, a piece of cat([a, b]) may be a, or b, or some
of both; a piece of what an op makes that is not understood may be anything that it can make. The search is run as if
the pieces were the parts, in their order and the other way round: a verdict that depends on it is not understood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from shortcut_audit.frozen import frozen, replace
from shortcut_audit.graph.model import Constant, Input, ModelGraph, Op, Value
from shortcut_audit.graph.sizes import same_shape
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.joints import Behind, behind, joins_several, takes
from shortcut_audit.search.rewrites.cuts import Cuts
from shortcut_audit.search.rewrites.pieces import Joints, is_followed, lies_apart
from shortcut_audit.search.rewrites.values import rebuilt


@frozen
class Loose:
    """A piece of a joint of which nobody knows where it lies."""

    piece: Value
    joint: Op
    cut: Op
    share: tuple[int, int]
    """Its number among the pieces of the joint, and how many these are."""

    def part(self, *, turned: bool) -> Input:
        """The part that it is, if the pieces are the parts in their order, or in the other, `turned`."""
        number, pieces = self.share
        parts = self.joint.inputs[:: -1 if turned else 1]
        return parts[number * len(parts) // pieces]


def loose(graph: ModelGraph) -> tuple[Loose, ...]:
    """The pieces of joints that nobody can follow."""
    cut_from: dict[Op, list[tuple[Value, Op]]] = {}
    joints = Joints(graph)
    cuts = Cuts(graph, joints.cut)
    for piece, cut, joint in _pieces(graph, joins_several):
        if lies_apart(graph, piece, joint.axis) or is_followed(piece, joint.source, joints, cuts):
            continue
        cut_from.setdefault(_maker(graph, joint.source), []).append((piece, cut))
    return tuple(one for joint, pieces in cut_from.items() for one in _numbered(joint, pieces))


def _pieces(graph: ModelGraph, begins: Callable[[Op], bool]) -> Iterator[tuple[Value, Op, Behind]]:
    """What is cut of the elements of a value that begins so, in whatever order they are: piece, cut and that value."""
    held = behind(graph, begins)
    for value in graph.values.values() if held else ():
        op = value.op
        if op is not None and op.inputs and isinstance(given := op.inputs[0], str) and given in held and takes(op):
            yield value, op, held[given]


def _numbered(joint: Op, pieces: list[tuple[Value, Op]]) -> Iterator[Loose]:
    """The pieces of one joint in the order in which they lie: of a Split that of its outputs."""
    alone = sorted((cut for _, cut in pieces if len(cut.outputs) == 1), key=_start)
    place = {cut: number for number, cut in enumerate(alone)}
    for piece, cut in pieces:
        share = (place[cut], len(place)) if cut in place else (piece.slot, len(cut.outputs))
        yield Loose(piece, joint, cut, share)


def _start(cut: Op) -> tuple[bool, int]:
    """Where a piece begins, as it is written; what counts from the end comes last."""
    given = cut.inputs[1] if len(cut.inputs) > 1 else None
    data = given.type.data if isinstance(given, Constant) else None
    start = data[0] if data and isinstance(data[0], int) else 0
    return start < 0, start


def supposed(graph: ModelGraph, pieces: Iterable[Loose]) -> Iterator[ModelGraph]:
    """The graph in which each of these pieces is a part of what was joined: in their order, and the other way round."""
    listed = tuple(pieces)
    for turned in (False, True) if listed else ():
        values = dict(graph.values)
        for one in listed:
            part, name = one.part(turned=turned), one.piece.id
            if isinstance(part, str):
                kind = "Identity" if values[part].type == one.piece.type else "Reshape"
                op = replace(one.cut, kind=kind, inputs=(part,), outputs=(name,), attributes={})
                known = one.piece.type if one.piece.type.shape is not None else values[part].type
                values[name] = Value(name, known, op)
        yield rebuilt(graph, values)


def opened(graph: ModelGraph) -> ModelGraph | None:
    """The graph in which pieces of what an op makes that is not understood are values that it makes each by itself.

    They are, perhaps, where a piece is as large as something that the op reads: it may make cat([x, F(x)]). None where
    there is no such piece.
    """
    values: dict[str, Value] = {}
    for piece, _, dark in _pieces(graph, _is_dark):
        op = _maker(graph, dark.source)
        if any(same_shape(graph.values[read].type.shape, piece.type.shape) for read in op.values()):
            values[piece.id] = Value(piece.id, piece.type, replace(op, outputs=(piece.id,)))
    return rebuilt(graph, {**graph.values, **values}) if len(values) > 1 else None


def _is_dark(op: Op) -> bool:
    return not row_of(op.kind).understood


def _maker(graph: ModelGraph, name: str) -> Op:
    op = graph.values[name].op
    assert op is not None, "what is cut is made by an op"
    return op

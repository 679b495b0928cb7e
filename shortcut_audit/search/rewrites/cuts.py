"""What is a piece if it is cut out before its value is scaled, bent or normalised, and not after?

What treats the elements along an axis apart, and is no addition, leaves pieces pieces: `norm(cat([u, t]))[:, 0]` is
`norm(u)`, and nothing of t is in it (the class tokens of CrossViT). Such ops are written for the piece alone, in front
of it; those that the file writes stay, for whoever reads the whole. pieces.py tells of what a value was joined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from shortcut_audit.frozen import replace
from shortcut_audit.graph.model import Constant, Input, ModelGraph, Op, TensorType, Value
from shortcut_audit.graph.naming import Names
from shortcut_audit.operators.axes import along, treats_apart
from shortcut_audit.operators.pieces import Piece, Taken, cuts
from shortcut_audit.operators.table import row_of

WALKED = 16
"""So many values may stand between joints and a piece, the joints among them: norms, activations, factors."""

Cutter: TypeAlias = "Callable[[str, Piece, Op], Op | None]"
"""What cuts a piece out of what was joined to a value, in the place of an op; None where nobody knows."""


@dataclass(slots=True, eq=False, repr=False)
class Cuts:
    """Pieces that are cut out of joints before anything is done with the whole."""

    graph: ModelGraph
    cut: Cutter
    written: dict[str, list[Value]] = field(default_factory=dict)
    """The values that are written in front of a value of the file."""
    _regions: dict[tuple[str, int], tuple[str, ...]] = field(default_factory=dict)
    _names: Names | None = None

    def joints_of(self, whole: str, axis: int) -> list[str]:
        """The joints that a value is made of, where all that lies between treats the elements along an axis apart.

        There is none where it is made of anything else that differs along the axis, or too much lies between.
        """
        return [name for name in self._region(whole, axis) if self._is_joint(name)]

    def of(self, whole: str, piece: Piece, cut: Op, before: str) -> str | None:
        """The piece of a value, made of pieces of joints, in the place of the op that cuts the value.

        It is written in front of the value `before`. None where no op cuts such a piece out of what was joined, and
        where something reads the whole: what is made of that, and of its pieces, has the whole in common.
        """
        if not self._is_only_cut(self._region(whole, piece.axis)):
            return None
        part, ops = piece._replace(taken=Taken.WHOLE), dict[str, Op]()
        for name in self._region(whole, piece.axis):
            op = self.cut(name, part, cut) if self._is_joint(name) else self._op(name)
            if op is None:
                return None
            ops[name] = op
        new: dict[str, str] = {}
        for name, op in ops.items():
            inputs = op.inputs if self._is_joint(name) else self._inputs(name, piece, new)
            new[name] = self._new_name(before)
            value = Value(
                new[name], _part(self.graph.values[name].type, piece), replace(op, inputs=inputs, outputs=(new[name],))
            )
            self.written.setdefault(before, []).append(value)
        return new[whole]

    def _region(self, whole: str, axis: int) -> tuple[str, ...]:
        if (whole, axis) not in self._regions:
            self._regions[whole, axis] = self._walked(whole, axis)
        return self._regions[whole, axis]

    def _walked(self, whole: str, axis: int) -> tuple[str, ...]:
        """A value, and what it is made of back to joints, in topological order; nothing where that is not known."""
        ordered, waiting = dict[str, None](), [whole]
        while waiting:
            name = waiting[-1]
            value = self.graph.values[name]
            if self._is_joint(name):
                left = []
            elif len(waiting) + len(ordered) > WALKED or not treats_apart(value, axis) or _is_listed(value):
                return ()
            else:
                left = [given for given in self._op(name).values() if self._is_cut(name, given, axis)]
            left = [read for read in left if read not in ordered]
            if left:
                waiting.extend(left)
            else:
                ordered[waiting.pop()] = None
        return tuple(ordered)

    def _is_only_cut(self, region: tuple[str, ...]) -> bool:
        """Whether nothing that lies between joints and a piece is read as a whole."""
        between = (name for name in region if not self._is_joint(name))
        readers = (reader for name in between for reader in self.graph.readers.get(name, ()) if reader not in region)
        return all(cuts(self._op(reader)) for reader in readers)

    def _is_joint(self, name: str) -> bool:
        op = self.graph.values[name].op
        return op is not None and row_of(op.kind).joins is not None

    def _op(self, name: str) -> Op:
        op = self.graph.values[name].op
        assert op is not None, "what lies between joints and a piece is made by an op"
        return op

    def _is_cut(self, name: str, given: str, axis: int) -> bool:
        """Whether a value is made of other elements of an operand at each place of an axis."""
        shape, own = self.graph.values[name].type.shape, self.graph.values[given].type.shape
        return own is None or shape is None or along(self._op(name), len(shape), own, axis) is not None

    def _inputs(self, name: str, piece: Piece, new: Mapping[str, str]) -> tuple[Input, ...]:
        """What an op reads where it makes a piece alone."""
        op, rank = self._op(name), len(self.graph.values[name].type.shape or ())
        inputs: list[Input] = []
        for given in op.inputs:
            own = along(op, rank, given.type.shape, piece.axis) if isinstance(given, Constant) else None
            if isinstance(given, Constant) and own is not None:
                inputs.append(replace(given, type=_part(given.type, piece._replace(axis=own))))
            else:
                inputs.append(new.get(given, given) if isinstance(given, str) else given)
        return tuple(inputs)

    def _new_name(self, before: str) -> str:
        if self._names is None:
            self._names = Names(self.graph.values)
        return self._names.beside(before)


def _is_listed(value: Value) -> bool:
    """Whether a value is made by an addition: the report lists each where the file writes it, and no other."""
    return value.op is not None and row_of(value.op.kind).adds


def _part(whole: TensorType, piece: Piece) -> TensorType:
    assert whole.shape is not None, "a piece is cut of what has a known size"
    shape = (*whole.shape[: piece.axis], piece.stop - piece.start, *whole.shape[piece.axis + 1 :])
    return replace(whole, shape=shape, data=None)

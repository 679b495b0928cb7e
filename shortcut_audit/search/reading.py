"""How do values that are computed from a fork read it?

Whole or by the piece, and joined with other values or otherwise: what is asked of a stretch is known without looking
into it again.
"""

from __future__ import annotations

from typing import NamedTuple

from shortcut_audit.graph.model import ModelGraph, Op, Value
from shortcut_audit.operators.pieces import EVERYTHING, Piece, place_of
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import row_of


class Reading(NamedTuple):
    """How some values read their fork."""

    joined: bool
    """Whether by ops that join it with other values."""
    otherwise: bool
    """Whether by any others."""
    piece: Piece | None
    """What is read lies in this piece; None where nothing is."""

    def beside(self, other: Reading) -> Reading:
        """How these and other values read it."""
        pieces = [piece for piece in (self.piece, other.piece) if piece is not None]
        both = pieces[0].around(pieces[1]) if len(pieces) == 2 else next(iter(pieces), None)
        return Reading(self.joined or other.joined, self.otherwise or other.otherwise, both)


UNREAD = Reading(joined=False, otherwise=False, piece=None)
WHOLE = Reading(joined=False, otherwise=True, piece=EVERYTHING)


def reading_of(graph: ModelGraph, value: Value) -> Reading:
    """How a value that an op makes of the fork itself reads it."""
    assert value.op is not None, "what is computed from a fork is made by an op"
    joined = joins(value.op)
    return Reading(joined, not joined, place_of(graph, value) or EVERYTHING)


def joins(op: Op) -> bool:
    """Whether an op joins several values to one, and chooses among nothing."""
    row = row_of(op.kind)
    return row.effect is Effect.SELECTION and not row.data and len(set(op.values())) > 1

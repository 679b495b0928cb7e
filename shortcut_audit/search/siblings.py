"""Does the branch read what the route takes of the fork, or only other pieces of it?

Disjoint pieces of one value are siblings: `W x[t] + U h` with h from x[t - 1] has x in common, but no element of it. In
Res2Net a slice is added to what a layer makes of the slice before: that is reported, with a note.
"""

from __future__ import annotations

from collections.abc import Sequence

from shortcut_audit.graph.model import ModelGraph
from shortcut_audit.operators.pieces import Piece, piece_of
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import is_activation, is_copy, row_of
from shortcut_audit.search.reach import Reach, Region
from shortcut_audit.search.reading import joins
from shortcut_audit.search.steps import Step
from shortcut_audit.search.trails import Link
from shortcut_audit.search.walk import Way

KEEPING = frozenset({Step.VIEW, Step.SCALE, Step.DIAGONAL})
"""What makes each element of one element of the same place."""


def are_siblings(reach: Reach, way: Way, others: Sequence[int]) -> bool:
    """Whether a way begins with a piece of its fork, and all that lies before other values is made from others.

    What is scaled and normalised before it is cut has the same pieces; what is laid out otherwise has others, which are
    not compared. A way through a sum of maps, a + W b, takes all pieces that are added up there.
    """
    lineage = reach.lineage
    opened = way.trail.first(_parts)
    piece = None if opened is None else piece_of(lineage.graph, lineage.values[opened.number])
    if piece is None or opened is None or opened.before is None:
        return False
    whole, alike = {way.fork}, {way.fork}
    for link in opened.before:
        whole.add(link.number)
        alike = {link.number} if link.step is Step.VIEW and not is_copy(link.op) else alike | {link.number}
    taken: list[Piece | None] = [piece]
    if any(lineage.maps_one(link.op) for link in way.trail if link.number not in whole):
        taken += _pieces(reach.region(way.values[-1:]), whole, alike)
    read = _pieces(reach.region(others, route=way.values), whole, alike)
    return all(own is not None and other is not None and own.misses(other) for own in taken for other in read)


def _pieces(region: Region, whole: set[int], alike: set[int]) -> list[Piece | None]:
    """What a region reads of values that hold all elements of a fork; None for what is no piece of those `alike`."""
    pieces: list[Piece | None] = []
    for number in region:
        read = whole.intersection(parent for parent, _, _ in region.parents(number))
        if read and number not in whole:
            pieces.append(region.piece(number) if read <= alike else None)
    return pieces


def _parts(link: Link) -> bool:
    return link.step not in KEEPING


READERS = 64
"""How many readers may be looked at between a sum and the activations that it feeds."""

LEADING_ON = frozenset({Effect.VIEW, Effect.SELECTION, Effect.NORMALISATION, Effect.SUM})
"""What leaves a pre-activation one; what joins it with other values makes a feature map of it."""


def feeds_activations_only(graph: ModelGraph, result: str) -> bool:
    """Whether all uses of a sum lead into activations: the pre-activation of gates.

    On the way it may be cut into pieces, normalised (LSTM, Ba et al. 2016) and added to (peepholes, Gers 2000).
    """
    waiting, looked_at = [result], 0
    while waiting:
        name = waiting.pop()
        readers = graph.readers[name]
        looked_at += len(readers)
        if name in graph.outputs or looked_at > READERS:
            return False
        for reader in readers:
            op = graph.values[reader].op
            assert op is not None, "a reader is made by an op"
            if row_of(op.kind).effect in LEADING_ON and not joins(op):
                waiting.append(reader)
            elif not is_activation(op):
                return False
    return looked_at > 0

"""Does the branch read what the route takes of the fork, or only other pieces of it?

Disjoint pieces of one value are siblings: `W x[t] + U h` with h from x[t - 1] has x in common, but no element of it. In
Res2Net a slice is added to what a layer makes of the slice before: that is reported, with a note.
"""

from __future__ import annotations

from collections.abc import Sequence

from shortcut_audit.graph.model import ModelGraph
from shortcut_audit.operators.pieces import EVERYTHING, Piece, all_miss, place_of
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import is_activation, is_copy, row_of
from shortcut_audit.search.holdings import as_set
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.reach import Reach, Region
from shortcut_audit.search.reading import joins
from shortcut_audit.search.steps import Step
from shortcut_audit.search.trails import Link, Trail
from shortcut_audit.search.walk import Way

KEEPING = frozenset({Step.VIEW, Step.SCALE, Step.DIAGONAL})
"""What makes each element of one element of the same place."""


def are_siblings(reach: Reach, way: Way, others: Sequence[int]) -> bool:
    """Whether a way begins with a piece of its fork, and all that lies before other values is made from others.

    What is scaled, gated or normalised before it is cut has the same pieces; what is laid out otherwise has others,
    which are not compared. A way through a sum of maps, a + W b, takes all pieces that are added up there.
    """
    lineage = reach.lineage
    opened = way.trail.first(_parts)
    piece = None if opened is None else place_of(lineage.graph, lineage.values[opened.number])
    if piece is None or opened is None or opened.before is None:
        return False
    whole, taken = opened.before, {piece}
    summed = way.trail.latest(lineage.sums_maps)
    if summed is not None and len(summed) >= len(opened):
        taken |= _pieces(reach, [way.trail.number], whole)
    ops = _between(reach, others, whole)
    if ops is None:
        return all_miss(taken, _walked(reach.region(others, route=way.trail), whole))
    read = [(lineage.readers(number), alike) for number, alike in _laid_out(lineage, whole)]
    return not any(reader.overlap(ops, one if alike else EVERYTHING) for one in taken for reader, alike in read)


WHOLE_VALUES = 64
"""Of how many values that hold a whole fork the readers are asked for. Of more, what lies between is walked."""


def _between(reach: Reach, tops: Sequence[int], whole: Trail) -> int | None:
    """What lies between a fork and some values, but for the values of a trail; None where it must be walked."""
    ops = reach.between(tops) if len(whole) < WHOLE_VALUES else None
    if ops is None:
        return None
    lineage = reach.lineage
    return ops & ~as_set(lineage.ancestry.places.of_value[number] for number, _ in _laid_out(lineage, whole))


def _laid_out(lineage: Lineage, whole: Trail) -> list[tuple[int, bool]]:
    """The values of a trail, its fork among them, and their copies; whether each is laid out as the last one."""
    laid_out = whole.latest(_lays_out)
    first = whole.up_to(-1).number
    numbers = (first, *(link.number for link in whole))
    told = {number: laid_out is None or number >= laid_out.number for number in numbers}
    for number, alike in tuple(told.items()):
        for copy in _copies(lineage, number):
            told.setdefault(copy, alike)
    return list(told.items())


def _copies(lineage: Lineage, number: int) -> list[int]:
    """The copies of a value, a piece of which is that piece of the value; not those of one that many read."""
    found = [number]
    for each in found:
        if len(found) + len(lineage.below[each]) <= WHOLE_VALUES:
            found.extend(reader for reader in lineage.below[each] if lineage.original[reader] != reader)
    return found[1:]


def _pieces(reach: Reach, tops: Sequence[int], whole: Trail) -> set[Piece]:
    """What is read of the values of a trail on the way to some values, as below."""
    ops = _between(reach, tops, whole)
    if ops is None:
        return _walked(reach.region(tops), whole)
    found = set[Piece]()
    for number, alike in _laid_out(reach.lineage, whole):
        pieces = reach.lineage.readers(number).pieces(ops)
        found |= pieces if alike or not pieces else {EVERYTHING}
    return found


def _walked(region: Region, whole: Trail) -> set[Piece]:
    """What a region reads of the values of a trail, which hold all elements of its fork.

    What is no piece of those that are laid out as the last one may be anything.
    """
    laid_out = whole.latest(_lays_out)
    pieces = set[Piece]()
    for number in region:
        read = [parent for parent, _, _ in region.parents(number) if whole.leads_through(parent)]
        if read and not whole.leads_through(number):
            alike = laid_out is None or min(read) >= laid_out.number
            pieces.add((region.piece(number) if alike else None) or EVERYTHING)
    return pieces


def _parts(link: Link) -> bool:
    """Whether a step takes elements away or moves them. What gates each element by itself does neither."""
    gates = link.step is Step.GATE and row_of(link.op.kind).pointwise
    return not gates and link.step not in KEEPING


def _lays_out(link: Link) -> bool:
    return link.step is Step.VIEW and not is_copy(link.op)


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

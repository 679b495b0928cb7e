"""What is peculiar about a shortcut, so that experts may read it otherwise?

Marks decide nothing: the report says them as notes (theory: undecidable).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import Enum, auto

from shortcut_audit.graph.model import Op
from shortcut_audit.operators.row import Arrangement, Family
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.between import Field
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.prices import passes
from shortcut_audit.search.siblings import are_siblings
from shortcut_audit.search.steps import Step
from shortcut_audit.search.trails import Link
from shortcut_audit.search.walk import Way


class Mark(Enum):
    """One peculiarity."""

    SIBLINGS = auto()
    """The shortcut is one slice of the fork, the branch is computed from others: Res2Net."""
    JOINED = auto()
    """The branch reads the fork joined with other values only: the root of a deep layer aggregation."""
    RESAMPLED = auto()
    """What is added was resampled last: stage fusion, a feature pyramid."""
    POSITION_TERM = auto()
    """A depthwise convolution beside a product of values: a position term."""
    RELATIVE_VALUES = auto()
    """The fork are attention weights, which a learned table maps: relative positions of the values."""
    ADDED_AGAIN = auto()
    """One value is added in many sums: position embeddings in each layer."""


AGAIN = 3
"""The sums in which a value must be added for that to be said."""


def marks_of(lineage: Lineage, way: Way, field: Field, others: Sequence[int]) -> frozenset[Mark]:
    """The marks of a shortcut that are seen around its merge. `others` make the branch, `field` is where it lies."""
    found = set[Mark]()
    if passes(way.cost, Step.SELECTION):
        if are_siblings(field, way, others):
            found.add(Mark.SIBLINGS)
    elif not way.trail and field.is_joined(others):
        found.add(Mark.JOINED)
    if passes(way.cost, Step.LINEAR):
        found |= _beside_attention(lineage, way, field, others)
    makers = [lineage.maker(other) for other in others]
    if any(op is not None and row_of(op.kind).arranges is Arrangement.RESIZED for op in makers):
        found.add(Mark.RESAMPLED)
    return frozenset(found)


def _beside_attention(lineage: Lineage, way: Way, field: Field, others: Sequence[int]) -> set[Mark]:
    fork = lineage.maker(way.fork)
    if fork is not None and row_of(fork.kind).family is Family.SOFTMAX:
        return {Mark.RELATIVE_VALUES}
    if not way.trail.any(_is_depthwise):
        return set()
    return {Mark.POSITION_TERM} if field.inside(others).any(_multiplies) else set()


def _is_depthwise(link: Link) -> bool:
    op = link.op
    group, kernels = op.attributes.get("group", 1), [w.shape for w in op.weights() if len(w.shape) > 2]
    return row_of(op.kind).family is Family.CONVOLUTION and group != 1 and any(shape[1] == 1 for shape in kernels)


def _multiplies(op: Op) -> bool:
    return row_of(op.kind).macs is not None and len(op.values()) > 1


def added_again(forks: Iterable[str]) -> frozenset[str]:
    """The forks of bare shortcuts, one for each merge, that are added in many sums."""
    return frozenset(fork for fork, count in Counter(forks).items() if count >= AGAIN)

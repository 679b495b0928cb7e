"""What is a shortcut, once it is found?"""

from __future__ import annotations

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Op, Value
from shortcut_audit.search.additions import Term
from shortcut_audit.search.extent import Extent
from shortcut_audit.search.marks import Mark
from shortcut_audit.search.merges import Merge
from shortcut_audit.search.steps import Step


@frozen
class Link:
    """One step of a route: the value that it makes, the op that makes it, and what it does to what it lets through."""

    op: Op
    slot: int
    step: Step


@frozen
class Found:
    """A shortcut, before it is classified and priced."""

    merge: Merge
    operand: Term
    fork: Value
    route: tuple[Link, ...]
    """The steps from fork to merge; empty for a bare edge."""
    through: tuple[Op, ...]
    """Every op between the fork and this operand: the route, its gates, and ways beside it."""
    residual: Extent
    """What lies between the fork and the operands that do the work."""
    marks: frozenset[Mark] = frozenset()
    fed: frozenset[Op] = frozenset()
    """The ops among them that apply what may be a weight which the caller brings: its size is not known."""

"""What is a shortcut, once it is found?"""

from __future__ import annotations

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Value
from shortcut_audit.search.additions import Term
from shortcut_audit.search.extent import Extent
from shortcut_audit.search.holdings import Ops
from shortcut_audit.search.marks import Mark
from shortcut_audit.search.merges import Merge
from shortcut_audit.search.routes import Route
from shortcut_audit.search.trails import Trail


@frozen
class Found:
    """A shortcut, before it is classified and priced."""

    merge: Merge
    operand: Term
    way: Route
    """What it leads through; many shortcuts may share it."""
    residual: Extent
    """What lies between the fork and the operands that do the work."""
    marks: frozenset[Mark] = frozenset()

    @property
    def fork(self) -> Value:
        """The value from which shortcut and residual branch start."""
        return self.way.fork

    @property
    def route(self) -> Trail:
        """The steps from fork to merge; empty for a bare edge."""
        return self.way.links

    @property
    def through(self) -> Ops:
        """Every op between the fork and this operand: the route, its gates, and ways beside it."""
        return self.way.through

    @property
    def fed(self) -> Ops:
        """The ops among them that apply what may be a weight which the caller brings: its size is not known."""
        return self.way.fed

"""What does a shortcut lead through on its way from fork to merge?

Many sums may take the same way, of any length: what it leads through is looked for once.
"""

from __future__ import annotations

from collections.abc import Iterable

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Op, Value
from shortcut_audit.search.lineage import Lineage, passes
from shortcut_audit.search.reach import Reach, is_linear
from shortcut_audit.search.steps import Step
from shortcut_audit.search.walk import Way


@frozen
class Link:
    """One step of a route: the value that it makes, the op that makes it, and what it does to what it lets through."""

    op: Op
    slot: int
    step: Step


@frozen
class Route:
    """A route, and what belongs to it. Shortcuts that take the same way from the same fork share one."""

    __eq__, __hash__ = object.__eq__, object.__hash__

    fork: Value
    links: tuple[Link, ...]
    """The steps from fork to merge; empty for a bare edge."""
    through: tuple[Op, ...]
    """Every op between the fork and this operand: the route, its gates, and ways beside it."""
    fed: frozenset[Op] = frozenset()
    """The ops among them that apply what may be a weight which the caller brings: its size is not known."""


class Routes:
    """The routes of one search."""

    __slots__ = ("_known", "_lineage")

    def __init__(self, lineage: Lineage) -> None:
        self._lineage = lineage
        self._known: dict[tuple[int, int, int], tuple[Way, Route]] = {}
        """Routes by operand, fork and the identity of the links of a way, which is kept beside."""

    def links(self, way: Way) -> tuple[Link, ...]:
        """The steps of a way, from fork to merge."""
        links = []
        for number, slot, level in way.links:
            op = self._lineage.values[number].op
            assert op is not None, "a route leads through ops"
            links.append(Link(op, slot, Step(level)))
        return tuple(links)

    def of(self, own: Reach, operand: int, way: Way) -> Route:
        """The route of a way to an operand, in the field of its fork."""
        key = operand, way.fork, id(way.links)
        if key not in self._known:
            links = self.links(way)
            self._known[key] = way, self._made(own, links, self._through(own, operand, way, links))
        return self._known[key][1]

    def beside(self, route: Route, own: Reach, branch: Iterable[Op]) -> Route:
        """A route without what its gates read that the branch reads beside them: that is the branch's."""
        others = set(branch).difference(link.op for link in route.links)
        return self._made(own, route.links, tuple(op for op in route.through if op not in others))

    def _made(self, own: Reach, links: tuple[Link, ...], through: tuple[Op, ...]) -> Route:
        fed = self._lineage.fed.on([(link.op, link.slot) for link in links], through, own.fork)
        return Route(self._lineage.original(own.fork), links, through, fed)

    def _through(self, own: Reach, operand: int, way: Way, links: tuple[Link, ...]) -> tuple[Op, ...]:
        if not links:
            return ()
        ops = own.passed(operand)
        if not passes(way.cost, Step.SELECTION):
            return ops
        elsewhere = self._joined_work(own, links)
        return tuple(op for op in ops if op not in elsewhere)

    def _joined_work(self, own: Reach, links: tuple[Link, ...]) -> frozenset[Op]:
        """What makes the values that a selection on the route joins to what passes, where that is no linear map of it.

        `concat(x, W x)` and a scatter of W x into x are W_s together; `concat(x, f(x))` and a scatter of f(x) into x
        let x through beside another layer's result.
        """
        number = self._lineage.number
        joined, needed = [], {link.op for link in links}
        for link in links:
            others = [
                number[given]
                for slot, given in enumerate(link.op.inputs)
                if slot != link.slot and isinstance(given, str)
            ]
            if link.step is not Step.SELECTION:
                needed.update(own.ops(others))
                continue
            joined += [other for other in others if not is_linear(own.reached(other))]
        return frozenset(own.ops(joined)).difference(needed) if joined else frozenset()

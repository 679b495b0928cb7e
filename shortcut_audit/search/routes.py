"""What does a shortcut lead through on its way from fork to merge?

Many sums may take the same way, of any length: what it leads through is looked for once.
"""

from __future__ import annotations

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Value
from shortcut_audit.search.holdings import Holdings, Ops
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.prices import passes
from shortcut_audit.search.reach import Reach, is_linear
from shortcut_audit.search.steps import Step
from shortcut_audit.search.trails import Link, Test, Trail
from shortcut_audit.search.walk import Way


@frozen
class Route:
    """A route, and what belongs to it. Shortcuts that take the same way from the same fork share one."""

    __eq__, __hash__ = object.__eq__, object.__hash__

    fork: Value
    links: Trail
    """The steps from fork to merge; empty for a bare edge."""
    through: Ops
    """Every op between the fork and this operand: the route, its gates, and ways beside it."""
    fed: Ops
    """The ops among them that apply what may be a weight which the caller brings: its size is not known."""
    whole: bool = True
    """Whether none of them is left out that the branch has, too, or that is joined to what passes."""

    def any(self, test: Test, key: Test) -> bool:
        """Whether any step passes a test that asks of a step no more than what stands between the fork and it.

        What is known, by the key, of the steps before the last one is not asked again.
        """
        return self.links.any(test, key) if self.whole else any(map(test, self.links))


class Routes:
    """The routes of one search."""

    __slots__ = ("_known", "_lineage", "_nothing")

    def __init__(self, lineage: Lineage) -> None:
        self._lineage = lineage
        self._known: dict[tuple[int, Trail], Route] = {}
        """Routes by operand and way."""
        self._nothing = Ops(Holdings(lineage.measure, {}), 0)

    def of(self, own: Reach, operand: int, way: Way) -> Route:
        """The route of a way to an operand, in the field of its fork."""
        key = operand, way.trail
        if key not in self._known:
            ops = own.passed(operand) if way.trail else self._nothing
            elsewhere = self._joined_work(own, way) if passes(way.cost, Step.SELECTION) else self._nothing
            self._known[key] = self._made(own, way.trail, ops, elsewhere)
        return self._known[key]

    def beside(self, route: Route, own: Reach, branch: Ops) -> Route:
        """A route without what its gates read that the branch reads beside them: that is the branch's."""
        both = Ops(branch.holdings, branch.bits & route.through.bits)
        if not both:
            return route
        others = both.without(both.holdings.gathered(link.op for link in route.links))
        return self._made(own, route.links, route.through, others) if others else route

    def _made(self, own: Reach, links: Trail, through: Ops, elsewhere: Ops) -> Route:
        left = through.without(elsewhere)
        fed = self._lineage.fed_on(links, left, own.fork)
        return Route(self._lineage.before_identities(own.fork), links, left, fed, left is through)

    def _joined_work(self, own: Reach, way: Way) -> Ops:
        """What makes the values that a selection on the route joins to what passes, where that is no linear map of it.

        `concat(x, W x)` and a scatter of W x into x are W_s together; `concat(x, f(x))` and a scatter of f(x) into x
        let x through beside another layer's result.
        """
        if not way.trail.any(lambda link: bool(self._joined(own, link)), Routes._joined):
            return self._nothing
        joined = [other for link in way.trail for other in self._joined(own, link)]
        others = (self._others(link) for link in way.trail if link.step is not Step.SELECTION)
        needed = {op for numbers in others for op in own.ops(numbers)}.union(link.op for link in way.trail)
        return self._lineage.holdings.gathered(op for op in own.ops(joined) if op not in needed)

    def _joined(self, own: Reach, link: Link) -> list[int]:
        """What a selection joins to what passes, and is no linear map of the fork."""
        others = self._others(link) if link.step is Step.SELECTION else []
        return [other for other in others if not is_linear(own.reached(other))]

    def _others(self, link: Link) -> list[int]:
        read = ((slot, given) for slot, given in enumerate(link.op.inputs) if isinstance(given, str))
        return [self._lineage.number[given] for slot, given in read if slot != link.slot]

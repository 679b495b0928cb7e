"""Which operands of one merge are its shortcuts, if these are their ways from what they share?

An operand that lets the fork through is one, if another operand does real work, and strictly more (theory: shortcut).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count, islice
from operator import attrgetter
from typing import TypeAlias

from shortcut_audit.algebra.bounds import at_most
from shortcut_audit.algebra.polynomial import Cost
from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Op
from shortcut_audit.operators.row import Family
from shortcut_audit.operators.table import row_of
from shortcut_audit.report import Reason
from shortcut_audit.search.between import Between, Field
from shortcut_audit.search.cones import PARTED_OPERANDS
from shortcut_audit.search.equal_maps import Maps, as_deep, is_scaled_by, maps_of
from shortcut_audit.search.extent import Extent
from shortcut_audit.search.formulas import is_formula
from shortcut_audit.search.found import Found
from shortcut_audit.search.marks import Mark, marks_of
from shortcut_audit.search.merges import Merge, Refusal
from shortcut_audit.search.positions import maps_the_last_axis, stay_in_front
from shortcut_audit.search.prices import UNIT, dearest, passes, times
from shortcut_audit.search.reach import Reached
from shortcut_audit.search.siblings import are_siblings, feeds_activations_only
from shortcut_audit.search.steps import Step
from shortcut_audit.search.streams import are_positions, mixed_axes
from shortcut_audit.search.walk import Way


def refuse(merge: Merge, reason: Reason, detail: str) -> Refusal:
    """A merge that is no shortcut's, and why; with the additions that are part of it."""
    return Refusal(merge.op, merge.result, reason, detail, merge.folded)


DETAILS: Mapping[Reason, str] = {
    "parallel branches": "the operands do the same kind and amount of work on what they share",
    "independent sources": "the operands are computed from different pieces of what they share",
    "elementwise expression": "no operand reads weights or mixes positions between fork and sum",
}
"""What is said of a sum beside the reason, where nothing more is known."""

WEIGHED = "a computed matrix lets through what it multiplies only where it mixes streams, beside a branch with weights"
PRODUCTS = "all that works between fork and sum are products of values, and none of them reads weights: a formula"
GATED = "the other operands work only on what comes through the gate of the one that could be let through"
ALONE = "the only operand that works between fork and sum is the one that could be let through"
BY_ELEMENT = "no operand holds a layer or mixes positions between fork and sum: what is learned there is no matrix"


MARKED = 8
"""The most operands beside a shortcut among which its marks are looked for."""


Trait: TypeAlias = "Callable[[Reached], bool]"
"""Something that may be said of how a fork leads to an operand."""

WORKING: Trait = attrgetter("working")
WEIGHING: Trait = attrgetter("weighing")

TIES = 16
"""With how many operands of the same class a way is compared in detail."""


@frozen
class _Work:
    """What tells two operands of the same class apart."""

    series: int
    """How many steps of its dearest class the cheapest route from the fork has."""
    mixing: bool
    macs: Cost
    parameters: int
    maps: Maps
    """Shapes of the learned matrices and kernels, where a linear map is the dearest step."""

    def does_more_than(self, other: _Work) -> bool:
        """Whether it takes more MACs at all sizes or, where that is not known, reads more weights."""
        most = at_most(other.macs, self.macs)
        if most is None and at_most(self.macs, other.macs) is None:
            return self.parameters > other.parameters
        return bool(most) and other.macs != self.macs


class Trial:
    """One merge whose operands have values in common: which of them are shortcuts?

    What the operands are beside a way is looked at in two fields: in its own, and in that beside what the way cuts out.
    """

    def __init__(
        self, between: Between, merge: Merge, numbers: list[int], ways: Sequence[Way], *, pieces: bool = False
    ) -> None:
        """`pieces`: whether the ways lead to what is mixed before route and branch take pieces of it."""
        self._lineage = between.lineage
        self._routes = between.routes
        self._merge = merge
        self._pieces = pieces
        self._numbers = numbers
        self._spread = tuple(self._lineage.number[term.value] for term in merge.beside)
        """What is stretched over the operands."""
        self._ways = ways
        self._own = [between.field(way.fork) for way in ways]
        """Where a way's own operand is looked at."""
        self._beside = [between.field(way.fork, self._cut(way)) for way in ways]
        """Where the other operands are looked at, beside what a way cuts out."""
        self._kept: dict[tuple[Field, int], _Work] = {}
        self._extents: dict[Field, Extent] = {}
        cost = {way.operand: way.cost for way in self._ways}
        dearest_first = sorted(range(len(numbers)), key=lambda p: -cost.get(p, UNIT[Step.NONLINEAR]))
        self._workers = dict.fromkeys(dearest_first)
        """The operands that are no shortcuts, those first that are the least likely to become one."""
        self._with_trait: dict[tuple[Field, Trait], tuple[list[tuple[int, Reached]], deque[int]]] = {}
        """Those of them that have a trait in a field, as far as they have been asked for, and who is still to be."""
        self._nobody: set[tuple[Field, Step]] = set()
        """What has been looked for among the workers in vain: who is dearer than a step."""
        self.is_formula = False
        """Whether the operands that failed are terms of a formula of what they share: then there is no next fork."""
        self.failed: frozenset[tuple[int, int]] = frozenset()
        """The ways, as (operand, fork), that are none of a shortcut."""

    def _cut(self, way: Way) -> frozenset[int]:
        """What a way cuts out of the pasts of the other operands."""
        if not way.cut:
            return way.cut
        ancestry = self._lineage.ancestry
        pasts = [ancestry.past(number) for operand, number in enumerate(self._numbers) if operand != way.operand]
        return frozenset(value for value in way.cut if any(ancestry.holds(past, value) for past in pasts))

    def _reached(self, field: Field, operand: int) -> Reached | None:
        """How a fork leads to an operand; a negated one cannot be had cheaper than by a scale."""
        number, ancestry = self._numbers[operand], self._lineage.ancestry
        if number != field.fork and not ancestry.holds(ancestry.past(number), field.fork):
            return None
        here = field.reached(number)
        if here is None or not self._merge.operands[operand].negated:
            return here
        return here._replace(cost=max(here.cost, UNIT[Step.SCALE]))

    def _works(self, field: Field, operand: int) -> Reached | None:
        """How a fork leads to an operand if that does real work; None if it does not."""
        here = self._reached(field, operand)
        return here if here is not None and here.working else None

    def _such(self, field: Field, trait: Trait, beside: int | None = None) -> Iterator[tuple[int, Reached]]:
        """The operands that have a trait in a field and are no shortcuts, but for one, and how the fork leads there.

        None is looked at twice, however many ways ask.
        """
        found, left = self._with_trait.setdefault((field, trait), ([], deque(self._workers)))
        for at in count():
            while left and at == len(found):
                worker = left.popleft()
                here = self._reached(field, worker) if worker in self._workers else None
                if here is not None and trait(here):
                    found.append((worker, here))
            if at == len(found):
                return
            worker, told = found[at]
            if worker != beside and worker in self._workers:
                yield worker, told

    def _works_dearer(self, field: Field, level: Step) -> bool:
        """Whether any operand does real work and cannot be had by steps of a level."""
        if (field, level) in self._nobody:
            return False
        found = any(here.level > level for _, here in self._such(field, WORKING))
        if not found:
            self._nobody.add((field, level))
        return found

    def verdict(self) -> tuple[Found, ...] | Refusal:
        """Takes the operands, cheapest way first, as shortcuts, as long as another one does more."""
        accepted: list[int] = []
        refusal: Refusal | None = None
        failed: set[tuple[int, int]] = set()
        formulas: list[bool] = []
        for position, way in enumerate(self._ways):
            plain = self._objection(position)
            objection = plain or self._second_look(position)
            if objection is not None:
                formulas.append(plain is None and objection == "elementwise expression")
                if refusal is None:
                    detail = self._detail(position, objection, at_once=plain is not None)
                    refusal = refuse(self._merge, objection, detail)
                failed.add((way.operand, way.fork))
            else:
                accepted.append(position)
                del self._workers[way.operand]
        for position in self._deserted(accepted):
            accepted.remove(position)
            failed.add((self._ways[position].operand, self._ways[position].fork))
        self.failed, self.is_formula = frozenset(failed), bool(formulas) and all(formulas)
        if not accepted and refusal is not None:
            return refusal
        return tuple(self._found(position) for position in accepted)

    def _deserted(self, accepted: Sequence[int]) -> list[int]:
        """Those of the shortcuts that lead around nothing, now that what they led around is a shortcut itself.

        In n + W n + F(x), where n is linear in x, W n is the work beside n, and a shortcut beside F(x): both are.
        """
        if len({self._ways[position].fork for position in accepted}) < 2:
            return []
        return [position for position in accepted if self._objection(position) is not None]

    def _others(self, position: int) -> list[int]:
        """The numbers of all operands at work but that of a way."""
        mine = self._ways[position].operand
        return [self._numbers[worker] for worker in self._workers if worker != mine]

    def _objection(self, position: int) -> Reason | None:
        """Why a way is no shortcut; None if it is one. Some other operand must do real work, and strictly more.

        More is: 0. any work, where the way does none and is added (pool(x) - x is a filter); 1. a dearer class; or, the
        class being the same, and its steps no fewer (B A x does not do less than W x: LoRA), 2. mixing, where the way
        mixes nothing, or 3. more MACs. Two equal linear maps (of the same weight shapes) are parallel, wherever they
        are applied: averaged heads, or the factor and the offset that a condition is mapped to.
        """
        way, field = self._ways[position], self._beside[position]
        if next(self._such(field, WORKING, beside=way.operand), None) is None:
            return "elementwise expression"
        if not self._works(self._own[position], way.operand) and not self._merge.operands[way.operand].negated:
            return None  # 0
        level = dearest(way.cost)
        more = self._works_dearer(field, level) or self._equal_does_more(position, level)  # 1, 2, 3
        return None if more and not (level is Step.LINEAR and self._conditions(position)) else "parallel branches"

    def _detail(self, position: int, objection: Reason, *, at_once: bool) -> str:
        """What is said beside an objection to a way, made `at_once` or at a second look."""
        if objection == "parallel branches" and not at_once:
            return WEIGHED
        if objection != "elementwise expression":
            return DETAILS[objection]
        if not at_once:
            return PRODUCTS
        own, mine = self._own[position], self._ways[position].operand
        if next(self._such(own, WORKING, beside=mine), None) is not None:
            return GATED
        if self._works(own, mine):
            return ALONE
        read = (self._reached(own, operand) for operand in range(len(self._numbers)))
        return BY_ELEMENT if any(here is not None and here.weighing for here in read) else DETAILS[objection]

    def _equal_does_more(self, position: int, level: Step) -> bool:
        """Whether an operand that can be had by steps of the same class mixes more, or takes more MACs."""
        way, field = self._ways[position], self._beside[position]
        working = self._such(field, WORKING, beside=way.operand)
        equals = (worker for worker, here in working if here.level is level)
        mine = self._work(self._own[position], way.operand)
        for worker in islice(equals, TIES):
            other = self._work(field, worker)
            if other.series < mine.series:
                continue
            mixing = other.mixing and (mine.mixing or level is not Step.LINEAR or self._mixes_more(position, worker))
            if level is Step.LINEAR and mixing == mine.mixing and self._maps_alike(position, worker):
                continue
            if mixing if mixing != mine.mixing else other.does_more_than(mine):
                return True
        return False

    def _mixes_more(self, position: int, worker: int) -> bool:
        """Whether an operand mixes more than the features that the map on a way mixes, too (positions.py)."""
        way, fork = self._ways[position], self._lineage.values[self._ways[position].fork].id
        if not maps_the_last_axis(self._own[position].inside([self._numbers[way.operand]])):
            return True
        return not stay_in_front(self._lineage.graph, fork, self._beside[position].inside([self._numbers[worker]]))

    def _maps_alike(self, position: int, worker: int) -> bool:
        """Whether an operand is what a way's own is, a linear map of the same weights' shapes, or a sum of such."""
        own, field, mine = self._own[position], self._beside[position], self._ways[position].operand
        one, other = self._work(own, mine).maps, self._work(field, worker).maps
        if one == other or set(one) != set(other):
            return one == other
        return as_deep(own, self._numbers[mine], field, self._numbers[worker])

    def _conditions(self, position: int) -> bool:
        """Whether a map of a condition is added to what equal maps of it multiply (equal_maps.py)."""
        own, mine = self._own[position], self._ways[position].operand
        if len(self._workers) - (mine in self._workers) > TIES:
            return False
        maps = self._work(own, mine).maps
        return all(is_scaled_by(own, other, maps) for other in self._others(position))

    def _second_look(self, position: int) -> Reason | None:
        """Why a way is no shortcut though another operand does more; None if it is one.

        1. What the others do without weights is a formula (formulas.py). 2. The matrix on the way mixes no streams but
        positions (streams.py), or nothing learned stands beside it. 3. They read none of what the way takes of the
        fork, and more than a slice is taken, or the sum is a gate's pre-activation (siblings.py).
        """
        way, graph = self._ways[position], self._lineage.graph
        field = self._beside[position]
        weighing = next(self._such(field, WEIGHING, beside=way.operand), None) is not None
        if not weighing and is_formula(field, self._others(position), way.trail):
            return "elementwise expression"  # 1
        products = self._products(way) if passes(way.cost, Step.GATE) else []
        if products and not (weighing and self._mixes_streams(position, products)):
            return "parallel branches"  # 2
        if passes(way.cost, Step.SELECTION) and (
            dearest(way.cost) > Step.SELECTION or feeds_activations_only(graph, self._merge.result.id)
        ):
            return "independent sources" if are_siblings(field, way, self._others(position)) else None  # 3
        return None

    def _products(self, way: Way) -> list[tuple[Op, int]]:
        """The products with a computed matrix on a way, each with the slot by which it enters."""
        if not way.trail.any(self._lineage.takes_matrix):
            return []
        return [(link.op, link.slot) for link in way.trail if self._lineage.takes_matrix(link)]

    def _mixes_streams(self, position: int, products: list[tuple[Op, int]]) -> bool:
        """Whether the one matrix on a way mixes axes of its fork that the branch does not treat as positions.

        What a softmax makes are weights: they weigh what they are multiplied with, and are not let through by it. A
        branch that takes a piece of what is mixed does not map the streams one by one, though another weight for each
        of them may be computed from the fork (hyper-connections, Zhu et al. 2024).
        """
        op, slot = products[0]  # of several, none is looked at: see below
        maker = self._lineage.maker(self._ways[position].fork)
        if maker is not None and row_of(maker.kind).family is Family.SOFTMAX:
            return False
        graph, fork = self._lineage.graph, self._lineage.values[self._ways[position].fork]
        axes, given = mixed_axes(graph, op, slot), op.inputs[slot]
        reads_fork = isinstance(given, str) and graph.values[given].type.shape == fork.type.shape
        if len(products) > 1 or not axes or not reads_fork:
            return False
        if self._pieces:
            return True
        branch = self._beside[position].region(self._others(position), route=self._ways[position].trail)
        return not any(are_positions(self._lineage, self._ways[position].fork, axis, branch) for axis in axes)

    def _work(self, field: Field, operand: int) -> _Work:
        """What an operand does between a fork and the merge."""
        key = field, operand
        if key not in self._kept:
            number = self._numbers[operand]
            here, extent = field.reached(number), field.extent([number])
            assert here is not None, "it has been asked whether the operand works"
            maps = maps_of(field.inside([number])) if here.level is Step.LINEAR else {}
            self._kept[key] = _Work(
                times(here.cost, here.level), extent.mixing, extent.macs, extent.all_parameters, maps
            )
        return self._kept[key]

    def _found(self, position: int) -> Found:
        way, own = self._ways[position], self._own[position]
        if own not in self._extents:
            workers = (self._numbers[worker] for worker in self._workers)
            self._extents[own] = own.extent((*workers, *self._spread))
        route = self._routes.of(own, self._numbers[way.operand], way)
        if way.trail and (way.cut or self._is_gated(way)):
            route = self._routes.beside(
                route, own, self._beside[position].inside((*self._others(position), *self._spread))
            )
        return Found(
            merge=self._merge,
            operand=self._merge.operands[way.operand],
            way=route,
            residual=self._extents[own],
            marks=self._marks(position),
        )

    def _is_gated(self, way: Way) -> bool:
        """Whether a gate stands on a way; sums of many operands are looked at as if there were none."""
        return passes(way.cost, Step.GATE) and len(self._numbers) <= PARTED_OPERANDS

    def _marks(self, position: int) -> frozenset[Mark]:
        if len(self._workers) > MARKED:
            return frozenset()
        return marks_of(self._lineage, self._ways[position], self._beside[position], self._others(position))

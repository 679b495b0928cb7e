"""How does a fork lead to a value, and which values lie between the two?

What is computed from a fork, beside what a way cuts out (walk.Way), is looked at once, for all merges that come back to
that fork. Closed stretches (Lineage.closed) are leapt over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from shortcut_audit.graph.model import Op
from shortcut_audit.operators.pieces import Piece, place_of
from shortcut_audit.operators.table import is_weight_layer
from shortcut_audit.search.beside import Beside
from shortcut_audit.search.extent import NOTHING, Extent
from shortcut_audit.search.holdings import Ops
from shortcut_audit.search.lineage import Lineage, Test
from shortcut_audit.search.prices import UNIT, dearest
from shortcut_audit.search.reading import Reading
from shortcut_audit.search.steps import Step
from shortcut_audit.search.trails import Trail


class Reached(NamedTuple):
    """How a fork leads to a value."""

    cost: int
    """What the cheapest route costs."""
    working: bool
    """Whether real work is done before it is here."""
    mixing: bool
    """Whether positions are mixed before it is here."""
    weighing: bool
    """Whether learned weights are applied before it is here."""

    @property
    def level(self) -> Step:
        """The dearest class on the cheapest route."""
        return dearest(self.cost)


def is_linear(reached: Reached | None) -> bool:
    """Whether a route leads here that a linear map is the dearest step of."""
    return reached is not None and reached.level <= Step.LINEAR


class Reach:
    """What is computed from one fork, beside a cut."""

    __slots__ = ("_beside", "_costs", "_known", "_met", "fork", "lineage", "out")

    def __init__(self, lineage: Lineage, fork: int, cut: frozenset[int]) -> None:
        self.fork = fork
        self.lineage = lineage
        self.out = cut - {fork}
        """What is cut out."""
        self._beside: Beside | None = None
        self._known: dict[int, Reached | None] = dict.fromkeys(self.out)
        self._known[fork] = Reached(0, working=False, mixing=False, weighing=False)
        self._costs = {**dict.fromkeys(self.out, UNIT[Step.NONLINEAR]), fork: 0}
        """What the cheapest routes cost that pass no nonlinearity."""
        self._met: dict[Test, dict[int, bool]] = {}
        """For what has been looked for, whether it stands between the fork and a value."""

    def __len__(self) -> int:
        return len(self._known)

    def reached(self, number: int) -> Reached | None:
        """How the fork leads to a value; None where it does not."""
        if number not in self._known:
            ops = self.between([number])
            if ops is not None:
                self._known[number] = self._told(number, ops)
                return self._known[number]
            for each in sorted(self._unknown(number)):
                self._known[each] = self._arrival(each)
        return self._known[number]

    def between(self, numbers: Iterable[int]) -> int | None:
        """The ops between the fork and some values, as a set of bits.

        None where they must be looked for: from a fork that is read once, up to a value that nobody is still to read,
        and beside a cut that takes out much (beside.py).
        """
        ancestry = self.lineage.ancestry
        below, past = ancestry.descent.of(self.fork), 0
        tops = tuple(number for number in numbers if number not in self.out)
        for number in tops:
            kept = ancestry.kept(number)
            if kept is None or below is None:
                return None
            past |= kept
        if below is None or not self.out:
            return None if below is None else past & below
        if self._beside is None:
            self._beside = Beside(self.lineage, self.fork, below, self.out)
        return self._beside.between(tops, past)

    def _told(self, number: int, ops: int) -> Reached | None:
        if not ops:
            return None
        holdings = self.lineage.holdings
        work, mix, weigh = (bool(ops & those) for those in (holdings.working, holdings.mixing, holdings.weighing))
        return Reached(self._cheapest(number), working=work, mixing=mix, weighing=weigh)

    def _cheapest(self, number: int) -> int:
        """What the cheapest route costs that passes no nonlinearity; where there is none, what a nonlinearity does."""
        costs, parents = self._costs, self.lineage.parents
        found, waiting = ({number}, [number]) if number not in costs else (set[int](), [])
        while waiting:
            for parent, level, _ in parents(waiting.pop()):
                if level < Step.NONLINEAR and parent > self.fork and parent not in costs and parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        for each in sorted(found):
            above = [costs[p] + UNIT[level] for p, level, _ in parents(each) if level < Step.NONLINEAR and p in costs]
            costs[each] = min(above, default=UNIT[Step.NONLINEAR])
        return costs[number]

    def _unknown(self, number: int) -> set[int]:
        found, waiting = {number}, [number]
        while waiting:
            for parent in self._above(waiting.pop()):
                if parent > self.fork and parent not in self._known and parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return found

    def closed(self, number: int) -> tuple[int, Extent, Reading] | None:
        """Where the closed stretch before a value begins, and what it holds; None where none may be leapt over."""
        closed = self.lineage.closed.get(number)
        if closed is None or closed[0] < self.fork or any(closed[0] < out < number for out in self.out):
            return None
        return closed

    def _above(self, number: int) -> Sequence[int]:
        leapt = self.closed(number)
        return self.lineage.above[number] if leapt is None else (leapt[0],)

    def _arrival(self, number: int) -> Reached | None:
        leapt = self.closed(number)
        steps = self.lineage.parents(number) if leapt is None else ((leapt[0], int(Step.NONLINEAR), 0),)
        costs, working, mixing, weighing = list[int](), False, False, False
        for parent, level, _ in steps:
            above = self._known.get(parent)
            if above is not None:
                costs.append(above.cost + UNIT[level])
                working, mixing = working or above.working, mixing or above.mixing
                weighing = weighing or above.weighing
        if not costs:
            return None
        extent = self.held(number) if leapt is None else leapt[1]
        return Reached(
            min(costs),
            working or extent.working,
            mixing or extent.mixing,
            weighing or extent.weighing,
        )

    def held(self, number: int) -> Extent:
        """What the op that makes a value holds."""
        op = self.lineage.values[number].op
        return NOTHING if op is None else self.lineage.measure.of(op)

    def computed(self, operands: Iterable[int]) -> list[int]:
        """Those of some values that are computed from the fork, each once."""
        return [n for n in dict.fromkeys(operands) if n != self.fork and self.reached(n) is not None]

    def region(self, operands: Iterable[int], *, route: Trail | None = None, steered: bool = True) -> Region:
        """The values computed from the fork from which any of some values is computed; the fork itself is not.

        No stretch is leapt over in which a value of a `route` lies. `steered`: whether what tells a selection what to
        select is followed, too.
        """
        region = Region(self, self.computed(operands), route, steered=steered)
        for number in region.latest_first():
            region.enter(number)
        return region

    def any(self, operands: Iterable[int], test: Test) -> bool:
        """Whether any op between the fork and some values passes a test. No op is tested twice."""
        numbers = tuple(operands)
        ops = self.between(numbers)
        if ops is not None:
            return bool(ops & self.lineage.those(test))
        met = self._met.setdefault(test, {self.fork: False})
        return any(self._meets(number, test, met) for number in self.computed(numbers))

    def _meets(self, operand: int, test: Test, met: dict[int, bool]) -> bool:
        if operand in met:
            return met[operand]
        above, new, waiting = self.lineage.above, {operand}, [operand]
        while waiting:
            for parent in above[waiting.pop()]:
                if parent > self.fork and parent not in met and parent not in new and self.reached(parent) is not None:
                    new.add(parent)
                    waiting.append(parent)
        for number in sorted(new):
            op = self.lineage.values[number].op
            met[number] = any(met.get(parent, False) for parent in above[number]) or (
                op is not None and test(self.lineage, op)
            )
        return met[operand]

    def layers_in_series(self, operand: int) -> int | None:
        """The most weight layers in a row between the fork and a value; None if what lies there is not linear."""
        deep, region = {self.fork: 0}, self.region([operand])
        for number in region:
            op = self.lineage.values[number].op
            above = [(deep[parent], level) for parent, level, _ in region.parents(number) if parent in deep]
            if op is None or any(level > Step.LINEAR for _, level in above):
                return None
            deep[number] = max(layers for layers, _ in above) + is_weight_layer(op)
        return deep[operand]

    def ops(self, operands: Iterable[int]) -> tuple[Op, ...]:
        """The ops between the fork and some values, leapt-over ones included."""
        return tuple(self.inside(operands))

    def inside(self, operands: Iterable[int]) -> Ops:
        """The ops between the fork and some values, as a set."""
        numbers, holdings = tuple(operands), self.lineage.holdings
        ops = self.between(numbers)
        return holdings.gathered(self.region(numbers).ops()) if ops is None else Ops(holdings, ops & holdings.all)

    def passed(self, operand: int) -> Ops:
        """The ops between the fork and a value through which anything of the fork passes.

        What only tells a selection what to select is not among them (theory: selection).
        """
        ops = self.between([operand])
        if ops is None or ops & self.lineage.steering:
            return self.lineage.holdings.gathered(self.region([operand], steered=False).ops())
        return self.inside([operand])


class Region:
    """The values between a fork and some others, and the closed stretches among them that are leapt over."""

    __slots__ = (
        "_entered",
        "_found",
        "_lineage",
        "_reach",
        "_route",
        "_steered",
        "_waiting",
        "earliest_sibling",
        "last",
        "leapt",
    )

    def __init__(self, reach: Reach, tops: Sequence[int], route: Trail | None = None, *, steered: bool = True) -> None:
        self._reach = reach
        self._lineage = reach.lineage
        self._route = route
        self._steered = steered
        self._found = set(tops)
        self._entered: list[int] = []
        self._waiting = [-number for number in tops]
        heapify(self._waiting)
        self.last = set(tops)
        """Those of the values at the end from which none of the others is computed."""
        self.earliest_sibling = len(reach.lineage.values)
        """The earliest value that is made by an op which makes another one of the region, too."""
        self.leapt: dict[int, Extent] = {}
        """What the stretches hold that are leapt over, by the value that ends them."""

    def __len__(self) -> int:
        return len(self._entered)

    def __iter__(self) -> Iterator[int]:
        """All values, in topological order."""
        return reversed(self._entered)

    @property
    def is_alone(self) -> bool:
        """Whether all that is still to come passes through the value whose turn it is."""
        return not self._waiting

    def latest_first(self) -> Iterator[int]:
        """The values, in reverse topological order; those before one come if it is entered."""
        while self._waiting:
            yield -heappop(self._waiting)

    def enter(self, number: int, earliest: int = -1) -> None:
        """Goes on to what a value is computed from. No stretch is leapt over that begins before `earliest`."""
        self._entered.append(number)
        closed = self._reach.closed(number)
        if closed is not None and closed[0] >= earliest and self._may_leap(number, closed[0]):
            self.leapt[number] = closed[1]
        op = self._lineage.values[number].op
        if op is not None and len(op.outputs) > 1:
            self.earliest_sibling = min(self.earliest_sibling, self._lineage.first_made[number])
        for parent, _, slot in self.parents(number):
            if parent in self._found:
                self.last.discard(parent)
            elif self._leads_on(number, parent, slot):
                self._found.add(parent)
                heappush(self._waiting, -parent)

    def _leads_on(self, number: int, parent: int, slot: int) -> bool:
        """Whether a value that another one reads by a slot lies between, too."""
        if parent <= self._reach.fork or (not self._steered and self._lineage.steers(number, slot)):
            return False
        return self._reach.reached(parent) is not None

    def _may_leap(self, number: int, entry: int) -> bool:
        """Whether nobody waits for what lies in a closed stretch."""
        if self._waiting and -self._waiting[0] > entry:
            return False
        return self._route is None or self._route.up_to(number - 1).number <= entry

    def parents(self, number: int) -> tuple[tuple[int, int, int], ...]:
        """(parent, step class, input slot) of what a value is computed from; of a closed stretch, where it begins."""
        if number in self.leapt:
            return ((self._lineage.closed[number][0], int(Step.NONLINEAR), 0),)
        return self._lineage.parents(number)

    def read_before(self, number: int) -> Reading:
        """How the stretch that is leapt over before a value reads the value with which it begins."""
        return self._lineage.closed[number][2]

    def piece(self, number: int) -> Piece | None:
        """The piece that a value, or a stretch that is leapt over, takes of what it reads; None if it takes none."""
        if number in self.leapt:
            return self.read_before(number).piece
        return place_of(self._lineage.graph, self._lineage.values[number])

    def ops(self) -> tuple[Op, ...]:
        """All ops, those included that were leapt over."""
        numbers = [n for number in self for n in (*self._interior(number), number)]
        ops = (self._lineage.values[number].op for number in numbers)
        return tuple(dict.fromkeys(op for op in ops if op is not None))

    def _interior(self, result: int) -> list[int]:
        """What was leapt over before a value, in topological order."""
        if result not in self.leapt:
            return []
        entry = self._lineage.closed[result][0]
        found, waiting = set[int](), [result]
        while waiting:
            for parent in self._lineage.above[waiting.pop()]:
                if parent > entry and parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return sorted(found)

"""What is each value computed from, and what does a step back cost?

Values are numbers in topological order, each with its parents and the class of the step from them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TypeAlias

from shortcut_audit.graph.model import ModelGraph, Op, Value
from shortcut_audit.operators.row import Effect, Family
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.ancestry import Ancestry
from shortcut_audit.search.extent import Extent, Measure
from shortcut_audit.search.fed import Fed
from shortcut_audit.search.holdings import Holdings, Ops, as_set
from shortcut_audit.search.linear import Image, images
from shortcut_audit.search.merges import Merge
from shortcut_audit.search.neutral import before_identities
from shortcut_audit.search.numbering import numbered
from shortcut_audit.search.readers import Readers
from shortcut_audit.search.reading import Reading, reading_of
from shortcut_audit.search.statistics import Expression, Part, expressions, gathered, is_rescaled
from shortcut_audit.search.steps import Kinship, Step, step
from shortcut_audit.search.stretch import Stretches
from shortcut_audit.search.trails import Link, Trail

TIDIED = 64
"""After how many more values it is looked which of them nobody will come back to."""

Test: TypeAlias = "Callable[[Lineage, Op], bool]"
"""Something that ops can be looked through for."""


class Lineage:
    """A graph, prepared for walking back: values as numbers in topological order, parents with their step class.

    Merges are looked at in topological order, and each one whose whole past passes through one value *closes* the
    stretch between the two: a later search that comes upon its result leaps to that value, and takes what lies between
    from the extent noted here. Nested skips then cost what they add, not what they span.
    """

    __slots__ = (
        "_all_fed",
        "_below",
        "_expressions",
        "_holdings",
        "_images",
        "_parents",
        "_readers",
        "_roots",
        "_sources",
        "_steering",
        "_stretches",
        "_stuff",
        "_those",
        "above",
        "ancestry",
        "closed",
        "fed",
        "first_made",
        "graph",
        "measure",
        "number",
        "original",
        "pasts",
        "values",
    )

    def __init__(
        self,
        graph: ModelGraph,
        sums: Iterable[Merge] = (),
        told: Mapping[str, Expression] | None = None,
        counted: ModelGraph | None = None,
    ) -> None:
        """Prepares a graph.

        `sums`: those whose operands will be looked at, in that order; `told`: the values as expressions; `counted`: the
        graph by whose sizes costs are counted, if it is another one.
        """
        self.graph = graph
        self._expressions = expressions(graph) if told is None else told
        self.values: tuple[Value, ...] = tuple(graph.values.values())
        self.number, originals = numbered(graph)
        self.original = tuple(originals.values())
        """The value that each one is, seen through copies."""
        self.fed = Fed(self.values, self.number.__getitem__)
        self.measure = Measure(counted or graph, gathered(graph, self._expressions), self.fed.layers())
        self.above = tuple(map(self._read, self.values))
        """What each value is computed from."""
        self.first_made = self._together()
        """For each value the first one that its op makes."""
        self.ancestry = Ancestry(self.above, map(self._involved, sums), self.first_made)
        self._holdings: Holdings | None = None
        self._below: list[list[int]] | None = None
        self.closed: dict[int, tuple[int, Extent, Reading]] = {}
        """The one value through which all of the past of a merge's result passes, what lies between, and how that reads
        the value (between.py)."""
        self._parents: list[tuple[tuple[int, int, int], ...] | None] = [None] * len(self.values)
        self._roots = self._trace(_is_pointwise)
        self._sources: list[int] | None = None
        self._all_fed = False
        self.pasts: dict[tuple[int, int], frozenset[int]] = {}
        """For a product and the slot that a route enters it by: the past of its gates (gates.py)."""
        self._stretches = Stretches(graph)
        self._stuff: list[int] | None = None
        self._steering: int | None = None
        self._images: list[Image] | None = None
        self._readers: dict[int, Readers] = {}
        self._those: dict[Test, int] = {}

    def _read(self, value: Value) -> tuple[int, ...]:
        return tuple(self.number[given] for given in value.op.values()) if value.op is not None else ()

    def _involved(self, merge: Merge) -> tuple[int, ...]:
        below = (term for sum_ in merge.overlaid for term in (sum_.whole, *sum_.beside))
        added = (self.number[term.value] for term in (*merge.operands, *merge.beside, *below))
        return (*added, self.number[merge.result.id])

    def _together(self) -> list[int]:
        """For each value the first one that its op makes."""
        first: dict[Op, int] = {}
        return [n if value.op is None else first.setdefault(value.op, n) for n, value in enumerate(self.values)]

    @property
    def below(self) -> list[list[int]]:
        """The values that are computed from each value in one step."""
        if self._below is None:
            self._below = [[] for _ in self.values]
            for number, read in enumerate(self.above):
                for given in set(read):
                    self._below[given].append(number)
        return self._below

    def readers(self, number: int) -> Readers:
        """How those values read a value that are made of it; of those that nobody will come back to it is forgotten."""
        if number not in self._readers:
            if len(self._readers) % TIDIED == TIDIED - 1:
                again = self.ancestry.is_read_again
                self._readers = {each: known for each, known in self._readers.items() if again(each)}
            places = self.ancestry.places.of_value
            made = ((places[reader], self.values[reader]) for reader in self.below[number])
            self._readers[number] = Readers({place: reading_of(self.graph, value) for place, value in made})
        return self._readers[number]

    @property
    def holdings(self) -> Holdings:
        """What sets of ops hold."""
        if self._holdings is None:
            places = self.ancestry.places.of_op
            ops = {place: value.op for place, value in zip(places, self.values, strict=True) if value.op is not None}
            self._holdings = Holdings(self.measure, ops)
        return self._holdings

    def those(self, test: Test) -> int:
        """The ops that pass a test, as a set of bits. None is tested twice."""
        if test not in self._those:
            self._those[test] = self.holdings.passing(partial(test, self))
        return self._those[test]

    def parents(self, number: int) -> tuple[tuple[int, int, int], ...]:
        """(parent, step class, input slot) of everything that a value is computed from."""
        known = self._parents[number]
        if known is None:
            known = self._parents[number] = tuple(self._steps_into(self.values[number]))
        return known

    def _steps_into(self, value: Value) -> Iterator[tuple[int, int, int]]:
        op = value.op
        if op is None:
            return
        read = [(given, slot) for slot, given in enumerate(op.inputs) if isinstance(given, str)]
        beside = value.slot > 0 and not row_of(op.kind).parts
        if len(read) == 1:
            ((given, slot),) = read
            way = Step.NONLINEAR if beside else step(self.graph, op, slot, Kinship.SAME_ELEMENT)
            yield self.number[given], int(way), slot
            return
        numbers = [self.number[given] for given, _ in read]
        same_element = len({self._roots[number] for number in numbers}) == 1
        added = row_of(op.kind).effect is Effect.SUM
        normalised = is_rescaled([self._expressions[given] for given, _ in read], added=added)
        same_value = same_element and len({self.before_identities(number).id for number in numbers}) == 1
        entry = self.added_up(self.number[value.id])
        mapped = None if entry == sys.maxsize else max(self.image(number).level(entry) for number in numbers)
        for given, slot in read:
            kinship = Kinship.SAME_ELEMENT if same_element else Kinship.STRANGERS
            if same_value:
                kinship = Kinship.SAME_VALUE
            elif normalised and not same_element and self._expressions[given].part is not Part.STATISTIC:
                kinship = Kinship.STATISTIC
            elif mapped is not None and not normalised:
                yield self.number[given], int(max(Step.SCALE, mapped)), slot
                continue
            elif kinship is Kinship.STRANGERS and self.fed.applies(op, slot):
                kinship = Kinship.FED
            if kinship in {Kinship.STRANGERS, Kinship.FED} and self._stretches.is_factor_stretched(op, slot):
                kinship = Kinship.STRETCHED
            yield self.number[given], int(Step.NONLINEAR if beside else step(self.graph, op, slot, kinship)), slot

    def fed_on(self, route: Trail, through: Ops, fork: int) -> Ops:
        """The ops of a shortcut from `fork` that apply what may be weights that the caller brings (fed.py).

        On the route, and in its gates. Which steps do so is found out as they are looked at, and in a gate nobody may
        have looked at them.
        """
        if not self._all_fed:
            self._all_fed = True
            for number in self.fed.perhaps():
                self.parents(number)
        if not self.fed.is_applied_anywhere:
            return Ops(self.holdings, 0)
        on, passed = route.fold(self._fed_steps, (0, 0), self._fed_steps)
        gates = Ops(self.holdings, through.bits & self.holdings.those(self.fed.may_apply) & ~passed)
        return Ops(self.holdings, on | self.holdings.gathered(op for op in gates if self.fed.is_gate(op, fork)).bits)

    def _fed_steps(self, known: tuple[int, int], trail: Trail) -> tuple[int, int]:
        """The steps of a trail that apply what may be weights, and all its steps, as sets of bits."""
        on, passed = known
        assert trail.last is not None, "a step leads here"
        op, step = trail.last.op, 1 << self.holdings.place(trail.last.op)
        return on | step if self.fed.is_applied(op, trail.last.slot) else on, passed | step

    def _trace(self, through: Callable[[Op], bool], read: Callable[[Op], Iterable[str]] = Op.values) -> list[int]:
        """For each value, the one value that it is computed from by such ops alone; itself where there is none."""
        found = list(range(len(self.values)))
        for number, value in enumerate(self.values):
            if value.op is not None and through(value.op):
                above = {found[self.number[given]] for given in read(value.op)}
                if len(above) == 1:
                    found[number] = above.pop()
        return found

    def maker(self, number: int) -> Op | None:
        """The op that made a value, seen through views."""
        value = self.values[number]
        while value.op is not None and row_of(value.op.kind).effect is Effect.VIEW and value.op.values():
            value = self.graph.values[value.op.values()[0]]
        return value.op

    def before_identities(self, number: int) -> Value:
        """A value, seen through identities."""
        return before_identities(self.graph, self.values[number])

    @property
    def steering(self) -> int:
        """The values that tell a selection what to select, as a set of bits."""
        if self._steering is None:
            ops = {value.op for value in self.values if value.op is not None}
            told = (g for op in ops for slot, g in enumerate(op.inputs) if isinstance(g, str) and _steers(op, slot))
            self._steering = as_set(self.ancestry.places.of_value[self.number[given]] for given in told)
        return self._steering

    def steers(self, number: int, slot: int) -> bool:
        """Whether what stands in a slot tells a selection what to select, and does not pass itself."""
        op = self.values[number].op
        return op is not None and _steers(op, slot)

    def multiplies(self, number: int) -> bool:
        """Whether a value is a product of two values that is summed along an axis, and of nothing stored."""
        op = self.values[number].op
        return (
            op is not None
            and row_of(op.kind).effect is Effect.CONTRACTION
            and len(op.values()) == 2
            and not op.weights()
        )

    def stuff(self, number: int) -> int:
        """The one value that a value is a formula of, by products, sums and selections; itself where there is none."""
        if self._stuff is None:
            self._stuff = self._trace(self._is_formula_s, self._gathered_from)
        return self._stuff[number]

    def _is_formula_s(self, op: Op) -> bool:
        """Whether an op may stand in a formula of one value: no weights, no softmax, nothing that is not understood."""
        row = row_of(op.kind)
        learned = any(weight.learned for weight in op.weights())
        told = self._expressions.get(op.outputs[0] or "")
        weighs = row.family is Family.SOFTMAX or (told is not None and told.part is Part.SOFTMAX)
        return row.understood and not row.varies and not weighs and not learned

    def _gathered_from(self, op: Op) -> Iterable[str]:
        """What an op reads; of a statistic what it is gathered from, seen through exponentials: log(sum(exp(x)))."""
        told = self._expressions.get(op.outputs[0] or "")
        gathers = row_of(op.kind).statistic and told is not None and told.part is Part.STATISTIC
        return (told.origin,) if gathers and told is not None else op.values()

    def added_up(self, number: int) -> int:
        """The latest value of which all that a sum adds are linear maps; no limit for a way where there is none."""
        op = self.values[number].op
        if op is None or not self.maps_one(op):
            return sys.maxsize
        entry = self.ancestry.dominators.of(number)
        return self.image(self.number[op.values()[0]]).root if entry is None else entry

    def maps_one(self, op: Op) -> bool:
        """Whether an op adds up several linear maps of one value."""
        if row_of(op.kind).effect is not Effect.SUM or len(op.values()) < 2:
            return False
        return len({self.image(self.number[given]).root for given in op.values()}) == 1

    def sums_maps(self, link: Link) -> bool:
        """Whether a step of a route is such a sum."""
        return self.maps_one(link.op)

    def takes_matrix(self, link: Link) -> bool:
        """Whether a step of a route is a product with a computed matrix."""
        return link.step is Step.GATE and self.multiplies(link.number)

    def image(self, number: int) -> Image:
        """A value as a linear map of one other value."""
        if self._images is None:
            self._images = images(self.graph, self.values, self.number)
        return self._images[number]

    def sources(self, number: int) -> int:
        """The model's inputs (values computed from no value) that a value depends on, as a set of bits."""
        if self._sources is None:
            self._sources = self._all_sources()
        return self._sources[number]

    def _all_sources(self) -> list[int]:
        found: list[int] = []
        origins = 0
        for value in self.values:
            bits = 0
            for given in value.op.inputs if value.op else ():
                if isinstance(given, str):
                    bits |= found[self.number[given]]
            if not bits:
                bits, origins = 1 << origins, origins + 1
            found.append(bits)
        return found


def _steers(op: Op, slot: int) -> bool:
    row = row_of(op.kind)
    return row.effect is Effect.SELECTION and bool(row.data) and slot not in row.data


def is_steered(op: Op) -> bool:
    """Whether a computed value tells an op what to select."""
    return any(isinstance(given, str) and _steers(op, slot) for slot, given in enumerate(op.inputs))


def _is_pointwise(op: Op) -> bool:
    return row_of(op.kind).pointwise

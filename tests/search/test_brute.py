"""Does the search find around a merge what the slowest way to look for it finds?

Small random graphs; each question that the search answers with closed stretches, jump pointers and sets of bits is
answered here by looking at all that is computed from a fork, and at all routes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Draft
from shortcut_audit.graph.model import ModelGraph, Op
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import does_work, is_weight_layer, row_of
from shortcut_audit.search import concatenations, merges
from shortcut_audit.search.between import Between, Field
from shortcut_audit.search.extent import Extent, joined
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.merges import Merge
from shortcut_audit.search.prices import UNIT
from shortcut_audit.search.reading import UNREAD, Reading, reading_of
from shortcut_audit.search.rewrites.pieces import followed
from shortcut_audit.search.steps import Step
from shortcut_audit.search.walk import explore
from tests.gallery import pictures
from tests.random_graphs import STEPS, built, recipes, same_in_every_run

FORKS = 6
"""How many forks of a merge are asked about."""

UNGATED = [kind for kind in STEPS if kind not in {"product", "squeeze"}]
"""The steps that hold no gate: what comes through one is no other operand's, which the routes here do not know."""

few = settings(same_in_every_run, max_examples=100)


@dataclass
class Naive:
    """What is computed from a fork beside a cut, by looking at every value."""

    lineage: Lineage
    fork: int
    out: frozenset[int] = frozenset()

    @property
    def below(self) -> set[int]:
        found = {self.fork}
        for number, read in enumerate(self.lineage.above):
            if number > self.fork and number not in self.out and found.intersection(read):
                found.add(number)
        return found

    def between(self, operand: int) -> list[int]:
        """The values between the fork and an operand, that included, in topological order."""
        below, past = self.below, set[int]()
        waiting = [operand] if operand in below else []
        while waiting:
            number = waiting.pop()
            if number in below and number != self.fork and number not in past:
                past.add(number)
                waiting += self.lineage.above[number]
        return sorted(past)

    def ops(self, operand: int) -> list[Op]:
        """The ops that make them, each once."""
        made = (self.lineage.values[number].op for number in self.between(operand))
        return list(dict.fromkeys(op for op in made if op is not None))

    def extent(self, operand: int) -> Extent:
        return joined(self.lineage.measure.of(op) for op in self.ops(operand))

    def read(self, operand: int) -> Reading:
        """How the values between read the fork."""
        lineage = self.lineage
        readers = [n for n in self.between(operand) if self.fork in lineage.above[n]]
        return reduce(Reading.beside, (reading_of(lineage.graph, lineage.values[n]) for n in readers), UNREAD)

    def cost(self, operand: int) -> int | None:
        """What the cheapest route costs that passes no nonlinearity; None where there is none."""
        costs = {self.fork: 0}
        for number in self.between(operand):
            prices = [costs[p] + UNIT[s] for p, s, _ in self.lineage.parents(number) if s < 6 and p in costs]
            if prices:
                costs[number] = min(prices)
        return costs.get(operand)

    def deep(self, operand: int) -> int | None:
        """The most weight layers in a row; None where a step that is not linear lies between."""
        depth = {self.fork: 0}
        for number in self.between(operand):
            steps = [(p, s) for p, s, _ in self.lineage.parents(number) if p in depth]
            if any(step > Step.LINEAR for _, step in steps):
                return None
            op = self.lineage.values[number].op
            depth[number] = max(depth[p] for p, _ in steps) + (op is not None and is_weight_layer(op))
        return depth[operand]


def searched(draft: Draft) -> Iterator[tuple[Between, Merge, list[int]]]:
    """The merges of a graph, each with the numbers of its operands; those before it are closed."""
    sums = merges.find(followed(assemble(draft)))
    lineage = Lineage(sums.graph, sums.merges)
    between = Between(lineage)
    for merge in sums.merges:
        numbers = [lineage.number[term.value] for term in merge.operands]
        for number in numbers:
            lineage.ancestry.past(number)
        yield between, merge, numbers
        between.close(lineage.number[merge.result.id])


def forks(lineage: Lineage, numbers: list[int]) -> list[int]:
    """The nearest values that several operands are computed from, or are."""
    pasts = [{n for n in range(number + 1) if number in Naive(lineage, n).below} for number in dict.fromkeys(numbers)]
    return sorted({n for past in pasts for n in past if sum(n in other for other in pasts) > 1}, reverse=True)[:FORKS]


def alike(field: Field, naive: Naive, operand: int) -> None:
    """Everything that may be asked about a fork and a value."""
    reached, expected = field.reached(operand), naive.extent(operand)
    if operand == naive.fork or not naive.between(operand):
        assert (reached is None) == (operand != naive.fork)
        return
    assert reached is not None
    cost = naive.cost(operand)
    assert reached.level is Step.NONLINEAR if cost is None else reached.cost == cost
    found = reached.working, reached.mixing, reached.weighing
    assert found == (expected.working, expected.mixing, expected.weighing)
    assert field.ops([operand]) == tuple(naive.ops(operand))
    assert field.extent([operand]) == expected
    read, seen = field.content([operand]).read, naive.read(operand)
    assert (read.joined, read.otherwise) == (seen.joined, seen.otherwise)
    assert (read.piece and read.piece[:3]) == (seen.piece and seen.piece[:3])
    assert field.is_joined([operand]) == (seen.joined and not seen.otherwise)
    assert field.layers_in_series(operand) == naive.deep(operand)
    for kind in ("Conv", "Relu", "Sigmoid"):
        assert field.any([operand], TESTS[kind]) == any(op.kind == kind for op in naive.ops(operand))


TESTS = {kind: (lambda _, op, kind=kind: op.kind == kind) for kind in ("Conv", "Relu", "Sigmoid")}


@few
@given(draft=recipes(longest=12).map(built))
def test_what_lies_between_a_fork_and_an_operand_is_all_that_is_computed_from_it(draft: Draft) -> None:
    for between, _, numbers in searched(draft):
        for fork in forks(between.lineage, numbers):
            for operand in dict.fromkeys(numbers):
                alike(between.field(fork), Naive(between.lineage, fork), operand)


@few
@given(draft=recipes(longest=12).map(built), chance=st.randoms(use_true_random=False))
def test_beside_a_cut_there_is_what_leads_through_none_of_it(draft: Draft, chance: object) -> None:
    for between, _, numbers in searched(draft):
        for fork in forks(between.lineage, numbers)[:3]:
            later = range(fork + 1, max(numbers) + 1)
            cut = frozenset(chance.sample(later, min(2, len(later))))  # type: ignore[attr-defined]
            for operand in dict.fromkeys(numbers):
                alike(between.field(fork, cut), Naive(between.lineage, fork, cut), operand)


def routes(lineage: Lineage, shared: set[int], operand: int, cost: int) -> Iterator[tuple[int, int]]:
    """The cost of every route back from an operand to the first value that is shared, and that value."""
    if operand in shared:
        yield cost, operand
        return
    for parent, step, _ in lineage.parents(operand):
        if step != Step.NONLINEAR:
            yield from routes(lineage, shared, parent, cost + UNIT[step])


@few
@given(draft=recipes(longest=12).filter(lambda recipe: all(s[0] in UNGATED for s in recipe)).map(built))
def test_a_way_is_the_cheapest_of_all_routes_to_the_earliest_fork(draft: Draft) -> None:
    """Of two operands only the cheaper one can be the shortcut: the way of the other need not be the cheapest."""
    for between, merge, numbers in searched(draft):
        lineage = between.lineage
        offsets = [UNIT[Step.SCALE] if term.negated else 0 for term in merge.operands]
        found = {way.operand: way for way in explore(between.runs, numbers, offsets)}
        best: dict[int, tuple[int, int]] = {}
        for position, number in enumerate(numbers):
            others = [n for other, n in enumerate(numbers) if other != position]
            shared = {n for n in range(number + 1) for o in others if o in Naive(lineage, n).below}
            ways = list(islice(routes(lineage, shared, number, offsets[position]), 2_000))
            if ways:
                best[position] = min(ways)
        cheapest = min((cost for cost, _ in best.values()), default=0)
        assert best.keys() >= found.keys()
        for position, (cost, fork) in best.items():
            if len(numbers) > 2 or cost == cheapest:
                way = found[position]
                assert way.cost == cost
                assert way.fork <= fork
        for position, way in found.items():
            assert offsets[position] + sum(UNIT[link.step] for link in way.trail) == way.cost
            at = way.fork
            for link in way.trail:
                assert (at, link.step, link.slot) in lineage.parents(link.number)
                at = link.number
            assert at == numbers[position]


@pytest.mark.parametrize("first", range(0, 320, 40))
def test_so_it_is_in_the_gallery(first: int) -> None:
    """Forks, cuts and joints in graphs of all sorts."""
    for picture in pictures()[first : first + 40]:
        chance = Random(picture.title)
        for between, _, numbers in searched(picture.draft()):
            lineage = between.lineage
            for fork in forks(lineage, numbers)[:3]:
                later = range(fork + 1, max(numbers) + 1)
                cut = frozenset(chance.sample(later, min(1, len(later))))
                for operand in dict.fromkeys(numbers):
                    alike(between.field(fork), Naive(lineage, fork), operand)
                    alike(between.field(fork, cut), Naive(lineage, fork, cut), operand)


@pytest.mark.parametrize("first", range(0, 320, 80))
def test_a_joint_carries_the_parts_that_another_part_is_computed_from_by_work(first: int) -> None:
    for picture in pictures()[first : first + 80]:
        graph = assemble(picture.draft())
        carried = {joint.op: joint.joins for joint in concatenations.find(graph) or ()}
        for op in graph.ops:
            parts = tuple(dict.fromkeys(op.values()))
            row = row_of(op.kind)
            if row.effect is Effect.SELECTION and not row.data and row.shape is not None and len(op.values()) > 1:
                worked = {name for part in parts for name in worked_from(graph, part)}
                assert carried.pop(op, ()) == tuple(part for part in parts if part in worked), picture.title
        assert not carried, picture.title


def worked_from(graph: ModelGraph, name: str) -> set[str]:
    """The values from which an op that works leads, by any way, to a value."""
    seen, waiting = set[tuple[str, bool]](), [(name, False)]
    while waiting:
        value, works = waiting.pop()
        op = graph.values[value].op
        for read in op.values() if op is not None else ():
            step = read, works or (op is not None and does_work(op))
            if step not in seen:
                seen.add(step)
                waiting.append(step)
    return {value for value, works in seen if works}


@few
@given(draft=recipes(longest=12).map(built))
def test_the_sources_of_a_value_are_the_inputs_that_it_is_computed_from(draft: Draft) -> None:
    lineage = Lineage(followed(assemble(draft)))
    below = {n: Naive(lineage, n).below for n, read in enumerate(lineage.above) if not read}
    for number in range(len(lineage.values)):
        origins = [n for n, found in below.items() if number in found]
        bits = {lineage.sources(n) for n in origins}
        assert lineage.sources(number) == sum(bits)
        assert len(bits) == len(origins)

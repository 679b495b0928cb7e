"""From which values is a value computed, and through which one does all of its past pass?"""

from __future__ import annotations

import random

import networkx as nx
import pytest

from shortcut_audit.search.ancestry import Ancestry, Descent, Dominators, Places

GRAPHS = [range(first, first + 50) for first in range(0, 1_000, 50)]
"""A thousand graphs, fifty to a test."""


def drawn(seed: int, size: int = 40) -> list[list[int]]:
    """What each value of a graph is computed from, by chance: nothing, one, two or three earlier ones."""
    chance = random.Random(seed)
    above = []
    for number in range(size):
        count = min(chance.choice([0, 1, 1, 1, 2, 2, 3]) if number else 0, number)
        above.append([chance.randrange(max(0, number - 8), number) for _ in range(count)])
    return above


def dag_of(above: list[list[int]]) -> nx.DiGraph:
    dag = nx.DiGraph()
    dag.add_nodes_from(range(len(above)))
    dag.add_edges_from((given, number) for number, read in enumerate(above) for given in read)
    return dag


@pytest.mark.parametrize("seeds", GRAPHS, ids=str)
def test_pasts_are_the_ancestors_that_networkx_finds(seeds: range) -> None:
    """Of the operands of sums, each asked for when its turn comes; some are asked for again by a later sum."""
    for seed in seeds:
        above = drawn(seed)
        chance, dag = random.Random(seed), dag_of(above)
        sums = [(chance.randrange(last), chance.randrange(last), last) for last in range(4, 40, 3)]
        ancestry = Ancestry(above, sums)
        for one, other, _ in sums:
            for operand in (one, other):
                past = ancestry.past(operand)
                found = {number for number in range(operand + 1) if ancestry.holds(past, number)}
                assert found == nx.ancestors(dag, operand) | {operand}


@pytest.mark.parametrize("seeds", GRAPHS, ids=str)
def test_dominators_are_those_that_networkx_finds(seeds: range) -> None:
    for seed in seeds:
        above = drawn(seed)
        dag = dag_of(above)
        dag.add_edges_from(("root", number) for number, read in enumerate(above) if not read)
        dominators = Dominators(len(above))
        for number, read in enumerate(above):
            dominators.enter(number, read)
        expected = nx.immediate_dominators(dag, "root")
        assert [dominators.of(n) for n in range(len(above))] == [
            None if expected[n] == "root" else expected[n] for n in range(len(above))
        ]


@pytest.mark.parametrize("seeds", GRAPHS, ids=str)
def test_what_two_values_pass_through_is_the_lowest_common_ancestor_among_dominators(seeds: range) -> None:
    """By brute force: of the values in both chains of dominators, the one in the latest topological generation."""
    for seed in seeds:
        above = drawn(seed)
        dag, dominators = dag_of(above), Dominators(len(above))
        generation = {n: depth for depth, each in enumerate(nx.topological_generations(dag)) for n in each}
        chains: list[set[int]] = []
        for number, read in enumerate(above):
            dominators.enter(number, read)
            over = dominators.of(number)
            chains.append({number} if over is None else {number} | chains[over])
        chance = random.Random(seed)
        for pair in (chance.sample(range(len(above)), 2) for _ in range(10)):
            both = chains[pair[0]] & chains[pair[1]]
            assert dominators.common(pair) == max(both, key=generation.__getitem__, default=None)


def test_what_two_values_pass_through() -> None:
    """0 -> 1 -> 2 -> 3 and 2 -> 4; 5 is computed from nothing."""
    dominators = Dominators(6)
    for number, read in enumerate([[], [0], [1], [2], [2], []]):
        dominators.enter(number, read)
    assert [dominators.common(pair) for pair in ([3, 4], [2, 4], [0, 3], [3, 5])] == [2, 2, 0, None]


def test_of_a_chain_of_layers_little_is_kept() -> None:
    """Each layer reads the one before, and 0: besides 0, the past of one layer at a time is held."""
    above = [[], *([number - 1, 0] for number in range(1, 1_000))]
    ancestry = Ancestry(above, [(998, 0, 999)])
    ancestry.past(998)
    assert len(ancestry._past) == 2


def test_the_earliest_of_a_past() -> None:
    above = [[], [], [1], [1], [2, 3]]
    ancestry = Ancestry(above, [(2, 3, 4)])
    assert ancestry.earliest(ancestry.past(2) & ancestry.past(3)) == 1
    assert ancestry.earliest(0) is None


@pytest.mark.parametrize("seeds", GRAPHS, ids=str)
def test_what_is_computed_from_a_value_are_the_descendants_that_networkx_finds(seeds: range) -> None:
    for seed in seeds:
        above = drawn(seed)
        dag, places = dag_of(above), Places(range(len(above)))
        descent = Descent(above, places)
        for number in range(len(above)):
            below = descent.of(number)
            assert (below is None) == (dag.out_degree(number) < 2)
            if below is not None:
                found = {n for n in range(len(above)) if below >> places.of_value[n] & 1}
                assert found == nx.descendants(dag, number)


def test_of_a_large_graph_the_descendants_of_few_blocks_are_held_and_all_are_found() -> None:
    """5,000 values in five blocks of 1,024: each reads the two before it. They are asked for forwards, then back."""
    above = [[], [0], *([number - 1, number - 2] for number in range(2, 5_000))]
    descent = Descent(above, Places(range(5_000)))
    for number in [*range(0, 4_998, 7), *range(4_997, 0, -7)]:
        assert descent.of(number) == 2**5_000 - 2 ** (number + 1)
        assert len(descent._blocks) <= 4


def test_an_op_that_makes_several_values_stands_before_them() -> None:
    """Values 1, 2 and 3 are made by one op; whoever is computed from 2 is so from the op, and not from its siblings."""
    places = Places([0, 1, 1, 1, 4])
    assert (places.of_value, places.of_op) == ([0, 2, 3, 4, 5], [0, 1, 1, 1, 5])
    assert [places.standing[place] for place in range(6)] == [0, 1, 1, 2, 3, 4]
    ancestry = Ancestry([[], [0], [0], [0], [2]], [(4, 0, 4)], [0, 1, 1, 1, 4])
    assert ancestry.past(4) == 0b101011  # 0, the op, 2 and 4

"""From which values is a value computed, and through which one does all of its past pass?"""

from __future__ import annotations

import random

import networkx as nx
import pytest

from shortcut_audit.search.ancestry import Ancestry, Dominators


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


@pytest.mark.parametrize("seed", range(60))
def test_pasts_are_the_ancestors_that_networkx_finds(seed: int) -> None:
    """Of the operands of sums, each asked for when its turn comes; some are asked for again by a later sum."""
    above = drawn(seed)
    chance, dag = random.Random(seed), dag_of(above)
    sums = [(chance.randrange(last), chance.randrange(last), last) for last in range(4, 40, 3)]
    ancestry = Ancestry(above, sums)
    for one, other, _ in sums:
        for operand in (one, other):
            past = ancestry.past(operand)
            found = {number for number in range(operand + 1) if ancestry.holds(past, number)}
            assert found == nx.ancestors(dag, operand) | {operand}


@pytest.mark.parametrize("seed", range(60))
def test_dominators_are_those_that_networkx_finds(seed: int) -> None:
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


def test_the_earliest_of_a_past_that_is_read_twice() -> None:
    above = [[], [0], [1], [1], [2, 3]]
    ancestry = Ancestry(above, [(2, 3, 4)])
    shared = ancestry.past(2) & ancestry.past(3)
    assert ancestry.earliest(shared) == 1  # 0 is read by 1 alone
    assert ancestry.earliest(0) is None

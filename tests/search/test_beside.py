"""What does a cut take out of what lies between a fork and other values?"""

from __future__ import annotations

import random

import pytest

from shortcut_audit.search import beside, merges
from shortcut_audit.search.beside import Beside
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.reach import Reach
from tests.search.around import search
from tests.sketch import sketch


def drawn(seed: int) -> Lineage:
    """A graph of 40 ops that read one or two earlier values each, some of them both halves of a Split."""
    chance = random.Random(seed)
    names, lines = ["x", "z"], list[str]()
    for i in range(40):
        kind = chance.choice(["Relu", "Conv", "Mul", "Concat", "Split"])
        read = chance.sample(names, 2) if kind in {"Mul", "Concat"} else chance.sample(names[-8:], 1)
        lines += [f"{name} -> {kind}.{i}" for name in read]
        names += [f"{kind}.{i}", f"{kind}.{i}:1"] if kind == "Split" else [f"{kind}.{i}"]
    sums = merges.find(sketch(*lines, shape=(1, None, None, None)))
    return Lineage(sums.graph, ())


@pytest.mark.parametrize("seed", range(60))
def test_beside_a_cut_lies_what_a_walk_finds(seed: int) -> None:
    """Against the ops of the region that is walked back from the values to the fork, where the cut bars the way."""
    lineage, chance = drawn(seed), random.Random(seed)
    last = len(lineage.values) - 1
    asked = 0
    for _ in range(30):
        fork = chance.randrange(last // 2)
        below = lineage.ancestry.descent.of(fork)
        behind = range(fork + 1, last + 1)
        out = frozenset(chance.sample(behind, chance.choice([1, 1, 2, 4])))
        tops = [number for number in chance.sample(behind, chance.choice([1, 2])) if number not in out]
        if below is None or not tops:
            continue
        asked += 1
        ops = Beside(lineage, fork, below, out).between(tops, past_of(lineage, tops))
        assert ops is not None
        walked = Reach(lineage, fork, out).region(tops)
        assert ops & lineage.holdings.all == lineage.holdings.gathered(walked.ops()).bits
        standing = {number for number in behind if lineage.ancestry.holds(ops, number)}
        assert standing == set(walked)
    assert asked


def past_of(lineage: Lineage, tops: list[int]) -> int:
    """All that some values are computed from, and themselves."""
    found, waiting = set(tops), list(tops)
    while waiting:
        above = set(lineage.above[waiting.pop()]) - found
        found |= above
        waiting += above
    return sum({1 << place for number in found for place in _bits(lineage, number)})


def _bits(lineage: Lineage, number: int) -> set[int]:
    places = lineage.ancestry.places
    return {places.of_value[number], places.of_op[number]}


def test_what_only_a_cut_leads_to_is_not_beside_it_nor_what_only_leads_to_the_cut() -> None:
    """Neg leads to the gate alone, Tanh is computed from it alone; MatMul reads the fork, too."""
    lines = "x -> Neg -> Sigmoid -> Tanh -> Mul", "x -> Relu -> Mul -> Add", "x -> Add"
    lineage = search(*lines).lineage
    number = lineage.number
    below = lineage.ancestry.descent.of(number["x"])
    assert below is not None
    beside_gate = Beside(lineage, number["x"], below, frozenset({number["Sigmoid"]}))
    ops = beside_gate.between([number["Mul"]], past_of(lineage, [number["Mul"]]))
    assert ops is not None
    assert [op.name for op in lineage.holdings.among(ops)] == ["Relu", "Mul"]


def test_a_cut_that_takes_out_much_is_walked_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three values hang on the gate alone: with two looked at nothing is said."""
    monkeypatch.setattr(beside, "TAKEN_OUT", 2)
    lines = "x -> Sigmoid -> Tanh -> Neg -> Abs -> Mul", "x -> Relu -> Mul -> Add", "x -> Add"
    lineage = search(*lines).lineage
    number = lineage.number
    below = lineage.ancestry.descent.of(number["x"])
    assert below is not None
    beside_gate = Beside(lineage, number["x"], below, frozenset({number["Sigmoid"]}))
    assert beside_gate.between([number["Mul"]], past_of(lineage, [number["Mul"]])) is None
    assert beside_gate.between([number["Relu"]], past_of(lineage, [number["Relu"]])) is not None

"""What do the ops of a set hold together?"""

from __future__ import annotations

import random

import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.search.extent import NOTHING, Measure
from shortcut_audit.search.holdings import Holdings, as_set
from tests.sketch import listing, sketch, stored

SHAPES: tuple[tuple[int | str | None, ...], ...] = ((1, 8, 4, 4), ("n", 8, 4, 4), (None, 8, None, 4))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(10))
def test_a_set_holds_what_its_ops_do_one_by_one(seed: int, shape: tuple[int | str | None, ...]) -> None:
    """60 ops in a row, of eight kinds and in an order drawn by chance, and 20 sets of some of them, large and small."""
    drawn = random.Random(seed)
    kinds = ("Conv", "Conv", "Relu", "Sigmoid", "MaxPool", "BatchNormalization", "Mystery", "Identity")
    graph = sketch("x -> " + " -> ".join(f"{drawn.choice(kinds)}.{n}" for n in range(60)), shape=shape)
    measure = Measure(graph)
    holdings = Holdings(measure, {2 * n + 1: op for n, op in enumerate(graph.ops)})
    for _ in range(20):
        chosen = sorted(drawn.sample(range(60), drawn.choice([0, 1, 3, 40, 60])))
        found = as_set(2 * n + 1 for n in chosen)
        assert holdings.of(found) == sum((measure.of(graph.ops[n]) for n in chosen), NOTHING)
        assert list(holdings.among(found)) == [graph.ops[n] for n in chosen]


@pytest.mark.parametrize("size", [4, "n"])
def test_numbers_that_all_differ_add_up(size: int | str) -> None:
    """50 layers of 1 to 50 outputs each, 8 for each of 4 positions, or of n; 1275 outputs in all, 625 odd ones."""
    rows = [f"y{n} = MatMul(x, w{n})" for n in range(1, 51)]
    stores = {f"w{n}": stored(8, n) for n in range(1, 51)}
    graph = assemble(listing(*rows, x=(size, 8), **stores))
    holdings = Holdings(Measure(graph), dict(enumerate(graph.ops)))
    every, odd = holdings.of(2**50 - 1), holdings.of(as_set(range(0, 50, 2)))
    assert (every.parameters, odd.parameters) == (10_200, 5_000)
    assert str(every.macs) == ("40800" if size == 4 else "10200*n")


def test_numbers_that_all_differ_add_up_beside_what_is_not_counted() -> None:
    """40 layers of 1 to 40 outputs, 8 for each: 8 x 820, and an op of which nobody knows what it needs."""
    rows = [f"y{n} = MatMul(x, w{n})" for n in range(1, 41)]
    stores = {f"w{n}": stored(8, n) for n in range(1, 41)}
    graph = assemble(listing(*rows, "z = Mystery(x)", x=(1, 8), **stores))
    holdings = Holdings(Measure(graph), dict(enumerate(graph.ops)))
    assert (holdings.of(2**40 - 1).macs, holdings.of(2**41 - 1).macs) == (6_560, None)


def test_a_tensor_that_several_ops_of_a_set_read_counts_once() -> None:
    rows = [f"v{n + 1} = MatMul(v{n}, w)" for n in range(20)]
    graph = assemble(listing(*rows, "y = MatMul(v20, u)", v0=(1, 8), w=stored(8, 8), u=stored(8, 8)))
    holdings = Holdings(Measure(graph), dict(enumerate(graph.ops)))
    assert [holdings.of(2**count - 1).all_parameters for count in (0, 1, 20, 21)] == [0, 64, 64, 128]


def test_places_between_ops_hold_nothing() -> None:
    graph = sketch("x -> Conv.1 -> Relu -> Conv.2")
    holdings = Holdings(Measure(graph), {1: graph.ops[0], 4: graph.ops[1], 70: graph.ops[2]})
    assert holdings.of(1 << 69 | 0b1001101) == NOTHING
    extent = holdings.of(2**71 - 1)
    assert (extent.ops, extent.weight_layers, extent.first_layer, extent.layers) == (3, 2, graph.ops[0], (0, 1))


def test_places_as_a_set() -> None:
    assert [as_set(places) for places in ((), (0,), (0, 3), (9,))] == [0, 1, 9, 512]


def test_who_makes_a_value_is_known_of_the_ops_of_a_set_alone() -> None:
    graph = sketch("x -> Conv.1 -> Relu -> Conv.2")
    holdings = Holdings(Measure(graph), dict(enumerate(graph.ops)))
    first, *others = (op.outputs[0] or "" for op in graph.ops)
    found = holdings.gathered(graph.ops[:1])
    assert found.maker(first) is graph.ops[0]
    assert [found.maker(name) for name in (*others, "x", "nobody's")] == [None] * 4

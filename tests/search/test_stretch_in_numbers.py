"""Is an axis that is said to hold one element many times the same all along it, and one that has its own not?

Small graphs are drawn at sizes of one, and run at larger ones: what is said at one element must hold at four.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Draft
from shortcut_audit.graph.model import TensorType
from shortcut_audit.search.stretch import Axis, Stretches
from tests.canonical import run
from tests.sketch import listing, stored

WIDTH = 4
"""Elements of the last axis, at all sizes."""


def steps(chance: Random, ranks: dict[str, int]) -> Iterator[str]:
    """The lines of a graph, each of which reads earlier values; `ranks` is kept up."""
    for number in range(7):
        name = f"v{number}"
        read = chance.choice(list(ranks))
        rank, axis = ranks[read], chance.randrange(max(1, ranks[read]))
        kind = chance.choice(["mean", "gone", "in", "turned", "sum", "product", "tanh", "grown"])
        ranks[name] = rank
        if kind in {"mean", "gone"} and rank > 1:
            keep = int(kind == "mean")
            ranks[name] = rank - 1 + keep
            yield f"{name} = ReduceMean({read}, at{chance.choice([axis, axis - rank])}) keepdims={keep}"
        elif kind == "in" and rank < 4:
            ranks[name] = rank + 1
            yield f"{name} = Unsqueeze({read}, at{chance.choice([0, rank])})"
        elif kind == "turned" and rank > 1:
            order = chance.sample(range(rank), rank)
            yield f"{name} = Transpose({read}) perm={','.join(map(str, order))},"
        elif kind in {"sum", "product"}:
            other = chance.choice([one for one in ranks if one != name and ranks[one] == rank])
            yield f"{name} = {'Add' if kind == 'sum' else 'Mul'}({read}, {other})"
        elif kind == "grown" and rank == 3:
            yield f"{name}_s = Shape(x)"
            yield f"{name} = Expand({read}, {name}_s)"
        else:
            yield f"{name} = Tanh({read})"


def drawn(seed: int, *sizes: int) -> Draft:
    chance = Random(seed)
    lines = list(steps(chance, {"x": 3}))
    fixed = {f"at{axis}": stored(1, dtype="int64", data=(axis,), literal=True) for axis in range(-4, 5)}
    used = {name: tensor for name, tensor in fixed.items() if any(f"{name})" in line for line in lines)}
    return listing(*lines, x=TensorType((*sizes, WIDTH), "float32"), **used)


def fits(draft: Draft) -> bool:
    """Whether every sum is one of values that may be stretched over each other."""
    try:
        values = run(draft, {"x": np.random.default_rng(0).normal(size=draft.inputs[0][1].shape).astype("float32")})
    except (TypeError, ValueError):
        return False
    return all(value is not None for value in values.values())


SEEDS = [seed for seed in range(400) if fits(drawn(seed, 2, 3)) and fits(drawn(seed, 1, 1))]


def test_enough_is_drawn() -> None:
    said = [axis for seed in SEEDS for axes in claims(seed).values() for axis in axes]
    assert len(SEEDS) > 200
    assert min(said.count(Axis.ONE), said.count(Axis.OWN)) > 500


def claims(seed: int) -> dict[str, tuple[Axis, ...]]:
    graph = assemble(drawn(seed, 1, 1))
    stretches = Stretches(graph)
    return {name: stretches.of(name) for name in graph.values}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_said_of_an_axis_of_one_holds_for_more(seed: int) -> None:
    draft = drawn(seed, 2, 3)
    values = run(draft, {"x": np.random.default_rng(seed).normal(size=(2, 3, WIDTH)).astype("float32")})
    for name, axes in claims(seed).items():
        value = values[name]
        assert value is not None
        if value.dtype == np.float32 and axes:
            assert len(axes) == value.ndim, name
            for axis, state in enumerate(axes):
                varies = float(np.ptp(value, axis=axis).max()) > 1e-6
                if state is Axis.ONE:
                    assert not varies, (name, axis)
                elif state is Axis.OWN:
                    assert varies, (name, axis)

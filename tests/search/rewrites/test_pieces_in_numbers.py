"""Is a value that is found to be a piece of another one that piece, element for element?"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import pytest

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Draft, Node
from shortcut_audit.graph.model import Constant, ModelGraph, Value
from shortcut_audit.search.rewrites.pieces import followed
from tests.canonical import Array, evaluated
from tests.sketch import listing, stored

SHAPE = (2, 4, 6)
SEEDS = [range(first, first + 25) for first in range(0, 500, 25)]


def steps(chance: Random) -> Iterator[str]:
    """Lines that join and cut values; each is of a shape that numpy tells."""
    shapes: dict[str, tuple[int, ...]] = {"x": SHAPE, "z": SHAPE}

    def made(name: str, shape: tuple[int, ...]) -> None:
        shapes[name] = shape

    axis = 0
    for number in range(9):
        name, read = f"v{number}", chance.choice(list(shapes)[-3:])
        shape = shapes[read]
        axis = chance.choice([axis, axis, chance.randrange(len(shape))]) % len(shape)
        size = shape[axis]
        kind = chance.choice(["join", "join", "cut", "cut", "slice", "slice", "pick", "copy", "relu", "range"])
        if kind == "join":
            fits = [o for o, s in shapes.items() if len(s) == len(shape) and _alike(s, shape, axis)]
            parts = [read, *(chance.choice(fits[-3:]) for _ in range(chance.randint(1, 2)))]
            parts = chance.choice([parts, parts[::-1], sorted(set(parts))])
            made(name, (*shape[:axis], sum(shapes[p][axis] for p in parts), *shape[axis + 1 :]))
            yield f"{name} = Concat({', '.join(parts)}) axis={chance.choice([axis, axis - len(shape)])}"
        elif kind == "cut" and size % 2 == 0:
            made(f"{name}b", (*shape[:axis], size // 2, *shape[axis + 1 :]))
            made(name, (*shape[:axis], size // 2, *shape[axis + 1 :]))
            yield f"{name}, {name}b = Split({read}) axis={axis} num_outputs=2"
        elif kind == "slice" and size > 1:
            start = chance.randrange(size - 1)
            stop = chance.randint(start + 1, size)
            made(name, (*shape[:axis], stop - start, *shape[axis + 1 :]))
            yield f"{name} = Slice({read}, i{start}, i{stop}, i{axis})"
        elif kind == "pick" and len(shape) > 1:
            made(name, (*shape[:axis], *shape[axis + 1 :]))
            yield f"{name} = Gather({read}, s{chance.randrange(size)}) axis={axis}"
        elif kind == "range" and size > 1:
            made(name, (*shape[:axis], 2, *shape[axis + 1 :]))
            yield f"{name} = Gather({read}, {chance.choice(['p01', 'p10'])}) axis={axis}"
        elif kind == "copy":
            made(name, shape)
            yield f"{name} = Identity({read})"
        else:
            made(name, shape)
            yield f"{name} = Relu({read})"


def _alike(one: tuple[int, ...], other: tuple[int, ...], axis: int) -> bool:
    return all(a == b for at, (a, b) in enumerate(zip(one, other, strict=True)) if at != axis)


def drawn(seed: int) -> Draft:
    lines = list(steps(Random(seed)))
    numbers = {f"i{n}": stored(1, dtype="int64", data=(n,), literal=True) for n in range(200)}
    numbers |= {f"s{n}": stored(dtype="int64", data=(n,), literal=True) for n in range(200)}
    numbers |= {"p01": stored(2, dtype="int64", data=(0, 1)), "p10": stored(2, dtype="int64", data=(1, 0))}
    read = {word.strip(" ()") for line in lines for word in line.partition("(")[2].partition(")")[0].split(",")}
    inputs = {name: SHAPE for name in ("x", "z") if name in read}
    return listing(*lines, **inputs, **{name: tensor for name, tensor in numbers.items() if name in read})


def computed(graph: ModelGraph) -> dict[str, Array]:
    """Every value; the inputs are numbers of which no two are the same."""
    env: dict[str, Array] = {}
    for number, (name, value) in enumerate(graph.values.items()):
        if value.op is None:
            env[name] = np.arange(float(np.prod(SHAPE)), dtype="float32").reshape(SHAPE) + 1_000 * (number + 1)
        else:
            env[name] = _applied(value, env)
    return env


def _applied(value: Value, env: dict[str, Array]) -> Array:
    op = value.op
    assert op is not None
    read: list[Any] = [_constant(given) if isinstance(given, Constant) else env[given or ""] for given in op.inputs]
    if op.kind == "Reshape":
        return np.reshape(read[0], value.type.shape)  # type: ignore[arg-type]
    if op.kind == "Split":
        cut: Array = np.split(read[0], 2, op.attributes["axis"])[value.slot]  # type: ignore[call-overload]
        return cut
    made = evaluated(Node(op.kind, tuple(map(str, range(len(read)))), op.outputs, attributes=op.attributes), read)
    found = made[value.slot]
    assert found is not None
    return found


def _constant(given: Constant) -> Array:
    return np.array(given.type.data, given.type.dtype).reshape(given.type.shape)  # type: ignore[arg-type]


@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_what_is_followed_to_where_it_comes_from_is_the_same_value(seeds: range) -> None:
    changed = 0
    for seed in seeds:
        graph = assemble(drawn(seed))
        other = followed(graph)
        written, found = computed(graph), computed(other)
        for name, value in written.items():
            np.testing.assert_array_equal(found[name], value, f"{seed} {name}")
        changed += sum(other.values[name].op != graph.values[name].op for name in graph.values)
    assert changed > 2

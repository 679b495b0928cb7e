"""What must hold in numbers of the shortcuts that were found?

A graph runs under an interpreter: one in numpy for the graphs that are drawn, one for what torch.export makes of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Draft
from shortcut_audit.graph.model import Constant, Input, ModelGraph, Op
from shortcut_audit.search import search
from shortcut_audit.search.found import Found

Array = np.ndarray[Any, Any]


class Interpreter(NamedTuple):
    """What an op makes of some arrays, and what array a constant is."""

    apply: Callable[[Op, list[Any]], list[Any]]
    constant: Callable[[Constant], Any]
    exact: float
    """By how much two ways to compute the same may differ."""
    quantum: float
    """The step in which a quantiser writes."""


def computed(
    graph: ModelGraph, by: Interpreter, inputs: Mapping[str, Array], held: Mapping[str, Array] | None = None
) -> dict[str, Array]:
    """Every value of a graph whose constants tell what they are; those that are held stay as they are."""
    env: dict[str, Array] = {}
    for name, value in graph.values.items():
        if held is not None and name in held:
            env[name] = held[name]
        elif value.op is None:
            env[name] = inputs[name]
        else:
            env[name] = by.apply(value.op, [_array(given, by, env) for given in value.op.inputs])[value.slot]
    return env


def _array(given: Input, by: Interpreter, env: Mapping[str, Array]) -> Any:
    """What an op reads in one slot."""
    return env[given] if isinstance(given, str) else None if given is None else by.constant(given)


def routed(found: Found, by: Interpreter, values: Mapping[str, Array], fork: Array) -> Array:
    """What the route makes of another fork, while all else that its ops read is held."""
    passing = fork
    for link in found.route:
        read = [_array(given, by, values) for given in link.op.inputs]
        read[link.slot] = passing
        passing = by.apply(link.op, read)[0]
    return passing


def lets_its_fork_through(found: Found, by: Interpreter, values: Mapping[str, Array]) -> None:
    """An identity is its fork, quantised within half a step; every shortcut is linear in it, its gates held."""
    fork, operand = values[found.fork.id], values[found.operand.value]
    slack = by.quantum / 2 * sum(link.op.kind == "QuantizeLinear" for link in found.route)
    if not any(link.step for link in found.route):
        np.testing.assert_allclose(np.sort(operand, axis=None), np.sort(fork, axis=None), 0, slack)
    one, other = (np.random.default_rng(seed).normal(size=fork.shape).astype(fork.dtype) for seed in (2, 3))
    through = [routed(found, by, values, given) for given in (one, other, one + other, 0 * one)]
    np.testing.assert_allclose(through[0] + through[1], through[2] + through[3], by.exact, by.exact + 4 * slack)
    np.testing.assert_allclose(routed(found, by, values, fork), operand, by.exact, by.exact)


def filled(draft: Draft, weights: Mapping[str, Array]) -> Draft:
    """A draft that tells the elements of its weights."""
    told = {name: tuple(weight.reshape(-1).tolist()) for name, weight in weights.items()}
    return replace(draft, tensors=tuple(replace(t, data=told.get(t.name, t.data)) for t in draft.tensors))


def hold(draft: Draft, by: Interpreter, weights: Mapping[str, Array], inputs: Mapping[str, Array]) -> int:
    """Holds all that is found in a draft against numbers; how many shortcuts there are.

    Its fork held, a shortcut changes with each weight that it names, and with no other: where the fork is not zero, as
    behind a ReLU that sleeps.
    """
    before = search(assemble(filled(draft, weights)))
    values = computed(before.graph, by, inputs)
    after = {}
    for name, weight in weights.items():
        after[name] = search(assemble(filled(draft, {**weights, name: weight + moved(weight)})))
    for found in before.found:
        lets_its_fork_through(found, by, values)
        named = {weight.name for op in found.through for weight in op.weights() if weight.learned}
        held, operand = {found.fork.id: _awake(values[found.fork.id])}, found.operand.value
        here = computed(before.graph, by, inputs, held)[operand]
        for name, other in after.items():
            then = computed(other.graph, by, inputs, held)[operand]
            assert np.array_equal(then, here) == (name not in named), (name, named)
    return len(before.found)


def refuse(draft: Draft, by: Interpreter, inputs: Mapping[str, Array]) -> Counter[str]:
    """Holds the reasons why sums merge no shortcut against numbers; how often each was given.

    1. Of parallel branches none is linear in what they share, or all are. 2. Of what a formula adds, each element
    depends on no other element of what is shared. 3. What is stretched is the same along an axis along which something
    else in the sum is not. Of what is shared the nearest values are looked at.
    """
    searched = search(assemble(draft))
    graph, told = searched.graph, Counter[str]()
    values = computed(graph, by, inputs)
    for refusal in searched.refused:
        told[refusal.reason] += 1
        terms = refusal.op.values()
        shared = [name for name in _shared(graph, terms) if values[name].dtype.kind == "f"][:NEAREST]
        match refusal.reason:
            case "parallel branches":
                for fork in shared:
                    linear = [_is_linear(graph, by, inputs, values[fork], fork, term) for term in terms]
                    assert all(linear) or not any(linear), (refusal, fork, linear)  # 1
            case "elementwise expression":
                fork = shared[0]
                assert all(_is_by_element(graph, by, inputs, values[fork], fork, term) for term in terms)  # 2
            case "broadcast":
                given = [np.broadcast_to(values[term], values[refusal.result.id].shape) for term in terms]
                alike = [[bool(np.all(np.ptp(value, axis) == 0)) for value in given] for axis in range(given[0].ndim)]
                asleep = any(np.ptp(value) == 0 for value in given)
                assert any(any(axis) and (asleep or not all(axis)) for axis in alike), refusal  # 3
    return told


NEAREST = 3
"""How many of the values that the terms of a sum have in common are looked at, the nearest first."""


def _shared(graph: ModelGraph, terms: Sequence[str]) -> list[str]:
    """The values that all terms are computed from, or are, the latest first."""
    pasts = []
    for term in terms:
        past, waiting = {term}, [term]
        while waiting:
            op = graph.values[waiting.pop()].op
            fresh = [given for given in (op.values() if op is not None else ()) if given not in past]
            past.update(fresh)
            waiting += fresh
        pasts.append(past)
    return [name for name in reversed(graph.values) if all(name in past for past in pasts)]


def _is_linear(
    graph: ModelGraph, by: Interpreter, inputs: Mapping[str, Array], like: Array, fork: str, term: str
) -> bool:
    """Whether a value is linear in another one, whose numbers are so large, and of such signs, that they wake all."""
    source = np.random.default_rng(2)
    one = source.normal(0, 50, like.shape).astype(like.dtype)
    other = (-one * source.uniform(0.3, 0.7, like.shape)).astype(like.dtype)
    made = [computed(graph, by, inputs, {fork: given})[term] for given in (one, other, one + other, 0 * one)]
    return bool(np.allclose(made[0] + made[1], made[2] + made[3], by.exact, by.exact))


def _is_by_element(
    graph: ModelGraph, by: Interpreter, inputs: Mapping[str, Array], like: Array, fork: str, term: str
) -> bool:
    """Whether another first element of a value changes the first element that is made of it, and no other."""
    one = _awake(like)
    other = one.copy()
    other.flat[0] += 1
    made = [computed(graph, by, inputs, {fork: given})[term] for given in (one, other)]
    return made[0].shape == like.shape and np.array_equal(made[0].flat[1:], made[1].flat[1:])


def _awake(value: Array) -> Array:
    """Numbers of the shape and type of a value, none of them zero."""
    return np.random.default_rng(7).uniform(0.1, 1.0, value.shape).astype(value.dtype)


def moved(weight: Array) -> Array:
    """By how much a weight is changed: not by a constant, which changes nothing of what is centred."""
    return np.random.default_rng(5).uniform(0.1, 0.5, weight.shape).astype(weight.dtype)

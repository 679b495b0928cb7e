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
from shortcut_audit.operators.axes import stacked
from shortcut_audit.search import search
from shortcut_audit.search.found import Found
from shortcut_audit.search.merges import Refusal
from shortcut_audit.search.trial import ALONE

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
    graphs = {name: _forms(filled(draft, {**weights, name: weights[name] + moved(weights[name])})) for name in weights}
    plain = _forms(filled(draft, weights))
    for found in before.found:
        lets_its_fork_through(found, by, values)
        named = {weight.name for op in found.through for weight in op.weights() if weight.learned}
        held, operand = {found.fork.id: _awake(values[found.fork.id])}, found.operand.value
        here = [computed(form, by, inputs, held).get(operand) for form in plain]
        for name, forms in graphs.items():
            then = [computed(form, by, inputs, held).get(operand) for form in forms]
            told = [np.array_equal(a, b) for a, b in zip(here, then, strict=True) if a is not None and b is not None]
            assert any(told) == (name not in named), (name, named)
    return len(before.found)


def _forms(draft: Draft) -> tuple[ModelGraph, ModelGraph]:
    """A graph in normal form, and as it is written.

    The one reads around a fork that is held: of cat([s, s]), cut and joined, it knows that it is cat([s, s]). The other
    rounds: (x + h) - h is not x to the last digit.
    """
    written = assemble(draft)
    return search(written).graph, written


def refuse(draft: Draft, by: Interpreter, inputs: Mapping[str, Array]) -> Counter[str]:
    """Holds the reasons why sums merge no shortcut against numbers (CLAIMS); how often each was given."""
    searched = search(assemble(draft))
    run = Run(searched.graph, by, inputs, computed(searched.graph, by, inputs))
    told = Counter[str]()
    for refusal in searched.refused:
        told[refusal.reason] += 1
        claim = CLAIMS.get(refusal.reason)
        assert claim is None or claim(run, refusal), refusal
    return told


class Run(NamedTuple):
    """A graph, and what it computes of some inputs."""

    graph: ModelGraph
    by: Interpreter
    inputs: Mapping[str, Array]
    values: Mapping[str, Array]

    def with_held(self, held: Mapping[str, Array]) -> dict[str, Array]:
        """What is computed where some values are these."""
        return computed(self.graph, self.by, self.inputs, held)

    def shared(self, terms: Sequence[str]) -> list[str]:
        """The values that all terms are computed from, or are, the latest first; no integers, as quantisers write."""
        pasts = [self.past(term) for term in terms]
        common = (name for name in reversed(self.graph.values) if all(name in past for past in pasts))
        return [name for name in common if (self.graph.values[name].type.dtype or "").startswith("float")]

    def past(self, term: str) -> set[str]:
        """A value, and all that it is computed from."""
        past, waiting = {term}, [term]
        while waiting:
            op = self.graph.values[waiting.pop()].op
            fresh = [given for given in (op.values() if op is not None else ()) if given not in past]
            past.update(fresh)
            waiting += fresh
        return past

    def awake(self, name: str, seed: int = 2) -> Array:
        """Numbers for a value, of both signs, and so large beside all others that they wake every activation."""
        like = self.values[name]
        largest = max(float(np.max(np.abs(value))) for value in self.values.values() if value.dtype.kind == "f")
        return np.random.default_rng(seed).normal(0, 50 * max(1.0, largest), like.shape).astype(like.dtype)

    def is_linear(self, fork: str, term: str) -> bool:
        """Whether a value is linear in another one. Behind a norm a ReLU may sleep: several others are tried."""
        return all(self._adds_up(self.awake(fork, seed), fork, term) for seed in range(2, 2 + DRAWN))

    def _adds_up(self, one: Array, fork: str, term: str) -> bool:
        other = (-one * np.random.default_rng(9).uniform(0.3, 0.7, one.shape)).astype(one.dtype)
        made = [self.with_held({fork: given})[term] for given in (one, other, one + other, 0 * one)]
        slack = self.by.exact * float(np.max(np.abs(one)))
        return bool(np.allclose(made[0] + made[1], made[2] + made[3], self.by.exact, slack))

    def changes(self, fork: str, element: int, term: str) -> Array:
        """Which elements of a value change with one element of another one."""
        one = _awake(self.values[fork])
        other = one.copy()
        other.flat[element] += 1
        made = [self.with_held({fork: given})[term] for given in (one, other)]
        return made[0] != made[1]


DRAWN = 6
"""With how many numbers a linear map is looked for."""

NEAREST = 3
"""How many of the values that the terms of a sum have in common are looked at, the nearest first."""


def all_or_none_are_linear(run: Run, refusal: Refusal) -> bool:
    """Of parallel branches, and of what is averaged, none is linear in what they share, or all are."""
    terms = refusal.op.values()
    linear = [[run.is_linear(fork, term) for term in terms] for fork in run.shared(terms)[:NEAREST]]
    return all(all(told) or not any(told) for told in linear)


def is_by_element(run: Run, refusal: Refusal) -> bool:
    """Of what a formula adds, each element depends on one element of what is shared; or all but one operand do so."""
    terms = refusal.op.values()
    fork = run.shared(terms)[0]
    working = sum(np.count_nonzero(run.changes(fork, 0, term)) > 1 for term in terms)
    return working <= int(refusal.detail == ALONE)


def is_the_same_along_an_axis(run: Run, refusal: Refusal) -> bool:
    """What is stretched is the same along an axis along which something else in the sum is not."""
    shape = run.values[refusal.result.id].shape
    given = [np.broadcast_to(run.values[term], shape) for term in refusal.op.values()]
    alike = [[bool(np.all(np.ptp(value, axis) == 0)) for value in given] for axis in range(len(shape))]
    asleep = any(np.ptp(value) == 0 for value in given)
    return any(any(axis) and (asleep or not all(axis)) for axis in alike)


def is_constant_but_for_one(run: Run, refusal: Refusal) -> bool:
    """At most one operand changes with what the model is fed."""
    other = {name: _awake(given) + 1 for name, given in run.inputs.items()}
    then = computed(run.graph, run.by, other)
    read = [(_array(given, run.by, run.values), _array(given, run.by, then)) for given in refusal.op.inputs]
    return sum(not np.array_equal(here, there) for here, there in read) <= 1


def share_no_element(run: Run, refusal: Refusal) -> bool:
    """No element of the nearest value that the operands have in common changes more than one of them."""
    terms = refusal.op.values()
    for fork in run.shared(terms)[:1]:
        for element in range(run.values[fork].size):
            if sum(bool(np.any(run.changes(fork, element, term))) for term in terms) > 1:
                return False
    return True


def is_one_value(run: Run, refusal: Refusal) -> bool:
    """What is left of a sum that cancels is one value, perhaps negated, or nothing."""
    total, past = run.values[refusal.result.id], run.past(refusal.result.id) - {refusal.result.id}
    alike = (sign * run.values[name] for name in past for sign in (0, 1, -1))
    return any(one.shape == total.shape and np.allclose(one, total, run.by.exact, run.by.exact) for one in alike)


def leaves_an_end(run: Run, refusal: Refusal) -> bool:
    """Where the difference of two values is nothing, what it is spread over becomes one of the two."""
    made, terms = refusal.result.id, refusal.op.values()
    then = run.with_held({made: 0 * run.values[made]})
    behind = [name for name in run.graph.values if name != made and made in run.past(name)]
    return any(
        then[name].shape == then[term].shape and np.allclose(then[name], then[term], run.by.exact, run.by.exact)
        for name in behind
        for term in terms
    )


def may_be_shifted(run: Run, refusal: Refusal) -> bool:
    """What feeds nothing but a softmax may be shifted by a constant: no output tells."""
    logits = refusal.result.id
    then = run.with_held({logits: run.values[logits] + 1})
    outputs = [name for name in run.graph.outputs if name in then]
    return all(np.allclose(then[name], run.values[name], run.by.exact, run.by.exact) for name in outputs)


def is_turned_as_its_value_is(run: Run, refusal: Refusal) -> bool:
    """A value and statistics of it, combined: turned round along any axis, the value turns round the sum, no more."""
    for fork in run.shared(refusal.op.values()):
        made, one = refusal.result.id, _awake(run.values[fork])
        here = run.with_held({fork: one})[made]
        axes = range(one.ndim)
        turned = [np.allclose(run.with_held({fork: np.flip(one, axis)})[made], np.flip(here, axis)) for axis in axes]
        if here.shape == one.shape and all(turned):
            return True
    return False


def is_linear_in_each(run: Run, refusal: Refusal) -> bool:
    """A weighted stack is linear in each of the values that it weighs, all others held."""
    stacks = [stack for given in refusal.op.values() if (stack := stacked(run.graph, given)) is not None]
    slices = [given for stack in stacks for given in stack.slices if isinstance(given, str)]
    held = {name: run.values[name] for name in slices}
    made = refusal.result.id
    for name in dict.fromkeys(slices):
        one = run.awake(name)
        through = [run.with_held({**held, name: given})[made] for given in (one, -one, 0 * one)]
        slack = run.by.exact * float(np.max(np.abs(one)))
        if not np.allclose(through[0] + through[1], 2 * through[2], run.by.exact, slack):
            return False
    return len(slices) > 1


CLAIMS: Mapping[str, Callable[[Run, Refusal], bool]] = {
    "parallel branches": all_or_none_are_linear,
    "average": all_or_none_are_linear,
    "elementwise expression": is_by_element,
    "broadcast": is_the_same_along_an_axis,
    "constant operand": is_constant_but_for_one,
    "independent sources": share_no_element,
    "cancelled": is_one_value,
    "interpolation": leaves_an_end,
    "attention logits": may_be_shifted,
    "normalisation": is_turned_as_its_value_is,
    "weighted stack": is_linear_in_each,
}
"""What each reason says in numbers. Of what is not understood nothing is said."""


def _awake(value: Array) -> Array:
    """Numbers of the shape and type of a value, none of them zero."""
    return np.random.default_rng(7).uniform(0.1, 1.0, value.shape).astype(value.dtype)


def moved(weight: Array) -> Array:
    """By how much a weight is changed: not by a constant, which changes nothing of what is centred."""
    return np.random.default_rng(5).uniform(0.1, 0.5, weight.shape).astype(weight.dtype)

"""What do small random graphs look like, and what must not change in what is said of them?

The same in every run. A graph is a list of steps; each reads values a few steps back.
"""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from shortcut_audit.graph.draft import Draft
from shortcut_audit.report import ModelReport
from tests.sketch import listing, stored

SHAPE = (1, 8, 4, 4)

STEPS = {
    "activation": ["{y} = Relu({a})"],
    "gate": ["{y} = Sigmoid({a})"],
    "pointwise": ["{y} = Conv({a}, {y}_one)"],
    "convolution": ["{y} = Conv({a}, {y}_three) pads=1,1,1,1"],
    "normalisation": ["{y} = BatchNormalization({a}, {y}_s, {y}_b, {y}_m, {y}_v)"],
    "scale": ["{y} = Mul({a}, {y}_diagonal)"],
    "negation": ["{y} = Neg({a})"],
    "view": ["{y} = Identity({a})"],
    "pooling": ["{y} = AveragePool({a}) kernel_shape=3,3 pads=1,1,1,1"],
    "halves": ["{y}_l, {y}_r = Split({a}) axis=1", "{y} = Concat({y}_r, {y}_l) axis=1"],
    "squeeze": ["{y}_mean = ReduceMean({a}) axes=2,3", "{y} = Mul({b}, {y}_mean)"],
    "product": ["{y} = Mul({a}, {b})"],
    "difference": ["{y} = Sub({a}, {b})"],
    "sum": ["{y} = Add({a}, {b})"],
    "block": ["{y}_c = Conv({a}, {y}_three) pads=1,1,1,1", "{y}_r = Relu({y}_c)", "{y} = Add({y}_r, {b})"],
    "context": [
        "{y}_g = ReduceMean({a}) axes=2,3 keepdims=1",
        "{y}_t = Conv({y}_g, {y}_one)",
        "{y}_near = Add({b}, {y}_t)",
        "{y} = Add({y}_near, {c})",
    ],
    "sum of three": ["{y}_two = Add({a}, {b})", "{y} = Add({y}_two, {c})"],
}
"""What a step adds to a graph: {y} is the value that it makes, {a}, {b} and {c} are earlier ones."""

STORED = {
    "one": (8, 8, 1, 1), "three": (8, 8, 3, 3), "diagonal": (8, 1, 1),
    "s": (8,), "b": (8,), "m": (8,), "v": (8,),
}  # fmt: skip

Recipe: TypeAlias = list[tuple[str, int, int, int]]
"""The steps of a graph: what each does, and how far back each of its operands lies."""


def recipes(longest: int) -> st.SearchStrategy[Recipe]:
    back = st.integers(1, 4)
    return st.lists(st.tuples(st.sampled_from(list(STEPS)), back, back, back), min_size=4, max_size=longest)


def built(recipe: Recipe) -> Draft:
    values, lines = ["x"], []
    for number, (kind, *distances) in enumerate(recipe):
        a, b, c = (values[max(len(values) - distance, 0)] for distance in distances)
        lines += [line.format(y=f"v{number}", a=a, b=b, c=c) for line in STEPS[kind]]
        values.append(f"v{number}")
    tensors = {f"{value}_{role}": stored(*shape) for value in values for role, shape in STORED.items()}
    return listing(*lines, x=SHAPE, **tensors)


same_in_every_run = settings(
    derandomize=True, deadline=None, database=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow]
)
graphs = recipes(longest=10).map(built)
luck = st.randoms(use_true_random=False)


def verdict(report: ModelReport) -> tuple[object, ...]:
    """All that must not change."""
    costs = Counter((s.kind, s.parameters, s.macs, s.span.weight_layers, s.span.parameters) for s in report.shortcuts)
    reasons = Counter(other.reason for other in report.other_adds)
    return costs, reasons, report.totals.parameters, report.totals.macs

"""Which values are never negative, whatever the model reads?

A quantiser of unsigned integers whose zero point is 0 cuts off nothing of those, and is a ReLU of any other. Cases:
1. what an operator makes of anything: Relu, Softmax, ReduceL2;
2. what it makes of one number and a bound: Clip from 0, Max with 0, an even power, x x;
3. what keeps signs, made of such values and of numbers that are not negative: views, selections, products, sums.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from shortcut_audit.assembly.ranges import Resolve, number_in
from shortcut_audit.graph.draft import Node
from shortcut_audit.graph.model import Constant, Input, TensorType
from shortcut_audit.operators.row import Effect, Family
from shortcut_audit.operators.table import row_of

TypeOf: TypeAlias = Callable[[Input], "TensorType | None"]
"""What is known of an input."""

NEVER_NEGATIVE = frozenset(
    "Relu Relu6 Sigmoid HardSigmoid Softmax Softplus Exp Abs Sqrt ReduceL1 ReduceL2 ReduceSumSquare Bernoulli".split()
)
"""Operators whose results are at least 0, whatever they read."""

KEEPING = frozenset("Add Mul Sum Mean Div Min Max Pow Relu LeakyRelu ReduceSum ReduceMean ReduceMax ReduceMin".split())
"""Operators that make no negative number of numbers that are none."""


class Signs:
    """The values of which it is known, as the nodes of a model come by."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._known: set[str | None] = set()

    def __contains__(self, name: str | None) -> bool:
        return name in self._known

    def add(self, node: Node) -> None:
        """Takes what a node makes for never negative."""
        self._known.update(name for name in node.outputs if name is not None)

    def note(self, node: Node) -> None:
        """Keeps in mind what follows for the values that a node makes."""
        if node.kind in NEVER_NEGATIVE or self._bounded(node) or self._kept(node):
            self.add(node)

    def _bounded(self, node: Node) -> bool:
        read = [name for name in node.inputs if name is not None]
        match node.kind:
            case "Clip":
                stated = node.attributes.get("min") if len(node.inputs) < 2 else self._only(node.inputs[1])
                return isinstance(stated, int | float) and stated >= 0
            case "Max":
                return any(self._holds(name) for name in read)
            case "Mul":
                return len(read) == 2 and read[0] == read[1]
            case "Pow":
                exponent = self._only(node.inputs[1]) if len(node.inputs) > 1 else None
                return exponent is not None and exponent % 2 == 0
            case "LeakyRelu":
                return node.attributes.get("alpha", 0.01) == 0
            case "ThresholdedRelu":
                limit = node.attributes.get("alpha", 1.0)
                return isinstance(limit, int | float) and limit >= 0
        return False

    def _kept(self, node: Node) -> bool:
        row = row_of(node.kind)
        passes = row.effect in {Effect.VIEW, Effect.SELECTION, Effect.CHOICE}
        keeps = passes or node.kind in KEEPING or row.family is Family.WINDOW_POOLING
        read = [name for slot, name in enumerate(node.inputs) if slot in row.data or not row.data or not passes]
        given = [name for name in read if name is not None]
        return keeps and bool(given) and all(self._holds(name) for name in given)

    def _holds(self, name: str) -> bool:
        """Whether a tensor is known to have no negative element: a value, or numbers that are not learned."""
        given = self._resolve(name)
        if isinstance(given, str):
            return given in self._known
        least = self._least(given)
        return least is not None and least >= 0

    def _only(self, name: str | None) -> int | float | None:
        return number_in(self._resolve(name))

    def _least(self, given: Input) -> int | float | None:
        if not isinstance(given, Constant) or any(weight.learned for weight in given.weights):
            return None
        numbers = [datum for datum in given.type.data or () if isinstance(datum, int | float)]
        return min(numbers) if numbers and len(numbers) == len(given.type.data or ()) else given.fill

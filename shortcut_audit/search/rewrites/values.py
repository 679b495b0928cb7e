"""Which values does a normal form hold that the file does not write?

They stand beside those of the file, each in front of the sum for which it was made, under the name of the op whose
place it takes. What the file writes stays as it is: it is what the report accounts for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from typing import TypeAlias

from shortcut_audit.frozen import frozen, replace
from shortcut_audit.graph.model import Attribute, Constant, ModelGraph, Op, TensorType, Value
from shortcut_audit.graph.naming import Names
from shortcut_audit.operators.infer import infer
from shortcut_audit.search.rewrites.choices import Pair
from shortcut_audit.search.rewrites.products import Atom, Product
from shortcut_audit.search.rewrites.sums import Gathered

OPSET = 17
"""The opset whose rules tell the shapes of what is written here: of plain arithmetic, the same in all."""


def rebuilt(graph: ModelGraph, values: Mapping[str, Value]) -> ModelGraph:
    """A graph with other values, in topological order."""
    readers: dict[str, dict[str, None]] = {name: {} for name in values}
    for value in values.values():
        for given in value.op.values() if value.op is not None else ():
            readers[given][value.id] = None
    ops = dict.fromkeys(value.op for value in values.values() if value.op is not None)
    return replace(
        graph, values=values, readers={name: tuple(found) for name, found in readers.items()}, ops=tuple(ops)
    )


@dataclass(slots=True, eq=False, repr=False)
class Desk:
    """Where values of a normal form are written down."""

    graph: ModelGraph
    _made: dict[str, Value] = field(default_factory=dict)
    _before: dict[str, list[str]] = field(default_factory=dict)
    _replaced: dict[str, Value] = field(default_factory=dict)
    _names: Names | None = None

    def value(self, name: str) -> Value:
        """A value of the file, or one written here."""
        return self._made.get(name) or self.graph.values[name]

    def finished(self) -> ModelGraph:
        """The graph with the values that were written; the same one where none were."""
        if not self._made and not self._replaced:
            return self.graph
        values: dict[str, Value] = {}
        for name, value in self.graph.values.items():
            values.update((new, self._made[new]) for new in self._before.get(name, ()))
            values[name] = self._replaced.get(name, value)
        return rebuilt(self.graph, values)

    def copy(self, name: str, source: str) -> None:
        """Notes that a sum has come to be nothing but one value."""
        value = self.graph.values[name]
        assert value.op is not None, "a sum is made by an op"
        self.replace(name, replace(value.op, kind="Identity", inputs=(source,), attributes={}))

    def replace(self, name: str, op: Op) -> None:
        """Notes that a value of the file is made in another way."""
        self._replaced[name] = replace(self.graph.values[name], op=op)

    def term(self, sum_of: str, gathered: Gathered, like: Op) -> tuple[str | Constant, bool]:
        """One term of a sum as a value, and whether it is subtracted; a constant where no value is in it."""
        writing = _Writing(self, sum_of, next((p.op for p in gathered.products if p.op and len(p.atoms) > 1), like))
        if len(gathered.products) == 1:
            (product,) = gathered.products
            if product.value is not None:
                return product.value, product.subtracted
            return writing.product(product), product.factor < 0
        assert gathered.base is not None, "several products are gathered around what they share"
        cofactors = [product.without(gathered.base) for product in gathered.products]
        return writing.times(gathered.base, writing.total(cofactors)), False

    def chosen(self, sum_of: str, condition: str | Constant, pair: Pair, like: Op) -> tuple[str | Constant, bool]:
        """A choice between two terms that hold the same value: that value times a choice between the factors."""
        if pair.base is None or pair.is_one:
            return self.term(sum_of, pair.one, like)
        writing = _Writing(self, sum_of, like)
        held = ([product.without(pair.base) for product in gathered.products] for gathered in (pair.one, pair.other))
        factors = [_constant(writing.total(cofactors)) for cofactors in held]
        return writing.times(pair.base, writing.apply("Where", condition, *factors)), False

    def write(self, before: str, value: Value) -> None:
        """Takes down one more value, in front of one of the file."""
        self._made[value.id] = value
        self._before.setdefault(before, []).append(value.id)

    def new_name(self, before: str) -> str:
        """A name that no value has."""
        if self._names is None:
            self._names = Names(self.graph.values)
        return self._names.beside(before)


Factor: TypeAlias = "Fraction | str | Constant"
"""What a value is multiplied with."""


def _constant(factor: Factor) -> str | Constant:
    """A number as a literal of the code."""
    if isinstance(factor, Fraction):
        return Constant(TensorType((), "float32", (float(factor),)), (), float(factor))
    return factor


@frozen
class _Writing:
    """Values written in front of one sum, in the place of one op."""

    desk: Desk
    before: str
    like: Op

    def apply(
        self, kind: str, *inputs: str | Constant, attributes: Mapping[str, Attribute] | None = None
    ) -> str | Constant:
        """What an op makes of some inputs: a constant if they all are."""
        types = [self.desk.value(given).type if isinstance(given, str) else given.type for given in inputs]
        (made,) = infer(kind, attributes or {}, types, 1, OPSET)
        if not any(isinstance(given, str) for given in inputs):
            weights = dict.fromkeys(w for given in inputs if isinstance(given, Constant) for w in given.weights)
            return Constant(made, tuple(weights))
        name = self.desk.new_name(self.before)
        op = replace(self.like, kind=kind, inputs=inputs, outputs=(name,), attributes=attributes or {})
        self.desk.write(self.before, Value(name, made, op))
        return name

    def times(self, value: str | Constant, factor: Factor) -> str | Constant:
        """A value times a factor."""
        if not isinstance(factor, Fraction):
            return self.apply("Mul", value, factor)
        return value if factor == 1 else self.apply("Scale", value, attributes={"factor": float(factor)})

    def product(self, product: Product) -> str | Constant:
        """A product without its sign."""
        if not product.atoms:
            return _constant(abs(product.factor))
        first, *others = map(self._atom, product.atoms)
        made = reduce(self.times, others, first)
        return self.times(made, abs(product.factor))

    def _atom(self, atom: Atom) -> str | Constant:
        if isinstance(atom, str):
            return atom
        return self.apply("Reciprocal", atom.constant) if atom.inverse else atom.constant

    def total(self, products: Sequence[Product]) -> Factor:
        """The sum of some factors: a number, a constant or a value."""
        literal = sum((product.factor for product in products if not product.atoms), Fraction(0))
        signed = [self._signed(product) for product in products if product.atoms]
        if not signed:
            return literal
        if literal:
            signed.insert(0, _constant(literal))
        return signed[0] if len(signed) == 1 else self.apply("Sum", *signed)

    def _signed(self, product: Product) -> str | Constant:
        made = self.product(product)
        return made if product.factor > 0 else self.apply("Neg", made)

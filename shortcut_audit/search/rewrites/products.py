"""Of which factors is a value the product, and of which terms the sum?

What is read here is the algebra that the file writes: numbers that stand in the code count as numbers, a stored or
learned tensor is a factor of its own, whatever it holds.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce
from typing import TypeAlias

from shortcut_audit.frozen import frozen, replace
from shortcut_audit.graph.model import Constant, Input, ModelGraph, Op, elements
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import is_copy, row_of, subtracts

FACTORS = 16
"""The most factors that a product is taken apart into."""

ONE = Fraction(1)

READERS = 16
"""The most readers of a value that are looked at."""


@frozen
class Fixed:
    """A constant as a factor; two are the same only if they are the same tensor."""

    __eq__, __hash__ = object.__eq__, object.__hash__

    constant: Constant
    inverse: bool
    """Whether it divides."""
    serial: int


Atom: TypeAlias = "str | Fixed"
"""A factor that is not taken apart: a value, or a constant."""


@frozen
class Product:
    """A number times some factors: one term of a sum."""

    factor: Fraction
    atoms: tuple[Atom, ...]
    """The factors in an order of their own, so that equal products are equal."""
    op: Op | None = None
    """The op of the file in whose place it stands."""
    value: str | None = None
    """The value of the file that it is, or whose opposite it is."""
    subtracted: bool = False
    """Whether it is the opposite of that."""
    offset: bool = False
    """Whether it is an offset that a sum adds, times what multiplies that sum: t b of t (f + b - x)."""

    @property
    def base(self) -> str | None:
        """The one value among its factors; None if there are more, or none, or all of them multiply an offset."""
        if self.offset:
            return None
        values = [atom for atom in self.atoms if isinstance(atom, str)]
        return values[0] if len(values) == 1 else None

    def without(self, atom: Atom) -> Product:
        """The product of the other factors."""
        place = self.atoms.index(atom)
        return replace(self, atoms=self.atoms[:place] + self.atoms[place + 1 :], value=None)

    def negated(self) -> Product:
        """The product with the opposite sign."""
        return replace(self, factor=-self.factor, subtracted=not self.subtracted)

    def times(self, other: Product) -> Product:
        """The product of both, in the place of this one."""
        factor = self.factor if other.factor is ONE else self.factor * other.factor
        return Product(factor, _ordered(*self.atoms, *other.atoms), self.op, offset=self.offset or other.offset)


def _ordered(*atoms: Atom) -> tuple[Atom, ...]:
    if len(atoms) < 2:
        return atoms
    return tuple(sorted(atoms, key=lambda atom: (0, 0, atom) if isinstance(atom, str) else (1, atom.serial, "")))


def number(given: Input) -> Fraction | None:
    """The number that a literal of one element is. What the model stores is no number here, whatever it holds."""
    if not isinstance(given, Constant) or given.weights or given.fill is None or elements(given.type.shape) != 1:
        return None
    return Fraction(given.fill) if math.isfinite(given.fill) else None


class Algebra:
    """Sums and products of one graph."""

    __slots__ = ("_fixed", "_graph", "_products", "subtracts")

    def __init__(self, graph: ModelGraph) -> None:
        self._graph = graph
        self.subtracts = any(map(subtracts, graph.ops))
        """Whether any term may be the opposite of another one."""
        self._fixed: dict[tuple[int, bool], Fixed] = {}
        self._products: dict[str, Product] = {}

    def before_casts(self, name: str) -> str:
        """The value of which another one is an exact copy, or a copy in another floating-point type."""
        while (source := self._copied(name)) is not None:
            name = source
        return name

    def _copied(self, name: str) -> str | None:
        op = self._graph.values[name].op
        if op is None or not is_copy(op) or row_of(op.kind).rounds or not isinstance(source := op.inputs[0], str):
            return None
        types = (self._graph.values[end].type.dtype or "float" for end in (source, name))
        return (
            source if op.outputs[0] == name and all(dtype.lstrip("b").startswith("float") for dtype in types) else None
        )

    def term(self, given: str | Constant, sign: int = 1) -> Product:
        """What a sum adds, as a product."""
        if isinstance(given, str):
            known = self._products.get(given)
            if known is None:
                known = self._products[given] = self._taken_apart(given)
            return known if sign > 0 else known.negated()
        literal = number(given)
        return Product(Fraction(sign), (self._constant(given),)) if literal is None else Product(sign * literal, ())

    def _constant(self, given: Constant, inverse: bool = False) -> Fixed:
        """Two readers of one tensor share its factor."""
        return self._fixed.setdefault((id(given), inverse), Fixed(given, inverse, len(self._fixed)))

    def _taken_apart(self, name: str) -> Product:
        factor, atoms, waiting = ONE, list[Atom](), [name]
        while waiting:
            current = self.before_casts(waiting.pop())
            found = None if len(atoms) + len(waiting) >= FACTORS else self._factors(current)
            if found is None:
                atoms.append(current)
            else:
                factor = found.factor if factor is ONE else factor * found.factor
                atoms += (atom for atom in found.atoms if isinstance(atom, Fixed))
                waiting += (atom for atom in found.atoms if isinstance(atom, str))
        return Product(factor, _ordered(*atoms), self._graph.values[name].op, name)

    def _factors(self, name: str) -> Product | None:
        """What an op multiplies: a product, a quotient by a constant, a negation; None if it multiplies nothing."""
        op = self._graph.values[name].op
        if op is None or row_of(op.kind).effect is not Effect.PRODUCT:
            return None
        # By name, as values.py writes them: what each of the four multiplies is no trait that any other has.
        match op.kind:
            case "Neg":
                given: list[Product] = [Product(Fraction(-1), ())]
            case "Scale":
                scale = op.attributes.get("factor")
                if not isinstance(scale, int | float) or not math.isfinite(scale):
                    return None
                given = [Product(Fraction(scale), ())]
            case "Div":
                divisor = op.inputs[1]
                if not isinstance(divisor, Constant) or number(divisor) == 0:
                    return None
                literal = number(divisor)
                given = [
                    Product(ONE, (self._constant(divisor, inverse=True),))
                    if literal is None
                    else Product(1 / literal, ())
                ]
            case "Mul":
                given = [self._factor(slot) for slot in op.inputs[1:] if slot is not None]
            case _:
                return None  # a factor that is no operand: another scale, a random mask
        first = op.inputs[0]
        return None if first is None else reduce(Product.times, given, self._factor(first))

    def _factor(self, given: str | Constant) -> Product:
        return Product(ONE, (given,)) if isinstance(given, str) else self.term(given)

    def maker(self, name: str) -> Op:
        """The op that makes a value which some op makes."""
        op = self._graph.values[name].op
        assert op is not None, "a sum is made by an op"
        return op

    def addends(self, name: str) -> list[tuple[int, str | Constant]] | None:
        """What an op adds, each with its sign; None if it adds nothing."""
        op = self._graph.values[name].op
        if op is None or op.outputs[0] != name:
            return None
        row = row_of(op.kind)
        if row.effect is not Effect.SUM or row.averages:
            return None
        return [(-1 if slot in row.negated else 1, given) for slot, given in enumerate(op.inputs) if given is not None]

    def is_factor_only(self, name: str, factors: frozenset[str] = frozenset()) -> bool:
        """Whether all that is done with a value is to multiply it, and to compute the factors of that."""
        waiting, looked_at = [name], 0
        while waiting:
            current = waiting.pop()
            if self._graph.returns(current) or not self._graph.readers[current]:
                return False
            for reader in self._graph.readers[current]:
                looked_at += 1
                op = self._graph.values[reader].op
                if op is None or looked_at > READERS:
                    return False
                if is_copy(op):
                    waiting.append(reader)
                elif row_of(op.kind).effect is not Effect.PRODUCT and reader not in factors:
                    if not factors:
                        return False
                    waiting.append(reader)
        return True

    def is_fixed_operator(self, name: str, on: str) -> bool:
        """Whether a value is what a linear operator without learned weights makes of another one: pool(x), A x."""
        waiting, looked_at = [name], 0
        while waiting and looked_at < READERS:
            looked_at += 1
            current = self.before_casts(waiting.pop())
            if current == on and looked_at > 1:
                return True
            op = self._graph.values[current].op
            if op is None or any(weight.learned for weight in op.weights()):
                continue
            if row_of(op.kind).effect in {Effect.VIEW, Effect.SELECTION, Effect.CONTRACTION}:
                waiting += op.values()
        return False

"""What is an exact number that depends on sizes which nobody has fixed?

A polynomial over *atoms*, in Python ints: `12*batch*seq**2 + 5`. An atom is a symbol, the name of an open size, or a
derived term: what convolution arithmetic makes of sizes and no polynomial can say (a floor, a max, a min, a broadcast).
Sizes are at least 0. A number that depends on nothing is an int, so that arithmetic on closed models is Python's own.

Equal polynomials are written alike where that is cheap to see: nested floors are one floor,
`((h + 1)//2 + 1)//2 = (h + 3)//4`, and the constant in a floor lies between 0 and its divisor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import TypeAlias

from shortcut_audit.frozen import frozen

TERM_LIMIT = 256
"""Terms of a polynomial. One that would have more is `vague`: it says what it depends on, and nothing else."""

DEGREE_LIMIT = 64
BIT_LIMIT = 4096
"""The bound of a coefficient: no tensor has as many elements (model.COUNT_LIMIT)."""

TEXT_LIMIT = 2000
"""Characters of an atom that are kept: what is longer is vague."""

FORMULA_LIMIT = 8000
"""Characters of a formula that is shown."""

NAME = re.compile(r"[^\W\d][\w.:]*(?:-\w[\w.:]*)*(?:\[\d+\])?")
"""A symbol that stands in a formula as it is: "dim-0" is a name, "dim - 0" a difference. Any other stands in quotes."""

VAGUE = "depends"


@frozen
class Derived:
    """A term that is no polynomial of its arguments."""

    function: str
    """"//", "max", "min", "broadcast" (the larger size, where they are equal or one is 1) or "depends"."""
    arguments: tuple[Number, ...] = field(compare=False)
    text: str
    """The term as it stands in a formula; equal terms are written alike."""


Atom: TypeAlias = str | Derived
Monomial: TypeAlias = tuple[tuple[Atom, int], ...]
"""Atoms with their exponents, in the order of their texts; () is the constant's."""


@frozen
class Polynomial:
    """A number that depends on at least one open size."""

    terms: Mapping[Monomial, int]
    """Coefficients that are not 0, of at least one monomial that is not ()."""
    vague: bool = False
    """Whether it only says what it depends on: a single term "depends(a, b)", with which nothing can be computed."""

    def __add__(self, other: Number) -> Number:
        """The sum."""
        return _sum(self, other)

    __radd__ = __add__

    def __mul__(self, other: Number) -> Number:
        """The product."""
        return _product(self, other)

    __rmul__ = __mul__

    def __sub__(self, other: Number) -> Number:
        """The difference."""
        return _sum(self, -1 * other)

    def __rsub__(self, other: Number) -> Number:
        """The difference, the other way round."""
        return _sum(other, -1 * self)

    def __neg__(self) -> Number:
        """The number with the opposite sign."""
        return -1 * self

    def __str__(self) -> str:
        """The number as a formula, in the grammar of formula.py."""
        return written(self)


Number: TypeAlias = int | Polynomial
Cost: TypeAlias = int | Polynomial | None
"""A number, or one that depends on open sizes; None where it cannot be known."""


def integer(cost: Cost) -> int | None:
    """The number; None where it is unknown or depends on an open size."""
    return cost if isinstance(cost, int) else None


def formula(cost: Cost) -> str | None:
    """The number as a formula; None where it is unknown. One that is too long to be read is vague."""
    text = None if cost is None else written(cost)
    return text if text is None or len(text) <= FORMULA_LIMIT or cost is None else written(vague(terms_of(cost)))


def symbol(name: str) -> Polynomial:
    """The size that has this name."""
    return Polynomial({((name, 1),): 1})


# --- arithmetic ---


def made(terms: dict[Monomial, int]) -> Number:
    """A number of these terms; those of coefficient 0 are left out."""
    kept = {monomial: coefficient for monomial, coefficient in terms.items() if coefficient}
    if not kept or (len(kept) == 1 and () in kept):
        return kept.get((), 0)
    if len(kept) > TERM_LIMIT or any(coefficient.bit_length() > BIT_LIMIT for coefficient in kept.values()):
        return vague(kept)
    return Polynomial(kept)


def vague(*monomials: Iterable[Monomial]) -> Polynomial:
    """A number of which only the symbols are told that it depends on."""
    every = {atom for some in monomials for monomial in some for atom in _atoms(monomial)}
    names = sorted(atom for atom in every if isinstance(atom, str))[:TERM_LIMIT]
    text = f"{VAGUE}({', '.join(map(quoted, names))})"
    return Polynomial({((Derived(VAGUE, tuple(map(symbol, names)), text), 1),): 1}, vague=True)


def terms_of(number: Number) -> Mapping[Monomial, int]:
    """The coefficients of a number by monomial."""
    return {(): number} if isinstance(number, int) else number.terms


def is_vague(number: Cost) -> bool:
    """Whether only the sizes are known that it depends on."""
    return isinstance(number, Polynomial) and number.vague


def _sum(left: Number, right: Number) -> Number:
    one, other = terms_of(left), terms_of(right)
    if is_vague(left) or is_vague(right):
        return vague(one, other)
    found = dict(one)
    for monomial, coefficient in other.items():
        found[monomial] = found.get(monomial, 0) + coefficient
    return made(found)


def _product(left: Number, right: Number) -> Number:
    if left == 0 or right == 0:
        return 0
    one, other = terms_of(left), terms_of(right)
    if is_vague(left) or is_vague(right):
        return vague(one, other)
    for number, times in ((left, right), (right, left)):
        if isinstance(number, Polynomial) and isinstance(times, int):
            return made({monomial: count * times for monomial, count in number.terms.items()})
    found: dict[Monomial, int] = {}
    for a, count in one.items():
        for b, times in other.items():
            monomial = _joined(a, b)
            found[monomial] = found.get(monomial, 0) + count * times
        if len(found) > TERM_LIMIT:
            return vague(one, other)
    if any(sum(exponent for _, exponent in monomial) > DEGREE_LIMIT for monomial in found):
        return vague(found)
    return made(found)


def _joined(left: Monomial, right: Monomial) -> Monomial:
    if not left or not right:
        return left or right
    exponents = dict(left)
    for atom, exponent in right:
        exponents[atom] = exponents.get(atom, 0) + exponent
    return tuple(sorted(exponents.items(), key=place))


def place(factor: tuple[Atom, int]) -> str:
    """The key by which the factors of a monomial are ordered: the text of the atom."""
    atom = factor[0]
    return atom if isinstance(atom, str) else atom.text


def total(numbers: Iterable[Number]) -> Number:
    """The sum of some numbers, term by term in one pass."""
    listed = tuple(numbers)
    if Polynomial not in map(type, listed):
        return sum(listed)
    found: dict[Monomial, int] = {}
    unclear: list[Number] = []
    for number in listed:
        if is_vague(number):
            unclear.append(number)
        for monomial, coefficient in terms_of(number).items():
            found[monomial] = found.get(monomial, 0) + coefficient
    return vague(found) if unclear else made(found)


# --- what it depends on ---


def names(number: Cost) -> tuple[str, ...]:
    """The open sizes that the number depends on, in order of appearance."""
    return tuple(dict.fromkeys(atom for atom in atoms(number) if isinstance(atom, str)))


def atoms(number: Cost) -> Iterator[Atom]:
    """The atoms of the number, each derived term before those that it is made of."""
    if isinstance(number, Polynomial):
        for monomial in number.terms:
            yield from _atoms(monomial)


def _atoms(monomial: Monomial) -> Iterator[Atom]:
    for atom, _ in monomial:
        yield atom
        if isinstance(atom, Derived):
            for argument in atom.arguments:
                yield from atoms(argument)


# --- as text ---


def quoted(name: str) -> str:
    """A symbol as it stands in a formula."""
    return name if NAME.fullmatch(name) else "'" + name.replace("'", "''") + "'"


def written(number: Number) -> str:
    """The number as a formula, the highest powers first, what is taken away last: "12*batch*seq**2 + batch - 5"."""
    if isinstance(number, int):
        return str(number)
    texts = [_written_term(monomial, coefficient) for monomial, coefficient in sorted(number.terms.items(), key=_rank)]
    return " + ".join(texts).replace("+ -", "- ")


def _rank(term: tuple[Monomial, int]) -> tuple[bool, int, tuple[str, ...]]:
    monomial, coefficient = term
    return coefficient < 0, -sum(exponent for _, exponent in monomial), tuple(map(place, monomial))


def _written_term(monomial: Monomial, coefficient: int) -> str:
    alone = len(monomial) == 1 and coefficient == 1
    factors = [_written_factor(atom, exponent, alone=alone) for atom, exponent in monomial]
    if not factors:
        return str(coefficient)
    sign = {1: "", -1: "-"}.get(coefficient, f"{coefficient}*")
    return sign + "*".join(factors)


def _written_factor(atom: Atom, exponent: int, *, alone: bool) -> str:
    bare = isinstance(atom, str) or atom.function != "//" or (alone and exponent == 1)
    text = quoted(atom) if isinstance(atom, str) else atom.text
    return (text if bare else f"({text})") + (f"**{exponent}" if exponent > 1 else "")


def operand(number: Number) -> str:
    """The number as one side of a division."""
    text = written(number)
    return text if NAME.fullmatch(text) or text.isdigit() else f"({text})"

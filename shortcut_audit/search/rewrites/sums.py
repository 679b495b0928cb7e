"""Which sum is it, however it is written?

The terms of a sum are taken apart into products, and put together again by these laws, each where terms *oppose* each
other: both hold the same value, with opposite signs (laws.py says why only there).
0. The opposite of an opposite is the value itself: f - (-x) is f + x, and so is f + 1 x.
1. A product with a sum is distributed: x + t (h - x) is x + t h - t x.
2. Equal products of opposite sign cancel: F + x + (W x - x) is F + W x.
3. What is left of one value is one term: x - t x is (1 - t) x.
"""

from __future__ import annotations

from dataclasses import dataclass

from shortcut_audit.frozen import frozen, replace
from shortcut_audit.graph.model import Constant, Op
from shortcut_audit.search.rewrites.products import Algebra, Product, number

WIDE = 32
"""The most terms of a sum that are compared with each other."""

DEPTH = 4
"""How many sums within a sum are looked into, one inside the other."""

LOOKS = 32
"""How many sums are looked into for one factor: where each adds up all earlier ones there are 2**n ways down."""


@frozen
class Gathered:
    """All terms of a sum that hold one value: that value times the sum of what else they hold."""

    products: tuple[Product, ...]
    base: str | None
    """The value; None for a single product that has no factor before the others."""


@frozen
class Sum:
    """A sum in normal form."""

    terms: tuple[Gathered, ...]
    met: frozenset[Op]
    """The inner sums in which something opposes another term."""
    changed: bool
    """Whether it is another sum than was given."""


def normal_form(algebra: Algebra, leaves: list[Product]) -> Sum:
    """The sum of some products in normal form; the same products where no two oppose each other."""
    if len(leaves) > WIDE:
        return Sum(_apart(leaves), frozenset(), changed=False)
    plain = [_plain(algebra, term) for term in leaves]  # 0
    if not algebra.subtracts:
        return Sum(_apart(plain), frozenset(), changed=plain != leaves)
    distributed, met = _distributed(algebra, plain)
    terms = _gathered(_cancelled(distributed))
    return Sum(tuple(terms), met, changed=len(terms) != len(leaves) or distributed != leaves)


def _apart(terms: list[Product]) -> tuple[Gathered, ...]:
    """The terms, each by itself."""
    return tuple(Gathered((term,), term.base) for term in terms)


def _plain(algebra: Algebra, term: Product) -> Product:
    """A term that is nothing but a value, as that value: without the signs and ones that make no difference."""
    if term.value is None or term.factor != 1 or term.atoms != (term.base,):
        return term
    return term if algebra.before_casts(term.value) == term.base else replace(term, value=None)


def _distributed(algebra: Algebra, leaves: list[Product]) -> tuple[list[Product], frozenset[Op]]:
    """The terms after law 1. Each round spreads one factor, until none meets its opposite or the sum becomes wide."""
    terms, met = list(leaves), set[Op]()
    place = 0
    while place < len(terms) and len(terms) <= WIDE:
        found = _spread(algebra, terms, place, met)
        if found is None:
            place += 1
        else:
            terms[place : place + 1] = found
            place = 0
    return terms, frozenset(met)


def _spread(algebra: Algebra, terms: list[Product], place: int, met: set[Op]) -> list[Product] | None:
    """One term with one of its factors written out as a sum, if a part of that opposes another term."""
    term, others = terms[place], terms[:place] + terms[place + 1 :]
    for atom in dict.fromkeys(term.atoms):
        if isinstance(atom, str):
            found = _written_out(algebra, term.without(atom), atom, others, _Looks(met))
            if found is not None:
                return found
    return None


@dataclass(slots=True, eq=False, repr=False)
class _Looks:
    """What has been found on the way down from one factor, and how many sums may still be looked into."""

    met: set[Op]
    left: int = LOOKS


def _written_out(
    algebra: Algebra, rest: Product, atom: str, others: list[Product], looks: _Looks, depth: int = DEPTH
) -> list[Product] | None:
    """A product with a sum, distributed; sums within only as far as there is something in them that opposes a term.

    What nobody but products reads stands there to be multiplied, also where its factor is computed from it. Any other
    sum is a value of its own, and is looked into only where all of a term cancels.
    """
    addends = algebra.addends(atom)
    if addends is None or len(addends) > WIDE or not looks.left:
        return None
    looks.left -= 1
    factors = frozenset(factor for factor in rest.atoms if isinstance(factor, str))
    opposes = _oppose if algebra.is_factor_only(atom, factors) else _cancel
    found, parts = False, list[Product]()
    for sign, given in addends:
        part = rest.times(algebra.term(given, sign))
        if isinstance(given, Constant) and number(given) is None:
            part = replace(part, offset=True)
        inner = None
        if any(opposes(part, other) for other in others):
            found = True
        elif depth and isinstance(given, str):
            signed = rest if sign > 0 else rest.negated()
            inner = _written_out(algebra, signed, algebra.before_casts(given), others, looks, depth - 1)
        found = found or inner is not None
        parts += [part] if inner is None else inner
    if not found:
        return None
    looks.met.add(algebra.maker(atom))
    return None if _is_one_operator(algebra, parts, others) else parts


def _is_one_operator(algebra: Algebra, parts: list[Product], others: list[Product]) -> bool:
    """Whether what was distributed is the difference between a value and what a fixed operator makes of it.

    In x + s (pool(x) - x) the branch is one operator, as in x + s A x: how much of x is in pool(x) itself nobody says.
    """
    if any(_cancel(part, other) for part in parts for other in others):
        return False
    bases = {other.base for other in others for part in parts if _oppose(part, other)}
    held = [atom for part in parts for atom in part.atoms if isinstance(atom, str)]
    return any(algebra.is_fixed_operator(atom, base) for base in bases if base for atom in held if atom != base)


def _cancel(one: Product, other: Product) -> bool:
    """Whether two terms are nothing together."""
    return one.atoms == other.atoms and one.factor == -other.factor


def _oppose(one: Product, other: Product) -> bool:
    """Whether two terms have opposite signs, and hold the same otherwise, or one value that is all that one holds."""
    if one.factor.numerator * other.factor.numerator >= 0:
        return False
    return one.atoms == other.atoms or one.base in other.atoms or other.base in one.atoms


def _cancelled(terms: list[Product]) -> list[Product]:
    """The terms after law 2: where equal products oppose each other, what is left of them."""
    left: list[Product] = []
    for term in terms:
        twin = next((p for p, other in enumerate(left) if other.atoms == term.atoms and _oppose(term, other)), None)
        if twin is None:
            left.append(term)
        else:
            remains = left[twin].factor + term.factor
            value = None if remains else left[twin].value
            left[twin : twin + 1] = [replace(left[twin], factor=remains, value=value)] if remains else []
    return left


def _gathered(terms: list[Product]) -> list[Gathered]:
    """The terms after law 3, in the order in which their values appear."""
    bases = [term.base for term in terms if term.base is not None and any(_oppose(term, other) for other in terms)]
    found: dict[object, list[Product]] = {}
    for place, term in enumerate(terms):
        inside = [base for base in dict.fromkeys(bases) if base in term.atoms]
        found.setdefault(inside[0] if len(inside) == 1 else place, []).append(term)
    return [
        Gathered(tuple(products), key if isinstance(key, str) else products[0].base) for key, products in found.items()
    ]

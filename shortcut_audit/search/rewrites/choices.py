"""Is a choice between two sums a sum of the same values?

Exporters write lerp(x, h, t) as `where(t < 0.5, x + t (h - x), h - (h - x)(1 - t))`, which rounds better. Both hold x
and h, and the choice between them is a choice between the factors of x, plus one between those of h.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from shortcut_audit.search.rewrites.sums import Gathered, Sum


class Pair(NamedTuple):
    """What either sum holds of one value."""

    base: str | None
    """None where it is one product, and the same in both."""
    one: Gathered
    other: Gathered

    @property
    def is_one(self) -> bool:
        """Whether both hold as much of it."""
        amounts = [{(p.factor, p.atoms) for p in gathered.products} for gathered in (self.one, self.other)]
        return amounts[0] == amounts[1]


def paired(one: Sum, other: Sum) -> tuple[Pair, ...] | None:
    """What each of two sums holds of each value; None where they do not hold the same values."""
    bases = {term.base for term in (*one.terms, *other.terms) if term.base is not None}
    first, second = _by_base(one, bases), _by_base(other, bases)
    if first is None or second is None or len(first) != len(second):
        return None
    both = [base for base in first if base in second]
    pairs = [Pair(base if isinstance(base, str) else None, first.pop(base), second.pop(base)) for base in both]
    if first:
        last = _pair_of(list(first.values()), list(second.values()))
        if last is None:
            return None
        pairs.append(last)
    return tuple(pairs) if all(pair.base is not None or pair.is_one for pair in pairs) else None


def _pair_of(one: list[Gathered], other: list[Gathered]) -> Pair | None:
    """The last term of either sum, if all of its products have one value in common: `g h` and `k h - h`."""
    if len(one) != 1 or len(other) != 1:
        return None
    first, *rest = (*one[0].products, *other[0].products)
    held = [set(product.atoms) for product in rest]
    values = [atom for atom in first.atoms if isinstance(atom, str) and all(atom in atoms for atoms in held)]
    return Pair(values[0], one[0], other[0]) if len(values) == 1 else None


def _by_base(held: Sum, bases: set[str]) -> dict[Hashable, Gathered] | None:
    """The terms of a sum by the value that they hold, or by all that they hold; None where two hold the same."""
    found: dict[Hashable, Gathered] = {}
    for term in held.terms:
        inside = [atom for atom in dict.fromkeys(term.products[0].atoms) if atom in bases]
        key = term.base or (inside[0] if len(inside) == 1 else term.products[0].atoms)
        if key in found:
            return None
        found[key] = term
    return found

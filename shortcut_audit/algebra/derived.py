"""What does convolution arithmetic make of open sizes?

Floors, the larger and the smaller of two, broadcasts: terms of their own where they are no polynomial. And what becomes
of a number once sizes are put in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import gcd

from shortcut_audit.algebra.bounds import at_most
from shortcut_audit.algebra.polynomial import (
    TERM_LIMIT,
    TEXT_LIMIT,
    VAGUE,
    Atom,
    Cost,
    Derived,
    Monomial,
    Number,
    Polynomial,
    atoms,
    is_vague,
    made,
    names,
    operand,
    place,
    symbol,
    terms_of,
    vague,
    written,
)


def floor_divided(above: Number, below: Number) -> Cost:
    """The largest number of which `below` fits `above` so many times; None for a division by 0."""
    if below == 0:
        return None
    if isinstance(above, int) and isinstance(below, int):
        return above // below
    if isinstance(below, int):
        return _by_number(above, below) if below > 0 else _by_number(-1 * above, -below)
    exact = exactly_divided(above, below)
    if exact is not None:
        return exact
    above, below = _without_common_factor(above, below)
    if isinstance(below, int):
        return floor_divided(above, below)
    return _derived("//", (above, below), f"{operand(above)}//{operand(below)}")


def _by_number(above: Number, below: int) -> Number:
    """Floor of a number over a positive int: what leaves no remainder stands outside of the floor."""
    if is_vague(above) or below == 1:
        return above
    outside = {monomial: coefficient // below for monomial, coefficient in terms_of(above).items()}
    inside = {m: left for m, coefficient in terms_of(above).items() if (left := coefficient % below)}
    constant = inside.pop((), 0)
    if not inside:
        return made(outside)
    common = gcd(below, *inside.values())
    constant, below = constant // common, below // common
    whole = {monomial: coefficient // common for monomial, coefficient in inside.items()}
    if below == 1:
        return made(outside) + made({**whole, (): constant})
    nested = _only_floor(whole)
    if nested is not None:
        numerator, divisor = nested
        return made(outside) + _by_number(numerator + divisor * constant, divisor * below)
    numerator = made({**whole, (): constant})
    return made(outside) + _derived("//", (numerator, below), f"{operand(numerator)}//{below}")


def _only_floor(terms: Mapping[Monomial, int]) -> tuple[Number, int] | None:
    """What is divided by which number, where the terms are nothing but one floor."""
    if len(terms) != 1:
        return None
    ((monomial, coefficient),) = terms.items()
    if coefficient != 1 or len(monomial) != 1 or monomial[0][1] != 1:
        return None
    atom = monomial[0][0]
    if isinstance(atom, str) or atom.function != "//":
        return None
    above, below = atom.arguments
    return (above, below) if isinstance(below, int) else None


_NOTHING: Number = 0


def exactly_divided(above: Number, below: Number) -> Number | None:
    """The polynomial that `below` times it is `above`, if there is one. A size that cancels is taken not to be 0."""
    if below == 0 or is_vague(above) or is_vague(below):
        return None
    lead = max(terms_of(below), key=_lexical)
    rest, found = above, _NOTHING
    for _ in range(TERM_LIMIT):
        if rest == 0:
            return found
        first = max(terms_of(rest), key=_lexical)
        monomial, coefficient = _over(first, lead), terms_of(rest)[first]
        if monomial is None or coefficient % terms_of(below)[lead]:
            return None
        part = made({monomial: coefficient // terms_of(below)[lead]})
        rest, found = rest - part * below, found + part
        if is_vague(rest) or is_vague(found):
            return None
    return None


def _lexical(monomial: Monomial) -> tuple[tuple[str, int], ...]:
    """A place in an order in which the first of a product is the product of the firsts."""
    return tuple((_Reversed(place(factor)), factor[1]) for factor in monomial)


class _Reversed(str):
    """A text that stands before those that it would follow."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)

    def __gt__(self, other: str) -> bool:
        return str.__lt__(self, other)


def _over(above: Monomial, below: Monomial) -> Monomial | None:
    exponents = dict(above)
    for atom, exponent in below:
        exponents[atom] = exponents.get(atom, 0) - exponent
    if any(exponent < 0 for exponent in exponents.values()):
        return None
    return tuple((atom, exponent) for atom, exponent in exponents.items() if exponent)


def common_factor(*numbers: Number) -> tuple[int, Monomial]:
    """The largest number and the largest monomial that every term of these holds."""
    every = [(monomial, coefficient) for number in numbers for monomial, coefficient in terms_of(number).items()]
    shared = dict(every[0][0]) if every else {}
    for monomial, _ in every[1:]:
        exponents = dict(monomial)
        shared = {atom: least for atom, n in shared.items() if (least := min(n, exponents.get(atom, 0)))}
    return gcd(*(coefficient for _, coefficient in every)), tuple(sorted(shared.items(), key=place))


def _without_common_factor(*numbers: Number) -> tuple[Number, ...]:
    count, monomial = common_factor(*numbers)
    return tuple(without_factor(number, count, monomial) for number in numbers)


def without_factor(number: Number, count: int, monomial: Monomial) -> Number:
    """The number over a factor that each of its terms holds."""
    if is_vague(number) or (count, monomial) == (1, ()):
        return number
    return made({_over(m, monomial) or (): c // count for m, c in terms_of(number).items()})


def ceil_divided(above: Number, below: int) -> Cost:
    """The smallest number that, `below` times, is at least `above`."""
    return floor_divided(above + (below - 1), below)


def remainder(above: Number, below: Number) -> Cost:
    """What is left of `above` once `below` is taken from it as often as it fits."""
    times = floor_divided(above, below)
    return None if times is None else above - below * times


def larger(left: Number, right: Number) -> Number:
    """The larger of the two."""
    return _extreme("max", left, right)


def smaller(left: Number, right: Number) -> Number:
    """The smaller of the two."""
    return _extreme("min", left, right)


def _extreme(function: str, left: Number, right: Number) -> Number:
    if isinstance(left, int) and isinstance(right, int):
        return max(left, right) if function == "max" else min(left, right)
    if at_most(right, left):
        return left if function == "max" else right
    if at_most(left, right):
        return right if function == "max" else left
    one, other = sorted((left, right), key=lambda number: (not isinstance(number, int), written(number)))
    return _derived(function, (one, other), f"{function}({written(one)}, {written(other)})")


def stretched(left: Number, right: Number) -> Number:
    """The size of two axes that are broadcast: they are equal, or one of them is 1."""
    if right in (left, 1) or _capped(right, left):
        return left
    if left == 1 or _capped(left, right):
        return right
    if isinstance(left, int) or isinstance(right, int):  # a size beside n > 1 is 1 or n
        return left if isinstance(left, int) else right
    one, other = sorted((left, right), key=written)
    return _derived("broadcast", (one, other), f"broadcast({written(one)}, {written(other)})")


def _capped(size: Number, other: Number) -> bool:
    """Whether a size is min(n, other) with n > 0: beside the other it is the other, or 1 itself.

    So is max(0, min(n, past + other) - min(n, past)): as many rows of a table of n, from the row `past` on.
    """
    atom = _only_atom(size)
    if atom is None:
        return False
    cap, capped = atom.arguments
    if atom.function == "min":
        return isinstance(cap, int) and cap > 0 and capped == other
    return atom.function == "max" and cap == 0 and _is_cut(capped, other)


def _is_cut(size: Number, length: Number) -> bool:
    """Whether a size is min(n, end) - min(n, start) with end - start = length."""
    terms = {coefficient: monomial for monomial, coefficient in terms_of(size).items()}
    if set(terms) != {1, -1} or len(terms_of(size)) > 2:
        return False
    end, start = (_only_atom(Polynomial({terms[sign]: 1})) for sign in (1, -1))
    if end is None or start is None or (end.function, start.function) != ("min", "min"):
        return False
    (rows, last), (cap, first) = end.arguments, start.arguments
    return isinstance(rows, int) and rows == cap and last - first == length


def _only_atom(size: Number) -> Derived | None:
    """The one term of its own that a size is; None where it is anything else."""
    if isinstance(size, int) or len(size.terms) != 1:
        return None
    ((monomial, coefficient),) = size.terms.items()
    if coefficient != 1 or len(monomial) != 1:
        return None
    atom, exponent = monomial[0]
    return atom if isinstance(atom, Derived) and exponent == 1 and len(atom.arguments) == 2 else None


def _derived(function: str, arguments: tuple[Number, ...], text: str) -> Number:
    if any(map(is_vague, arguments)) or len(text) > TEXT_LIMIT:
        return vague(*map(terms_of, arguments))
    return Polynomial({((Derived(function, arguments, text), 1),): 1})


# --- sizes put in ---


def evaluated(number: Cost, sizes: Mapping[str, Number]) -> Cost:
    """The number once some open sizes are settled; None where it makes no sense of them, or was vague."""
    return put_in(number, dict[Atom, Number](sizes.items()))


def put_in(number: Cost, values: Mapping[Atom, Number]) -> Cost:
    """The number once some of its atoms are settled, derived terms as a whole among them; None as in `evaluated`."""
    if number is None or isinstance(number, int) or not any(atom in values for atom in atoms(number)):
        return number
    total: Number = 0
    for monomial, coefficient in number.terms.items():
        product: Number = coefficient
        for atom, exponent in monomial:
            value = values[atom] if atom in values else _settled(atom, values)
            if value is None:
                return None
            for _ in range(exponent):
                product = product * value
        total = total + product
    return total


def _settled(atom: Atom, values: Mapping[Atom, Number]) -> Cost:
    if isinstance(atom, str):
        return symbol(atom)
    arguments = [put_in(argument, values) for argument in atom.arguments]
    known = [argument for argument in arguments if argument is not None]
    if len(known) < len(arguments):
        return None
    if atom.function == VAGUE:
        left = vague(*map(terms_of, known))
        return left if names(left) else None
    return APPLIED[atom.function](*known)


def _broadcast(left: Number, right: Number) -> Cost:
    contradict = isinstance(left, int) and isinstance(right, int) and left != right and 1 not in (left, right)
    return None if contradict else stretched(left, right)


APPLIED: Mapping[str, Callable[..., Cost]] = {
    "//": floor_divided, "max": larger, "min": smaller, "broadcast": _broadcast,
}  # fmt: skip
"""What makes a derived term of its arguments."""

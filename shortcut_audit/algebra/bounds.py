"""What is true of a number for all sizes, however large or small?

Open sizes are at least 0 (an empty past is one). What is not seen here is undecided, never false.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortcut_audit.algebra.polynomial import VAGUE, Atom, Cost, Number, is_vague, terms_of

if TYPE_CHECKING:
    from fractions import Fraction


def least(number: Number) -> int | None:
    """A bound below which the number never is; None where none is seen."""
    bound = 0
    for monomial, coefficient in terms_of(number).items():
        lowest = [(_least_of(atom), exponent) for atom, exponent in monomial]
        product = 1
        for low, exponent in lowest:
            if low is None or (low < 0 and lowest != [(low, 1)]):
                return None
            product *= low**exponent
        if coefficient < 0 and monomial:
            return None
        bound += coefficient * product
    return bound


def _least_of(atom: Atom) -> int | None:
    if isinstance(atom, str):
        return 0
    bounds = [least(argument) for argument in atom.arguments]
    if atom.function == "max":
        return max((bound for bound in bounds if bound is not None), default=None)
    first, last = bounds[0] if bounds else None, bounds[-1] if bounds else None
    if first is None or last is None or atom.function == VAGUE:
        return None
    if atom.function == "//":
        below = atom.arguments[1]
        return first // below if isinstance(below, int) else 0 if first >= 0 else None
    return min(first, last)


def at_most(number: Cost, bound: Cost) -> bool | None:
    """Whether a number is at most another for all sizes of at least 0 (True), for none (False), or it depends (None).

    None, too, where one is unknown. Of two numbers that no open size changes, as Python says.
    """
    if number is None or bound is None:
        return None
    if isinstance(number, int) and isinstance(bound, int):
        return number <= bound
    if is_vague(number) or is_vague(bound):
        return None
    room, excess = least(bound - number), least(number - bound)
    if room is not None and room >= 0:
        return True
    return False if excess is not None and excess > 0 else None


def never_equal(one: Number, other: Number) -> bool:
    """Whether two numbers differ for all sizes."""
    if isinstance(one, int) and isinstance(other, int):
        return one != other
    return one != other and (at_most(one, other) is False or at_most(other, one) is False)


def share_at_most(part: Cost, whole: Cost, share: Fraction) -> bool | None:
    """Whether a part is at most this share of a whole: for all sizes (True), for none at which it costs (False)."""
    if part is None or whole is None:
        return None
    if isinstance(part, int) and isinstance(whole, int):
        return part <= int(share * whole)
    within = at_most(share.denominator * part, share.numerator * whole)
    if within:
        return True
    excess = share.denominator * part - share.numerator * whole
    return (
        False if excess != 0 and not is_vague(excess) and (least(excess) or 0) >= 0 and _never_falls(excess) else None
    )


def _never_falls(number: Number) -> bool:
    return all(coefficient > 0 for coefficient in terms_of(number).values())


def ratio(part: Cost, whole: Cost) -> Fraction | None:
    """The part over the whole, where no open size changes it and the whole is not 0."""
    from fractions import Fraction  # two milliseconds with `decimal`, of which a file that is missing has no need

    if part is None or whole is None or whole == 0 or is_vague(part) or is_vague(whole):
        return None
    if part == 0:
        return Fraction(0)
    monomial = next(iter(terms_of(whole)))
    found = Fraction(terms_of(part).get(monomial, 0), terms_of(whole)[monomial])
    return found if found and found.denominator * part == found.numerator * whole else None

"""What can be said of sizes of which some are open and some unknown?

A size is an int, a formula over symbols (formula.py), or None. The same formula twice is the same size; two different
ones may or may not be.
"""

from __future__ import annotations

from collections.abc import Iterable

from shortcut_audit.algebra.bounds import never_equal
from shortcut_audit.algebra.derived import ceil_divided, floor_divided, smaller, stretched
from shortcut_audit.algebra.formula import LONGEST, number_of
from shortcut_audit.algebra.polynomial import Cost, Number, Polynomial, is_vague, names, written
from shortcut_audit.graph.dtypes import ITEM_BITS
from shortcut_audit.graph.model import COUNT_LIMIT, Dim, Shape, elements
from shortcut_audit.names import displayable


class Unknown(Exception):
    """Too little is known of the op's inputs, or they make no sense: its output cannot be known either."""


def number(size: Dim) -> Cost:
    """A size as a number to compute with."""
    return number_of(size) if isinstance(size, str) else size


def dim_of(found: Cost) -> Dim:
    """A number as a size; None where only that is known what it depends on."""
    if not isinstance(found, Polynomial):
        return found
    if is_vague(found):
        return None
    text = written(found)
    alone = names(found)[0]
    return alone if text.startswith("'") and number_of(alone) == found else text


def canonical(size: Dim) -> Dim:
    """The size as every other place writes it, where a file spells it otherwise.

    A text longer than any formula is a name. It is cut as names are shown: reports repeat it in every cost.
    """
    if not isinstance(size, str):
        return size
    return dim_of(number(size if len(size) <= LONGEST else displayable(size)))


def count(shape: Shape) -> Cost:
    """Elements of a tensor of this shape; None while a size is unknown. A scalar, (), has one.

    None, too, beyond COUNT_LIMIT: such a number says nothing, and takes long to work out and to write down.
    """
    whole = None if shape is None else elements(shape)
    if shape is None or whole is not None:
        return whole
    if 0 in shape:
        return None if None in shape else 0
    found: Number = 1
    for size in shape:
        factor = number(size)
        if factor is None or (isinstance(factor, int) and factor < 0):
            return None
        found = found * factor
        if isinstance(found, int) and found > COUNT_LIMIT:
            return None
    return found


def size_in_bytes(shape: Shape, dtype: str | None) -> Cost:
    """Bytes that a tensor of this shape and element type takes; None while either is unknown."""
    held, bits = count(shape), ITEM_BITS.get(dtype or "")
    return None if held is None or bits is None else ceil_divided(held * bits, 8)


def agree(one: Cost, other: Cost) -> bool:
    """Whether two numbers may be the same: one is unknown, or they are equal for some open sizes."""
    return one is None or other is None or not never_equal(one, other)


def may_equal(one: Dim, other: Dim) -> bool:
    """Whether two sizes may be the same."""
    return agree(number(one), number(other))


def compatible(one: tuple[Dim, ...], other: tuple[Dim, ...]) -> bool:
    """Whether two shapes can be the same. Unknown is never "different"."""
    return one == other or (len(one) == len(other) and all(map(may_equal, one, other)))


def completed(inferred: Shape, said: Shape) -> Shape:
    """The inferred shape, its unknown sizes filled in from what the file says.

    A number in the file never replaces a symbol that was derived: exporters record sizes of their example run (1 for
    the batch), and the symbol is what it was derived from.
    """
    if inferred is None or said is None or len(inferred) != len(said):
        return said if inferred is None else inferred
    return tuple(b if a is None else a for a, b in zip(inferred, said, strict=True))


def same_shape(one: Shape, other: Shape) -> bool:
    """Whether an operand may have the shape of the result. Unknown sizes are never "different" (theory: assumed).

    A size that is fixed at 1 where the result's is open is stretched, whatever the open size will be. Leading axes that
    an operand lacks are ones, as broadcasting makes them.
    """
    if one is None or other is None:
        return True
    one = (1,) * (len(other) - len(one)) + one
    if len(one) != len(other):
        return False
    return not any(_differ(a, b) for a, b in zip(one, other, strict=True))


def _differ(size: Dim, of_result: Dim) -> bool:
    if isinstance(size, int) and isinstance(of_result, int):
        return size != of_result
    return size == 1 and isinstance(of_result, str)


def broadcast(left: tuple[Dim, ...], right: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """Multidirectional broadcasting (onnx/docs/Broadcasting.md)."""
    if left == right:
        return left
    if len(left) < len(right):
        left, right = right, left
    lead = len(left) - len(right)
    return left[:lead] + tuple(map(broadcast_size, left[lead:], right))


def broadcast_size(left: Dim, right: Dim) -> Dim:
    """One size of a broadcast. Raises Unknown where the two can never stand beside each other."""
    if right in (left, 1):
        return left
    return right if left == 1 else dim_of(stretch(number(left), number(right)))


def stretch(one: Cost, other: Cost) -> Cost:
    """The size of two axes that are broadcast. Raises Unknown where they can never stand beside each other.

    Against n > 1, an unknown size can only be n or 1: either way the result is n. Against an open one it may be more.
    """
    if other == 1 or one == 1:
        return one if other == 1 else other
    if not agree(one, other) and not agree(one, 1) and not agree(other, 1):
        raise Unknown
    if isinstance(one, int) or isinstance(other, int):
        return one if isinstance(one, int) else other
    return None if one is None or other is None else stretched(one, other)


def join(left: Shape, right: Shape) -> Shape:
    """What two shapes have in common: a tensor has the one or the other."""
    if left is None or right is None or len(left) != len(right):
        return None
    return tuple(one if one == other else None for one, other in zip(left, right, strict=True))


def same_size(left: Dim, right: Dim) -> Dim:
    """A size of which two things are known. Where they contradict each other, nothing is."""
    if left is None or left == right:
        return right
    if right is None or not isinstance(right, int):
        return left
    return None if isinstance(left, int) else right


def product(sizes: Iterable[Dim]) -> Dim:
    """Elements of so many sizes."""
    return dim_of(_multiplied(sizes))


def _multiplied(sizes: Iterable[Dim]) -> Cost:
    count: Number = 1
    for size in sizes:
        factor = number(size)
        if factor is None:
            return None
        count = count * factor
    return count


def quotient(numerators: Iterable[Dim], denominators: Iterable[Dim]) -> Dim:
    """The product of some sizes over the product of others; None where that leaves a remainder.

    Of open sizes it is taken that they leave none: the op could not run otherwise. Common ones are cancelled.
    """
    above, below = _multiplied(numerators), _multiplied(denominators)
    if above is None or below is None or below == 0:
        return None
    if isinstance(above, int) and isinstance(below, int) and above % below:
        return None
    return dim_of(floor_divided(above, below))


def total(sizes: Iterable[Dim]) -> Dim:
    """The sum of sizes."""
    count: Number = 0
    for size in sizes:
        term = number(size)
        if term is None:
            return None
        count = count + term
    return dim_of(count)


def scaled(size: Dim, factor: int) -> Dim:
    """A size times an integer."""
    return quotient((size, factor), ())


def divided(size: Dim, divisor: int) -> Dim:
    """A size over an integer; None where it leaves a remainder."""
    return quotient((size,), (divisor,))


def steps_within(room: Dim, step: int, *, ceil: bool = False) -> Dim:
    """How often a step fits into a room: floor(room / step), or ceil."""
    length = number(room)
    if length is None or step < 1:
        return None
    return dim_of(ceil_divided(length, step) if ceil else floor_divided(length, step))


def least_of(left: Dim, right: Dim) -> Dim:
    """The smaller of two sizes."""
    one, other = number(left), number(right)
    return None if one is None or other is None else dim_of(smaller(one, other))

"""What can be said of sizes of which some are symbols and some unknown?

A size is an int, a symbol or None. The same symbol twice is the same size; two symbols may or may not be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from shortcut_audit.graph.model import Dim, Shape


class Unknown(Exception):
    """Too little is known of the op's inputs, or they make no sense: its output cannot be known either."""


def broadcast(left: tuple[Dim, ...], right: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """Multidirectional broadcasting (onnx/docs/Broadcasting.md)."""
    if left == right:
        return left
    if len(left) < len(right):
        left, right = right, left
    lead = len(left) - len(right)
    return left[:lead] + tuple(map(broadcast_size, left[lead:], right))


def broadcast_size(left: Dim, right: Dim) -> Dim:
    """One size of a broadcast. Against n > 1, an unknown size can only be n or 1: either way the result is n."""
    if right in (left, 1):
        return left
    if left == 1:
        return right
    if isinstance(left, int):
        if isinstance(right, int):
            raise Unknown
        return left
    return right if isinstance(right, int) else None


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
    """Elements of so many sizes; a symbol stays one only beside ones."""
    return quotient(sizes, ())


def quotient(numerators: Iterable[Dim], denominators: Iterable[Dim]) -> Dim:
    """The product of some sizes over the product of others, common symbols cancelled; None where no size is left."""
    above = below = 1
    symbols: Counter[str] = Counter()
    for size in numerators:
        if isinstance(size, int):
            above *= size
        elif size is None:
            return None
        else:
            symbols[size] += 1
    for size in denominators:
        if isinstance(size, int):
            below *= size
        elif size is None:
            return None
        else:
            symbols[size] -= 1
    if below == 0 or above % below:
        return None
    left = [(symbol, count) for symbol, count in symbols.items() if count]
    if not left:
        return above // below
    if len(left) == 1 and left[0][1] == 1 and above == below:
        return left[0][0]
    return None


def total(sizes: Iterable[Dim]) -> Dim:
    """The sum of sizes; a symbol stays one only beside zeros."""
    known, symbol = 0, None
    for size in sizes:
        if isinstance(size, int):
            known += size
        elif size is None or symbol is not None:
            return None
        else:
            symbol = size
    if symbol is None:
        return known
    return symbol if known == 0 else None


def scaled(size: Dim, factor: int) -> Dim:
    """A size times an integer."""
    return size if factor == 1 else size * factor if isinstance(size, int) else None


def divided(size: Dim, divisor: int) -> Dim:
    """A size over an integer; None where it leaves a remainder."""
    if divisor == 1:
        return size
    if not isinstance(size, int) or divisor == 0 or size % divisor:
        return None
    return size // divisor

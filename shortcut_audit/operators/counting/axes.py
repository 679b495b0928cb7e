"""Do the operands of one op fit together, and how large is each of its axes?

An operator specification gives the axes of its operands letters: A is [M, K], B [K, N]. What the shapes in a file say
of one letter must agree; what they do not say may be said by another operand.
"""

from __future__ import annotations

from shortcut_audit.algebra.polynomial import Cost, Number, total
from shortcut_audit.graph.model import COUNT_LIMIT, RANK_LIMIT, Dim, Shape
from shortcut_audit.graph.sizes import Unknown, agree, number, stretch


def product(*factors: Cost) -> Cost:
    """The product; None if any factor is unknown or negative, or if it is beyond COUNT_LIMIT."""
    if any(factor is None or (isinstance(factor, int) and factor < 0) for factor in factors):
        return None
    found: Number = int(0 not in factors)
    for factor in factors if found else ():
        assert factor is not None
        found = found * factor
        if isinstance(found, int) and found > COUNT_LIMIT:
            return None
    return found


class Axes:
    """What the operands of one op say of the sizes of their axes, where equal axes have the same letter.

    Unknown sizes contradict nothing. Where two known ones do, there is no such op, and nothing of it is counted.
    """

    def __init__(self) -> None:
        self.possible = True
        """Whether all that was said holds together."""
        self._sizes: dict[str, Cost] = {}
        self._open = False
        """Whether nobody knows how many axes "..." stands for."""

    def demand(self, holds: bool) -> None:
        """Something else that must hold."""
        self.possible = self.possible and holds

    def read(self, term: str, shape: Shape, *, stretched: bool = False) -> None:
        """An operand, one letter for each axis. A leading "..." stands for axes that are broadcast: 1 fits any size.

        `stretched`: so are those that have letters.
        """
        if shape is None:
            self._leave_open(term)
            return
        for letter, size in self._named(term, shape):
            hidden = letter.startswith(HIDDEN)
            known = self._sizes.get(letter, 1 if hidden or stretched else None)
            self._sizes[letter] = self._larger(known, size) if hidden or stretched else self._same(known, size)

    def made(self, term: str, shape: Shape) -> None:
        """The result: what it says of an axis holds for all operands together."""
        if shape is None:
            return
        for letter, size in self._named(term, shape):
            known = self._sizes.get(letter, 1 if letter.startswith(HIDDEN) else None)
            stretchable = self._open and letter.startswith(HIDDEN) and known == 1
            self._sizes[letter] = self._same(None if stretchable else known, size)
        self._open = self._open and "..." not in term

    def size(self, letter: str) -> Cost:
        """The size of one axis."""
        return self._sizes.get(letter)

    def count(self, *terms: str) -> Cost:
        """The sum over some terms of the product of their axes' sizes; "..." stands for all that are broadcast."""
        counts = [self._product(term) for term in terms]
        known = [count for count in counts if count is not None]
        return total(known) if self.possible and len(known) == len(counts) else None

    def _product(self, term: str) -> Cost:
        letters = term.removeprefix("...")
        hidden = [size for letter, size in self._sizes.items() if letter.startswith(HIDDEN)] if letters != term else []
        if letters != term and self._open:
            return None
        return product(*hidden, *(self._sizes.get(letter) for letter in letters))

    def _named(self, term: str, shape: tuple[Dim, ...]) -> list[tuple[str, Cost]]:
        named = labelled(term, shape)
        self.demand(named is not None)
        return named or []

    def _leave_open(self, term: str) -> None:
        self._open = self._open or "..." in term
        for letter in term.replace(".", ""):
            self._sizes.setdefault(letter, None)

    def _same(self, one: Cost, other: Cost) -> Cost:
        """Of two ways to say a size, the one that says more: a number, then a formula."""
        self.demand(agree(one, other))
        return other if one is None or isinstance(other, int) else one

    def _larger(self, one: Cost, other: Cost) -> Cost:
        try:
            return stretch(one, other)
        except Unknown:
            self.demand(False)
            return None


HIDDEN = "…"
"""How the letters of axes begin that stand behind "..."."""


def labelled(term: str, shape: tuple[Dim, ...]) -> list[tuple[str, Cost]] | None:
    """The axes of an operand with their sizes; None where the term does not fit. Axes behind "...": "…0" the last."""
    head, dots, tail = term.partition("...")
    hidden = len(shape) - len(head) - len(tail)
    letters = head + tail
    if hidden < 0 or (hidden and not dots) or len(shape) > RANK_LIMIT:
        return None
    if letters and not (letters.isascii() and letters.isalpha()):
        return None
    names = [*head, *(f"{HIDDEN}{hidden - i - 1}" for i in range(hidden)), *tail]
    return [(name, number(size)) for name, size in zip(names, shape, strict=True)]

"""Which name does a new tensor get, beside those that a model has already?"""

from __future__ import annotations

from collections.abc import Iterable


class Names:
    """The names of one model's tensors, and new ones beside them."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._made: dict[str, int] = {}
        """The number up to which others were derived from a name that was wanted and taken."""

    def fresh(self, wanted: str) -> str:
        """The name that is wanted, if nobody has it yet; otherwise with a number behind it. Then it is taken.

        No number is tried twice: what a file may do is to make as many attempts necessary as it has names.
        """
        name = wanted
        while name in self._taken:
            self._made[wanted] = number = self._made.get(wanted, 0) + 1
            name = f"{wanted}~{number}"
        self._taken.add(name)
        return name

    def beside(self, name: str) -> str:
        """A new name derived from one that somebody has."""
        self._taken.add(name)
        return self.fresh(name)

"""What does a report say once open sizes are settled?

Nouns of a report hold a cost twice: `macs` is a number or None, `macs_formula` the same as a formula (its grammar:
algebra/formula.py). Whatever has a formula is computed anew from it, and so are the sizes in shapes; all else stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from shortcut_audit.algebra.derived import evaluated
from shortcut_audit.algebra.formula import number_of
from shortcut_audit.algebra.polynomial import Number, formula, integer
from shortcut_audit.frozen import parts, replace

FORMULA = "_formula"
"""How the field ends that holds a cost as a formula."""

SHAPES = frozenset({"shape"})

Noun = TypeVar("Noun")


class Costly:
    """A noun with costs. A number is its own formula."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Writes the formula of every cost that is given as a number alone."""
        noun: Any = self.__class__
        for name in _formulas(noun):
            number = getattr(self, name.removesuffix(FORMULA))
            if number is not None and getattr(self, name) is None:
                object.__setattr__(self, name, str(number))


@cache
def _formulas(noun: Any) -> tuple[str, ...]:
    """The fields of a class that hold costs as formulas."""
    return tuple(field.name for field in parts(noun) if field.name.endswith(FORMULA))


def settled(noun: Noun, sizes: Mapping[str, Number]) -> Noun:
    """A noun with these sizes put in wherever they stand."""
    changed: dict[str, Any] = {}
    for field in parts(noun):
        before = getattr(noun, field.name)
        if field.name.endswith(FORMULA):
            cost = None if before is None else evaluated(number_of(before), sizes)
            changed[field.name.removesuffix(FORMULA)], changed[field.name] = integer(cost), formula(cost)
        elif field.name in SHAPES and before is not None:
            changed[field.name] = tuple(_size(size, sizes) for size in before)
        elif parts(before):
            changed[field.name] = settled(before, sizes)
        elif isinstance(before, tuple) and before and parts(before[0]):
            changed[field.name] = tuple(settled(item, sizes) for item in before)
    return replace(noun, **changed)


def _size(size: int | str | None, sizes: Mapping[str, Number]) -> int | str | None:
    """A size of a shape; None where what is put in makes no sense of it."""
    if not isinstance(size, str):
        return size
    found = evaluated(number_of(size), sizes)
    return integer(found) if integer(found) is not None else formula(found)

"""How dear is a route, by the classes of its steps?

The cost of a route counts its steps by class, the dearest class first; it is kept in one integer, CLASS_BITS bits a
class, so that costs add and compare as numbers do.
"""

from __future__ import annotations

from shortcut_audit.search.steps import Step

CLASS_BITS = 32
"""A route has fewer than 2**32 steps of one class."""

UNIT: tuple[int, ...] = (0, *(1 << (CLASS_BITS * level) for level in Step if level > Step.VIEW))
"""The cost of one step, by class. Views cost nothing."""


def dearest(cost: int) -> Step:
    """The dearest class among the steps of a route of this cost."""
    return Step(max(cost.bit_length() - 1, 0) // CLASS_BITS)


def times(cost: int, level: Step) -> int:
    """How many steps of a class a route of this cost has; views are not counted."""
    return cost >> CLASS_BITS * level & (1 << CLASS_BITS) - 1 if level > Step.VIEW else 0


def passes(cost: int, level: Step) -> bool:
    """Whether a route of this cost has a step of a class dearer than a view."""
    return times(cost, level) > 0

"""What does a pass take of what stands in the branches of an If, and in the steps of a loop?

Of the branches of an If one runs: where nobody knows which, the model takes at least what the cheaper one does. Loops
need nothing here: what stands in them is measured for all of their steps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from shortcut_audit.algebra import polynomial
from shortcut_audit.algebra.derived import larger, smaller
from shortcut_audit.algebra.polynomial import Number, names
from shortcut_audit.graph.model import STEPS, Body, ModelGraph, Op
from shortcut_audit.graph.sizes import number
from shortcut_audit.report.wording import exact

IN_BRANCHES = "one branch of an If runs: both are listed, and the cheaper one counts in the MACs"
IN_STEPS = "the body of a loop is listed once, and costs what all of its steps take"


def least_and_most(counts: Iterable[tuple[Op, Number]]) -> tuple[Number, Number]:
    """The fewest and the most MACs that a pass takes of some ops, beside each of which stands what it takes if it runs.

    Where two branches leave open which is the cheaper one, the fewest are a formula, min(...) of both.
    """
    held: dict[Body | None, list[Number]] = defaultdict(list)
    for op, macs in counts:
        held[op.body].append(macs)
    spent = {body: polynomial.total(listed) for body, listed in held.items()}
    if spent.keys() <= {None}:
        return spent.get(None, 0), spent.get(None, 0)
    return _taken(spent, smaller), _taken(spent, larger)


def _taken(own: dict[Body | None, Number], chosen: Callable[[Number, Number], Number]) -> Number:
    """What the model takes, once every body has handed over what it takes to the one around it, the innermost first."""
    spent: dict[Body | None, Number] = defaultdict(int, own)
    for holder in _holders(own):
        outer = holder[0].outer
        if len(holder) == 1 and holder[0].branch is None:
            spent[outer] += spent[holder[0]]
        else:
            one, other = [spent[body] for body in holder] + [0] * (2 - len(holder))
            spent[outer] += chosen(one, other)
    return spent[None]


def _holders(bodies: Iterable[Body | None]) -> Iterator[list[Body]]:
    """The bodies of each If and each loop, also of such as hold nothing but others; the innermost first."""
    depths = {inner: depth for body in bodies if body is not None for depth, inner in enumerate(body.chain)}
    held: dict[str, list[Body]] = defaultdict(list)
    for body in sorted(depths, key=lambda body: -depths[body]):
        held[body.holder].append(body)
    yield from held.values()


def notes(graph: ModelGraph, least: Number, most: Number) -> tuple[str, ...]:
    """What the reader should know of a model with branches or loops that takes so many MACs at least and at most."""
    kinds = {op.kind for op in graph.ops}
    said = []
    if "Loop" in kinds:
        unknown = [name for steps in graph.steps.values() for name in names(number(steps)) if name.startswith(STEPS)]
        told = f"; how many these are only the data tell: {unknown[0]!r} in formulas" if unknown else ""
        said.append(IN_STEPS + told)
    if "If" in kinds:
        span = "" if least == most else f"; a pass takes {exact(most)} at most" if isinstance(most, int) else ""
        said.append(IN_BRANCHES + span)
    return tuple(said)

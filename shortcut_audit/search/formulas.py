"""Is what a branch does without weights a formula of its own, a solver or a scan, and no residual branch?

Row by row a triangular system is solved, step by step a state is carried on, with sums that look like residual ones
(theory: elementwise expression): products are all the work that is done there. What mixes positions otherwise, by a
pool, a Fourier transform, a softmax's weights or a given matrix, makes a branch though it learns nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from shortcut_audit.graph.model import ModelGraph, Op
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import does_work, row_of
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.steps import Step


def is_formula(lineage: Lineage, branch: Iterable[Op], route: Iterable[tuple[Op, Step]]) -> bool:
    """Whether a branch without weights, beside a route of these steps, only multiplies what it has at hand.

    1. Both factors of each product are pieces of one value: a matrix is multiplied with itself (forward substitution,
    a Neumann series). 2. Or the route is a gate's, or takes a piece: a state that decays and is written to, the next
    piece of a sequence (delta rule, linear attention by chunks).
    """
    carried = any(step is Step.GATE or (step is Step.SELECTION and row_of(op.kind).moves) for op, step in route)  # 2
    working = [op for op in branch if does_work(op)]
    factors = [_factors(lineage.graph, op) for op in working]
    if not all(factors):
        return False
    return carried or all(len({lineage.stuff(lineage.number[factor]) for factor in read}) == 1 for read in factors)  # 1


def _factors(graph: ModelGraph, op: Op) -> tuple[str, ...]:
    """The values that an op multiplies and adds up: a product of two matrices, or a sum over a product; none else."""
    row = row_of(op.kind)
    if row.effect is Effect.CONTRACTION:
        return op.values() if len(op.values()) > 1 else ()
    if not row.sums_axes or row.averages:
        return ()
    made = graph.values[op.values()[0]].op
    while made is not None and row_of(made.kind).effect is Effect.VIEW and made.values():
        made = graph.values[made.values()[0]].op
    if made is None or row_of(made.kind).effect is not Effect.PRODUCT or len(made.values()) < 2:
        return ()
    return made.values()

"""Is what a branch does without weights a formula of its own, a solver or a scan, and no residual branch?

Row by row a triangular system is solved, step by step a state is carried on, with sums that look like residual ones
(theory: elementwise expression): products are all the work that is done there. What mixes positions otherwise, by a
pool, a Fourier transform, a softmax's weights or a given matrix, makes a branch though it learns nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from shortcut_audit.graph.model import ModelGraph, Op
from shortcut_audit.operators.equation import terms_of
from shortcut_audit.operators.row import Effect, Family
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.reach import Reach
from shortcut_audit.search.steps import Step
from shortcut_audit.search.trails import Link, Trail


def is_formula(reach: Reach, branch: Sequence[int], route: Trail) -> bool:
    """Whether what a branch without weights makes of a fork, beside a route of these steps, is made of products alone.

    `branch` are the operands that it comes to.

    1. Both factors of each product are pieces of one value: a matrix is multiplied with itself (forward substitution,
    a Neumann series). 2. Or the route is a gate's, or takes a piece: a state that decays and is written to, the next
    piece of a sequence (delta rule, linear attention by chunks). 3. Or what is read along a value is laid out along it
    again: S + k (v - k S), a step of the delta rule.
    """
    if reach.any(branch, _works_otherwise):
        return False
    if route.any(_carries_on):
        return True  # 2
    if not reach.any(branch, _multiplies_strangers):
        return True  # 1
    lineage, ops = reach.lineage, reach.ops(branch)
    graph = lineage.graph
    products = {op: product for op in ops if _works(lineage, op) and (product := _product(graph, op)) is not None}
    read = {op: _stuff(lineage, product) for op, product in products.items() if not _is_outer(graph, op)}
    summed = {products[op] for op in read}
    laid_out = [_stuff(lineage, op) for op in ops if op not in summed and _is_outer(graph, op)]
    along = frozenset[int]().union(*laid_out) - {lineage.stuff(reach.fork)}
    return bool(read) and all(not stuff.isdisjoint(along) for stuff in read.values())  # 3


def _carries_on(link: Link) -> bool:
    return link.step is Step.GATE or (link.step is Step.SELECTION and row_of(link.op.kind).moves)


def _works(lineage: Lineage, op: Op) -> bool:
    return lineage.measure.of(op).working


def _works_otherwise(lineage: Lineage, op: Op) -> bool:
    """Whether an op works, and is no product of values."""
    return _works(lineage, op) and _product(lineage.graph, op) is None


def _multiplies_strangers(lineage: Lineage, op: Op) -> bool:
    """Whether an op multiplies, and adds up, formulas of several values."""
    product = _product(lineage.graph, op) if _works(lineage, op) else None
    return product is not None and len(_stuff(lineage, product)) > 1


def _stuff(lineage: Lineage, product: Op) -> frozenset[int]:
    """The values that the factors of a product are formulas of."""
    return frozenset(lineage.stuff(lineage.number[factor]) for factor in product.values())


def _product(graph: ModelGraph, op: Op) -> Op | None:
    """The op that multiplies what an op adds up: a product of two matrices, or the product before a sum; none else."""
    row = row_of(op.kind)
    if row.effect is Effect.CONTRACTION:
        return op if len(op.values()) > 1 else None
    if not row.sums_axes or row.averages:
        return None
    made = graph.values[op.values()[0]].op
    while made is not None and row_of(made.kind).effect is Effect.VIEW and made.values():
        made = graph.values[made.values()[0]].op
    return made if made is not None and row_of(made.kind).effect is Effect.PRODUCT and len(made.values()) > 1 else None


def _is_outer(graph: ModelGraph, op: Op) -> bool:
    """Whether an op multiplies two values and adds nothing up: by element, or each of one by each of another."""
    if len(op.values()) < 2:
        return False
    row, equation = row_of(op.kind), op.attributes.get("equation")
    if row.effect is Effect.PRODUCT:
        return True
    if row.effect is not Effect.CONTRACTION:
        return False
    if isinstance(equation, str):
        terms, result = terms_of(equation)
        return all(label in result for term in terms for label in term)
    shape = graph.values[op.values()[0]].type.shape
    return row.family is Family.MATRIX_PRODUCT and shape is not None and shape[-1:] == (1,)

"""Do two operands apply equal linear maps?

Maps are told apart by the shapes of their weights, as no weight is read. Two equal ones are parallel, wherever they are
applied: averaged heads, or the factor and the offset that a condition is mapped to (theory: parallel branches).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

from shortcut_audit.graph.model import Op
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import is_weight_layer, row_of
from shortcut_audit.search.between import Field
from shortcut_audit.search.holdings import Ops
from shortcut_audit.search.reach import is_linear

Maps: TypeAlias = Mapping[tuple[int, ...], int]
"""How many learned matrices and kernels there are of each shape, transposed or not."""


def maps_of(ops: Ops) -> Maps:
    """The learned matrices and kernels that ops apply."""
    found = Counter[tuple[int, ...]]()
    for kernels, times in ops.kinds(_kernels):
        found.update({kernel: times * count for kernel, count in Counter(kernels).items()})
    return found


def _kernels(op: Op) -> tuple[tuple[int, ...], ...]:
    if not is_weight_layer(op):
        return ()
    return tuple(tuple(sorted(w.shape)) for w in op.weights() if w.learned and len(w.shape) > 1)


def as_deep(field: Field, number: int, other_field: Field, other: int) -> bool:
    """Whether two values are linear in the forks of their fields, by as many layers in a row.

    `d3(x) + (d2(x) + d1(x))` is a sum of three, whoever else reads the sum of two (ESPNet's dilated convolutions).
    """
    layers = field.layers_in_series(number)
    return layers is not None and layers == other_field.layers_in_series(other)


def is_scaled_by(field: Field, number: int, maps: Maps) -> bool:
    """Whether a value is a product of which one factor applies these maps to the fork: `g(s) x` beside `b(s)` (FiLM).

    From the second layer on x is computed from s, too: what it does is no branch beside b.
    """
    lineage = field.lineage
    op = lineage.maker(number)
    if op is None or row_of(op.kind).effect is not Effect.PRODUCT or len(op.values()) < 2:
        return False
    factors = [lineage.number[factor] for factor in op.values()]
    linear = [n for n in factors if is_linear(field.reached(n))]
    return any(maps_of(field.inside([n])) == maps for n in linear)

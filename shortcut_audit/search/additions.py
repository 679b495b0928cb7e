"""Which ops add values?

A subtraction adds its second operand negated; a sum over freshly stacked values adds those.
"""

from __future__ import annotations

from itertools import compress

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Constant, Input, ModelGraph, Op, Value
from shortcut_audit.graph.sizes import same_shape
from shortcut_audit.operators.axes import summed_stack
from shortcut_audit.operators.table import row_of


@frozen
class Term:
    """A value that is added."""

    value: str
    negated: bool = False


@frozen
class Addition:
    """An op that adds values."""

    op: Op
    result: Value
    terms: tuple[Term, ...]
    """The values that it adds and that have the shape of the sum; constants are not among them."""
    stretched: tuple[Term, ...]
    """The values that it adds and that have not."""
    constants: int
    listed: bool
    """Whether a report accounts for it: a difference, or an average, of less than two whole values adds none."""


def all_of(graph: ModelGraph) -> dict[str, Addition]:
    """Every addition of a graph by what it makes, in topological order."""
    return {a.result.id: a for op in graph.ops if (a := _addition(graph, op)) is not None}


def _addition(graph: ModelGraph, op: Op) -> Addition | None:
    """The op as an addition; None if it is none."""
    made = op.outputs[0] if op.outputs else None
    if made is None:
        return None
    given = _added(graph, op)
    if given is None:
        return None
    row, result = row_of(op.kind), graph.values[made]
    terms = [Term(term, slot in row.negated) for slot, term in enumerate(given) if isinstance(term, str)]
    whole = [same_shape(graph.values[term.value].type.shape, result.type.shape) for term in terms]
    return Addition(
        op,
        result,
        tuple(compress(terms, whole)),
        tuple(term for term, fits in zip(terms, whole, strict=True) if not fits),
        constants=sum(isinstance(term, Constant) for term in given),
        listed=row.adds_plainly or sum(whole) > 1,
    )


def _added(graph: ModelGraph, op: Op) -> tuple[Input, ...] | None:
    """What an op adds, if it adds. Cases: 1. Add, Sum, Mean; 2. Sub; 3. a sum or mean over what was stacked for it."""
    row = row_of(op.kind)
    if row.adds:
        return op.inputs  # 1, 2
    stack = summed_stack(graph, op)
    return None if stack is None else stack.slices  # 3

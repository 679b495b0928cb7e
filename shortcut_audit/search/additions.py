"""Which ops add values, and which additions are part of another one?

An addition whose only use is another addition of the same shape is part of that one, copies in between (a Cast, an
Identity) or not. A subtraction adds its second operand negated; a sum over freshly stacked values adds those.
"""

from __future__ import annotations

from collections.abc import Mapping

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Constant, Input, ModelGraph, Op, Value
from shortcut_audit.graph.sizes import same_shape
from shortcut_audit.operators.axes import summed_stack
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.neutral import passes


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
    """The values that it adds whole; constants and operands that are broadcast are not among them."""
    constants: int
    stretched: int


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
    values = [(slot, term) for slot, term in enumerate(given) if isinstance(term, str)]
    whole = tuple(
        Term(term, negated=slot in row.negated)
        for slot, term in values
        if same_shape(graph.values[term].type.shape, result.type.shape)
    )
    if not row.adds_plainly and len(whole) < 2:
        return None  # a difference, or an average, of less than two whole values
    constants = sum(isinstance(term, Constant) for term in given)
    return Addition(op, result, whole, constants, len(values) - len(whole))


def _added(graph: ModelGraph, op: Op) -> tuple[Input, ...] | None:
    """What an op adds, if it adds. Cases: 1. Add, Sum, Mean; 2. Sub; 3. a sum or mean over what was stacked for it."""
    row = row_of(op.kind)
    if row.adds:
        return op.inputs  # 1, 2
    stack = summed_stack(graph, op)
    return None if stack is None else stack.slices  # 3


@frozen
class Fold:
    """An addition that is part of another one."""

    inner: Addition
    term: str
    """The value by which the other one reads it: its result, or a copy of that."""
    copies: tuple[Op, ...]


def fold(
    graph: ModelGraph, addition: Addition, additions: Mapping[str, Addition], shown: frozenset[str]
) -> Fold | None:
    """How an addition of values is part of another one of the same shape: its only use, seen through copies and 1 x."""
    if len(addition.terms) < 2 or row_of(addition.op.kind).averages:
        return None
    term, copies = addition.result.id, list[Op]()
    while term not in shown and len(graph.readers[term]) == 1:
        (reader,) = graph.readers[term]
        outer, op = additions.get(reader), graph.values[reader].op
        if outer is not None and row_of(outer.op.kind).averages:
            return None
        copied = op is not None and passes(graph, op, term)
        if outer is not None and not copied:
            once = len(outer.terms) > 1 and sum(other.value == term for other in outer.terms) == 1
            return Fold(addition, term, tuple(copies)) if once else None
        if op is None or not copied:
            return None
        copies.append(op)
        term = reader
    return None


def unfolded(addition: Addition, within: Mapping[str, Fold]) -> tuple[tuple[Term, ...], tuple[Fold, ...]]:
    """What an addition adds, seen through the additions that are folded into it, and those, earliest first."""
    leaves: list[Term] = []
    parts: list[Fold] = []
    waiting = list(reversed(addition.terms))
    while waiting:
        term = waiting.pop()
        fold = within.get(term.value)
        if fold is None:
            leaves.append(term)
        else:
            parts.append(fold)
            waiting.extend(Term(t.value, t.negated != term.negated) for t in reversed(fold.inner.terms))
    return tuple(leaves), tuple(reversed(parts))

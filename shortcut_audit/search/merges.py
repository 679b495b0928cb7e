"""Which ops add values?

Every addition of the graph becomes either a `Merge` (two or more values of equal shape are added) or a `Refusal` with
its reason. A merge is n-ary: an addition whose only use is another addition of the same shape is part of that one, so
`x + attn + mlp` is one merge with three operands; copies in between (a Cast, an Identity) make no difference. A
subtraction adds its second operand negated; a sum over freshly stacked values adds those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shortcut_audit.graph.model import Attribute, Constant, Dim, Input, ModelGraph, Op, Shape, Value
from shortcut_audit.operators.row import Effect, Family
from shortcut_audit.operators.table import is_copy, row_of
from shortcut_audit.report import Reason

LOGIT_REACH = 64
"""How many readers may be looked at between an addition of attention logits and its softmax."""


@dataclass(frozen=True, slots=True)
class Term:
    """A value that is added."""

    value: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Merge:
    """An element-wise addition of two or more values of equal shape."""

    op: Op
    """The addition; of a folded sum, the last one."""
    result: Value
    operands: tuple[Term, ...]
    folded: tuple[Op, ...] = ()
    """The other additions of this sum."""
    copies: tuple[Op, ...] = ()
    """What stands between the additions of this sum and changes no element."""

    @property
    def ops(self) -> tuple[Op, ...]:
        """All ops of this sum."""
        return (*self.folded, *self.copies, self.op)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An addition that is no residual merge, and why."""

    op: Op
    result: Value
    reason: Reason
    detail: str = ""
    folded: tuple[Op, ...] = ()


@dataclass(frozen=True, slots=True)
class _Addition:
    op: Op
    result: Value
    terms: tuple[Term, ...]
    """The values that it adds whole; constants and operands that are broadcast are not among them."""
    constants: int
    stretched: int


def find(graph: ModelGraph) -> tuple[tuple[Merge, ...], tuple[Refusal, ...]]:
    """Every addition of the graph, in topological order: as a merge, or with the reason why it merges nothing.

    Reasons: 1. "constant operand": at most one term is a value; 2. "broadcast": a term is stretched over the other;
    3. "attention logits": the sum feeds nothing but a softmax; 4. "interpolation": the difference in x + w (f - x), of
    which the sum is the merge; 5. "average": the sum of equals, divided by their number.
    """
    additions = {a.result.id: a for op in graph.ops if (a := _addition(graph, op)) is not None}
    shown = frozenset(graph.outputs)
    folds = tuple(fold for addition in additions.values() if (fold := _fold(graph, addition, additions, shown)))
    within = {fold.term: fold for fold in folds}
    folded = {fold.inner.op for fold in folds}
    merges: list[Merge] = []
    refusals: list[Refusal] = []
    for addition in additions.values():
        if addition.op in folded:
            continue
        operands, parts = _unfolded(addition, within)
        others = tuple(part.inner.op for part in parts)
        objection = _objection(graph, addition, additions, shown)
        if objection is None:
            copies = tuple(op for part in parts for op in part.copies)
            merges.append(Merge(addition.op, addition.result, operands, others, copies))
        else:
            refusals.append(Refusal(addition.op, addition.result, *objection, folded=others))
    return tuple(merges), tuple(refusals)


def _addition(graph: ModelGraph, op: Op) -> _Addition | None:
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
        if _same_shape(graph.values[term].type.shape, result.type.shape)
    )
    if not row.adds_plainly and len(whole) < 2:
        return None  # a difference, or an average, of less than two whole values
    constants = sum(isinstance(term, Constant) for term in given)
    return _Addition(op, result, whole, constants, len(values) - len(whole))


def _added(graph: ModelGraph, op: Op) -> tuple[Input, ...] | None:
    """What an op adds, if it adds. Cases: 1. Add, Sum, Mean; 2. Sub; 3. a sum or mean over what was stacked for it."""
    row = row_of(op.kind)
    if row.adds:
        return op.inputs  # 1, 2
    if row.sums_axes and isinstance(op.inputs[0], str):
        return _stacked(graph, op, op.inputs[0])  # 3
    return None


def _stacked(graph: ModelGraph, op: Op, pile: str) -> tuple[Input, ...] | None:
    """The values behind `stack([a, b]).sum(axis)`: a Concat of Unsqueezed values along the axis that is summed away."""
    shape, maker = graph.values[pile].type.shape, graph.values[pile].op
    if maker is None or shape is None or len(graph.readers[pile]) != 1 or op.attributes.get("keepdims", 1) != 0:
        return None
    rank = len(shape)
    axis = _only_axis(op, rank)
    if axis is None or axis != _from_front(maker.attributes.get("axis", 0 if maker.kind == "Stack" else None), rank):
        return None
    if maker.kind == "Stack":
        return maker.inputs
    slices = [graph.values[given].op for given in maker.inputs if isinstance(given, str)]
    fresh = [made for made in slices if made is not None and made.kind == "Unsqueeze"]
    if (
        maker.kind != "Concat"
        or len(fresh) != len(maker.inputs)
        or {_only_axis(made, rank) for made in fresh} != {axis}
    ):
        return None
    return tuple(made.inputs[0] for made in fresh)


def _only_axis(op: Op, rank: int) -> int | None:
    """The one axis that an op names, counted from the front: an attribute (before opset 13), or the second input."""
    listed = op.attributes.get("axes")
    if len(op.inputs) > 1 and isinstance(op.inputs[1], Constant):
        listed = tuple(d for d in op.inputs[1].type.data or () if isinstance(d, int))
    return _from_front(listed[0], rank) if isinstance(listed, tuple) and len(listed) == 1 else None


def _from_front(axis: Attribute, rank: int) -> int | None:
    return axis % rank if isinstance(axis, int) and -rank <= axis < rank else None


def _same_shape(one: Shape, other: Shape) -> bool:
    """Whether an operand may have the shape of the sum. Unknown sizes are never "different" (theory: assumed).

    A size that is fixed at 1 where the sum's is open is stretched, whatever the open size will be. Leading axes that an
    operand lacks are ones, as broadcasting makes them.
    """
    if one is None or other is None:
        return True
    one = (1,) * (len(other) - len(one)) + one
    if len(one) != len(other):
        return False
    return not any(_differ(a, b) for a, b in zip(one, other, strict=True))


def _differ(size: Dim, of_sum: Dim) -> bool:
    if isinstance(size, int) and isinstance(of_sum, int):
        return size != of_sum
    return size == 1 and isinstance(of_sum, str)


@dataclass(frozen=True, slots=True)
class _Fold:
    """An addition that is part of another one."""

    inner: _Addition
    term: str
    """The value by which the other one reads it: its result, or a copy of that."""
    copies: tuple[Op, ...]


def _fold(
    graph: ModelGraph, addition: _Addition, additions: Mapping[str, _Addition], shown: frozenset[str]
) -> _Fold | None:
    """How an addition of values is part of another one of the same shape: its only use, seen through copies."""
    if len(addition.terms) < 2 or row_of(addition.op.kind).averages:
        return None
    term, copies = addition.result.id, list[Op]()
    while term not in shown and len(graph.readers[term]) == 1:
        (reader,) = graph.readers[term]
        outer, op = additions.get(reader), graph.values[reader].op
        if outer is not None and row_of(outer.op.kind).averages:
            return None
        if outer is not None:
            once = len(outer.terms) > 1 and sum(other.value == term for other in outer.terms) == 1
            return _Fold(addition, term, tuple(copies)) if once else None
        if op is None or not is_copy(op) or op.inputs[0] != term:
            return None
        copies.append(op)
        term = reader
    return None


def _unfolded(addition: _Addition, within: Mapping[str, _Fold]) -> tuple[tuple[Term, ...], tuple[_Fold, ...]]:
    """What an addition adds, seen through the additions that are folded into it, and those, earliest first."""
    leaves: list[Term] = []
    parts: list[_Fold] = []
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


def _objection(
    graph: ModelGraph, addition: _Addition, additions: Mapping[str, _Addition], shown: frozenset[str]
) -> tuple[Reason, str] | None:
    if len(addition.terms) + addition.stretched < 2:
        other = "the other operand is the same in every forward pass"
        return "constant operand", other if addition.constants else "there is no other operand"  # 1
    if len(addition.terms) < 2:
        return "broadcast", "one operand is stretched over the shape of the other"  # 2
    if row_of(addition.op.kind).averages:
        return "average", "what is averaged are equals: no operand is the shortcut of another"  # 5
    if _feeds_softmax_only(graph, addition.result.id, shown):
        return "attention logits", "the sum feeds nothing but a softmax"  # 3
    if row_of(addition.op.kind).negated and _interpolates(graph, addition, additions, shown):
        return "interpolation", "the difference is weighted and added to what was subtracted: x + w (f - x)"  # 4
    return None


def _interpolates(
    graph: ModelGraph, difference: _Addition, additions: Mapping[str, _Addition], shown: frozenset[str]
) -> bool:
    """Whether the only use of f - x is a product that is added to x: lerp, and a Highway layer so written."""
    subtracted, name = difference.terms[-1].value, difference.result.id
    while name not in shown and len(graph.readers[name]) == 1:
        (name,) = graph.readers[name]
        outer, op = additions.get(name), graph.values[name].op
        if outer is not None:
            return any(term.value == subtracted for term in outer.terms)
        if op is None or not (row_of(op.kind).effect is Effect.PRODUCT or is_copy(op)):
            return False
    return False


def _feeds_softmax_only(graph: ModelGraph, name: str, shown: frozenset[str]) -> bool:
    """Whether all uses of a value lead, through views, masks and constant factors, into a softmax that is used further.

    A softmax at the model's very end gives class probabilities: what it reads are no attention logits.
    """
    waiting, seen, softmaxes, looked_at = [name], {name}, 0, 0
    while waiting:
        current = waiting.pop()
        looked_at += len(graph.readers[current])
        if current in shown or looked_at > LOGIT_REACH:
            return False
        for reader in graph.readers[current]:
            op = graph.values[reader].op
            if op is None or reader in seen:
                continue
            if row_of(op.kind).family is Family.SOFTMAX:
                softmaxes += bool(graph.readers[reader])
            elif _keeps_logits(op):
                seen.add(reader)
                waiting.append(reader)
            else:
                return False
    return softmaxes > 0


def _keeps_logits(op: Op) -> bool:
    """Whether what an op makes of attention logits are attention logits: views, masks, offsets, constant factors."""
    row = row_of(op.kind)
    if row.effect is Effect.PRODUCT:
        return len(op.values()) == 1
    return row.effect in {Effect.VIEW, Effect.SUM, Effect.CHOICE} or row.masks

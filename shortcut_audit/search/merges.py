"""Which sums merge values?

Every addition of the graph becomes either a `Merge` (two or more values of equal shape are added) or a `Refusal` with
its reason. A merge is n-ary, so `x + attn + mlp` is one with three operands, and its operands are those of the sum in
normal form: `x + t (h - x)` merges (1 - t) x and t h.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Constant, ModelGraph, Op, Value
from shortcut_audit.graph.sizes import same_shape
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import is_copy, row_of
from shortcut_audit.report import Reason
from shortcut_audit.search import additions, stacks
from shortcut_audit.search.additions import Addition, Fold, Term
from shortcut_audit.search.logits import feeds_softmax_only
from shortcut_audit.search.neutral import original
from shortcut_audit.search.rewrites.choices import paired
from shortcut_audit.search.rewrites.products import Algebra
from shortcut_audit.search.rewrites.sums import Sum, normal_form
from shortcut_audit.search.rewrites.values import Desk
from shortcut_audit.search.statistics import expressions, is_normalisation
from shortcut_audit.search.stretch import Stretches, is_stretched


@frozen
class Merge:
    """An element-wise addition of two or more values of equal shape."""

    op: Op
    """The addition; of a folded sum, the last one."""
    result: Value
    operands: tuple[Term, ...]
    """The operands in normal form (rewrites/): values that the file may not write as such."""
    added: int
    """How many values the file adds here."""
    folded: tuple[Op, ...] = ()
    """The other additions of this sum."""
    copies: tuple[Op, ...] = ()
    """What stands between the additions of this sum and changes no element."""

    @property
    def ops(self) -> tuple[Op, ...]:
        """All ops of this sum."""
        return (*self.folded, *self.copies, self.op)


@frozen
class Refusal:
    """An addition that is no residual merge, and why."""

    op: Op
    result: Value
    reason: Reason
    detail: str = ""
    folded: tuple[Op, ...] = ()


STRETCHED: tuple[Reason, str] = "broadcast", "one operand is stretched over the shape of the other"


class Sums(NamedTuple):
    """Every addition of a graph, in topological order: in a merge, or with the reason why it merges nothing."""

    merges: tuple[Merge, ...]
    refusals: tuple[Refusal, ...]
    graph: ModelGraph
    """The graph, and in it the values of the normal forms that the file does not write."""


@frozen
class _Total:
    """A sum that merges something, as far as the file tells."""

    addition: Addition
    operands: tuple[Term, ...]
    parts: tuple[Fold, ...]
    form: Sum
    """The normal form of the sum."""

    @property
    def folded(self) -> tuple[Op, ...]:
        """The other additions of this sum."""
        return tuple(part.inner.op for part in self.parts)

    @property
    def copies(self) -> tuple[Op, ...]:
        """What stands between them."""
        return tuple(op for part in self.parts for op in part.copies)


def find(graph: ModelGraph) -> Sums:
    """What the additions of a graph merge.

    Reasons: 1. "constant operand": at most one term is a value; 2. "broadcast": a term is stretched over the other;
    3. "attention logits": the sum feeds nothing but a softmax; 4. "interpolation": the difference in x + w (f - x), of
    which the sum is the merge; 5. "cancelled": opposite terms leave but one; or "elementwise expression": all terms are
    multiples of one value; 6. "normalisation": of one value and statistics of it; 7. "weighted stack": a contraction of
    what was stacked.
    """
    return _Search(graph).sums()


class _Search:
    """The additions of one graph, and what has been made of them."""

    def __init__(self, graph: ModelGraph) -> None:
        self._graph = graph
        self._shown = frozenset(graph.outputs)
        self._algebra = Algebra(graph)
        self._expressions = expressions(graph)
        self._stretches = Stretches(graph)
        self._desk = Desk(graph)
        self._additions = additions.all_of(graph)
        self._merges: list[Merge] = []
        self._refusals: list[Refusal] = []

    def sums(self) -> Sums:
        """All of them."""
        totals = self._totals()
        spread: dict[Op, set[Op]] = {}
        for total in totals:
            for op in total.form.met:
                spread.setdefault(op, set()).update((*total.folded, total.addition.op))
        chosen = self._choices({total.addition.result.id: total for total in totals})
        for total in totals:
            if total.addition.op in chosen:
                continue
            users = spread.get(total.addition.op)
            if users is not None and self._only_spread(total.addition.result.id, users):
                told = "the difference is weighted and added to what was subtracted: x + w (f - x)"
                self._refuse(total.addition, "interpolation", told, total.folded)  # 4
            else:
                self._merge(total)
        for op in stacks.weighted(self._graph):
            told = "values are stacked, and added up, each times a weight"
            self._refusals.append(Refusal(op, self._graph.values[op.outputs[0] or ""], "weighted stack", told))  # 7
        place = {op: number for number, op in enumerate(self._graph.ops)}
        refusals = sorted(self._refusals, key=lambda refusal: place[refusal.op])
        merges = sorted(self._merges, key=lambda merge: max(place[op] for op in merge.ops))
        return Sums(tuple(merges), tuple(refusals), self._desk.finished())

    def _totals(self) -> list[_Total]:
        folds = (additions.fold(self._graph, a, self._additions, self._shown) for a in self._additions.values())
        within = {fold.term: fold for fold in folds if fold is not None}
        folded = {fold.inner.op for fold in within.values()}
        totals = []
        for addition in self._additions.values():
            if addition.op in folded:
                continue
            operands, parts = additions.unfolded(addition, within)
            objection = _objection(self._graph, addition, self._shown)
            if objection is None and self._is_stretched(addition, operands):
                objection = STRETCHED  # 2
            terms = {self._original(term.value) for term in operands}  # x + x combines nothing, whatever x is
            if objection is None and len(terms) > 1 and is_normalisation([self._expressions[name] for name in terms]):
                objection = "normalisation", "a value is combined with statistics of it"  # 6
            if objection is None:
                totals.append(_Total(addition, operands, parts, self._form(addition, operands, parts)))
            else:
                self._refuse(addition, *objection, tuple(part.inner.op for part in parts))
        return totals

    def _original(self, name: str) -> str:
        return original(self._graph, self._graph.values[name]).id

    def _is_stretched(self, addition: Addition, operands: Sequence[Term]) -> bool:
        """Whether an operand is stretched though it has the shape of the sum: along one element, or copies of one."""
        shape = addition.result.type.shape
        ones = shape is not None and (1 in shape or self._stretches.repeats)
        return ones and is_stretched([self._stretches.of(term.value) for term in operands], shape)

    def _form(self, addition: Addition, operands: Sequence[Term], parts: Iterable[Fold]) -> Sum:
        written = [(-1 if term.negated else 1, term.value) for term in operands]
        return normal_form(self._algebra, [self._algebra.term(value, sign) for sign, value in written])

    def _refuse(self, addition: Addition, reason: Reason, detail: str, folded: tuple[Op, ...]) -> None:
        self._refusals.append(Refusal(addition.op, addition.result, reason, detail, folded))

    def _merge(self, total: _Total) -> None:
        addition, operands = total.addition, total.operands
        if total.form.changed:
            operands = self._normal(addition, total.form)
            if len(operands) < 2:
                self._refuse(addition, *_left_over(total.form), total.folded)  # 5
                return
        self._merges.append(
            Merge(addition.op, addition.result, operands, len(total.operands), total.folded, total.copies)
        )

    def _normal(self, addition: Addition, form: Sum) -> tuple[Term, ...]:
        """The operands of a normal form."""
        name = addition.result.id
        written = [self._desk.term(name, gathered, addition.op) for gathered in form.terms]
        operands = self._whole(written, addition.result)
        if len(written) == len(operands) == 1 and not operands[0].negated:
            self._desk.copy(name, operands[0].value)
        return operands

    def _whole(self, written: Iterable[tuple[str | Constant, bool]], result: Value) -> tuple[Term, ...]:
        """The values among some terms that are as large as their sum."""
        shape = result.type.shape
        return tuple(
            Term(made, negated)
            for made, negated in written
            if isinstance(made, str) and same_shape(self._desk.value(made).type.shape, shape)
        )

    def _choices(self, totals: Mapping[str, _Total]) -> set[Op]:
        """Merges that are a choice between two sums of the same values, of which there is no other use."""
        found: set[Op] = set()
        for op in self._graph.ops:
            if row_of(op.kind).effect is Effect.CHOICE and op.outputs[0] is not None and len(op.inputs) == 3:
                one, other = (totals.get(given) if isinstance(given, str) else None for given in op.inputs[1:])
                if one is not None and other is not None and one is not other and self._only_use(one, other):
                    found.update(self._chosen(op, self._graph.values[op.outputs[0]], one, other))
        return found

    def _only_use(self, *totals: _Total) -> bool:
        names = [total.addition.result.id for total in totals]
        return all(name not in self._shown and len(self._graph.readers[name]) == 1 for name in names)

    def _chosen(self, choice: Op, result: Value, one: _Total, other: _Total) -> tuple[Op, ...]:
        """Takes down one choice as the merge that the first sum writes; which sums that are."""
        pairs, condition, op = paired(one.form, other.form), choice.inputs[0], one.addition.op
        if pairs is None or condition is None:
            return ()
        operands = self._whole((self._desk.chosen(result.id, condition, pair, op) for pair in pairs), result)
        if len(operands) < 2:
            return ()
        added = len(one.operands) + len(other.operands) - 1
        folded = (*one.folded, *other.folded, other.addition.op)
        self._merges.append(Merge(op, result, operands, added, folded, (*one.copies, *other.copies, choice)))
        return op, other.addition.op

    def _only_spread(self, name: str, users: set[Op]) -> bool:
        """Whether all uses of an inner sum are products, which are added where it has been distributed."""
        if not self._algebra.is_factor_only(name):
            return False
        waiting = [name]
        while waiting:
            for reader in self._graph.readers[waiting.pop()]:
                op = self._graph.values[reader].op
                if op is None or not (row_of(op.kind).effect is Effect.PRODUCT or is_copy(op)):
                    if op not in users:
                        return False
                else:
                    waiting.append(reader)
        return True


def _left_over(form: Sum) -> tuple[Reason, str]:
    if any(len(gathered.products) > 1 for gathered in form.terms):
        return "elementwise expression", "its terms are multiples of one value"
    return "cancelled", "opposite terms cancel, and no two values are left"


def _objection(graph: ModelGraph, addition: Addition, shown: frozenset[str]) -> tuple[Reason, str] | None:
    if len(addition.terms) + addition.stretched < 2:
        other = "the other operand is the same in every forward pass"
        return "constant operand", other if addition.constants else "there is no other operand"  # 1
    if len(addition.terms) < 2:
        return STRETCHED  # 2
    if feeds_softmax_only(graph, addition.result.id, shown):
        return "attention logits", "the sum feeds nothing but a softmax"  # 3
    return None

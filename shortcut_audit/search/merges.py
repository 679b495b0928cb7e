"""Which sums merge values?

Every addition of the graph becomes either a `Merge` (two or more values of equal shape are added) or a `Refusal` with
its reason. A merge is n-ary, so `x + attn + mlp` is one with three operands, and its operands are those of the sum in
normal form: `x + t (h - x)` merges (1 - t) x and t h.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Constant, ModelGraph, Op, Value
from shortcut_audit.graph.sizes import same_shape
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import is_copy, row_of
from shortcut_audit.report import Reason
from shortcut_audit.search import additions, stacks
from shortcut_audit.search.additions import Addition, Term
from shortcut_audit.search.fed import Fed
from shortcut_audit.search.logits import feeds_softmax_only
from shortcut_audit.search.neutral import before_identities
from shortcut_audit.search.rewrites.choices import paired
from shortcut_audit.search.rewrites.products import Algebra
from shortcut_audit.search.rewrites.sums import Sum, normal_form
from shortcut_audit.search.rewrites.values import Desk
from shortcut_audit.search.statistics import Expression, expressions, holds_statistic, is_normalisation
from shortcut_audit.search.totals import Overlaid, Total, totals


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
    between: tuple[Op, ...] = ()
    """What stands between the additions of this sum: copies, and additions of what is stretched over it."""
    beside: tuple[Term, ...] = ()
    """What is stretched over the operands: no shortcut, and no reason for one, but computed beside it."""
    overlaid: tuple[Overlaid, ...] = ()
    """Those of the operands that are a whole value and what is stretched over it, with other readers (totals.py)."""

    @property
    def ops(self) -> tuple[Op, ...]:
        """All ops of this sum."""
        return (*self.folded, *self.between, self.op)


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


class _Formed(NamedTuple):
    """A sum that merges something, as far as the file tells, and its normal form."""

    total: Total
    form: Sum


def find(graph: ModelGraph, told: Mapping[str, Expression] | None = None) -> Sums:
    """What the additions of a graph merge. `told`: its values as expressions, where they have been worked out.

    Reasons: 1. "constant operand": at most one term is a value; 2. "broadcast": a term is stretched over the other;
    3. "attention logits": the sum feeds nothing but a softmax; 4. "interpolation": the difference in x + w (f - x), of
    which the sum is the merge; 5. "cancelled": opposite terms leave but one; or "elementwise expression": all terms are
    multiples of one value; 6. "normalisation": of one value and statistics of it; 7. "weighted stack": a contraction of
    what was stacked.
    """
    return _Search(graph, expressions(graph) if told is None else told).sums()


class _Search:
    """The additions of one graph, and what has been made of them."""

    def __init__(self, graph: ModelGraph, told: Mapping[str, Expression]) -> None:
        self._graph = graph
        self._shown = frozenset(graph.outputs)
        self._algebra = Algebra(graph)
        self._expressions = told
        self._desk = Desk(graph)
        self._fed: Fed | None = None
        self._merges: list[Merge] = []
        self._refusals: list[Refusal] = []

    def sums(self) -> Sums:
        """All of them."""
        formed = self._formed()
        spread: dict[Op, set[Op]] = {}
        for total, form in formed:
            for op in form.met:
                spread.setdefault(op, set()).update((*total.folded, total.addition.op))
        chosen = self._choices({one.total.addition.result.id: one for one in formed})
        for one in formed:
            total = one.total
            if total.addition.op in chosen:
                continue
            users = spread.get(total.addition.op)
            if users is not None and self._only_spread(total.addition.result.id, users):
                told = "the difference is weighted and added to what was subtracted: x + w (f - x)"
                self._refuse(total, "interpolation", told)  # 4
            else:
                self._merge(one)
        for op in stacks.weighted(self._graph):
            told = "values are stacked, and added up, each times a weight"
            self._refusals.append(Refusal(op, self._graph.values[op.outputs[0] or ""], "weighted stack", told))  # 7
        place = {op: number for number, op in enumerate(self._graph.ops)}
        refusals = sorted(self._refusals, key=lambda refusal: place[refusal.op])
        merges = sorted(self._merges, key=lambda merge: max(place[op] for op in merge.ops))
        return Sums(tuple(merges), tuple(refusals), self._desk.finished())

    def _formed(self) -> list[_Formed]:
        """The sums that merge something; the others are refused."""
        formed = []
        for total in totals(self._graph, additions.all_of(self._graph), self._shown, self._is_but_added):
            objection = self._objection(total)
            if objection is None:
                formed.append(_Formed(total, self._form(total.operands)))
            else:
                self._refuse(total, *objection)
        return formed

    def _is_but_added(self, whole: str, over: str) -> bool:
        """Whether a value that is stretched over another one is added to it, and no more than that.

        What a caller brings may be a learned offset (theory: fed weight), and what holds statistics of the value is the
        shift of a normalisation that is written out.
        """
        if self._fed is None:
            place = {name: number for number, name in enumerate(self._graph.values)}
            self._fed = Fed(tuple(self._graph.values.values()), place.__getitem__)
        if self._fed.may_offset(whole, over):
            return False
        return not holds_statistic(self._graph, self._expressions, over, self._expressions[whole].origin)

    def _objection(self, total: Total) -> tuple[Reason, str] | None:
        """Why a sum merges nothing; None if it may."""
        graph, addition = self._graph, total.addition
        if len(addition.terms) + len(addition.stretched) < 2:
            other = "the other operand is the same in every forward pass"
            return "constant operand", other if addition.constants else "there is no other operand"  # 1
        if len(addition.terms) < 2:
            return STRETCHED  # 2
        if feeds_softmax_only(graph, addition.result.id, self._shown):
            return "attention logits", "the sum feeds nothing but a softmax"  # 3
        if len(total.operands) < 2:
            return STRETCHED  # 2
        terms = self._uncancelled(total.operands)  # x + x combines nothing, whatever x is, and n - n - x neither
        if len(terms) > 1 and is_normalisation([self._expressions[name] for name in terms]):
            return "normalisation", "a value is combined with statistics of it"  # 6
        return None

    def _uncancelled(self, operands: Sequence[Term]) -> set[str]:
        """What is added, seen through identities, but for what is subtracted as often as it is added."""
        times: Counter[str] = Counter()
        for term in operands:
            times[self._identical(term.value)] += -1 if term.negated else 1
        return {name for name, often in times.items() if often}

    def _identical(self, name: str) -> str:
        return before_identities(self._graph, self._graph.values[name]).id

    def _form(self, operands: Iterable[Term]) -> Sum:
        written = [(-1 if term.negated else 1, term.value) for term in operands]
        return normal_form(self._algebra, [self._algebra.term(value, sign) for sign, value in written])

    def _refuse(self, total: Total, reason: Reason, detail: str) -> None:
        addition = total.addition
        self._refusals.append(Refusal(addition.op, addition.result, reason, detail, total.folded))

    def _merge(self, one: _Formed) -> None:
        total, form = one
        addition, operands = total.addition, total.operands
        if form.changed:
            operands = self._normal(addition, form)
            if len(operands) < 2:
                self._refuse(total, *_left_over(form))  # 5
                return
        added = len(total.operands)
        self._merges.append(
            Merge(
                addition.op, addition.result, operands, added, total.folded, total.between, total.beside, total.overlaid
            )
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

    def _choices(self, formed: Mapping[str, _Formed]) -> set[Op]:
        """Merges that are a choice between two sums of the same values, of which there is no other use."""
        found: set[Op] = set()
        for op in self._graph.ops:
            if row_of(op.kind).effect is Effect.CHOICE and op.outputs[0] is not None and len(op.inputs) == 3:
                one, other = (formed.get(given) if isinstance(given, str) else None for given in op.inputs[1:])
                if one is not None and other is not None and one is not other and self._only_use(one, other):
                    found.update(self._chosen(op, self._graph.values[op.outputs[0]], one, other))
        return found

    def _only_use(self, *formed: _Formed) -> bool:
        names = [one.total.addition.result.id for one in formed]
        return all(name not in self._shown and len(self._graph.readers[name]) == 1 for name in names)

    def _chosen(self, choice: Op, result: Value, one: _Formed, other: _Formed) -> tuple[Op, ...]:
        """Takes down one choice as the merge that the first sum writes; which sums that are."""
        pairs, condition, op = paired(one.form, other.form), choice.inputs[0], one.total.addition.op
        if pairs is None or condition is None:
            return ()
        operands = self._whole((self._desk.chosen(result.id, condition, pair, op) for pair in pairs), result)
        if len(operands) < 2:
            return ()
        first, second = one.total, other.total
        added = len(first.operands) + len(second.operands) - 1
        folded = (*first.folded, *second.folded, second.addition.op)
        between, beside = (*first.between, *second.between, choice), (*first.beside, *second.beside)
        self._merges.append(Merge(op, result, operands, added, folded, between, beside))
        return op, second.addition.op

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

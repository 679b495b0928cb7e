"""Which operand of a merge is the shortcut, by which route?

He et al. 2015: y = F(x) + x, or y = F(x) + W_s x. The operand that lets the fork x through by the cheapest route is
the shortcut; another operand must do real work, and strictly more than the shortcut (theory: shortcut).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shortcut_audit.frozen import replace
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.additions import Term
from shortcut_audit.search.between import Between
from shortcut_audit.search.found import Found
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.marks import Mark
from shortcut_audit.search.merges import Merge, Refusal
from shortcut_audit.search.prices import UNIT
from shortcut_audit.search.steps import Step
from shortcut_audit.search.totals import Overlaid
from shortcut_audit.search.trial import Trial, refuse
from shortcut_audit.search.walk import explore


def find(between: Between, merge: Merge) -> tuple[Found, ...] | Refusal:
    """The shortcuts that a merge holds, cheapest first, or the reason why it holds none.

    Where the nearest forks give no verdict the next ones are tried, but for the terms of a formula. Reasons:
    1. "independent sources": the operands share no input; 2. "parallel branches": each operand changes what they share
    by a nonlinearity, or the cheapest does as much as the others; 3. "elementwise expression": no operand does real
    work between fork and merge; 4. "average", whichever of these it is of a mean: (x + f(x)) / 2 may be written as one.
    """
    verdict = _found(between, _seen_through(between.lineage, merge))
    if isinstance(verdict, Refusal) and row_of(merge.op.kind).averages:
        return refuse(merge, "average", "what is averaged are equals: no operand is the shortcut of another")  # 4
    return verdict


def _seen_through(lineage: Lineage, merge: Merge) -> Merge:
    """The merge, its operands seen through what is stretched over them.

    Of x + t, which others read as well, x is what is merged, and t stands beside it; but where another operand is
    computed from x + t, that is what both start from: h + F(h), h = x + t.
    """
    below = {each.value: each for each in merge.overlaid}
    while seen := _alone(lineage, merge.operands, below):
        operands = [_under(below[term.value], term) if term.value in seen else term for term in merge.operands]
        if any(Term(term.value, not term.negated) in operands for term in operands):
            return merge  # opposite terms, which are nothing together
        beside = (other for value in seen for other in below.pop(value).beside)
        merge = replace(merge, operands=tuple(operands), beside=(*merge.beside, *beside))
    return merge


def _under(sum_: Overlaid, term: Term) -> Term:
    return Term(sum_.whole.value, sum_.whole.negated != term.negated)


def _alone(lineage: Lineage, operands: Sequence[Term], below: Mapping[str, Overlaid]) -> list[str]:
    """The operands that are such sums, and from which no other operand is computed."""
    if not below:
        return []
    seen = shared = 0
    values = dict.fromkeys(term.value for term in operands)
    for value in values:
        past = lineage.ancestry.past(lineage.number[value])
        shared, seen = shared | (seen & past), seen | past
    return [value for value in values if value in below and not lineage.ancestry.holds(shared, lineage.number[value])]


def _found(between: Between, merge: Merge) -> tuple[Found, ...] | Refusal:
    lineage = between.lineage
    numbers = [lineage.number[term.value] for term in merge.operands]
    offsets = [UNIT[Step.SCALE] if term.negated else 0 for term in merge.operands]
    ways = explore(between.runs, numbers, offsets)
    between.close(lineage.number[merge.result.id])
    if not ways:
        return _unrelated(lineage, merge, numbers)
    first: Refusal | None = None
    barred: frozenset[tuple[int, int]] = frozenset()
    found: tuple[Found, ...] = ()
    for _ in range(FORKS):
        trial = Trial(between, merge, numbers, ways)
        verdict = trial.verdict()
        if isinstance(verdict, Refusal):
            first = first or verdict
        else:
            found = verdict
        barred |= trial.failed
        if not trial.failed or trial.is_formula or len(merge.operands) - len(found) < 2 or len(set(numbers)) < 2:
            break  # of one value, added to itself, no operand does more than the others
        ways = explore(between.runs, numbers, offsets, barred)
        if not ways:
            break
    if found or first is None:
        return _whole(between, merge, found, barred)
    return first


def _whole(
    between: Between, merge: Merge, found: tuple[Found, ...], barred: frozenset[tuple[int, int]]
) -> tuple[Found, ...]:
    """The shortcuts; for those that carry one piece of a fork beside another piece, what the pieces are made of.

    Streams are mixed by a matrix, and one of them goes to the branch (hyper-connections): the mixing is the shortcut's.
    """
    lineage = between.lineage
    numbers = [lineage.number[term.value] for term in merge.operands]
    offsets = [UNIT[Step.SCALE] if term.negated else 0 for term in merge.operands]
    parted: frozenset[tuple[int, int]] = frozenset()
    best = found
    for _ in range(FORKS):
        places = {term: position for position, term in enumerate(merge.operands)}
        siblings = {(places[one.operand], lineage.number[one.fork.id]) for one in best if Mark.SIBLINGS in one.marks}
        if not siblings:
            return best
        parted |= siblings
        ways = explore(between.runs, numbers, offsets, barred, parted=parted)
        verdict = Trial(between, merge, numbers, ways, pieces=True).verdict() if ways else None
        if not isinstance(verdict, tuple) or {one.operand for one in verdict} != {one.operand for one in found}:
            return found
        best = verdict
    return found


def _unrelated(lineage: Lineage, merge: Merge, numbers: list[int]) -> Refusal:
    common = 0
    seen = 0
    for number in numbers:
        sources = lineage.sources(number)
        common, seen = common | (seen & sources), seen | sources
    if not common:
        return refuse(merge, "independent sources", "the operands are computed from different inputs")  # 1
    return refuse(
        merge, "parallel branches", "every operand passes a nonlinearity on its way from what they share"
    )  # 2


FORKS = 6
"""How many forks, one behind the other, are tried."""

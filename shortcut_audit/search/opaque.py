"""On which verdicts does it depend what an op does that is not understood, or where a loose piece lies?

Such an op may do anything between next to nothing and a nonlinear layer. The search is run for both ends. What comes
out the same stands, whatever the op does: y = x + W opaque(V x) has an identity. Any other verdict is *not understood*,
and names the op: opaque(x) + F(x) may be an identity, a projection, or two parallel branches. Where two of them are
added, opaque(x) + opaque'(x), one may do the least and the other the most: x + F(x).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from shortcut_audit.frozen import replace
from shortcut_audit.graph.model import ModelGraph, Op, Shape, Value
from shortcut_audit.operators.rows.declared import PREFIX
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.found import Found
from shortcut_audit.search.merges import Refusal
from shortcut_audit.search.steps import Step

Verdict: TypeAlias = frozenset[tuple[str, Step, bool]]
"""The operands by which shortcuts come, each with the dearest step of its route, and whether learned weights are in
it, perhaps beside the route: in concat(x, opaque(x)) they may be. Empty where there is no shortcut."""

Sums: TypeAlias = "tuple[Sequence[Found], Sequence[Refusal]]"
"""What a search has found, and what it has refused."""


class Ends(NamedTuple):
    """What is found where ops that are not understood do the most, or the least."""

    most: Sums
    least: Sums
    mixed: tuple[Sums, ...] = ()
    """What is found where some of these ops do much, and others little."""

    @property
    def found(self) -> Iterator[Sequence[Found]]:
        """The shortcuts that are found, each end apart."""
        return (found for found, _ in (self.most, self.least, *self.mixed))

    def beside(self, others: Iterable[Ends]) -> Ends:
        """These, and what is found if such ops make other values, too."""
        return self._replace(mixed=(*self.mixed, *(found for end in others for found in (*end[:2], *end.mixed))))


class Unknown(NamedTuple):
    """What of a graph is not known: what ops do, and where pieces lie."""

    graph: ModelGraph
    pieces: frozenset[str]
    """The pieces of joints that nobody can follow."""
    unranked: tuple[str, ...] = ()
    """The values of which nobody knows how many axes they have."""


def is_opaque(op: Op) -> bool:
    """Whether nobody knows what an op does, or how often: a loop of no step hands on what it was given."""
    row = row_of(op.kind)
    return row.repeats or not row.understood


def at_least(graph: ModelGraph, but: frozenset[str] = frozenset()) -> ModelGraph:
    """The graph with each op that is not understood doing the least that it could do, `but` where it makes these."""
    doing = {op: _split(op, _least(graph, op), but) for op in graph.ops if is_opaque(op)}
    makers = {name: part for parts in doing.values() for part in parts for name in part.outputs if name is not None}
    values = {
        name: replace(value, op=makers[name]) if value.op in doing else value for name, value in graph.values.items()
    }
    return replace(graph, values=values, ops=tuple(part for op in graph.ops for part in doing.get(op, (op,))))


def _split(op: Op, least: str, but: frozenset[str]) -> tuple[Op, ...]:
    """An op that does little, and beside it what it was where it makes some values that are to be worked for."""
    much = tuple(name if name in but else None for name in op.outputs)
    if not any(much):
        return (replace(op, kind=PREFIX + least),)
    little = tuple(None if name in but else name for name in op.outputs)
    worked = replace(op, outputs=much)
    return (replace(op, kind=PREFIX + least, outputs=little), worked) if any(little) else (op,)


def mixtures(graph: ModelGraph, refused: Iterable[Refusal]) -> Iterator[frozenset[str]]:
    """Sets of values that ops make of which nobody knows what they do: of two that are added, one is in a set.

    For each two there is a set that holds the one, and one that holds the other. Each round splits the values so that
    half of the pairs that are left, at the least, stand on two sides: the number of sets grows like the logarithm of
    the number of pairs, and is two where no value stands in two sums.
    """
    listed = tuple(refused)
    yield from _by_terms(graph, listed)
    left = list(_added_together(graph, listed))
    while left:
        beside: dict[str, list[str]] = {}
        for one, other in left:
            beside.setdefault(one, []).append(other)
            beside.setdefault(other, []).append(one)
        side: dict[str, bool] = {}
        for name, others in beside.items():
            known = [side[other] for other in others if other in side]
            side[name] = 2 * sum(known) < len(known)
        yield frozenset(name for name, chosen in side.items() if chosen)
        yield frozenset(name for name, chosen in side.items() if not chosen)
        left = [(one, other) for one, other in left if side[one] == side[other]]


NEAREST = 4
"""So many of the values before a term that ops make that are not understood are set against one another."""


def _by_terms(graph: ModelGraph, refused: Iterable[Refusal]) -> Iterator[frozenset[str]]:
    """All such values of every other term, and all of the others, where a term has several of its own.

    A term that is chosen from two of them does little if both do: if(c, a, b) + if(c, f(a), g(b)).
    """
    sides: tuple[set[str], set[str]] = set(), set()
    several = False
    for terms in _near_terms(graph, refused):
        met: set[str] = set()
        for number, names in enumerate(terms):
            own = names - met
            met |= names
            several = several or len(own) > 1
            sides[number % 2].update(own)
    if several:
        yield from (frozenset(side) for side in sides)


def _added_together(graph: ModelGraph, refused: Iterable[Refusal]) -> Iterator[tuple[str, str]]:
    """Each two of the nearest values before the terms of a sum that ops make that are not understood."""
    for terms in _near_terms(graph, refused):
        yield from pairwise(dict.fromkeys(name for names in terms for name in names))


def _near_terms(graph: ModelGraph, refused: Iterable[Refusal]) -> Iterator[list[Set[str]]]:
    """The nearest values before each term of a sum that ops make that are not understood."""
    nearest: dict[str, tuple[tuple[int, str], ...]] = {}
    for op in graph.ops:
        before = {name: far for given in op.values() for far, name in reversed(nearest.get(given, ()))}
        behind = tuple(sorted((far + 1, name) for name, far in before.items())[:NEAREST])
        for made in filter(None, op.outputs):
            nearest[made] = ((0, made),) if is_opaque(op) else behind
    for refusal in refused:
        if refusal.reason in {"parallel branches", "elementwise expression", "average"}:
            terms = dict.fromkeys(name for op in (*refusal.folded, refusal.op) for name in op.values())
            yield [dict.fromkeys(name for _, name in nearest.get(term, ())).keys() for term in terms]


def _least(graph: ModelGraph, op: Op) -> str:
    """Cases: 0. a loop of no step; 1. it reads a matrix; 2. several values; 3. a vector; 4. nothing but one value."""
    if row_of(op.kind).repeats:
        return "copy"  # 0
    learned = [weight for weight in op.weights() if weight.learned]
    if any(len(weight.shape) > 1 for weight in learned):
        return "linear"  # 1
    read = dict.fromkeys(op.values())
    if len(read) > 1:
        return "gate"  # 2
    if learned:
        return "normalisation"  # 3
    made = next((name for name in op.outputs if name is not None), None)
    before = [graph.values[name].type.shape for name in read]
    changed = made is not None and bool(before) and _differ(before[0], graph.values[made].type.shape)
    return "selection" if changed else "copy"  # 4


def _differ(one: Shape, other: Shape) -> bool:
    """Whether two shapes are not the same. What is not known differs from nothing."""
    if one is None or other is None or len(one) != len(other):
        return None not in (one, other)
    return any(None not in (a, b) and a != b for a, b in zip(one, other, strict=True))


def settled(unknown: Unknown, plain: Ends, *supposed: Ends) -> tuple[tuple[Found, ...], tuple[Refusal, ...]]:
    """The verdicts that are the same however little an op that is not understood may do; any other is refused.

    `supposed`: what is found where pieces that nobody can follow are these parts, or those (loose.py).
    """
    verdicts = _Verdicts.of(plain, *supposed)
    kept: list[Found] = []
    refused: list[Refusal] = []
    by_sum: dict[str, list[Found]] = {}
    for shortcut in plain.most[0]:
        by_sum.setdefault(shortcut.merge.result.id, []).append(shortcut)
    for shortcuts in by_sum.values():
        if verdicts.leave(shortcuts):
            kept.extend(shortcuts)
        else:
            merge = shortcuts[0].merge
            refused.append(_unknown(unknown, merge.op, merge.result, merge.folded))
    for refusal in plain.most[1]:
        if verdicts.find_one(refusal):
            refused.append(_unknown(unknown, refusal.op, refusal.result, refusal.folded))
        else:
            refused.append(refusal)
    return tuple(kept), tuple(refused)


Judged: TypeAlias = "Mapping[str, tuple[bool, Verdict]]"
"""Of each addition whether it is a part of a larger sum, and that sum's verdict."""


class _Verdicts(NamedTuple):
    """What the searches come to in which ops that are not understood do the most, the least, or some of it either."""

    most: list[Judged]
    """The first: where pieces lie as they are written. So it is of `least`."""
    least: list[Judged]
    mixed: list[Judged]

    @classmethod
    def of(cls, *drawn: Ends) -> _Verdicts:
        """The verdicts of all that was drawn."""
        mixed = [_verdicts(sums) for ends in drawn for sums in ends.mixed]
        return cls([_verdicts(ends.most) for ends in drawn], [_verdicts(ends.least) for ends in drawn], mixed)

    def leave(self, shortcuts: Sequence[Found]) -> bool:
        """Whether what a sum merges where those ops do the most stands, whatever they do and wherever pieces lie.

        Where they do the least, 0. the same must be found; or 1. nothing: then a clear shortcut stands beside a branch
        of which nobody knows what it does, y = x + opaque(x), and that is taken for real work, as a note says. Where
        pieces lie otherwise, 2. the same, or less beside a projection.
        """
        merge, mine = shortcuts[0].merge, _of(shortcuts)
        terms = {term.value for term in merge.operands}
        clear = not any(map(_rests_on_it, shortcuts))
        plain, *supposed = (_restricted(judged.get(merge.result.id), terms) for judged in self.least)
        if not (plain == mine or (clear and not plain)):  # 0, 1
            return False
        if not all(_covers(mine, verdict) or (clear and not verdict) for verdict in supposed):  # 2, 1
            return False
        return all(_covers(mine, _restricted(judged.get(merge.result.id), terms)) for judged in self.most[1:])  # 2

    def find_one(self, refusal: Refusal) -> bool:
        """Whether a sum without a shortcut has one if those ops do less, or pieces lie otherwise."""
        terms = set(refusal.op.values())
        others = (*self.least, *self.mixed, *self.most[1:])
        return any(_restricted(judged.get(refusal.result.id), terms) for judged in others)


def _covers(mine: Verdict, other: Verdict) -> bool:
    """Whether a verdict stands though another one is possible: that is the same, or a cheaper one than a projection."""
    dear = all(step >= Step.DIAGONAL or weighed for _, step, weighed in mine)
    return mine == other or (dear and {value for value, _, _ in other} <= {value for value, _, _ in mine})


def _rests_on_it(shortcut: Found) -> bool:
    """Whether such an op stands between the fork and the shortcut's operand: in its gate."""
    return any(map(is_opaque, shortcut.through))


def _of(shortcuts: Iterable[Found]) -> Verdict:
    return frozenset(
        (s.operand.value, max((link.step for link in s.route), default=Step.VIEW), _weighs(s)) for s in shortcuts
    )


def _weighs(shortcut: Found) -> bool:
    return any(weight.learned for op in shortcut.through for weight in op.weights())


def _verdicts(sums: Sums) -> Judged:
    found: dict[str, list[Found]] = {}
    results: dict[str, Iterable[Op]] = {}
    for shortcut in sums[0]:
        found.setdefault(shortcut.merge.result.id, []).append(shortcut)
        results[shortcut.merge.result.id] = shortcut.merge.folded
    for refusal in sums[1]:
        results[refusal.result.id] = refusal.folded
    verdicts: dict[str, tuple[bool, Verdict]] = {}
    for name, folded in results.items():
        verdict = _of(found.get(name, ()))
        verdicts[name] = (False, verdict)
        verdicts.update((made, (True, verdict)) for op in folded for made in op.outputs if made is not None)
    return verdicts


def _restricted(verdict: tuple[bool, Verdict] | None, terms: set[str]) -> Verdict:
    """The verdict on a sum; of one that is part of a larger sum, what concerns its own terms."""
    if verdict is None:
        return frozenset()
    folded, found = verdict
    return frozenset(pair for pair in found if pair[0] in terms) if folded else found


def _unknown(unknown: Unknown, op: Op, result: Value, folded: tuple[Op, ...]) -> Refusal:
    culprit = _nearest(unknown, op)
    rank = f"nobody knows how many axes {unknown.unranked[0]} has" if unknown.unranked else ""
    detail = rank if culprit is None else f"{culprit.kind} at {culprit.name or next(filter(None, culprit.outputs), '')}"
    return Refusal(op, result, "not understood", detail, folded)


def _nearest(unknown: Unknown, op: Op) -> Op | None:
    """The op that is not understood, or makes such a piece, from which an addition is the fewest steps away."""
    waiting = deque(op.values())
    seen = set(waiting)
    while waiting:
        name = waiting.popleft()
        maker = unknown.graph.values[name].op
        if maker is not None and (is_opaque(maker) or name in unknown.pieces):
            return maker
        for given in maker.values() if maker is not None else ():
            if given not in seen:
                seen.add(given)
                waiting.append(given)
    return None

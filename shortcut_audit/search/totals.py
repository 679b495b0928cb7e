"""Which additions are one sum, and what does it add?

An addition whose only use is another addition of the same shape is part of that one, copies in between (a Cast, an
Identity) or not. A value that is stretched over the others is no operand of a sum: the addition that stretches it is
listed as such, and seen through. (x + t) + f, x + (t + f) and (x + f) + t add x and f, and t beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import NamedTuple, TypeAlias

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import ModelGraph, Op
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.additions import Addition, Term
from shortcut_audit.search.neutral import before_identities, passes
from shortcut_audit.search.stretch import Stretches, stretched


@frozen
class Overlaid:
    """A value that is the sum of a whole one and of what is stretched over it, whoever else reads it."""

    value: str
    whole: Term
    beside: tuple[Term, ...]


@frozen
class Total:
    """What additions that are one sum add together; or one addition that merges nothing."""

    addition: Addition
    """The last one."""
    operands: tuple[Term, ...]
    """The values that are added whole."""
    beside: tuple[Term, ...] = ()
    """Those that are stretched over them."""
    folded: tuple[Op, ...] = ()
    """The other additions of whole values, earliest first."""
    between: tuple[Op, ...] = ()
    """What stands between them: copies, and additions of stretched values, which are listed by themselves."""
    overlaid: tuple[Overlaid, ...] = ()
    """Those of the operands that are such sums but have other readers, and what these sums are made of in turn."""


@frozen
class _Fold:
    """An addition whose only use is to be added."""

    inner: Addition
    outer: Addition
    term: str
    """The value by which the outer one reads it: its result, or a copy of that."""
    copies: tuple[Op, ...]


OVERLAID = 8
"""How many values may be stretched over one another, one after the other, for the one below to be seen."""

Sees: TypeAlias = Callable[[str, str], bool]
"""Whether a sum of a whole value and one that is stretched over it is no more than their sum."""


def totals(graph: ModelGraph, additions: Mapping[str, Addition], shown: frozenset[str], sees: Sees) -> list[Total]:
    """All sums of a graph, in the order in which they are complete, and all additions that are part of none.

    `additions`: by what they make, in topological order; `shown`: values that are read from outside; `sees`: what is
    asked before a value is seen through another one that is stretched over it.
    """
    return list(_Totals(graph, additions, shown, sees).all())


class _Totals:
    """The additions of one graph, as a forest: each stands below the one that reads it."""

    def __init__(self, graph: ModelGraph, additions: Mapping[str, Addition], shown: frozenset[str], sees: Sees) -> None:
        self._graph = graph
        self._additions = additions
        self._shown = shown
        self._sees = sees
        self._stretches = Stretches(graph)
        self._seen: dict[str, Overlaid | None] = {}
        self._within: dict[str, _Fold] = {}
        """The additions that are read by others, by the value that those read."""
        for addition in additions.values():
            fold = self._fold(addition)
            if fold is not None:
                self._within[fold.term] = fold

    def all(self) -> Iterator[Total]:
        """The sums of each tree."""
        inner = {fold.inner.result.id for fold in self._within.values()}
        place = {name: number for number, name in enumerate(self._additions)}
        found = [total for name, root in self._additions.items() if name not in inner for total in self._trees(root)]
        return iter(sorted(found, key=lambda total: place[total.addition.result.id]))

    def _fold(self, addition: Addition) -> _Fold | None:
        """How an addition is part of another one: its only use, seen through copies and 1 x."""
        if row_of(addition.op.kind).averages or not self._is_seen_through(addition):
            return None
        graph, term, copies = self._graph, addition.result.id, list[Op]()
        while term not in self._shown and len(graph.readers[term]) == 1:
            (reader,) = graph.readers[term]
            outer, op = self._additions.get(reader), graph.values[reader].op
            if outer is not None and row_of(outer.op.kind).averages:
                return None
            copied = op is not None and passes(graph, op, term)
            if outer is not None and not copied:
                once = sum(other.value == term for other in outer.terms) == 1
                adds = len(outer.terms) + len(outer.stretched) > 1
                return _Fold(addition, outer, term, tuple(copies)) if once and adds else None
            if op is None or not copied:
                return None
            copies.append(op)
            term = reader
        return None

    def _is_seen_through(self, addition: Addition) -> bool:
        """Whether what an addition adds may be operands of the sum that it is part of."""
        leaves = _leaves(addition, negated=False)
        whole = self._whole(addition, leaves)
        if sum(whole) > 1:
            return True
        if sum(whole) == 0 or addition.constants or len(leaves) < 2:
            return False
        (seen,) = compress(leaves, whole)
        return all(self._sees(seen.term.value, leaf.term.value) for leaf in leaves if leaf is not seen)

    def _whole(self, addition: Addition, leaves: Sequence[_Leaf]) -> list[bool]:
        """Which terms of a sum are not stretched over others: as large as it is, and along more than one element."""
        shape = addition.result.type.shape
        sizes = {size for leaf in leaves for size in self._graph.values[leaf.term.value].type.shape or ()}
        if shape is None or not ({1, None}.intersection(sizes) or self._stretches.repeats):
            return [leaf.fits for leaf in leaves]
        over = stretched([self._stretches.of(leaf.term.value) if leaf.fits else () for leaf in leaves], shape)
        return [leaf.fits and not along for leaf, along in zip(leaves, over, strict=True)]

    def _unfolded(self, last: Addition) -> tuple[list[_Leaf], list[_Fold]]:
        """What an addition adds, seen through those that are part of it, and these, earliest first."""
        leaves, parts = list[_Leaf](), list[_Fold]()
        waiting = list(reversed(_leaves(last, negated=False)))
        while waiting:
            leaf = waiting.pop()
            fold = self._within.get(leaf.term.value)
            if fold is None:
                leaves.append(leaf)
            else:
                parts.append(fold)
                waiting.extend(reversed(_leaves(fold.inner, negated=leaf.term.negated)))
        return leaves, parts[::-1]

    def _trees(self, root: Addition) -> Iterator[Total]:
        """The sum that an addition, and those below it, are; and those of them that are no part of that one."""
        roots = [root]
        while roots:
            top = roots.pop()
            leaves, parts = self._unfolded(top)
            whole = {leaf.term.value for leaf in compress(leaves, self._whole(top, leaves))}
            holding = self._holding([*(fold.inner for fold in parts), top], whole)
            smaller = [fold for fold in parts if self._is_smaller(fold, top, holding)]
            if smaller:
                for fold in smaller:
                    del self._within[fold.term]
                roots += [top, *(fold.inner for fold in smaller)]
                continue
            last = self._last(top, holding)
            for addition in (top, *(fold.inner for fold in parts)):
                if addition.listed and len(holding[addition.result.id]) < 2:
                    yield Total(addition, ())
            if len(holding[last.result.id]) > 1:
                yield self._total(last, whole, holding)

    def _is_smaller(self, fold: _Fold, top: Addition, holding: Mapping[str, list[str]]) -> bool:
        """Whether an addition is a smaller sum of its own, which is stretched over another one as a single value."""
        return not holding[fold.inner.result.id] and (fold.outer is top or bool(holding[fold.outer.result.id]))

    def _holding(self, additions: Sequence[Addition], whole: Collection[str]) -> dict[str, list[str]]:
        """For each addition, earliest first, the terms in which something is added whole."""
        found: dict[str, list[str]] = {}
        for addition in additions:
            found[addition.result.id] = [
                term.value
                for term in addition.terms
                if (found[fold.inner.result.id] if (fold := self._within.get(term.value)) else term.value in whole)
            ]
        return found

    def _last(self, root: Addition, holding: Mapping[str, list[str]]) -> Addition:
        """The addition with which a sum is complete: what is stretched over all of it, behind it, is no part of it."""
        last = root
        while len(terms := holding[last.result.id]) == 1 and (fold := self._within.get(terms[0])) is not None:
            last = fold.inner
        return last

    def _total(self, last: Addition, whole: Collection[str], holding: Mapping[str, list[str]]) -> Total:
        """The sum that is complete with an addition."""
        leaves, parts = self._unfolded(last)
        operands = [leaf.fits and leaf.term.value in whole for leaf in leaves]
        folded, between = list[Op](), list[Op]()
        for fold in parts:
            (folded if len(holding[fold.inner.result.id]) > 1 else between).append(fold.inner.op)
            between.extend(fold.copies)
        added = tuple(leaf.term for leaf, fits in zip(leaves, operands, strict=True) if fits)
        beside = tuple(leaf.term for leaf, fits in zip(leaves, operands, strict=True) if not fits)
        return Total(last, added, beside, tuple(folded), tuple(between), tuple(self._overlaid(added)))

    def _overlaid(self, operands: Iterable[Term]) -> Iterator[Overlaid]:
        """The operands that are a whole value and what is stretched over it, and these values if they are such sums."""
        for term in operands:
            value, found = term.value, 0
            while found < OVERLAID and (seen := self._seen_through(value)) is not None:
                yield seen
                value, found = seen.whole.value, found + 1

    def _seen_through(self, value: str) -> Overlaid | None:
        """A value as the sum of a whole one and of what is stretched over it; None if it is no such sum."""
        if value not in self._seen:
            addition = self._additions.get(before_identities(self._graph, self._graph.values[value]).id)
            self._seen[value] = None if addition is None else self._split(value, addition)
        return self._seen[value]

    def _split(self, value: str, addition: Addition) -> Overlaid | None:
        if row_of(addition.op.kind).averages:
            return None
        leaves = _leaves(addition, negated=False)
        whole = self._whole(addition, leaves)
        if sum(whole) != 1 or not self._is_seen_through(addition):
            return None
        (seen,) = compress(leaves, whole)
        return Overlaid(value, seen.term, tuple(leaf.term for leaf in leaves if leaf is not seen))


class _Leaf(NamedTuple):
    """A term of a sum that is no sum itself."""

    term: Term
    fits: bool
    """Whether it has the shape of the sum."""


def _leaves(addition: Addition, *, negated: bool) -> list[_Leaf]:
    """What an addition adds; all of it subtracted, if the addition is."""
    return [
        _Leaf(Term(term.value, term.negated != negated), fits)
        for terms, fits in ((addition.terms, True), (addition.stretched, False))
        for term in terms
    ]

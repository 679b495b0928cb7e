"""Which additions of a graph merge a shortcut, by which route does it come, and what are the other additions?

`search` is the way in: merges.py lists the sums. For each, walk.py finds the ways back to what its operands share,
between.py what lies on them and beside them; ancestry.py and reach.py answer for all sums together. shortcuts.py
decides, opaque.py takes back what depends on ops that are not understood, or on pieces that nobody can follow
(loose.py), or on ranks (ranks.py), and unseen.py tells which of these ops may be additions themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shortcut_audit.frozen import replace
from shortcut_audit.graph.model import ModelGraph, Op
from shortcut_audit.search import concatenations, loose, merges, opaque, ranks, shortcuts, unseen
from shortcut_audit.search.between import Between
from shortcut_audit.search.concatenations import Concatenation
from shortcut_audit.search.extent import Measure
from shortcut_audit.search.found import Found
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.marks import Mark, added_again
from shortcut_audit.search.merges import Refusal
from shortcut_audit.search.rewrites.logarithms import together
from shortcut_audit.search.rewrites.pieces import followed
from shortcut_audit.search.rewrites.scatters import as_sums
from shortcut_audit.search.statistics import expressions


class Searched(NamedTuple):
    """Every addition of a graph: each is part of a shortcut that was found, or refused with its reason."""

    found: tuple[Found, ...]
    refused: tuple[Refusal, ...]
    measure: Measure
    """What stretches of the graph hold, as far as the search has measured them."""
    concatenations: tuple[Concatenation, ...]
    """Joints of values with what was computed from them."""
    graph: ModelGraph
    """The graph, and in it the values of normal forms that the file does not write: routes may lead through them."""


def search(graph: ModelGraph) -> Searched:
    """The shortcuts of a graph, and its other additions."""
    made = _searched(graph)
    if not ranks.may_decide(graph, made.found):
        return _settled(graph, made)
    ranked, *others = ranks.supposed(graph)
    origins = [name for name, value in graph.values.items() if value.type.shape is None]
    settled = _settled(ranked, _searched(ranked, graph), others, origins)
    refused = (replace(one, result=ranks.known(one.result, graph)) for one in settled.refused)
    return settled._replace(
        found=ranks.as_known(settled.found, graph),
        refused=tuple(refused),
        concatenations=made.concatenations,
        graph=ranks.graph_as_known(settled.graph, graph),
    )


def _settled(
    graph: ModelGraph, made: Searched, ranked: Sequence[ModelGraph] = (), unranked: Sequence[str] = ()
) -> Searched:
    """What is found in a graph, but for what depends on what nobody knows.

    `ranked`: the graph with other ranks of its values, `unranked`, that have none.
    """
    pieces = loose.loose(graph)
    obscure = any(map(opaque.is_opaque, graph.ops))
    if not obscure and not pieces and not ranked and not unseen.may_add(graph):
        return made
    others = (*ranked, *loose.supposed(graph, pieces))
    ends = [_ends(graph, made, obscure=obscure), *(_ends(other, obscure=obscure) for other in others)]
    if obscure:
        opened = [other for seen in (graph, *others) if (other := loose.opened(seen)) is not None]
        ends[0] = ends[0].beside(_ends(other, obscure=True) for other in opened)
    unknown = opaque.Unknown(made.graph, frozenset(piece.piece.id for piece in pieces), tuple(unranked))
    found, refused = opaque.settled(unknown, *ends)
    hidden: dict[Op, Refusal] = {}
    for seen in (graph, *others):
        for refusal in unseen.additions(seen, found, lambda drawn: _ends(drawn, obscure=obscure).found):
            hidden.setdefault(refusal.op, refusal)
    told = (refusal for refusal in refused if refusal.op not in hidden)
    return made._replace(found=found, refused=(*told, *hidden.values()))


def _ends(graph: ModelGraph, made: Searched | None = None, *, obscure: bool) -> opaque.Ends:
    """What is found if ops that are not understood do the most, the least, or some of them the one, some the other."""
    made = made or _searched(graph)
    if not obscure:
        return opaque.Ends(made[:2], made[:2])
    doing = (frozenset[str](), *opaque.mixtures(made.graph, made.refused))
    least, *mixed = (_searched(opaque.at_least(graph, but))[:2] for but in doing)
    return opaque.Ends(made[:2], least, tuple(mixed))


def _searched(graph: ModelGraph, known: ModelGraph | None = None) -> Searched:
    """What is found if each op does what its row says, and one that is not understood the most that it could do.

    `known`: what is known of a graph whose ranks are supposed; by that its costs are counted.
    """
    written = together(followed(as_sums(graph)))
    told = expressions(written)
    candidates, no_merges, normal = merges.find(written, told)
    counted = None if known is None else ranks.graph_as_known(normal, known)
    lineage = Lineage(normal, candidates, told if normal is written else None, counted)
    between = Between(lineage)
    found: list[Found] = []
    refused: list[Refusal] = list(no_merges)
    for merge in candidates:  # in topological order: what lies behind a merge that has been looked at is closed
        verdict = shortcuts.find(between, merge)
        if isinstance(verdict, Refusal):
            refused.append(verdict)
        else:
            found.extend(verdict)
    joined = concatenations.find(graph, lambda op: lineage.measure.of(op).working)
    return Searched(tuple(_told_again(found)), tuple(refused), lineage.measure, joined, normal)


def _told_again(found: list[Found]) -> Iterator[Found]:
    """The shortcuts, those marked whose fork is added unchanged in many sums."""
    again = added_again(shortcut.fork.id for shortcut in found if not shortcut.route)
    for shortcut in found:
        told = shortcut.fork.id in again and not shortcut.route
        yield replace(shortcut, marks=shortcut.marks | {Mark.ADDED_AGAIN}) if told else shortcut

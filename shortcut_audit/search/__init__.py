"""Which additions of a graph merge a shortcut, by which route does it come, and what are the other additions?

`search` is the way in: merges.py lists the sums. For each, walk.py finds the ways back to what its operands share,
between.py what lies on them and beside them; ancestry.py and reach.py answer for all sums together. shortcuts.py
decides, opaque.py takes back what depends on ops that are not understood, and unseen.py tells which of these may be
additions themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shortcut_audit.frozen import replace
from shortcut_audit.graph.model import ModelGraph
from shortcut_audit.search import concatenations, merges, opaque, shortcuts, unseen
from shortcut_audit.search.between import Between
from shortcut_audit.search.concatenations import Concatenation
from shortcut_audit.search.extent import Measure
from shortcut_audit.search.found import Found
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.marks import Mark, added_again
from shortcut_audit.search.merges import Refusal
from shortcut_audit.search.rewrites.pieces import followed
from shortcut_audit.search.rewrites.scatters import as_sums


class Searched(NamedTuple):
    """Every addition of a graph: each is part of a shortcut that was found, or refused with its reason."""

    found: tuple[Found, ...]
    refused: tuple[Refusal, ...]
    measure: Measure
    """What stretches of the graph hold, as far as the search has measured them."""
    concatenations: tuple[Concatenation, ...] | None
    """Joints of values with what was computed from them; None where that would take too long to find out."""
    graph: ModelGraph
    """The graph, and in it the values of normal forms that the file does not write: routes may lead through them."""


def search(graph: ModelGraph) -> Searched:
    """The shortcuts of a graph, and its other additions."""
    made = _searched(graph)
    if not any(map(opaque.is_opaque, graph.ops)):
        return made
    least, *mixed = (
        _searched(opaque.at_least(graph, but))[:2]
        for but in (frozenset[str](), *opaque.mixtures(made.graph, made.refused))
    )
    found, refused = opaque.settled(made.graph, made[:2], least, mixed)
    hidden = unseen.additions(graph, found, lambda drawn: _searched(drawn).found, opaque.at_least)
    return made._replace(found=found, refused=(*refused, *hidden))


def _searched(graph: ModelGraph) -> Searched:
    """What is found if each op does what its row says, and one that is not understood the most that it could do."""
    candidates, no_merges, normal = merges.find(followed(as_sums(graph)))
    lineage = Lineage(normal, candidates)
    between = Between(lineage)
    found: list[Found] = []
    refused: list[Refusal] = list(no_merges)
    for merge in candidates:  # in topological order: what lies behind a merge that has been looked at is closed
        verdict = shortcuts.find(between, merge)
        if isinstance(verdict, Refusal):
            refused.append(verdict)
        else:
            found.extend(verdict)
    told = tuple(_told_again(found))
    return Searched(told, tuple(refused), lineage.measure, concatenations.find(graph), normal)


def _told_again(found: list[Found]) -> Iterator[Found]:
    """The shortcuts, those marked whose fork is added unchanged in many sums."""
    again = added_again(shortcut.fork.id for shortcut in found if not shortcut.route)
    for shortcut in found:
        told = shortcut.fork.id in again and not shortcut.route
        yield replace(shortcut, marks=shortcut.marks | {Mark.ADDED_AGAIN}) if told else shortcut

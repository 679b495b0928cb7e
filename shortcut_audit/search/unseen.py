"""Which ops that are not understood may be additions themselves, and merge a shortcut that nobody sees?

y = opaque(F(x), x) may be F(x) + x, as in one kernel that adds and normalises, or F(x) + W x. The search is run with
an addition in the place of each op that reads several values of one shape. Where it finds a shortcut there, the op is
an addition that is not understood. What lies on the branch of a clear shortcut, x + W opaque(Q x, K x, V x), is its
work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from shortcut_audit.frozen import replace
from shortcut_audit.graph.model import ModelGraph, Op
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.found import Found
from shortcut_audit.search.merges import Refusal

WALKED = 50
"""So many values may be walked for each of the graph, in all, to tell which ops lie on the branch of a clear shortcut.
What is not reached by then is none of its work."""

Search = Callable[[ModelGraph], Iterable[Found]]
Weaken = Callable[[ModelGraph], ModelGraph]


def additions(graph: ModelGraph, clear: Iterable[Found], searched: Search, weakened: Weaken) -> Iterator[Refusal]:
    """The ops of a graph that may be such additions. `clear`: the shortcuts that stand, whatever those ops do.

    Others that are not understood may do as much as they like, or, `weakened`, as little.
    """
    summed, adding = _as_sums(graph)
    if not adding:
        return
    forks: dict[Op, set[str]] = {}
    for drawn in (summed, weakened(summed)):
        for found in searched(drawn):
            for op in (found.merge.op, *found.merge.folded):
                if op in adding:
                    forks.setdefault(adding[op], set()).add(found.fork.id)
    covered = _covered(graph, clear, forks)
    for op, result in ((op, next(filter(None, op.outputs))) for op in forks if op not in covered):
        yield Refusal(op, graph.values[result], "not understood", f"{op.kind} at {op.name or result}")


def _as_sums(graph: ModelGraph) -> tuple[ModelGraph, Mapping[Op, Op]]:
    """The graph in which each op that may be an addition is one; and of these additions the ops that they stand for."""
    doing = {op: replace(op, kind="Sum", inputs=terms) for op in graph.ops if len(terms := _terms(graph, op)) > 1}
    values = {
        name: replace(value, op=doing[value.op]) if value.op in doing else value for name, value in graph.values.items()
    }
    ops = tuple(doing.get(op, op) for op in graph.ops)
    return replace(graph, values=values, ops=ops), {added: op for op, added in doing.items()}


def _terms(graph: ModelGraph, op: Op) -> tuple[str, ...]:
    """The values that an op may add: most of those that it reads are of one shape, as far as shapes are known."""
    row = row_of(op.kind)
    if row.understood or row.repeats:
        return ()
    alike: dict[object, list[str]] = {}
    for name in dict.fromkeys(op.values()):
        alike.setdefault(graph.values[name].type.shape, []).append(name)
    open_shapes = alike.pop(None, [])
    return (*max(alike.values(), key=len, default=[]), *open_shapes)


def _covered(graph: ModelGraph, clear: Iterable[Found], forks: Mapping[Op, set[str]]) -> set[Op]:
    """The ops that lie, with all that they may be shortcuts around, on the branch of a clear shortcut."""
    place = {name: number for number, name in enumerate(graph.values)}
    left = WALKED * len(place)
    covered: set[Op] = set()
    for shortcut in clear:
        fork = place.get(shortcut.fork.id)
        if fork is None or not shortcut.residual.unknown or len(covered) == len(forks):
            continue
        region, waiting = {shortcut.fork.id}, [name for op in shortcut.merge.ops for name in op.values()]
        while waiting and left > 0:
            name = waiting.pop()
            if name in region or place[name] < fork:
                continue  # what was there before the fork is not computed from it
            left -= 1
            region.add(name)
            maker = graph.values[name].op
            waiting.extend(maker.values() if maker is not None else ())
        covered.update(op for op in forks if forks[op] <= region and region.intersection(filter(None, op.outputs)))
    return covered

"""Which ops may be additions that nobody sees, and merge a shortcut?

y = opaque(F(x), x) may be F(x) + x, as in one kernel that adds and normalises, or F(x) + W x. So may a sum or a product
with numbers over what was joined and laid out otherwise: cat([x, F(x)]).view(2, n).sum(0). The search is run with an
addition in the place of each such op. Where it finds a shortcut there, the op is an addition that is not understood.
What lies on the branch of a clear shortcut, x + W opaque(Q x, K x, V x), is its work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from shortcut_audit.frozen import replace
from shortcut_audit.graph.model import ModelGraph, Op, Value
from shortcut_audit.graph.sizes import count
from shortcut_audit.operators.axes import only_axis, rank_of, summed_stack
from shortcut_audit.operators.row import Effect, Family
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.found import Found
from shortcut_audit.search.joints import Behind, behind, joins_several
from shortcut_audit.search.merges import Refusal
from shortcut_audit.search.rewrites.values import rebuilt

WALKED = 50
"""So many values may be walked for each of the graph, in all, to tell which ops lie on the branch of a clear shortcut.
What is not reached by then is none of its work."""

Search = Callable[[ModelGraph], Iterable[Iterable[Found]]]
"""Finds the shortcuts of a graph: if what is not understood does the most, the least, or some of it either."""


def additions(graph: ModelGraph, clear: Iterable[Found], searched: Search) -> Iterator[Refusal]:
    """The ops of a graph that may be such additions. `clear`: the shortcuts that stand, whatever those ops do."""
    summed, adding = _as_sums(graph)
    if not adding:
        return
    forks: dict[Op, set[str]] = {}
    for found in (found for drawn in searched(summed) for found in drawn):
        for op in (found.merge.op, *found.merge.folded):
            if op in adding:
                forks.setdefault(adding[op], set()).add(found.fork.id)
    covered = _covered(graph, clear, forks)
    for op, result in ((op, next(filter(None, op.outputs))) for op in forks if op not in covered):
        yield Refusal(op, graph.values[result], "not understood", f"{op.kind} at {op.name or result}")


def may_add(graph: ModelGraph) -> bool:
    """Whether there is an op that may be such an addition, though it is understood: it sums what was joined."""
    held = behind(graph, joins_several, weighed=False)
    return bool(held) and any(len(_joined(graph, op, held)) > 1 for op in graph.ops)


def _as_sums(graph: ModelGraph) -> tuple[ModelGraph, Mapping[Op, Op]]:
    """The graph in which each op that may be an addition is one; and of these additions the ops that they stand for."""
    held = behind(graph, joins_several, weighed=False)
    doing: dict[Op, Op] = {}
    for op in graph.ops:
        terms = _terms(graph, op) or _joined(graph, op, held)
        if len(terms) > 1:
            doing[op] = replace(op, kind="Sum", inputs=terms, attributes={})
    values = {
        name: _summed(graph, value, doing[value.op]) if value.op in doing else value
        for name, value in graph.values.items()
    }
    return rebuilt(graph, values), {added: op for op, added in doing.items()}


def _summed(graph: ModelGraph, value: Value, added: Op) -> Value:
    """What an addition makes, as large as what it adds."""
    assert value.op is not None, "it is made by an op"
    if not row_of(value.op.kind).understood:
        return replace(value, op=added)
    return Value(value.id, graph.values[added.values()[0]].type, added, value.slot)


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


def _joined(graph: ModelGraph, op: Op, held: Mapping[str, Behind]) -> tuple[str, ...]:
    """The values that an op may add that were joined before: what it sums holds the joint, and may hold all parts.

    Of x + F(x) as cat([x, F(x)]).view(2, n).sum(0) these are x and F(x).
    """
    read = op.values()
    if len(read) != 1 or read[0] not in held or not _sums_unweighted(graph, op):
        return ()
    source, axis = held[read[0]]
    joint = graph.values[source].op
    if joint is None or _keeps_parts_apart(graph, op, axis):
        return ()
    parts = tuple(dict.fromkeys(joint.values()))
    return parts if op.kind in RUNNING or _makes_as_many(graph, op, parts) else ()


def _sums_unweighted(graph: ModelGraph, op: Op) -> bool:
    """Whether an op sums elements, by no learned weights, and not what was stacked for it: that is an addition seen."""
    row = row_of(op.kind)
    pools = row.effect is Effect.SELECTION and row.mixes is True and not row.maximum
    if not (pools or row.effect is Effect.CONTRACTION):
        return False
    return not any(weight.learned for weight in op.weights()) and summed_stack(graph, op) is None


def _keeps_parts_apart(graph: ModelGraph, op: Op, axis: int | None) -> bool:
    """Whether an op is known to sum along other axes than that of the joint, and adds no part to another.

    One axis that is counted from the front and one from the back cannot be told apart.
    """
    rank = rank_of(graph, op.values()[0])
    if axis is None or row_of(op.kind).effect is Effect.CONTRACTION:
        return False
    summed = only_axis(op, rank)
    if summed is not None:
        return (axis < 0) == (summed < 0) and axis != summed
    return 0 <= axis < _left_alone(op, rank)


def _left_alone(op: Op, rank: int | None) -> int:
    """How many of the first axes a pool is known to leave alone: all but those of space."""
    row, wanted = row_of(op.kind), op.attributes.get("output_size")
    if isinstance(wanted, tuple):
        return 0 if rank is None else rank - len(wanted)
    return 2 if row.spatial or row.family is Family.WINDOW_POOLING else 0


def _makes_as_many(graph: ModelGraph, op: Op, parts: Iterable[str]) -> bool:
    """Whether an op makes as many elements as each part has, as far as sizes are known."""
    made = count(graph.values[op.outputs[0] or ""].type.shape)
    sizes = [count(graph.values[part].type.shape) for part in parts]
    return made is None or all(size is None or size == made for size in sizes)


RUNNING = frozenset({"CumSum"})
"""What makes all sums of the first elements, of which the last is that of all: no other operator does."""


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

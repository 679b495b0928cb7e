"""What would be found if values of which nobody knows how many axes they have had two, three, four or five?

An op that counts axes from the front, or from the end, makes one of another value, lays elements into one that it puts
in, or takes a piece along one: where ranks are not known nobody sees that `W mean(x, axes=1)` is stretched over x. The
search is run on the graph with ranks supposed that fit it: what depends on the rank is not understood (opaque.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from shortcut_audit.frozen import replace
from shortcut_audit.graph.model import ModelGraph, Op, Shape, TensorType, Value
from shortcut_audit.graph.sizes import completed
from shortcut_audit.operators.infer import infer
from shortcut_audit.operators.row import Family
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.found import Found

if TYPE_CHECKING:
    from shortcut_audit.search.routes import Route

RANKS = 3, 4, 2, 5
"""How many axes a value may have: tokens, images, rows, videos. The likeliest first."""

OPSET = 20
"""By which opset shapes follow where a rank is supposed: a graph does not keep its own, and few rules ask for it."""


class _Supposed(NamedTuple):
    """A graph in which every value has a rank."""

    graph: ModelGraph
    misfits: int
    """How many ops cannot take values of these ranks, or combine such of different ranks."""


def may_decide(graph: ModelGraph, found: Iterable[Found]) -> bool:
    """Whether what a shortcut is merged to, or anything that this is made of, has no known rank."""
    needed = {one.merge.result.id for one in found}
    for name, value in reversed(tuple(graph.values.items())):
        if name in needed:
            if value.type.shape is None:
                return True
            needed.update(value.op.values() if value.op is not None else ())
    return False


def supposed(graph: ModelGraph) -> tuple[ModelGraph, ...]:
    """The graph with each of the ranks that fit it best; nothing where all ranks are known.

    What the model is fed has the supposed rank. So has what an op makes of which no shape tells it, or that has as many
    axes as what it is made from.
    """
    if all(value.type.shape is not None for value in graph.values.values()):
        return ()
    drawn = list(_drawn(graph))
    fewest = min(one.misfits for one in drawn)
    return tuple(one.graph for one in drawn if one.misfits == fewest)


def _drawn(graph: ModelGraph) -> Iterator[_Supposed]:
    """The graph with each supposed rank, without those that come to the same."""
    seen = set[tuple[int, ...]]()
    for keeps in (True, False):
        for rank in RANKS:
            one = _with_rank(graph, rank, keeps=keeps)
            ranks = tuple(len(value.type.shape or ()) for value in one.graph.values.values())
            if ranks not in seen:
                seen.add(ranks)
                yield one


def _with_rank(graph: ModelGraph, rank: int, *, keeps: bool) -> _Supposed:
    """The graph in which what has no known rank has this one, or `keeps` that of what it is made from."""
    values: dict[str, Value] = {}
    made: dict[Op, tuple[Shape, ...]] = {}
    misfits = 0
    for name, value in graph.values.items():
        op, shape = value.op, value.type.shape
        if op is None:
            shape = shape if shape is not None else tuple(f"{name}[{axis}]" for axis in range(rank))
        elif shape is None or any(values[given] is not graph.values[given] for given in op.values()):
            if op not in made:
                made[op] = _inferred(op, values)
                misfits += _misfits(op, made[op], values, graph)
            told = made[op][value.slot]
            misfits += int(None not in (told, shape) and len(told or ()) != len(shape or ()))
            shape = completed(told, shape)
            shape = shape if shape is not None else (None,) * (_kept(op, values, keeps=keeps) or rank)
        values[name] = value if shape == value.type.shape else replace(value, type=replace(value.type, shape=shape))
    return _Supposed(replace(graph, values=values), misfits)


def _inferred(op: Op, values: Mapping[str, Value]) -> tuple[Shape, ...]:
    """The shapes of what an op makes."""
    types: list[TensorType | None] = [
        values[given].type if isinstance(given, str) else None if given is None else given.type for given in op.inputs
    ]
    return tuple(made.shape for made in infer(op.kind, op.attributes, types, len(op.outputs), OPSET))


def _kept(op: Op, values: Mapping[str, Value], *, keeps: bool) -> int | None:
    """How many axes what an op makes has, if it `keeps` those of what it reads first. By element it does so always."""
    read = [len(values[given].type.shape or ()) for given in op.values()]
    if row_of(op.kind).pointwise:
        return max(read, default=None)
    return read[0] if keeps and read else None


def _misfits(op: Op, made: Iterable[Shape], values: Mapping[str, Value], graph: ModelGraph) -> int:
    """Whether an op cannot take values of such ranks, or has other ranks than such an op has.

    What works element by element takes values of one rank, unless it is known that they have several; a convolution
    makes as many axes as its data have.
    """
    row, first = row_of(op.kind), next(iter(made), None)
    if row.shape is None:
        return 0
    ranks = [len(values[given].type.shape or ()) for given in op.values()]
    supposed = any(graph.values[given].type.shape is None for given in op.values())
    mixed = supposed and row.pointwise and len({*ranks} - {0}) > 1
    turned = row.family is Family.CONVOLUTION and first is not None and ranks[:1] != [len(first)]
    return int(first is None) + int(mixed or turned)


def as_known(found: Iterable[Found], graph: ModelGraph) -> tuple[Found, ...]:
    """Shortcuts that were found where ranks had been supposed, with what is known of their values."""
    ways: dict[Route, Route] = {}
    told = []
    for one in found:
        if one.way not in ways:
            ways[one.way] = replace(one.way, fork=known(one.way.fork, graph))
        merge = replace(one.merge, result=known(one.merge.result, graph))
        told.append(replace(one, merge=merge, way=ways[one.way]))
    return tuple(told)


def known(value: Value, graph: ModelGraph) -> Value:
    """A value with what is known of it; of one of a normal form, which no file holds, no more than its numbers."""
    if value.id in graph.values:
        return graph.values[value.id]
    sizes = value.type.shape or ()
    told = all(isinstance(size, int) for size in sizes)
    return value if told else replace(value, type=replace(value.type, shape=None))


def graph_as_known(supposed: ModelGraph, graph: ModelGraph) -> ModelGraph:
    """A graph whose ranks were supposed, with what is known of its values."""
    return replace(supposed, values={name: known(value, graph) for name, value in supposed.values.items()})

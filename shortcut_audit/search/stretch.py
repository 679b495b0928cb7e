"""How did an axis come to be one long?

An axis is stretched over another one because it was reduced, or put in: `x + conv1x1(mean(x))` is a broadcast at 4x4
and at 1x1, and so is `x + mean(x).expand_as(x)`, where the stretching is written out. An axis that happens to have one
element, such as a batch of one, is an axis like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import TypeAlias

from shortcut_audit.graph.model import Constant, Input, ModelGraph, Op, Shape, Value
from shortcut_audit.graph.sizes import same_shape
from shortcut_audit.operators.axes import from_front, joint_axis, listed
from shortcut_audit.operators.equation import terms_of
from shortcut_audit.operators.pieces import piece_of
from shortcut_audit.operators.row import Arrangement, Effect, Family
from shortcut_audit.operators.table import row_of


class Axis(IntEnum):
    """What is known of an axis."""

    ONE = 0
    """It was reduced, or put in: it has one element whatever the input, or many copies of that one."""
    UNKNOWN = 1
    OWN = 2
    """It has as many elements as the data has."""


Axes: TypeAlias = "tuple[Axis, ...]"

Data: TypeAlias = "tuple[str | None, Shape, Axes]"
"""The first value that an op reads, its shape, and what is known of its axes."""


def stretched(operands: Sequence[Axes], shape: Shape) -> list[bool]:
    """Which operands of a sum of this shape have one element along an axis of which another one has its own.

    So may one of which nothing is known, where nobody knows how many elements the sum has there.
    """
    sizes = shape or ()
    own = {
        back
        for axes in operands
        for back in range(1, min(len(sizes), len(axes)) + 1)
        if axes[-back] is Axis.OWN or (axes[-back] is Axis.UNKNOWN and sizes[-back] is None)
    }
    return [any(back <= len(axes) and axes[-back] is Axis.ONE for back in own) for axes in operands]


KEEPING = frozenset({Effect.NORMALISATION, Effect.NONLINEAR})
"""What computes each axis from that axis, if it keeps the shape. So does a view that arranges nothing, as a loop's
state is one of what the loop begins with."""

REPEATING = frozenset({Arrangement.REPEATED, Arrangement.RESIZED})
"""What repeats the one element of an axis; an image of one pixel is the same pixel at any size."""


class Stretches:
    """The axes of every value of a graph, worked out when they are first asked for."""

    __slots__ = ("_axes", "_graph", "repeats")

    def __init__(self, graph: ModelGraph) -> None:
        self._graph = graph
        self._axes: dict[str, Axes] | None = None
        self.repeats = any(row_of(op.kind).arranges in REPEATING for op in graph.ops)
        """Whether stretched axes may have more than one element."""

    def of(self, name: str) -> Axes:
        """What is known of the axes of a value, outermost first; nothing where nobody knows how many there are."""
        if self._axes is None:
            self._axes = {}
            for made, value in self._graph.values.items():
                self._axes[made] = _axes(self._graph, value, self._axes)
        return self._axes[name]

    def is_factor_stretched(self, op: Op, slot: int) -> bool:
        """Whether each element of a factor stands in many of the product, as far as sizes or axes tell.

        Along an axis that was reduced or put in, and of which nothing is known in the product, it does.
        """
        given, made = op.inputs[slot], op.outputs[0]
        if row_of(op.kind).effect is not Effect.PRODUCT or not isinstance(given, str) or made is None:
            return False
        before, shape = self._graph.values[given].type.shape, self._graph.values[made].type.shape
        if not same_shape(before, shape):
            return True
        if not self.repeats and before is not None and not {1, None}.intersection(before):
            return False
        others = [self.of(other) for at, other in enumerate(op.inputs) if at != slot and isinstance(other, str)]
        for back, axis in enumerate(reversed(self.of(given)), start=1):
            if axis is Axis.ONE:
                beside = max(_at(others, back), default=Axis.ONE)
                is_one = shape is not None and shape[-back:][:1] == (1,)
                if beside is Axis.OWN or (beside is Axis.UNKNOWN and not is_one):
                    return True
        return False


def _axes(graph: ModelGraph, value: Value, known: Mapping[str, Axes]) -> Axes:
    """What is known of the axes of one value.

    1. A reduction that keeps its axes leaves ones. 2. An axis that is put in is one. 3. Ops that work element by
    element, and those that keep the shape: an axis is stretched only if it is so in all operands. 4. A convolution, a
    pool or a linear layer keeps the axes along which it maps nothing. 5. A product of two matrices has the rows of the
    one and the columns of the other. 6. What is repeated along an axis is still one element; 7. a piece or a
    slice has the other axes of the whole, a joint or a stack those of its parts. 8. Of anything else nothing is known.
    """
    shape, op = value.type.shape, value.op
    if shape is None:
        return ()
    if op is None:
        return (Axis.OWN,) * len(shape)
    data = _data(graph, op, known)
    made = _of_arrangement(graph, value, op, data, known) or _of_operator(op, shape, data, known)
    return made if made is not None and len(made) == len(shape) else (Axis.UNKNOWN,) * len(shape)  # 8


def _of_arrangement(graph: ModelGraph, value: Value, op: Op, data: Data, known: Mapping[str, Axes]) -> Axes | None:
    """What an op that computes nothing makes of the axes."""
    shape = value.type.shape or ()
    row, (read, given, before) = row_of(op.kind), data
    if row.arranges is Arrangement.PUT_IN:
        return _put_in(op, before, len(shape))  # 2
    if row.arranges is Arrangement.PERMUTED:
        return _permuted(op, before)
    if given is None or not before or op.inputs[0] != read:
        return None
    if row.arranges is Arrangement.RESHAPED:
        return _reshaped(before, given, shape)  # 2
    if row.arranges in REPEATING:
        return _repeated(before, given, shape, pixels=row.arranges is Arrangement.RESIZED)  # 6
    return _of_parts(graph, value, op, data, known)  # 7


def _of_parts(graph: ModelGraph, value: Value, op: Op, data: Data, known: Mapping[str, Axes]) -> Axes | None:
    """The axes of a joint, a slice, a stack of slices or a piece."""
    shape = value.type.shape or ()
    row, (_, given, before) = row_of(op.kind), data
    if row.joins is not None and not row.joins.fresh:
        return _joined(op, shape, known)
    if row.moves and row.effect is Effect.SELECTION and len(before) == len(shape) + 1:
        return _sliced(op, before)
    stacked = from_front(op.attributes.get("stacked"), len(shape))
    if stacked is not None and len(before) == len(shape) - 1:
        return (*before[:stacked], Axis.OWN, *before[stacked:])
    if given is not None and piece_of(graph, value) is not None and len(given) == len(before) == len(shape):
        return tuple(axis if a == b else Axis.UNKNOWN for axis, a, b in zip(before, given, shape, strict=True))
    return None


def _of_operator(op: Op, shape: Sequence[object], read: Data, known: Mapping[str, Axes]) -> Axes | None:
    """What an op that computes something makes of the axes."""
    row, (data, given, before) = row_of(op.kind), read
    if row.statistic:
        return _reduced(op, before, len(shape))  # 1
    if row.pointwise or (
        given == shape and (row.effect in KEEPING or (row.effect is Effect.VIEW and not row.arranges))
    ):
        return _combined(op.inputs, known, len(shape))  # 3
    if row.effect is Effect.SELECTION and len(row.data) > 1 and 0 not in row.data:
        return _combined([op.inputs[slot] for slot in row.data], known, len(shape))  # 3
    if row.family in {Family.CONVOLUTION, Family.WINDOW_POOLING} and before:
        return (before[0], Axis.OWN, *before[2:])  # 4
    if row.family is Family.MATRIX_PRODUCT and op.inputs[0] == data and len(op.values()) == 1:
        return (*before[:-1], Axis.OWN)  # 4
    if row.labels and isinstance(equation := op.attributes.get(row.labels), str):
        return _by_letters(op, equation, known)  # 5
    return _multiplied(op, known) if row.family is Family.MATRIX_PRODUCT and not op.attributes else None  # 5


def _by_letters(op: Op, equation: str, known: Mapping[str, Axes]) -> Axes | None:
    """The axes of an einsum: each that of the values which bear its letter; of what a matrix makes nothing is known."""
    terms, result = terms_of(equation)
    borne: dict[str, Axis] = {}
    for letters, given in zip(terms, op.inputs, strict=False):
        axes = known[given] if isinstance(given, str) else ()
        if isinstance(given, str) and len(axes) != len(letters):
            return None
        for letter, axis in zip(letters, axes, strict=False):
            borne[letter] = max(axis, borne.get(letter, Axis.ONE))
    return None if "." in equation else tuple(borne.get(letter, Axis.UNKNOWN) for letter in result)


def _multiplied(op: Op, known: Mapping[str, Axes]) -> Axes | None:
    """The axes of a product of two matrices: the rows of the one, the columns of the other (case 5)."""
    factors = [known[given] for given in op.inputs if isinstance(given, str)]
    if len(factors) != 2 or min(map(len, factors)) < 2:
        return None
    before = [axes[:-2] for axes in factors]
    many = max(map(len, before))
    return (*(max(_at(before, many - axis)) for axis in range(many)), factors[0][-2], factors[1][-1])


def _data(graph: ModelGraph, op: Op, known: Mapping[str, Axes]) -> Data:
    data = op.values()[0] if op.values() else None
    return data, None if data is None else graph.values[data].type.shape, known.get(data or "", ())


def _reduced(op: Op, before: Axes, rank: int) -> Axes | None:
    """The axes of a reduction. Without a list of them all are reduced, of a global pool all that are spatial."""
    row = row_of(op.kind)
    if row.shape is None or len(before) != rank:
        return None
    reduced = _listed(op, len(before))
    if not reduced and op.attributes.get("noop_with_empty_axes"):
        return before
    if not reduced:
        reduced = set(range(2 if row.spatial else 0, rank))
    return tuple(Axis.ONE if axis in reduced else state for axis, state in enumerate(before))


def _put_in(op: Op, before: Axes, rank: int) -> Axes | None:
    fresh = _listed(op, rank)
    if len(before) + len(fresh) != rank:
        return None
    rest = iter(before)
    return tuple(Axis.ONE if axis in fresh else next(rest) for axis in range(rank))


def _permuted(op: Op, before: Axes) -> Axes | None:
    order = op.attributes.get("perm")
    if not isinstance(order, tuple) or sorted(map(str, order)) != sorted(map(str, range(len(before)))):
        return None
    return tuple(before[axis] for axis in order if isinstance(axis, int))


def _reshaped(before: Axes, given: Sequence[object], shape: Sequence[object]) -> Axes | None:
    """Ones that are put in behind all other axes: what a squeezed context becomes again."""
    rank = len(given)
    if tuple(shape[:rank]) != tuple(given) or any(size != 1 for size in shape[rank:]):
        return None
    return (*before, *(Axis.ONE for _ in shape[rank:]))


def _repeated(before: Axes, given: Sequence[object], shape: Sequence[object], *, pixels: bool) -> Axes | None:
    """Axes that are put in front, and those of one element that have more now, hold one element many times.

    `pixels`: that is not said of an image which happens to be one pixel high.
    """
    fresh = len(shape) - len(before)
    if fresh < 0:
        return None
    grown = (size == 1 != now and not pixels for size, now in zip(given, shape[fresh:], strict=True))
    return (*(Axis.ONE,) * fresh, *(Axis.ONE if more else axis for axis, more in zip(before, grown, strict=True)))


def _sliced(op: Op, before: Axes) -> Axes | None:
    """The axes of one slice of a value: all but the one along which it was taken."""
    axis = from_front(op.attributes.get("axis", 0), len(before))
    return None if axis is None else (*before[:axis], *before[axis + 1 :])


def _joined(op: Op, shape: Sequence[object], known: Mapping[str, Axes]) -> Axes:
    """The axes of a joint. Of that along which it joins nothing is known: one and one are two, and not the data's."""
    joint = joint_axis(op, len(shape))
    axes = _combined(op.inputs, known, len(shape))
    return tuple(Axis.UNKNOWN if axis == joint and state is Axis.ONE else state for axis, state in enumerate(axes))


def _combined(inputs: Sequence[Input], known: Mapping[str, Axes], rank: int) -> Axes:
    read: list[Axes] = []
    for given in inputs:
        if isinstance(given, str):
            read.append(known[given])
        elif isinstance(given, Constant):
            sizes = given.type.shape
            read.append((Axis.UNKNOWN,) * rank if sizes is None else tuple(map(_of_constant, sizes)))
    whole = (Axis.OWN,) * rank
    if whole in read:
        return whole
    return tuple(max(_at(read, rank - axis), default=Axis.UNKNOWN) for axis in range(rank))


def _of_constant(size: object) -> Axis:
    """What a constant does to an axis. Four factors for one element make four of it, but none that the data has."""
    return Axis.ONE if size == 1 else Axis.UNKNOWN


def _at(read: Iterable[Axes], back: int) -> Iterable[Axis]:
    return (axes[-back] for axes in read if back <= len(axes))


def _listed(op: Op, rank: int) -> set[int]:
    """The axes that an op lists, counted from the front."""
    return {axis % rank for axis in listed(op) or () if isinstance(axis, int)} if rank else set()

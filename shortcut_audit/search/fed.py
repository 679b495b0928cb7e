"""Which values may be weights that the caller brings, or that are drawn by chance?

A matrix that is an input of the model may be learned as well as one that is stored: functional calls and exports
without parameters write all weights so. Nobody can tell it from data, so that a route which applies it is a projection
of unknown size, never an identity and never a gate without parameters (theory: fed weight).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from shortcut_audit.graph.model import Op, Shape, Value
from shortcut_audit.operators.row import Effect, Family
from shortcut_audit.operators.table import row_of

ARITHMETIC = frozenset({Effect.VIEW, Effect.SELECTION, Effect.SCALE, Effect.PRODUCT, Effect.SUM})
"""What leaves a number that was brought a number: what a function makes of it (a mask, a cosine) is no weight."""

CHOOSING = frozenset({Effect.VIEW, Effect.SELECTION, Effect.CHOICE, Effect.PRODUCT, Effect.SUM})
"""By what a value is still brought that was chosen among stored tensors, or mixed with them: one of several kernels."""

APPLYING = frozenset({Effect.PRODUCT, Effect.SUM, Effect.CONTRACTION, Effect.NORMALISATION})
"""What applies weights to data."""

LAYERS = frozenset({Effect.CONTRACTION, Effect.NORMALISATION, Effect.NONLINEAR})
"""What applies them as matrices, kernels, or vectors of a norm; convolutions do, whatever their effect."""


class Origin(IntEnum):
    """Where a value comes from."""

    COMPUTED = 0
    """The model has made it, by weights of its own."""
    DERIVED = 1
    """From what is brought by functions without layers, or from integers: masks, positions, what is looked up."""
    BROUGHT = 2
    """A float that the caller feeds, or that is drawn, perhaps moved, scaled and added up."""


class _Operands(NamedTuple):
    """What an op reads, looked through once however many slots it has."""

    values: int
    computed: int
    """How many of them the model computes."""
    brought: int
    shared: int
    """The inputs of the model that more than one of them is made of, as a set of bits."""


class Fed:
    """For each value of a graph, whether the model computes it, and the inputs that it is made of.

    What is applied as a weight is none of those: a value stays what it is when two layers share a matrix that is fed.
    Where the caller brings one value, that is the data, and nothing is looked for.
    """

    def __init__(self, values: Sequence[Value], number: Callable[[str], int]) -> None:
        """`number` is a value's place in `values`."""
        self._values = values
        self._number = number
        self._origins: list[Origin] = []
        self._stuff: list[int] = []
        self._inputs = 0
        self._brings_weights = sum(value.op is None or not value.op.values() for value in values) > 1
        for value in values if self._brings_weights else ():
            self._origins.append(self._origin(value))
            self._stuff.append(self._made_of(value))
        self._readers: dict[Op, set[int]] = {}
        self._operands: dict[Op, _Operands] = {}

    def _origin(self, value: Value) -> Origin:
        op = value.op
        if op is None:
            return Origin.BROUGHT if (value.type.dtype or "float").startswith(("float", "bfloat")) else Origin.DERIVED
        row, read = row_of(op.kind), op.values()
        if not row.understood or (op.weights() and read and row.effect not in CHOOSING):
            return Origin.COMPUTED
        origins = [self._origins[self._number(name)] for name in read]
        return min([*origins, Origin.BROUGHT if row.effect in ARITHMETIC or not read else Origin.DERIVED])

    def _made_of(self, value: Value) -> int:
        """A set of bits, one for each input of the model."""
        read = [] if value.op is None else [(slot, self._number(n)) for slot, n in _named(value.op)]
        if value.op is None or not read:
            self._inputs += 1
            return 1 << (self._inputs - 1)
        row = row_of(value.op.kind)
        applied = row.effect in APPLYING and any(self._origins[n] is Origin.COMPUTED for _, n in read)
        stuff = 0
        for slot, n in read:
            beside_data = bool(row.data) and slot not in row.data
            if not (row.effect in APPLYING and (applied or beside_data) and self._origins[n] is not Origin.COMPUTED):
                stuff |= self._stuff[n]
        return stuff

    def applies(self, op: Op, slot: int) -> bool:
        """Whether what an op applies to what enters by a slot may be weights; what does so is kept in mind.

        A factor of each element must be a float of one axis at least: a mask of integers is none, a scalar is a
        number, and one number for each sample (1 on all axes but the first of what it scales) is data.
        """
        effect, given = row_of(op.kind).effect, op.inputs[slot]
        if not self._brings_weights or effect not in APPLYING or not isinstance(given, str):
            return False
        operands, own = self._read(op), self._number(given)
        others = operands.values - 1
        if others == 0 or operands.computed > (self._origins[own] is Origin.COMPUTED):
            return False
        if self._stuff[own] & operands.shared:
            return False
        if effect in {Effect.SUM, Effect.PRODUCT}:
            if operands.brought - (self._origins[own] is Origin.BROUGHT) < others:
                return False
            if effect is Effect.PRODUCT and not self._may_scale(op, slot):
                return False
        self._readers.setdefault(op, set()).add(slot)
        return True

    def _may_scale(self, op: Op, slot: int) -> bool:
        """Whether any factor beside a slot may be a learned diagonal."""
        shape = self._values[self._number(str(op.inputs[slot]))].type.shape
        return any(_may_be_diagonal(self._values[other].type.shape, shape) for other in self._others(op, slot))

    def layers(self) -> Iterator[Op]:
        """The ops that apply such weights as matrices, kernels, or vectors of a norm, whatever they apply them to.

        A matrix without a batch beside data that has one is a weight, or the second one of two: keys and values that
        are fed have as many axes as what they are multiplied with.
        """
        ops = dict.fromkeys(value.op for value in self._values if value.op is not None) if self._brings_weights else {}
        for op in ops:
            row, named = row_of(op.kind), _named(op)
            layer = row.family is Family.CONVOLUTION or row.effect in LAYERS
            if layer and len(named) > 1 and any(self._is_weight(op, named, slot, name) for slot, name in named):
                yield op

    def _is_weight(self, op: Op, named: Sequence[tuple[int, str]], slot: int, name: str) -> bool:
        row, own = row_of(op.kind), self._number(name)
        if self._origins[own] is Origin.COMPUTED or self._stuff[own] & self._read(op).shared:
            return False
        if row.family is Family.CONVOLUTION or row.effect is Effect.NORMALISATION:
            return slot > 0
        if row.effect is Effect.NONLINEAR:  # a recurrence: what is no state and no length
            layer = row.macs is not None and bool(row.bias) and bool(row.data)
            return layer and slot not in {*row.data, *row.buffers}
        if row.effect is not Effect.CONTRACTION or max(at for at, _ in named) > 1:
            return False
        read = (own, *self._others(op, slot))
        ranks = [None if (shape := self._values[n].type.shape) is None else len(shape) for n in read]
        known = [rank for rank in ranks if rank is not None]
        return len(known) == 2 and (known[0] < known[1] or (slot > 0 and known[0] == 2))

    def may_offset(self, given: str, added: str) -> bool:
        """Whether what is added to a value may be a learned offset that the caller brings."""
        if not self._brings_weights:
            return False
        added_to, offset = self._number(given), self._number(added)
        return self._origins[offset] is Origin.BROUGHT and not self._stuff[added_to] & self._stuff[offset]

    def perhaps(self) -> Iterator[int]:
        """The values whose ops may apply such a weight: of all that they read, the model computes one at most."""
        for number, value in enumerate(self._values if self._brings_weights else ()):
            read = () if value.op is None or row_of(value.op.kind).effect not in APPLYING else value.op.values()
            if len(read) > 1 and sum(self._origins[self._number(name)] is Origin.COMPUTED for name in read) < 2:
                yield number

    @property
    def is_applied_anywhere(self) -> bool:
        """Whether any op applies such weights, as far as they have been looked at."""
        return bool(self._readers)

    def may_apply(self, op: Op) -> bool:
        """Whether an op applies such weights to anything, as far as it has been looked at."""
        return op in self._readers

    def is_applied(self, op: Op, slot: int) -> bool:
        """Whether an op applies such weights to what enters by a slot, as far as it has been looked at."""
        return slot in self._readers.get(op, ())

    def is_gate(self, op: Op, fork: int) -> bool:
        """Whether an op applies such weights in the gate of a shortcut from `fork`.

        There the fork itself, where the caller feeds it, is no weight.
        """
        data = self._stuff[fork] if self._origins[fork] is not Origin.COMPUTED else 0
        beside = (other for slot in self._readers.get(op, ()) for other in self._others(op, slot))
        return any(not self._stuff[other] & data for other in beside)

    def _read(self, op: Op) -> _Operands:
        if op not in self._operands:
            numbers = [self._number(name) for _, name in _named(op)]
            origins = [self._origins[number] for number in numbers]
            met = shared = 0
            for number in numbers:
                shared |= met & self._stuff[number]
                met |= self._stuff[number]
            computed, brought = origins.count(Origin.COMPUTED), origins.count(Origin.BROUGHT)
            self._operands[op] = _Operands(len(numbers), computed, brought, shared)
        return self._operands[op]

    def _others(self, op: Op, slot: int) -> list[int]:
        return [self._number(name) for at, name in _named(op) if at != slot]


def _named(op: Op) -> list[tuple[int, str]]:
    return [(slot, given) for slot, given in enumerate(op.inputs) if isinstance(given, str)]


def _may_be_diagonal(scale: Shape, shape: Shape) -> bool:
    if scale is None:
        return True
    per_sample = shape is not None and 1 < len(scale) == len(shape) and all(size == 1 for size in scale[1:])
    return len(scale) > 0 and not per_sample

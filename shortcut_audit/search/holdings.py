"""What do the ops of a set hold together?

A set is a number, a bit for each op (ancestry.Places). What many ops hold is told by the sets of those that hold the
same, with as many steps as there are kinds of op in the model, and not as there are ops in the set. Of numbers that all
differ, MACs of layers each wider than the last, each binary digit is counted by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from shortcut_audit.algebra.polynomial import Number, Polynomial, is_vague, made, terms_of, total
from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Op, Weight
from shortcut_audit.search.extent import Extent, Measure, joined


class Holdings:
    """What the ops of a model hold, the ops told by their places."""

    __slots__ = (
        "_fed",
        "_kinds",
        "_layers",
        "_macs",
        "_makers",
        "_measure",
        "_nonlinear",
        "_ops",
        "_parameters",
        "_places",
        "_those",
        "_tied",
        "_uncounted",
        "_unknown",
        "all",
        "mixing",
        "weighing",
        "working",
    )

    def __init__(self, measure: Measure, ops: Mapping[int, Op]) -> None:
        """`ops`: those of the model by their places, in topological order."""
        self._measure = measure
        self._makers: dict[str, tuple[int, Op]] | None = None
        self._places: dict[Op, int] | None = None
        self._those: dict[Callable[[Op], bool], int] = {}
        self._kinds: dict[Callable[[Op], Hashable], dict[Hashable, int]] = {}
        self._ops = ops
        extents = {place: measure.of(op) for place, op in ops.items()}
        tied: dict[frozenset[Weight], list[int]] = {}
        unknown: dict[frozenset[str], list[int]] = {}
        for place, extent in extents.items():
            tied.setdefault(extent.tied, []).append(place)
            unknown.setdefault(extent.unknown, []).append(place)
        self._macs = _addends((place, e.macs) for place, e in extents.items() if e.macs is not None)
        self._parameters = _addends((place, e.parameters) for place, e in extents.items())
        self._uncounted = as_set(place for place, extent in extents.items() if extent.macs is None)
        self._tied = {weights: as_set(places) for weights, places in tied.items() if weights}
        self._unknown = {names: as_set(places) for names, places in unknown.items() if names}
        self.all = as_set(ops)
        self._layers = as_set(place for place, extent in extents.items() if extent.weight_layers)
        self._nonlinear = as_set(place for place, extent in extents.items() if extent.nonlinear)
        self.working = as_set(place for place, extent in extents.items() if extent.working)
        """The ops that do real work, as a set; below, those that mix positions, and those that apply weights."""
        self.mixing = as_set(place for place, extent in extents.items() if extent.mixing)
        self.weighing = as_set(place for place, extent in extents.items() if extent.weighing)
        self._fed = as_set(place for place, extent in extents.items() if extent.fed)

    def of(self, ops: int) -> Extent:
        """What the ops of a set hold together."""
        if ops.bit_count() <= max(FEW, len(self._macs) + len(self._parameters) + len(self._tied)):
            return joined(map(self._measure.of, self.among(ops)))
        layers = ops & self._layers
        first = self._ops[_first(layers)] if layers else None
        last = self._ops[layers.bit_length() - 1] if layers else None
        return Extent(
            ops=(ops & self.all).bit_count(),
            weight_layers=layers.bit_count(),
            macs=None if ops & self._uncounted else total(_taken(self._macs, ops)),
            parameters=sum(number for number in _taken(self._parameters, ops) if isinstance(number, int)),
            tied=frozenset().union(*(weights for weights, those in self._tied.items() if ops & those)),
            working=bool(ops & self.working),
            mixing=bool(ops & self.mixing),
            nonlinear=bool(ops & self._nonlinear),
            weighing=bool(ops & self.weighing),
            fed=bool(ops & self._fed),
            unknown=frozenset().union(*(names for names, those in self._unknown.items() if ops & those)),
            first_layer=first,
            layers=None if first is None or last is None else (self._measure.nth(first), self._measure.nth(last)),
        )

    def those(self, test: Callable[[Op], bool]) -> int:
        """The ops that pass a test, as a set. None is tested twice."""
        if test not in self._those:
            self._those[test] = self.passing(test)
        return self._those[test]

    def passing(self, test: Callable[[Op], bool]) -> int:
        """The ops that pass a test that is not asked again, as a set."""
        return as_set(place for place, op in self._ops.items() if test(op))

    def kinds(self, ops: int, kind: Callable[[Op], Hashable]) -> Iterator[tuple[Any, int]]:
        """Of which kinds the ops of a set are, and how many of each. No op is asked twice what it is."""
        if kind not in self._kinds:
            found: dict[Hashable, list[int]] = {}
            for place, op in self._ops.items():
                found.setdefault(kind(op), []).append(place)
            self._kinds[kind] = {each: as_set(places) for each, places in found.items()}
        for each, those in self._kinds[kind].items():
            if ops & those:
                yield each, (ops & those).bit_count()

    def gathered(self, ops: Iterable[Op]) -> Ops:
        """Some ops of the model as a set."""
        return Ops(self, as_set(map(self.place, ops)))

    def place(self, op: Op) -> int:
        """Where an op of the model stands in a set."""
        if self._places is None:
            self._places = {each: place for place, each in self._ops.items()}
        return self._places[op]

    @property
    def makers(self) -> Mapping[str, tuple[int, Op]]:
        """The op that makes a value, and its place, by the value's name."""
        if self._makers is None:
            self._makers = {
                name: (place, op) for place, op in self._ops.items() for name in op.outputs if name is not None
            }
        return self._makers

    def among(self, ops: int) -> Iterator[Op]:
        """The ops of a set, in topological order."""
        for place in places_in(ops & self.all):
            yield self._ops[place]


@frozen
class Ops:
    """A set of ops of one model."""

    __eq__, __hash__ = object.__eq__, object.__hash__

    holdings: Holdings
    bits: int

    def __iter__(self) -> Iterator[Op]:
        """The ops, in topological order."""
        return self.holdings.among(self.bits)

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __contains__(self, op: Op) -> bool:
        return bool(self.bits >> self.holdings.place(op) & 1)

    @property
    def extent(self) -> Extent:
        """What they hold together."""
        return self.holdings.of(self.bits)

    def that(self, test: Callable[[Op], bool]) -> Ops:
        """Those that pass a test."""
        return Ops(self.holdings, self.bits & self.holdings.those(test))

    def any(self, test: Callable[[Op], bool]) -> bool:
        """Whether any passes a test."""
        return bool(self.bits & self.holdings.those(test))

    def kinds(self, kind: Callable[[Op], Hashable]) -> Iterator[tuple[Any, int]]:
        """Of which kinds they are, and how many of each."""
        return self.holdings.kinds(self.bits, kind)

    def maker(self, name: str) -> Op | None:
        """The one that makes a value; None where none of them does."""
        place, op = self.holdings.makers.get(name, (0, None))
        return op if self.bits >> place & 1 else None

    def without(self, others: Ops) -> Ops:
        """Those that are not among others."""
        return Ops(self.holdings, self.bits & ~others.bits) if self.bits & others.bits else self


Addends: TypeAlias = "list[tuple[Number, int]]"
"""Numbers, each with the set of places where it is to be added."""

FEW = 32
"""So many ops are looked at one by one. Of more different numbers their binary digits are added up."""


def _addends(numbers: Iterable[tuple[int, Number]]) -> Addends:
    """Numbers at places, those together that are equal; where that would leave many, their powers of two."""
    found: dict[Hashable, tuple[Number, list[int]]] = {}
    for place, number in numbers:
        found.setdefault(_kind(number), (number, []))[1].append(place)
    if len(found) > FEW:
        whole, found = found, {}
        for number, places in whole.values():
            for power in _powers(number):
                found.setdefault(_kind(power), (power, []))[1].extend(places)
    return [(number, as_set(places)) for number, places in found.values() if number != 0]


def _powers(number: Number) -> Iterator[Number]:
    """The powers of two that a number is the sum of; each may be that of a power, and taken away."""
    if is_vague(number):
        yield number
        return
    for monomial, coefficient in terms_of(number).items():
        digits = abs(coefficient)
        while digits:
            power = digits & -digits
            digits ^= power
            yield made({monomial: power if coefficient > 0 else -power})


def _kind(number: Number) -> Hashable:
    """What is equal for equal numbers."""
    return frozenset(number.terms.items()) if isinstance(number, Polynomial) else number


def _taken(addends: Addends, ops: int) -> Iterator[Number]:
    """What some numbers come to at the places of a set."""
    for number, places in addends:
        times = (ops & places).bit_count()
        if times:
            yield number * times


def as_set(places: Iterable[int]) -> int:
    """Places as a set of bits."""
    listed = tuple(places)
    bits = bytearray(max(listed, default=0) // 8 + 1)
    for place in listed:
        bits[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(bits, "little")


def _first(found: int) -> int:
    return (found & -found).bit_length() - 1


def places_in(found: int) -> Iterator[int]:
    """The places in a set, ascending."""
    if not found:
        return
    start = _first(found)
    digits = bin(found >> start)[:1:-1]
    place = 0
    while place >= 0:
        yield start + place
        place = digits.find("1", place + 1)

"""What do the ops of a set hold together?

A set is a number, a bit for each op (ancestry.Places). What many ops hold is told by the sets of those that hold the
same, with as many steps as there are kinds of op in the model, and not as there are ops in the set.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping

from shortcut_audit.algebra.polynomial import Cost, Polynomial, total
from shortcut_audit.graph.model import Op, Weight
from shortcut_audit.search.extent import Extent, Measure, joined


class Holdings:
    """What the ops of a model hold, the ops told by their places."""

    __slots__ = (
        "_all",
        "_layers",
        "_measure",
        "_nonlinear",
        "_ops",
        "_prices",
        "_tied",
        "_unknown",
        "mixing",
        "weighing",
        "working",
    )

    def __init__(self, measure: Measure, ops: Mapping[int, Op]) -> None:
        """`ops`: those of the model by their places, in topological order."""
        self._measure = measure
        self._ops = ops
        extents = {place: measure.of(op) for place, op in ops.items()}
        prices: dict[Hashable, tuple[Cost, int, list[int]]] = {}
        tied: dict[frozenset[Weight], list[int]] = {}
        unknown: dict[frozenset[str], list[int]] = {}
        for place, extent in extents.items():
            price = (_kind(extent.macs), extent.parameters), (extent.macs, extent.parameters, list[int]())
            prices.setdefault(*price)[2].append(place)
            tied.setdefault(extent.tied, []).append(place)
            unknown.setdefault(extent.unknown, []).append(place)
        self._prices = [(macs, parameters, as_set(places)) for macs, parameters, places in prices.values()]
        self._tied = {weights: as_set(places) for weights, places in tied.items() if weights}
        self._unknown = {names: as_set(places) for names, places in unknown.items() if names}
        self._all = as_set(ops)
        self._layers = as_set(place for place, extent in extents.items() if extent.weight_layers)
        self._nonlinear = as_set(place for place, extent in extents.items() if extent.nonlinear)
        self.working = as_set(place for place, extent in extents.items() if extent.working)
        """The ops that do real work, as a set; below, those that mix positions, and those that read learned weights."""
        self.mixing = as_set(place for place, extent in extents.items() if extent.mixing)
        self.weighing = as_set(place for place, extent in extents.items() if extent.parameters or extent.tied)

    def of(self, ops: int) -> Extent:
        """What the ops of a set hold together."""
        if ops.bit_count() <= len(self._prices) + len(self._tied):
            return joined(map(self._measure.of, self.among(ops)))
        bought = [(macs, n, times) for macs, n, those in self._prices if (times := (ops & those).bit_count())]
        counted = [macs * times for macs, _, times in bought if macs is not None]
        layers = ops & self._layers
        first = self._ops[_first(layers)] if layers else None
        last = self._ops[layers.bit_length() - 1] if layers else None
        return Extent(
            ops=(ops & self._all).bit_count(),
            weight_layers=layers.bit_count(),
            macs=total(counted) if len(counted) == len(bought) else None,
            parameters=sum(parameters * times for _, parameters, times in bought),
            tied=frozenset().union(*(weights for weights, those in self._tied.items() if ops & those)),
            working=bool(ops & self.working),
            mixing=bool(ops & self.mixing),
            nonlinear=bool(ops & self._nonlinear),
            unknown=frozenset().union(*(names for names, those in self._unknown.items() if ops & those)),
            first_layer=first,
            layers=None if first is None or last is None else (self._measure.nth(first), self._measure.nth(last)),
        )

    def among(self, ops: int) -> Iterator[Op]:
        """The ops of a set, in topological order."""
        for place in _places(ops & self._all):
            yield self._ops[place]


def _kind(macs: Cost) -> Hashable:
    """What is equal for equal costs."""
    return frozenset(macs.terms.items()) if isinstance(macs, Polynomial) else macs


def as_set(places: Iterable[int]) -> int:
    """Places as a set of bits."""
    listed = tuple(places)
    bits = bytearray(max(listed, default=0) // 8 + 1)
    for place in listed:
        bits[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(bits, "little")


def _first(found: int) -> int:
    return (found & -found).bit_length() - 1


def _places(found: int) -> Iterator[int]:
    """The places in a set, ascending."""
    if not found:
        return
    start = _first(found)
    digits = bin(found >> start)[:1:-1]
    place = 0
    while place >= 0:
        yield start + place
        place = digits.find("1", place + 1)

"""What does a tensor hold, after in-place ops wrote to it or to what shares its memory?

PyTorch's names stand for places in memory. A view is a place within another place; whoever writes to one of them
changes all that overlap it. `Aliases` keeps, for every place, the draft's value that it holds, brought up to date when
somebody reads it: what was written is carried up to the base (a view of all of it is undone, a part is scattered into
the old base), and from there the view is taken again. That is what PyTorch's own functionalisation does
(torch/csrc FunctionalStorageImpl: "regenerate from base"), except that parts which do not overlap keep their value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.frozen import frozen

REPLAY_LIMIT = 100_000
"""Views that may be taken again for one model. Real models take some dozens; nested views of views could take many."""

OVERLAP_LOOKBACK = 16
"""Writes up to which it is worth asking whether each of them missed a place."""

DEPTH_LIMIT = 100
"""Views of views that are followed; what lies deeper is taken for a copy. Real models have some five."""


@frozen
class Region:
    """Which part of its base a view shows: positions `start` to `stop` of one axis."""

    axis: int
    start: int
    stop: int

    def misses(self, other: Region) -> bool:
        """Whether two parts of one base have nothing in common for certain."""
        return self.axis == other.axis and (self.stop <= other.start or other.stop <= self.start)


@frozen
class View:
    """How a place lies within its base."""

    take: Callable[[str], str]
    """The view of a base that holds this value."""
    put: Callable[[str, str], str]
    """The base, once the view holds another value: (the base's old value, the view's new value)."""
    whole: bool
    """Whether the view shows all elements, so that the base's old value does not matter."""
    region: Region | None = None


@dataclass(slots=True, eq=False)
class _Storage:
    """Memory that several places share."""

    writes: list[tuple[Place, str] | None] = field(default_factory=list)
    """Who was written to, and what it held then. None: overwritten at once, by the entry that follows."""


@dataclass(slots=True, eq=False)
class Place:
    """A tensor object of the program."""

    value: str
    """The value that it held when it was last looked at."""
    base: Place | None = None
    view: View | None = None
    storage: _Storage = field(default_factory=_Storage)
    version: int = 0
    """How many of the storage's writes `value` reflects."""
    depth: int = 0

    @classmethod
    def within(cls, base: Place, view: View, value: str) -> Place:
        """A view of `base`, which is up to date."""
        if base.depth == DEPTH_LIMIT:
            return cls(value)
        return cls(value, base, view, base.storage, len(base.storage.writes), base.depth + 1)

    @property
    def written(self) -> bool:
        """Whether somebody has written to it, or to what shares its memory."""
        return bool(self.storage.writes)

    def chain(self) -> list[Place]:
        """The places from the base of all down to this one."""
        found = [self]
        while found[-1].base is not None:
            found.append(found[-1].base)
        return found[::-1]


@dataclass(slots=True)
class Aliases:
    """Reads and writes places."""

    replayed: int = 0

    def write(self, place: Place, value: str) -> None:
        """Says that from here on `place` holds `value`."""
        writes = place.storage.writes
        if writes and (last := writes[-1]) is not None and last[0] is place:
            writes[-1] = None
        writes.append((place, value))
        place.value, place.version = value, len(writes)

    def read(self, place: Place) -> str:
        """The value that `place` holds now."""
        if place.version < len(place.storage.writes):
            self._refresh(place)
        return place.value

    def _refresh(self, place: Place) -> None:
        latest = len(place.storage.writes)
        chain = place.chain()
        if _missed(chain, place.storage.writes[place.version :]):
            place.version = latest
            return
        root = chain[0]
        for version in range(root.version, latest):
            written = place.storage.writes[version]
            if written is not None:
                root.value = self._carried_up(root.value, *written)
            root.version = version + 1
        for base, inner in pairwise(chain):
            if inner.version < latest:
                inner.value, inner.version = self._taken(inner, base.value), latest

    def _carried_up(self, old: str, place: Place, value: str) -> str:
        """The base of all after `place` was written to, having held `old` before."""
        chain = place.chain()
        before = [old]
        if not all(inner.view is None or inner.view.whole for inner in chain):
            for inner in chain[1:-1]:
                before.append(self._taken(inner, before[-1]))
        for depth in range(len(chain) - 1, 0, -1):
            view = chain[depth].view
            if view is None:
                raise AssertionError("only the base of all is no view")
            self._count()
            value = view.put("" if view.whole else before[depth - 1], value)
        return value

    def _taken(self, place: Place, base: str) -> str:
        if place.view is None:
            return base
        self._count()
        return place.view.take(base)

    def _count(self) -> None:
        self.replayed += 1
        if self.replayed > REPLAY_LIMIT:
            raise UnreadableModel(f"more than {REPLAY_LIMIT:,} views are written to in place; this is no real model")


def _missed(chain: list[Place], writes: list[tuple[Place, str] | None]) -> bool:
    """Whether none of these writes touched the place at the end of `chain`."""
    if len(writes) > OVERLAP_LOOKBACK:
        return False
    return all(written is None or _apart(chain, written[0].chain()) for written in writes)


def _apart(one: list[Place], other: list[Place]) -> bool:
    """Whether two places lie in different parts of a base that both come from."""
    for a, b in zip(one, other, strict=False):
        if a is not b:
            regions = [None if place.view is None else place.view.region for place in (a, b)]
            return regions[0] is not None and regions[1] is not None and regions[0].misses(regions[1])
    return False

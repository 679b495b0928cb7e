"""Is every model that was accepted accounted for?

Each model that is audited answers to one that was accepted: by its path (Counterparts), else, once all have been seen,
by its structure (recognised). Whom nobody answers to is missing.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import PurePath
from typing import TypeAlias

from shortcut_audit.gate.accepted import AcceptedModel
from shortcut_audit.gate.baseline import structure_of

MODEL_SUFFIXES = frozenset({".onnx", ".pt2", ".pt"})

COMPARED = 16
"""How many components of two paths are compared, from the last backwards."""


def recognised(
    accepted: Iterable[AcceptedModel], strangers: Mapping[str, AcceptedModel]
) -> tuple[dict[str, AcceptedModel], list[AcceptedModel]]:
    """Which of the entries that nobody answers to by name is which stranger, and which entries are left.

    A file of equal structure under a new name is the renamed one; of several entries, the one whose path is nearest.
    What has no shortcuts has nothing to be recognised by.
    """
    waiting = list(accepted)
    alike = _by_structure_of(waiting, _parts) if strangers else {}
    taken: set[int] = set()
    found: dict[str, AcceptedModel] = {}
    for source, model in strangers.items():
        entries = alike.get(structure_of(model)) if model.shortcuts else None
        nearest = None if entries is None else entries.take(_parts(source), taken)
        if nearest is not None:
            found[source] = nearest
    return found, [entry for entry in waiting if id(entry) not in taken]


class Counterparts:
    """Finds what was accepted of a model among all that was accepted together."""

    def __init__(self, accepted: Sequence[AcceptedModel]) -> None:
        self._models = accepted
        self._shelves = tuple(_Shelf(accepted, parts) for parts in (_parts, _parts_without_suffix))

    def of(self, source: str, model: AcceptedModel | None = None, *, alone: bool) -> AcceptedModel | None:
        """What was accepted of the model `source`; None where nothing was.

        1. The model whose path agrees in the most components, from the file name backwards. 2. Where no file name
        agrees, the same without suffixes: the other exporter may write another format. 3. If `alone`, the only model of
        the baseline, whatever its name: the user has put the two side by side. Of several that agree as much, the one
        whose whole path it is, then the one of equal structure; none where there is none.
        """
        for shelf in self._shelves:
            near = shelf.nearest(source)
            if near:
                return near[0] if len(near) == 1 else shelf.alike(source, model)  # 1, 2
        return self._models[0] if alone and len(self._models) == 1 else None  # 3


Parts: TypeAlias = Callable[[str], tuple[str, ...]]


class _Shelf:
    """The models of a baseline, as their paths name them."""

    def __init__(self, models: Sequence[AcceptedModel], parts: Parts) -> None:
        self._models = models
        self._parts = parts
        self._ends = _Ends(models, parts)
        self._whole: defaultdict[tuple[str, ...], list[AcceptedModel]] = defaultdict(list)
        for model in models:
            self._whole[parts(model.source)].append(model)

    def nearest(self, source: str) -> Sequence[AcceptedModel]:
        """Those whose whole path it is, or else agrees with it in the most components; one at least."""
        path = self._parts(source)
        return (path and self._whole.get(path)) or self._ends.nearest(path)[1]

    def alike(self, source: str, model: AcceptedModel | None) -> AcceptedModel | None:
        """The first one of those that has the structure of a model."""
        if model is None:
            return None
        path, own = self._parts(source), structure_of(model)
        if path in self._whole:
            return next((entry for entry in self._whole[path] if structure_of(entry) == own), None)
        agreement, entries = self._alike[own].nearest(path) if own in self._alike else (0, ())
        return entries[0] if entries and agreement == self._ends.nearest(path)[0] else None

    @cached_property
    def _alike(self) -> Mapping[Hashable, _Ends]:
        return _by_structure_of(self._models, self._parts)


class _Ends:
    """Models by the ends of their paths, so that the nearest one of many is found without a look at the others."""

    def __init__(self, models: Iterable[AcceptedModel], parts: Parts) -> None:
        self._ending: defaultdict[tuple[str, ...], deque[AcceptedModel]] = defaultdict(deque)
        for model in models:
            for end in _ends(parts(model.source)):
                self._ending[end].append(model)

    def nearest(self, path: tuple[str, ...]) -> tuple[int, Sequence[AcceptedModel]]:
        """In how many components the nearest ones agree with a path, and which they are, in order."""
        return next(((len(end), self._ending[end]) for end in _ends(path) if end and end in self._ending), (0, ()))

    def take(self, path: tuple[str, ...], taken: set[int]) -> AcceptedModel | None:
        """Takes the first of the nearest ones that nobody has taken; None where none is left."""
        for end in _ends(path):
            waiting = self._ending.get(end)
            while waiting and id(waiting[0]) in taken:
                waiting.popleft()
            if waiting:
                taken.add(id(waiting[0]))
                return waiting.popleft()
        return None


def _by_structure_of(models: Iterable[AcceptedModel], parts: Parts) -> Mapping[Hashable, _Ends]:
    alike: defaultdict[Hashable, list[AcceptedModel]] = defaultdict(list)
    for model in models:
        alike[structure_of(model)].append(model)
    return {own: _Ends(each, parts) for own, each in alike.items()}


def _ends(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The ends of a path, the longest first; the last one is empty."""
    return (path[len(path) - length :] for length in range(min(len(path), COMPARED), -1, -1))


def _parts(source: str) -> tuple[str, ...]:
    return PurePath(source).parts


def _parts_without_suffix(source: str) -> tuple[str, ...]:
    path = PurePath(source)
    return (*path.parts[:-1], path.stem) if path.suffix.lower() in MODEL_SUFFIXES else path.parts

"""Is every model that was accepted accounted for?

Each model that is audited answers to one that was accepted: by its path (Counterparts), else, once all have been seen,
by its structure (recognised). Whom nobody answers to is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import TypeAlias

from shortcut_audit.gate.accepted import AcceptedModel
from shortcut_audit.gate.baseline import equal_structure

MODEL_SUFFIXES = frozenset({".onnx", ".pt2", ".pt"})


def recognised(
    accepted: Iterable[AcceptedModel], strangers: Mapping[str, AcceptedModel]
) -> tuple[dict[str, AcceptedModel], list[AcceptedModel]]:
    """Which of the entries that nobody answers to by name is which stranger, and which entries are left.

    A file of equal structure under a new name is the renamed one; of several entries, the one whose path is nearest.
    What has no shortcuts has nothing to be recognised by.
    """
    waiting = list(accepted)
    found: dict[str, AcceptedModel] = {}
    for source, model in strangers.items():
        alike = [entry for entry in waiting if model.shortcuts and equal_structure(entry, model)]
        if alike:
            found[source] = max(alike, key=lambda entry: _agreement(_parts(source), _parts(entry.source)))
            waiting.remove(found[source])
    return found, waiting


class Counterparts:
    """Finds what was accepted of a model among all that was accepted together."""

    def __init__(self, accepted: Sequence[AcceptedModel]) -> None:
        self._models = accepted
        self._by_name = {parts: _by_last(parts, accepted) for parts in (_parts, _parts_without_suffix)}

    def of(self, source: str, model: AcceptedModel | None = None, *, alone: bool) -> AcceptedModel | None:
        """What was accepted of the model `source`; None where nothing was.

        1. The model whose path agrees in the most components, from the file name backwards. 2. Where no file name
        agrees, the same without suffixes: the other exporter may write another format. 3. If `alone`, the only model of
        the baseline, whatever its name: the user has put the two side by side. Of several that agree as much, the one
        whose whole path it is, then the one of equal structure; none where there is none.
        """
        for parts, named in self._by_name.items():
            own = parts(source)
            agreeing = [(_agreement(own, parts(entry.source)), entry) for entry in named.get(own[-1:], ())]
            best = max((agreement for agreement, _ in agreeing), default=0)
            near = [entry for agreement, entry in agreeing if agreement == best]
            nearest = [entry for entry in near if parts(entry.source) == own] or near
            if best:
                alike = [entry for entry in nearest if model is not None and equal_structure(entry, model)]
                return nearest[0] if len(nearest) == 1 else next(iter(alike), None)  # 1, 2
        return self._models[0] if alone and len(self._models) == 1 else None  # 3


Parts: TypeAlias = Callable[[str], tuple[str, ...]]


def _by_last(parts: Parts, models: Iterable[AcceptedModel]) -> Mapping[tuple[str, ...], Sequence[AcceptedModel]]:
    """The models by the last component of their paths: one that agrees in none is no counterpart."""
    named: dict[tuple[str, ...], list[AcceptedModel]] = {}
    for model in models:
        named.setdefault(parts(model.source)[-1:], []).append(model)
    return named


def _parts(source: str) -> tuple[str, ...]:
    return PurePath(source).parts


def _parts_without_suffix(source: str) -> tuple[str, ...]:
    path = PurePath(source)
    return (*path.parts[:-1], path.stem) if path.suffix.lower() in MODEL_SUFFIXES else path.parts


def _agreement(one: Sequence[str], other: Sequence[str]) -> int:
    """The number of components, from the last backwards, in which two paths agree."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))

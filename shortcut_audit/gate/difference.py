"""How does one model differ from another?

For a person who asks: nothing is judged. Shortcuts are paired as against a baseline. Layers are told apart by what they
do, never by their names; a name only tells which layer a new one came in place of.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence

from shortcut_audit.frozen import replace
from shortcut_audit.gate.accepted import accept
from shortcut_audit.gate.baseline import compare
from shortcut_audit.report import Comparison, Layer, LayerChange, ModelReport


def difference(old: ModelReport, new: ModelReport) -> Comparison:
    """The new model beside the old one.

    Layers are paired in their order: 1. with an equal one at the same place among the modules; 2. of the rest, with an
    equal one, which is no change either; 3. with the one that has its place; 4. with one of the same geometry, as of a
    convolution that folded its normalisation. What then has no partner was added, or removed.
    """
    stayed, then, now = _paired(old.layers, new.layers, lambda layer: (_look(layer), _place(layer)))  # 1
    moved, then, now = _paired(then, now, _look)  # 2
    other, then, now = _paired(then, now, _place)  # 3
    alike, then, now = _paired(then, now, _geometry)  # 4
    order = {id(layer): number for number, layer in enumerate(new.layers)}
    changed = sorted([*other, *alike], key=lambda change: order[id(change.now)])
    return replace(
        compare(new, accept(old), old.source),
        before=old,
        layers_added=tuple(now),
        layers_removed=tuple(then),
        layers_changed=tuple(changed),
        layers_unchanged=len(stayed) + len(moved),
    )


def _paired(
    old: Sequence[Layer], new: Sequence[Layer], key: Callable[[Layer], Hashable]
) -> tuple[list[LayerChange], Sequence[Layer], Sequence[Layer]]:
    """Layers of the same key, each once and in order; those of the old and of the new that are left."""
    waiting: defaultdict[Hashable, deque[Layer]] = defaultdict(deque)
    for layer in old:
        waiting[key(layer)].append(layer)
    pairs, left = [], []
    for layer in new:
        partners = waiting[key(layer)]
        if partners:
            pairs.append(LayerChange(partners.popleft(), layer))
        else:
            left.append(layer)
    paired = {id(pair.then) for pair in pairs}
    return pairs, [layer for layer in old if id(layer) not in paired], left


def _look(layer: Layer) -> Hashable:
    """What a layer does. Formats name operators as they like; another size of input makes no other layer."""
    return layer.detail, layer.parameters


def _place(layer: Layer) -> Hashable:
    """Where a layer stands; one of which no module is recorded, nowhere."""
    return layer.scope or id(layer)


def _geometry(layer: Layer) -> Hashable:
    return layer.detail or id(layer)

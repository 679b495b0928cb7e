"""How does one model differ from another?

For a person who asks: nothing is judged. Shortcuts are paired as against a baseline; layers are told apart by what they
do, never by their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import replace

from shortcut_audit.gate.accepted import accept
from shortcut_audit.gate.baseline import compare
from shortcut_audit.report import Comparison, Layer, ModelReport


def difference(old: ModelReport, new: ModelReport) -> Comparison:
    """The new model beside the old one."""
    found = compare(new, accept(old), old.source)
    return replace(
        found,
        before=old,
        layers_added=_without(new.layers, old.layers),
        layers_removed=_without(old.layers, new.layers),
    )


def _without(layers: Iterable[Layer], others: Iterable[Layer]) -> tuple[Layer, ...]:
    """The layers that have no equal among the others, each of which is one's equal once."""
    left = Counter(map(_look, others))
    found = []
    for layer in layers:
        if left[_look(layer)] > 0:
            left[_look(layer)] -= 1
        else:
            found.append(layer)
    return tuple(found)


def _look(layer: Layer) -> Hashable:
    """What a layer does. Formats name operators as they like; another size of input makes no other layer."""
    return layer.detail, layer.parameters

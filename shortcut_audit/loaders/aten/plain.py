"""How does an ATen op that is one canonical op translate?"""

from __future__ import annotations

from shortcut_audit.graph.model import Attribute
from shortcut_audit.loaders.aten.call import AtenCall, Misfit, Rule


def plain(kind: str, slots: str = "self", /, **attributes: str) -> Rule:
    """The canonical op `kind` whose input slots are these arguments, in order; "bias?" may be left out.

    `attributes` maps the names of canonical attributes to those of arguments, which are passed on as they are.
    """
    names = slots.split()

    def rule(call: AtenCall) -> str:
        inputs = [_slot(call, name, names[0]) for name in names]
        return call.emit(kind, *inputs, **{key: attribute(call, name) for key, name in attributes.items()})

    return rule


def paired(kind: str, left: str = "self", right: str = "other", **fixed: Attribute) -> Rule:
    """The canonical op `kind` of two operands, in the element type in which PyTorch combines them."""
    return lambda call: call.emit(kind, *call.together(left, right), **fixed)


def _slot(call: AtenCall, name: str, first: str) -> str | None:
    like = first if name != first else ""
    return call.maybe(name[:-1], like) if name.endswith("?") else call.value(name, like)


def attribute(call: AtenCall, name: str) -> Attribute:
    """An argument as a canonical attribute; None where it is left out."""
    found = call.given.get(name)
    if isinstance(found, bool):
        return int(found)
    if found is None or isinstance(found, int | float | str):
        return found
    if isinstance(found, tuple) and all(isinstance(item, int) for item in found):
        return tuple(int(item) for item in found if isinstance(item, int))
    raise Misfit

"""How many multiply-accumulates does a mixture of experts take, and how much of it is active?

Each token goes through some of the experts: those are counted, and no other. Slots and attributes: ONNX Runtime's
ContribOperators.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from shortcut_audit.graph.model import Dim, Shape, elements
from shortcut_audit.operators.counting.axes import product
from shortcut_audit.operators.counting.contractions import Call


def mixture(call: Call) -> int | None:
    """MoE: tokens [..., hidden]; fc1, fc2 and, where there is one, fc3 of [experts, ...] in slots 2, 4, 6."""
    return _counted(call, [call.input(slot) for slot in (2, 4, 6) if call.has(slot)])


def quantised_mixture(call: Call) -> int | None:
    """QMoE: as MoE, with scales and biases between, and the last axis of the weights packed several to a byte."""
    bits = call.integer("expert_weight_bits", 4)
    if bits not in {1, 2, 4, 8}:
        return None
    packed = [call.input(slot) for slot in (2, 5, 8) if call.has(slot)]
    return _counted(call, [_apart(shape, 8 // bits) for shape in packed])


def _apart(shape: Shape, factor: int) -> Shape:
    if not shape or not isinstance(shape[-1], int):
        return None
    return (*shape[:-1], shape[-1] * factor)


def _counted(call: Call, weights: Sequence[Shape]) -> int | None:
    """Each token meets `k` experts, and of each all that it holds. Which axis is which is the writer's choice."""
    given, scores, chosen = call.input(0), call.input(1), call.integer("k", 1)
    hidden, count = (shape[-1] if shape else None for shape in (given, scores))
    if given is None or not weights or not all(_holds(shape, count, hidden) for shape in weights):
        return None
    if chosen < 1 or (isinstance(count, int) and chosen > count):
        return None
    each = [None if shape is None else product(elements(given[:-1]), chosen, elements(shape[1:])) for shape in weights]
    known = [macs for macs in each if macs is not None]
    return sum(known) if len(known) == len(each) else None


def _holds(shape: Shape, count: Dim, hidden: Dim) -> bool:
    """Whether these may be the weights of so many experts, each a matrix that reads or makes `hidden` channels."""
    if shape is None or len(shape) != 3:
        return False
    same = not (isinstance(count, int) and isinstance(shape[0], int)) or shape[0] == count
    return same and (not isinstance(hidden, int) or hidden in shape[1:] or None in shape[1:])

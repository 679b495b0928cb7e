"""How many multiply-accumulates does a mixture of experts take, and how much of it is active?

Each token goes through some of the experts: those are counted, and no other. Slots and attributes: ONNX Runtime's
ContribOperators.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from shortcut_audit.algebra.polynomial import Cost, total
from shortcut_audit.graph.model import Dim, Shape
from shortcut_audit.graph.sizes import count
from shortcut_audit.operators.counting.axes import product
from shortcut_audit.operators.counting.operands import Operands


def mixture(call: Operands) -> Cost:
    """MoE: tokens [..., hidden]; fc1, fc2 and, where there is one, fc3 of [experts, ...] in slots 2, 4, 6."""
    return _counted(call, [call.input(slot) for slot in (2, 4, 6) if call.has(slot)])


def quantised_mixture(call: Operands) -> Cost:
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


def _counted(call: Operands, weights: Sequence[Shape]) -> Cost:
    """Each token meets `k` experts, and of each all that it holds. Which axis is which is the writer's choice."""
    given, scores, chosen = call.input(0), call.input(1), call.integer("k", 1)
    hidden, experts = (shape[-1] if shape else None for shape in (given, scores))
    if given is None or not weights or not all(_holds(shape, experts, hidden) for shape in weights):
        return None
    if chosen < 1 or (isinstance(experts, int) and chosen > experts):
        return None
    each = [None if shape is None else product(count(given[:-1]), chosen, count(shape[1:])) for shape in weights]
    known = [macs for macs in each if macs is not None]
    return total(known) if len(known) == len(each) else None


def _holds(shape: Shape, experts: Dim, hidden: Dim) -> bool:
    """Whether these may be the weights of so many experts, each a matrix that reads or makes `hidden` channels."""
    if shape is None or len(shape) != 3:
        return False
    same = not (isinstance(experts, int) and isinstance(shape[0], int)) or shape[0] == experts
    return same and (not isinstance(hidden, int) or hidden in shape[1:] or None in shape[1:])

"""Which ATen ops look into their operand's memory, and how?

What they make is no tensor of its own: who writes to it in place writes to the operand (aliases.py). Some ops do so
only where they need not copy: reshape() of a contiguous tensor, to() of the type that it has, dropout() in eval mode.
Source: PyTorch's documentation, "Tensor Views", and the schemas' alias annotations (native_functions.yaml).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from itertools import pairwise

from shortcut_audit.graph.model import Dim
from shortcut_audit.loaders.aten import movement
from shortcut_audit.loaders.aten.aliases import Region
from shortcut_audit.loaders.aten.call import AtenCall, Misfit, fitting, known_sizes


class Look(Enum):
    """What a view shows of its base."""

    SAME = "all, as it is"
    RESHAPED = "all, in the same order"
    PERMUTED = "all, axes in another order"
    PART = "some elements, or some repeatedly"


def _rows(names: str, look: Look) -> dict[str, Look]:
    return {f"aten.{name}": look for name in names.split()}


VIEWS: Mapping[str, Look] = {
    **_rows("alias detach lift_fresh positive resolve_conj resolve_neg", Look.SAME),
    **_rows("contiguous to type_as dropout feature_dropout alpha_dropout feature_alpha_dropout", Look.SAME),
    **_rows("view view_as reshape reshape_as flatten unflatten ravel squeeze unsqueeze", Look.RESHAPED),
    **_rows("permute transpose t swapaxes swapdims numpy_T mT mH adjoint movedim", Look.PERMUTED),
    **_rows("moveaxis", Look.PERMUTED),
    **_rows("slice select narrow split split_with_sizes chunk tensor_split unbind hsplit vsplit dsplit", Look.PART),
    **_rows(
        "expand expand_as broadcast_to diagonal unfold as_strided real imag view_as_real view_as_complex", Look.PART
    ),
}
"""What each op shows of its first argument."""


def look_of(call: AtenCall, strides: Sequence[Dim] | None) -> Look | None:
    """How the result of a call lies in its first argument's memory; None where it has memory of its own."""
    look = VIEWS.get(call.node.operator)
    copies = COPIES.get(call.node.operator)
    with fitting():
        if look is None or (copies is not None and copies(call, strides)):
            return None
    if call.node.target == "aten.view.dtype":
        return Look.PART
    return look


def region_of(call: AtenCall, position: int) -> Region | None:
    """Which part of the first argument the output at `position` shows; None where that is not one range of one axis."""
    try:
        with fitting():
            return _region(call, position)
    except Misfit:
        return None


def _region(call: AtenCall, position: int) -> Region | None:
    match call.node.operator:
        case "aten.slice":
            return _slice(call)
        case "aten.narrow":
            axis, start = call.axis("dim"), call.integer("start")
            return _range(call, axis, start, start + call.integer("length")) if start >= 0 else None
        case "aten.select":
            index = call.integer("index")
            return _range(call, call.axis("dim"), index, index + 1) if index >= 0 else None
        case "aten.unbind":
            return Region(call.axis("dim", default=0), position, position + 1)
        case "aten.split" | "aten.split_with_sizes" | "aten.chunk" | "aten.tensor_split":
            sizes = movement.part_sizes(call)
            start = sum(sizes[:position])
            return Region(call.axis("dim", default=0), start, start + sizes[position])
    return None


def _slice(call: AtenCall) -> Region | None:
    start, end = call.given.get("start") or 0, call.given.get("end")
    if not isinstance(start, int) or not isinstance(end, int | None):
        return None
    return _range(call, call.axis("dim", default=0), start, movement.END if end is None else end)


def _range(call: AtenCall, axis: int, start: int, stop: int) -> Region | None:
    """Positions from `start` to `stop`, either of which may count from the back where the size is known."""
    size = call.shape("self")[axis]
    if isinstance(size, int):
        start, stop = (position + size if position < 0 else position for position in (start, stop))
        return Region(axis, start, min(stop, size))
    return None if start < 0 or stop < 0 else Region(axis, start, stop)


def _reshape_copies(call: AtenCall, strides: Sequence[Dim] | None) -> bool:
    """Whether a tensor with these strides must be copied to get another shape; unknown strides need not be."""
    shape, wanted = call.shape("self"), call.outputs[0].shape
    if strides is None or wanted is None:
        return False
    if not all(isinstance(size, int) for size in (*shape, *wanted, *strides)):
        return not _in_order(strides)
    return not viewable(known_sizes(shape), known_sizes(strides), known_sizes(wanted))


def _in_order(strides: Sequence[Dim]) -> bool:
    """Whether symbolic strides may be those of a contiguous tensor: known ones never grow towards the end."""
    known = [stride for stride in strides if isinstance(stride, int)]
    return all(a >= b for a, b in pairwise(known))


def viewable(shape: Sequence[int], strides: Sequence[int], wanted: Sequence[int]) -> bool:
    """Whether a tensor can be seen in another shape without a copy.

    Axes that lie next to each other in memory (stride[i] = stride[i + 1] * size[i + 1]) form a block; the wanted shape
    must divide each block by itself ("Tensor.view" in PyTorch's documentation).
    """
    axes = [(size, stride) for size, stride in zip(shape, strides, strict=True) if size != 1]
    if any(size == 0 for size, _ in axes):
        return True
    blocks: list[int] = []
    for position, (size, stride) in enumerate(axes):
        joined = position > 0 and axes[position - 1][1] == stride * size
        if joined:
            blocks[-1] *= size
        else:
            blocks.append(size)
    return _divides([size for size in wanted if size != 1], blocks)


def _divides(wanted: Sequence[int], blocks: Sequence[int]) -> bool:
    sizes = iter(wanted)
    for block in blocks:
        filled = 1
        while filled < block:
            size = next(sizes, 0)
            if size <= 0:
                return False
            filled *= size
        if filled != block:
            return False
    return next(sizes, None) is None


def _contiguous_copies(call: AtenCall, strides: Sequence[Dim] | None) -> bool:
    shape = call.shape("self")
    if strides is None or not all(isinstance(size, int) for size in (*shape, *strides)):
        return False
    sizes = known_sizes(shape)
    return not viewable(sizes, known_sizes(strides), (math.prod(sizes),))


def _cast_copies(call: AtenCall, strides: Sequence[Dim] | None) -> bool:
    return call.flag("copy") or call.dtype("self") != call.outputs[0].dtype


def _dropout_copies(call: AtenCall, strides: Sequence[Dim] | None) -> bool:
    return call.flag("train") and call.fixed("p", 0.5) > 0


COPIES: Mapping[str, Callable[[AtenCall, Sequence[Dim] | None], bool]] = {
    "aten.reshape": _reshape_copies,
    "aten.reshape_as": _reshape_copies,
    "aten.flatten": _reshape_copies,
    "aten.ravel": _reshape_copies,
    "aten.contiguous": _contiguous_copies,
    "aten.to": _cast_copies,
    "aten.type_as": _cast_copies,
    "aten.dropout": _dropout_copies,
    "aten.feature_dropout": _dropout_copies,
    "aten.alpha_dropout": _dropout_copies,
    "aten.feature_alpha_dropout": _dropout_copies,
}
"""Ops that copy under some condition."""


def undone(call: AtenCall, look: Look, base: str, value: str) -> str:
    """The base of a view once the view holds `value`. `base` is what it held before."""
    try:
        with fitting():
            return _undone(call, look, base, value)
    except Misfit:
        call.nodes.clear()
        return _undone(call, Look.PART, base, value)


def _undone(call: AtenCall, look: Look, base: str, value: str) -> str:
    match look:
        case Look.RESHAPED:
            shape = call.type_of(base).shape
            if shape is not None and all(isinstance(size, int) for size in shape):
                return call.emit("Reshape", value, call.numbers(*known_sizes(shape)))
            return call.emit("Reshape", value, call.emit("Shape", base))
        case Look.PERMUTED:
            order = movement.permutation(call)
            places = {axis: place for place, axis in enumerate(order)}
            return call.emit("Transpose", value, perm=tuple(places[axis] for axis in range(len(order))))
        case Look.SAME:
            return call.emit("Identity", value)
        case Look.PART:
            return call.emit("ScatterND", base, None, value, reduction="none")

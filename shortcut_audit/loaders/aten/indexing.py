"""Which canonical ops stand behind ATen's indexing: reading and writing at computed places?"""

from __future__ import annotations

from collections.abc import Sequence

from shortcut_audit.loaders.aten.arithmetic import scaled
from shortcut_audit.loaders.aten.call import AtenCall, Misfit, Rule, known_sizes
from shortcut_audit.loaders.aten.graph import Argument


def index(call: AtenCall) -> str:
    """self[i, j, ...]: Gather along one axis, or GatherND where several axes are indexed, or by a mask."""
    given = [(axis, item) for axis, item in enumerate(call.items("indices")) if item is not None]
    if not given:
        return call.emit("Identity", call.value("self"))
    place = call.operand(given[0][1])
    if len(given) == 1 and call.type_of(place).dtype not in {"bool", "uint8"}:
        return call.emit("Gather", call.value("self"), place, axis=given[0][0])
    return call.emit("GatherND", call.value("self"), _places(call, given))


def _places(call: AtenCall, given: Sequence[tuple[int, Argument]]) -> str:
    """The places that indices tell, a row of coordinates for each, where that can be written.

    Of leading axes, as integers of one shape or as one mask. All other indices are one list, of which nothing is known
    but what it is computed from.
    """
    places = [call.operand(item) for _, item in given]
    masks = [call.type_of(place).dtype in {"bool", "uint8"} for place in places]
    shapes = [call.type_of(place).shape for place in places]
    leading = [axis for axis, _ in given] == list(range(len(given)))
    if leading and masks == [True]:
        return call.emit("Transpose", call.emit("NonZero", places[0]), perm=(1, 0))
    if leading and not any(masks) and shapes[0] is not None and shapes.count(shapes[0]) == len(shapes):
        alike = [call.as_type(place, "int64") for place in places]
        return call.emit("Stack", *alike, axis=len(shapes[0]))
    return call.emit("SequenceConstruct", *places)


def index_put(call: AtenCall) -> str:
    """self[i, j, ...] = values, or += values."""
    given = [(axis, item) for axis, item in enumerate(call.items("indices")) if item is not None]
    if _is_fill(call, given):
        return call.emit("Where", call.operand(given[0][1]), call.value("values"), call.value("self"))
    reduction = "add" if call.flag("accumulate") else "none"
    places = _places(call, given) if given else None
    return call.emit("ScatterND", call.value("self"), places, _values(call, given), reduction=reduction)


def _is_fill(call: AtenCall, given: Sequence[tuple[int, Argument]]) -> bool:
    """Whether one number is written wherever one mask of all axes holds: masked_fill under another name."""
    if len(given) != 1 or call.flag("accumulate") or call.type_of(call.value("values")).shape != ():
        return False
    mask = call.type_of(call.operand(given[0][1]))
    return mask.dtype == "bool" and mask.shape is not None and len(mask.shape) == call.rank("self")


def _values(call: AtenCall, given: Sequence[tuple[int, Argument]]) -> str:
    """What is written, in the shape of the places that it is written to, where that is known."""
    values = call.value("values")
    shape = call.type_of(call.operand(given[0][1])).shape if given else None
    whole, mine = call.shape("self"), call.type_of(values).shape
    mask = bool(given) and call.type_of(call.operand(given[0][1])).dtype in {"bool", "uint8"}
    if mask or shape is None or mine is None:
        return values
    wanted = (*shape, *whole[len(given) :])
    if mine == wanted or not all(isinstance(size, int) for size in wanted):
        return values
    return call.emit("Expand", values, call.numbers(*known_sizes(wanted)))


def along(kind: str, place: str, source: str, reduction: str = "none") -> Rule:
    """scatter, index_add and their like: at places along one axis."""

    def rule(call: AtenCall) -> str:
        found = call.value(source, "self") if source else call.value("src" if call.has("src") else "value", "self")
        axis = call.axis("dim")
        given, found = _matched(call, call.value(place), found, axis)
        how = REDUCTIONS.get(call.text("reduce", reduction), "add")
        itself = None if call.flag("include_self", default=True) else 0
        found = scaled(call, found, "alpha")
        return call.emit(kind, call.value("self"), given, found, axis=axis, reduction=how, include_self=itself)

    return rule


def _matched(call: AtenCall, places: str, source: str, axis: int) -> tuple[str, str]:
    """Places and what is written there, in one shape: positions along an axis hold for all others, so does a number."""
    given, wanted, whole = (call.type_of(name).shape for name in (places, source, call.value("self")))
    if given is None or wanted is None or whole is None or not all(isinstance(size, int) for size in (*given, *whole)):
        return places, source
    if len(given) == len(whole) and (len(whole) != 1 or wanted):
        return places, source if wanted else call.emit("Expand", source, call.numbers(*known_sizes(given)))
    target = (*whole[:axis], *given, *whole[axis + 1 :])
    behind = call.emit("Reshape", places, call.numbers(-1, *(1,) * (len(whole) - axis - 1)))
    spread = call.emit("Expand", behind, call.numbers(*known_sizes(target)))
    return spread, source if wanted else call.emit("Expand", source, call.numbers(*known_sizes(target)))


REDUCTIONS = {
    "none": "none", "add": "add", "sum": "add", "mean": "add", "multiply": "mul", "prod": "mul",
    "amax": "max", "amin": "min",
}  # fmt: skip
"""ONNX's names of reductions, by ATen's."""


def index_select(call: AtenCall) -> str:
    """The given places of one axis."""
    return call.emit("Gather", call.value("self"), call.value("index"), axis=call.axis("dim"))


def gather(call: AtenCall) -> str:
    """Element by element along one axis."""
    return call.emit("GatherElements", call.value("self"), call.value("index"), axis=call.axis("dim"))


def take_along(call: AtenCall) -> str:
    """take_along_dim: as gather, of as many as there are places once both are stretched; without an axis, of a row."""
    value, places = call.value("self"), call.value("indices")
    if not call.has("dim"):
        return call.emit(
            "GatherElements", *(call.emit("Reshape", it, call.numbers(-1)) for it in (value, places)), axis=0
        )
    axis, made = call.axis("dim"), call.outputs[0].shape
    mine, given = call.shape("self"), call.shape("indices")
    if made is None or not all(isinstance(size, int) for size in (*made, *mine, *given)):
        return call.emit("GatherElements", value, places, axis=axis)
    whole = (*made[:axis], mine[axis], *made[axis + 1 :])
    if mine != whole:
        value = call.emit("Expand", value, call.numbers(*known_sizes(whole)))
    if given != made:
        places = call.emit("Expand", places, call.numbers(*known_sizes(made)))
    return call.emit("GatherElements", value, places, axis=axis)


def written_part(call: AtenCall) -> str:
    """slice_scatter, select_scatter, diagonal_scatter: self with a part of it replaced by src."""
    return call.emit("ScatterND", call.value("self"), None, call.value("src"), reduction="none")


def masked_scatter(call: AtenCall) -> str:
    """Self with elements of source where the mask holds."""
    places = call.emit("SequenceConstruct", call.value("mask"))
    return call.emit("ScatterND", call.value("self"), places, call.value("source"), reduction="none")


def masked_select(call: AtenCall) -> str:
    """The elements where the mask holds, as a vector."""
    return call.emit("GatherND", call.value("self"), _where(call))


def _where(call: AtenCall) -> str:
    """The places where the mask holds, a row of coordinates for each."""
    return call.emit("Transpose", call.emit("NonZero", call.value("mask")), perm=(1, 0))


def nonzero(call: AtenCall) -> str:
    """One row for each place; ONNX has one column."""
    return call.emit("Transpose", call.emit("NonZero", call.value("self")), perm=(1, 0))


def one_hot(call: AtenCall) -> str:
    """A new last axis: one at the class, zero elsewhere."""
    classes = call.integer("num_classes", -1)
    if classes < 0:
        raise Misfit
    values = call.numbers(0, 1)
    return call.emit("OneHot", call.value("self"), call.scalar(classes, "int64"), values, axis=-1)

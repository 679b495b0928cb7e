"""Which canonical ops stand behind ATen's indexing: reading and writing at computed places?"""

from __future__ import annotations

from shortcut_audit.loaders.aten.call import Call, Misfit, Rule


def index(call: Call) -> str:
    """self[i, j, ...]: Gather along one axis, or GatherND where several axes are indexed, or by a mask."""
    given = [(axis, item) for axis, item in enumerate(call.items("indices")) if item is not None]
    if not given:
        return call.emit("Identity", call.value("self"))
    places = [call.operand(item) for _, item in given]
    masks = [call.type_of(place).dtype in {"bool", "uint8"} for place in places]
    if len(places) == 1 and not masks[0]:
        return call.emit("Gather", call.value("self"), places[0], axis=given[0][0])
    return call.emit("GatherND", call.value("self"), _places(call, places, masks))


def _places(call: Call, places: list[str], masks: list[bool]) -> str:
    """All indices as one tensor, whose layout nobody asks for; what matters is what it is computed from."""
    found = [call.emit("NonZero", place) if mask else place for place, mask in zip(places, masks, strict=True)]
    return found[0] if len(found) == 1 else call.emit("SequenceConstruct", *found)


def index_put(call: Call) -> str:
    """self[i, j, ...] = values, or += values."""
    given = [call.operand(item) for item in call.items("indices") if item is not None]
    masks = [call.type_of(place).dtype in {"bool", "uint8"} for place in given]
    reduction = "add" if call.flag("accumulate") else "none"
    places = _places(call, given, masks) if given else None
    return call.emit("ScatterND", call.value("self"), places, call.value("values"), reduction=reduction)


def along(kind: str, place: str, source: str, reduction: str = "none") -> Rule:
    """scatter, index_add and their like: at places along one axis."""

    def rule(call: Call) -> str:
        found = call.value(source) if source else call.value("src" if call.has("src") else "value", "self")
        how = REDUCTIONS.get(call.text("reduce", reduction), "add")
        return call.emit(kind, call.value("self"), call.value(place), found, axis=call.axis("dim"), reduction=how)

    return rule


REDUCTIONS = {
    "none": "none", "add": "add", "sum": "add", "mean": "add", "multiply": "mul", "prod": "mul",
    "amax": "max", "amin": "min",
}  # fmt: skip
"""ONNX's names of reductions, by ATen's."""


def index_select(call: Call) -> str:
    """The given places of one axis."""
    return call.emit("Gather", call.value("self"), call.value("index"), axis=call.axis("dim"))


def gather(call: Call) -> str:
    """Element by element along one axis."""
    return call.emit("GatherElements", call.value("self"), call.value("index"), axis=call.axis("dim"))


def written_part(call: Call) -> str:
    """slice_scatter, select_scatter, diagonal_scatter: self with a part of it replaced by src."""
    return call.emit("ScatterND", call.value("self"), None, call.value("src"), reduction="none")


def masked_scatter(call: Call) -> str:
    """Self with elements of source where the mask holds."""
    return call.emit("ScatterND", call.value("self"), call.emit("NonZero", call.value("mask")), call.value("source"))


def masked_select(call: Call) -> str:
    """The elements where the mask holds, as a vector."""
    return call.emit("GatherND", call.value("self"), call.emit("NonZero", call.value("mask")))


def nonzero(call: Call) -> str:
    """One row for each place; ONNX has one column."""
    return call.emit("Transpose", call.emit("NonZero", call.value("self")), perm=(1, 0))


def one_hot(call: Call) -> str:
    """A new last axis: one at the class, zero elsewhere."""
    classes = call.integer("num_classes", -1)
    if classes < 0:
        raise Misfit
    values = call.numbers(0, 1)
    return call.emit("OneHot", call.value("self"), call.scalar(classes, "int64"), values, axis=-1)

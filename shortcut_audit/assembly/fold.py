"""Which value does an op pass on, where that is known before it runs?

Exporters write what Python decided as ops: an If on a size that is known, a list that is built and read again.
1. An If whose condition nobody can make otherwise is the value of one branch; the other one is never run.
2. A sequence is what was put into it, or the parts that a tensor was split into, and its element at a constant place is
   that.
3. A sequence that is put together again is a Concat, or a Stack, of its elements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from shortcut_audit.frozen import replace
from shortcut_audit.graph.draft import Node
from shortcut_audit.graph.model import Attribute, Datum, Shape
from shortcut_audit.graph.naming import Names

Elements: TypeAlias = "tuple[str | None, ...]"
DataOf: TypeAlias = "Callable[[str | None], tuple[Datum, ...] | None]"
"""The elements of a tensor by name, where they are constant and few."""

ShapeOf: TypeAlias = "Callable[[str | None], Shape]"

LONGEST = 1024
"""Elements of a sequence that are kept in mind."""


def truth(data: tuple[Datum, ...] | None) -> bool | None:
    """Whether a condition with these elements holds; None where that is not known."""
    if data is None or len(data) != 1 or data[0] is None or isinstance(data[0], str):
        return None
    return bool(data[0])


class Choices:
    """What is known of the lists and branches of one model, as its nodes come by in the order in which they run."""

    def __init__(self, data_of: DataOf, shape_of: ShapeOf, proven: frozenset[str], names: Names) -> None:
        """`proven`: the conditions by which a branch may be chosen for good; `names`: those of the model's tensors."""
        self._data_of = data_of
        self._shape_of = shape_of
        self._names = names
        self._proven = proven
        self._sequences: dict[str, Elements] = {}

    def settled(self, node: Node) -> tuple[Node, ...]:
        """The node itself, or the plain op that it comes to; with a list, the ops that make its elements."""
        match node.kind:
            case "If":
                return (self._branch(node),)  # 1
            case "SequenceEmpty" | "SequenceConstruct" | "SequenceInsert" | "Identity":
                self._remember(node)  # 2
            case "SplitToSequence":
                return (node, *self._split(node))  # 2
            case "SequenceAt":
                return (self._element(node),)  # 2
            case "ConcatFromSequence":
                return (self._joined(node),)  # 3
        return (node,)

    def _branch(self, node: Node) -> Node:
        taken = truth(self._data_of(node.inputs[0])) if node.inputs[0] in self._proven else None
        return node if taken is None else _copy(node, node.inputs[1] if taken else node.inputs[2])

    def _remember(self, node: Node) -> None:
        made = node.outputs[0] if node.outputs else None
        before: Elements | None = () if node.kind == "SequenceEmpty" else node.inputs
        if node.kind == "SequenceInsert":
            before = self._inserted(node)
        elif node.kind == "Identity":
            before = self._sequences.get(node.inputs[0] or "")
        if made is not None and before is not None and len(before) <= LONGEST:
            self._sequences[made] = before

    def _split(self, node: Node) -> tuple[Node, ...]:
        """The parts of a tensor: of the sizes that are listed, of one size, or single slices, whose axis may go."""
        made, axis = node.outputs[0], node.attributes.get("axis", 0)
        sizes = self._sizes(node, axis)
        if made is None or not sizes or not isinstance(axis, int):
            return ()
        parts = tuple(self._names.beside(made) for _ in sizes)
        label = node.label or node.kind
        cut = replace(node, kind="Split", label=label, inputs=node.inputs[:1], outputs=parts)
        cut = replace(cut, attributes={"axis": axis, "split": sizes})
        self._sequences[made] = parts
        if node.attributes.get("keepdims", 1) or len(node.inputs) > 1:
            return (cut,)
        self._sequences[made] = bare = tuple(self._names.beside(made) for _ in sizes)
        one = replace(node, kind="Squeeze", label=label, attributes={"axes": (axis,)})
        return (cut, *(replace(one, inputs=(a,), outputs=(b,)) for a, b in zip(parts, bare, strict=True)))

    def _sizes(self, node: Node, axis: Attribute) -> tuple[int, ...]:
        """How long the parts are; none where that is not known, or they are too many."""
        shape = self._shape_of(node.inputs[0])
        if shape is None or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
            return ()
        whole = shape[axis]
        listed: tuple[Datum, ...] | None = (1,)
        scalar = len(node.inputs) < 2 or node.inputs[1] is None
        if not scalar:
            listed, scalar = self._data_of(node.inputs[1]), self._shape_of(node.inputs[1]) == ()
        known = tuple(size for size in listed or () if isinstance(size, int) and size > 0)
        if not listed or len(known) != len(listed) or not isinstance(whole, int):
            return ()
        if scalar:
            rest = whole % known[0]
            known = known * (whole // known[0] if whole // known[0] <= LONGEST else 0) + ((rest,) if rest else ())
        return known if sum(known) == whole and len(known) <= LONGEST else ()

    def _inserted(self, node: Node) -> Elements | None:
        elements = self._sequences.get(node.inputs[0] or "")
        if elements is None:
            return None
        place: int | None = len(elements)
        if len(node.inputs) > 2 and node.inputs[2] is not None:  # in front of an element, or behind the last
            place = place if self._number(node, 2) == len(elements) else self._place(node, 2, len(elements))
        return None if place is None else (*elements[:place], node.inputs[1], *elements[place:])

    def _element(self, node: Node) -> Node:
        elements = self._sequences.get(node.inputs[0] or "")
        place = None if elements is None else self._place(node, 1, len(elements))
        if elements is None or place is None:
            return node
        return _copy(node, elements[place])

    def _place(self, node: Node, slot: int, length: int) -> int | None:
        """The place that an input tells, counted from the front."""
        place = self._number(node, slot)
        return place % length if place is not None and -length <= place < length else None

    def _number(self, node: Node, slot: int) -> int | None:
        data = self._data_of(node.inputs[slot])
        return data[0] if data is not None and len(data) == 1 and isinstance(data[0], int) else None

    def _joined(self, node: Node) -> Node:
        elements = self._sequences.get(node.inputs[0] or "")
        if not elements:
            return node
        kind = "Stack" if node.attributes.get("new_axis", 0) else "Concat"
        axis: Mapping[str, Attribute] = {"axis": node.attributes.get("axis", 0)}
        return replace(node, kind=kind, label=node.label or node.kind, inputs=elements, attributes=axis)


def _copy(node: Node, source: str | None) -> Node:
    return replace(node, kind="Identity", label=node.label or node.kind, inputs=(source,), attributes={})

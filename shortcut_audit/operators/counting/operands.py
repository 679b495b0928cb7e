"""With which shapes and attributes is an operator called?"""

from __future__ import annotations

from collections.abc import Mapping

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Attribute, Constant, Dim, Input, ModelGraph, Op, Shape


@frozen
class Operands:
    """The shapes and attributes with which an operator is called."""

    inputs: tuple[Shape, ...]
    """Shape of each input slot; None for an input left out or of unknown rank."""
    outputs: tuple[Shape, ...]
    attributes: Mapping[str, Attribute]
    given: tuple[bool, ...]
    """Whether anything stands in each input slot, of known shape or not."""
    place: tuple[ModelGraph, Op] | None = None
    """The graph and the op itself; None where a call is made up of shapes alone."""

    @classmethod
    def of(cls, graph: ModelGraph, op: Op) -> Operands:
        """The call that `op` makes in `graph`."""
        return cls(
            tuple(shape_of(graph, given) for given in op.inputs),
            tuple(None if made is None else _made(graph, made) for made in op.outputs) or (None,),
            op.attributes,
            tuple(given is not None for given in op.inputs),
            (graph, op),
        )

    def has(self, slot: int) -> bool:
        """Whether anything stands in an input slot."""
        return slot < len(self.given) and self.given[slot]

    def input(self, slot: int) -> Shape:
        """Shape of an input slot; None where it is left out or unknown."""
        return self.inputs[slot] if slot < len(self.inputs) else None

    def size(self, slot: int, axis: int) -> int | None:
        """One size of an input; None where unknown."""
        shape = self.input(slot)
        if shape is None or not -len(shape) <= axis < len(shape):
            return None
        size = shape[axis]
        return size if isinstance(size, int) else None

    def held(self, slot: int) -> Dim:
        """The one size that a constant in an input slot holds; None where there is none, or several are."""
        given = self.place[1].inputs[slot] if self.place is not None and self.has(slot) else None
        data = given.type.data if isinstance(given, Constant) else None
        size = data[0] if data is not None and len(data) == 1 else None
        return size if type(size) is int or type(size) is str else None

    def computed(self, slot: int) -> bool:
        """Whether what stands in an input slot changes from pass to pass: it is computed, or fed."""
        return self.place is not None and self.has(slot) and isinstance(self.place[1].inputs[slot], str)

    def fed(self, slot: int) -> bool:
        """Whether the caller feeds what stands in an input slot."""
        given = self.place[1].inputs[slot] if self.place is not None and self.has(slot) else None
        return self.place is not None and isinstance(given, str) and self.place[0].values[given].op is None

    def returned(self, slot: int) -> bool:
        """Whether an output is handed back to the caller."""
        outputs = () if self.place is None else self.place[1].outputs
        made = outputs[slot] if slot < len(outputs) else None
        return self.place is not None and made is not None and self.place[0].returns(made)

    def integer(self, name: str, default: int) -> int:
        """An integer attribute."""
        value = self.attributes.get(name)
        return value if isinstance(value, int) else default


def _made(graph: ModelGraph, name: str) -> Shape:
    known = graph.constants.get(name)
    return graph.values[name].type.shape if known is None else known.shape


def shape_of(graph: ModelGraph, given: Input) -> Shape:
    """Shape of what stands in an input slot."""
    if given is None:
        return None
    return given.type.shape if isinstance(given, Constant) else graph.values[given].type.shape

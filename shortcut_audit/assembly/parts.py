"""Of which canonical nodes does a fused one consist, while it is taken apart?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from shortcut_audit.frozen import replace
from shortcut_audit.graph.draft import Node
from shortcut_audit.graph.model import Attribute
from shortcut_audit.graph.naming import Names

IsValue: TypeAlias = Callable[[str], bool]
"""Whether a name stands for a value (and not for a constant)."""


NONE: Mapping[str, Attribute] = {}


@dataclass(slots=True, eq=False, repr=False)
class Parts:
    """The canonical nodes of one fused node, under construction."""

    fused: Node
    names: Names
    """The names of the model's tensors: those of parts must be new."""
    is_value: IsValue
    nodes: list[Node] = field(default_factory=list)

    def input(self, slot: int) -> str | None:
        """The name in an input slot of the fused node; None where it is left out."""
        return self.fused.inputs[slot] if slot < len(self.fused.inputs) else None

    def output(self, slot: int) -> str | None:
        """The name in an output slot of the fused node; None where nobody asks for it."""
        return self.fused.outputs[slot] if slot < len(self.fused.outputs) else None

    def add(
        self, kind: str, *inputs: str | None, to: str | None = None, attributes: Mapping[str, Attribute] = NONE
    ) -> str:
        """One more part; its result is called `to`, or by a new name."""
        made = to if to is not None else self.new_name()
        label = self.fused.label or self.fused.kind
        part = replace(self.fused, kind=kind, label=label, inputs=inputs, outputs=(made,), attributes=attributes)
        self.nodes.append(part)
        return made

    def new_name(self) -> str:
        """A name that nothing in the model has."""
        stem = next((name for name in self.fused.outputs if name is not None), self.fused.name)
        return self.names.beside(stem)

    def kept(self, *names: str) -> dict[str, Attribute]:
        """Attributes of the fused node that a part takes over; all of them when none is named."""
        given = self.fused.attributes
        return {name: given[name] for name in names or given if name in given}

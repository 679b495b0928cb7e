"""What is a PyTorch graph? (the nouns)

What torch.export records and a .pt2 archive stores: ATen nodes in the order in which they run, their arguments under
the names of the operator's schema. A name stands for a tensor *object*: in-place ops change what it holds (aliases.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TypeAlias

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import Dim, Source, TensorType
from shortcut_audit.loaders.aten.remaining import SPELLINGS


@frozen
class Ref:
    """An argument that is computed: a tensor, or a symbolic number, by its name in the graph."""

    name: str


Argument: TypeAlias = "bool | int | float | complex | str | Ref | AtenGraph | tuple[Argument, ...] | None"
"""One argument of a node. Element types, layouts and devices are strings: numpy's names for the types ("float32")."""


@frozen
class AtenNode:
    """One call of an operator."""

    name: str
    target: str
    """The operator: "aten.add_.Tensor", "higher_order.cond", "_operator.mul"."""
    arguments: tuple[tuple[str, Argument], ...]
    """Arguments by their names in the operator's schema; those left at their default are absent, those without a name
    count by position."""
    outputs: tuple[str | None, ...]
    """What it makes, lists of tensors flattened; None for what nobody can refer to."""
    scope: str = ""
    source: Source | None = None
    writes: tuple[str, ...] | None = None
    """The arguments that the operator's schema says it writes to; None where nobody has the schema."""

    @property
    def operator(self) -> str:
        """The operator without its overload, by its usual name: "aten.add_"."""
        named = ".".join(self.target.split(".", 2)[:2])
        return SPELLINGS.get(named, named)


@frozen
class AtenGraph:
    """A graph, or the body of a higher-order op. It sees nothing but its inputs."""

    inputs: tuple[str | None, ...]
    outputs: tuple[Argument, ...]
    nodes: tuple[AtenNode, ...]
    types: Mapping[str, TensorType]
    """Shape and element type of what a name stands for; a symbolic number has shape () and its symbol as data."""
    strides: Mapping[str, tuple[Dim, ...]] = field(default_factory=dict)
    """Strides of the tensor, where they are known: they tell whether reshape() copies."""


@frozen
class AtenProgram:
    """An exported model."""

    source: str
    format: str
    origin: str
    graph: AtenGraph
    stored: Mapping[str, Tensor]
    """Parameters, buffers and lifted constants, by their names in the graph. Tied ones are one and the same."""
    inputs: tuple[str, ...]
    """Names of the tensors that the caller feeds, in order."""
    notes: tuple[str, ...] = ()


def flat(arguments: Sequence[Argument]) -> list[Argument]:
    """Arguments with lists unrolled. Iterative: a file may nest them deeply."""
    found: list[Argument] = []
    waiting = list(reversed(arguments))
    while waiting:
        item = waiting.pop()
        if isinstance(item, tuple):
            waiting.extend(reversed(item))
        else:
            found.append(item)
    return found


def refs(node: AtenNode) -> list[Ref]:
    """Everything computed that a node reads, bodies aside."""
    return [item for item in flat([value for _, value in node.arguments]) if isinstance(item, Ref)]


def names_read(graph: AtenGraph) -> frozenset[str]:
    """Names that some node or the graph's outputs refer to."""
    results = [item for item in flat(graph.outputs) if isinstance(item, Ref)]
    return frozenset(ref.name for found in (results, *map(refs, graph.nodes)) for ref in found)

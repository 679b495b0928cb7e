"""What has been written into the draft of an ONNX model so far?

Tensors, nodes and what the file declares of its values, each under the name that a `Frame` gives it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shortcut_audit.frozen import replace
from shortcut_audit.graph.draft import Node, Tensor
from shortcut_audit.graph.model import Attribute, Datum, TensorType
from shortcut_audit.graph.naming import Names
from shortcut_audit.loaders.onnx.frames import Frame, Place
from shortcut_audit.loaders.onnx.metadata import noted_tensors
from shortcut_audit.loaders.onnx.tensors import Oddities, declared_type, sparse_tensor, stored_tensor
from shortcut_audit.loaders.onnx.text import text
from shortcut_audit.names import displayable

if TYPE_CHECKING:
    from onnx import GraphProto, ValueInfoProto


@dataclass(slots=True, eq=False, repr=False)
class Written:
    """The tensors and nodes of a draft that is being written."""

    nodes: list[Node] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    recorded: dict[str, TensorType] = field(default_factory=dict)
    beside: list[tuple[str, str]] = field(default_factory=list)
    """Pairs of tensors of which the first depends on the second, beside what the nodes read (draft.py, rule 2)."""
    oddities: Oddities = field(default_factory=lambda: defaultdict(list))
    undefined: dict[str, None] = field(default_factory=dict)
    """The operators that nobody defines: neither ONNX, nor ONNX Runtime, nor the file."""
    names: Names = field(default_factory=Names)
    """Names in the draft. None are known where none needs to be made."""
    holders: Names = field(default_factory=Names)
    """Names of what holds bodies."""
    numbers: dict[str, Datum] = field(default_factory=dict)
    """The stored tensors of one element that is known."""

    def store(self, tensor: Tensor) -> None:
        """Writes a tensor that is stored."""
        self.tensors.append(tensor)
        if tensor.data is not None and len(tensor.data) == 1:
            self.numbers[tensor.name] = tensor.data[0]

    def store_all(self, graph: GraphProto, frame: Frame) -> None:
        """Writes what a graph stores."""
        noted = noted_tensors(graph)
        for initializer in graph.initializer:
            if (name := frame.meaning(initializer.name)) is not None:
                own = text(initializer.name)
                tensor = stored_tensor(initializer, name, self.oddities, learned=noted.learned.get(own))
                # What would make a term vanish is no literal for want of a note: whoever adds a gain that begins as 0
                # (ReZero) to an exported file writes none.
                literal = own in noted.numbers and tensor.data not in {None, (0,), (1,)}
                self.store(replace(tensor, literal=True) if literal else tensor)
        for sparse in graph.sparse_initializer:
            if (name := frame.meaning(sparse.values.name)) is not None:
                self.tensors.append(sparse_tensor(sparse, name))

    def record(self, infos: Iterable[ValueInfoProto], frame: Frame) -> None:
        """Writes down what the file declares of the shapes and types of values."""
        for info in infos:
            own = text(info.name)
            if name := own if frame.names is None else frame.names.get(own):
                self.recorded[name] = declared_type(info, self.oddities)

    def emit(
        self,
        kind: str,
        label: str,
        place: Place,
        reads: list[str | None],
        makes: list[str | None],
        attributes: Mapping[str, Attribute],
    ) -> None:
        """Writes a node."""
        self.nodes.append(
            Node(
                kind,
                tuple(reads),
                tuple(makes),
                place.name,
                label,
                attributes,
                place.scope,
                place.source,
                place.absorbs_norm,
                place.body,
            )
        )

    def new(self, path: str, name: str) -> str:
        """A name that nothing in the draft has yet."""
        return self.names.fresh(path + displayable(name))

    def number_in(self, frame: Frame) -> Callable[[str], Datum]:
        """Tells the one element of a constant by its name in a frame."""
        return lambda name: self.numbers.get(frame.look_up(name) or "")

    def step_literal(self, path: str, dtype: str, step: int) -> str:
        """What a step reads of the loop itself: its number, or that the loop goes on."""
        name = self.new(path, dtype)
        self.store(Tensor(name, (), dtype, (step if dtype == "int64" else True,), literal=True))
        return name

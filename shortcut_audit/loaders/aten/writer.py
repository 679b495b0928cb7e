"""What has been translated so far?

The draft under construction: nodes, stored tensors, recorded types, and which names are taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from shortcut_audit.frozen import replace
from shortcut_audit.graph.draft import Node, Tensor
from shortcut_audit.graph.model import Body, Datum, Dim, TensorType
from shortcut_audit.graph.naming import Names
from shortcut_audit.names import displayable


@dataclass(slots=True)
class Writer:
    """Collects nodes and tensors; hands out names that nobody has."""

    nodes: list[Node] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    types: dict[str, TensorType] = field(default_factory=dict)
    """What is known of every name, stored tensors included."""
    strides: dict[str, tuple[Dim, ...]] = field(default_factory=dict)
    """How the elements lie in memory, where that is known."""
    beside: list[tuple[str, str]] = field(default_factory=list)
    """Pairs of tensors of which the first depends on the second, beside what the nodes read (draft.py, rule 2)."""
    body: Body | None = None
    """The branch or the loop whose nodes are being written."""
    _names: Names = field(default_factory=Names)
    _holders: Names = field(default_factory=Names)
    _literals: dict[tuple[object, ...], str] = field(default_factory=dict)

    def holder(self, stem: str) -> str:
        """A name for what holds bodies, which nothing else of the kind has."""
        return self._holders.fresh(displayable(stem))

    def add(self, node: Node) -> None:
        """One more node, where the writer stands."""
        self.nodes.append(node if self.body is None else replace(node, body=self.body))

    @contextmanager
    def within(self, body: Body) -> Iterator[None]:
        """All that is written meanwhile stands in a body."""
        around, self.body = self.body, body
        try:
            yield
        finally:
            self.body = around

    def fresh(self, stem: str) -> str:
        """`stem`, made fit to be read, if nobody has that name yet; otherwise with a number behind it."""
        return self._names.fresh(displayable(stem))

    def store(self, tensor: Tensor) -> None:
        """One more stored tensor; its name must be fresh."""
        self.tensors[tensor.name] = tensor
        self.types[tensor.name] = TensorType(tensor.shape, tensor.dtype, tensor.data)

    def may_change(self, name: str) -> bool:
        """Whether a program could write to what has that name: to no number, and to nothing that is learned."""
        tensor, known = self.tensors.get(name), self.types.get(name, TensorType())
        return known.data is None if tensor is None else not tensor.learned

    def literal(self, data: tuple[Datum, ...] | None, shape: tuple[int, ...], dtype: str) -> str:
        """Numbers written in the code, as a stored tensor; equal ones are stored once."""
        # The types tell 1 from 1.0 and True, repr tells 0.0 from -0.0.
        key = (repr(data), shape, dtype)
        if key not in self._literals:
            name = self._literals[key] = self.fresh("literal")
            self.store(Tensor(name, shape, dtype, data, learned=False, literal=True))
        return self._literals[key]

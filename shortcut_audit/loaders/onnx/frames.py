"""What do the names in an ONNX graph stand for, and where do its nodes stand?

The model's own names stand for themselves. Bodies see what lies around them, functions nothing but what they are given;
what either makes has a name of its own in the draft.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import TYPE_CHECKING, NamedTuple

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Body, Source
from shortcut_audit.loaders.onnx.attributes import Bound, graphs_in
from shortcut_audit.loaders.onnx.bodies import body_inputs
from shortcut_audit.loaders.onnx.metadata import origin_of
from shortcut_audit.loaders.onnx.text import text
from shortcut_audit.names import displayable

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto


class Place(NamedTuple):
    """Where a node stands."""

    name: str
    scope: str
    source: Source | None
    absorbs_norm: bool = False
    body: Body | None = None


@frozen
class Frame:
    """What the names in a graph stand for."""

    opset: int
    """The version of the default operator set by which the graph's nodes are written."""
    names: dict[str, str | None] | None = None
    """The draft's names by the graph's own, in a body or function; None for an input that the call leaves out.
    None for the model's graph, whose names stand for themselves."""
    outer: Frame | None = None
    """The graph around this one, whose values it may read. A function sees nothing of its caller's."""
    path: str = ""
    """Whence new names are made."""
    bound: Bound = field(default_factory=dict)
    """What attribute references stand for: the attributes of the call."""
    caller: str = ""
    """The name of the call, where names of nodes come from a function."""
    scope: str = ""
    source: Source | None = None
    """What holds for a node that says nothing itself."""
    body: Body | None = None
    """The branch or the loop that this graph is, or is called in."""

    def place(self, node: NodeProto) -> Place:
        """Where the node stands: what it says itself, completed by what holds in this frame."""
        scope, source, absorbs_norm = origin_of(node)
        name = text(node.name)
        if self.caller and name:
            name = displayable(f"{self.caller}/{name}")
        return Place(name, scope or self.scope, source or self.source, absorbs_norm, self.body)

    def meaning(self, stored: str) -> str | None:
        """The draft's name of what a node reads or makes, which the file calls so; None for a slot that is left out.

        Raises UnreadableModel when it is a name in a function that nothing there makes.
        """
        if not stored:
            return None
        return text(stored) if self.names is None else self.look_up(text(stored))

    def look_up(self, name: str) -> str | None:
        """The draft's name for a name that is text already."""
        frame = self
        while frame.names is not None:
            if name in frame.names:
                return frame.names[name]
            if frame.outer is None:
                raise UnreadableModel(
                    f"a function reads '{displayable(name)}', which nothing in it makes; export the model again"
                )
            frame = frame.outer
        return name


def made_in(graph: GraphProto) -> Iterator[str]:
    """What the graph itself stores or makes, as the file has the names."""
    yield from (tensor.name for tensor in graph.initializer)
    yield from (sparse.values.name for sparse in graph.sparse_initializer)
    for node in graph.node:
        yield from node.output


@frozen
class _Scope:
    """The names that a subgraph which is not looked into has of its own."""

    own: frozenset[str]
    outer: _Scope | None

    def has(self, name: str) -> bool:
        """Whether the name is the subgraph's own, or that of one around it."""
        scope: _Scope | None = self
        while scope is not None and name not in scope.own:
            scope = scope.outer
        return scope is not None


def captured(bodies: Iterable[GraphProto], frame: Frame) -> list[str | None]:
    """What subgraphs that are not looked into read from outside, each once."""
    found: dict[str, None] = {}
    waiting: list[tuple[GraphProto, _Scope | None]] = [(graph, None) for graph in bodies]
    while waiting:
        graph, around = waiting.pop()
        scope = _Scope(frozenset([*body_inputs(graph), *map(text, made_in(graph))]), around)
        for node in graph.node:
            found.update((name, None) for name in map(text, node.input) if name and not scope.has(name))
            waiting.extend((inner, scope) for attribute in node.attribute for inner in graphs_in(attribute))
        outputs = (text(info.name) for info in graph.output)
        found.update((name, None) for name in outputs if name and not scope.has(name))
    return [frame.look_up(name) for name in found]

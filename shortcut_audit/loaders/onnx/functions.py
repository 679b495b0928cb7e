"""How large does a model get when its subgraphs and functions are written out?

Known before anything is written out: 40 functions that call each other twice make 2^39 nodes of a 4 KB file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.loaders.onnx.attributes import graphs_in
from shortcut_audit.loaders.onnx.bulk import most_of, weight_of_function, weight_of_graph, weight_of_node
from shortcut_audit.loaders.onnx.text import text
from shortcut_audit.names import displayable

if TYPE_CHECKING:
    from onnx import FunctionProto, GraphProto, ModelProto, NodeProto

WEIGHT_LIMIT = 2_000_000
"""What may be written out, by the weights of `bulk.py`: some 100,000 nodes. The largest models known have some
30,000."""

NESTING_LIMIT = 64
"""Subgraphs and calls within each other that are followed."""

DEFAULT_DOMAINS = frozenset({"", "ai.onnx"})
"""Two spellings of the domain of ONNX's own operators."""

Key: TypeAlias = tuple[str, str, str]
"""What identifies a function, and what a node names when it calls one: domain, name, overload."""


def functions_of(model: ModelProto) -> dict[Key, FunctionProto]:
    """The functions that the model defines. Raises UnreadableModel when one is defined twice."""
    found: dict[Key, FunctionProto] = {}
    for function in model.functions:
        key = (_domain(function), text(function.name), text(function.overload))
        if key in found:
            raise UnreadableModel(
                f"the function {displayable('::'.join(key[:2]))} is defined twice; export the model again"
            )
        found[key] = function
    return found


def key_of(node: NodeProto) -> Key:
    """What the node calls, if that is a function."""
    return _domain(node), text(node.op_type), text(node.overload)


def _domain(proto: NodeProto | FunctionProto) -> str:
    domain = text(proto.domain)
    return "" if domain in DEFAULT_DOMAINS else domain


def levels_of(model: ModelProto, functions: Mapping[Key, FunctionProto]) -> int:
    """How many levels of subgraphs and calls lie below the model's own graph; 0 where it holds neither.

    Raises UnreadableModel when the model is too large to be written out, nests too deep, or calls itself. A small one
    that holds neither is none of that, and is not measured.
    """
    small = not functions and most_of(model.graph) <= WEIGHT_LIMIT
    if small and not any(graphs_in(attribute) for node in model.graph.node for attribute in node.attribute):
        return 0
    return _Measure(functions).graph(model.graph, 0)[1]


@dataclass(slots=True, eq=False, repr=False)
class _Measure:
    """Sizes of functions, each worked out once: their weight, and the levels of nesting in them."""

    functions: Mapping[Key, FunctionProto]
    known: dict[Key, tuple[int, int]] = field(default_factory=dict)
    running: dict[Key, None] = field(default_factory=dict)

    def graph(self, graph: GraphProto, depth: int) -> tuple[int, int]:
        """A graph when written out. `depth` levels lie around it."""
        return self._extent(weight_of_graph(graph), graph.node, depth)

    def _function(self, key: Key, depth: int) -> tuple[int, int]:
        if key in self.running:
            raise UnreadableModel(
                f"the function {displayable('::'.join(key[:2]))} calls itself, which the format forbids"
            )
        if key not in self.known:
            self.running[key] = None
            function = self.functions[key]
            _check_names(function)
            self.known[key] = self._extent(weight_of_function(function), function.node, depth)
            del self.running[key]
        return self.known[key]

    def _extent(self, weight: int, nodes: Iterable[NodeProto], depth: int) -> tuple[int, int]:
        """Adds what nodes weigh, written out, to what their graph weighs. What is too large is not looked at whole."""
        levels = 0
        for node in nodes:
            weight += weight_of_node(node)
            for inner_weight, inner_levels in self._within(node, depth + 1):
                weight += inner_weight
                levels = max(levels, inner_levels + 1)
            if weight > WEIGHT_LIMIT:
                raise UnreadableModel(TOO_LARGE)
        if weight > WEIGHT_LIMIT:
            raise UnreadableModel(TOO_LARGE)
        if depth + levels > NESTING_LIMIT:
            raise UnreadableModel(TOO_DEEP)
        return weight, levels

    def _within(self, node: NodeProto, depth: int) -> list[tuple[int, int]]:
        """What a node holds, and what it calls."""
        bodies = [body for attribute in node.attribute for body in graphs_in(attribute)]
        key = key_of(node) if self.functions else None
        if depth > NESTING_LIMIT and (bodies or key in self.functions):
            raise UnreadableModel(TOO_DEEP)
        found = [self.graph(body, depth) for body in bodies]
        if key is not None and key in self.functions:
            found.append(self._function(key, depth))
        return found


TOO_DEEP = f"nests subgraphs and function calls more than {NESTING_LIMIT} deep"
TOO_LARGE = (
    f"is too large when written out: its nodes and tensors weigh more than {WEIGHT_LIMIT:,}, where a node weighs some "
    "20; audit a part of it (onnx.utils.extract_model)"
)


def _check_names(function: FunctionProto) -> None:
    """Raises UnreadableModel when a name stands for two tensors of the function: what it is given, and something else.

    What two of its nodes make shows once the function is written out.
    """
    named = Counter(map(text, function.input))
    made = {text(name) for node in function.node for name in node.output}
    twice = next((name for name in named if named[name] > 1 or name in made), None)
    if twice is not None:
        raise UnreadableModel(
            f"the function {displayable('::'.join((_domain(function), text(function.name))))} gives the name of its "
            f"input '{displayable(twice)}' to another tensor, too; export the model again"
        )

"""How large does a model get when its subgraphs and functions are written out?

Known before anything is written out: 40 functions that call each other twice make 2^39 nodes of a 4 KB file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.loaders.onnx_attributes import graphs_in
from shortcut_audit.loaders.onnx_text import text
from shortcut_audit.names import displayable

if TYPE_CHECKING:
    from onnx import FunctionProto, ModelProto, NodeProto

NODE_LIMIT = 200_000
"""Nodes, written out, that are audited: the largest models known have some 30,000."""

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

    Raises UnreadableModel when the model is too large to be written out, nests too deep, or calls itself.
    """
    count, levels = _Measure(functions).extent(model.graph.node, 0)
    if count > NODE_LIMIT:
        size = str(count) if count < 10**15 else f"some 2^{count.bit_length() - 1}"
        raise UnreadableModel(f"has {size} nodes when written out; at most {NODE_LIMIT} are audited")
    return levels


@dataclass(slots=True)
class _Measure:
    """Sizes of functions, each worked out once."""

    functions: Mapping[Key, FunctionProto]
    known: dict[Key, tuple[int, int]] = field(default_factory=dict)
    running: dict[Key, None] = field(default_factory=dict)

    def extent(self, nodes: Collection[NodeProto], depth: int) -> tuple[int, int]:
        """Nodes, and levels of nesting, of these nodes when written out. `depth` levels lie around them."""
        if depth > NESTING_LIMIT:
            raise UnreadableModel(f"nests subgraphs and function calls more than {NESTING_LIMIT} deep")
        count, levels = len(nodes), 0
        if count > NODE_LIMIT:
            raise UnreadableModel(f"has a graph of {count} nodes; at most {NODE_LIMIT} are audited")
        for node in nodes:
            bodies = [self.extent(body.node, depth + 1) for a in node.attribute for body in graphs_in(a)]
            if self.functions and key_of(node) in self.functions:
                bodies.append(self._function(key_of(node), depth + 1))
            for inner_count, inner_levels in bodies:
                count += inner_count
                levels = max(levels, inner_levels + 1)
        if depth + levels > NESTING_LIMIT:
            raise UnreadableModel(f"nests subgraphs and function calls more than {NESTING_LIMIT} deep")
        return count, levels

    def _function(self, key: Key, depth: int) -> tuple[int, int]:
        if key in self.running:
            raise UnreadableModel(
                f"the function {displayable('::'.join(key[:2]))} calls itself, which the format forbids"
            )
        if key not in self.known:
            self.running[key] = None
            self.known[key] = self.extent(self.functions[key].node, depth)
            del self.running[key]
        return self.known[key]

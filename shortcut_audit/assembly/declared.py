"""Which operators of a model does somebody say to know?

A node whose operator is declared, and not understood, takes a kind that spells what was declared; its name in the file
stays its label. No file can spell such a kind itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shortcut_audit.assembly.unfold import ALIASES, LAYOUTS, UNFOLDINGS
from shortcut_audit.graph.draft import Draft, Node
from shortcut_audit.operators.declaration import Declaration, find
from shortcut_audit.operators.rows.declared import PREFIX, spelled
from shortcut_audit.operators.table import row_of


def is_understood(kind: str) -> bool:
    """Whether the tool knows what an operator does."""
    plain = kind.removeprefix("ai.onnx::")
    if plain.startswith(PREFIX):
        return False
    return row_of(plain).understood or any(plain in table for table in (ALIASES, LAYOUTS, UNFOLDINGS))


def with_declared(draft: Draft, operators: Mapping[str, Declaration]) -> tuple[Draft, tuple[tuple[str, str], ...]]:
    """The draft, its declared operators known; each of these by name, with what it was declared as."""
    used: dict[str, str] = {}
    nodes = tuple(_known(node, operators, used) for node in draft.nodes)
    return replace(draft, nodes=nodes), tuple(sorted(used.items()))


def _known(node: Node, operators: Mapping[str, Declaration], used: dict[str, str]) -> Node:
    declaration = find(operators, node.kind) if operators and not is_understood(node.kind) else None
    if declaration is None:
        return replace(node, kind=f"file::{node.kind}") if node.kind.startswith(PREFIX) else node
    used[node.kind] = declaration.said()
    return replace(node, kind=spelled(declaration, len(node.inputs)), label=node.label or node.kind)

"""Which operators of a model does somebody say to know?

A node whose operator is declared, and not understood, takes a kind that spells what was declared; its name in the file
stays its label. No file can spell such a kind itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from shortcut_audit.assembly.unfold import ALIASES, LAYOUTS, UNFOLDINGS
from shortcut_audit.frozen import replace
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


Used: TypeAlias = "tuple[tuple[str, str, int], ...]"
"""Operators by name, what each is declared as, and how many nodes are of it."""


def with_declared(draft: Draft, operators: Mapping[str, Declaration]) -> tuple[Draft, Used]:
    """The draft, its declared operators known; and these."""
    said: dict[str, str] = {}
    nodes = tuple(_known(node, operators, said) for node in draft.nodes)
    times = Counter(node.kind for node in draft.nodes)
    return replace(draft, nodes=nodes), tuple((name, said[name], times[name]) for name in sorted(said))


def noted(draft: Draft, used: Used) -> Iterator[str]:
    """What the reader should know of the operators that nobody defines, declared or not."""
    declared = {name for name, _, _ in used}
    opaque = [name for name in draft.undefined if name not in declared and not is_understood(name)]
    if opaque:
        more = f" and {len(opaque) - 1:,} more" if len(opaque) > 1 else ""
        yield f"{opaque[0]}{more}: defined neither by ONNX, nor by ONNX Runtime, nor in the file; it stays opaque"
    for name, said, _ in used:
        yield f"declared, not read from the model: {name} as {said}"


def _known(node: Node, operators: Mapping[str, Declaration], said: dict[str, str]) -> Node:
    declaration = find(operators, node.kind) if operators and not is_understood(node.kind) else None
    if declaration is None:
        return replace(node, kind=f"file::{node.kind}") if node.kind.startswith(PREFIX) else node
    said[node.kind] = declaration.said()
    return replace(node, kind=spelled(declaration, len(node.inputs)), label=node.label or node.kind)

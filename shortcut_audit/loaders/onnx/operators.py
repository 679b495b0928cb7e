"""Which operator does an ONNX node apply, and which version of it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.frozen import frozen
from shortcut_audit.loaders.onnx.arity import Arity, arity_of
from shortcut_audit.loaders.onnx.attributes import called
from shortcut_audit.loaders.onnx.functions import DEFAULT_DOMAINS, Key, key_of
from shortcut_audit.loaders.onnx.text import text
from shortcut_audit.names import displayable

if TYPE_CHECKING:
    from onnx import FunctionProto, NodeProto, OperatorSetIdProto

RUNTIME_DOMAINS = ("ai.onnx.", "com.microsoft")
"""How the domains of ONNX's further operators and of ONNX Runtime's begin."""


@frozen
class Operator:
    """What is known of an operator, looked up once for all of its nodes."""

    kind: str
    label: str
    arity: Arity | None
    function: FunctionProto | None


def operator_of(
    node: NodeProto, opset: int, functions: Mapping[Key, FunctionProto], undefined: dict[str, None]
) -> Operator:
    """The operator of a node of a model of this opset; one that nobody defines is noted among the `undefined`.

    Raises UnreadableModel where the node names none, or one of ONNX's of which no version is known.
    """
    domain, label = text(node.domain), displayable(text(node.op_type))
    if not label:
        raise UnreadableModel(f"the node{called(node)} names no operator")
    function = functions.get(key_of(node))
    if function is not None:
        return Operator(label, label, None, function)
    if domain in DEFAULT_DOMAINS and opset == 0:
        raise UnreadableModel(f"{called(node)} is one of ONNX's operators, of which the file names no version")
    own = domain in DEFAULT_DOMAINS and "::" not in label
    kind = label if own else displayable(f"{domain or 'ai.onnx'}::{label}")
    arity = arity_of(label, opset) if own else None
    if arity is None and not domain.startswith(RUNTIME_DOMAINS):
        undefined[kind] = None
    return Operator(kind, label, arity, None)


def opset_versions(imports: Iterable[OperatorSetIdProto]) -> set[int]:
    """The versions of ONNX's own operators that are imported. Raises UnreadableModel for one that cannot exist."""
    versions = {entry.version for entry in imports if text(entry.domain) in DEFAULT_DOMAINS}
    for version in versions:
        if not 0 < version < 2**31:
            raise UnreadableModel(f"is written for version {version} of ONNX's operators, which does not exist")
    return versions

"""What has the exporter noted: a node's module and line of Python, and what a stored tensor was in PyTorch?

1. torch's exporter over torch.export records all of it, as metadata of nodes and of values.
2. torch's TorchScript exporter spells the module's path in the node's name: "/layer1/layer1.0/Add".
3. Others, such as tf2onnx, name nodes by path too: "model/block1/add".
4. Everyone else says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from shortcut_audit.graph.model import Source
from shortcut_audit.loaders.onnx.text import text
from shortcut_audit.loaders.provenance import innermost_frame
from shortcut_audit.names import displayable

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

NAME_SCOPES = "pkg.torch.onnx.name_scopes"
STACK_TRACE = "pkg.torch.onnx.stack_trace"

REWRITES = "pkg.onnxscript.rewriter.rule_name"

SIGNATURE = "pkg.torch.export.graph_signature.InputSpec.kind"
FOLDED_FROM = "pkg.onnxscript.optimizer.folded_from"

METADATA_READ = (NAME_SCOPES, STACK_TRACE, REWRITES)
"""The keys of a node's metadata that are read here. Exporters write as much again beside them."""

RENAMED = re.compile(r"onnx::Conv(Transpose)?_\d+")
"""What the TorchScript exporter calls a convolution's tensors once it has folded a normalisation into them (2)."""

UNNAMED = re.compile(r"val_\d+")
"""What the exporter over torch.export calls its own constants, of which none is a parameter (1)."""

LONGEST_RECORD = 10_000
"""Characters of a record that are looked at: some fifty modules within each other."""

QUOTED = re.compile(r"""[^'"]*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")""")
"""One string in the `repr` of a list of strings, and what stands before it. Module paths hold nothing that `repr` would
escape."""


class Origin(NamedTuple):
    """What the exporter notes of a node."""

    scope: str
    """Dotted path of its module; empty where unknown."""
    source: Source | None
    """Its line of Python; None where unknown."""
    absorbs_norm: bool
    """Whether a normalisation has been folded into it, as far as its metadata (1) or names (2) say so."""


def origin_of(node: NodeProto) -> Origin:
    """What the exporter notes of a node, in one walk through its metadata."""
    scope, source, absorbs = "", None, False
    for entry in node.metadata_props:
        key = entry.key
        if key == NAME_SCOPES:
            scope = _innermost_module(text(entry.value))
        elif key == STACK_TRACE:
            source = innermost_frame(text(entry.value))
        elif key == REWRITES:
            absorbs = absorbs or "BatchNorm" in text(entry.value)
    return Origin(scope or scope_in_name(text(node.name)), source, absorbs or _is_renamed(node))


def _is_renamed(node: NodeProto) -> bool:
    """Whether a kernel and its bias have the names that they get when a normalisation is folded into them (2)."""
    return len(node.input) > 2 and all(RENAMED.fullmatch(text(name)) for name in node.input[1:3])


class Noted(NamedTuple):
    """What the exporter notes of the stored tensors of a graph."""

    learned: Mapping[str, bool]
    """Those of which it says what they are: whether each is a parameter."""
    numbers: Container[str]
    """Those of one element of which it says nothing, though it does of what the module stores: numbers in the code."""


def noted_tensors(graph: GraphProto) -> Noted:
    """The stored tensors of which the exporter notes what they are (1), by name.

    Of a constant that it folded it notes from what. Where that is nothing but its own constants, and the shapes of what
    the graph computes, no parameter is behind it (zeros_like); where it is more, the note tells nothing.
    """
    noted: dict[str, bool] = {}
    folded: dict[str, str] = {}
    for info in graph.value_info:
        for entry in info.metadata_props:
            if entry.key == SIGNATURE:
                noted[text(info.name)] = text(entry.value) == "PARAMETER"
            elif entry.key == FOLDED_FROM:
                folded[text(info.name)] = text(entry.value)
    learned = {**dict.fromkeys(_folded_from_nothing(graph, folded), False), **noted} if folded else noted
    if not noted:
        return Noted(learned, ())
    single = {text(tensor.name) for tensor in graph.initializer if all(size == 1 for size in tensor.dims)}
    return Noted(learned, single - noted.keys() - folded.keys())


def _folded_from_nothing(graph: GraphProto, folded: Mapping[str, str]) -> Iterator[str]:
    """The constants, each with the record of what it was folded from, behind which there is no parameter."""
    computed = {text(name) for node in graph.node for name in node.output}.union(text(i.name) for i in graph.input)
    for own, record in folded.items():
        names = _strings(record) if len(record) <= LONGEST_RECORD else ()
        if names and all(UNNAMED.fullmatch(name) or name in computed for name in names):
            yield own


def scope_in_name(name: str) -> str:
    """The module path that a node's name spells, if it does (2, 3). An optimiser may have put a word before it."""
    return _spelt(name[: name.rindex("/") + 1]) if "/" in name else ""


@lru_cache(maxsize=8)  # the nodes of one module stand together
def _spelt(path: str) -> str:
    path = path[path.find(" /") + 1 :]  # ONNX Runtime: "fused /layer1/layer1.0/Add"
    parts = path.split("/")[:-1]
    return displayable(_joined(parts[1:]) if parts[0] == "" else "/".join(parts))


def _joined(components: Sequence[str]) -> str:
    """TorchScript's scopes as one dotted path (2).

    Children of a container repeat its name ("layer1", "layer1.0"): such a component takes the place of the one before.
    """
    path: list[str] = []
    for component in components:
        if path and component.startswith(path[-1] + "."):
            path[-1] = component
        else:
            path.append(component)
    return ".".join(path)


@lru_cache(maxsize=8)
def _innermost_module(scopes: str) -> str:
    """The last module path in the list that the exporter recorded; the final entry is the op itself (1)."""
    if len(scopes) > LONGEST_RECORD or not scopes.startswith("["):
        return ""
    entries = _strings(scopes)
    return displayable(entries[-2]) if len(entries) > 1 else ""


def _strings(listed: str) -> list[str]:
    """The strings in the `repr` of a list, up to one that does not end: each is looked for where the last one ended."""
    found: list[str] = []
    at = 0
    while (string := QUOTED.match(listed, at)) is not None:
        found.append(string[1] or string[2] or "")
        at = string.end()
    return found

"""How does a user hold the graph in which shortcuts were found?

`load()` hands it out as a frozen `networkx.DiGraph` of values, each marked with the shortcuts that fork, merge or lead
through there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortcut_audit.account.compose import in_order
from shortcut_audit.graph.model import ModelGraph, Value
from shortcut_audit.report import ModelReport
from shortcut_audit.search import Searched
from shortcut_audit.search.found import Found

if TYPE_CHECKING:
    import networkx as nx


def held(graph: ModelGraph, searched: Searched, model: ModelReport) -> nx.DiGraph[str]:
    """The values of a graph, from what they are computed, and where the shortcuts of its report stand.

    A node is a value's id. Its attributes, which are stable: `op`, the operator that made it, as the file calls it
    (None for an input of the model); `name`, the node's name in the file; `shape`, a tuple whose sizes are ints,
    symbols or None, or None where not even the rank is known; `dtype`; `scope`; `file` and `line`, where the exporter
    recorded them; `weights`, the names of the stored tensors that the op reads; `fork`, `merge` and `route`, the keys
    of the shortcuts that start here, come back here, and lead through here.
    """
    import networkx as nx

    marks: dict[str, dict[str, list[str]]] = {}
    by_node = {(op.name, op.label): made for op in reversed(graph.ops) for made in op.outputs[:1] if op.name and made}
    for one, shortcut in zip(in_order(graph, searched.found), model.shortcuts, strict=True):
        _mark(marks, one.fork.id, "fork", shortcut.key)
        _mark(marks, one.merge.result.id, "merge", shortcut.key)
        for link, value in zip(one.route, _led_through(one), strict=True):
            # What a normal form has made of a node stands for what that node makes: (1 - t) x in x + t (h - x).
            own = value if value in graph.values else by_node.get((link.op.name, link.op.label), value)
            _mark(marks, own, "route", shortcut.key)
    dag: nx.DiGraph[str] = nx.DiGraph()
    dag.add_nodes_from((name, _attributes(value, marks.get(name, {}))) for name, value in graph.values.items())
    dag.add_edges_from((name, reader) for name, readers in graph.readers.items() for reader in readers)
    nx.freeze(dag)  # in place
    return dag


def _led_through(found: Found) -> list[str]:
    """The values that the steps of a route make: what the next one is entered with, and at the end the operand."""
    links = list(found.route)
    entered = [link.op.inputs[link.slot] for link in links[1:]]
    return [*(given for given in entered if isinstance(given, str)), found.operand.value][: len(links)]


def _mark(marks: dict[str, dict[str, list[str]]], value: str, mark: str, key: str) -> None:
    marks.setdefault(value, {}).setdefault(mark, []).append(key)


def _attributes(value: Value, marks: dict[str, list[str]]) -> dict[str, Any]:
    op = value.op
    source = None if op is None else op.source
    return {
        "op": None if op is None else op.label,
        "name": "" if op is None else op.name,
        "shape": value.type.shape,
        "dtype": value.type.dtype,
        "scope": "" if op is None else op.scope,
        "file": None if source is None else source.file,
        "line": None if source is None else source.line,
        "weights": () if op is None else tuple(weight.name for weight in op.weights()),
        **{mark: tuple(marks.get(mark, ())) for mark in ("fork", "merge", "route")},
    }

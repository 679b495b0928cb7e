"""Can a user hold the graph, and see where the shortcuts are?"""

from __future__ import annotations

import io
from pathlib import Path

import networkx as nx
import pytest

from shortcut_audit import load
from shortcut_audit.graph.written import dot, graphml
from shortcut_audit.pipeline import audit_draft, hold_draft
from tests.gallery import pictures
from tests.sketch import draft, listing, stored

SAMPLE = Path(__file__).parents[2] / "samples" / "resnet18.onnx"


def test_values_are_nodes_and_shortcuts_are_marks() -> None:
    dag = hold_draft(draft("x -> Conv.1 -> Relu -> Conv.2 -> Add", "x -> Conv.p{k=1} -> Add"))
    assert set(dag) == {"x", "Conv.1", "Relu", "Conv.2", "Conv.p", "Add"}
    assert set(dag.predecessors("Add")) == {"Conv.2", "Conv.p"}
    marks = {mark: [node for node, keys in dag.nodes(data=mark) if keys] for mark in ("fork", "merge", "route")}
    assert marks == {"fork": ["x"], "merge": ["Add"], "route": ["Conv.p"]}
    assert dag.nodes["Conv.p"]["op"] == "Conv"
    assert dag.nodes["Conv.p"]["shape"] == (1, 8, 4, 4)
    assert dag.nodes["x"]["op"] is None


@pytest.mark.parametrize(
    ("lines", "route"),
    [
        (("g = Mul(z, x)", "y = Add(r, g)"), ["g"]),  # x enters by the second slot
        (("j = Concat(z, x) axis=1", "p = MatMul(j, v)", "y = Add(r, p)"), ["j", "p"]),
        (
            ("a, b = Split(x) axis=1", "q, p = Split(r) axis=1", "y = Add(q, b)"),
            ["b"],
        ),  # what passes is the second half
    ],
)
def test_a_route_is_marked_by_the_values_that_its_steps_make(lines: tuple[str, ...], route: list[str]) -> None:
    weights = {"w": stored(8, 8), "v": stored(16, 8)}
    dag = hold_draft(listing("h = MatMul(x, w)", "r = Relu(h)", *lines, x=(2, 8), z=(2, 8), **weights))
    assert [node for node, keys in dag.nodes(data="route") if keys] == route


def test_what_adds_at_computed_places_is_held_as_the_file_has_it() -> None:
    """It is read as an addition, which is no op of the file; x passes unchanged."""
    weights = {"w": stored(8, 8), "i": stored(2, 8, dtype="int64")}
    lines = ("h = MatMul(x, w)", "r = Relu(h)", "y = ScatterElements(x, i, r) axis=0 reduction=add")
    dag = hold_draft(listing(*lines, x=(2, 8), **weights))
    marks = {mark: [node for node, keys in dag.nodes(data=mark) if keys] for mark in ("fork", "merge", "route")}
    assert (marks, dag.nodes["y"]["op"]) == ({"fork": ["x"], "merge": ["y"], "route": []}, "ScatterElements")


def test_every_shortcut_is_marked_in_what_the_file_makes() -> None:
    """Also where a normal form, (1 - t) x + t h, makes values that the file does not."""
    for picture in pictures()[::3]:
        dag, report = hold_draft(picture.draft()), audit_draft(picture.draft())
        marked = {
            mark: {key for _, keys in dag.nodes(data=mark) for key in keys} for mark in ("fork", "merge", "route")
        }
        keys = {shortcut.key for shortcut in report.shortcuts}
        led = {shortcut.key for shortcut in report.shortcuts if shortcut.route}
        assert marked == {"fork": keys, "merge": keys, "route": led}, picture.title


def test_it_is_frozen() -> None:
    dag = load(SAMPLE)
    with pytest.raises(nx.NetworkXError):
        dag.add_node("another")
    assert nx.is_directed_acyclic_graph(dag)
    assert sum(len(keys) for _, keys in dag.nodes(data="merge")) == 8


def test_graphml_is_what_networkx_reads() -> None:
    dag = load(SAMPLE)
    read = nx.read_graphml(io.BytesIO(graphml(dag).encode()))
    assert set(read.edges) == set(dag.edges)
    merges = {node: keys for node, keys in read.nodes(data="merge") if keys}
    assert sorted(merges.values()) == [f"layer{stage}.{block}" for stage in (1, 2, 3, 4) for block in (0, 1)]


def test_no_name_ends_a_label_of_graphviz() -> None:
    text = dot(hold_draft(draft("x -> Conv.1 -> Add", "x -> Add")))
    assert text.startswith("digraph model {")
    assert text.count(" -> ") == 3
    hostile = nx.DiGraph()
    blank = {"op": '"]; evil [label="', "shape": None, "fork": (), "merge": (), "route": ()}
    hostile.add_node("a\\", **blank)
    assert '\\"]; evil' in dot(hostile)

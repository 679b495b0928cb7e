"""What may be done to a graph without changing a verdict? And does the search find what the definition says?

Asked of small random graphs. What a file may wrap into functions is asked in loaders/test_onnx_wrapping.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import TypeAlias

import networkx as nx
import pytest
from hypothesis import given

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Draft, Node
from shortcut_audit.graph.model import TensorType
from shortcut_audit.operators.table import is_copy
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from shortcut_audit.search import merges
from shortcut_audit.search.between import Between, Field
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.merges import Merge
from shortcut_audit.search.prices import UNIT
from shortcut_audit.search.runs import Runs
from shortcut_audit.search.steps import Step
from shortcut_audit.search.walk import explore
from tests.random_graphs import built, graphs, luck, recipes, same_in_every_run, verdict

# --- what changes nothing --------------------------------------------------------------------------------------------


def renamed(draft: Draft, random: Random) -> Draft:
    """Other names for every node and every tensor."""
    names: dict[str, str] = {}

    def other(name: str | None) -> str | None:
        return name and names.setdefault(name, f"{random.getrandbits(64)}.{len(names)}")

    return replace(
        draft,
        inputs=tuple((str(other(name)), tensor_type) for name, tensor_type in draft.inputs),
        outputs=tuple(str(other(name)) for name in draft.outputs),
        tensors=tuple(replace(tensor, name=str(other(tensor.name))) for tensor in draft.tensors),
        nodes=tuple(
            replace(node, name="", inputs=tuple(map(other, node.inputs)), outputs=tuple(map(other, node.outputs)))
            for node in draft.nodes
        ),
    )


def shuffled(draft: Draft, random: Random) -> Draft:
    """The nodes in any order, which the format forbids."""
    return replace(draft, nodes=tuple(random.sample(draft.nodes, len(draft.nodes))))


def commuted(draft: Draft, random: Random) -> Draft:
    """b + a for a + b, b x a for a x b."""
    flipped = (n.kind in {"Add", "Mul"} and random.random() < 0.5 for n in draft.nodes)
    return replace(
        draft,
        nodes=tuple(
            replace(n, inputs=n.inputs[::-1]) if flip else n for n, flip in zip(draft.nodes, flipped, strict=True)
        ),
    )


def viewed(draft: Draft, random: Random) -> Draft:
    """Copies on any edge between values."""
    made = {name for node in draft.nodes for name in node.outputs}
    nodes: list[Node] = []
    for node in draft.nodes:
        read = list(node.inputs)
        for slot, name in enumerate(read):
            if (name == "x" or name in made) and random.random() < 0.3:
                read[slot] = f"{node.name}.view{slot}"
                kind = random.choice(["Identity", "Dropout", "Cast"])
                nodes.append(Node(kind, (name,), (read[slot],), attributes={"to": 1} if kind == "Cast" else {}))
        nodes.append(replace(node, inputs=tuple(read)))
    return replace(draft, nodes=tuple(nodes))


def indirect(draft: Draft, random: Random) -> Draft:
    """Weights behind an Identity, as exporters write tensors that several ops share."""
    behind = {tensor.name: f"{tensor.name}.copy" for tensor in draft.tensors if random.random() < 0.5}
    copies = tuple(Node("Identity", (name,), (copy,)) for name, copy in behind.items())
    readers = tuple(
        replace(node, inputs=tuple(behind.get(name or "", name) for name in node.inputs)) for node in draft.nodes
    )
    return replace(draft, nodes=copies + readers)


def reassociated(draft: Draft, random: Random) -> Draft:
    """a + (b + c), or Sum(a, b, c), for (a + b) + c."""
    inner = {node.outputs[0]: node for node in draft.nodes if node.name.endswith("_two")}
    nodes: list[Node] = []
    for node in draft.nodes:
        two = inner.get(node.inputs[0]) if node.kind == "Add" else None
        if two is None:
            nodes.append(node)
        elif random.random() < 0.5:
            nodes.append(replace(node, kind="Sum", inputs=(*two.inputs, node.inputs[1])))
        else:
            right = f"{node.name}_right"
            nodes.append(replace(two, inputs=(two.inputs[1], node.inputs[1]), outputs=(right,), name=right))
            nodes.append(replace(node, inputs=(two.inputs[0], right)))
    return replace(draft, nodes=tuple(node for node in nodes if node.name not in inner))


def regrouped(draft: Draft, random: Random) -> Draft:
    """x + (t + y) for (x + t) + y, where t is stretched over both."""
    nodes = list(draft.nodes)
    for place, node in enumerate(draft.nodes):
        if node.name.endswith("_near") and random.random() < 0.5:
            outer = draft.nodes[place + 1]
            other = next(name for name in outer.inputs if name != node.name)
            nodes[place] = replace(node, inputs=(node.inputs[1], other))
            nodes[place + 1] = replace(outer, inputs=(node.inputs[0], node.name))
    return replace(draft, nodes=tuple(nodes))


@pytest.mark.parametrize("change", [renamed, shuffled, commuted, viewed, indirect, reassociated, regrouped])
@same_in_every_run
@given(draft=graphs, random=luck)
def test_no_verdict_changes(change: Callable[[Draft, Random], Draft], draft: Draft, random: Random) -> None:
    assert verdict(audit_draft(change(draft, random))) == verdict(audit_draft(draft))


# --- what changes only so much ---------------------------------------------------------------------------------------


def shaped(draft: Draft, *shape: int | str | None) -> Draft:
    return replace(draft, inputs=(("x", TensorType(shape, "float32")),))


@same_in_every_run
@given(draft=graphs)
def test_open_sizes_change_no_kind_and_no_parameter(draft: Draft) -> None:
    def told(report: ModelReport) -> tuple[object, ...]:
        costs = Counter((s.kind, s.parameters, s.span.parameters) for s in report.shortcuts)
        return costs, Counter(other.reason for other in report.other_adds), report.totals.parameters

    fixed = told(audit_draft(draft))
    assert told(audit_draft(shaped(draft, "batch", 8, "height", "width"))) == fixed
    assert told(audit_draft(shaped(draft, None, 8, None, None))) == fixed


@same_in_every_run
@given(draft=graphs)
def test_twice_the_batch_takes_twice_the_macs(draft: Draft) -> None:
    once, twice = (audit_draft(shaped(draft, batch, 8, 4, 4)) for batch in (1, 2))
    assert [(s.kind, s.parameters) for s in once.shortcuts] == [(s.kind, s.parameters) for s in twice.shortcuts]
    assert [2 * (s.macs or 0) for s in once.shortcuts] == [s.macs for s in twice.shortcuts]
    assert twice.totals.macs == 2 * (once.totals.macs or 0)


@same_in_every_run
@given(draft=recipes(longest=16).map(built))
def test_leaping_over_what_is_known_changes_nothing(draft: Draft) -> None:
    report = audit_draft(draft)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Between, "close", lambda *_: None)
        assert audit_draft(draft) == report


@same_in_every_run
@given(draft=recipes(longest=16).map(built))
def test_what_other_merges_have_looked_at_changes_nothing(draft: Draft) -> None:
    report = audit_draft(draft)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Between, "field", lambda self, fork, cut=frozenset(): Field(self.lineage, fork, cut))
        assert audit_draft(draft) == report


# --- what the definition says ----------------------------------------------------------------------------------------

Route: TypeAlias = tuple[int, int]
"""What a way costs, and the number of its fork."""


def by_definition(lineage: Lineage, operands: list[int], offsets: list[int]) -> dict[int, Route]:
    """For each operand the cheapest way back to a value that another operand is computed from; the earlier at a tie.

    Every path is tried: for a dozen values only.
    """
    dag = numbered(lineage)
    cones = [{operand} | nx.ancestors(dag, operand) for operand in operands]
    found: dict[int, Route] = {}
    for position, operand in enumerate(operands):
        beside = set().union(*(cone for other, cone in enumerate(cones) if other != position))
        shared = {value for value in cones[position] & beside if not original_is_read(lineage, dag, value, beside)}
        routes = [
            (offsets[position] + sum(UNIT[step] for step in steps), fork)
            for fork in shared
            for path in paths(dag, fork, operand)
            if not shared.intersection(path[1:])  # nearest: no other such value on the way
            for steps in [cheapest_steps(lineage, path)]
            if passable(steps)
        ]
        if routes:
            found[position] = min(routes)
    return found


def original_is_read(lineage: Lineage, dag: nx.DiGraph[int], value: int, beside: set[int]) -> bool:
    """Whether a value is a copy, and others in a cone read its original: then that is where both start."""
    op = lineage.values[value].op
    originals = list(dag.predecessors(value)) if op is not None and is_copy(op) else []
    return any((set(dag.successors(original)) - {value}) & beside for original in originals)


def deciding(found: dict[int, Route], operands: list[int]) -> dict[int, Route]:
    """Of two operands only one can be the shortcut: the search need not find more than the cheaper way."""
    if len(operands) != 2 or not found:
        return found
    cheapest = min(cost for cost, _ in found.values())
    return {position: route for position, route in found.items() if route[0] == cheapest}


def gated(lineage: Lineage, operands: list[int]) -> bool:
    """Whether a gate stands anywhere in the past of the operands. What it cuts out is asked in search/test_gates.py."""
    dag = numbered(lineage)
    past = set(operands).union(*(nx.ancestors(dag, operand) for operand in operands))
    return any(level == Step.GATE for number in past for _, level, _ in lineage.parents(number))


def numbered(lineage: Lineage) -> nx.DiGraph[int]:
    """The graph over numbers: values that are the same whatever the input are one node."""
    dag: nx.DiGraph[int] = nx.DiGraph()
    for number in set(lineage.number.values()):
        dag.add_node(number)
        dag.add_edges_from((parent, number) for parent, _, _ in lineage.parents(number))
    return dag


def paths(dag: nx.DiGraph[int], fork: int, operand: int) -> Iterator[list[int]]:
    return iter([[fork]]) if fork == operand else nx.all_simple_paths(dag, fork, operand)


def cheapest_steps(lineage: Lineage, path: list[int]) -> list[Step]:
    """The classes of the steps along a path; of two slots by which a value enters an op, the cheaper."""
    return [
        Step(min(level for parent, level, _ in lineage.parents(to) if parent == start)) for start, to in pairwise(path)
    ]


def passable(steps: list[Step]) -> bool:
    """No nonlinearity, and no learned map behind a gate (a gated linear unit is a nonlinear layer)."""
    gated = steps.index(Step.GATE) if Step.GATE in steps else len(steps)
    return Step.NONLINEAR not in steps and Step.LINEAR not in steps[gated:]


def searched(lineage: Lineage, merge: Merge) -> tuple[dict[int, Route], dict[int, Route]]:
    """The ways that the search finds, and those by definition."""
    operands = [lineage.number[term.value] for term in merge.operands]
    offsets = [UNIT[Step.SCALE] if term.negated else 0 for term in merge.operands]
    found = {way.operand: (way.cost, way.fork) for way in explore(Runs(lineage), operands, offsets)}
    return deciding(found, operands), deciding(by_definition(lineage, operands, offsets), operands)


@same_in_every_run
@given(draft=recipes(longest=12).map(built))
def test_the_search_finds_what_the_definition_says(draft: Draft) -> None:
    sums = merges.find(assemble(draft))
    lineage = Lineage(sums.graph, sums.merges)
    for merge in sums.merges:
        operands = [lineage.number[term.value] for term in merge.operands]
        if len(set(operands)) == 1 or gated(lineage, operands):
            continue  # of x - x, one value written twice, one way says all
        found, defined = searched(lineage, merge)
        assert found == defined


def test_the_graphs_hold_shortcuts_of_every_kind_and_refusals_of_every_reason() -> None:
    """Otherwise all of the above would prove little."""
    seen: Counter[str] = Counter()

    @same_in_every_run
    @given(draft=graphs)
    def look(draft: Draft) -> None:
        report = audit_draft(draft)
        seen.update(shortcut.kind for shortcut in report.shortcuts)
        seen.update(other.reason for other in report.other_adds)

    look()
    told = {"identity", "parameter-free", "gated", "projection", "parallel branches", "elementwise expression"}
    assert all(seen[word] >= 3 for word in told), seen

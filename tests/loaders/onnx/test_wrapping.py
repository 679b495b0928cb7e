"""Is a model the same once parts of it are wrapped into functions? And once they are inlined again, by another tool?"""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import onnx.inliner
from hypothesis import given
from onnx import FunctionProto, ModelProto, NodeProto, TensorProto, helper

from shortcut_audit import audit
from shortcut_audit.graph.draft import Draft
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from tests.loaders.onnx.onnx_models import saved
from tests.random_graphs import graphs, luck, same_in_every_run, verdict

IMPORTS = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
WRAPS = 4
"""How many runs of nodes are wrapped, one after the other: later ones may hold calls of earlier ones."""


def written(draft: Draft) -> ModelProto:
    """The draft as an ONNX file would have it, without the payloads."""
    nodes = [
        helper.make_node(node.kind, [n or "" for n in node.inputs], [n or "" for n in node.outputs], **node.attributes)
        for node in draft.nodes
    ]
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, t.shape) for n, t in draft.inputs]
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in draft.outputs]
    weights = [TensorProto(name=t.name, dims=t.shape, data_type=TensorProto.FLOAT) for t in draft.tensors]
    graph = helper.make_graph(nodes, "g", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=IMPORTS, ir_version=8)


def wrap(model: ModelProto, random: Random) -> None:
    """Moves a run of nodes into a function of its own, and calls it in their place."""
    nodes = model.graph.node
    start = random.randrange(len(nodes))
    end = start + random.randint(1, 6)
    moved = list(nodes[start:end])
    made = {name for node in moved for name in node.output}
    read = list(dict.fromkeys(name for node in moved for name in node.input if name and name not in made))
    used = {name for node in (*nodes[:start], *nodes[end:]) for name in node.input}
    used.update(output.name for output in model.graph.output)
    results = [name for node in moved for name in node.output if name in used]
    if not results:
        return
    function = _function(f"F{len(model.functions)}", read, results, moved)
    model.functions.append(function)
    del nodes[start:end]
    nodes.insert(start, NodeProto(op_type=function.name, domain="local", input=read, output=results))


def _function(name: str, read: list[str], results: list[str], nodes: list[NodeProto]) -> FunctionProto:
    """A function whose own names are t0, t1, ...: the same in every function."""
    names: dict[str, str] = {"": ""}
    for outer in [*read, *(made for node in nodes for made in node.output)]:
        names.setdefault(outer, f"t{len(names)}")
    body = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    for node in body:
        node.input[:] = [names[n] for n in node.input]
        node.output[:] = [names[n] for n in node.output]
    return helper.make_function("local", name, [names[n] for n in read], [names[n] for n in results], body, IMPORTS)


def report_on(model: ModelProto) -> ModelReport:
    with TemporaryDirectory() as folder:
        return audit(str(saved(Path(folder), model)))


@same_in_every_run
@given(draft=graphs, random=luck)
def test_no_verdict_changes(draft: Draft, random: Random) -> None:
    before = verdict(audit_draft(draft))
    model = written(draft)
    assert verdict(report_on(model)) == before
    for _ in range(WRAPS):
        wrap(model, random)
        assert verdict(report_on(model)) == before
    assert verdict(report_on(onnx.inliner.inline_local_functions(model))) == before

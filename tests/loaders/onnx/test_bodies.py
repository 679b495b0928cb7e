import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import TensorType
from shortcut_audit.loaders.onnx.file import load
from tests.loaders.onnx.onnx_models import draft_of, drawing, parsed, refusal, saved

IF = """
agraph (float[4] x, bool b) => (float[4] y)
{
    a = Relu(x)
    chosen = If (b) <
        then_branch = then () => (float[4] t) { r = Relu(a)  t = Add(a, r) },
        else_branch = else () => (float[4] t) { t = Neg(x) }
    >
    y = Add(a, chosen)
}
"""

LOOP = """
agraph (float[4] x, int64 n, bool go) => (float[4] last, float[k, 4] all)
{
    last, all = Loop (n, go, x) <
        body = step (int64 i, bool before, float[4] state) => (bool after, float[4] next, float[4] seen)
        { after = Identity(before)  r = Relu(state)  next = Add(state, r)  seen = Add(next, x) }
    >
}
"""

SCAN = """
agraph (float[4] start, float[9, 4] rows) => (float[4] last, float[4, 9] all)
{
    last, all = Scan <
        num_scan_inputs = 1, scan_input_axes = [0], scan_output_axes = [1],
        body = step (float[4] state, float[4] row) => (float[4] next, float[4] seen)
        { next = Add(state, row)  seen = Relu(next) }
    > (start, rows)
}
"""


def test_an_if_is_both_of_its_branches_and_a_choice(tmp_path: Path) -> None:
    assert drawing(draft_of(tmp_path, IF)) == [
        "a = Relu(x)",
        "chosen/then_branch/r = Relu(a)",
        "chosen/then_branch/t = Add(a, chosen/then_branch/r)",
        "chosen/else_branch/t = Neg(x)",
        "chosen = If(b, chosen/then_branch/t, chosen/else_branch/t)",
        "y = Add(a, chosen)",
    ]


def test_an_if_with_two_outputs_is_two_choices(tmp_path: Path) -> None:
    model = """agraph (float[4] x, bool b) => (float[4] y, float[4] z) {
        y, z = If (b) <
            then_branch = g () => (float[4] t, float[4] u) { t = Neg(x)  u = Abs(x) },
            else_branch = h () => (float[4] t, float[4] u) { t = Relu(x)  u = Erf(x) }
        >
    }"""
    assert drawing(draft_of(tmp_path, model))[-2:] == [
        "y = If(b, y/then_branch/t, y/else_branch/t)",
        "z = If(b, y/then_branch/u, y/else_branch/u)",
    ]


def test_a_branch_may_hand_out_what_it_captures(tmp_path: Path) -> None:
    model = parsed(IF)
    model.graph.node[1].attribute[1].g.output[0].name = "x"
    assert "chosen = If(b, chosen/then_branch/t, x)" in drawing(draft_of(tmp_path, model))


def test_a_loop_carries_states_in_and_out(tmp_path: Path) -> None:
    draft = draft_of(tmp_path, LOOP)
    assert drawing(draft) == [
        "last/body/i = LoopIndex(n)",
        "last/body/before = LoopState(go)",
        "last/body/state = LoopState(x)",
        "last/body/after = Identity(last/body/before)",
        "last/body/r = Relu(last/body/state)",
        "last/body/next = Add(last/body/state, last/body/r)",
        "last/body/seen = Add(last/body/next, x)",
        "last = Loop(last/body/next, x)",
        "all = Loop(last/body/seen)",
    ]
    assert [dict(node.attributes) for node in draft.nodes[-2:]] == [{}, {"stacked": 0}]
    assert {node.label for node in draft.nodes if "Loop" in node.kind} == {"Loop"}
    states = [("last/body/before", "last/body/after"), ("last/body/state", "last/body/next")]
    assert draft.beside == (
        *states,
        *((made, end) for made in ("last", "all") for end in ("n", "go", "last/body/after")),
    )


def test_a_loop_may_leave_out_trip_count_and_condition(tmp_path: Path) -> None:
    model = parsed(LOOP)
    model.graph.node[0].input[0] = model.graph.node[0].input[1] = ""
    assert drawing(draft_of(tmp_path, model))[:2] == ["last/body/i = LoopIndex(_)", "last/body/before = LoopState(_)"]


def test_a_scan_reads_slices_and_stacks_what_it_makes(tmp_path: Path) -> None:
    draft = draft_of(tmp_path, SCAN)
    assert drawing(draft) == [
        "last/body/state = LoopState(start)",
        "last/body/row = LoopSlice(rows)",
        "last/body/next = Add(last/body/state, last/body/row)",
        "last/body/seen = Relu(last/body/next)",
        "last = Loop(last/body/next, start)",
        "all = Loop(last/body/seen)",
    ]
    assert dict(draft.nodes[1].attributes) == {"axis": 0}
    assert dict(draft.nodes[-1].attributes) == {"stacked": 1}


def test_what_a_body_stores_and_states_keeps_its_meaning(tmp_path: Path) -> None:
    model = parsed(IF)
    branch = model.graph.node[1].attribute[0].g
    branch.initializer.append(helper.make_tensor("w", TensorProto.FLOAT, [1], [2.0]))
    branch.node.append(helper.make_node("Mul", ["t", "w"], ["scaled"]))
    branch.value_info.append(helper.make_tensor_value_info("r", TensorProto.FLOAT, [4]))
    draft = draft_of(tmp_path, model)
    assert draft.tensors == (Tensor("chosen/then_branch/w", (1,), "float32", (2.0,)),)
    assert "chosen/then_branch/scaled = Mul(chosen/then_branch/t, chosen/then_branch/w)" in drawing(draft)
    assert draft.recorded["chosen/then_branch/r"] == TensorType((4,), "float32")


def test_inner_names_never_meet_others(tmp_path: Path) -> None:
    model = parsed(IF)
    for old, new in [("a", "chosen/then_branch/r"), ("x", "chosen/then_branch/t")]:
        rename(model.graph.node, old, new)
    model.graph.input[0].name = "chosen/then_branch/t"
    lines = drawing(draft_of(tmp_path, model))
    made = [line.split(" = ")[0] for line in lines]
    assert len(set(made)) == len(made)
    assert "chosen/then_branch/t~1 = Add(chosen/then_branch/r, chosen/then_branch/r~1)" in lines


def rename(nodes: Iterable[NodeProto], old: str, new: str) -> None:
    for node in nodes:
        node.input[:] = [new if name == old else name for name in node.input]
        node.output[:] = [new if name == old else name for name in node.output]
        for attribute in node.attribute:
            rename(attribute.g.node, old, new)


def test_names_that_are_no_utf8_mean_the_same_everywhere(tmp_path: Path) -> None:
    content = parsed(LOOP.replace("state", "sta_e").replace("(n, go, x)", "(n, go, x_x)").replace("[4] x,", "[4] x_x,"))
    content.graph.node[0].attribute[0].g.node[3].input[1] = "x_x"
    lines = drawing(
        draft_of(tmp_path, content.SerializeToString().replace(b"x_x", b"x\xffx").replace(b"sta_e", rb"st\xe"))
    )
    assert lines[2] == r"last/body/st\\xe = LoopState(x\xffx)"
    assert lines[4] == r"last/body/r = Relu(last/body/st\\xe)"
    assert lines[6] == r"last/body/seen = Add(last/body/next, x\xffx)"


def test_ifs_in_ifs(tmp_path: Path) -> None:
    """As deep as protobuf's 100 messages allow: 31 times graph, node and attribute, then five more down to a size."""
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["r"])], "innermost", [], [value("r")])
    other = helper.make_graph([], "other", [], [value("x")])
    for _ in range(31):
        choice = helper.make_node("If", ["b"], ["r"], then_branch=graph, else_branch=other)
        graph = helper.make_graph([choice], "g", [], [value("r")])
    graph.input.extend([value("x"), helper.make_tensor_value_info("b", TensorProto.BOOL, [])])
    draft = draft_of(tmp_path, model_of(graph))
    assert [node.kind for node in draft.nodes] == ["Relu"] + ["If"] * 31
    assert draft.nodes[0].inputs == ("x",)
    assert draft.nodes[-1].inputs == ("b", draft.nodes[-2].outputs[0], "x")


def value(name: str) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [4])


def model_of(graph: GraphProto) -> ModelProto:
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def test_nodes_in_a_body_stand_where_the_node_that_holds_it_stands(tmp_path: Path) -> None:
    model = parsed(IF)
    model.graph.node[1].name = "/layer1/layer1.0/If"
    model.graph.node[1].attribute[0].g.node[0].name = "/layer1/layer1.0/act/Relu"
    places = {node.kind: (node.name, node.scope) for node in draft_of(tmp_path, model).nodes}
    assert places["If"] == ("/layer1/layer1.0/If", "layer1.0")
    assert places["Neg"] == ("", "layer1.0")
    assert draft_of(tmp_path, model).nodes[1].scope == "layer1.0.act"


def test_an_operator_with_another_kind_of_body_stays_opaque(tmp_path: Path) -> None:
    body = helper.make_graph(
        [helper.make_node("Add", ["element", "captured"], ["sum"]), helper.make_node("Neg", ["sum"], ["out"])],
        "body", [value("element")], [value("out")],
    )  # fmt: skip
    node = helper.make_node("SequenceMap", ["items"], ["mapped"], body=body)
    graph = helper.make_graph([node], "g", [value("items"), value("captured")], [value("mapped")])
    draft = draft_of(tmp_path, model_of(graph))
    assert drawing(draft) == ["mapped = SequenceMap(items, captured)"]
    assert draft.notes == ("SequenceMap 'mapped': holds a subgraph that is not looked into",)


def test_what_a_body_that_is_not_looked_into_reads_from_outside(tmp_path: Path) -> None:
    """Two levels down: names of either level are its own, and another body's are not."""
    inner = helper.make_graph([helper.make_node("Sum", ["deep", "mid", "outer"], ["deep2"])], "i", [value("deep")], [])
    other = helper.make_graph([helper.make_node("Neg", ["deep"], ["o"])], "o", [], [value("far")])
    body = helper.make_graph(
        [helper.make_node("A", ["element"], ["mid"], body=inner), helper.make_node("B", ["mid"], ["out"], body=other)],
        "body", [value("element")], [value("out")],
    )  # fmt: skip
    node = helper.make_node("SequenceMap", ["items"], ["mapped"], body=body)
    graph = helper.make_graph([node], "g", [value(n) for n in ("items", "outer", "deep", "far")], [value("mapped")])
    (found,) = draft_of(tmp_path, model_of(graph)).nodes
    assert found.inputs[0] == "items"
    assert set(found.inputs[1:]) == {"outer", "deep", "far"}


def test_bodies_in_a_body_do_not_each_take_all_of_its_names(tmp_path: Path) -> None:
    """20,000 names seen by 3,000 bodies: copied for each of them, they take seconds."""
    inner = helper.make_graph([], "i", [], [value("outer")])
    nodes = [helper.make_node("A", [], [f"n{n}"], body=inner) for n in range(3000)]
    nodes.append(helper.make_node("B", [], [f"m{n}" for n in range(20_000)]))
    body = helper.make_graph(nodes, "body", [value("element")], [value("n0")])
    node = helper.make_node("SequenceMap", ["items"], ["mapped"], body=body)
    graph = helper.make_graph([node], "g", [value("items"), value("outer")], [value("mapped")])
    path = saved(tmp_path, model_of(graph))
    start = time.process_time()
    assert drawing(load(path)) == ["mapped = SequenceMap(items, outer)"]
    assert time.process_time() - start < 1


@pytest.mark.parametrize("missing", ["then_branch", "else_branch"])
def test_an_if_without_a_branch_is_refused(tmp_path: Path, missing: str) -> None:
    model = parsed(IF)
    node = model.graph.node[1]
    kept = [attribute for attribute in node.attribute if attribute.name != missing]
    del node.attribute[:]
    node.attribute.extend(kept)
    assert f"If 'chosen' has no {missing}" in refusal(tmp_path, model)


def test_bodies_that_do_not_fit_their_node_are_refused(tmp_path: Path) -> None:
    more_outputs, more_inputs, no_state = parsed(IF), parsed(IF), parsed(LOOP)
    more_outputs.graph.node[1].attribute[0].g.output.append(value("r"))
    more_inputs.graph.node[1].attribute[1].g.input.append(value("z"))
    del no_state.graph.node[0].attribute[0].g.input[2]
    wrong_scan = parsed(SCAN)
    wrong_scan.graph.node[0].attribute[0].i = 3
    no_axes = parsed(SCAN)
    no_axes.graph.node[0].attribute[2].CopyFrom(helper.make_attribute("scan_output_axes", [1.0]))
    assert "an attribute 'scan_output_axes' that lists no axes" in refusal(tmp_path, no_axes)
    assert "then_branch of If 'chosen' has 2 outputs where its node needs 1" in refusal(tmp_path, more_outputs)
    assert "else_branch of If 'chosen' has 1 inputs where its node needs 0" in refusal(tmp_path, more_inputs)
    assert "body of Loop 'last' has 2 inputs where its node needs 3" in refusal(tmp_path, no_state)
    assert "Scan 'last' has 2 inputs and scans 3 of them" in refusal(tmp_path, wrong_scan)

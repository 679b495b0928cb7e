"""Which loops are written out step by step, and what do the others take?"""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import GraphProto, ModelProto, TensorProto, helper

from shortcut_audit.loaders.bind import bind
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from tests.loaders.onnx.onnx_models import draft_of, drawing

IMAGE = [1, 4, 8, 8]
GOES_ON = "g2 = Identity(g)"


def body(*nodes: str, goes_on: str = GOES_ON, states: str = "s2", stacked: str = "") -> GraphProto:
    """A loop's body: reads the step i, the condition g and the state s."""
    results = ", ".join(f"{name}" for name in ("g2", states, stacked) if name)
    text = f"body (int64 i, bool g, float[1, 4, 8, 8] s) => ({results}) {{ {goes_on} {' '.join(nodes)} }}"
    return onnx.parser.parse_graph(text)


def model(inner: GraphProto, trips: int | None = 3, going: bool | None = True, outputs: str = "y") -> ModelProto:
    """x goes into the loop, and comes out of it as y."""
    loop = helper.make_node("Loop", ["trips" if trips is not None else "", "going" if going is not None else "", "x"],
                            outputs.split())  # fmt: skip
    loop.attribute.add(name="body", type=onnx.AttributeProto.GRAPH).g.CopyFrom(inner)
    stored = [TensorProto(name="w", dims=[4, 4, 3, 3], data_type=TensorProto.FLOAT, raw_data=bytes(576))]
    if trips is not None:
        stored.append(helper.make_tensor("trips", TensorProto.INT64, [1], [trips]))
    if going is not None:
        stored.append(helper.make_tensor("going", TensorProto.BOOL, [], [going]))
    made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs.split()]
    graph = helper.make_graph([loop], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, IMAGE)], made, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


BLOCK = ("c = Conv<pads = [1, 1, 1, 1]>(s, w)", "r = Relu(c)", "s2 = Add(r, s)")


def report(folder: Path, made: ModelProto) -> ModelReport:
    return audit_draft(draft_of(folder, made))


def is_written_out(found: ModelReport) -> bool:
    return not any("the body of a loop is listed once" in note for note in found.notes)


def test_each_step_of_a_loop_reads_what_the_one_before_has_made(tmp_path: Path) -> None:
    """Three residual blocks that share their weights: 4 x 4 x 3 x 3 = 144; 144 x 64 = 9,216 MACs each."""
    found = report(tmp_path, model(body(*BLOCK)))
    assert (found.summary.identity, found.totals.parameters, found.totals.macs) == (3, 144, 27_648)
    assert (found.totals.lower_bound, found.notes) == (False, ())


def test_a_loop_of_known_length_that_is_written_out_has_no_loop_left(tmp_path: Path) -> None:
    assert drawing(draft_of(tmp_path, model(body("s2 = Relu(s)"), trips=2))) == [
        "y/body/0/g2 = Identity(y/body/0/bool)",
        "y/body/0/s2 = Relu(x)",
        "y/body/1/g2 = Identity(y/body/1/bool)",
        "y/body/1/s2 = Relu(y/body/0/s2)",
        "y = Identity(y/body/1/s2)",
    ]


def test_what_each_step_puts_out_is_stacked(tmp_path: Path) -> None:
    made = draft_of(tmp_path, model(body("s2 = Relu(s)", "e = Neg(s)", stacked="e"), trips=2, outputs="y z"))
    assert drawing(made)[-1] == "z = Stack(y/body/0/e, y/body/1/e)"


def test_the_condition_may_be_a_constant_from_outside_or_left_out(tmp_path: Path) -> None:
    outside = body(*BLOCK, goes_on="g2 = Identity(going)")
    assert report(tmp_path, model(outside)).summary.identity == 3
    assert report(tmp_path, model(body(*BLOCK), going=None)).summary.identity == 3


MAYBE = "m = ReduceMax<keepdims = 0>(s) z = Cast<to = 9>(m) g2 = Identity(z)"


@pytest.mark.parametrize(
    ("inner", "trips", "going"),
    [
        (body(*BLOCK), None, True),  # as long as the condition holds
        (body(*BLOCK), 3, False),
        (body(*BLOCK, goes_on="g2 = Not(g)"), 3, True),  # stopped early
        (body(*BLOCK, goes_on=MAYBE), 3, True),
    ],
)
def test_what_a_loop_takes_whose_steps_only_the_data_tell_is_so_much_for_each(
    inner: GraphProto, trips: int | None, going: bool, tmp_path: Path
) -> None:
    """9,216 MACs and 4 x 8 x 8 = 256 additions a step."""
    found = report(tmp_path, model(inner, trips, going))
    assert (found.totals.macs, found.totals.macs_formula) == (None, "9216*'steps of y'")
    assert (found.totals.lower_bound, found.totals.uncounted) == (False, ())
    assert found.shortcuts[0].elementwise_adds_formula == "256*'steps of y'"
    assert found.symbols == ("steps of y",)
    assert found.at({"steps of y": 2}).totals.macs == 18_432
    assert any("'steps of y'" in note for note in found.notes)


@pytest.mark.parametrize(("trips", "macs"), [(0, 0), (-1, 0), (33, 304_128), (1_000, 9_216_000)])
def test_a_loop_that_counts_its_steps_takes_all_of_them(trips: int, macs: int, tmp_path: Path) -> None:
    """9,216 MACs a step; the 144 parameters are stored once."""
    found = report(tmp_path, model(body(*BLOCK), trips))
    assert (found.totals.macs, found.totals.lower_bound, found.totals.parameters) == (macs, False, 144)
    assert found.shortcuts[0].span.macs == macs


def test_a_caller_may_know_how_often_a_loop_runs(tmp_path: Path) -> None:
    draft = draft_of(tmp_path, model(body(*BLOCK), None))
    assert audit_draft(bind(draft, {"steps of y": 5}, ())).totals.macs == 46_080  # 5 x 9,216


STORED = TensorProto(name="k", dims=[8, 8], data_type=TensorProto.FLOAT, raw_data=bytes(256))


@pytest.mark.parametrize("literal", [False, True])
def test_what_the_body_stores_is_stored_once(literal: bool, tmp_path: Path) -> None:
    """8 x 8 = 64 parameters, however often they are used."""
    inner = body("s2 = MatMul(s, k)")
    if literal:
        inner.node.insert(0, helper.make_node("Constant", [], ["k"], value=STORED))
    else:
        inner.initializer.append(STORED)
    found = report(tmp_path, model(inner))
    assert (found.totals.parameters, found.totals.macs) == (64, 6_144)  # 3 x 4 x 8 x 8 x 8


def test_a_body_that_calls_functions_is_not_written_out(tmp_path: Path) -> None:
    """How large they are is not told by the number of calls."""
    inner = body("s2 = local.F(s)")
    made = model(inner)
    made.opset_import.append(helper.make_opsetid("local", 1))
    nodes = [helper.make_node("Relu", ["a"], ["b"])]
    made.functions.append(helper.make_function("local", "F", ["a"], ["b"], nodes, [helper.make_opsetid("", 17)]))
    assert not is_written_out(report(tmp_path, made))


def test_a_body_that_does_not_make_every_state_is_not_written_out(tmp_path: Path) -> None:
    """x goes in twice, and one state comes out."""
    made = model(body(*BLOCK))
    (loop,) = made.graph.node
    loop.input.append("x")
    loop.attribute[0].g.input.append(helper.make_tensor_value_info("t", TensorProto.FLOAT, IMAGE))
    assert not is_written_out(report(tmp_path, made))


def test_a_condition_that_the_body_stores_is_not_one_from_outside(tmp_path: Path) -> None:
    """It has the name of the one outside, and is false: the loop ends after its first step."""
    inner = body(*BLOCK, goes_on="g2 = Identity(going)")
    inner.initializer.append(helper.make_tensor("going", TensorProto.BOOL, [], [False]))
    assert not is_written_out(report(tmp_path, model(inner)))


def test_a_loop_in_a_function_may_store_its_condition(tmp_path: Path) -> None:
    """A function sees nothing of the names around it: what its loop stores must not be looked for there."""
    inner = body(*BLOCK, goes_on="g2 = Identity(stays)")
    inner.initializer.append(helper.make_tensor("stays", TensorProto.BOOL, [], [True]))
    made = model(inner)
    (loop,) = made.graph.node
    trips = helper.make_node("Constant", [], ["trips"], value=made.graph.initializer[1])
    going = helper.make_node("Constant", [], ["going"], value=made.graph.initializer[2])
    imports = [helper.make_opsetid("", 17)]
    made.functions.append(helper.make_function("local", "F", ["x", "w"], ["y"], [trips, going, loop], imports))
    made.graph.node[0].CopyFrom(helper.make_node("F", ["x", "w"], ["y"], domain="local"))
    made.opset_import.append(helper.make_opsetid("local", 1))
    assert not is_written_out(report(tmp_path, made))


def test_only_so_many_nodes_are_written_out(tmp_path: Path) -> None:
    """32 steps of 400 nodes are more than 10,000."""
    chain = ["r0 = Relu(s)", *(f"r{n} = Relu(r{n - 1})" for n in range(1, 398)), "s2 = Relu(r397)"]
    assert not is_written_out(report(tmp_path, model(body(*chain), trips=32)))
    assert is_written_out(report(tmp_path, model(body(*chain), trips=8)))

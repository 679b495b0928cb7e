from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import TensorType
from shortcut_audit.loaders.onnx.file import load
from tests.loaders.onnx.onnx_models import draft_of, drawing, field, parsed, refusal

BLOCK = """
agraph (float[n, 4] x, float[4, 4] w) => (float[n, 4] y)
<float[4, 4] w = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, float[n, 4] f>
{
    axes = Constant <value_ints = [1]> ()
    f = MatMul(x, w)
    y = Add(x, f)
}
"""


def test_a_model_as_its_file_tells_it(tmp_path: Path) -> None:
    model = parsed(BLOCK)
    model.producer_name, model.producer_version = "pytorch", "2.5.1"
    draft = draft_of(tmp_path, model)
    assert (draft.source, draft.format) == (str(tmp_path / "model.onnx"), "onnx")
    assert (draft.opset, draft.origin) == (17, "opset 17, pytorch 2.5.1")
    assert draft.inputs == (("x", TensorType(("n", 4), "float32")),)
    assert draft.outputs == ("y",)
    assert draft.tensors == (
        Tensor("w", (4, 4), "float32", tuple(map(float, range(16))), overridable=True),
        Tensor("axes", (1,), "int64", (1,), literal=True),
    )
    assert drawing(draft) == ["f = MatMul(x, w)", "y = Add(x, f)"]
    assert draft.recorded == {name: TensorType(("n", 4), "float32") for name in ("f", "y")}
    assert draft.notes == ()


def test_an_operator_of_another_domain_is_another_operator(tmp_path: Path) -> None:
    model = parsed(BLOCK)
    model.opset_import.append(helper.make_opsetid("com.evil", 1))
    model.graph.node[2].domain = "com.evil"
    draft = draft_of(tmp_path, model)
    assert (draft.nodes[1].kind, draft.nodes[1].label) == ("com.evil::Add", "Add")
    model.graph.node[2].domain = "ai.onnx"
    assert draft_of(tmp_path, model).nodes[1].kind == "Add"


def test_an_operator_cannot_claim_a_domain_in_its_name(tmp_path: Path) -> None:
    model = parsed(BLOCK)
    model.graph.node[2].op_type = "com.microsoft::BiasAdd"
    assert draft_of(tmp_path, model).nodes[1].kind == "ai.onnx::com.microsoft::BiasAdd"


def test_names_may_be_empty_odd_or_huge(tmp_path: Path) -> None:
    model = parsed(BLOCK)
    model.graph.node[1].name = "nul \0 and \x1b[2J"
    model.graph.node[2].name = "QQQQ"
    model.graph.node[2].op_type = "O" * 200_000
    model.graph.name = "g" * 10**6
    content = model.SerializeToString().replace(b"QQQQ", b"Q\xffQQ")
    first, second = draft_of(tmp_path, content).nodes
    assert (first.name, second.name) == ("nul \0 and \x1b[2J", r"Q\xffQQ")
    assert second.kind == second.label
    assert len(second.kind) == 200


def test_outputs_that_nobody_names_are_none(tmp_path: Path) -> None:
    model = parsed("agraph (float[4] x) => (float[4] y) { y, mask = Dropout(x) }")
    model.graph.node[0].output[1] = ""
    assert drawing(draft_of(tmp_path, model)) == ["y, _ = Dropout(x)"]


def test_sparse_initializers_are_tensors(tmp_path: Path) -> None:
    model = parsed(BLOCK)
    values = helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0])
    indices = helper.make_tensor("i", TensorProto.INT64, [1], [0])
    del model.graph.initializer[:]
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [4, 4]))
    draft = draft_of(tmp_path, model)
    assert draft.tensors[0] == Tensor("w", (4, 4), "float32", overridable=True)
    assert [name for name, _ in draft.inputs] == ["x"]


Change = Callable[[onnx.ModelProto], object]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda model: model.ClearField("graph"), "holds no graph"),
        (lambda model: model.ClearField("opset_import"), "names no version of its operators"),
        (lambda model: setattr(model.opset_import[0], "version", -3), "version -3 of ONNX's operators"),
        (lambda model: setattr(model.opset_import[0], "version", 2**40), "version 1099511627776 of ONNX's"),
        (lambda model: setattr(model.opset_import[0], "domain", "f"), "Constant 'axes' is one of ONNX's operators"),
        (lambda model: model.graph.node[2].input.pop(), "Add 'y' has 1 inputs, the operator has 2"),
        (lambda model: model.graph.node[0].ClearField("attribute"), "Constant 'axes' has no value"),
        (lambda model: model.graph.initializer[0].dims.append(-1), "negative size"),
        (lambda model: model.graph.initializer.append(model.graph.initializer[0]), "tensor 'w' is stored twice"),
        (lambda model: model.graph.input.append(model.graph.input[0]), "input 'x' is declared twice"),
    ],
)
def test_a_model_that_breaks_the_rules_is_refused(tmp_path: Path, change: Change, reason: str) -> None:
    model = parsed(BLOCK)
    change(model)
    assert reason in refusal(tmp_path, model)


def with_default(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model, with a value stored for its input x."""
    model.graph.initializer.append(helper.make_tensor("x", TensorProto.FLOAT, [1, 4], [0.0] * 4))
    del model.graph.input[1:]  # the weights
    return model


def test_an_input_that_has_a_default_is_an_input_where_the_model_uses_no_other(tmp_path: Path) -> None:
    model = with_default(parsed(BLOCK))
    draft = draft_of(tmp_path, model)
    assert draft.inputs == (("x", TensorType(("n", 4), "float32")),)
    assert [tensor.name for tensor in draft.tensors] == ["w", "axes"]
    assert draft.notes == ("x: stored, and an input of the model, which uses no other; taken for an input",)
    model.graph.input.append(helper.make_tensor_value_info("unused", TensorProto.FLOAT, [4]))
    assert [name for name, _ in draft_of(tmp_path, model).inputs] == ["x", "unused"]


def test_stored_inputs_beside_one_that_is_fed_are_weights(tmp_path: Path) -> None:
    model = parsed(BLOCK)
    model.graph.initializer.append(helper.make_tensor("unlisted", TensorProto.FLOAT, [1], [0.0]))
    draft = draft_of(tmp_path, model)
    assert [name for name, _ in draft.inputs] == ["x"]
    assert [tensor.name for tensor in draft.tensors] == ["w", "unlisted", "axes"]


def test_a_model_that_leaves_nothing_to_feed_is_refused(tmp_path: Path) -> None:
    """Its weights are listed too, so that nobody can tell which is the input; or they would have to be."""
    listed, old = with_default(parsed(BLOCK)), with_default(parsed(BLOCK))
    listed.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 4]))
    old.ir_version = 3
    for model in (listed, old):
        assert refusal(tmp_path, model) == (
            "stores a value for every input that it uses, so that nothing is computed from what it is fed; take 'x', "
            "or whichever is an input, out of the initializers"
        )


def test_messages_nested_deeper_than_protobuf_allows_are_refused(tmp_path: Path) -> None:
    graph = b""
    for _ in range(60):
        graph = field(1, field(5, field(6, graph)))  # a node, its attribute, the graph in it
    content = parsed(BLOCK).SerializeToString() + field(7, graph)
    assert len(graph) < 1024  # so the walk over the file does not see it
    assert "nests its graphs deeper" in refusal(tmp_path, content)


@pytest.mark.parametrize(
    ("change", "notes"),
    [
        (lambda model: setattr(model, "ir_version", -1), ("the file claims the impossible IR version -1",)),
        (
            lambda model: model.opset_import.append(helper.make_opsetid("ai.onnx", 13)),
            ("names several versions of ONNX's operators; read as opset 17",),
        ),
        (
            lambda model: setattr(model.graph.initializer[0], "raw_data", bytes(17)),
            (
                "w: stored with its data given twice; the raw data is used",
                "w: stored with another amount of data than its shape and type ask for",
            ),
        ),
        (lambda model: model.graph.initializer[0].ClearField("float_data"), ("w: stored with no data",)),
        (lambda model: model.metadata_props.extend([onnx.StringStringEntryProto(key="a", value="b")] * 2), ()),
    ],
)
def test_what_is_odd_is_noted(tmp_path: Path, change: Change, notes: tuple[str, ...]) -> None:
    model = parsed(BLOCK)
    change(model)
    assert draft_of(tmp_path, model).notes == notes


def test_an_opset_of_the_future_is_noted(tmp_path: Path) -> None:
    model = parsed(BLOCK)
    model.opset_import[0].version = 9999
    newest = onnx.defs.onnx_opset_version()
    note = f"written for opset 9999; only operators up to opset {newest} are known here"
    assert draft_of(tmp_path, model).notes == (note,)


def test_files_from_before_operators_had_versions(tmp_path: Path) -> None:
    model = parsed(BLOCK.replace("axes = Constant <value_ints = [1]> ()", ""))
    model.ClearField("opset_import")
    model.ir_version = 2
    assert draft_of(tmp_path, model).opset == 1


def test_a_model_of_others_operators_only_needs_no_version_of_onnxs(tmp_path: Path) -> None:
    model = parsed('<ir_version: 8, opset_import: ["f": 1]> agraph (float[4] x) => (float[4] y) { y = f.G(x) }')
    draft = draft_of(tmp_path, model)
    assert (draft.opset, draft.origin, drawing(draft)) == (0, "", ["y = f::G(x)"])


def test_many_tensors_with_the_same_oddity_make_one_note(tmp_path: Path) -> None:
    model = parsed(BLOCK)
    model.graph.initializer[0].ClearField("float_data")
    for number in range(300):
        model.graph.initializer.append(TensorProto(name=f"v{number}", data_type=TensorProto.FLOAT, dims=[2]))
    assert draft_of(tmp_path, model).notes == ("w and 300 more: stored with no data",)


def test_weights_inside_the_file_or_outside_read_alike(tmp_path: Path) -> None:
    model = parsed(
        "agraph (float[1, 400] x, float[400, 400] w) => (float[1, 400] y) { f = MatMul(x, w)  y = Add(x, f) }"
    )
    weight = model.graph.initializer.add(name="w", data_type=TensorProto.FLOAT, dims=[400, 400])
    weight.raw_data = bytes(640_000)  # 400 x 400 elements of 4 bytes
    inside = draft_of(tmp_path, model)
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="absent.bin")
    assert draft_of(tmp_path, model) == inside
    assert inside.tensors == (Tensor("w", (400, 400), "float32", overridable=True),)


def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    content = parsed(BLOCK).SerializeToString()
    for length in range(1, len(content)):
        assert refusal(tmp_path, content[:length])


LIGHT = sorted((Path(onnx.__file__).parent / "backend/test/data/light").glob("*.onnx"))


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_the_models_that_onnx_ships_are_read(path: Path) -> None:
    model = onnx.load(path, load_external_data=False)
    draft = load(path)
    constants = sum(node.op_type == "Constant" for node in model.graph.node)
    assert len(draft.nodes) == len(model.graph.node) - constants
    assert len(draft.tensors) == len(model.graph.initializer) + constants

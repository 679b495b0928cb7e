from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.graph.model import Source, TensorType
from shortcut_audit.loaders.pt2.archive import load
from tests.loaders.aten.programs import drawing
from tests.loaders.pt2.pt2_archives import archive, document, draft_of, refusal


def graph(model: Any) -> Any:
    return model["graph_module"]["graph"]


def signature(model: Any) -> Any:
    return model["graph_module"]["signature"]


def test_names_types_and_weights(tmp_path: Path) -> None:
    draft = load(archive(tmp_path))
    assert draft.inputs == (("x", TensorType((1, 4, 8, 8), "float32")),)
    assert draft.outputs == ("y",)
    assert [(tensor.name, tensor.shape, tensor.learned) for tensor in draft.tensors] == [("conv.w", (4, 4, 3, 3), True)]
    assert draft.recorded["f"] == TensorType((1, 4, 8, 8), "float32")


def test_scopes_and_source_lines(tmp_path: Path) -> None:
    model = document()
    graph(model)["nodes"][1]["metadata"] = {
        "nn_module_stack": "L__self__,,main.Net;L__self__blocks,blocks.0,main.Block",
        "stack_trace": 'File "net.py", line 7, in forward\n    x = b(x)\n  File "block.py", line 9, in f\n    x + y',
    }
    node = load(archive(tmp_path, model)).nodes[1]
    assert (node.scope, node.source) == ("blocks.0", Source("block.py", 9))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Symbol('s0', positive=True, integer=True)", "s0"),
        ("s0", "s0"),
        ("__import__('os').system('exit')", "__import__('os').system('exit')"),
    ],
)
def test_a_symbolic_size_stays_the_text_that_it_is(written: str, shown: str, tmp_path: Path) -> None:
    model = document()
    graph(model)["tensor_values"]["x"]["sizes"][0] = {"as_expr": {"expr_str": written, "hint": {"as_int": 2}}}
    assert load(archive(tmp_path, model)).inputs[0][1].shape == (shown, 4, 8, 8)


def test_a_shape_of_more_axes_than_pytorch_knows_is_unknown(tmp_path: Path) -> None:
    model = document()
    graph(model)["tensor_values"]["x"]["sizes"] = [{"as_int": 1}] * 65
    assert load(archive(tmp_path, model)).inputs[0][1] == TensorType(None, "float32")


@pytest.mark.parametrize(
    "size", [{"as_int": 2**63}, {"as_int": -1}, {"as_int": True}, {"as_int": "4"}, {"as_expr": {}}, {"as_what": 1}]
)
def test_a_size_that_is_none_is_unknown(size: object, tmp_path: Path) -> None:
    model = document()
    graph(model)["tensor_values"]["x"]["sizes"][0] = size
    assert load(archive(tmp_path, model)).inputs[0][1].shape == (None, 4, 8, 8)


def test_symbolic_numbers_are_computed(tmp_path: Path) -> None:
    model = document("""
        x: 2x6
        n = aten.sym_size.int(self=x, dim=0)
        y = aten.view.default(self=x, size=[3, 4]) -> 3x4
        return y
    """)
    nodes = graph(model)["nodes"]
    nodes[0]["outputs"] = [{"as_sym_int": {"as_name": "n"}}]
    nodes[1]["inputs"][1]["arg"] = {"as_sym_ints": [{"as_name": "n"}, {"as_int": -1}]}
    graph(model)["sym_int_values"] = {"n": {"as_expr": {"expr_str": "s0", "hint": None}}}
    draft = load(archive(tmp_path, model))
    assert drawing(draft)[-1] == "y = Reshape(x, y.Concat)"
    assert draft.recorded["n"] == TensorType((), "int64", ("s0",))


def test_a_body_is_read(tmp_path: Path) -> None:
    model = document("x: 4\ny = higher_order.wrap(x) -> 4\nreturn y")
    inner = graph(document("a: 4\nb = aten.neg.default(self=a) -> 4\nreturn b"))
    graph(model)["nodes"][0]["inputs"].insert(0, {"name": "", "arg": {"as_graph": {"name": "body", "graph": inner}}})
    assert drawing(load(archive(tmp_path, model))) == ["b = Neg(x)"]


def test_constants_are_stored_and_not_learned(tmp_path: Path) -> None:
    model = document()
    spec = {"tensor_constant": {"arg": {"name": "w"}, "tensor_constant_name": "lifted"}}
    signature(model)["input_specs"][0] = spec
    tensor = load(archive(tmp_path, model)).tensors[0]
    assert (tensor.name, tensor.learned) == ("lifted", False)


def test_what_else_the_model_is_given_or_gives(tmp_path: Path) -> None:
    """Numbers among its inputs are part of the graph already; what it leaves in a buffer is a result."""
    model = document()
    signature(model)["input_specs"].append({"constant_input": {"name": "scale", "value": {"as_float": 3.0}}})
    signature(model)["input_specs"].append({"token": {"arg": {"name": "token"}}})
    signature(model)["output_specs"].append({"buffer_mutation": {"arg": {"name": "f"}, "buffer_name": "running"}})
    signature(model)["output_specs"].append({"user_output": {"arg": {"as_int": 3}}})
    draft = load(archive(tmp_path, model))
    assert ([name for name, _ in draft.inputs], draft.outputs) == (["x"], ("y", "f"))


ARGUMENTS = [
    ({"as_none": True}, "z = Clip(x)"),
    ({"as_int": 2}, "z = Clip(x, 2)"),
    ({"as_float": 0.5}, "z = Clip(x, 0.5)"),
    ({"as_optional_tensor": {"as_tensor": {"name": "x"}}}, "z = Clip(x, x)"),
    ({"as_optional_tensor": {"as_none": True}}, "z = Clip(x)"),
    ({"as_sym_float": {"as_float": 0.5}}, "z = Clip(x, 0.5)"),
    ({"as_float": "Infinity"}, "z = Clip(x, inf)"),  # JSON has no token for them
    ({"as_float": "-Infinity"}, "z = Clip(x, -inf)"),
    ({"as_float": "NaN"}, "z = Clip(x, nan)"),
    ({"as_sym_float": {"as_float": "Infinity"}}, "z = Clip(x, inf)"),
    ({"as_string": "Infinity"}, "z = aten::clamp.default(x)"),
    ({"as_complex": {"real": 0.0, "imag": 1.0}}, "z = Clip(x, ?)"),
    ({"as_device": {"type": "cpu", "index": None}}, "z = aten::clamp.default(x)"),
    ({"as_something_new": {"as_int": 3}}, "z = Clip(x, 3)"),
    ({"as_ints": [1, 2]}, "z = aten::clamp.default(x)"),
]


@pytest.mark.parametrize(("argument", "node"), ARGUMENTS)
def test_every_kind_of_argument(argument: Any, node: str, tmp_path: Path) -> None:
    model = document("x: 4\nz = aten.clamp.default(self=x, min=0) -> 4\nreturn z")
    graph(model)["nodes"][0]["inputs"][1]["arg"] = argument
    assert drawing(load(archive(tmp_path, model))) == [node]


def test_lists_of_floats_hold_infinity_too(tmp_path: Path) -> None:
    model = document("x: 1x2x4\nz = aten.upsample_nearest1d.vec(input=x, scale_factors=[2]) -> 1x2x8\nreturn z")
    graph(model)["nodes"][0]["inputs"][1]["arg"] = {"as_floats": ["Infinity"]}
    assert drawing(load(archive(tmp_path, model))) == ["z = Resize(x, _, [1.0, 1.0, inf])"]


def test_a_symbolic_number_may_be_infinite(tmp_path: Path) -> None:
    model = document("x: 4\nn = aten.item.default(self=x)\ny = aten.mul.Tensor(self=x, other=n) -> 4\nreturn y")
    graph(model)["nodes"][0]["outputs"] = [{"as_sym_float": {"as_name": "n"}}]
    graph(model)["sym_float_values"] = {"n": {"as_float": "-Infinity"}}
    assert load(archive(tmp_path, model)).recorded["n"] == TensorType((), "float64", (float("-inf"),))


def test_a_list_of_results_has_several_names(tmp_path: Path) -> None:
    model = document("x: 4x3\na, b = aten.unbind.int(self=x) -> 3, 3\nreturn a, b")
    graph(model)["nodes"][0]["outputs"] = [{"as_tensors": [{"name": "a"}, {"name": "b"}]}]
    assert drawing(load(archive(tmp_path, model)))[0] == "a.Split, a.Split~1 = Split(x)"


@pytest.mark.parametrize("version", [{"major": 999, "minor": 0}, {"major": 7, "minor": 3}, {"major": "8"}, {}])
def test_schema_versions_that_are_not_known_are_refused_by_name(version: Any, tmp_path: Path) -> None:
    model = document()
    model["schema_version"] = version
    message = refusal(archive(tmp_path, model))
    assert f"schema version {version.get('major')} is not known, only 8 (PyTorch 2.6 and later)" in message


def mutations() -> list[tuple[tuple[Any, ...], Any]]:
    """Each field of the description, replaced by what it must not be."""
    found: list[tuple[tuple[Any, ...], Any]] = []

    def walk(value: Any, path: tuple[Any, ...]) -> None:
        found.extend((path, junk) for junk in (None, 3, "text", [], {}, [[]], {"as_tensor": 3}, -1))
        children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, child in children:
            walk(child, (*path, key))

    walk(document()["graph_module"], ("graph_module",))
    return found


def test_whatever_a_field_holds_the_file_is_read_or_refused_in_one_line(tmp_path: Path) -> None:
    """No KeyError, no TypeError: some 2,000 documents, each with one field replaced."""
    outcomes = [outcome(archive(tmp_path, replaced(path, junk))) for path, junk in mutations()]
    assert outcomes.count("read") > 100
    assert outcomes.count("refused") > 100
    assert set(outcomes) == {"read", "refused"}


def replaced(path: tuple[Any, ...], junk: Any) -> Any:
    model = document()
    place = model
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = junk
    return model


def outcome(path: Path) -> str:
    try:
        load(path)
    except UnreadableModel as error:
        return "refused" if "\n" not in str(error) else str(error)
    return "read"


def test_nodes_out_of_order_are_refused(tmp_path: Path) -> None:
    model = document()
    graph(model)["nodes"].reverse()
    assert "node 'y' reads 'f' before anything made it" in refusal(archive(tmp_path, model))


def test_a_parameter_without_a_size_is_refused(tmp_path: Path) -> None:
    model = document()
    graph(model)["tensor_values"]["w"]["sizes"][0] = {"as_expr": {"expr_str": "s0", "hint": None}}
    assert "the shape of 'conv.w'" in refusal(archive(tmp_path, model))


def test_names_that_look_the_same_stay_two(tmp_path: Path) -> None:
    """A tab, and the four characters with which a tab is shown."""
    model = document("T: 4\nS: parameter 4\ny = aten.mul.Tensor(self=T, other=S) -> 4\nreturn y")
    written = json.dumps(model).replace('"T"', r'"p\t"').replace('"S"', r'"p\\x09"').replace("conv.S", r"p\\x09")
    assert drawing(load(archive(tmp_path, json.loads(written)))) == [r"y = Mul(p\x09, p\x09~1)"]


def test_names_are_made_fit_to_be_read(tmp_path: Path) -> None:
    model = document()
    node = graph(model)["nodes"][1]
    node["name"] = "\x1b[2J\ud800"
    node["target"] = "torch.ops.aten.add.Tensor"
    assert load(archive(tmp_path, model)).nodes[1].name == "\\x1b[2J\\u{d800}"


def test_a_program_drawn_and_read_back_is_the_same(tmp_path: Path) -> None:
    text = "x: 2x4\na, b = aten.split.Tensor(self=x, split_size=2, dim=1) -> 2x2, 2x2\nreturn a, b"
    assert drawing(draft_of(tmp_path, text)) == ["a, b = Split(x, [2, 2])"]

import time

import pytest
from onnx import NodeProto, helper

from shortcut_audit.graph.model import Source
from shortcut_audit.loaders.onnx.metadata import (
    FOLDED_FROM,
    NAME_SCOPES,
    SIGNATURE,
    STACK_TRACE,
    noted_tensors,
    origin_of,
    scope_in_name,
)

TRACE = """File "torchvision/models/resnet.py", line 285, in forward
    return self._forward_impl(x)
  File "torchvision/models/resnet.py", line 102, in forward
    out += identity"""


def node(name: str = "", **records: str) -> NodeProto:
    made = helper.make_node("Add", ["x", "r"], ["y"], name=name)
    helper.set_metadata_props(made, {key.replace("__", "."): value for key, value in records.items()})
    return made


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        # TorchScript's exporter: "/" + module names joined by "/" + "/" + operator
        ("/layer1/layer1.0/Add", "layer1.0"),
        ("/layer1/layer1.0/Add_1", "layer1.0"),
        ("/m/model/layers.0/Add", "m.model.layers.0"),
        ("/features/features.0/features.0.1/Conv", "features.0.1"),
        ("/encoder/layers/encoder_layer_0/self_attention/MatMul", "encoder.layers.encoder_layer_0.self_attention"),
        ("/layer1/layer10/Add", "layer1.layer10"),  # no child: the dot is missing
        ("/Add", ""),
        # names like tf2onnx's
        ("model/block1/add", "model/block1"),
        ("model/block1/add:0", "model/block1"),
        # names that spell no path
        ("Add_17", ""),
        ("node_add_3", ""),
        ("", ""),
        ("/", ""),
    ],
)
def test_the_scope_in_a_name(name: str, scope: str) -> None:
    assert scope_in_name(name) == scope


@pytest.mark.parametrize(
    ("recorded", "scope"),
    [
        ("['', 'layer1', 'layer1.0', 'add']", "layer1.0"),
        ("['', 'add']", ""),
        ("['add']", ""),
        ("[]", ""),
        ("['', \"it's\", 'add']", "it's"),
        ("__import__('os').system('true')", ""),  # read, never evaluated
        ("['', 'unclosed", ""),
        ("['', 'layer1', 'add', 'unclosed", "layer1"),
        ("['a', " + "'b', " * 5000 + "'c']", ""),  # too long to be a path of modules
    ],
)
def test_the_scope_that_torch_records(recorded: str, scope: str) -> None:
    assert origin_of(node(**{NAME_SCOPES.replace(".", "__"): recorded}))[:2] == (scope, None)


def test_a_record_is_read_once_however_odd() -> None:
    """Looked for from each of its quotes, a string that does not end would take a second for each record."""
    made = node(**{NAME_SCOPES: "['', 'layer1', '" + "\\'" * 4900})
    start = time.process_time()
    assert [origin_of(made).scope for _ in range(100)] == [""] * 100
    assert time.process_time() - start < 1


def test_the_recorded_scope_beats_the_name() -> None:
    made = node("/other/Add", **{NAME_SCOPES: "['', 'layer1', 'add']"})
    assert origin_of(made).scope == "layer1"


@pytest.mark.parametrize(
    ("trace", "source"),
    [
        (TRACE, Source("torchvision/models/resnet.py", 102)),
        ('File "/home/me/a b.py", line 7, in forward', Source("/home/me/a b.py", 7)),
        ('File "x.py", line 99999999999999999999', None),
        ("no frame at all", None),
        ('File "' * 100_000, None),
    ],
)
def test_the_innermost_frame_is_the_line_that_wrote_the_op(trace: str, source: Source | None) -> None:
    assert origin_of(node(**{STACK_TRACE: trace}))[:2] == ("", source)


def test_a_key_given_twice_counts_as_its_last_value() -> None:
    made = node(**{NAME_SCOPES: "['', 'layer1', 'add']"})
    made.metadata_props.add(key=NAME_SCOPES, value="['', 'layer1', 'add']")
    assert origin_of(made).scope == "layer1"


@pytest.mark.parametrize(
    ("record", "value", "noted"),
    [
        (SIGNATURE, "PARAMETER", True),
        (SIGNATURE, "BUFFER", False),
        (SIGNATURE, "CONSTANT_TENSOR", False),
        (FOLDED_FROM, "['val_0', 'val_1']", False),  # the exporter's own
        (FOLDED_FROM, "['val_0', 'x', 'r']", False),  # and the shapes of values
        (FOLDED_FROM, "['val_0', 'norm.weight']", None),  # and a parameter that is gone
        (FOLDED_FROM, "[]", None),
        ("some.other", "PARAMETER", None),
    ],
)
def test_what_a_stored_tensor_was(record: str, value: str, noted: bool | None) -> None:
    info = helper.make_tensor_value_info("w", 1, [8])
    info.metadata_props.add(key=record, value=value)
    fed = helper.make_tensor_value_info("x", 1, [8])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["r"])], "g", [fed], [], value_info=[info])
    assert noted_tensors(graph).learned.get("w") is noted


def test_a_number_of_which_nothing_is_noted_is_the_codes_where_parameters_are_noted() -> None:
    """The exporter over torch.export stores 0.0 * x's number beside parameters, without a note."""
    tensors = [helper.make_tensor(name, 1, sizes, [0.0]) for name, sizes in (("w", [1]), ("n", []), ("f", []))]
    infos = [helper.make_tensor_value_info(tensor.name, 1, tensor.dims) for tensor in tensors]
    graph = helper.make_graph([], "g", [], [], tensors, value_info=infos)
    assert "n" not in noted_tensors(graph).numbers
    graph.value_info[0].metadata_props.add(key=SIGNATURE, value="PARAMETER")
    graph.value_info[2].metadata_props.add(key=FOLDED_FROM, value="['alpha']")
    assert noted_tensors(graph).numbers == {"n"}

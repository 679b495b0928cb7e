import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.loaders.onnx.metadata import NAME_SCOPES, STACK_TRACE
from shortcut_audit.loaders.onnx.wire import FILE_LIMIT, skeleton
from tests.loaders.onnx.onnx_models import field, parsed, saved, varint

RESIDUAL = "agraph (float[1,4] x) => (float[1,4] y) { r = Relu(x)  y = Add(x, r) }"
GRAPH, NODE, INITIALIZER = 7, 1, 5
RAW_DATA = 9


def small() -> bytes:
    return bytes(parsed(RESIDUAL).SerializeToString())


def with_weight(elements: int, **where: bytes | list[float]) -> onnx.ModelProto:
    """y = x + w, the elements of w stored as `where` says."""
    model = parsed(f"agraph (float[{elements}] x, float[{elements}] w) => (float[{elements}] y) {{ y = Add(x, w) }}")
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[elements])
    for name, data in where.items():
        if isinstance(data, bytes):
            setattr(weight, name, data)
        else:
            getattr(weight, name).extend(data)
    model.graph.initializer.append(weight)
    return model


def read(folder: Path, model: onnx.ModelProto | bytes) -> onnx.ModelProto:
    found = onnx.ModelProto()
    found.ParseFromString(skeleton(saved(folder, model)))
    return found


def refused(folder: Path, content: bytes) -> str:
    with pytest.raises(UnreadableModel) as refusal:
        skeleton(saved(folder, content))
    return str(refusal.value)


def test_a_small_model_is_copied_as_it_stands(tmp_path: Path) -> None:
    assert skeleton(saved(tmp_path, small())) == small()


def test_a_short_payload_is_kept(tmp_path: Path) -> None:
    model = with_weight(256, raw_data=bytes(1024))  # 256 elements of 4 bytes: exactly the limit
    assert read(tmp_path, model) == model


def test_as_many_negative_numbers_are_kept_as_others(tmp_path: Path) -> None:
    """Of a per-channel zero point, which onnx.helper writes into int32_data: -1 takes ten bytes there, 2,560 in all."""
    few = with_weight(256, int32_data=[-1] * 256)
    assert read(tmp_path, few) == few
    assert not read(tmp_path, with_weight(257, int32_data=[-1] * 257)).graph.initializer[0].int32_data


def test_a_long_payload_is_left_out_and_its_length_remembered(tmp_path: Path) -> None:
    weight = read(tmp_path, with_weight(257, raw_data=bytes(1028))).graph.initializer[0]
    assert (weight.name, list(weight.dims), weight.data_type) == ("w", [257], TensorProto.FLOAT)
    assert not weight.HasField("raw_data")
    assert weight.data_location == TensorProto.EXTERNAL
    assert [(entry.key, entry.value) for entry in weight.external_data] == [("length", "1028")]


@pytest.mark.parametrize("fields", [{"float_data": [1.0] * 300}, {"raw_data": bytes(8), "float_data": [1.0] * 300}])
def test_a_payload_is_left_out_whole(tmp_path: Path, fields: dict[str, bytes | list[float]]) -> None:
    weight = read(tmp_path, with_weight(300, **fields)).graph.initializer[0]
    assert not weight.float_data
    assert not weight.HasField("raw_data")
    assert not weight.external_data  # how many bytes 300 numbers take in such a field says nothing


def test_payloads_are_found_wherever_a_tensor_may_stand(tmp_path: Path) -> None:
    long = TensorProto(name="t", data_type=TensorProto.FLOAT, dims=[1000], raw_data=bytes(4000))
    sparse = onnx.SparseTensorProto(values=long, indices=long, dims=[10, 100])
    inner = helper.make_graph([helper.make_node("Constant", [], ["c"], value=long)], "inner", [], [], [long])
    holder = helper.make_node("If", ["b"], ["y"], then_branch=inner, else_branch=inner, one=long, many=[long, long])
    holder.attribute.append(helper.make_attribute("sparse", sparse))
    holder.attribute.append(helper.make_attribute("graphs", [inner]))
    graph = helper.make_graph([holder], "outer", [], [], [long], sparse_initializer=[sparse])
    function = helper.make_function("f", "F", [], ["c"], inner.node, [helper.make_opsetid("", 17)])
    model = helper.make_model(graph, functions=[function])
    assert model.ByteSize() > 4000 * 13
    found = skeleton(saved(tmp_path, model))
    assert len(found) < 4000
    assert onnx.ModelProto.FromString(found).graph.node[0].attribute[0].g.initializer[0].dims == [1000]


def test_long_texts_that_name_something_are_kept_and_others_are_not(tmp_path: Path) -> None:
    model = parsed(RESIDUAL)
    model.graph.node[0].name = "n" * 5000
    model.graph.node[0].op_type = "O" * 5000
    model.graph.node[0].doc_string = model.graph.doc_string = model.doc_string = "d" * 5000
    found = read(tmp_path, model)
    assert found.graph.node[0].name == "n" * 5000
    assert found.graph.node[0].op_type == "O" * 5000
    assert found.ByteSize() < 11_000  # 2 x 5000 and the small model


def test_metadata_that_nobody_reads_is_left_out(tmp_path: Path) -> None:
    model = parsed(RESIDUAL)
    scopes, trace, other = NAME_SCOPES, STACK_TRACE, "pkg.torch.onnx.fx_node"
    helper.set_metadata_props(model.graph.node[1], {other: "z" * 600, scopes: "['a', 'b']", trace: "t" * 2000})
    left = read(tmp_path, model).graph.node[1].metadata_props
    assert [entry.key for entry in left] == [scopes, trace]
    assert left[1].value == "t" * 2000


def test_metadata_is_known_by_its_key_wherever_that_stands(tmp_path: Path) -> None:
    model = parsed(RESIDUAL)
    del model.graph.node[1:]
    entry = field(2, b"['a', 'b']") + field(1, NAME_SCOPES.encode())
    node = field(4, b"Relu") + field(2, b"y") + field(6, bytes(2000)) + field(9, entry)
    left = onnx.ModelProto.FromString(skeleton(saved(tmp_path, model.SerializeToString() + field(7, field(1, node)))))
    assert [(entry.key, entry.value) for entry in left.graph.node[1].metadata_props] == [(NAME_SCOPES, "['a', 'b']")]


def test_unknown_fields_and_groups_are_passed_over(tmp_path: Path) -> None:
    long, short = field(1000, bytes(5000)), field(1001, b"abc")
    numbers = (
        varint(1002 << 3) + varint(2**64 - 1) + varint(1003 << 3 | 1) + bytes(8) + varint(1004 << 3 | 5) + bytes(4)
    )
    group = varint(1005 << 3 | 3) + short + numbers + varint(1005 << 3 | 4)
    assert read(tmp_path, small() + long + short + numbers + group).graph == parsed(RESIDUAL).graph


@pytest.mark.parametrize(("levels", "intact"), [(99, True), (100, True), (101, False)])
def test_groups_nest_as_deep_as_in_protobuf(tmp_path: Path, levels: int, intact: bool) -> None:
    content = small() + varint(1000 << 3 | 3) * levels + varint(1000 << 3 | 4) * levels
    if intact:
        assert read(tmp_path, content).graph == parsed(RESIDUAL).graph
    else:
        assert "nest deeper" in refused(tmp_path, content)


def test_graphs_nest_no_deeper_than_in_protobuf(tmp_path: Path) -> None:
    graph = field(2, b"n" * 2000)
    for _ in range(34):  # graph, node and attribute each: 1 + 34 x 3 messages, over the limit of 100
        graph = field(NODE, field(5, field(6, graph))) + field(2, b"n" * 2000)
    assert "nest deeper" in refused(tmp_path, field(GRAPH, graph))


@pytest.mark.parametrize("missing", [1, 2, 10, 40])
def test_a_file_cut_short_is_refused(tmp_path: Path, missing: int) -> None:
    assert "download or export it again" in refused(tmp_path, small()[:-missing])


def test_a_payload_cut_short_is_refused(tmp_path: Path) -> None:
    content = with_weight(1000, raw_data=bytes(4000)).SerializeToString()
    at_the_end = content.index(bytes(4000)) + 3999
    assert "claims to end" in refused(tmp_path, content[:at_the_end])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (field(GRAPH, b"") + b"\x3a\xff\xff\xff\xff\x07abc", "claims to end"),  # 2 GiB - 1 bytes announced, 3 there
        (field(GRAPH, b"") + b"\x08" + b"\xff" * 10 + b"\x01", "more than ten bytes"),  # an 11-byte varint
        (field(GRAPH, b"") + b"\x08\xff", "in the middle of a field"),
        (field(GRAPH, b"") + b"\x00\x00", "no field has the number 0"),
        (field(GRAPH, b"") + varint(2**29 << 3), "no field has the number 536870912"),
        (field(GRAPH, b"") + b"\x0e", "wire type 6"),
        (field(GRAPH, b"") + b"\x0c", "wire type 4"),  # a group ends that has not begun
        (field(GRAPH, b"") + b"\x0b\x14", "without having begun"),  # group 1 begins, group 2 ends
        (field(GRAPH, b"") + b"\x0b", "does not end"),
        (b"\x38\x01", "wrong wire type"),  # the graph as a number
        (b"\x08\x07", "holds no graph"),
        (bytes(4096), "no field has the number 0"),
    ],
)
def test_what_is_no_intact_protobuf_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    assert reason in refused(tmp_path, content)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, b"").startswith("empty file")


def test_only_what_exists_and_is_a_file_is_opened(tmp_path: Path) -> None:
    pipe, loop, zeros = tmp_path / "pipe", tmp_path / "loop", tmp_path / "zeros"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    zeros.symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
    for path, reason in [
        (tmp_path, "a directory"),
        (pipe, "a device, pipe or socket"),
        (zeros, "a device, pipe or socket"),
        (loop, "symbolic links"),
        (tmp_path / "absent", "No such file"),
        (tmp_path / "socket", "cannot be opened"),
    ]:
        with pytest.raises(UnreadableModel, match=reason):
            skeleton(path)


def test_a_file_over_the_limit_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "sparse.onnx"
    with path.open("wb") as file:
        file.truncate(FILE_LIMIT + 1)
    start = time.process_time()
    with pytest.raises(UnreadableModel, match="2147483648 bytes, over protobuf's limit"):
        skeleton(path)
    assert time.process_time() - start < 1


def test_a_graph_that_is_too_large_beside_its_weights_is_refused(tmp_path: Path) -> None:
    name = field(1, b"n" * 2**20)
    content = field(GRAPH, field(NODE, name * 70))  # 70 MiB of names, over the 24 MiB
    assert "24 MiB beside its weights" in refused(tmp_path, content)


def test_a_file_that_takes_far_more_room_when_parsed_is_refused(tmp_path: Path) -> None:
    node = field(NODE, b"\x2a\x00" * 500)  # 500 empty attributes in 1000 bytes: copied without being looked into
    content = field(GRAPH, node * 4000)  # 4 MB, two million attributes
    assert "1000000 nodes, attributes and the like" in refused(tmp_path, content)


def test_a_file_of_nothing_but_tiny_fields_is_refused_in_time(tmp_path: Path) -> None:
    content = field(GRAPH, b"\x0a\x00" * 5_000_000)  # five million empty nodes
    start = time.process_time()
    assert "fields, more than is read" in refused(tmp_path, content)
    assert time.process_time() - start < 30  # some 2 s of processor time


def test_weights_cost_neither_time_nor_memory(tmp_path: Path) -> None:
    """600 MB of weights, in a process of its own: its peak memory is that of the interpreter."""
    path, size = tmp_path / "large.onnx", 60_000_000
    tensor = field(8, b"w") + varint(RAW_DATA << 3 | 2) + varint(size)
    graph_size = 10 * (len(field(INITIALIZER, b"")) - 1 + len(varint(len(tensor) + size)) + len(tensor) + size)
    with path.open("wb") as file:
        file.write(varint(GRAPH << 3 | 2) + varint(graph_size))
        for _ in range(10):
            file.write(varint(INITIALIZER << 3 | 2) + varint(len(tensor) + size) + tensor)
            file.seek(size, os.SEEK_CUR)  # a hole: reads as zeros, takes no room on the disk
        file.truncate()
    code = f"""
import pathlib, resource
from shortcut_audit.loaders.onnx.metadata import NAME_SCOPES, STACK_TRACE
from shortcut_audit.loaders.onnx.wire import skeleton
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert len(skeleton(pathlib.Path({str(path)!r}))) < 1000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert int(done.stdout) < 20_000  # kilobytes on Linux

import math
import struct
from collections import defaultdict
from typing import Any

import pytest
from onnx import SparseTensorProto, TensorProto, ValueInfoProto, helper

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.graph.draft import DATA_LIMIT, Tensor
from shortcut_audit.graph.model import TensorType
from shortcut_audit.loaders.onnx.tensors import Oddities, declared_type, sparse_tensor, stored_tensor


def read(**fields: Any) -> tuple[Tensor, dict[str, list[str]]]:
    oddities: Oddities = defaultdict(list)
    return stored_tensor(TensorProto(**fields), "w", oddities), dict(oddities)


@pytest.mark.parametrize(
    ("dtype", "raw", "elements"),
    [
        (TensorProto.FLOAT, "0000803f000000c0", (1.0, -2.0)),
        (TensorProto.DOUBLE, "000000000000f03f", (1.0,)),
        (TensorProto.FLOAT16, "003c00c0", (1.0, -2.0)),
        (TensorProto.BFLOAT16, "803f00c0", (1.0, -2.0)),  # the upper halves of the float32 above
        (TensorProto.INT64, "ffffffffffffffff", (-1,)),
        (TensorProto.UINT64, "ffffffffffffffff", (18446744073709551615,)),
        (TensorProto.INT32, "feffffff", (-2,)),
        (TensorProto.INT8, "ff01", (-1, 1)),
        (TensorProto.UINT8, "ff01", (255, 1)),
        (TensorProto.BOOL, "0001", (False, True)),
    ],
)
def test_raw_data_is_little_endian(dtype: int, raw: str, elements: tuple[float, ...]) -> None:
    tensor, oddities = read(data_type=dtype, dims=[len(elements)], raw_data=bytes.fromhex(raw))
    assert tensor.data == elements
    assert oddities == {}


@pytest.mark.parametrize(
    ("dtype", "field", "stored", "elements"),
    [
        (TensorProto.FLOAT, "float_data", [1.5], (1.5,)),
        (TensorProto.DOUBLE, "double_data", [1.5], (1.5,)),
        (TensorProto.INT64, "int64_data", [-3], (-3,)),
        (TensorProto.UINT32, "uint64_data", [3], (3,)),
        (TensorProto.INT8, "int32_data", [-3], (-3,)),
        (TensorProto.BOOL, "int32_data", [1], (True,)),
        (TensorProto.FLOAT16, "int32_data", [0x3C00], (1.0,)),
        (TensorProto.BFLOAT16, "int32_data", [0x3F80], (1.0,)),
    ],
)
def test_typed_data(dtype: int, field: str, stored: list[float], elements: tuple[float, ...]) -> None:
    tensor, oddities = read(data_type=dtype, dims=[1], **{field: stored})
    assert tensor.data == elements
    assert oddities == {}


def test_a_scalar_and_an_empty_tensor_have_one_element_and_none() -> None:
    assert read(data_type=TensorProto.INT64, int64_data=[7])[0].data == (7,)
    assert read(data_type=TensorProto.INT64, dims=[0])[0].data == ()


def test_elements_are_kept_where_they_are_few() -> None:
    few = read(data_type=TensorProto.INT8, dims=[DATA_LIMIT], raw_data=bytes(DATA_LIMIT))
    many = read(data_type=TensorProto.INT8, dims=[DATA_LIMIT + 1], raw_data=bytes(DATA_LIMIT + 1))
    assert few[0].data == (0,) * DATA_LIMIT
    assert (many[0].data, many[1]) == (None, {})


AMOUNT = "stored with another amount of data than its shape and type ask for"


@pytest.mark.parametrize(
    ("fields", "oddity"),
    [
        ({"dims": [2], "raw_data": bytes(7)}, AMOUNT),
        ({"dims": [2**40, 2**40], "raw_data": bytes(17)}, AMOUNT),
        ({"dims": [3], "float_data": [1.0, 2.0]}, AMOUNT),
        ({"dims": [2**40, 2**40]}, "stored with no data"),
        # what the walk over the file leaves behind for a long payload: 1000 float32 take 4000 bytes
        ({"dims": [1000], "data_location": 1, "external_data": [{"key": "length", "value": "4001"}]}, AMOUNT),
    ],
)
def test_data_that_contradicts_the_shape_is_remarked_on(fields: dict[str, Any], oddity: str) -> None:
    tensor, oddities = read(data_type=TensorProto.FLOAT, **fields)
    assert tensor.data is None
    assert tensor.shape == tuple(fields["dims"])
    assert oddities == {oddity: ["w"]}


def test_data_given_twice_counts_once() -> None:
    raw = struct.pack("<2f", 1.0, 2.0)
    tensor, oddities = read(data_type=TensorProto.FLOAT, dims=[2], raw_data=raw, float_data=[3.0, 4.0])
    assert tensor.data == (1.0, 2.0)
    assert oddities == {"stored with its data given twice; the raw data is used": ["w"]}


@pytest.mark.parametrize(
    "entries",
    [
        {"location": "weights.bin"},
        {"location": "weights.bin", "offset": "abc", "length": "9" * 30},
        {"location": "../../etc/passwd", "length": "8"},
        {"location": "\0", "offset": "-1"},
        {"location": "https://example.com/w.bin", "length": "7"},
        {"length": "4000"},  # left out by the walk over the file, and as long as it has to be
        {"length": "²"},
    ],
)
def test_other_files_are_neither_opened_nor_judged(entries: dict[str, str]) -> None:
    stored = [{"key": key, "value": value} for key, value in entries.items()]
    tensor, oddities = read(
        data_type=TensorProto.FLOAT, dims=[1000], data_location=TensorProto.EXTERNAL, external_data=stored
    )
    assert tensor == Tensor("w", (1000,), "float32")
    assert oddities == {}


@pytest.mark.parametrize(("number", "dtype"), [(0, "unknown"), (999, "unknown:999"), (17, "float8"), (22, "int4")])
def test_odd_element_types(number: int, dtype: str) -> None:
    tensor, _ = read(data_type=number, dims=[2], raw_data=bytes(1 if dtype == "int4" else 2))
    assert tensor == Tensor("w", (2,), dtype)


@pytest.mark.parametrize("dims", [[-1], [3, -(2**40)], [1] * 65])
def test_impossible_shapes_are_refused(dims: list[int]) -> None:
    with pytest.raises(UnreadableModel, match="'w' has"):
        read(data_type=TensorProto.FLOAT, dims=dims)


def test_a_sparse_tensor_has_the_shape_of_its_dense_form() -> None:
    values = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1], float_data=[math.pi])
    assert sparse_tensor(SparseTensorProto(values=values, dims=[3, 4]), "w") == Tensor("w", (3, 4), "float32")


def declared(info: ValueInfoProto) -> TensorType:
    return declared_type(info, defaultdict(list))


def test_declared_sizes_are_numbers_symbols_or_unknown() -> None:
    info = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, None, 0])
    info.type.tensor_type.shape.dim.add(dim_value=-5)
    info.type.tensor_type.shape.dim.add(dim_param="__import__('os')")
    assert declared(info) == TensorType(("batch", 3, None, 0, None, "__import__('os')"), "float32")


def test_a_batch_of_none_is_an_open_batch() -> None:
    """Converters write 0 for the batch that they leave open; a past of length 0 is empty, and so is a list of sizes."""
    for written, meant in (([0, 3, 8], (None, 3, 8)), ([1, 8, 0, 64], (1, 8, 0, 64)), ([0], (0,))):
        info = helper.make_tensor_value_info("x", TensorProto.FLOAT, written)
        assert declared(info).shape == meant


def test_what_is_declared_may_be_little() -> None:
    assert declared(ValueInfoProto(name="x")) == TensorType()
    assert declared(helper.make_tensor_value_info("x", TensorProto.FLOAT, None)) == TensorType(None, "float32")
    assert declared(helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, [1])) == TensorType()
    assert declared(helper.make_sparse_tensor_value_info("x", TensorProto.INT64, [4])) == TensorType((4,), "int64")


def test_a_declared_shape_of_absurd_rank_counts_as_unknown() -> None:
    oddities: Oddities = defaultdict(list)
    info = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1] * 100_000)
    assert declared_type(info, oddities) == TensorType(None, "float32")
    assert oddities == {"declared with more than 64 dimensions; its shape counts as unknown": ["x"]}

"""Element types; numbers are those of onnx.proto (1 float32, 7 int64, 9 bool, 10 float16)."""

from __future__ import annotations

import pytest

from shortcut_audit.graph.model import TensorType
from tests.operators.shapes.calls import dtypes, numbers

HALF = TensorType((2, 3), "float16")
BYTES = TensorType((2, 3), "uint8")
UNTYPED = TensorType((2, 3))


@pytest.mark.parametrize("kind", ["Relu", "Softmax", "Transpose", "Conv", "com.microsoft::Gelu"])
def test_most_outputs_have_the_type_of_the_first_input(kind: str) -> None:
    assert dtypes(kind, HALF, "2x3") == ["float16"]


def test_inputs_of_one_type_tell_each_other() -> None:
    assert dtypes("Add", UNTYPED, HALF) == ["float16"]
    assert dtypes("Concat", UNTYPED, None, HALF, axis=0) == ["float16"]
    assert dtypes("Where", "2x3", UNTYPED, HALF) == ["float16"]


def test_fixed_types() -> None:
    assert dtypes("Equal", HALF, HALF) == ["bool"]
    assert dtypes("Shape", HALF) == ["int64"]
    assert dtypes("ArgMax", HALF) == ["int64"]
    assert dtypes("TopK", HALF, (1,), outputs=2) == ["float16", "int64"]
    assert dtypes("MaxPool", "1x3x8x8", kernel_shape=(2, 2), outputs=2) == ["float32", "int64"]
    assert dtypes("DynamicQuantizeLinear", "2x3", outputs=3) == ["uint8", "float32", "uint8"]


def test_types_by_number() -> None:
    assert dtypes("Cast", HALF, to=1) == ["float32"]
    assert dtypes("Cast", HALF, to=999) == [None]
    assert dtypes("Cast", HALF, to="float32") == [None]
    assert dtypes("Cast", HALF) == [None]
    assert dtypes("RandomNormal", shape=(2,)) == ["float32"]
    assert dtypes("RandomNormalLike", HALF) == ["float16"]
    assert dtypes("RandomNormalLike", HALF, dtype=11) == ["float64"]
    assert dtypes("LayerNormalization", HALF, "3", outputs=2) == ["float16", "float32"]


def test_types_by_input() -> None:
    assert dtypes("CastLike", "2x3", HALF) == ["float16"]
    assert dtypes("OneHot", (1, 2), 10, BYTES) == ["uint8"]
    assert dtypes("QuantizeLinear", "2x3", "") == ["uint8"]
    assert dtypes("QuantizeLinear", "2x3", "", numbers("int8", 0)) == ["int8"]
    assert dtypes("DequantizeLinear", BYTES, HALF) == ["float16"]
    assert dtypes("BatchNormalization", HALF, "3", "3", "3", "3", outputs=2) == ["float16", "float32"]


def test_a_filled_tensor_has_the_type_of_its_number_where_that_can_be_told() -> None:
    assert dtypes("ConstantOfShape", (2,)) == ["float32"]
    assert dtypes("ConstantOfShape", (2,), value=True) == ["bool"]
    assert dtypes("ConstantOfShape", (2,), TensorType((), "int64", (1,))) == ["int64"]
    assert dtypes("ConstantOfShape", (2,), value=1) == [None]  # int64, int32, ...: the number alone does not tell


def test_the_mask_of_a_dropout_became_boolean() -> None:
    assert dtypes("Dropout", HALF, outputs=2, opset=9) == ["float16", "float16"]
    assert dtypes("Dropout", HALF, outputs=2, opset=10) == ["float16", "bool"]
    assert dtypes("Dropout", HALF, outputs=2, opset=12) == ["float16", "bool"]


def test_the_type_is_known_even_where_the_shape_is_not() -> None:
    assert dtypes("MatMul", HALF, HALF) == ["float16"]  # 2x3 times 2x3 makes no sense


def test_a_fused_normalisation_keeps_statistics_in_single_precision() -> None:
    """The result, mean and inverse deviation, and the sum that was normalised."""
    half = [TensorType(shape, "float16") for shape in ((1, 2, 8), (1, 2, 8), (8,))]
    found = dtypes("com.microsoft::SkipLayerNormalization", *half, outputs=4)
    assert found == ["float16", "float32", "float32", "float16"]

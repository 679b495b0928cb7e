"""The table of element types against ONNX's own."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from shortcut_audit.graph.dtypes import ITEM_BITS, ONNX_NUMBERS, ONNX_TYPES

NAMES = {
    number: name.lower() for name, number in onnx.TensorProto.DataType.items() if name not in {"UNDEFINED", "STRING"}
}
ONNX_NAMES = {"float": "float32", "double": "float64"}


@pytest.mark.parametrize("number", sorted(NAMES))
def test_every_number_has_the_name_that_onnx_gives_it_variants_aside(number: int) -> None:
    plain = ONNX_NAMES.get(NAMES[number], NAMES[number])
    assert plain.startswith(ONNX_TYPES[number]), plain


@pytest.mark.parametrize("name", sorted(ITEM_BITS))
def test_a_number_is_that_of_a_type_of_this_name(name: str) -> None:
    assert ONNX_TYPES[ONNX_NUMBERS[name]] == name


@pytest.mark.parametrize("name", ["float64", "float32", "float16", "int64", "uint8", "bool", "complex64"])
def test_bits_are_numpys(name: str) -> None:
    assert ITEM_BITS[name] == 8 * np.dtype(name).itemsize

"""What is inferred, against ONNX's conformance tests (tests/operators/conformance.py).

Every output's shape, element type and, for small ones, elements are compared with what is inferred: once with the
elements of small inputs known, as constants are, and once without.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import onnx
import pytest

from shortcut_audit.graph.model import Datum, TensorType
from shortcut_audit.operators.infer import infer
from shortcut_audit.operators.table import row_of
from tests.operators.conformance import Case, attributes_of, cases, tensor_type

BY_CONTENT = {"ImageDecoder", "NonMaxSuppression", "StringNormalizer", "StringSplit", "Unique"}
"""Operators whose output is as large as the contents of their input make it."""

OLD_DATA = tuple(map(int, onnx.__version__.split(".")[:2])) < (1, 19)


def inferred(case: Case, *, known: bool) -> Iterator[tuple[str, TensorType, Any]]:
    """Every output of the case: whose it is, what is inferred, what it must be."""
    name, node, opset, given, expected = case
    types = [tensor_type(array, known=known) for array in given]
    found = infer(node.op_type, attributes_of(node), types, len(node.output), opset)
    return ((name, made, array) for made, array in zip(found, expected, strict=True) if array is not None)


def same(one: Datum, other: Datum) -> bool:
    """Unknown is never wrong; floats agree to single precision."""
    return one is None or one == pytest.approx(other, rel=1e-6, nan_ok=True)


def test_shapes_are_inferred_in_full_where_small_inputs_are_known() -> None:
    checked, wrong = 0, []
    for case in cases():
        if row_of(case[1].op_type).shape is None or case[1].op_type in BY_CONTENT:
            continue
        for name, made, array in inferred(case, known=True):
            checked += 1
            if made.shape != array.shape:
                wrong.append((name, made.shape, array.shape))
    assert wrong == []
    assert checked > 800


def test_shapes_are_never_contradicted_where_inputs_are_not_known() -> None:
    for case in cases():
        for name, made, array in inferred(case, known=False):
            if made.shape is not None:
                sizes = zip(made.shape, array.shape, strict=True)
                assert all(size in (None, true) for size, true in sizes), (name, made.shape, array.shape)


@pytest.mark.skipif(
    OLD_DATA, reason="older releases of onnx store the expected windows as float64, and read bfloat16 as uint16"
)
def test_element_types_are_never_contradicted() -> None:
    for case in cases():
        for name, made, array in inferred(case, known=True):
            assert made.dtype in (None, str(array.dtype)), (name, made.dtype, array.dtype)


@pytest.mark.skipif(
    OLD_DATA, reason="older releases of onnx store the expected windows as float64, and read bfloat16 as uint16"
)
def test_elements_are_never_contradicted() -> None:
    checked = 0
    for case in cases():
        for name, made, array in inferred(case, known=True):
            if made.data is not None:
                expected = array.reshape(-1).tolist()
                assert len(made.data) == len(expected), name
                assert all(map(same, made.data, expected)), (name, made.data, expected)
                checked += 1
    assert checked > 200

"""ONNX's own conformance tests: a thousand models of one op each, with inputs and the outputs they must make.

Every output's shape, element type and, for small ones, elements are compared with what is inferred: once with the
elements of small inputs known, as constants are, and once without.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import AttributeProto, NodeProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

from shortcut_audit.graph.draft import DATA_LIMIT
from shortcut_audit.graph.model import Attribute, Datum, TensorType
from shortcut_audit.operators.infer import infer
from shortcut_audit.operators.table import row_of

Case = tuple[str, NodeProto, int, list[Any], list[Any]]
"""Name, the node, opset, arrays by slot (None where left out), arrays that it must make."""

BY_CONTENT = {"ImageDecoder", "NonMaxSuppression", "StringNormalizer", "StringSplit", "Unique"}
"""Operators whose output is as large as the contents of their input make it."""

WRITTEN_OUT = {"Constant", "If", "Loop", "Scan"}
"""Operators that loaders write out: what is left of them in a draft reads other inputs."""

OLD_DATA = tuple(map(int, onnx.__version__.split(".")[:2])) < (1, 19)

PLAIN = {AttributeProto.INT: "i", AttributeProto.FLOAT: "f"}
LISTS = {AttributeProto.INTS: "ints", AttributeProto.FLOATS: "floats"}


@cache
def cases() -> tuple[Case, ...]:
    """Those of the default domain that are one node on tensors of types that numpy has."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # overflows that the cases compute on purpose
        return tuple(one_node_cases())


def one_node_cases() -> Iterator[Case]:
    for case in collect_testcases(None):
        graph = case.model.graph
        values = [*graph.input, *graph.output]
        if len(graph.node) != 1 or graph.node[0].domain or graph.node[0].op_type in WRITTEN_OUT:
            continue
        if not all(value.type.HasField("tensor_type") for value in values):
            continue
        for inputs, outputs in case.data_sets:
            arrays = dict(zip((value.name for value in graph.input), map(np.asarray, inputs), strict=True))
            made = dict(zip((value.name for value in graph.output), map(np.asarray, outputs), strict=True))
            if all(array.dtype.kind in "biuf" for array in (*arrays.values(), *made.values())):
                given = [arrays.get(name) for name in graph.node[0].input]
                expected = [made.get(name) for name in graph.node[0].output]
                yield case.name, graph.node[0], case.model.opset_import[0].version, given, expected


def tensor_type(array: Any, *, known: bool) -> TensorType | None:
    if array is None:
        return None
    elements: tuple[Datum, ...] | None = tuple(array.reshape(-1).tolist()) if array.size <= DATA_LIMIT else None
    return TensorType(array.shape, str(array.dtype), elements if known else None)


def attributes_of(node: NodeProto) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {}
    for attribute in node.attribute:
        if attribute.type in PLAIN:
            found[attribute.name] = getattr(attribute, PLAIN[attribute.type])
        elif attribute.type in LISTS:
            found[attribute.name] = tuple(getattr(attribute, LISTS[attribute.type]))
        elif attribute.type == AttributeProto.STRING:
            found[attribute.name] = attribute.s.decode()
        elif attribute.type == AttributeProto.TENSOR:  # of one element: what ConstantOfShape fills with
            found[attribute.name] = numpy_helper.to_array(attribute.t).item()
    return found


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

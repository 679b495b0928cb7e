"""ONNX's own conformance tests: a thousand models of one op each, with inputs and the outputs they must make.

shapes/test_backend.py holds what is inferred against them, test_rows.py what the table says of their operators.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from onnx import AttributeProto, NodeProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

from shortcut_audit.graph.draft import DATA_LIMIT
from shortcut_audit.graph.model import Attribute, Datum, TensorType

Case = tuple[str, NodeProto, int, list[Any], list[Any]]
"""Name, the node, opset, arrays by slot (None where left out), arrays that it must make."""

WRITTEN_OUT = {"Constant", "If", "Loop", "Scan"}
"""Operators that loaders write out: what is left of them in a draft reads other inputs."""

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

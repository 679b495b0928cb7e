"""Which element types are there, how many bits does an element take, and which number has a type in an ONNX file?

Element types are called by numpy's names. Variants of which the difference matters to nobody here share one: the five
float8 of ONNX are "float8".
"""

from __future__ import annotations

from collections.abc import Mapping

ITEM_BITS: Mapping[str, int] = {
    "float64": 64, "float32": 32, "float16": 16, "bfloat16": 16, "float8": 8, "float6": 6, "float4": 4,
    "int64": 64, "int32": 32, "int16": 16, "int8": 8, "int4": 4, "int2": 2,
    "uint64": 64, "uint32": 32, "uint16": 16, "uint8": 8, "uint4": 4, "uint2": 2,
    "bool": 8, "complex64": 64, "complex128": 128,
}  # fmt: skip
"""Bits that one element takes in memory, by element type. "string" has no size."""

ONNX_TYPES: Mapping[int, str] = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string", 9: "bool",
    10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
    17: "float8", 18: "float8", 19: "float8", 20: "float8", 21: "uint4", 22: "int4", 23: "float4", 24: "float8",
    25: "uint2", 26: "int2", 27: "float6", 28: "float6",
}  # fmt: skip
"""Element types by their number in an ONNX file (onnx.proto, TensorProto.DataType)."""

ONNX_NUMBERS: Mapping[str, int] = {name: number for number, name in sorted(ONNX_TYPES.items(), reverse=True)}
"""The number of an element type; of those that share a name the first."""

"""What does a .pt2 document say of a tensor, and of a symbolic number?

Sizes, element types and strides, by torch/_export/serde/schema.py. A symbolic size stays the text that it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from shortcut_audit.graph.model import RANK_LIMIT, Datum, Dim, TensorType
from shortcut_audit.graph.sizes import canonical
from shortcut_audit.loaders.pt2.checked import Json, items, mapping, union
from shortcut_audit.loaders.pt2.expressions import readable

SIZE_LIMIT = 2**63 - 1
"""The largest size that PyTorch can hold. One beyond it is as good as unknown."""

NON_FINITE: Mapping[str, float] = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}
"""Numbers for which JSON has no token, as PyTorch writes them (_dataclass_to_dict in serialize.py)."""

DTYPES: Mapping[int, str] = {
    1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64",
    10: "complex64", 11: "complex128", 12: "bool", 13: "bfloat16", 28: "uint16", 29: "float8", 30: "float8",
    31: "float8", 32: "float8", 33: "float8", 34: "uint32", 35: "uint64",
}  # fmt: skip
"""Element types by their number in the document (schema.py, ScalarType)."""


def size_of(value: Json) -> Dim:
    """A size: a number, or the text of an expression over symbols."""
    tag, content = union(value, "a size")
    if tag == "as_int":
        known = isinstance(content, int) and not isinstance(content, bool) and 0 <= content <= SIZE_LIMIT
        return content if isinstance(content, int) and known else None
    if tag != "as_expr":
        return None
    expression = mapping(content, "a size").get("expr_str")
    if not isinstance(expression, str):
        return None
    return canonical(readable(expression))


def tensor_type(value: Json) -> tuple[TensorType, tuple[Dim, ...] | None]:
    """Shape and element type of a tensor, and its strides."""
    meta = mapping(value, "a tensor's type")
    sizes, strides = items(meta.get("sizes"), "a tensor's sizes"), meta.get("strides")
    if len(sizes) > RANK_LIMIT:
        return TensorType(None, dtype_of(meta.get("dtype"))), None
    shape = tuple(map(size_of, sizes))
    found = tuple(map(size_of, strides)) if isinstance(strides, list) and len(strides) == len(shape) else None
    return TensorType(shape, dtype_of(meta.get("dtype"))), found


def dtype_of(value: Json) -> str | None:
    """An element type, by its number."""
    return DTYPES.get(value) if isinstance(value, int) else None


def symbolic(value: Json, kind: str) -> TensorType:
    """A symbolic number: its text where it is an integer, a size."""
    tag, content = union(value, "a symbolic number")
    data: Datum = None
    if kind == "int64":
        data = size_of(value)
    elif tag in {"as_float", "as_bool"} and isinstance(number := number_of(content), int | float):
        data = number
    return TensorType((), kind, (data,))


def number_of(value: Json) -> Json:
    """What stands where a float is expected: a number too that PyTorch writes as a text."""
    return NON_FINITE.get(value, value) if isinstance(value, str) else value

"""What does an ONNX file say of a tensor: its shape, its element type, and its elements where they are few?

Data that lies in another file is never looked for: shape and type stand in the model itself.
"""

from __future__ import annotations

import math
import re
import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.graph.draft import DATA_LIMIT, Tensor
from shortcut_audit.graph.dtypes import ITEM_BITS, ONNX_TYPES
from shortcut_audit.graph.model import RANK_LIMIT, Datum, Dim, TensorType
from shortcut_audit.graph.sizes import canonical
from shortcut_audit.loaders.onnx.text import text
from shortcut_audit.names import displayable

if TYPE_CHECKING:
    from onnx import SparseTensorProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto

Oddities: TypeAlias = defaultdict[str, list[str]]
"""What is odd about the file, and whom it concerns: a sentence to names."""


PACKED: Mapping[str, str] = {
    "float32": "f", "float64": "d", "float16": "e", "bool": "?", "bfloat16": "H",
    "int8": "b", "int16": "h", "int32": "i", "int64": "q", "uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q",
}  # fmt: skip
"""How one element stands in `raw_data`, little-endian, in the letters of `struct`."""

TYPED: Mapping[str, str] = {
    "float32": "float_data", "float64": "double_data", "int64": "int64_data", "uint64": "uint64_data",
    "uint32": "uint64_data", "int32": "int32_data", "int16": "int32_data", "int8": "int32_data",
    "uint16": "int32_data", "uint8": "int32_data", "bool": "int32_data",
    "float16": "int32_data", "bfloat16": "int32_data",
}  # fmt: skip
"""The field that holds the elements of this type when `raw_data` does not (onnx.proto, TensorProto)."""

EXTERNAL = 1
"""`TensorProto.DataLocation`: the data lies in another file."""


def stored_tensor(
    proto: TensorProto, name: str, oddities: Oddities, *, learned: bool | None = None, literal: bool = False
) -> Tensor:
    """A TensorProto under the name that the draft gives it. Raises UnreadableModel for an impossible shape."""
    shape = _sizes(proto.dims, name)
    dtype = dtype_of(proto.data_type) or "unknown"
    if dtype.startswith("unknown"):
        oddities[f"stored with the element type {proto.data_type}, which ONNX does not define"].append(name)
    return Tensor(name, shape, dtype, _elements(proto, shape, dtype, name, oddities), learned, literal)


def sparse_tensor(proto: SparseTensorProto, name: str, *, literal: bool = False) -> Tensor:
    """A sparse tensor: as many elements as its dense form, most of them zero. Its elements are not kept."""
    return Tensor(name, _sizes(proto.dims, name), dtype_of(proto.values.data_type) or "unknown", literal=literal)


def dtype_of(number: int) -> str | None:
    """The name of an element type; None where the file leaves it open."""
    return None if number == 0 else ONNX_TYPES.get(number, f"unknown:{number}")


def declared_type(info: ValueInfoProto, oddities: Oddities) -> TensorType:
    """What the file states of a value. Of sequences, optionals and maps it states nothing that we know."""
    stated: TypeProto = info.type
    if stated.HasField("tensor_type"):
        tensor = stated.tensor_type
    elif stated.HasField("sparse_tensor_type"):
        tensor = stated.sparse_tensor_type
    else:
        return TensorType()
    dtype = dtype_of(tensor.elem_type)
    if not tensor.HasField("shape"):
        return TensorType(None, dtype)
    if len(tensor.shape.dim) > RANK_LIMIT:
        oddities[f"declared with more than {RANK_LIMIT} dimensions; its shape counts as unknown"].append(
            text(info.name)
        )
        return TensorType(None, dtype)
    shape = tuple(_size(dim) for dim in tensor.shape.dim)
    if len(shape) > 1 and shape[0] == 0:
        shape = (None, *shape[1:])  # a batch of none: converters write 0 for what they leave open
    return TensorType(shape, dtype)


def _size(dim: TensorShapeProto.Dimension) -> Dim:
    """One declared size: a number, a symbol or a formula over symbols, or unknown. A negative number says nothing."""
    kind = dim.WhichOneof("value")
    if kind == "dim_value":
        return dim.dim_value if dim.dim_value >= 0 else None
    symbol = text(dim.dim_param) if kind == "dim_param" else ""
    return (
        canonical(symbol) if any(map(str.isalnum, symbol)) else None
    )  # Paddle writes "?" for every size it does not know


def _sizes(dims: Sequence[int], name: str) -> tuple[int, ...]:
    if len(dims) > RANK_LIMIT:
        raise UnreadableModel(f"stored tensor '{displayable(name)}' has {len(dims)} dimensions, more than {RANK_LIMIT}")
    shape = tuple(dims)
    if min(shape, default=0) < 0:
        raise UnreadableModel(f"stored tensor '{displayable(name)}' has a negative size in its shape {shape}")
    return shape


def _elements(
    proto: TensorProto, shape: tuple[int, ...], dtype: str, name: str, oddities: Oddities
) -> tuple[Datum, ...] | None:
    """The elements, if they are few, numbers, and in the model file itself. Remarks where shape and data differ."""
    count = math.prod(shape)
    if proto.data_location == EXTERNAL:
        length = _payload_left_out(proto)
        if length is not None and _differs(length, count, dtype):
            oddities["stored with another amount of data than its shape and type ask for"].append(name)
        return None
    typed = getattr(proto, TYPED[dtype]) if dtype in TYPED else ()
    if proto.HasField("raw_data"):
        if typed:
            oddities["stored with its data given twice; the raw data is used"].append(name)
        if _differs(len(proto.raw_data), count, dtype):
            oddities["stored with another amount of data than its shape and type ask for"].append(name)
            return None
        return _unpacked(proto.raw_data, dtype) if count <= DATA_LIMIT and dtype in PACKED else None
    if dtype not in TYPED:
        return None
    if len(typed) != count:
        what = "another amount of data than its shape and type ask for" if typed else "no data"
        oddities[f"stored with {what}"].append(name)
        return None
    return _converted(typed, dtype) if count <= DATA_LIMIT else None


def _payload_left_out(proto: TensorProto) -> int | None:
    """Bytes of raw data that the walk over the file left out; None where it left out none, or does not say."""
    if len(proto.external_data) != 1:
        return None
    (stated,) = proto.external_data
    length = text(stated.value) if stated.key == "length" else ""
    return int(length) if re.fullmatch("[0-9]{1,18}", length) else None


def _differs(length: int, count: int, dtype: str) -> bool:
    """Whether so many bytes cannot be the raw data of `count` elements."""
    bits = ITEM_BITS.get(dtype)
    return bits is not None and length != (count * bits + 7) // 8


def _unpacked(raw: bytes, dtype: str) -> tuple[Datum, ...]:
    letter = PACKED[dtype]
    elements = struct.unpack(f"<{len(raw) // struct.calcsize(letter)}{letter}", raw)
    return tuple(map(_bfloat16, elements)) if dtype == "bfloat16" else elements


def _converted(typed: Iterable[float], dtype: str) -> tuple[Datum, ...]:
    """Elements from a typed field. 16-bit floats stand there as the numbers that their bits spell."""
    if dtype == "bool":
        return tuple(map(bool, typed))
    if dtype == "bfloat16":
        return tuple(_bfloat16(int(bits) & 0xFFFF) for bits in typed)
    if dtype == "float16":
        return tuple(struct.unpack("<e", struct.pack("<H", int(bits) & 0xFFFF))[0] for bits in typed)
    return tuple(typed)


def _bfloat16(bits: int) -> float:
    """A bfloat16 is the upper half of a float32."""
    number: float = struct.unpack("<f", struct.pack("<I", bits << 16))[0]
    return number

"""What shape has a weight that is stored several to a byte?

Its logical one, by which it counts as parameters (theory: parameters). Each rule reads what the operator's attributes
and the shape of what is stored say; where the two contradict each other, None: the weight is as large as it is stored.
Slots and attributes: ONNX Runtime's ContribOperators.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from shortcut_audit.graph.model import Attribute, Dim, Shape
from shortcut_audit.graph.sizes import may_equal

Unpacking: TypeAlias = Callable[[Mapping[str, Attribute], Sequence[Shape]], "tuple[int, ...] | None"]
"""The logical shape of one input, by the attributes and the shapes of all inputs."""

BYTE = 8


def fits(sizes: Sequence[Attribute], shape: tuple[Dim, ...]) -> bool:
    """Whether a shape may have these sizes."""
    if len(sizes) != len(shape):
        return False
    return all(isinstance(a, int) and may_equal(a, b) for a, b in zip(sizes, shape, strict=True))


def positive(*numbers: object) -> bool:
    """Whether all of these are whole numbers above 0."""
    return all(isinstance(number, int) and number > 0 for number in numbers)


def _shape(shapes: Sequence[Shape], slot: int) -> Shape:
    return shapes[slot] if slot < len(shapes) else None


def blocked_matrix(attributes: Mapping[str, Attribute], shapes: Sequence[Shape]) -> tuple[int, int] | None:
    """MatMulNBits: B [N, ceil(K / block_size), ceil(block_size x bits / 8)] bytes hold [K, N].

    None, too, where K contradicts the last size of A [..., K].
    """
    given, packed = _shape(shapes, 0), _shape(shapes, 1)
    inner, outer, block = (attributes.get(name) for name in ("K", "N", "block_size"))
    bits = attributes.get("bits", 4)
    if not (isinstance(inner, int) and isinstance(outer, int) and isinstance(block, int) and isinstance(bits, int)):
        return None
    if not positive(inner, outer, block, bits) or (given is not None and not fits((inner,), given[-1:])):
        return None
    stored = (outer, -(-inner // block), -(-block * bits // BYTE))
    return (inner, outer) if packed is None or fits(stored, packed) else None


def flat_matrix(attributes: Mapping[str, Attribute], shapes: Sequence[Shape]) -> tuple[int, int] | None:
    """MatMulBnb4: B holds [K, N] in 4 bits each, in one row or column of bytes."""
    packed, sizes = _shape(shapes, 1), stated_matrix(attributes, shapes)
    if sizes is None:
        return None
    inner, outer = sizes
    stored = -(-inner * outer // 2)
    one_axis = packed is None or any(fits(shape, packed) for shape in ((stored,), (stored, 1), (1, stored)))
    return (inner, outer) if one_axis else None


def stated_matrix(attributes: Mapping[str, Attribute], shapes: Sequence[Shape]) -> tuple[int, int] | None:
    """PackedLinear: a matrix [K, N], stored as a kernel likes it; None where K contradicts the last size of A."""
    given, inner, outer = _shape(shapes, 0), attributes.get("K"), attributes.get("N")
    if not (isinstance(inner, int) and isinstance(outer, int)) or not positive(inner, outer):
        return None
    return (inner, outer) if given is None or fits((inner,), given[-1:]) else None


def experts(slot: int) -> Unpacking:
    """QMoE: the weights of all experts [experts, out, in], the last axis packed by `expert_weight_bits`."""

    def unpacked(attributes: Mapping[str, Attribute], shapes: Sequence[Shape]) -> tuple[int, ...] | None:
        return _last_axis_apart(_shape(shapes, slot), attributes.get("expert_weight_bits", 4))

    return unpacked


def gathered_blocks(attributes: Mapping[str, Attribute], shapes: Sequence[Shape]) -> tuple[int, ...] | None:
    """GatherBlockQuantized: data [..., n], the last axis packed by `bits`, as 4-bit types are not."""
    return _last_axis_apart(_shape(shapes, 0), attributes.get("bits", 4))


def _last_axis_apart(packed: Shape, bits: Attribute) -> tuple[int, ...] | None:
    known = tuple(size for size in packed or () if isinstance(size, int))
    if not isinstance(bits, int) or bits not in {1, 2, 4, BYTE} or not known or len(known) != len(packed or ()):
        return None
    return (*known[:-1], known[-1] * (BYTE // bits))

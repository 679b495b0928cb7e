"""What does an op see in the constants that it reads, and what number do they make?

Constants stand for stored tensors, or for numbers that the code writes: of these it is known what fills them.
"""

from __future__ import annotations

from collections.abc import Sequence

from shortcut_audit.frozen import replace
from shortcut_audit.graph.draft import Node
from shortcut_audit.graph.dtypes import ITEM_BITS
from shortcut_audit.graph.model import Constant, Input, TensorType, Weight, elements
from shortcut_audit.operators.counting.packing import BYTE
from shortcut_audit.operators.row import Effect, Operator
from shortcut_audit.operators.table import row_of


def fill_made(node: Node, inputs: tuple[Input, ...], made: TensorType) -> int | float | None:
    """The number that every element is of what an op makes from constants, if it makes such a thing and we know.

    What it computes of numbers that the program writes, 0 + 0, is as good as written.
    """
    given = [constant for constant in inputs if isinstance(constant, Constant)]
    if made.data and given and all(constant.fill is not None for constant in given):
        only = made.data[0] if len(set(made.data)) == 1 else None
        return only if isinstance(only, int | float) else None
    if _is_product(node):
        return 0 if vanishes(node, inputs) or not given else None
    if node.kind == "ConstantOfShape":
        stated = given[1].fill if len(given) > 1 else node.attributes.get("value", 0.0)
        return stated if isinstance(stated, int | float) else None
    return given[0].fill if row_of(node.kind).moves and given and not given[0].weights else None


def undecided(given: Input) -> Input:
    """A constant of which no element is known."""
    if not isinstance(given, Constant) or given.type.data is None:
        return given
    return replace(given, type=replace(given.type, data=None))


def vanishes(node: Node, inputs: tuple[Input, ...]) -> bool:
    """Whether a factor of a product is zero, as the program writes it: a stored zero is a number like any other."""
    return _is_product(node) and any(isinstance(given, Constant) and given.fill == 0 for given in inputs)


def _is_product(node: Node) -> bool:
    """Whether an op multiplies what it reads, and adds nothing to it."""
    row = row_of(node.kind)
    return node.kind == "Mul" or (row.effect is Effect.CONTRACTION and not row.bias)


def as_buffers(constant: Constant) -> Constant:
    """A constant as an op sees it that reads it where nothing is learned: running statistics, scales, sizes."""
    if not any(weight.learned for weight in constant.weights):
        return constant
    return replace(constant, weights=tuple(replace(weight, learned=False) for weight in constant.weights))


def unpacked(
    row: Operator, node: Node, inputs: tuple[Input, ...], types: Sequence[TensorType | None]
) -> tuple[Input, ...]:
    """The inputs, weights that are stored several to a byte in their logical shapes.

    As they are stored where the attributes contradict that; as they are applied where the program itself unpacks them.
    """
    if not row.unpacked:
        if row.effect is not Effect.CONTRACTION:
            return inputs
        return tuple(_as_applied(given) if slot in row.quantised else given for slot, given in enumerate(inputs))
    shapes = [None if known is None else known.shape for known in types]
    return tuple(
        _in_shape(given, row.unpacked[slot](node.attributes, shapes))
        if slot in row.unpacked and isinstance(given, Constant) and _is_packed(given)
        else given
        for slot, given in enumerate(inputs)
    )


def _as_applied(given: Input) -> Input:
    """A matrix, of which the one weight behind it has as many elements as the matrix, where it is made of its bits."""
    count = elements(given.type.shape) if isinstance(given, Constant) else None
    if not isinstance(given, Constant) or count is None:
        return given
    packed = [weight for weight in given.weights if weight.learned and "int" in weight.dtype]
    if len(packed) != 1 or packed[0].elements >= count:
        return given
    shape = tuple(size for size in given.type.shape or () if isinstance(size, int))
    return replace(given, weights=tuple(replace(w, shape=shape) if w is packed[0] else w for w in given.weights))


def _is_packed(constant: Constant) -> bool:
    """Whether what is stored are bytes: of 4-bit types the shape is the logical one."""
    return (ITEM_BITS.get(constant.type.dtype or "") or 0) >= BYTE


def _in_shape(constant: Constant, shape: tuple[int, ...] | None) -> Constant:
    if shape is None:
        return constant
    return replace(constant, weights=tuple(replace(weight, shape=shape) for weight in constant.weights))


def behind(inputs: tuple[Input, ...]) -> tuple[Weight, ...]:
    """The stored tensors from which constants were computed, each once."""
    behind = [given.weights for given in inputs if isinstance(given, Constant) and given.weights]
    if len(behind) == 1:
        return behind[0]  # shared: a chain of constants would copy them again and again
    return tuple(dict.fromkeys(weight for weights in behind for weight in weights))

"""What does an operator do to the value that passes through it, and how many MACs does that take?

One table, `OPERATORS`, over canonical (ONNX) operator names: the rows of rows/, each of which says all that is known of
an operator. An operator is counted, known to cost no MACs, or *unknown* (absent, or known by the shape of its outputs
alone): named as uncounted, never on a shortcut. Formulas: the ONNX operator specification; torch.utils.flop_counter
counts the same contractions (as 2 x MAC).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shortcut_audit.algebra.polynomial import Cost
from shortcut_audit.graph.model import Constant, ModelGraph, Op, Weight
from shortcut_audit.operators.counting.operands import Operands
from shortcut_audit.operators.row import UNKNOWN, Effect, Family, Operator, table_of
from shortcut_audit.operators.rows import (
    activation,
    arithmetic,
    attention,
    contraction,
    creation,
    declared,
    layout,
    normalisation,
    pooling,
    selection,
)


class _Table(dict[str, Operator]):
    """Rows by name, with one for every name: what is looked up a hundred times an op takes no call of Python's."""

    def __missing__(self, kind: str) -> Operator:
        return declared.row(kind) if kind.startswith(declared.PREFIX) else UNKNOWN


OPERATORS: Mapping[str, Operator] = table_of(
    layout.ROWS.items(),
    selection.ROWS.items(),
    pooling.ROWS.items(),
    arithmetic.ROWS.items(),
    normalisation.ROWS.items(),
    contraction.ROWS.items(),
    attention.ROWS.items(),
    activation.ROWS.items(),
    creation.ROWS.items(),
    declared.ROWS.items(),
)
"""The table. A row may be used under one name only; what is not here is unknown."""


row_of: Callable[[str], Operator] = _Table(OPERATORS).__getitem__
"""The row of an operator by its name; UNKNOWN where it has none."""


def does_work(op: Op) -> bool:
    """Whether an op does real work (theory: real work): is a layer that reads learned weights, or mixes positions.

    A learned factor or offset of each element by itself is no layer: it makes no branch of an element-wise expression,
    whether it is written as such or as that of a normalisation. Nor is what a value is joined or padded with.
    An unknown operator is taken to work: what it does cannot be ruled out.
    """
    row = row_of(op.kind)
    applied = not (row.pointwise or row.effect is Effect.NORMALISATION or lays_beside(op))
    return not row.understood or (applied and any(weight.learned for weight in op.weights())) or mixes(op)


def lays_beside(op: Op) -> bool:
    """Whether an op hands on elements of all values that it reads: what is stored lies beside them, and maps none.

    The places that an embedding is asked for are not handed on: it is a layer.
    """
    row = row_of(op.kind)
    handed_on = (slot in row.data or not row.data for slot, given in enumerate(op.inputs) if isinstance(given, str))
    return row.effect is Effect.SELECTION and all(handed_on)


def pads(op: Op) -> bool:
    """Whether an op adds elements around those that it reads."""
    return row_of(op.kind).whole is selection.PADDED


def subtracts(op: Op) -> bool:
    """Whether an op takes away, turns a sign, or reads a negative number. Without such ops no term opposes another."""
    factor = op.attributes.get("factor")
    if row_of(op.kind).negated or op.kind == "Neg" or (isinstance(factor, int | float) and factor < 0):
        return True
    numbers = (given.fill for given in op.inputs if isinstance(given, Constant))
    return any(number is not None and number < 0 for number in numbers)


def mixes(op: Op) -> bool:
    """Whether an output of `op` depends on several positions of its data. Of unknown operators nobody knows: no."""
    found = row_of(op.kind).mixes
    return found if isinstance(found, bool) else found(op)


def is_activation(op: Op) -> bool:
    """Whether an op is nonlinear in what it reads element by element."""
    row = row_of(op.kind)
    return row.effect is Effect.NONLINEAR and row.pointwise


def is_nonlinear(op: Op) -> bool:
    """Whether what an op makes is not linear in what it reads: an activation, or a product of several values."""
    row = row_of(op.kind)
    if row.effect in {Effect.NONLINEAR, Effect.UNKNOWN}:
        return True
    return row.effect in {Effect.PRODUCT, Effect.CONTRACTION} and len(op.values()) > 1


def is_copy(op: Op) -> bool:
    """Whether an op makes the same elements in the same places, perhaps of another type.

    One that reads nothing, as in a damaged file, makes something else.
    """
    row = row_of(op.kind)
    return bool(op.inputs) and row.effect is Effect.VIEW and row.pointwise


def name_of(op: Op) -> str:
    """An operator as it is called where it cannot be counted: one that is not understood with its domain."""
    return op.label if row_of(op.kind).understood or "::" not in op.kind else op.kind


def perhaps_weights(op: Op) -> tuple[Weight, ...]:
    """The stored tensors that an op which is not understood reads, and of which nobody knows whether they are learned.

    They may be packed weights. What stands where such an op has its scales and zero points is known.
    """
    row = row_of(op.kind)
    if row.understood:
        return ()
    read = (given for slot, given in enumerate(op.inputs) if slot not in row.buffers and isinstance(given, Constant))
    return tuple(weight for given in read for weight in given.weights if not weight.learned)


def is_weight_layer(op: Op) -> bool:
    """Whether an op is what the literature counts as a layer: a contraction or recurrence with learned weights."""
    return row_of(op.kind).macs is not None and any(weight.learned for weight in op.weights())


def channels_read(op: Op) -> int | None:
    """How many channels a layer reads at each position, by the shape of its weight; None where it does not say.

    Conv: W of [out, in / group, ...]; ConvTranspose: [in, ...]; MatMul, Gemm: [in, out]; Linear: [out, in].
    """
    row = row_of(op.kind)
    weight = op.inputs[1] if len(op.inputs) > 1 else None
    shape = weight.type.shape if isinstance(weight, Constant) else None
    if shape is None or len(shape) < 2 or row.channels is None:
        return None
    transposed = row.family is Family.MATRIX_PRODUCT and bool(op.attributes.get("transB", 0))
    size, group = shape[-1 if transposed else row.channels], op.attributes.get("group", 1) if row.channels == 1 else 1
    return size * group if isinstance(size, int) and isinstance(group, int) else None


def macs(graph: ModelGraph, op: Op) -> Cost:
    """Multiply-accumulates of one op; None where the shapes, the operator, or an attribute of it are not known."""
    row = row_of(op.kind)
    if not row.understood and not row.free:
        return None
    if row.macs is None:
        return 0
    return None if unread(op) else row.macs(Operands.of(graph, op))


def unread(op: Op) -> tuple[str, ...]:
    """The attributes of an op by which its MACs are counted, and which cannot be read."""
    given = op.attributes
    return tuple(name for name in row_of(op.kind).counted_with if name in given and given[name] is None)

"""Which of the tensors that a model stores are learned?

What the file says, or what follows from who reads a tensor and where (theory: parameters).
"""

from __future__ import annotations

from collections.abc import Sequence

from shortcut_audit.assembly import unfold
from shortcut_audit.assembly.quantised import QUANTISATION
from shortcut_audit.frozen import replace
from shortcut_audit.graph.draft import Draft, Node, Tensor
from shortcut_audit.graph.model import Constant, Datum, TensorType, Weight
from shortcut_audit.graph.naming import Names
from shortcut_audit.operators.row import Effect, Operator
from shortcut_audit.operators.table import row_of

QUANTISED_TYPES = frozenset(
    {"int16", "uint16", "int8", "uint8", "int4", "uint4", "int2", "uint2", "int32", "float8", "float4"}
)
"""Element types in which quantised weights are stored (int32: their biases)."""

BYTES = frozenset({"int8", "uint8", "int4", "uint4", "int2", "uint2", "float8", "float4"})
"""Those of them in which tables of positions are not kept."""

INTEGERS = frozenset({"int32", "uint32", "int64", "uint64", "int16", "uint16"})
"""Those of which each may hold several numbers of fewer bits."""

WHOLE_TYPES = frozenset({"int64", "uint64", "uint32"})
"""Element types in which nobody stores weights, unless to hide them: what a layer applies to a value is one."""


def stored_tensors(draft: Draft, nodes: Sequence[Node]) -> dict[str, Constant]:
    """Every stored tensor as the constant that its readers see.

    Whether it is learned is what the file says, or follows from who reads it (theory: parameters): a tensor that some
    op reads where weights stand. Scalars are hyper-parameters, and a literal with one element is a number in the code.
    So is any literal where the model keeps its kernels apart from its literals, unless it may be a kernel itself.
    Of what is read as a weight in few bits, the file is not asked: PyTorch's parameters are floats, and that a buffer.
    Nor is its type asked where an op reads what is packed: kernels lay bits and scales into one tensor of floats.
    """
    kept = {tensor.name: tensor for tensor in draft.tensors}
    readable: set[str] = set()
    kernels: set[str] = set()
    scales: set[str | None] = set()
    names = Names(kept)
    parts = [part for node in nodes for part in unfold.unfold(node, names, lambda name: name not in kept)]
    few_bits = {tensor.name for tensor in draft.tensors if tensor.dtype in QUANTISED_TYPES}
    whole = {tensor.name for tensor in draft.tensors if tensor.dtype in WHOLE_TYPES and tensor.shape}
    moved = few_bits & _dequantised_later(parts) if few_bits else set()
    plain, cut = _applied(parts, frozenset(name for name, _ in draft.inputs)) if few_bits or whole else (set(), set())
    matrices = {name: kept[name].dtype for name in plain if name in kept and len(kept[name].shape) > 1}
    packed = {name for name, dtype in matrices.items() if dtype in BYTES or (name in cut and dtype in INTEGERS)}
    moved |= packed | (whole & plain)
    for part in parts:
        row = row_of(part.kind)
        if part.kind == QUANTISATION:
            scales.update(part.outputs)
        if row.effect is Effect.PRODUCT and not scales.isdisjoint(part.inputs):
            continue  # what is multiplied by a scale of quantisation is one
        for slot, name in enumerate(part.inputs):
            tensor = kept.get(name) if name is not None else None
            if tensor is not None and (_stands_for_weights(row, slot, tensor) or name in moved):
                readable.add(tensor.name)
                if slot in row.quantised and (tensor.dtype in QUANTISED_TYPES or slot in row.unpacked):
                    packed.add(tensor.name)
                if _may_be_kernel(row, tensor) or tensor.dtype in WHOLE_TYPES:
                    kernels.add(tensor.name)
    apart = any(not kept[name].literal and len(kept[name].shape) > 1 for name in kernels)
    learned = {name for name in readable if not (apart and kept[name].literal) or name in kernels}
    kept |= {name: replace(kept[name], learned=None) for name in packed}
    return {name: _stored(tensor, name in learned) for name, tensor in kept.items()}


def _dequantised_later(parts: Sequence[Node]) -> set[str]:
    """What is moved or selected from on its way to where integers are read as weights: tables in few bits."""
    found: set[str] = set()
    for part in reversed(parts):
        row = row_of(part.kind)
        if row.quantised:
            found.update(name for slot, name in enumerate(part.inputs) if slot in row.quantised and name is not None)
        if row.effect in {Effect.VIEW, Effect.SELECTION} and not found.isdisjoint(part.outputs):
            found.update(name for slot, name in enumerate(part.inputs) if name and (not row.data or slot in row.data))
    return found


def _applied(parts: Sequence[Node], inputs: frozenset[str]) -> tuple[set[str], set[str]]:
    """What a contraction applies to a value, and what of it is taken apart into bits before.

    On its way it may be moved, scaled, and taken apart by arithmetic on constants; what is subtracted are zero points.
    Positions, tables of indices are none of it.
    """
    found: set[str] = set()
    apart: set[str] = set()
    values = _values(parts, inputs)
    for part in reversed(parts):
        row = row_of(part.kind)
        read = [(slot, name) for slot, name in enumerate(part.inputs) if name is not None]
        if row.quantised and row.effect is Effect.CONTRACTION and not values.isdisjoint(part.inputs):
            found.update(name for slot, name in read if slot in row.quantised)
        if found.isdisjoint(part.outputs):
            continue
        if row.effect in {Effect.VIEW, Effect.SELECTION}:
            through = {name for slot, name in read if not row.data or slot in row.data}
        elif (row.pointwise or row.effect in {Effect.PRODUCT, Effect.SUM}) and values.isdisjoint(part.inputs):
            through = {name for slot, name in read if slot not in row.negated}
        else:
            continue
        found |= through
        if row.bits or not apart.isdisjoint(part.outputs):
            apart |= through
    return found, apart


def _values(parts: Sequence[Node], inputs: frozenset[str]) -> set[str]:
    """What depends on the inputs of the model."""
    values = set(inputs)
    for part in parts:
        if not values.isdisjoint(part.inputs) and row_of(part.kind).effect is not Effect.UNKNOWN:
            values.update(filter(None, part.outputs))
    return values


def _may_be_kernel(row: Operator, tensor: Tensor) -> bool:
    """Whether an op reads a tensor as what a layer learns, or may hand it on to one that does.

    A normalisation without parameters is written with ones and zeros where another has its scale and shift.
    """
    if not row.understood or row.macs is not None or row.effect is Effect.VIEW:
        return True
    return row.effect is Effect.NORMALISATION and _only(tensor.data or ()) is None


def _stands_for_weights(row: Operator, slot: int, tensor: Tensor) -> bool:
    if tensor.dtype in QUANTISED_TYPES:
        return slot in row.quantised + row.bias
    return tensor.dtype.startswith(("float", "bfloat", "complex", "unknown"))  # unclear never makes a model cheaper


def _stored(tensor: Tensor, stands_for_weights: bool) -> Constant:
    learned = tensor.learned
    if learned is None:
        number = tensor.shape == () or (tensor.literal and all(size == 1 for size in tensor.shape))
        learned = stands_for_weights and not number
    tensor_type = TensorType(tensor.shape, tensor.dtype, tensor.data)
    if learned:
        return Constant(tensor_type, (Weight(tensor.name, tensor.shape, tensor.dtype, learned=True),))
    if tensor.literal:
        return Constant(tensor_type, (), _only(tensor.data or ()))  # a number in the code is no stored tensor
    return Constant(tensor_type, (Weight(tensor.name, tensor.shape, tensor.dtype, learned=False),))


def _only(data: tuple[Datum, ...]) -> int | float | None:
    """The one number in some data."""
    first = data[0] if data else None
    return first if isinstance(first, int | float) and all(datum == first for datum in data) else None

"""What should the reader know of what a model stores, and of what it does not?

1. Parameters that nothing reads are no part of the model, and may be a mistake in it.
2. Integers that an operator reads which is not understood may be weights in few bits: the parameters are a lower bound.
3. A model that was exported without its weights has them among its inputs: nothing in it is learned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from shortcut_audit.graph.draft import Draft, Tensor
from shortcut_audit.graph.model import Op
from shortcut_audit.operators.row import Family
from shortcut_audit.operators.table import name_of, perhaps_weights, row_of


def remarks(draft: Draft, ops: Sequence[Op], read: Collection[str | None], integers: Collection[str]) -> Iterator[str]:
    """The notes on a model. `read`: every name that an op of the model reads; `integers`: element types of few bits."""
    unread = [tensor for tensor in draft.tensors if tensor.name not in read and _is_learned(tensor)]
    if unread:
        count = sum(_elements(tensor) for tensor in unread)
        where = "1 tensor" if len(unread) == 1 else f"{len(unread):,} tensors"
        yield f"{count:,} parameters in {where} are read by nothing that the outputs need; not counted"  # 1
    yield from _perhaps_weights(ops, integers)  # 2
    standing = sorted({name for name in _in_place_of_weights(ops) if name in dict(draft.inputs)})
    if len(standing) > 1:
        yield (
            f"{len(standing):,} inputs stand where weights do: exported without them, it has no parameters to count; "
            "export with export_params=True"
        )  # 3


def _is_learned(tensor: Tensor) -> bool:
    """Whether a tensor would be a parameter if somebody read it: the file says so, or it holds floats."""
    if tensor.learned is not None:
        return tensor.learned
    return not tensor.literal and bool(tensor.shape) and tensor.dtype.startswith(("float", "bfloat"))


def _elements(tensor: Tensor) -> int:
    count = 1
    for size in tensor.shape:
        count *= size
    return count


def _perhaps_weights(ops: Iterable[Op], integers: Collection[str]) -> Iterator[str]:
    packed = (op for op in ops if any(w.dtype in integers and w.elements > 1 for w in perhaps_weights(op)))
    names = sorted(set(map(name_of, packed)))
    if names:
        yield f"the parameters are a lower bound: {', '.join(names[:3])} may read integers that are weights in few bits"


def _in_place_of_weights(ops: Iterable[Op]) -> Iterator[str]:
    """What stands as a value where a convolution has its kernel, or a normalisation its scale and statistics."""
    for op in ops:
        row = row_of(op.kind)
        if row.family is Family.CONVOLUTION or row.running:
            yield from (given for given in op.inputs[1:] if isinstance(given, str))

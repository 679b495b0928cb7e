"""How many of the keys and values of earlier steps does attention meet?

What is fed as the past may be a *buffer* of the largest length, past and present in one, of which only a part is in
use; how much is fed beside it, or stored. A count over the whole buffer would be above the truth. Cases:
1. how much is in use, or how many keys there are in all, is a constant: so many;
2. the past is what was kept, all of it: an operator that knows no buffer, or whose attribute says that it is none;
3. the operator shares memory whenever its caller does (GroupQueryAttention): none is a buffer where past and present
   cannot be one, because the present is longer by what is new, or because only one of them is in the caller's hands;
4. otherwise nobody knows.
Slots: ContribOperators.md of ONNX Runtime; case 3: group_query_attention_helper.h there, `present_kv_seqlen`.
"""

from __future__ import annotations

from shortcut_audit.frozen import frozen
from shortcut_audit.graph.model import Dim, Shape
from shortcut_audit.graph.sizes import number
from shortcut_audit.operators.counting.operands import Operands


@frozen
class Cache:
    """The keys and values of earlier steps, and how many of them are met."""

    keys: Shape = None
    values: Shape = None
    used: Dim = None
    """How many positions of them are in use; None: all."""
    total: Dim = None
    """How many keys there are with the new ones; None: those in use and the new ones."""


EMPTY = Cache((0,), (0,), 0)
"""No earlier step."""


def grown(call: Operands, *slots: int) -> Cache | None:
    """Case 2, of an operator without a buffer: the past in one slot, or keys and values in two."""
    return EMPTY if not any(map(call.has, slots)) else Cache(*_pair(call, slots))


def counted(call: Operands, slots: tuple[int, ...], used: int, *, buffer: bool) -> Cache | None:
    """Cases 1 and 2: the slot `used` says how much of a buffer is in use; None where nobody knows (4)."""
    if not any(map(call.has, slots)):
        return EMPTY
    if not buffer:
        return Cache(*_pair(call, slots))
    length = call.held(used)
    return None if length is None else Cache(*_pair(call, slots), used=length)


def shared(call: Operands, slots: tuple[int, int], total: int, new: Dim) -> Cache | None:
    """Cases 1 and 3: the slot `total` says how many keys there are, `new` of them new; None where nobody knows (4)."""
    if not any(map(call.has, slots)):
        return EMPTY
    keys, values = _pair(call, slots)
    every = call.held(total)
    if every is not None:
        return Cache(keys, values, total=every)
    handed = any(map(call.fed, slots)) and any(map(call.returned, (1, 2)))
    return None if handed and not _longer(call, keys, new) else Cache(keys, values)


def _longer(call: Operands, past: Shape, new: Dim) -> bool:
    """Whether the present, output 1, is known to be longer than the past by what is new."""
    present = call.outputs[1] if len(call.outputs) > 1 else None
    if past is None or present is None or len(past) != 4 or len(present) != 4:
        return False
    old, added, all_of_it = number(past[2]), number(new), number(present[2])
    return old is not None and added is not None and old + added == all_of_it


def _pair(call: Operands, slots: tuple[int, ...]) -> tuple[Shape, Shape]:
    """The shapes of keys and values of the past, [batch, heads, length, size]; both in one have an axis in front."""
    if len(slots) == 2:
        return call.input(slots[0]), call.input(slots[1])
    both = call.input(slots[0])
    return (None, None) if both is None or len(both) != 5 else (both[1:], both[1:])

"""What comes to the other operands of a merge through a gate on a route, and is therefore not theirs?

`q cos(p) + rot(q) sin(p)`: were cos let through by the gate q, all the work behind q would be the other operand's
(theory: elementwise expression). What q is, and what it is computed from without work, is cut out of the other
operands' pasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import is_activation, row_of
from shortcut_audit.search.lineage import Lineage

REACH = 64
"""How many values of a gate's past are looked at, the latest first. Real gates have a handful."""


def past(lineage: Lineage, product: int, slot: int) -> frozenset[int]:
    """The gates that `product` applies to what enters by `slot`, and all that they are computed from without work."""
    known = lineage.pasts.get((product, slot))
    if known is None:
        known = lineage.pasts[product, slot] = _past(lineage, product, slot)
    return known


def _past(lineage: Lineage, product: int, slot: int) -> frozenset[int]:
    """The nearest values of the past, as many as REACH allows.

    The past ends: 1. at the first op that works; 2. where a piece is taken of what an activation is applied to: the
    pieces f, i, g of W x + U h are siblings, and what makes g is not read through f = sigmoid(...) (LSTM, GRU); 3. at
    what is gated, where layers compute the gate, too: f = sigmoid(W x + p c) is a gate of c (an LSTM's peephole), and
    no activation of it, as sigmoid(c) is. A copy of c is c.
    """
    op = lineage.values[product].op
    assert op is not None, "a gate is read by an op"
    steering = row_of(op.kind).effect is Effect.CHOICE
    gates = [op.inputs[0]] if steering else [given for at, given in enumerate(op.inputs) if at != slot]
    numbers = [lineage.number[given] for given in gates if isinstance(given, str)]
    gated = lineage.original[lineage.number[str(op.inputs[slot])]]
    found, works = _collected(lineage, numbers, gated)
    if gated in found and not works:
        found, _ = _collected(lineage, numbers)
    return frozenset(number for number in found if lineage.original[number] != gated) if works else found  # 3


def _collected(lineage: Lineage, gates: Sequence[int], end: int = -1) -> tuple[frozenset[int], bool]:
    """What gates are and are computed from without work, not beyond a value; and whether work is done before that."""
    squashed = dict.fromkeys(gates, False)
    waiting = [-number for number in squashed]
    heapify(waiting)
    looked_at, works = 0, False
    while waiting and looked_at < REACH:
        looked_at += 1
        number = -heappop(waiting)
        made = lineage.values[number].op
        if made is None or number == end:
            continue
        if lineage.measure.of(made).working:
            works = True
            continue  # 1
        if squashed[number] and row_of(made.kind).effect is Effect.SELECTION:
            continue  # 2
        for parent, _, _ in lineage.parents(number):
            if parent not in squashed:
                squashed[parent] = False
                heappush(waiting, -parent)
            squashed[parent] |= squashed[number] or is_activation(made)
    return frozenset(squashed), works

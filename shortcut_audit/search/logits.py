"""Does a sum hold attention logits?"""

from __future__ import annotations

from shortcut_audit.graph.model import ModelGraph, Op
from shortcut_audit.operators.row import Effect, Family
from shortcut_audit.operators.table import row_of

LOGIT_REACH = 64
"""How many readers may be looked at between an addition of attention logits and its softmax."""


def feeds_softmax_only(graph: ModelGraph, name: str, shown: frozenset[str]) -> bool:
    """Whether all uses of a value lead, through views, masks and constant factors, into a softmax that is used further.

    A softmax at the model's very end gives class probabilities: what it reads are no attention logits.
    """
    waiting, seen, softmaxes, looked_at = [name], {name}, 0, 0
    while waiting:
        current = waiting.pop()
        looked_at += len(graph.readers[current])
        if current in shown or looked_at > LOGIT_REACH:
            return False
        for reader in graph.readers[current]:
            op = graph.values[reader].op
            if op is None or reader in seen:
                continue
            if row_of(op.kind).family is Family.SOFTMAX:
                softmaxes += bool(graph.readers[reader])
            elif _keeps_logits(op):
                seen.add(reader)
                waiting.append(reader)
            else:
                return False
    return softmaxes > 0


def _keeps_logits(op: Op) -> bool:
    """Whether what an op makes of attention logits are attention logits: views, masks, offsets, constant factors."""
    row = row_of(op.kind)
    if row.effect is Effect.PRODUCT:
        return len(op.values()) == 1
    return row.effect in {Effect.VIEW, Effect.SUM, Effect.CHOICE} or row.masks

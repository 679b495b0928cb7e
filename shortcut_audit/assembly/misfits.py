"""Which op cannot take the sizes that the caller has given?

An exporter fixes sizes where Python knew them: a Reshape to a constant batch, a bias as long as the example's sequence.
`--dim batch=8`, or `--input 8x3x224x224` on a file made for one image, contradicts that, and what follows is not what
anybody runs.
"""

from __future__ import annotations

from collections.abc import Sequence

from shortcut_audit.graph.draft import Node
from shortcut_audit.graph.model import TensorType
from shortcut_audit.operators.table import row_of

AXES_SHOWN = 8


def misfit(node: Node, given: Sequence[TensorType | None], made: Sequence[TensorType]) -> str:
    """The node and what it cannot take; empty where it can, or where too little is known of what it reads."""
    row = row_of(node.kind)
    types = [known for known in given if known is not None]
    if row.shape is None or not types or not made or made[0].shape is not None:
        return ""
    if not all(_whole(known) for known in types):
        return ""
    steering = [known for slot, known in enumerate(given) if known is not None and row.data and slot not in row.data]
    if any(known.data is None for known in steering):
        return ""
    return f"{node.label or node.kind} {node.name or node.outputs[0]!r} cannot take {' and '.join(map(_said, types))}"


def _whole(known: TensorType) -> bool:
    return known.shape is not None and all(isinstance(size, int) for size in known.shape)


def _said(known: TensorType) -> str:
    if known.data is not None and known.shape is not None and len(known.shape) == 1:
        return f"[{', '.join(str(datum) for datum in known.data[:AXES_SHOWN])}]"
    return "x".join(map(str, (known.shape or ())[:AXES_SHOWN])) or "a scalar"


def note(found: Sequence[str]) -> str:
    """What the reader should know of the ops that cannot take the sizes given."""
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return (
        f"the sizes given contradict one that was fixed when the model was exported: {found[0]}{more}; "
        "costs behind it are not to be relied on"
    )

"""Which logarithm is a log softmax?

That of a softmax. x - log(sum(exp(x))) is linear in x beside a statistic of it, and so is the one operator; of the two
in a row neither is.
"""

from __future__ import annotations

from shortcut_audit.frozen import replace
from shortcut_audit.graph.model import ModelGraph
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.rewrites.pieces import before_copies
from shortcut_audit.search.rewrites.values import Desk


def together(graph: ModelGraph) -> ModelGraph:
    """The graph, in which the logarithm of a softmax is one operator."""
    desk = Desk(graph)
    for name, value in graph.values.items():
        op = value.op
        if op is None or not row_of(op.kind).logarithm or not isinstance(given := op.inputs[0], str):
            continue
        made = graph.values[before_copies(graph, given)].op
        if made is not None and made.kind == "Softmax":
            desk.replace(name, replace(op, kind="LogSoftmax", inputs=made.inputs, attributes=made.attributes))
    return desk.finished()

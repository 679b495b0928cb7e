"""Which additions are written without a plus?

`x.index_add(0, i, y)` is x plus what scattering y over zeros makes, and so are scatter_add, index_put that accumulates,
and ScatterND and ScatterElements with the reduction "add". What is scattered into a constant is no addition to a value.
"""

from __future__ import annotations

from shortcut_audit.frozen import replace
from shortcut_audit.graph.model import Constant, ModelGraph, TensorType, Value
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import row_of
from shortcut_audit.search.rewrites.values import Desk


def as_sums(graph: ModelGraph) -> ModelGraph:
    """The graph with a sum for each addition at computed places, of the value and of what is scattered over zeros."""
    desk = Desk(graph)
    for name, value in graph.values.items():
        if _adds(value):
            _write(desk, name, value)
    return desk.finished()


def _adds(value: Value) -> bool:
    op = value.op
    if op is None or row_of(op.kind).effect is not Effect.SELECTION or op.attributes.get("reduction") != "add":
        return False
    return len(op.inputs) > 2 and isinstance(op.inputs[0], str)


def _write(desk: Desk, name: str, value: Value) -> None:
    assert value.op is not None, "what is scattered is scattered by an op"
    onto, *rest = value.op.inputs
    zeros = Constant(TensorType(value.type.shape, value.type.dtype), (), 0.0)
    scattered = desk.new_name(name)
    op = replace(value.op, inputs=(zeros, *rest), outputs=(scattered,))
    desk.write(name, Value(scattered, value.type, op))
    desk.replace(name, replace(value.op, kind="Add", inputs=(onto, scattered), attributes={}))

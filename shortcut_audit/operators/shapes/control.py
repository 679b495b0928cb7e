"""What comes through the boundary of an If or a loop?

The kinds are those that draft.py makes of ONNX's If, Loop and Scan (rule 2 there).
"""

from __future__ import annotations

from shortcut_audit.graph.model import Shape
from shortcut_audit.graph.sizes import join
from shortcut_audit.operators.shapes.call import Call, axis_of


def choice(call: Call) -> list[Shape]:
    """What both branches of an If agree on."""
    return [join(call.shape(1), call.shape(2))]


def state(call: Call) -> list[Shape]:
    """What a loop carries is taken to keep the shape that it starts with."""
    return [call.shape(0)]


def index(call: Call) -> list[Shape]:
    """The number of the step, a scalar."""
    return [()]


def slice_of(call: Call) -> list[Shape]:
    """What the body reads of a sequence at one step: one axis less."""
    shape = call.shape(0)
    axis = axis_of(call.integer("axis", 0), len(shape))
    return [shape[:axis] + shape[axis + 1 :]]


def result(call: Call) -> list[Shape]:
    """What the body computed or, where the loop ran zero times, the initial value; stacked, one for each step."""
    body = call.shape(0)
    if call.has("stacked"):
        axis = axis_of(call.integer("stacked"), len(body) + 1)
        return [(*body[:axis], None, *body[axis:])]
    return [join(body, call.input(1).shape) if call.given(1) else body]

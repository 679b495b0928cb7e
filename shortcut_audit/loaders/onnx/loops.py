"""How often does a loop run, where the file itself says so?

PyTorch's TorchScript exporter writes `tensor_split` and the like as a Loop of a constant number of steps. Such a loop
is written out step by step, so that what each step makes is known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from shortcut_audit.graph.model import Datum
from shortcut_audit.loaders.onnx.attributes import graphs_in
from shortcut_audit.loaders.onnx.bodies import body_inputs
from shortcut_audit.loaders.onnx.frames import made_in
from shortcut_audit.loaders.onnx.text import text

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

STEPS = 32
"""Steps up to which a loop is written out."""

HANDING_ON = frozenset({"Identity", "Cast"})
"""Operators with which exporters hand a condition on."""


def steps_of(node: NodeProto, body: GraphProto, number: Callable[[str], Datum]) -> int | None:
    """How many steps a Loop takes, if that is known and they are few; `number` tells the one element of a constant.

    It must count its steps, must not be stopped before, and its body must make every state anew and hold no bodies.
    """
    if node.op_type != "Loop" or len(node.input) < 2 or not node.input[0] or len(body.output) < len(node.input) - 1:
        return None
    trips = number(text(node.input[0]))
    if not isinstance(trips, int) or not 0 < trips <= STEPS or not is_whole(node, body, number):
        return None
    flat = not any(graphs_in(attribute) for inner in body.node for attribute in inner.attribute)
    return trips if flat else None


def is_whole(node: NodeProto, body: GraphProto, number: Callable[[str], Datum]) -> bool:
    """Whether nothing ends a Loop or a Scan before it has taken the steps that it counts."""
    if node.op_type == "Scan":
        return True
    return (not node.input[1] or number(text(node.input[1])) is True) and _goes_on(body, number)


def _goes_on(body: GraphProto, number: Callable[[str], Datum]) -> bool:
    """Whether the condition that the body makes is the one that it is given, or a constant from outside, handed on."""
    given, own, name = body_inputs(body), set(map(text, made_in(body))), text(body.output[0].name)
    makers = {text(made): node for node in body.node for made in node.output}
    for _ in body.node:
        maker = makers.get(name)
        if maker is None or maker.op_type not in HANDING_ON or len(maker.input) != 1:
            break
        name = text(maker.input[0])
    return name == given[1] or (name not in own and name not in given and number(name) is True)

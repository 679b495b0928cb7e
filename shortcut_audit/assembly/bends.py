"""Does an op that is called a nonlinearity bend anything, with the numbers that it is given?

A projection in disguise is written so, and exporters write it: a Clip without bounds, or with those of its own type;
the larger of a single value; a power of 1; a leaky ReLU, plain or parametric, whose slope is 1. Each is a copy.
"""

from __future__ import annotations

from collections.abc import Mapping

from shortcut_audit.assembly.ranges import Resolve, number_in
from shortcut_audit.assembly.signs import TypeOf
from shortcut_audit.frozen import replace
from shortcut_audit.graph.draft import Node
from shortcut_audit.graph.model import Constant

GREATEST: Mapping[str | None, float] = {
    "float16": 65504.0,
    "bfloat16": 3.3895313892515355e38,
    "float32": 3.4028234663852886e38,
    "float64": 1.7976931348623157e308,
}
"""The greatest finite number of each type, which lies as far below 0 as well."""

IN_SINGLE_PRECISION = 1e-7
"""What a bound loses that is written as a float32: 3.4028235e38 stands for the greatest."""


BENDING = frozenset("Clip Max Min Pow PRelu LeakyRelu".split())
"""The operators that may."""


def straightened(node: Node, resolve: Resolve, type_of: TypeOf) -> Node:
    """The node itself, or a copy under its name where it bends nothing."""
    if node.kind not in BENDING or not node.inputs or not isinstance(resolve(node.inputs[0]), str):
        return node
    if not _is_straight(node, resolve, type_of):
        return node
    return replace(node, kind="Identity", label=node.label or node.kind, inputs=node.inputs[:1], attributes={})


def _is_straight(node: Node, resolve: Resolve, type_of: TypeOf) -> bool:
    match node.kind:
        case "Clip":
            known = type_of(resolve(node.inputs[0]))
            dtype = None if known is None else known.dtype
            return all(_is_out_of_reach(_bound(node, resolve, slot, name), sign, dtype) for slot, name, sign in BOUNDS)
        case "Max" | "Min":
            return len(node.inputs) == 1
        case "Pow" | "PRelu":
            beside = resolve(node.inputs[1]) if len(node.inputs) > 1 else None
            single = isinstance(beside, Constant) and beside.type.shape in {(), (1,)}
            return single and isinstance(beside, Constant) and beside.fill == 1
        case "LeakyRelu":
            return node.attributes.get("alpha", 0.01) == 1
    return False


BOUNDS = ((1, "min", -1), (2, "max", 1))
"""Where a Clip has its bounds, as inputs and as attributes, and on which side of 0 each must lie to cut nothing."""


def _bound(node: Node, resolve: Resolve, slot: int, name: str) -> float | None:
    """The bound as a number; None where there is none. One that is not known may be 0."""
    given = node.inputs[slot] if slot < len(node.inputs) else None
    if given is None:
        stated = node.attributes.get(name)
        return None if stated is None else stated if isinstance(stated, int | float) else 0
    return number_in(resolve(given)) or 0


def _is_out_of_reach(bound: float | None, sign: int, dtype: str | None) -> bool:
    greatest = GREATEST.get(dtype)
    return bound is None or (greatest is not None and sign * bound >= greatest * (1 - IN_SINGLE_PRECISION))

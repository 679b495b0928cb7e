"""How would a person say what stands on a route?

`conv 1x1/2, 64 -> 128, no bias + BN`: for people only. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice

from shortcut_audit.account.classify import applies_learned, learned
from shortcut_audit.graph.model import Attribute, Constant, ModelGraph, Op
from shortcut_audit.operators.counting.operands import Operands
from shortcut_audit.operators.row import Effect, Family
from shortcut_audit.operators.table import row_of
from shortcut_audit.report import Role, WeightInfo
from shortcut_audit.search.found import Found
from shortcut_audit.search.holdings import Ops
from shortcut_audit.search.steps import Step
from shortcut_audit.search.trails import Link

STEPS_SHOWN = 64
"""Steps of a route that are listed: the first and the last. No real shortcut has half as many."""

OPS_SHOWN = 64
"""Ops of gates that are said in words."""


def weights_of(op: Op) -> tuple[WeightInfo, ...]:
    """The learned tensors that an op applies to what passes, with the role that each plays."""
    row, applied = row_of(op.kind), frozenset(learned((op,)))
    found: dict[str, WeightInfo] = {}
    for slot, given in enumerate(op.inputs):
        for weight in given.weights if isinstance(given, Constant) else ():
            if weight in applied:
                role: Role = "weight"
                if slot in row.bias:
                    role = "bias"
                elif row.effect in {Effect.PRODUCT, Effect.NORMALISATION}:
                    role = "scale"
                found.setdefault(weight.name, WeightInfo(weight.name, weight.shape, role))
    return tuple(found.values())


def detail(graph: ModelGraph, op: Op) -> str:
    """What an op does, in words: "1x1, stride 2, 64 -> 128". Empty where there is nothing to say."""
    call = Operands.of(graph, op)
    match row_of(op.kind).family:
        case Family.CONVOLUTION:
            said = [_kernel(call), _stride(call, "stride "), _grouped(call), _channels(call, 1)]
            return ", ".join(filter(None, said))
        case Family.MATRIX_PRODUCT:
            return _channels(call, -1)
        case Family.WINDOW_POOLING:
            return ", ".join(filter(None, [_by(call.attributes.get("kernel_shape")), _stride(call, "stride ")]))
    before, after = call.input(0), call.outputs[0] if call.outputs else None
    if before is not None and after is not None and before != after:
        return f"{shape_text(before)} -> {shape_text(after)}"
    return ""


def in_words(graph: ModelGraph, found: Found) -> str:
    """W_s as a person would say it; empty for a shortcut without learned weights."""
    if not found.fed and not found.through.any(applies_learned):
        return ""
    (first, last), left_out = found.route.ends(STEPS_SHOWN), max(len(found.route) - STEPS_SHOWN, 0)
    route = _listed(
        *(
            [_said(graph, link.op, found.fed) for link in links if link.step >= Step.SELECTION]
            for links in (first, last)
        ),
        left_out=left_out,
    )
    ops = _beside(found)
    shown = list(islice(ops, OPS_SHOWN))
    gated = _listed([_said(graph, op, found.fed) for op in shown], left_out=len(ops) - len(shown))
    if not ops and not found.route.any(_maps_or_gates):
        return f"a learned diagonal ({route})"
    if not ops:
        return route
    name = "gate" if found.route.any(_gates) else "beside"
    return "; ".join(filter(None, [route, f"{name}: {gated}"]))


def _listed(first: Sequence[str], last: Sequence[str] = (), *, left_out: int) -> str:
    """What is to be said, if anything, and how many more there are between the first and the last of it."""
    more = [f"{left_out} more"] if left_out and any((*first, *last)) else []
    return " + ".join(filter(None, [*first, *more, *last]))


def _beside(found: Found) -> Ops:
    """The ops of a shortcut that apply weights, and are no steps of its route."""
    weighing = found.through.that(applies_learned)
    if found.fed:
        weighing = Ops(weighing.holdings, weighing.bits | found.fed.bits & found.through.bits)
    if not found.route.any(_applies_weights) and not found.fed:
        return weighing
    return weighing.without(weighing.holdings.gathered(link.op for link in found.route))


def _applies_weights(link: Link) -> bool:
    return applies_learned(link.op)


def adds_maps(link: Link) -> bool:
    """Whether a step is a sum of linear maps of one value, with learned weights in some of them: x + W x."""
    sums = row_of(link.op.kind).effect is Effect.SUM and len(link.op.values()) > 1
    return sums and link.step in {Step.DIAGONAL, Step.LINEAR}


def mapped_in(found: Found, link: Link, route: Collection[str | None]) -> list[Op]:
    """The ops that make what a sum on a route adds, from the last of the route's values on; latest first."""
    ops, waiting = dict[Op, None](), [name for name in link.op.values() if name not in route]
    while waiting:
        op = found.through.maker(waiting.pop())
        if op is not None and op not in ops:
            ops[op] = None
            waiting += (name for name in op.values() if name not in route)
    return list(ops)


def _maps_or_gates(link: Link) -> bool:
    return link.step in {Step.LINEAR, Step.GATE}


def _gates(link: Link) -> bool:
    return link.step is Step.GATE


def _said(graph: ModelGraph, op: Op, fed: Ops) -> str:
    if op in fed:
        return f"{row_of(op.kind).short or op.kind}, its weights fed to the model"
    call, row = Operands.of(graph, op), row_of(op.kind)
    roles = {weight.role for weight in weights_of(op)}
    bias = ("bias (folded norm)" if op.absorbs_norm else "bias") if "bias" in roles else "no bias"
    match row.family:
        case Family.CONVOLUTION:
            name = f"{row.short} {_kernel(call)}{_stride(call, '/')}"
            return ", ".join(filter(None, [name, _grouped(call), _channels(call, 1), bias]))
        case Family.MATRIX_PRODUCT:
            return ", ".join(filter(None, [f"linear {_channels(call, -1)}", bias if row.bias else ""]))
        case Family.WINDOW_POOLING:
            return f"{row.short or op.kind} {_by(call.attributes.get('kernel_shape'))}{_stride(call, '/')}"
    if row.neutral == 0:
        return "bias" if roles else ""
    if row.neutral == 1:
        return f"scale {shape_text(weights_of(op)[0].shape)}" if roles else ""
    return row.short or op.kind


def shape_text(shape: Sequence[object] | None) -> str:
    """A shape as people write it: "1x64x56x56", an unknown size as "?"."""
    if shape is None:
        return "?"
    return (
        "x".join("?" if size is None else str(size) for size in shape[:8]) + ("…" if len(shape) > 8 else "") or "scalar"
    )


def _kernel(call: Operands) -> str:
    weight = call.input(1)
    return "x".join(str(size) for size in weight[2:]) if weight is not None and len(weight) > 2 else ""


def _by(sizes: Attribute) -> str:
    return shape_text(sizes) if isinstance(sizes, tuple) else ""


def _stride(call: Operands, mark: str) -> str:
    strides = call.attributes.get("strides")
    if not isinstance(strides, tuple) or all(step == 1 for step in strides):
        return ""
    return mark + (str(strides[0]) if len(set(strides)) == 1 else _by(strides))


def _grouped(call: Operands) -> str:
    group = call.integer("group", 1)
    if group > 1 and group == call.size(0, 1):
        return "depthwise"
    return f"{group} groups" if group > 1 else ""


def _channels(call: Operands, axis: int) -> str:
    before, after = call.size(0, axis), call.outputs[0] if call.outputs else None
    made = after[axis] if after is not None and -len(after) <= axis < len(after) else None
    return f"{'?' if before is None else before} -> {'?' if made is None else made}"

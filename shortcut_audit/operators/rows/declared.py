"""What is an operator of which only the effect is known?

Two ask: the search, of an operator that is not understood, what the least is that it could do, and who has declared one
(declaration.py). A declared kind spells its row, so that no table grows: "declared::linear data=0 macs=matmul:0,1".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial

from shortcut_audit.algebra.polynomial import Cost
from shortcut_audit.frozen import replace
from shortcut_audit.graph.model import Shape
from shortcut_audit.graph.sizes import count, may_equal
from shortcut_audit.operators.counting.attention import attention
from shortcut_audit.operators.counting.axes import product
from shortcut_audit.operators.counting.contractions import matmul
from shortcut_audit.operators.counting.operands import Operands
from shortcut_audit.operators.declaration import FORMULAS, UNCOUNTED, Declaration
from shortcut_audit.operators.row import Effect, Macs, Operator, table_of
from shortcut_audit.operators.shapes.call import Call

EFFECTS: Mapping[str, Operator] = {
    "copy": Operator(Effect.VIEW, data=(), pointwise=True, parts=True),
    "view": Operator(Effect.VIEW, data=(), parts=True),
    "selection": Operator(Effect.SELECTION, data=(), parts=True),
    "scale": Operator(Effect.SCALE, data=(), pointwise=True, parts=True),
    "gate": Operator(Effect.GATE, data=(), pointwise=True, parts=True),
    "normalisation": Operator(Effect.NORMALISATION, data=(), pointwise=True, parts=True),
    "linear": Operator(Effect.LINEAR, data=(), parts=True),
    "nonlinear": Operator(Effect.NONLINEAR, data=(), parts=True),
    "free": Operator(Effect.NONLINEAR, data=(), parts=True),
}
"""The row of each word of a declaration."""

PREFIX = "declared::"

ROWS = table_of((f"{PREFIX}{word}", row) for word, row in EFFECTS.items())

LEARNING = frozenset({"normalisation", "linear", "nonlinear", "gate"})
"""What reads weights where nothing is said of its inputs; of the others, constants are scales."""


def spelled(declaration: Declaration, inputs: int) -> str:
    """The kind of an operator of so many inputs that is declared so."""
    slots = tuple(range(inputs))
    data = declaration.data if declaration.data is not None else slots if declaration.kind == "gate" else slots[:1]
    weights, scales = declaration.weights, declaration.scales
    if scales is None:
        learns = weights if weights is not None else slots if declaration.kind in LEARNING else ()
        scales = tuple(slot for slot in slots if slot not in learns)
    macs = declaration.macs or ("unknown" if declaration.kind in UNCOUNTED else "none")
    of = declaration.of or tuple(range(len(FORMULAS[macs][0]) if macs in FORMULAS else 0))
    listed = {"data": data, "weights": weights or (), "scales": scales, f"macs-{macs}": of}
    return " ".join([PREFIX + declaration.kind, *(f"{key}={','.join(map(str, of))}" for key, of in listed.items())])


@lru_cache(maxsize=1_000)
def row(kind: str) -> Operator:
    """The row that a declared kind spells."""
    word, *written = kind.removeprefix(PREFIX).split(" ")
    parts = [part.partition("=") for part in written]
    slots = {key: tuple(int(slot) for slot in listed.split(",") if slot) for key, _, listed in parts}
    formula = next(key.removeprefix("macs-") for key in slots if key.startswith("macs-"))
    plain = EFFECTS[word]
    keeps = plain.pointwise or formula == "elementwise"
    of = slots[f"macs-{formula}"]
    macs: Macs | None = None
    if formula != "none":
        macs = unstated if formula == "unknown" else partial(_asked, COUNTED[formula], of)
    return replace(
        plain,
        data=slots["data"],
        pointwise=keeps,
        mixes=word in UNCOUNTED and not keeps,
        quantised=slots["weights"],
        buffers=slots["scales"],
        shape=partial(_kept, slots["data"][0]) if keeps and slots["data"] else None,
        macs=macs,
        counted_with=("kv_num_heads", "q_num_heads") if formula == "attention" else (),
        short=word,
    )


def unstated(call: Operands) -> Cost:
    """It was declared without a formula."""
    return None


def _kept(slot: int, call: Call) -> list[Shape]:
    return [call.shape(slot)]


def _asked(formula: Macs, slots: tuple[int, ...], call: Operands) -> Cost:
    inputs = tuple(call.input(slot) for slot in slots)
    given = tuple(call.has(slot) for slot in slots)
    return formula(replace(call, inputs=inputs, given=given)) if all(given) else None


def _convolved(call: Operands) -> Cost:
    weight, made = call.input(1), call.outputs[0]
    if weight is None or made is None or len(weight) < 2 or len(made) < 2 or not may_equal(made[1], weight[0]):
        return None
    return product(count(made), count(weight[1:]))


def _of_each(call: Operands) -> Cost:
    return count(call.outputs[0])


COUNTED: Mapping[str, Macs] = {
    "matmul": matmul,
    "conv": _convolved,
    "attention": attention,
    "elementwise": _of_each,
}
"""The formulas that count something, by their names."""

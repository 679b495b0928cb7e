"""What is an operator of which only the effect is known?

The search asks of an operator that is not understood what the least is that it could do, and knows no more of that than
the class of the step.
"""

from __future__ import annotations

from collections.abc import Mapping

from shortcut_audit.operators.row import Effect, Operator, table_of

EFFECTS: Mapping[str, Operator] = {
    "copy": Operator(Effect.VIEW, data=(), pointwise=True, parts=True),
    "view": Operator(Effect.VIEW, data=(), parts=True),
    "selection": Operator(Effect.SELECTION, data=(), parts=True),
    "scale": Operator(Effect.SCALE, data=(), pointwise=True, parts=True),
    "gate": Operator(Effect.GATE, data=(), pointwise=True, parts=True),
    "normalisation": Operator(Effect.NORMALISATION, data=(), pointwise=True, parts=True),
    "linear": Operator(Effect.LINEAR, data=(), parts=True),
    "nonlinear": Operator(Effect.NONLINEAR, data=(), parts=True),
}
"""By the word that stands for it."""

PREFIX = "declared::"

ROWS = table_of((f"{PREFIX}{word}", row) for word, row in EFFECTS.items())

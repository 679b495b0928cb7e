"""Which words does a report choose from? (theory.md explains each)"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

Kind: TypeAlias = Literal["identity", "parameter-free", "gated", "projection"]
"""From nothing to most, what x goes through on its way to the merge."""
KINDS: tuple[Kind, ...] = get_args(Kind)
Option: TypeAlias = Literal["A", "B", "C", "mixed", "undecided", "none"]
"""Undecided: whether dimensions change where it matters depends on sizes that are open or unknown."""
Reason: TypeAlias = Literal[
    "constant operand",
    "broadcast",
    "independent sources",
    "parallel branches",
    "elementwise expression",
    "attention logits",
    "interpolation",
    "average",
    "cancelled",
    "normalisation",
    "weighted stack",
    "not understood",
]
"""Why an addition is no residual merge. The phrases are stable; theory.md has a section for each."""
REASONS: tuple[Reason, ...] = get_args(Reason)
Level: TypeAlias = Literal["error", "warning", "note"]
Trend: TypeAlias = Literal["same", "grew", "fell", "unknown"]
Quantisation: TypeAlias = Literal["none", "alike", "scales differ", "branch only", "shortcut only"]
Role: TypeAlias = Literal["weight", "bias", "scale"]
Shape: TypeAlias = tuple[int | str | None, ...] | None

OUTPUTS_TOLD_APART = 16
"""Outputs of a model, the first, of which a shortcut says whether they depend on it: a decoder hands back its logits,
and then two caches for each layer."""

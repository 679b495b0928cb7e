"""What may be declared of an operator that the tool does not understand? (data, never code)

The configuration and the Python API write it; the assembly gives the operator the row that it spells.
"""

from __future__ import annotations

from collections.abc import Mapping

from shortcut_audit.frozen import frozen

MEANINGS: Mapping[str, str] = {
    "copy": "the same elements in the same places: an identity",
    "view": "the same elements, perhaps in another layout",
    "selection": "selects, pads, pools or resamples, without weights",
    "scale": "a constant factor or offset that is not learned",
    "gate": "an element-wise product of the values that it reads",
    "normalisation": "a normalisation, or a learned factor or offset of each element",
    "linear": "a learned linear map",
    "nonlinear": "anything else: never on a shortcut",
    "free": "nonlinear, and known to take no MACs",
}
"""The words for what an operator does."""

FORMULAS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "matmul": (("A", "B"), "A [..., m, k] times B [..., k, n]: m x k x n, for every matrix"),
    "conv": (("X", "W"), "each output element sums over W [channels out, channels in / group, ...] from axis 1 on"),
    "attention": (("Q", "K", "V"), "Q K^T and P V, of [batch, heads, length, size] each"),
    "elementwise": ((), "one for each element of the output"),
    "none": ((), "it takes none"),
}
"""The formulas for MACs: the inputs on which each is asked, and what it counts."""

UNCOUNTED = frozenset({"linear", "nonlinear"})
"""What takes MACs of which nobody knows how many, unless a formula is named."""

SLOT_LIMIT = 1_000
"""The most inputs of an operator that is declared."""


@frozen
class Declaration:
    """What somebody says of one operator. Input slots count from 0."""

    kind: str
    """One of MEANINGS."""
    data: tuple[int, ...] | None = None
    """Inputs through which data passes: all for a gate, otherwise the first. A value in any other steers: nonlinear."""
    weights: tuple[int, ...] | None = None
    """Inputs that are learned, if stored; with `scales` left out, all others are not."""
    scales: tuple[int, ...] | None = None
    """Inputs that are never learned: scales, zero points, sizes."""
    macs: str | None = None
    """One of FORMULAS; None: none, but of what is UNCOUNTED, which is then not known."""
    of: tuple[int, ...] = ()
    """The inputs on which the formula is asked, in its order; (): its arguments are the first inputs."""

    def said(self) -> str:
        """The declaration in one line, as a report says it."""
        parts = [self.kind]
        listed = (("data", self.data), ("weights", self.weights), ("scales", self.scales))
        parts += [f"{name} {', '.join(map(str, slots))}" for name, slots in listed if slots is not None]
        if self.macs is not None:
            parts.append(f"macs {self.macs}" + (f" of {', '.join(map(str, self.of))}" if self.of else ""))
        return "; ".join(parts)


def find(declared: Mapping[str, Declaration], kind: str) -> Declaration | None:
    """The declaration of an operator: by its name, or, of one of torch.library, by its name without the overload."""
    domain, _, name = kind.partition("::")
    return declared.get(kind) or declared.get(f"{domain}::{name.partition('.')[0]}")

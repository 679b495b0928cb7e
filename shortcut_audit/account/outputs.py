"""Which of a model's outputs depend on a value?

What was accepted may live on in an output that nobody reads, while the others go another way: a baseline asks.
"""

from __future__ import annotations

from shortcut_audit.graph.model import ModelGraph
from shortcut_audit.report.words import OUTPUTS_TOLD_APART


class Dependence:
    """The first outputs that each value of a graph leads to."""

    def __init__(self, graph: ModelGraph) -> None:
        self._bits: dict[str, int] = {}
        for position, name in enumerate(graph.outputs[:OUTPUTS_TOLD_APART]):
            self._bits[name] = self._bits.get(name, 0) | 1 << position
        for op in reversed(graph.ops):
            bits = 0
            for made in op.outputs:
                bits |= 0 if made is None else self._bits.get(made, 0)
            if bits:
                for read in op.values():
                    self._bits[read] = self._bits.get(read, 0) | bits

    def outputs(self, value: str) -> tuple[int, ...]:
        """The positions of the outputs that depend on a value, ascending."""
        bits = self._bits.get(value, 0)
        return tuple(position for position in range(OUTPUTS_TOLD_APART) if bits >> position & 1)

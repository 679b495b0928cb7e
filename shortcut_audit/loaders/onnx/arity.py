"""Does an ONNX node read and make as many tensors as its operator does?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.frozen import frozen
from shortcut_audit.loaders.onnx.arities import ARITIES, MANY
from shortcut_audit.loaders.onnx.attributes import called

if TYPE_CHECKING:
    from onnx import NodeProto


@frozen
class Arity:
    """What the operator's specification asks for at one version of the operator set."""

    inputs: tuple[int, int]
    """How many inputs, at least and at most."""
    outputs: tuple[int, int]
    required: tuple[int, ...]
    """Input slots that must not be left out."""

    def check(self, node: NodeProto, inputs: Sequence[str | None], outputs: Sequence[str]) -> None:
        """Raises UnreadableModel when the node's tensors are too few or too many.

        `inputs`: what the names stand for. In a function, the call may leave out what a name stands for.
        """
        if not self.inputs[0] <= len(inputs) <= self.inputs[1]:
            _refuse(node, "inputs", len(inputs), self.inputs)
        if not self.outputs[0] <= len(outputs) <= self.outputs[1]:
            _refuse(node, "outputs", len(outputs), self.outputs)
        for slot in self.required:
            if not inputs[slot]:
                raise UnreadableModel(f"{called(node)} leaves out input {slot}, which it needs; export the model again")


def arity_of(op_type: str, opset: int) -> Arity | None:
    """The arity of a default-domain operator at this version; None for one that ONNX does not define there."""
    versions = ARITIES.get(op_type, ())
    known = next((row for row in reversed(versions) if row[0] <= opset), None)
    if known is None:
        return None
    _, least_in, most_in, least_out, most_out, needed = known
    required = tuple(slot for slot, mark in enumerate(needed) if mark == "1")
    return Arity((least_in, most_in), (least_out, most_out), required)


def _refuse(node: NodeProto, what: str, count: int, bounds: tuple[int, int]) -> NoReturn:
    low, high = bounds
    wanted = str(low) if low == high else f"at least {low}" if high >= MANY else f"{low} to {high}"
    raise UnreadableModel(f"{called(node)} has {count} {what}, the operator has {wanted}; export the model again")

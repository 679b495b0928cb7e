"""Does an output element of this op depend on several positions of its data?

The functions here answer for operators of which it depends on the call; their rows refer to them. A product of two
values always mixes. Cases: 1. a convolution, unless its kernel is 1x1; 2. a product with stored weights, unless they
stand on the right: then it maps each position alone (on the left they mix positions, as in an MLP-mixer); 3. an einsum
with stored weights, unless it sums over the last axis of the data alone; 4. what is scattered, where it is added up:
message passing.
"""

from __future__ import annotations

from shortcut_audit.graph.model import Constant, Op
from shortcut_audit.operators.equation import terms_of


def by_kernel(op: Op) -> bool:
    """Case 1: a kernel of more than one position, or one that is not known."""
    weight = op.inputs[1] if len(op.inputs) > 1 else None
    if not isinstance(weight, Constant) or weight.type.shape is None:
        return True
    return len(weight.type.shape) < 3 or any(size != 1 for size in weight.type.shape[2:])


def by_side(op: Op) -> bool:
    """Case 2: several values, or the value on the right."""
    return _values(op) != [0]


def by_labels(op: Op) -> bool:
    """Case 3, and case 2 where several values are multiplied."""
    values, equation = _values(op), op.attributes.get("equation")
    if len(values) == 1 and isinstance(equation, str):
        return not sums_last_axis_alone(equation, values[0])
    return values != [0]


def by_reduction(op: Op) -> bool:
    """Case 4: the attribute `reduction` says how what meets at one place is combined."""
    return op.attributes.get("reduction", "none") != "none"


def _values(op: Op) -> list[int]:
    return [slot for slot, given in enumerate(op.inputs) if isinstance(given, str)]


def sums_last_axis_alone(equation: str, position: int) -> bool:
    """Whether an einsum sums over the last axis of one of its operands, and over no other axis of it."""
    terms, result = terms_of(equation)
    term, kept = terms[position] if position < len(terms) else "", set(result)
    return bool(term) and {label for label in term if label not in kept} == {term[-1]}

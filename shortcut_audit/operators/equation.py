"""What does an einsum's equation say: the labels of each operand, and those of the result?"""

from __future__ import annotations

from collections import Counter


def terms_of(equation: str) -> tuple[list[str], str]:
    """The labels of each operand and those of the result: where none are given, the labels that stand once.

    White space means nothing, of whatever sort (numpy.einsum; onnx/docs/Operators.md, Einsum).
    """
    left, arrow, result = "".join(equation.split()).partition("->")
    if not arrow:
        once = sorted(label for label, count in Counter(left).items() if count == 1 and label.isalpha())
        result = ("..." if "..." in left else "") + "".join(once)
    return left.split(","), result

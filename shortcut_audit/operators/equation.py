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


def readable(equation: object, operands: int) -> bool:
    """Whether an equation says what an einsum does to so many operands, as far as its text shows."""
    if not isinstance(equation, str) or equation.count("->") > 1:
        return False
    terms, result = terms_of(equation)
    letters = [term.replace("...", "", 1) for term in (*terms, result)]
    written = all(part == "" or (part.isascii() and part.isalpha()) for part in letters)
    known = {letter for part in letters[:-1] for letter in part}
    dots = "..." not in result or any("..." in term for term in terms)
    kept = set(letters[-1]) <= known and len(set(letters[-1])) == len(letters[-1])
    return len(terms) == operands and written and dots and kept

"""What does an einsum's equation say?"""

from __future__ import annotations

import pytest

from shortcut_audit.operators.equation import readable, terms_of


@pytest.mark.parametrize(
    ("equation", "terms", "result"),
    [
        ("ij,jk->ik", ["ij", "jk"], "ik"), (" i j , jk -> ik ", ["ij", "jk"], "ik"), ("ij->", ["ij"], ""),
        ("ij,jk", ["ij", "jk"], "ik"), ("ba", ["ba"], "ab"), ("ii", ["ii"], ""),
        ("...ij,...jk", ["...ij", "...jk"], "...ik"),
    ],
)  # fmt: skip
def test_labels_of_operands_and_result(equation: str, terms: list[str], result: str) -> None:
    """Where no result is given, the labels that stand once are kept, in the order of the alphabet."""
    assert terms_of(equation) == (terms, result)


@pytest.mark.parametrize(
    ("equation", "operands", "said"),
    [
        ("ij,jk->ik", 2, True), ("ij,jk", 2, True), ("ij,jk->", 2, True), (",ij->ij", 2, True),
        ("...i,ij->...j", 2, True),
        ("ij,jk->ik", 1, False), ("ij,jk->ik", 3, False), ("ij,jk->il", 2, False), ("ij,jk->ii", 2, False),
        ("ij,jk->kk", 2, False), ("ij->i->j", 1, False), ("i1->i", 1, False), ("ij->i?", 1, False),
        ("ij->...i", 1, False), ("...ij->i", 1, True), ("......i->i", 1, False), ("ß->ß", 1, False), (None, 1, False),
        (7, 1, False),
        ("ijk,k->ij", 2, True),  # what is kept stands in the first operand, and not in the second
    ],
)  # fmt: skip
def test_an_equation_that_says_what_is_done(equation: object, operands: int, said: bool) -> None:
    assert readable(equation, operands) is said

"""What is said beside the reason why a sum merges no shortcut, and is it true?"""

from __future__ import annotations

import pytest

from shortcut_audit.pipeline import audit_draft
from tests.sketch import listing, stored

TOKENS = (1, 8, 8)

SAID = {
    "no operand reads weights or mixes positions": ("a = Relu(x)", "y = Add(x, a)"),
    "what is learned there is no matrix": ("d = Mul(x, g)", "y = Add(x, d)"),
    "the only operand that works": ("a = MatMul(x, w)", "b = Relu(x)", "y = Add(a, b)"),
    "the other operands work only on what comes through the gate": (
        "q = MatMul(x, w)", "c = Sigmoid(q)", "l = MatMul(c, w)", "h = Relu(l)", "a = Mul(h, x)", "b = Mul(x, l)",
        "y = Add(a, b)",
    ),
    "products of values": ("p = MatMul(x, w)", "q = MatMul(p, p)", "y = Add(p, q)"),
    "only where it mixes streams": (
        "q = MatMul(x, w)", "t = Transpose(q) perm=0,2,1", "l = MatMul(q, t)", "a = Softmax(l) axis=-1",
        "m = MatMul(a, x)", "r = MatMul(x, w)", "o = Relu(r)", "y = Add(m, o)",
    ),
}  # fmt: skip
"""By what is said: a sum of which it is true, and the other things that may be said are not."""


@pytest.mark.parametrize("said", SAID)
def test_what_is_said_of_a_refused_sum_is_true_of_it(said: str) -> None:
    report = audit_draft(listing(*SAID[said], x=TOKENS, w=stored(8, 8), g=stored(8)))
    (detail,) = (other.detail for other in report.other_adds if other.name == "y")
    assert said in detail

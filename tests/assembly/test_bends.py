"""Does a nonlinearity bend anything, with the numbers that it is given?"""

from __future__ import annotations

import pytest

from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from tests.sketch import listing, stored

IMAGE = (1, 8, 4, 4)
NUMBERS = {
    "w": stored(8, 8, 3, 3),
    "v": stored(8, 8, 3, 3),
    "p": stored(4, 4),
    "lowest": stored(data=(-3.4028235e38,)),
    "highest": stored(data=(3.4028235e38,)),
    "half": stored(data=(-65504.0,)),
    "nothing": stored(data=(0.0,)),
    "unread": stored(1),
    "one": stored(data=(1.0,), literal=True),
    "stored_one": stored(data=(1.0,)),
}
BLOCK = ("a = Conv(x, w) pads=1,1,1,1", "r = Relu(a)", "f = Conv(r, v) pads=1,1,1,1", "q = MatMul(x, p)")


def verdict(last: str, dtype: str = "float32") -> str:
    """What F(x) + bend(W x) is: the kind of its shortcut, or the reason why there is none."""
    lines = (*BLOCK, last, "y = Add(f, z)")
    found = audit_draft(listing(*lines, x=TensorType(IMAGE, dtype), outputs=("y",), **NUMBERS))  # type: ignore[arg-type]
    return next((s.kind for s in found.shortcuts), "") or found.other_adds[0].reason


@pytest.mark.parametrize(
    "straight",
    [
        "z = Clip(q)",
        "z = Clip(q, lowest, highest)",
        "z = Clip(q, _, highest)",
        "z = Max(q)",
        "z = Min(q)",
        "z = LeakyRelu(q) alpha=1.0",
        "z = Pow(q, one)",
        "z = PRelu(q, one)",
    ],
)
def test_what_bends_nothing_is_a_copy(straight: str) -> None:
    assert verdict(straight) == "projection"


@pytest.mark.parametrize(
    "bent",
    [
        "z = Clip(q, nothing)",
        "z = Clip(q, half, highest)",  # beyond float16's range, and not beyond float32's
        "z = Clip(q, unread)",
        "z = Clip(q, x)",
        "z = Max(q, lowest)",  # one number beside it: nobody asks which
        "z = LeakyRelu(q)",
        "z = Pow(q, stored_one)",  # stored, it may be 2 tomorrow
        "z = PRelu(q, unread)",
    ],
)
def test_what_bends_or_may_is_none(bent: str) -> None:
    assert verdict(bent) == "parallel branches"


def test_how_far_a_type_reaches_is_its_own() -> None:
    """65,504 is the greatest number of a float16: torch.clamp(x, -65504, 65504) keeps an overflow at bay."""
    assert verdict("z = Clip(q, half)", "float16") == "projection"
    assert verdict("z = Clip(q, half)", "float64") == "parallel branches"


def test_what_is_computed_of_written_numbers_is_as_good_as_written() -> None:
    """1 - 1 = 0, and 0 x is nothing; 0.5 + 0.5 = 1, and 1 x is x."""
    numbers = {"one": stored(data=(1.0,), literal=True), "half": stored(data=(0.5,), literal=True)}

    def kind(*lines: str) -> str:
        drawn = listing(*BLOCK, *lines, x=IMAGE, outputs=("y",), **NUMBERS | numbers)  # type: ignore[arg-type]
        found = audit_draft(drawn)
        return next((s.kind for s in found.shortcuts), "") or found.other_adds[0].reason

    assert kind("n = Sub(one, one)", "g = Mul(q, n)", "z = Add(x, g)", "y = Add(f, z)") == "identity"
    assert kind("n = Add(half, half)", "z = Mul(x, n)", "y = Add(f, z)") == "identity"
    assert kind("n = Add(half, one)", "z = Mul(x, n)", "y = Add(f, z)") == "parameter-free"
    assert kind("n = Mul(stored_one, one)", "z = Mul(x, n)", "y = Add(f, z)") == "parameter-free"

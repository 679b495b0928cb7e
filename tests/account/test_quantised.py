"""Does a merge add integers of one scale?"""

from __future__ import annotations

import pytest

from shortcut_audit.gate.policy import judge
from shortcut_audit.gate.settings import Settings
from shortcut_audit.pipeline import audit_draft
from tests.sketch import listing, stored

BLOCK = ("a = Conv(x, w) pads=1,1,1,1", "r = Relu(a)", "f = Conv(r, v) pads=1,1,1,1")
NUMBERS = {name: stored(data=(value,)) for name, value in (("s", 0.5), ("same", 0.5), ("other", 0.25))}
NUMBERS["spread"] = stored(8, data=(0.5,) * 8)
ZERO = stored(dtype="int8", data=(0,))


def pair(scale: str, read: str, made: str) -> tuple[str, str]:
    return f"{made}_q = QuantizeLinear({read}, {scale}, zero)", f"{made} = DequantizeLinear({made}_q, {scale}, zero)"


no_zero = "y_q = QuantizeLinear(x, s, zero)", "y = DequantizeLinear(y_q, s)"
named_none = "y_q = QuantizeLinear(x, s, zero)", "y = DequantizeLinear(y_q, s, _)"
one_off = "y_q = QuantizeLinear(x, s, one)", "y = DequantizeLinear(y_q, s, one)"


@pytest.mark.parametrize(
    ("lines", "sum_of", "expected"),
    [
        ((), "f, x", "none"),
        ((*pair("s", "f", "g"), *pair("s", "x", "y")), "g, y", "alike"),
        ((*pair("s", "f", "g"), *pair("same", "x", "y"), "t = Transpose(y) perm=0,1,2,3"), "g, t", "alike"),
        ((*pair("s", "f", "g"), *pair("spread", "x", "y")), "g, y", "alike"),  # channel by channel, the same number
        ((*pair("s", "f", "g"), *pair("other", "x", "y")), "g, y", "scales differ"),
        ((*pair("s", "f", "g"), *no_zero), "g, y", "alike"),  # no zero point is a zero point of 0
        ((*pair("s", "f", "g"), *named_none), "g, y", "alike"),
        ((*pair("s", "f", "g"), *one_off), "g, y", "scales differ"),  # of 1 it is another one
        (pair("s", "f", "g"), "g, x", "branch only"),
        (pair("s", "x", "y"), "f, y", "shortcut only"),
    ],
)
def test_quantisation_of_a_merge(lines: tuple[str, ...], sum_of: str, expected: str) -> None:
    weights = {"w": stored(8, 8, 3, 3), "v": stored(8, 8, 3, 3), "zero": ZERO, "one": stored(dtype="int8", data=(1,))}
    report = audit_draft(listing(*BLOCK, *lines, f"z = Add({sum_of})", x=(1, 8, 4, 4), **weights, **NUMBERS))
    (shortcut,) = report.shortcuts
    assert shortcut.quantisation == expected
    on = Settings(rules={"residual-not-quantised": "warning"})
    found = [(finding.rule, finding.level) for finding in judge(report, on)]
    assert found == ([] if expected in {"none", "alike"} else [("residual-not-quantised", "warning")])
    assert judge(report, Settings()) == ()


def test_a_zero_point_too_long_to_be_read_hides_no_weights_and_no_macs() -> None:
    """What a quantiser cuts off is unknown then; that it multiplies nothing, and that these are zero points, is not."""
    report = audit_draft(
        listing(
            "a = Conv(x, w)",
            "q = QuantizeLinear(a, s, zero) axis=1",
            "y = DequantizeLinear(q, s, zero) axis=1",
            x=(1, 8, 4, 4), w=stored(300, 8, 1, 1), s=stored(300), zero=stored(300, dtype="int8"),
        )
    )  # fmt: skip
    totals = report.totals
    assert (totals.macs, totals.lower_bound, totals.uncounted) == (38_400, False, ())  # 16 positions x 300 x 8
    assert (totals.parameters, totals.buffers, totals.parameters_lower_bound) == (2_400, 600, False)
    assert report.notes == ()


def test_what_may_be_packed_weights_is_called_as_the_file_calls_it() -> None:
    report = audit_draft(listing("y = Einsum(x, w) equation=?", x=(1, 8), w=stored(8, 8, dtype="int8")))
    assert report.totals.parameters_lower_bound
    assert report.notes == ("the parameters are a lower bound: Einsum may read integers that are weights in few bits",)

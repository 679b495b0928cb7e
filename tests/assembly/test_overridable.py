"""Does what a caller may override decide nothing? (assembly/assemble.py)"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.pipeline import audit_draft
from tests.sketch import listing, stored

BRANCH = ("f0 = Conv(x, w) pads=1,1,1,1", "r = Relu(f0)", "f = Conv(r, w) pads=1,1,1,1", "y = Add(f, s)")
TENSORS = {"w": stored(8, 8, 3, 3), "p": stored(8, 8, 1, 1)}


@pytest.mark.parametrize(
    ("lines", "name", "data", "kinds"),
    [
        (["s = Dropout(x, half, o)"], "o", (0,), ["identity", "gated"]),
        (
            ["v = Conv(x, p)", "l = SequenceConstruct(x, v)", "s = SequenceAt(l, o)"],
            "o",
            (0,),
            ["identity", "projection"],
        ),
        (
            ["v = Conv(x, p)", "c = Concat(x, v) axis=1", "s = Slice(c, zero, o, one)"],
            "o",
            (8,),
            ["identity", "projection"],
        ),
        (
            ["q = QuantizeLinear(x, scale, zero8)", "s = DequantizeLinear(q, o, zero8)"],
            "o",
            (0.5,),
            ["identity", "parameter-free"],
        ),
    ],
)
def test_a_default_that_may_be_fed_otherwise(
    lines: list[str], name: str, data: tuple[float, ...], kinds: list[str]
) -> None:
    """The same number as an initializer, and as the default of an input."""
    numbers = {
        "half": stored(data=(0.5,)),
        "zero": stored(1, data=(0,), dtype="int64"),
        "one": stored(1, data=(1,), dtype="int64"),
        "scale": stored(data=(0.5,)),
        "zero8": stored(data=(0,), dtype="int8"),
    }
    dtype = "float32" if data == (0.5,) else "int64"
    shape = (1,) if data == (8,) else ()
    used = {key: given for key, given in numbers.items() if any(f" {key}" in line for line in lines)}
    fixed = stored(*shape, data=data, dtype=dtype)
    found = []
    for tensor in (fixed, replace(fixed, overridable=True)):
        report = audit_draft(listing(*lines, *BRANCH, x=(1, 8, 4, 4), **TENSORS, **used, **{name: tensor}))
        (shortcut,) = report.shortcuts
        found.append(shortcut.kind)
    assert found == kinds

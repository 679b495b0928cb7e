"""Does a formula say what the report says once its sizes are bound?

Each model is audited with its sizes open, and then bound twice: by `at`, which computes from the formulas, and as by
`--dim`, which infers every shape anew. Every cost must be the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit import audit
from shortcut_audit.graph.draft import Draft
from shortcut_audit.loaders.bind import bind
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import AuditReport
from shortcut_audit.reporters import Style
from shortcut_audit.reporters.text.terminal import format as render
from tests.sketch import listing, stored

TRANSFORMER = Path(__file__).parent.parent / "samples" / "transformer.onnx"

STRIDED = listing(
    "a = Conv(x, w1) strides=2,2 pads=1,1,1,1",
    "p = MaxPool(a) kernel_shape=3,3 strides=2,2 pads=1,1,1,1",
    "c = MaxPool(p) kernel_shape=2,2 strides=2,2 ceil_mode=1",
    "b = Conv(c, w2) pads=1,1,1,1",
    "s = Add(b, c)",
    "d = Conv(s, w3) strides=2,2",
    "e = Conv(s, w4) strides=2,2 pads=1,1,1,1",
    "y = Add(e, d)",
    x=("batch", 3, "h", "w"),
    w1=stored(8, 3, 3, 3),
    w2=stored(8, 8, 3, 3),
    w3=stored(16, 8, 1, 1),
    w4=stored(16, 8, 3, 3),
)
ATTENDING = listing(
    "q = MatMul(x, w)",
    "k = Concat(past, q) axis=1",
    "t = Transpose(k) perm=0,2,1",
    "l = MatMul(q, t)",
    "p = Softmax(l)",
    "o = MatMul(p, k)",
    "y = Add(x, o)",
    x=("batch", "seq", 16),
    past=("batch", "past", 16),
    w=stored(16, 16),
)
SPLIT = listing(
    "n = Shape(x)",
    "f = Flatten(x) axis=2",
    "m = MatMul(f, w)",
    "g = Reshape(m, n)",
    "y = Add(g, x)",
    x=("a", "b", 8),
    w=stored(8, 8),
)

CASES: tuple[tuple[Draft, tuple[dict[str, int], ...]], ...] = (
    (
        STRIDED,
        (
            {"batch": 1, "h": 224, "w": 224},
            {"batch": 3, "h": 33, "w": 50},
            {"batch": 0, "h": 65, "w": 64},
        ),
    ),
    (
        ATTENDING,
        (
            {"batch": 1, "seq": 7, "past": 0},
            {"batch": 2, "seq": 1, "past": 9},
            {"batch": 4, "seq": 0, "past": 3},
        ),
    ),
    (SPLIT, ({"a": 1, "b": 1}, {"a": 2, "b": 5}, {"a": 7, "b": 3})),
)


def costs(noun: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every cost and every shape of a report, by its place."""
    for field in fields(noun):
        value, place = getattr(noun, field.name), f"{path}.{field.name}"
        if field.name.endswith("_formula") or field.name in {"macs", "held_bytes", "lower_bound", "shape", "kind"}:
            yield place, value
        elif is_dataclass(value):
            yield from costs(value, place)
        elif isinstance(value, tuple) and value and is_dataclass(value[0]):
            for number, item in enumerate(value):
                yield from costs(item, f"{place}[{number}]")


@pytest.mark.parametrize(("draft", "sizes"), [(draft, sizes) for draft, bindings in CASES for sizes in bindings])
def test_putting_sizes_in_is_binding_them(draft: Draft, sizes: dict[str, int]) -> None:
    report = audit_draft(draft)
    assert report.totals.macs is None
    assert not report.totals.lower_bound
    assert report.shortcuts
    assert dict(costs(report.at(sizes))) == dict(costs(audit_draft(bind(draft, sizes, ()))))
    assert report.at(**sizes).symbols == ()


@pytest.mark.parametrize("batch", [1, 2, 8])
def test_a_sample_at_any_batch(batch: int) -> None:
    report = audit(TRANSFORMER)
    assert dict(costs(report.at(batch=batch))) == dict(costs(audit(TRANSFORMER, dims={"batch": batch})))


def test_the_first_contact_has_no_unknown() -> None:
    shown = render(AuditReport("0", (audit(TRANSFORMER),)), Style())
    assert "unknown" not in shown
    assert "MACs = 347 M x batch FLOPs" in shown
    assert "only batch is open: what stands before x batch is per sample" in shown

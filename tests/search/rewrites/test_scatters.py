"""Which additions are written without a plus? Those at computed places."""

from __future__ import annotations

import pytest

from shortcut_audit.graph.model import TensorType
from shortcut_audit.pipeline import audit_draft
from tests.sketch import listing, stored

INDEX = TensorType((3,), "int64")

SCATTERS = {
    "index_add": "y = ScatterElements(x, i, f) axis=0 reduction=add",
    "index_put that accumulates": "y = ScatterND(x, i, f) reduction=add",
}


@pytest.mark.parametrize("how", SCATTERS)
def test_what_is_added_at_some_places_is_added(how: str) -> None:
    """Mixture of Depths: x + F(x[i]) at the places i. F holds 8 * 8 parameters and takes 3 * 8 * 8 = 192 MACs."""
    lines = ("g = Gather(x, i) axis=0", "h = MatMul(g, w)", "f = Relu(h)", SCATTERS[how])
    report = audit_draft(listing(*lines, x=(7, 8), i=INDEX, w=stored(8, 8)))
    (shortcut,) = report.shortcuts
    assert (shortcut.kind, shortcut.merge.name, shortcut.fork.name) == ("identity", "y", "x")
    assert (shortcut.merge.op, report.totals.adds, report.totals.ops) == (how_it_is_called(how), 1, 4)
    assert (shortcut.span.parameters, shortcut.span.macs) == (64, 192)
    assert (shortcut.elementwise_adds, report.summary.elementwise_adds) == (24, 24)  # 3 rows of 8, not 7


def how_it_is_called(how: str) -> str:
    """The operator as the file has it."""
    return SCATTERS[how].split(" = ")[1].split("(")[0]


@pytest.mark.parametrize("reduction", ["none", "max", "mul"])
def test_what_is_written_otherwise_is_no_addition(reduction: str) -> None:
    lines = ("h = MatMul(x, w)", f"y = ScatterElements(x, i, h) axis=0 reduction={reduction}")
    report = audit_draft(listing(*lines, x=(7, 8), i=TensorType((7, 8), "int64"), w=stored(8, 8)))
    assert (report.totals.adds, report.shortcuts) == (0, ())


def test_what_is_gathered_over_zeros_is_no_addition_to_a_value() -> None:
    """The messages of a graph layer, added up at their nodes; x + that is the merge."""
    zeros = stored(7, 8, data=None, literal=True, learned=False)
    lines = ("h = MatMul(x, w)", "m = ScatterElements(o, i, h) axis=0 reduction=add", "y = Add(x, m)")
    report = audit_draft(listing(*lines, x=(7, 8), i=TensorType((7, 8), "int64"), w=stored(8, 8), o=zeros))
    assert report.totals.adds == 1
    assert [(s.merge.name, s.kind) for s in report.shortcuts] == [("y", "identity")]

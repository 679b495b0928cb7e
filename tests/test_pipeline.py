"""In which order do the stages run? From a file to a report, and what the caller's sizes change on the way."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from shortcut_audit import audit
from shortcut_audit.errors import UnreadableModel, UsageError
from shortcut_audit.pipeline import audit_draft
from tests.gallery import pictures
from tests.networks import network, save
from tests.sketch import listing


@pytest.fixture
def two_blocks(tmp_path: Path) -> str:
    """An identity and a projection over 8 channels of 16x16, the batch left open."""
    return str(save(tmp_path / "two.onnx", network("identity", "projection", batch="batch")))


def test_from_a_file_to_a_report(two_blocks: str) -> None:
    report = audit(two_blocks)
    assert (report.source, report.format) == (two_blocks, "onnx")
    assert [(shortcut.key, shortcut.kind) for shortcut in report.shortcuts] == [
        ("blocks.0", "identity"),
        ("blocks.1", "projection"),
    ]
    assert (report.totals.parameters, report.totals.macs, report.symbols) == (2_368, None, ("batch",))  # 4 x 576 + 64


@pytest.mark.parametrize(("batch", "macs"), [(1, 606_208), (2, 1_212_416)])
def test_a_dimension_that_the_caller_binds_settles_the_costs(two_blocks: str, batch: int, macs: int) -> None:
    """256 positions x (4 x 576 + 64), for each image of the batch."""
    bound = audit(two_blocks, dims={"batch": batch})
    assert (bound.totals.macs, bound.totals.lower_bound, bound.symbols) == (macs, False, ())
    given = audit(two_blocks, inputs=[f"x={batch}x8x16x16"])
    assert given.totals == bound.totals
    assert given.shortcuts == bound.shortcuts


def test_the_caller_s_sizes_change_no_verdict(two_blocks: str) -> None:
    open_, bound = audit(two_blocks), audit(two_blocks, dims={"batch": 4})
    assert [(s.key, s.kind, s.parameters) for s in open_.shortcuts] == [
        (s.key, s.kind, s.parameters) for s in bound.shortcuts
    ]


def test_a_slip_of_the_pen_is_told_before_anything_is_concluded(two_blocks: str) -> None:
    with pytest.raises(UsageError, match="no dimension 'bacth'"):
        audit(two_blocks, dims={"bacth": 1})


def test_what_is_no_graph_has_no_report() -> None:
    with pytest.raises(UnreadableModel, match="cycle"):
        audit_draft(listing("a = Add(x, b)", "b = Relu(a)", x=(1, 8), outputs=("b",)))


def test_two_runs_say_the_same(two_blocks: str) -> None:
    assert audit(two_blocks) == audit(two_blocks)


def _leaving(works: Mapping[str, Callable[[], object]]) -> list[str]:
    """Which works leave objects that hold each other in a circle, so that only a search for such frees them."""
    for work in works.values():
        work()  # what is imported, and made once, is none
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        return [name for name, work in works.items() if work() is not None and gc.collect()]
    finally:
        gc.enable()
        gc.unfreeze()


def test_an_audit_frees_its_graph_when_it_is_over() -> None:
    """A graph in which anything leads back to itself stays in memory beside those that are audited next."""
    assert _leaving({each.title: partial(audit_draft, each.draft()) for each in pictures()}) == []


def test_so_does_a_reader() -> None:
    samples = ("resnet18.onnx", "transformer.onnx", "resnet18.pt2", "transformer.pt2")
    folder = Path(__file__).parents[1] / "samples"
    assert _leaving({sample: partial(audit, str(folder / sample)) for sample in samples}) == []

"""Which values are joined with what was computed from them?"""

from __future__ import annotations

import pytest

from shortcut_audit.search import concatenations
from tests.sketch import audited, sketch


def joints(*lines: str, shape: tuple[int | str | None, ...] = (1, 8, 4, 4)) -> list[tuple[str, tuple[str, ...]]]:
    found = concatenations.find(sketch(*lines, shape=shape))
    return [(joint.op.name, joint.joins) for joint in found]


def test_a_dense_block_carries_every_value_over() -> None:
    block = (
        "x -> Conv.1 -> Concat.1",
        "x -> Concat.1 -> Conv.2{in=16} -> Concat.2",
        "x -> Concat.2",
        "Conv.1 -> Concat.2",
    )
    assert joints(*block) == [("Concat.1", ("x",)), ("Concat.2", ("x", "Conv.1"))]


def test_a_u_net_carries_its_encoder_over() -> None:
    net = ("x -> Conv.1 -> MaxPool -> Conv.2 -> Resize -> Concat", "Conv.1 -> Concat -> Conv.3{in=16}")
    assert joints(*net) == [("Concat", ("Conv.1",))]


@pytest.mark.parametrize(
    "siblings",
    [
        ("x -> Conv.1 -> Concat", "x -> Conv.2 -> Concat"),
        ("x -> Split.0 -> Neg -> Concat", "Split.0:1 -> Concat"),
        ("x -> Split.0 -> Conv.1{in=4} -> Concat", "Split.0:1 -> Concat"),
        ("x -> Relu -> Concat", "x -> Concat"),
        ("x -> Concat", "y -> Concat"),
    ],
    ids=["branches", "rotated halves", "a half that is not mapped", "no layer between", "two inputs"],
)
def test_what_was_not_computed_from_each_other_is_no_skip(siblings: tuple[str, ...]) -> None:
    assert joints(*siblings) == []


def test_the_report_counts_and_lists_them() -> None:
    report = audited("x -> Conv.1 -> Concat", "x -> Concat")
    assert report.concatenations is not None
    (joint,) = report.concatenations
    assert (joint.name, joint.shape, joint.source, joint.joins) == ("Concat", (1, 16, 4, 4), None, ("x",))
    assert (report.totals.adds, report.shortcuts) == (0, ())
    assert report.notes == (
        "1 concatenation joins a value with what was computed from it: DenseNet's and U-Net's skips",
    )


def test_joints_that_are_all_nested_in_each_other() -> None:
    """A hundred joints, each over all that is behind it: the first joins x with a layer of it, too."""
    lines = [f"Concat.{i} -> Conv.{i}{{in=16,out=8}} -> Concat.{i + 1}" for i in range(100)]
    skips = [f"x -> Concat.{i + 1}" for i in range(100)]
    found = joints("x -> Conv.x -> Concat.0", "x -> Concat.0", *lines, *skips)
    assert found == [(f"Concat.{i}", ("x",)) for i in range(101)]

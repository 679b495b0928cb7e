"""What lies between fork and operands, and which stretches are leapt over?"""

from __future__ import annotations

import pytest

from shortcut_audit.search.between import Between
from tests.search.around import Search, search, searches
from tests.sketch import audited

# --- what lies between -----------------------------------------------------------------------------------------------


def between(*lines: str) -> tuple[Search, Between]:
    found = search(*lines)
    return found, Between(found.lineage, found.seen)


def test_between_fork_and_operand_lie_the_ops_that_the_fork_reaches() -> None:
    """What comes in from the side (z, and what is computed from it) does not."""
    found, region = between("x -> Conv.1 -> Mul -> Relu -> Add", "z -> Sigmoid -> Mul", "x -> Add")
    (way,) = found.seen.ways
    assert [op.name for op in region.ops(0, [found.operands[0]])] == ["Conv.1", "Mul", "Relu"]
    assert region.ops(0, [found.operands[way.operand]]) == ()


def test_an_op_with_two_outputs_counts_once() -> None:
    found, region = between(
        "x -> Split -> Conv.1 -> Concat -> Conv.2 -> Add", "Split:1 -> Concat", "x -> Split", "x -> Add"
    )
    extent = region.extent(0, [found.operands[0]])
    assert (extent.ops, extent.weight_layers) == (4, 2)  # Split, Conv.1, Concat, Conv.2


def test_which_ways_reach_an_operand_and_how() -> None:
    found, region = between("x -> AveragePool -> Add", "x -> Conv.1 -> Relu -> Add")
    pooled, nonlinear = (region.reached(operand) for operand in found.operands)
    assert [bool(ways) for ways in pooled.levels] == [False, True, True, True, True, True, True]  # from SELECTION on
    assert [bool(ways) for ways in nonlinear.levels] == [False, False, False, False, False, False, True]
    assert (bool(pooled.working), bool(pooled.mixing)) == (True, True)


def test_an_operand_that_no_way_reaches() -> None:
    found, region = between("x -> Sum", "x -> Conv -> Relu -> Sum", "z -> Sum")
    assert not any(region.reached(found.operands[2]).levels)


# --- closing ---------------------------------------------------------------------------------------------------------


def blocks(count: int) -> list[str]:
    """A chain of residual blocks."""
    return [f"{'x' if i == 0 else f'Add.{i - 1}'} -> Conv.{i} -> Relu.{i} -> Add.{i}" for i in range(count)] + [
        f"{'x' if i == 0 else f'Add.{i - 1}'} -> Add.{i}" for i in range(count)
    ]


def test_a_block_whose_past_passes_through_one_value_is_closed() -> None:
    (found,) = searches(*blocks(1))
    number = found.lineage.number
    ((result, (entry, extent)),) = found.lineage.closed.items()
    assert (result, entry) == (number["Add.0"], number["x"])
    assert (extent.ops, extent.weight_layers, extent.parameters) == (3, 1, 576)  # Conv of 8 x 8 x 3 x 3, Relu, Add


def test_a_block_that_reads_another_input_stays_open() -> None:
    assert search("mask -> Mul", "x -> Mul -> Conv -> Relu -> Add", "x -> Add").lineage.closed == {}


def test_a_long_skip_leaps_over_closed_blocks() -> None:
    *_, last = searches(*blocks(50), "Add.49 -> Conv.last -> Sigmoid -> Add.long", "x -> Add.long")
    assert set(last.cones) == {"Sigmoid", "Conv.last", "Add.49", "Add.48"} | {f"Add.{i}" for i in range(48)} | {"x"}
    assert len(last.seen.leaps) == 50


def test_what_was_leapt_over_counts_all_the_same() -> None:
    """50 blocks of three ops, one with weights, and the last two: Conv and Sigmoid."""
    report = audited(*blocks(50), "Add.49 -> Conv.last -> Sigmoid -> Add.long", "x -> Add.long")
    (long,) = [shortcut for shortcut in report.shortcuts if shortcut.merge.name == "Add.long"]
    assert (long.kind, long.span.ops, long.span.weight_layers) == ("identity", 152, 51)
    assert long.span.parameters == 29_376  # 51 x 8 x 8 x 3 x 3


def test_no_leap_over_a_value_that_somebody_else_reads() -> None:
    """The second merge adds a value from inside the first block."""
    drawn = (
        "x -> Conv.1 -> Relu.1 -> Conv.2 -> Add.1 -> Conv.3 -> Relu.3 -> Add.2",
        "x -> Add.1",
        "Relu.1 -> Add.2",
    )
    _, second = searches(*drawn)
    assert second.ways == {"Relu.1": ("Relu.1", [])}
    assert second.seen.leaps == frozenset()


@pytest.mark.parametrize("depth", [100, 600])
def test_nested_skips_cost_what_they_add(depth: int) -> None:
    """A U-Net of additions: each search sees its own level, not all that lie inside."""
    down = " -> ".join(f"Conv.d{i} -> Relu.d{i}" for i in range(depth))
    up = " -> ".join(f"Conv.u{i} -> Relu.u{i} -> Add.{i}" for i in reversed(range(depth)))
    skips = [f"Relu.d{i} -> Add.{i}" for i in range(depth)]
    found = searches(f"x -> {down} -> {up}", *skips)
    assert len(found) == depth
    seen = sum(len(one.cones) for one in found)
    assert seen <= 7 * depth  # an Add inside, and three values on either side of it


def test_a_chain_of_skips_costs_what_it_is_long() -> None:
    seen = [sum(len(one.cones) for one in searches(*blocks(count))) for count in (100, 200)]
    assert seen[1] <= 2 * seen[0]


def test_a_block_that_reads_an_input_met_before_the_other_stays_open() -> None:
    """The mask is the later of the two inputs, and its own end: not all passes through x."""
    drawn = ("x -> Add", "x -> Mul -> Conv -> Relu -> Add", "mask -> Mul")
    assert search(*drawn).lineage.closed == {}


def test_what_was_leapt_over_is_listed_and_nothing_before_it() -> None:
    """Two blocks behind a convolution that is the fork; what lies before that is not between."""
    first = [line.replace("x -> ", "Conv.in -> ") for line in blocks(2)]
    drawn = ("x -> Conv.in", *first, "Add.1 -> Conv.last -> Sigmoid -> Add.long", "Conv.in -> Add.long")
    *_, last = searches(*drawn)
    assert len(last.seen.leaps) == 2
    ops = Between(last.lineage, last.seen).ops(0, [last.operands[0]])
    assert [op.name for op in ops] == [
        "Conv.0", "Relu.0", "Add.0", "Conv.1", "Relu.1", "Add.1", "Conv.last", "Sigmoid",
    ]  # fmt: skip


def test_a_stretch_around_stretches_holds_what_they_hold() -> None:
    """Two blocks of Conv, Relu, Add; around them Conv.last, Sigmoid and the last Add: nine ops, three convolutions."""
    *_, last = searches(*blocks(2), "Add.1 -> Conv.last -> Sigmoid -> Add.long", "x -> Add.long")
    entry, extent = last.lineage.closed[last.lineage.number["Add.long"]]
    assert entry == last.lineage.number["x"]
    assert (extent.ops, extent.weight_layers, extent.parameters) == (9, 3, 1_728)  # 3 x 8 x 8 x 3 x 3

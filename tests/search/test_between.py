"""What lies between fork and operands, and which stretches are leapt over?"""

from __future__ import annotations

import random

import pytest

from shortcut_audit.search import merges
from shortcut_audit.search.between import Between, Field
from shortcut_audit.search.extent import NOTHING
from shortcut_audit.search.lineage import Lineage
from tests.search.around import search, searches
from tests.sketch import audited, sketch

# --- what lies between -----------------------------------------------------------------------------------------------


def test_between_fork_and_operand_lie_the_ops_that_the_fork_reaches() -> None:
    """What comes in from the side (z, and what is computed from it) does not."""
    found = search("x -> Conv.1 -> Mul -> Relu -> Add", "z -> Sigmoid -> Mul", "x -> Add")
    (way,) = found.ways_found
    assert [op.name for op in found.field.ops([found.operands[0]])] == ["Conv.1", "Mul", "Relu"]
    assert found.field.ops([found.operands[way.operand]]) == ()


def test_an_op_with_two_outputs_counts_once() -> None:
    found = search("x -> Split -> Conv.1 -> Concat -> Conv.2 -> Add", "Split:1 -> Concat", "x -> Split", "x -> Add")
    extent = found.field.extent([found.operands[0]])
    assert (extent.ops, extent.weight_layers) == (4, 2)  # Split, Conv.1, Concat, Conv.2


def test_an_op_with_two_outputs_counts_once_however_often_it_is_met() -> None:
    """One half is measured before the other one, and before both together."""
    drawn = "x -> Split -> Conv.1 -> Sum", "Split:1 -> Conv.2 -> Sum", "x -> Split", "x -> Sum"
    found = search(*drawn)
    first, second = found.operands[:2]
    field = found.between.field(found.lineage.number["x"])
    assert [field.extent(numbers).ops for numbers in ([first], [second], [first, second])] == [2, 2, 3]


def test_an_op_with_two_outputs_counts_once_beside_a_cut() -> None:
    """Both halves are read straight from the fork: Split and Concat."""
    drawn = "x -> Split -> Concat -> Add", "Split:1 -> Concat", "x -> Relu -> Add"
    found = search(*drawn)
    number = found.lineage.number
    beside = found.between.field(number["x"], frozenset({number["Relu"]}))
    assert beside.extent([number["Concat"]]).ops == 2


def chains(seed: int) -> tuple[Lineage, list[int]]:
    """A graph of 30 ops that read one or two earlier values each, drawn by chance."""
    drawn = random.Random(seed)
    names = ["x", "z"]
    lines = []
    for i in range(30):
        kind = drawn.choice(["Relu", "Conv", "Mul", "Add"])
        read = drawn.sample(names, 2) if kind in {"Mul", "Add"} else drawn.sample(names[-6:], 1)
        lines += [f"{name} -> {kind}.{i}" for name in read]
        names.append(f"{kind}.{i}")
    sums = merges.find(sketch(*lines))
    lineage = Lineage(sums.graph, sums.merges)
    between = Between(lineage)
    for merge in sums.merges:
        between.close(lineage.number[merge.result.id])
    return lineage, list(range(len(lineage.values)))


@pytest.mark.parametrize("seed", range(40))
def test_what_lies_between_is_measured_the_same_whatever_was_measured_before(seed: int) -> None:
    """Against the sum over what each value is computed from, op by op, for one fork and 40 sets of values."""
    lineage, numbers = chains(seed)
    drawn = random.Random(seed)
    fork = drawn.choice(numbers[:8])
    field = Field(lineage, fork, frozenset())
    after = {fork}
    for number in numbers:
        if not after.isdisjoint(lineage.above[number]):
            after.add(number)
    for _ in range(40):
        tops = drawn.sample(numbers, drawn.choice([1, 1, 2, 3]))
        before, waiting = set(tops), list(tops)
        while waiting:
            above = set(lineage.above[waiting.pop()]) - before
            before |= above
            waiting += above
        ops = {op: None for n in sorted(before & after - {fork}) if (op := lineage.values[n].op) is not None}
        extent = field.extent(tops)
        assert extent == sum((lineage.measure.of(op) for op in ops), NOTHING)
        assert field.ops(tops) == tuple(ops)
        assert [field.reached(n) is not None for n in tops] == [n in after for n in tops]


def test_a_branch_that_reads_the_fork_joined_with_others() -> None:
    joined = search("x -> Concat -> Conv -> Add", "z -> Concat", "x -> Add")
    mapped = search("x -> Conv -> Relu -> Add", "x -> Add")
    both = search("x -> Concat -> Conv -> Sum -> Relu -> Add", "z -> Concat", "x -> Conv.2 -> Sum", "x -> Add")
    assert [each.field.is_joined(each.operands[:1]) for each in (joined, mapped, both)] == [True, False, False]


# --- closing ---------------------------------------------------------------------------------------------------------


def blocks(count: int) -> list[str]:
    """A chain of residual blocks."""
    return [f"{'x' if i == 0 else f'Add.{i - 1}'} -> Conv.{i} -> Relu.{i} -> Add.{i}" for i in range(count)] + [
        f"{'x' if i == 0 else f'Add.{i - 1}'} -> Add.{i}" for i in range(count)
    ]


def test_a_block_whose_past_passes_through_one_value_is_closed() -> None:
    (found,) = searches(*blocks(1), "Add.0 -> Sigmoid")
    number = found.lineage.number
    ((result, (entry, extent, _)),) = found.lineage.closed.items()
    assert (result, entry) == (number["Add.0"], number["x"])
    assert (extent.ops, extent.weight_layers, extent.parameters) == (3, 1, 576)  # Conv of 8 x 8 x 3 x 3, Relu, Add


def test_a_block_that_reads_another_input_stays_open() -> None:
    assert search("mask -> Mul", "x -> Mul -> Conv -> Relu -> Add -> Tanh", "x -> Add").lineage.closed == {}


def test_a_block_that_nobody_reads_is_not_closed() -> None:
    (found,) = searches(*blocks(1))
    assert found.lineage.closed == {}


def test_a_long_skip_leaps_over_closed_blocks() -> None:
    *_, last = searches(*blocks(50), "Add.49 -> Conv.last -> Sigmoid -> Add.long", "x -> Add.long")
    region = last.field.region(last.operands[:1])
    assert [last.name(n) for n in region] == [*(f"Add.{i}" for i in range(50)), "Conv.last", "Sigmoid"]
    assert [last.name(n) for n in sorted(region.leapt)] == [f"Add.{i}" for i in range(50)]


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
    assert second.field.region(second.operands).leapt == {}


@pytest.mark.parametrize("depth", [100, 600])
def test_nested_skips_cost_what_they_add(depth: int) -> None:
    """A U-Net of additions: each search sees its own level, not all that lie inside."""
    down = " -> ".join(f"Conv.d{i} -> Relu.d{i}" for i in range(depth))
    up = " -> ".join(f"Conv.u{i} -> Relu.u{i} -> Add.{i}" for i in reversed(range(depth)))
    skips = [f"Relu.d{i} -> Add.{i}" for i in range(depth)]
    found = searches(f"x -> {down} -> {up}", *skips)
    assert len(found) == depth
    seen = sum(len(one.field.region(one.operands)) for one in found)
    assert seen <= 7 * depth  # an Add inside, and three values on either side of it


def test_a_chain_of_skips_costs_what_it_is_long() -> None:
    seen = [sum(len(one.field.region(one.operands)) for one in searches(*blocks(count))) for count in (100, 200)]
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
    assert len(last.field.region(last.operands).leapt) == 2
    ops = last.field.ops(last.operands[:1])
    assert [op.name for op in ops] == [
        "Conv.0", "Relu.0", "Add.0", "Conv.1", "Relu.1", "Add.1", "Conv.last", "Sigmoid",
    ]  # fmt: skip


def test_a_stretch_around_stretches_holds_what_they_hold() -> None:
    """Two blocks of Conv, Relu, Add; around them Conv.last, Sigmoid and the last Add: nine ops, three convolutions."""
    *_, last = searches(*blocks(2), "Add.1 -> Conv.last -> Sigmoid -> Add.long -> Tanh", "x -> Add.long")
    entry, extent, _ = last.lineage.closed[last.lineage.number["Add.long"]]
    assert entry == last.lineage.number["x"]
    assert (extent.ops, extent.weight_layers, extent.parameters) == (9, 3, 1_728)  # 3 x 8 x 8 x 3 x 3

"""What lies between an addition and what its operands have in common, and what does each way cost?"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from shortcut_audit import merges
from shortcut_audit.lineage import UNIT, Between, Exploration, Lineage, close, dearest, explore
from shortcut_audit.operators import Step
from tests.sketch import audited, sketch


@dataclass
class Search:
    """The search around one merge, with names instead of numbers."""

    lineage: Lineage
    operands: list[int]
    seen: Exploration

    @property
    def ways(self) -> dict[str, tuple[str, list[str]]]:
        """For each operand that has a way: where it ends, and the classes of its steps from there."""
        return {
            self.name(self.operands[way.operand]): (self.name(way.fork), [Step(level).name for *_, level in way.links])
            for way in self.seen.ways
        }

    @property
    def cones(self) -> dict[str, str]:
        """For each value seen, the operands that are computed from it, as positions."""
        return {
            self.name(number): "".join(str(p) for p in range(8) if cone >> p & 1)
            for number, cone in self.seen.cones.items()
        }

    def name(self, number: int) -> str:
        return self.lineage.values[number].id


def searches(*lines: str, shape: tuple[int | str | None, ...] = (1, 8, 4, 4)) -> list[Search]:
    """The searches around the merges of a drawing, in order, each merge closed behind it."""
    graph = sketch(*lines, shape=shape)
    lineage = Lineage(graph)
    made = []
    for merge in merges.find(graph)[0]:
        operands = [lineage.number[term.value] for term in merge.operands]
        seen = explore(lineage, operands, [UNIT[Step.SCALE] if term.negated else 0 for term in merge.operands])
        folded = [lineage.number[name] for op in merge.folded for name in op.outputs if name is not None]
        close(lineage, lineage.number[merge.result.id], folded, seen)
        made.append(Search(lineage, operands, seen))
    return made


def search(*lines: str) -> Search:
    return searches(*lines)[-1]


# --- costs -----------------------------------------------------------------------------------------------------------


def test_one_dearer_step_outweighs_any_number_of_cheaper_ones() -> None:
    for cheap, dear in zip(Step, list(Step)[1:], strict=False):
        assert 1_000_000 * UNIT[cheap] < UNIT[dear]


def test_the_dearest_step_can_be_read_off_the_cost() -> None:
    assert dearest(0) is Step.VIEW
    assert dearest(3 * UNIT[Step.SELECTION] + UNIT[Step.GATE]) is Step.GATE
    assert dearest(1_000 * UNIT[Step.LINEAR]) is Step.LINEAR


def test_views_cost_nothing() -> None:
    """They are no reason to prefer one fork to another."""
    assert search("x -> Identity -> Cast -> Add", "x -> Conv -> Relu -> Add").seen.ways[0].cost == 0


# --- ways ------------------------------------------------------------------------------------------------------------


def test_an_operand_that_the_other_is_computed_from_is_its_own_fork() -> None:
    assert search("x -> Add", "x -> Conv -> Relu -> Add").ways == {"x": ("x", [])}


def test_a_way_lists_its_steps_from_the_fork_on() -> None:
    drawn = "x -> Slice -> Conv.p -> BatchNormalization -> Add", "x -> Conv.1 -> Relu -> Conv.2 -> Add"
    assert search(*drawn).ways == {"BatchNormalization": ("x", ["SELECTION", "LINEAR", "DIAGONAL"])}


def test_no_way_leads_through_a_nonlinearity() -> None:
    assert search("x -> Relu.1 -> Add", "x -> Relu.2 -> Add").ways == {}


def test_both_operands_may_have_a_way_and_the_cheaper_comes_first() -> None:
    found = search("x -> Conv.1 -> Conv.2 -> Add", "x -> Conv.p -> Add")
    assert list(found.ways.items()) == [("Conv.p", ("x", ["LINEAR"])), ("Conv.2", ("x", ["LINEAR", "LINEAR"]))]


def test_of_two_routes_to_one_fork_the_cheaper_is_taken() -> None:
    drawn = "x -> MaxPool -> Concat -> Add", "x -> BatchNormalization -> Concat", "x -> Conv -> Relu -> Add"
    assert search(*drawn).ways["Concat"] == ("x", ["SELECTION", "SELECTION"])


def test_the_nearest_fork_is_taken() -> None:
    """Both x and Conv.0 are common; Conv.0 is nearer."""
    drawn = "x -> Conv.0 -> Add", "Conv.0 -> Conv.1 -> Relu -> Add"
    assert search(*drawn).ways == {"Conv.0": ("Conv.0", [])}


def test_the_nearest_fork_is_the_one_at_the_end_of_the_cheapest_route() -> None:
    """Both x and z are gated, but x is pooled besides."""
    drawn = "x -> MaxPool -> Mul -> Add", "z -> Mul", "x -> Relu.x -> Sum -> Add", "z -> Relu.z -> Sum"
    assert search(*drawn).ways["Mul"] == ("z", ["GATE"])  # against x by way of SELECTION and GATE


def test_where_two_forks_cost_the_same_the_earlier_is_taken() -> None:
    """Highway: x is let through, not T(x) that is computed from it."""
    drawn = (
        "x -> Conv.T -> Sigmoid -> Mul.x -> Add",
        "x -> Mul.x",
        "Sigmoid -> Mul.f -> Add",
        "x -> Conv.f -> Relu -> Mul.f",
    )
    assert search(*drawn).ways["Mul.x"] == ("x", ["GATE"])


def test_a_negated_operand_has_cost_a_scale_already() -> None:
    found = search("x -> Conv -> Relu -> Sub", "x -> Sub")
    assert [dearest(way.cost) for way in found.seen.ways] == [Step.SCALE]


def test_a_gated_value_that_is_mapped_again_is_a_nonlinear_layer() -> None:
    """GLU (Shazeer 2020): no way leads through it. A gate on what was mapped is one."""
    unit = "x -> Conv.up -> Mul -> Conv.down -> Add", "x -> Conv.gate -> Sigmoid -> Mul", "x -> Relu -> Add"
    assert search(*unit).ways == {}
    gated = "x -> Conv.up -> Mul -> Add", "x -> Conv.gate -> Sigmoid -> Mul", "x -> Relu -> Add"
    assert search(*gated).ways == {"Mul": ("x", ["LINEAR", "GATE"])}


def test_siblings_are_no_forks_of_each_other() -> None:
    drawn = "x -> Split -> Conv.1 -> Relu -> Add", "Split:1 -> Add", "x -> Split"
    assert search(*drawn).ways == {"Split:1": ("x", ["SELECTION"])}


def test_a_value_of_a_sum_of_three_may_be_common_to_any_two() -> None:
    found = search("x -> Sum", "x -> Conv.1 -> Relu -> Sum", "z -> Sum")
    assert found.ways == {"x": ("x", [])}


# --- kinship ---------------------------------------------------------------------------------------------------------


def steps(*lines: str) -> list[str]:
    """The classes of the steps from x to the last value of a drawing."""
    graph = sketch(*lines)
    lineage = Lineage(graph)
    return [Step(level).name for _, level, _ in lineage.parents(len(lineage.values) - 1)]


def test_a_product_of_functions_of_one_element_is_an_activation() -> None:
    assert steps("x -> Sigmoid -> Mul", "x -> Mul") == ["NONLINEAR", "NONLINEAR"]
    assert steps("x -> Mul", "x -> Mul") == ["NONLINEAR", "NONLINEAR"]


def test_a_product_with_a_function_of_other_elements_is_a_gate() -> None:
    assert steps("x -> Conv -> Sigmoid -> Mul", "x -> Mul") == ["GATE", "GATE"]
    assert steps("x -> Split -> Sigmoid -> Mul", "Split:1 -> Mul", "x -> Split") == ["GATE", "GATE"]  # GLU


def test_what_is_divided_by_its_own_norm_is_normalised() -> None:
    assert steps("x -> Div", "x -> ReduceMean -> Sqrt -> Div")[0] == "DIAGONAL"


def test_a_statistic_behind_weights_is_none() -> None:
    assert steps("x -> Mul", "x -> ReduceMean -> Conv{k=1} -> Sigmoid -> Mul")[0] == "GATE"
    assert steps("x -> Mul", "x -> ReduceMean -> Mul.w -> Mul", "#w -> Mul.w")[0] == "GATE"


def test_what_mixes_positions_makes_no_statistic() -> None:
    assert steps("x -> Mul", "x -> Softmax -> Mul") == ["GATE", "GATE"]


def test_what_two_inputs_have_in_common_is_nothing() -> None:
    assert steps("x -> Mul", "z -> Mul") == ["GATE", "GATE"]


# --- cones and sources -----------------------------------------------------------------------------------------------


def test_a_cone_is_all_that_an_operand_is_computed_from() -> None:
    found = search("x -> Conv.1 -> Relu -> Add", "x -> Conv.p -> Add")
    assert found.cones == {"Relu": "0", "Conv.1": "0", "Conv.p": "1", "x": "01"}


def test_the_search_stops_once_nothing_cheaper_can_be_found() -> None:
    stem = " -> ".join(f"Conv.{i} -> Relu.{i}" for i in range(3_000))
    found = search(f"x -> {stem} -> Add", "Relu.2998 -> Add")
    assert len(found.cones) == 3  # Relu.2999, Conv.2999, Relu.2998


def test_sources_are_the_inputs_that_a_value_depends_on() -> None:
    graph = sketch("x -> Conv -> Mul", "z -> Relu -> Mul")
    lineage = Lineage(graph)
    sources = {name: lineage.sources(number) for name, number in lineage.number.items()}
    assert sources["x"] == sources["Conv"]
    assert sources["x"] & sources["z"] == 0
    assert sources["Mul"] == sources["x"] | sources["Relu"]


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

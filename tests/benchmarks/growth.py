"""Does the work grow with the model, and no faster?

`exponent` fits how the work grows against values + edges: the work is counted in calls of Python functions, which a
machine's speed does not change.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import TypeVar

from shortcut_audit.account.compose import compose
from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Draft
from shortcut_audit.report import ModelReport
from shortcut_audit.search import search
from tests.benchmarks import blocks, shapes

GROWING: Mapping[str, tuple[Callable[[int], Draft], int]] = {
    "side input": (shapes.side_input, 40),
    "positions": (shapes.positions, 20),
    "mask": (shapes.mask, 40),
    "one sum": (shapes.one_sum, 60),
    "fed sum": (shapes.fed_sum, 60),
    "sum of functions": (shapes.sum_of_functions, 60),
    "sum of scaled": (shapes.sum_of_scaled, 60),
    "joined inputs": (shapes.joined_inputs, 120),
    "fan": (shapes.fan, 60),
    "nested": (shapes.nested, 40),
    "views": (shapes.views, 100),
    "linear sum": (shapes.linear_sum, 60),
    "ladder": (shapes.ladder, 60),
    "concatenated": (shapes.concatenated, 24),
    "powers": (shapes.powers, 60),
    "summing all": (shapes.summing_all, 12),
    "side sum": (shapes.side_sum, 40),
    "added value": (shapes.added_value, 40),
    "long stem": (shapes.long_stem, 40),
    "diamonds": (shapes.diamonds, 30),
    "gates": (shapes.gates, 30),
    "distributed": (shapes.distributed, 25),
    "towers": (shapes.towers, 25),
    "scan": (shapes.scan, 25),
    "joined ladder": (shapes.joined_ladder, 40),
    "heads": (shapes.heads, 40),
    "pieces": (shapes.pieces, 40),
    "sequence": (shapes.sequence, 40),
    "choices": (shapes.choices, 30),
    "wide joints": (shapes.wide_joints, 5),
    "one long sum": (shapes.one_long_sum, 60),
    "idle route": (shapes.idle_route, 60),
    "solver": (shapes.solver, 30),
    "shared route": (shapes.shared_route, 20),
    "parallel chains": (shapes.parallel_chains, 30),
    "skip sum": (shapes.skip_sum, 30),
    "crossing": (shapes.crossing, 30),
    "nested choices": (shapes.nested_choices, 30),
    "gated route": (shapes.gated_route, 20),
    "branching route": (blocks.branching_route, 48),
}
"""Each model, and the smallest number of layers that is fitted."""

BLOCKS: tuple[Callable[[int], Draft], ...] = (
    blocks.views_between,
    blocks.joined_and_split,
    blocks.split_stream,
    blocks.shared_weight,
    blocks.quantised,
    blocks.opaque_branches,
    blocks.opaque_chain,
    blocks.opaque_pairs,
    blocks.fan_of_gates,
    blocks.experts,
    blocks.gated_sum,
    blocks.masked,
    blocks.tree,
    blocks.tree_read_again,
    blocks.fibonacci,
    blocks.fibonacci_of_layers,
    blocks.lerps,
    blocks.shared_gate,
    blocks.gru,
    blocks.lstm,
    blocks.ligru,
    blocks.mingru,
    blocks.inputs,
    blocks.stretched_terms,
    blocks.softmax_written_out,
    blocks.norms_written_out,
    blocks.dense_blocks,
    blocks.unet_of_residuals,
    blocks.hyper_connections,
    blocks.streams,
    blocks.reversible,
    blocks.stacked,
    blocks.telescope,
    blocks.horner,
    blocks.scaled_sums,
    blocks.factored,
    blocks.res2net,
    blocks.memory,
    blocks.fused_stages,
    blocks.made_weights,
    blocks.same_terms,
    blocks.same_long_terms,
    blocks.prefix_sums,
    blocks.strided,
    blocks.long_names,
    blocks.copies,
    blocks.folded_weights,
    blocks.attention_by_scalars,
    blocks.masks_in_a_row,
    blocks.shared_route_of_gates,
    blocks.gates_of_the_stream,
    blocks.projected_route,
    blocks.pooled_route,
    blocks.viewed_route,
    blocks.scaled_route,
    blocks.squeeze_excite,
    blocks.rezero,
    blocks.cross_gated,
    blocks.lookups,
    blocks.delays,
    blocks.scattered,
    blocks.rotary,
    blocks.runge_kutta,
    blocks.unet,
    blocks.shared_state,
    blocks.slices_in_turn,
    blocks.substitution,
    blocks.doubled,
    blocks.sums_of_maps,
    blocks.sums_of_maps_of_a_slice,
    blocks.fed_route,
    blocks.fed_gates,
    blocks.obscure_joints,
)
"""Blocks of which BLOCK_COUNT are the fewest that are fitted."""

BLOCK_COUNT = 8


Done = TypeVar("Done")


def counted(work: Callable[[], Done]) -> tuple[int, Done]:
    """Calls of Python functions that some work takes, and what comes of it."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        done = work()
    finally:
        sys.setprofile(before)
    return calls, done


def _audit(draft: Draft) -> ModelReport:
    graph = assemble(draft)
    return compose(graph, search(graph))


def work(draft: Draft) -> tuple[int, int]:
    """Calls of Python functions from a draft to its report, and how many steps of routes that lists."""
    calls, report = counted(lambda: _audit(draft))
    return calls, sum(len(shortcut.route) for shortcut in report.shortcuts)


def exponent_of(work: Callable[[int], Callable[[], object]], things: int, doublings: int = 3) -> float:
    """How some work grows with how many things there are, over the last doubling."""
    calls = [counted(work(things * times))[0] for times in (2 ** (doublings - 1), 2**doublings)]
    return math.log2(calls[1] / calls[0])


def exponent(model: Callable[[int], Draft], layers: int, doublings: int = 3) -> float:
    """How work grows with values + edges + what the report lists: 1 is linear, 2 quadratic; over the last doubling."""
    points = []
    for times in (2 ** (doublings - 1), 2**doublings):
        draft = model(layers * times)
        graph = assemble(draft)
        calls, listed = work(draft)
        size = len(graph.values) + sum(len(readers) for readers in graph.readers.values()) + listed
        points.append((math.log(size), math.log(calls)))
    (small, little), (large, much) = points
    return (much - little) / (large - small)

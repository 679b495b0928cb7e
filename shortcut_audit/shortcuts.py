"""Which operand of a merge is the shortcut, by which route?

He et al. 2015: y = F(x) + x, or y = F(x) + W_s x. The operand that lets the fork x through by the cheapest route is
the shortcut; another operand must do real work, and strictly more than the shortcut (design, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass

from shortcut_audit.graph import ModelGraph, Op, Value
from shortcut_audit.lineage import UNIT, Between, Exploration, Lineage, dearest, explore
from shortcut_audit.merges import Merge, Refusal, Term
from shortcut_audit.operators import Step, is_weight_layer, macs


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a route: the value that it makes, the op that makes it, and what it does to what it lets through."""

    op: Op
    slot: int
    step: Step


@dataclass(frozen=True, slots=True)
class Found:
    """A shortcut, before it is classified and priced."""

    merge: Merge
    operand: Term
    fork: Value
    route: tuple[Link, ...]
    """From fork to merge; empty for a bare edge."""
    through: tuple[Op, ...]
    """Every op between the fork and this operand: the route, its gates, and ways beside it."""
    residual: tuple[Op, ...]
    """Every op between the fork and the operands that do the work."""


def find(lineage: Lineage, merge: Merge) -> tuple[Found, ...] | Refusal:
    """The shortcuts that a merge holds, cheapest first, or the reason why it holds none.

    Reasons: 1. "independent sources": the operands share no input; 2. "parallel branches": each operand changes what
    they share by a nonlinearity, or the cheapest does as much as the others; 3. "elementwise expression": no operand
    does real work between fork and merge.
    """
    numbers = [lineage.number[term.value] for term in merge.operands]
    offsets = [UNIT[Step.SCALE] if term.negated else 0 for term in merge.operands]
    exploration = explore(lineage, numbers, offsets)
    if not exploration.ways:
        return _unrelated(lineage, merge, numbers)
    return _Trial(lineage, merge, numbers, exploration).verdict()


def _unrelated(lineage: Lineage, merge: Merge, numbers: list[int]) -> Refusal:
    common = 0
    seen = 0
    for number in numbers:
        sources = lineage.sources(number)
        common, seen = common | (seen & sources), seen | sources
    if not common:
        return _refuse(merge, "independent sources", "the operands are computed from different inputs")  # 1
    return _refuse(merge, "parallel branches", "every operand passes a nonlinearity on its way from what they share")  # 2


def _refuse(merge: Merge, reason: str, detail: str) -> Refusal:
    return Refusal(merge.op, merge.result, reason, detail, merge.folded)


class _Trial:
    """One merge whose operands have values in common: which of them are shortcuts?"""

    def __init__(self, lineage: Lineage, merge: Merge, numbers: list[int], exploration: Exploration) -> None:
        self._lineage = lineage
        self._graph: ModelGraph = lineage.graph
        self._merge = merge
        self._numbers = numbers
        self._ways = exploration.ways
        self._between = Between(lineage, exploration)
        self._negated = [term.negated for term in merge.operands]

    def verdict(self) -> tuple[Found, ...] | Refusal:
        """Takes the operands, cheapest way first, as shortcuts, as long as another one does more."""
        workers = set(range(len(self._numbers)))
        accepted: list[int] = []
        objections: list[str] = []
        for position, way in enumerate(self._ways):
            workers.discard(way.operand)
            objection = self._objection(position, workers)
            if objection:
                objections.append(objection)
                workers.add(way.operand)
            else:
                accepted.append(position)
        if not accepted:
            details = {
                "parallel branches": "the operands do the same kind and amount of work on what they share",
                "elementwise expression": "no operand reads weights or mixes positions between fork and sum",
            }
            return _refuse(self._merge, objections[0], details[objections[0]])  # 2, 3
        return tuple(self._found(position, workers) for position in accepted)

    def _objection(self, position: int, workers: set[int]) -> str:
        """Why a way is no shortcut beside these operands; empty if it is one."""
        working = [worker for worker in workers if self._between.works(position, self._numbers[worker])]
        if not working:
            return "elementwise expression"
        return "" if any(self._does_more(position, worker) for worker in working) else "parallel branches"

    def _dearest(self, position: int, worker: int) -> Step:
        level = self._between.dearest(position, self._numbers[worker])
        assert level is not None, "an operand that works is computed from the fork"
        return max(level, Step.SCALE) if self._negated[worker] else level

    def _does_more(self, position: int, worker: int) -> bool:
        """Whether an operand does strictly more than the way.

        Cases: 1. a dearer class; 2. two equal linear maps (of the same weight shapes) are parallel, wherever they are
        applied; 3. it mixes positions, and the way does not; 4. it takes more MACs.
        """
        way = self._ways[position]
        own, other = dearest(way.cost), self._dearest(position, worker)
        if own != other:
            return other > own  # 1
        ops, mine = self._ops(position, 1 << worker), self._ops(position, 1 << way.operand)
        if own is Step.LINEAR and _maps(ops) == _maps(mine):
            return False  # 2
        mixing, mixed = (self._between.mixes(position, self._numbers[o]) for o in (worker, way.operand))
        if mixing != mixed:
            return mixing  # 3
        more, less = self._macs(ops), self._macs(mine)
        return more is not None and less is not None and more > less  # 4

    def _macs(self, ops: list[Op]) -> int | None:
        counts = [macs(self._graph, op) for op in ops]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    def _ops(self, position: int, operands: int) -> list[Op]:
        numbers = self._between.region(position, operands)
        made = (self._lineage.values[number].op for number in numbers)
        return list(dict.fromkeys(op for op in made if op is not None))

    def _found(self, position: int, workers: set[int]) -> Found:
        way = self._ways[position]
        links = []
        for number, slot, level in way.links:
            op = self._lineage.values[number].op
            assert op is not None, "a route leads through ops"
            links.append(Link(op, slot, Step(level)))
        return Found(
            merge=self._merge,
            operand=self._merge.operands[way.operand],
            fork=self._lineage.values[way.fork],
            route=tuple(links),
            through=tuple(self._ops(position, 1 << way.operand)),
            residual=tuple(self._ops(position, sum(1 << worker for worker in workers))),
        )


def _maps(ops: list[Op]) -> list[tuple[int, ...]]:
    """The shapes of the learned matrices and kernels that ops apply, transposed or not."""
    return sorted(tuple(sorted(w.shape)) for op in ops if is_weight_layer(op) for w in op.weights() if w.learned and len(w.shape) > 1)

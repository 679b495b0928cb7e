"""How does a test look into the search around a merge?"""

from __future__ import annotations

from dataclasses import dataclass

from shortcut_audit.search import merges
from shortcut_audit.search.between import close
from shortcut_audit.search.lineage import UNIT, Lineage
from shortcut_audit.search.steps import Step
from shortcut_audit.search.walk import Exploration, explore
from tests.sketch import sketch


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
    sums = merges.find(sketch(*lines, shape=shape))
    lineage = Lineage(sums.graph)
    made = []
    for merge in sums.merges:
        operands = [lineage.number[term.value] for term in merge.operands]
        seen = explore(lineage, operands, [UNIT[Step.SCALE] if term.negated else 0 for term in merge.operands])
        inside = [lineage.number[name] for op in merge.ops[:-1] for name in op.outputs if name is not None]
        close(lineage, lineage.number[merge.result.id], inside, seen)
        made.append(Search(lineage, operands, seen))
    return made


def search(*lines: str) -> Search:
    return searches(*lines)[-1]

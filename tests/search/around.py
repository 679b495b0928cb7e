"""How does a test look into the search around a merge?"""

from __future__ import annotations

from dataclasses import dataclass

from shortcut_audit.search import merges
from shortcut_audit.search.between import Between, Field
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.prices import UNIT
from shortcut_audit.search.steps import Step
from shortcut_audit.search.walk import Way, explore
from tests.sketch import sketch


@dataclass
class Search:
    """The search around one merge, with names instead of numbers."""

    between: Between
    operands: list[int]
    ways_found: tuple[Way, ...]

    @property
    def lineage(self) -> Lineage:
        return self.between.lineage

    @property
    def field(self) -> Field:
        """What is computed from the fork of the first way."""
        return self.between.field(self.ways_found[0].fork)

    @property
    def ways(self) -> dict[str, tuple[str, list[str]]]:
        """For each operand that has a way: where it ends, and the classes of its steps from there."""
        return {
            self.name(self.operands[way.operand]): (self.name(way.fork), [link.step.name for link in way.trail])
            for way in self.ways_found
        }

    def name(self, number: int) -> str:
        return self.lineage.values[number].id


def searches(*lines: str, shape: tuple[int | str | None, ...] = (1, 8, 4, 4)) -> list[Search]:
    """The searches around the merges of a drawing, in order, each merge closed behind it."""
    sums = merges.find(sketch(*lines, shape=shape))
    lineage = Lineage(sums.graph, sums.merges)
    between = Between(lineage)
    made = []
    for merge in sums.merges:
        operands = [lineage.number[term.value] for term in merge.operands]
        ways = explore(between.runs, operands, [UNIT[Step.SCALE] if term.negated else 0 for term in merge.operands])
        between.close(lineage.number[merge.result.id])
        made.append(Search(between, operands, ways))
    return made


def search(*lines: str) -> Search:
    return searches(*lines)[-1]

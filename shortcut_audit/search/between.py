"""What lies between a fork and the operands of a merge?

Each value that is computed from a fork is looked at once, for all merges that come back to that fork: what they have in
common is measured once. Where the whole past of a merge passes through one value, the stretch between the two is
*closed*, and later searches leap over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shortcut_audit.graph.model import Op
from shortcut_audit.search.extent import NOTHING, Extent
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.reach import Reach, Region
from shortcut_audit.search.steps import Step


@dataclass(slots=True)
class _Tract:
    """What lies between a fork and some values, all of it, and what it holds."""

    last: set[int]
    """Those of the values from which no other one is computed."""
    members: set[int]
    latest: int
    leaps: bool
    """Whether stretches were leapt over: what lies in them is no member."""
    extent: Extent
    shared: set[Op]
    """The ops among them that make several values."""


class Field(Reach):
    """What is computed from one fork, beside a cut, and what it holds."""

    __slots__ = ("_extents", "_tract")

    def __init__(self, lineage: Lineage, fork: int, cut: frozenset[int]) -> None:
        super().__init__(lineage, fork, cut)
        self._extents: dict[int, Extent] = {}
        """What lies between the fork and some values, those included."""
        self._tract: _Tract | None = None
        """What was looked at last."""

    def extent(self, operands: Iterable[int]) -> Extent:
        """What lies between the fork and some values.

        What has been looked at is not looked at again: 1. if all that was looked at last lies before these values, too,
        what is new is added to it; 2. where all passes through one value again, what lies before that is known.
        """
        tops = self.computed(operands)
        if not tops:
            return NOTHING
        if len(tops) == 1 and tops[0] in self._extents:
            return self._extents[tops[0]]
        found = self._extended(tops, self._tract) if self._tract is not None else None
        if found is None:
            found = self._measured(tops)
        if len(tops) == 1:
            self._extents[tops[0]] = found
        return found

    def _extended(self, tops: Sequence[int], tract: _Tract) -> Extent | None:
        """What lies before some values, if what was looked at last lies there as well."""
        region, met, new = Region(self, tops), set[int](), list[int]()
        for number in region.latest_first():
            if number in tract.members:
                met.add(number)
                continue
            if region.is_alone and number < region.earliest_sibling and not met and number in self._extents:
                return self._sum(new, region.leapt, self._extents[number], set())  # 2
            if number < tract.latest and tract.leaps:
                return None  # perhaps inside what was leapt over
            new.append(number)
            region.enter(number, earliest=tract.latest)
        if not tract.last <= met:
            return None
        tract.extent = self._sum(new, region.leapt, tract.extent, tract.shared)  # 1
        tract.members.update(new)
        tract.last, tract.latest = region.last, max([tract.latest, *new])
        tract.leaps = tract.leaps or bool(region.leapt)
        return tract.extent

    def _measured(self, tops: Sequence[int]) -> Extent:
        """What lies before some values, walked over as far as nothing is known."""
        region, new, alone, known = Region(self, tops), list[int](), list[int](), NOTHING
        whole = True
        for number in region.latest_first():
            if region.is_alone:
                if number in self._extents and number < region.earliest_sibling:
                    known, whole = self._extents[number], False  # 2
                    break
                alone.append(len(new))
            new.append(number)
            region.enter(number)
        shared, stop = set[Op](), len(new)
        for start in reversed(alone):
            known = self._sum(new[start:stop], region.leapt, known, shared)
            self._extents[new[start]], stop = known, start
        known = self._sum(new[:stop], region.leapt, known, shared)
        if whole:
            self._tract = _Tract(region.last, set(new), new[0], bool(region.leapt), known, shared)
        return known

    def _sum(self, numbers: Sequence[int], leapt: Mapping[int, Extent], total: Extent, shared: set[Op]) -> Extent:
        """What some values, the latest first, add to a total. An op that makes several counts once: `shared`."""
        for number in reversed(numbers):
            op = self.lineage.values[number].op
            if number not in leapt and op is not None and len(op.outputs) > 1:
                if op in shared:
                    continue
                shared.add(op)
            total += leapt[number] if number in leapt else self.held(number)
        return total


KEPT = 1 << 16
"""How many values are kept in mind for the forks that may come again."""

TIDIED = 64
"""How many fields are made before those are forgotten that nobody will come back to."""


class Between:
    """The fields of one search."""

    __slots__ = ("_fields", "_made", "lineage")

    def __init__(self, lineage: Lineage) -> None:
        self.lineage = lineage
        self._fields: dict[tuple[int, frozenset[int]], Field] = {}
        self._made = 0

    def field(self, fork: int, cut: frozenset[int] = frozenset()) -> Field:
        """What is computed from a fork beside a cut."""
        key = fork, cut - {fork}
        found = self._fields.get(key)
        if found is None:
            self._made += 1
            if self._made % TIDIED == 0:
                self._tidy()
            found = self._fields[key] = Field(self.lineage, *key)
        return found

    def _tidy(self) -> None:
        again = self.lineage.ancestry.is_read_again
        self._fields = {key: field for key, field in self._fields.items() if again(field.fork)}
        if sum(map(len, self._fields.values())) > KEPT:
            self._fields.clear()

    def close(self, result: int) -> None:
        """Notes the stretch between a merge's result and the one value through which all of its past passes, if any."""
        lineage = self.lineage
        entry = lineage.ancestry.dominator(result)
        if entry is None or any(level != Step.NONLINEAR for _, level, _ in lineage.parents(result)):
            return  # open, or walkers may pass through the result
        op = lineage.values[result].op
        assert op is not None, "a sum is made by an op"
        inside = self.field(entry).extent(lineage.above[result])
        lineage.closed[result] = entry, inside + lineage.measure.of(op)

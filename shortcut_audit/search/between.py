"""What lies between a fork and the operands of a merge?

Each value that is computed from a fork is looked at once, for all merges that come back to that fork: what they have in
common is measured once. Where the whole past of a merge passes through one value, the stretch between the two is
*closed*, and later searches leap over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shortcut_audit.graph.model import Op
from shortcut_audit.search.extent import NOTHING, Extent
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.reach import Reach, Region, joins
from shortcut_audit.search.steps import Step

BASES = 4
"""From how many values a field goes on that have been measured in it: two towers take turns, or three."""

JOINING, OTHERWISE = 1, 2
"""How a fork is read: by ops that join it with other values, or by others."""


class Content(NamedTuple):
    """What some values hold that are computed from a fork."""

    extent: Extent
    read: int
    """How they read the fork: of JOINING and OTHERWISE, those that there are."""


class Field(Reach):
    """What is computed from one fork, beside a cut, and what it holds."""

    __slots__ = ("_bases", "_known_contents")

    def __init__(self, lineage: Lineage, fork: int, cut: frozenset[int]) -> None:
        super().__init__(lineage, fork, cut)
        self._known_contents: dict[int, Content] = {}
        """What lies between the fork and some values, those included."""
        self._bases: dict[int, int] = {}
        """The pasts of the last values that were measured: what is in one of them has been counted with it."""

    def extent(self, operands: Iterable[int]) -> Extent:
        """What lies between the fork and some values."""
        return self.content(operands).extent

    def is_joined(self, operands: Iterable[int]) -> bool:
        """Whether the fork is read on the way to some values, and only by ops that join it with other values."""
        return self.content(operands).read == JOINING

    def content(self, operands: Iterable[int]) -> Content:
        """What lies between the fork and some values.

        What has been looked at is not looked at again: 1. where all passes through one value, what lies before that is
        known; 2. from a value that was measured, what is in its past has been counted.
        """
        tops = self.computed(operands)
        if not tops:
            return Content(NOTHING, 0)
        if len(tops) == 1 and tops[0] in self._known_contents:
            return self._known_contents[tops[0]]
        return self._measured(tops)

    def _measured(self, tops: Sequence[int]) -> Content:
        region, new, alone = Region(self, tops), list[int](), list[int]()
        base, known = _Base(self.lineage), Content(NOTHING, 0)
        for number in region.latest_first():
            if base.holds(number):
                continue
            if number in self._known_contents and not base and number < region.earliest_sibling:
                if region.is_alone:
                    known = self._known_contents[number]  # 1
                    break
                if number in self._bases:
                    known, base = self._known_contents[number], _Base(self.lineage, number, self._bases[number])  # 2
                    continue
            if region.is_alone and not base:
                alone.append(len(new))
            new.append(number)
            region.enter(number, earliest=base.number)
        stop = len(new)
        for start in reversed(alone):
            known = self._with(known, new[start:stop], region, base)
            self._known_contents[new[start]], stop = known, start
        known = self._with(known, new[:stop], region, base)
        if len(region.last) == 1:
            self._remember(min(region.last), known)
        return known

    def _remember(self, number: int, content: Content) -> None:
        self._known_contents[number] = content
        past = self.lineage.ancestry.kept(number)
        if past is not None and not self.out:  # beside a cut not all of a past is computed from the fork
            self._bases[number] = past
            if len(self._bases) > BASES:
                del self._bases[next(iter(self._bases))]

    def _with(self, known: Content, numbers: Sequence[int], region: Region, base: _Base) -> Content:
        """What some values, the latest first, add to what is known. An op that makes several counts once."""
        extent, read = known
        for number in reversed(numbers):
            if number in region.leapt:
                entry, held, way = self.lineage.closed[number]
                extent += held
                read |= way if entry == self.fork else 0
                continue
            op = self.lineage.values[number].op
            if op is None or base.counts(op):
                continue
            extent += self.lineage.measure.of(op)
            if self.fork in self.lineage.above[number]:
                read |= JOINING if joins(op) else OTHERWISE
        return Content(extent, read)


class _Base:
    """A value that was measured, and which other values have been counted with it; none without one."""

    __slots__ = ("_lineage", "_past", "counted", "number")

    def __init__(self, lineage: Lineage, number: int = -1, past: int = 0) -> None:
        self._lineage = lineage
        self.number = number
        self._past = past
        self.counted: set[Op] = set()
        """The ops that make several values, and have been counted since."""

    def __bool__(self) -> bool:
        return self.number >= 0

    def holds(self, number: int) -> bool:
        """Whether a value has been counted."""
        return self.number >= 0 and self._lineage.ancestry.holds(self._past, number)

    def counts(self, op: Op) -> bool:
        """Whether an op has been counted, with this value or since."""
        if len(op.outputs) < 2:
            return False
        made = (self._lineage.number[name] for name in op.outputs if name is not None)
        if op in self.counted or any(map(self.holds, made)):
            return True
        self.counted.add(op)
        return False


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
        inside, read = self.field(entry).content(lineage.above[result])
        read |= OTHERWISE if entry in lineage.above[result] else 0
        lineage.closed[result] = entry, inside + lineage.measure.of(op), read

"""What lies between a fork and the operands of a merge?

Each value that is computed from a fork is looked at once, for all merges that come back to that fork: what they have in
common is measured once. Where the whole past of a merge passes through one value, the stretch between the two is
*closed*, and later searches leap over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shortcut_audit.graph.model import Op
from shortcut_audit.search.extent import NOTHING, Extent, joined
from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.reach import Reach, Region
from shortcut_audit.search.reading import UNREAD, WHOLE, Reading, reading_of
from shortcut_audit.search.routes import Routes
from shortcut_audit.search.runs import Runs
from shortcut_audit.search.steps import Step


class Content(NamedTuple):
    """What some values hold that are computed from a fork."""

    extent: Extent
    read: Reading
    """How they read the fork."""


class Field(Reach):
    """What is computed from one fork, beside a cut, and what it holds."""

    __slots__ = ("_known_contents",)

    def __init__(self, lineage: Lineage, fork: int, cut: frozenset[int]) -> None:
        super().__init__(lineage, fork, cut)
        self._known_contents: dict[int, Content] = {}
        """What lies between the fork and some values, those included."""

    def extent(self, operands: Iterable[int]) -> Extent:
        """What lies between the fork and some values."""
        return self.content(operands).extent

    def is_joined(self, operands: Iterable[int]) -> bool:
        """Whether the fork is read on the way to some values, and only by ops that join it with other values."""
        read = self.content(operands).read
        return read.joined and not read.otherwise

    def content(self, operands: Iterable[int]) -> Content:
        """What lies between the fork and some values.

        What must be walked is not walked again: where all passes through one value, what lies before that is known.
        """
        numbers = tuple(operands)
        ops = self.between(numbers)
        if ops is not None:
            return Content(self.lineage.holdings.of(ops), self.lineage.readers(self.fork).among(ops))
        tops = self.computed(numbers)
        if not tops:
            return Content(NOTHING, UNREAD)
        if len(tops) == 1 and tops[0] in self._known_contents:
            return self._known_contents[tops[0]]
        return self._measured(tops)

    def _measured(self, tops: Sequence[int]) -> Content:
        region, new, alone = Region(self, tops), list[int](), list[int]()
        known = Content(NOTHING, UNREAD)
        for number in region.latest_first():
            if region.is_alone and number < region.earliest_sibling:
                if number in self._known_contents:
                    known = self._known_contents[number]
                    break
                alone.append(len(new))
            new.append(number)
            region.enter(number)
        stop = len(new)
        for start in reversed(alone):
            known = self._with(known, new[start:stop], region)
            self._known_contents[new[start]], stop = known, start
        known = self._with(known, new[:stop], region)
        if len(region.last) == 1:
            self._known_contents[min(region.last)] = known
        return known

    def _with(self, known: Content, numbers: Sequence[int], region: Region) -> Content:
        """What some values, the latest first, add to what is known. An op that makes several counts once."""
        extents, read, counted = [known.extent], known.read, set[Op]()
        for number in reversed(numbers):
            if number in region.leapt:
                entry, held, way = self.lineage.closed[number]
                extents.append(held)
                read = read.beside(way) if entry == self.fork else read
                continue
            value = self.lineage.values[number]
            if value.op is None:
                continue
            if self.fork in self.lineage.above[number]:
                read = read.beside(reading_of(self.lineage.graph, value))
            if value.op in counted:
                continue
            if len(value.op.outputs) > 1:
                counted.add(value.op)
            extents.append(self.lineage.measure.of(value.op))
        return Content(joined(extents), read)


KEPT = 1 << 16
"""How many values are kept in mind for the forks that may come again."""

TIDIED = 64
"""How many fields are made before those are forgotten that nobody will come back to."""


class Between:
    """The fields of one search, the runs that its walkers take, and the routes that they find."""

    __slots__ = ("_fields", "_made", "lineage", "routes", "runs")

    def __init__(self, lineage: Lineage) -> None:
        self.lineage = lineage
        self.runs = Runs(lineage)
        self.routes = Routes(lineage)
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
        if entry is None or not lineage.ancestry.is_read_again(result):
            return  # open, or nobody will come upon it
        if any(level != Step.NONLINEAR for _, level, _ in lineage.parents(result)):
            return  # walkers may pass through the result
        inside, read = self.field(entry).content([result])
        lineage.closed[result] = entry, inside, read.beside(WHOLE) if entry in lineage.above[result] else read

"""Which ops run once in a pass, which on a condition, and how often do the steps of a loop run?

1. A branch of which it is known that it runs, or never does, is no body: its ops stand where the If does.
2. A loop runs once for each slice that it reads, or as often as it counts, if nothing ends it before.
3. Otherwise only the data tell: the steps are an open size of their own, which a caller may know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from shortcut_audit.algebra.derived import larger
from shortcut_audit.algebra.polynomial import symbol
from shortcut_audit.graph.draft import Node
from shortcut_audit.graph.model import Body, Datum, Dim, Op, Shape
from shortcut_audit.graph.sizes import dim_of, number
from shortcut_audit.graph.sizes import product as multiplied


class Bodies:
    """The branches and loops of one model, as its nodes come by."""

    def __init__(self, proven: Mapping[str, bool], said: Mapping[str, int]) -> None:
        """`proven`: which way an If goes, by its condition; `said`: how often a loop runs, by its holder."""
        self._proven = proven
        self._said = said
        self._standing: dict[Body, Body | None] = {}
        self._counted: dict[str, Dim] = {}

    def standing(self, body: Body | None) -> Body | None:
        """The innermost body around an op of which it is not known whether, or how often, it runs."""
        if body is None or body in self._standing:
            return None if body is None else self._standing[body]
        outer = self.standing(body.outer)  # bodies nest no deeper than protobuf and Python read
        settled = body.branch is not None and body.condition in self._proven
        made = outer if settled else Body(body.holder, body.branch, outer, whole=body.whole)
        self._standing[body] = made
        return made

    def note(
        self,
        node: Node,
        shape_of: Callable[[str | None], Shape],
        data_of: Callable[[str | None], tuple[Datum, ...] | None],
    ) -> None:
        """One more node: what leads slices or numbers into a loop tells how often it runs."""
        body = node.body
        if body is None or not body.whole or self._counted.get(body.holder) is not None:
            return
        if node.kind == "LoopSlice":
            shape, axis = shape_of(node.inputs[0]), node.attributes.get("axis", 0)
            if shape is not None and isinstance(axis, int) and -len(shape) <= axis < len(shape):
                self._counted[body.holder] = shape[axis]
        elif node.kind == "LoopIndex":
            data = data_of(node.inputs[0])
            if data is not None and len(data) == 1 and isinstance(data[0], int | str):
                told = number(data[0])
                self._counted[body.holder] = None if told is None else dim_of(larger(0, told))

    def steps(self, ops: Iterable[Op]) -> dict[str, Dim]:
        """How often each loop that holds an op runs in a pass, by holder; those around it run its steps as often."""
        found: dict[str, Dim] = {}
        for body in dict.fromkeys(op.body for op in ops if op.body is not None):
            times: Dim = 1
            for inner in body.chain:
                if inner.holder not in found:
                    found[inner.holder] = times if inner.branch is not None else self._times(inner, times)
                times = found[inner.holder]
        return found

    def _times(self, body: Body, around: Dim) -> Dim:
        own = self._counted.get(body.holder)
        if own is None:  # its steps in all, however many they are in each step of what is around
            return self._said.get(body.holder, dim_of(symbol(body.open_steps)))
        return multiplied((own, around))

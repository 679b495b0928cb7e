"""Why is an op not counted, and what would settle it?

Cases: 1. it is not understood; 2. an attribute that is counted with cannot be read; 3. it is a loop, or a
decomposition; 4. a shape that it reads or makes is unknown, because of an op before it or an input of the model;
5. it was declared without a formula; 6. its operands do not fit together; 7. they do, but no shape tells everything.
"""

from __future__ import annotations

from shortcut_audit import report
from shortcut_audit.account.describe import shape_text
from shortcut_audit.frozen import replace
from shortcut_audit.graph.model import Constant, ModelGraph, Op, Shape
from shortcut_audit.names import displayable
from shortcut_audit.operators.counting.contractions import unsolved
from shortcut_audit.operators.counting.operands import Operands, shape_of
from shortcut_audit.operators.row import Untold
from shortcut_audit.operators.rows.declared import unstated
from shortcut_audit.operators.table import name_of, row_of, unread

NAMED = 80
"""Characters of a node's name within a sentence."""


def explained(graph: ModelGraph, ops: tuple[Op, ...]) -> tuple[report.Uncounted, ...]:
    """An entry for each of these ops, none of which can be counted."""
    reasons = _Reasons(graph)
    return tuple(report.Uncounted(name_of(op), op.name, reasons.of(op)) for op in ops)


class _Reasons:
    """The sentences for one model: what one op hides, many others do not know."""

    def __init__(self, graph: ModelGraph) -> None:
        self._graph = graph
        self._causes: dict[str, str] = {}

    def of(self, op: Op) -> str:
        """Why an op is not counted."""
        row = row_of(op.kind)
        if not row.understood:
            return "it is not understood, so that the total is a lower bound"  # 1
        if names := unread(op):
            return f"its attribute {names[0]} cannot be read"  # 2
        if row.macs is unsolved:
            return "how many products a decomposition takes depends on its method"  # 3
        if row.macs is unstated:
            return "it was declared without a formula for its MACs"  # 5
        return self._by_shape(op)

    def _by_shape(self, op: Op) -> str:
        """Why shapes do not tell: they are unknown (4), they do not fit (6), or nothing in them tells it (7)."""
        for given in op.values():
            if not self._shaped(given):
                return f"the shape of its input is unknown: {self._cause(given)}"  # 4
        if any(isinstance(given, Constant) and not _known(given.type.shape) for given in op.inputs):
            return "the shape of a constant that it reads, such as its kernel, is unknown"  # 4
        row = row_of(op.kind)
        if (
            row.macs is not None
            and row.untold is not None
            and row.macs(_settled(self._graph, op, row.untold)) is not None
        ):
            return f"{row.untold.what} stands in its data alone"  # 7
        shapes = [shape_text(shape_of(self._graph, given)) for given in op.inputs if given is not None]
        return f"its operands do not fit together: {', '.join(shapes)}"  # 6

    def _cause(self, value: str) -> str:
        """Where the unknown shape of a value comes from, walking back from it."""
        walked = list[str]()
        while value not in self._causes:
            walked.append(value)
            op = self._graph.values[value].op
            before = None if op is None else next((v for v in op.values() if not self._shaped(v)), None)
            if before is None:
                self._causes[value] = self._first(value, op)
            else:
                value = before
        found = self._causes[value]
        self._causes.update(dict.fromkeys(walked, found))
        return found

    def _shaped(self, value: str) -> bool:
        return _known(self._graph.values[value].type.shape)

    def _first(self, value: str, op: Op | None) -> str:
        if op is None:
            name = displayable(value, NAMED)
            return f"the file states none for the input {name}; --input {name}=SHAPE would settle it"
        node = f"{displayable(op.label, NAMED)} {displayable(op.name or value, NAMED)}"
        if not row_of(op.kind).understood:
            return f"{node} is not understood"
        if all(_known(shape_of(self._graph, given)) for given in op.inputs if given is not None):
            return f"{node} cannot take what it reads, or only its data tell what it makes"
        return f"how much {node} makes depends on the data, or is not in the file"


def _settled(graph: ModelGraph, op: Op, untold: Untold) -> Operands:
    """The call that an op makes, were nothing left to tell of it."""
    shapes = tuple(
        untold.settled if slot in untold.slots else shape_of(graph, given) for slot, given in enumerate(op.inputs)
    )
    given = tuple(shape is not None for shape in shapes)
    return replace(Operands.of(graph, op), inputs=shapes, given=given)


def _known(shape: Shape) -> bool:
    return shape is not None and None not in shape

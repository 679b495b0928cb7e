"""Does an op that is called a copy copy its elements, or change them?

A cast, a quantiser and a dropout are each written as one operator, whether or not values come through unchanged. What
tells is known once types and constants are: this module gives each the canonical operator that it comes to.
1. A cast keeps values where the new type holds them all. A narrower float rounds them, which is said; a truth value, an
   integer made of a float and a text are something else.
2. A quantiser and a dequantiser are a pair where scale and zero point are the same. Read by another scale, values are
   rescaled, by as much as is stored or learned.
3. A quantiser whose zero point stands at the end of its range (ranges.py) cuts off all that has that sign: a ReLU,
   unless there is nothing to cut off. A Clip of its integers is a narrower range, and else a copy.
4. A dropout that drops multiplies by a random mask (He et al. 2016, Identity Mappings, table 1, lists it among gates).
5. But in a graph that is the form in which the network is trained, as its batch norms show, which all take the
   statistics of the batch, dropout stands for what it is in evaluation: a copy. That is said.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from shortcut_audit.assembly import ranges
from shortcut_audit.assembly.ranges import FLOATS, WHOLE_BITS, Resolve
from shortcut_audit.assembly.signs import Signs, TypeOf
from shortcut_audit.frozen import frozen, replace
from shortcut_audit.graph.draft import Node
from shortcut_audit.graph.dtypes import ITEM_BITS, ONNX_TYPES
from shortcut_audit.graph.model import Constant
from shortcut_audit.operators.row import Effect
from shortcut_audit.operators.table import row_of

QUANTISERS = frozenset({"QuantizeLinear", "DequantizeLinear"})

SAID_TO_COPY = QUANTISERS | {"Cast", "CastLike", "Clip", "Dropout"}

NUMBER_OF: Mapping[str, int] = {name: number for number, name in reversed(tuple(ONNX_TYPES.items()))}


@frozen
class _Grid:
    """How a quantiser's integers are to be read."""

    scale: Hashable
    zero: Hashable
    """The zero point: a number, those of several channels, or the name of a tensor that is not known."""
    place: tuple[Any, ...]
    """The axis and the blocks of several."""


class Copies:
    """What is known so far of integers that stand for other numbers, and of values that are never negative."""

    def __init__(self, resolve: Resolve, type_of: TypeOf, opset: int, *, trained: bool = False) -> None:
        self._resolve = resolve
        self._type_of = type_of
        self._opset = opset
        self._trained = trained
        """Whether the graph is the form in which the network is trained (`is_trained_form`)."""
        self._grids: dict[str, Hashable] = {}
        """By value: the scale and the zero point by which its integers are to be read."""
        self._signs = Signs(resolve)
        """Values that are never negative, or integers that stand for such."""
        self._waiting: list[Node] | None = []
        """The nodes before the first quantiser: most models have none, and nobody asks what follows from theirs."""

    def settled(self, node: Node) -> Node:
        """The node itself, or as the operator that it comes to."""
        if node.kind in QUANTISERS and self._waiting is not None:
            before, self._waiting = self._waiting, None
            for each in before:
                self._follow(each)
        if node.kind not in SAID_TO_COPY or not node.inputs or not isinstance(self._resolve(node.inputs[0]), str):
            return node  # a constant is what it is
        match node.kind:
            case "Cast" | "CastLike":
                return self._cast(node)  # 1
            case "DequantizeLinear":
                return self._read(node)  # 2
            case "QuantizeLinear":
                return self._written(node)  # 3
            case "Clip":
                return self._clipped(node)  # 3
            case "Dropout":
                return self._dropout(node)  # 4, 5
        return node

    def note(self, node: Node) -> None:
        """Keeps in mind what follows for the values that a node makes."""
        if self._waiting is None:
            self._follow(node)
        else:
            self._waiting.append(node)

    def _follow(self, node: Node) -> None:
        row = row_of(node.kind)
        read = [self._resolve(name) for slot, name in enumerate(node.inputs) if slot in row.data or not row.data]
        values = [given for given in read if isinstance(given, str)]
        made = [name for name in node.outputs if name is not None]
        passes = row.effect in {Effect.VIEW, Effect.SELECTION} and bool(values)
        if node.kind in {"QuantizeLinear", "ClippingQuantisation"}:
            self._grids.update((name, self._grid(node)) for name in made)
            found = ranges.written(node, self._resolve)
            if node.kind == "ClippingQuantisation" and found is not None and found[0] == 0:
                self._signs.add(node)
        elif passes and node.kind != "DequantizeLinear":
            grids = [self._grids[value] for value in values if value in self._grids]
            if grids:
                one = grids[0] if len(grids) == len(values) and len(set(grids)) == 1 else object()
                self._grids.update((name, one) for name in made)
        self._signs.note(node)

    def _cast(self, node: Node) -> Node:
        before = self._dtype(node.inputs[0])
        if node.kind == "CastLike":
            after = self._dtype(node.inputs[1]) if len(node.inputs) > 1 else None
        else:
            number = node.attributes.get("to")
            after = ONNX_TYPES.get(number) if isinstance(number, int) else None
        if node.inputs[0] in self._grids and after is not None and after.startswith(FLOATS):
            return replace(node, kind="Rescale", label=_label(node), inputs=node.inputs[:1])  # 2
        kind = _kind_of_cast(before, after)
        if kind == "Cast":
            return node
        attributes = {} if after is None else {"to": NUMBER_OF[after]}
        return replace(node, kind=kind, label=_label(node), inputs=node.inputs[:1], attributes=attributes)

    def _read(self, node: Node) -> Node:
        """A dequantiser. Integers that nobody has written by a scale mean what their first reader says."""
        own = self._grid(node)
        name = node.inputs[0]
        assert name is not None, "there is a value to be read"
        if self._grids.setdefault(name, own) == own:
            return node
        return replace(node, kind="Rescale", label=_label(node))

    def _written(self, node: Node) -> Node:
        found = ranges.written(node, self._resolve)
        if found is None:
            return replace(node, kind="UnknownQuantisation", label=_label(node))
        return replace(node, kind="ClippingQuantisation", label=_label(node)) if self._cuts_off(node, found) else node

    def _clipped(self, node: Node) -> Node:
        """A Clip: of a quantiser's integers it keeps what that would write in a narrower type."""
        grid = self._grids.get(str(node.inputs[0]))
        found = ranges.left(node, grid.zero, self._resolve) if isinstance(grid, _Grid) else None
        if found is None or self._cuts_off(node, found):
            return node
        return replace(node, kind="Identity", label=_label(node), inputs=node.inputs[:1], attributes={})

    def _cuts_off(self, node: Node, found: tuple[float, float]) -> bool:
        """Whether all that has one sign is lost, and there may be some."""
        least, most = found
        return most <= 0 or (least >= 0 and node.inputs[0] not in self._signs)

    def _dropout(self, node: Node) -> Node:
        if not self._drops(node):
            return node
        return replace(node, kind="TrainingDropout" if self._trained else "RandomDropout", label=_label(node))

    def _drops(self, node: Node) -> bool:
        """Whether a dropout changes what it reads: it is in training mode, or may be, and drops something."""
        ratio = self._resolve(node.inputs[1]) if len(node.inputs) > 1 else None
        stated = ratio.type.data if isinstance(ratio, Constant) else (node.attributes.get("ratio"),)
        if stated is not None and stated[:1] == (0,):
            return False
        if self._opset < 7:
            return not node.attributes.get("is_test", 0)
        mode = self._resolve(node.inputs[2]) if len(node.inputs) > 2 else None
        if mode is None:
            return bool(node.attributes.get("training", 0))
        return not isinstance(mode, Constant) or mode.type.data is None or bool(mode.type.data[:1] != (0,))

    def _dtype(self, name: str | None) -> str | None:
        known = self._type_of(self._resolve(name))
        return None if known is None else known.dtype

    def _grid(self, node: Node) -> _Grid:
        scale, zero = (node.inputs[slot] if slot < len(node.inputs) else None for slot in (1, 2))
        known = self._type_of(self._resolve(scale))
        single = known is not None and known.shape in {(), (1,)}
        place = () if single else (node.attributes.get("axis", 1), node.attributes.get("block_size", 0))
        return _Grid(self._same(scale), self._same(zero) or 0, place)

    def _same(self, name: str | None) -> Hashable:
        """What is equal for two names that stand for the same numbers."""
        given = self._resolve(name)
        data = given.type.data if isinstance(given, Constant) else None
        if data is None or None in data or not data:
            return name
        return data[0] if all(datum == data[0] for datum in data) else data


def is_trained_form(nodes: Iterable[Node]) -> bool:
    """Whether a graph has batch norms, and all of them take the statistics of the batch at hand (case 5).

    Until opset 14, those are the ones that hand back running statistics beside their result.
    """
    norms = [node for node in nodes if node.kind == "BatchNormalization"]
    return bool(norms) and all(node.attributes.get("training_mode", 0) or len(node.outputs) > 1 for node in norms)


def _label(node: Node) -> str:
    return node.label or node.kind


def _kind_of_cast(before: str | None, after: str | None) -> str:
    if after is not None and after.startswith(FLOATS):
        if before is None or not before.startswith(FLOATS):
            return "LossyCast" if before == "string" else "Cast"
        if before.startswith("complex") and not after.startswith("complex"):
            return "LossyCast"
        return "NarrowingCast" if ITEM_BITS.get(after, 8) < ITEM_BITS.get(before, 8) else "Cast"
    if before is None or after is None:
        return "UnknownCast"
    if before == after or (before == "bool" and after in WHOLE_BITS):
        return "Cast"
    if before not in WHOLE_BITS or after not in WHOLE_BITS:
        return "LossyCast"
    (signed, bits), (sign_left, bits_left) = WHOLE_BITS[before], WHOLE_BITS[after]
    holds = bits_left - sign_left >= bits - signed and (sign_left or not signed)
    return "Cast" if holds else "LossyCast"

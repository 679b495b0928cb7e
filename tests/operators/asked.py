"""What is known of what an op makes, if less is known of what it reads, or something else stands there?

tests/golden/operators.txt holds calls of operators. Each opens with `==` and what the op is given; the first line below
says what it makes and how many MACs that takes. Then the call is varied: one input or attribute at a time is less
known, of another size, or not there. What is made then follows, each answer once, behind it the variations to which it
is the answer; `as before` where it is that of the first line.

    0?  0[2]?  0:?  0=?  0=2?   of input 0 less is known: its shape, its axis 2, its type, its elements, its element 2
    0[2]n  0[2]+1  0[2]1        axis 2 of input 0 is an open size, one larger, 1
    0+  0-  0_                  input 0 has one axis more in front, one less, is left out
    0*                          input 0 is computed, where it was stored
    axis_  axis?  axis+1  axis-1   an attribute is left out, cannot be read, is another number (a list: its first)
    more                        the op has one output more

    WRITE_GOLDEN=1 pytest tests/operators/test_asked.py

writes the answers anew. The calls are those of the tests beside this one, a few for each rule of shapes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Draft, Node, Tensor
from shortcut_audit.graph.model import Attribute, Dim, TensorType
from shortcut_audit.operators import table
from shortcut_audit.operators.infer import infer
from shortcut_audit.operators.pieces import piece_of

FILE = Path(__file__).parent.parent / "golden" / "operators.txt"

AXES = 5
"""Of so many axes and elements of an input each is varied."""


@dataclass(frozen=True)
class Input:
    """What stands in a slot."""

    type: TensorType
    stored: str = ""
    """"stored" for a tensor of the model, "literal" for a number in its code; empty for what is fed."""

    def __str__(self) -> str:
        known = "..." if self.type.shape is None else ",".join(map(_dim, self.type.shape)) or "()"
        words = f"{self.stored} {self.type.dtype or '?'} {known}".strip()
        return words if self.type.data is None else f"{words} = {self.type.data!r}"

    @classmethod
    def read(cls, text: str) -> Input | None:
        """From the way it is written."""
        if text == "_":
            return None
        words, _, data = text.partition(" = ")
        *stored, dtype, known = words.split(" ")
        shape = None if known == "..." else () if known == "()" else tuple(map(_size, known.split(",")))
        elements = ast.literal_eval(data) if data else None
        return cls(TensorType(shape, None if dtype == "?" else dtype, elements), *stored)


def _dim(dim: Dim) -> str:
    return "?" if dim is None else str(dim)


def _size(text: str) -> Dim:
    return None if text == "?" else int(text) if text.lstrip("-").isdigit() else text


@dataclass(frozen=True)
class Call:
    """An op, and all that is known of what it is given."""

    kind: str
    inputs: tuple[Input | None, ...]
    attributes: Mapping[str, Attribute]
    outputs: int
    opset: int

    def __str__(self) -> str:
        given = ["_" if one is None else str(one) for one in self.inputs]
        named = [f"{name}: {value!r}" for name, value in self.attributes.items()]
        return "; ".join([self.kind, *given, *named, f"{self.outputs} made", f"opset {self.opset}"])

    @classmethod
    def read(cls, text: str) -> Call:
        """From the way it is written."""
        kind, *parts, made, opset = text.split("; ")
        named = [part.split(": ", 1) for part in parts if ": " in part]
        inputs = tuple(Input.read(part) for part in parts if ": " not in part)
        attributes = {name: ast.literal_eval(value) for name, value in named}
        return cls(kind, inputs, attributes, int(made.split()[0]), int(opset.split()[1]))

    @cached_property
    def made(self) -> tuple[TensorType, ...]:
        """What is inferred of each output."""
        types = [None if one is None else one.type for one in self.inputs]
        return infer(self.kind, self.attributes, types, self.outputs, self.opset)

    def answer(self, *, whole: bool) -> str:
        """What it makes, and what that takes; `whole`: with all that its row says of this call."""
        made = " | ".join(str(Input(known)) for known in self.made)
        row = table.row_of(self.kind)
        if not whole and (row.macs is None or "Loop" in self.kind):
            return made
        return f"{made}; {'; '.join(self._facts(whole=whole))}"

    def _facts(self, *, whole: bool) -> Iterator[str]:
        named = [(f"i{slot}", one) for slot, one in enumerate(self.inputs)]
        fed = tuple((name, replace(one.type, data=None)) for name, one in named if one is not None and not _kept(one))
        kept = tuple(
            Tensor(name, _whole(one.type), one.type.dtype or "float32", one.type.data, literal=one.stored == "literal")
            for name, one in named
            if one is not None and _kept(one)
        )
        read = tuple(None if one is None else name for name, one in named)
        outputs = tuple(f"o{slot}" for slot in range(self.outputs))
        node = Node(self.kind, read, outputs, "op", attributes=self.attributes)
        graph = assemble(Draft("call", "onnx", "", self.opset, fed, outputs, kept, (node,)))
        for op in graph.ops:
            words = [f"{op.kind} {table.macs(graph, op)} MACs"]
            if whole:
                words += [name for name, holds in FACTS.items() if holds(op)]
                words += [f"{channels} channels read" for channels in [table.channels_read(op)] if channels is not None]
                values = [graph.values[made] for made in op.outputs if made in graph.values]
                words += [f"{piece.axis}[{piece.start}:{piece.stop}] {piece.taken.name}"
                          for value in values if (piece := piece_of(graph, value)) is not None]  # fmt: skip
            yield " ".join(words)

    def variations(self) -> Iterator[tuple[str, Call, bool]]:
        """The same call with one thing changed: its name, the call, and whether less is known of the same."""
        for slot, one in enumerate(self.inputs):
            if one is not None:
                yield from ((f"{slot}{how}", self._with(slot, other), less) for how, other, less in _others(one))
        for name, value in self.attributes.items():
            rest = {other: kept for other, kept in self.attributes.items() if other != name}
            yield f"{name}_", replace(self, attributes=rest), False
            yield f"{name}?", replace(self, attributes={**rest, name: None}), False
            for by in (1, -1):
                if (other := _moved(value, by)) is not None:
                    yield f"{name}{by:+}", replace(self, attributes={**rest, name: other}), False
        yield "more", replace(self, outputs=self.outputs + 1), False

    def _with(self, slot: int, other: Input | None) -> Call:
        return replace(self, inputs=(*self.inputs[:slot], other, *self.inputs[slot + 1 :]))


FACTS = {
    "works": table.does_work,
    "mixes": table.mixes,
    "nonlinear": table.is_nonlinear,
    "activation": table.is_activation,
    "copy": table.is_copy,
    "layer": table.is_weight_layer,
}


def _kept(one: Input) -> bool:
    sizes = one.type.shape
    return (bool(one.stored) or one.type.data is not None) and sizes is not None and all(type(s) is int for s in sizes)


def _whole(known: TensorType) -> tuple[int, ...]:
    return tuple(size for size in known.shape or () if isinstance(size, int))


def _moved(value: Any, by: int) -> Attribute:
    """Another number in its place; of a list, as its first. None for what is neither."""
    if isinstance(value, tuple) and value and isinstance(value[0], int | float):
        return (value[0] + by, *value[1:])
    return value + by if isinstance(value, int | float) else None


def _others(one: Input) -> Iterator[tuple[str, Input | None, bool]]:
    known = one.type
    if known.data is not None:
        yield "=?", replace(one, type=replace(known, data=None)), True
        for position in range(min(len(known.data), AXES)):
            hidden = (*known.data[:position], None, *known.data[position + 1 :])
            yield f"={position}?", replace(one, type=replace(known, data=hidden)), True
        yield "_", None, False
        return
    yield "?", replace(one, type=replace(known, shape=None)), True
    yield ":?", replace(one, type=replace(known, dtype=None)), True
    yield "_", None, False
    if one.stored:
        yield "*", replace(one, stored=""), False
    shape = known.shape or ()
    for axis, size in enumerate(shape[:AXES]):
        others: list[tuple[str, Dim, bool]] = [("?", None, True), ("n", "n", True)]
        others += [("+1", size + 1, False), ("1", 1, False)] if isinstance(size, int) else []
        for how, dim, less in others:
            shown = (*shape[:axis], dim, *shape[axis + 1 :])
            yield f"[{axis}]{how}", replace(one, type=replace(known, shape=shown)), less
    if known.shape is not None:
        yield "+", replace(one, type=replace(known, shape=(2, *shape))), False
        if shape:
            yield "-", replace(one, type=replace(known, shape=shape[1:])), False


def told(call: Call) -> tuple[str, ...]:
    """All answers of a call: the first line its own, then each other with the variations to which it is given."""
    own, plain = call.answer(whole=True), call.answer(whole=False)
    asked: dict[str, list[str]] = {plain: []}
    for name, other, _ in call.variations():
        asked.setdefault(other.answer(whole=False), []).append(name)
    del asked[plain]
    return (own, *(f"{answer}: {' '.join(names)}" for answer, names in asked.items()))


def recorded() -> list[tuple[Call, tuple[str, ...]]]:
    """The calls of the file, with their answers."""
    entries = (entry.splitlines() for entry in FILE.read_text(encoding="utf-8").split("== ")[1:])
    return [(Call.read(first), tuple(line for line in lines if line)) for first, *lines in entries]


def write(calls: Sequence[Call]) -> None:
    """Writes the file, with the answers of today."""
    FILE.write_text("".join("\n".join([f"== {call}", *told(call), "", ""]) for call in calls), encoding="utf-8")

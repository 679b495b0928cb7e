"""To which operator applications does an ONNX graph come down, bodies and functions written out in place?

A graph is read within a `Frame`, which says what its names stand for. The model's own names stand for themselves; what
a body or a function makes gets a new name, so that a name means one tensor over the whole draft.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.frozen import replace
from shortcut_audit.graph.model import Body as Stands
from shortcut_audit.graph.naming import Names
from shortcut_audit.loaders.onnx.attributes import (
    Bound,
    attributes_of,
    called,
    constant_of,
    defaults_of,
    graphs_in,
    plain,
)
from shortcut_audit.loaders.onnx.bodies import WIRINGS, Body, Made, Tie, Wiring, body_inputs
from shortcut_audit.loaders.onnx.frames import Frame, captured, made_in
from shortcut_audit.loaders.onnx.functions import Key, key_of
from shortcut_audit.loaders.onnx.loops import is_whole, steps_of
from shortcut_audit.loaders.onnx.operators import Operator, operator_of, opset_versions
from shortcut_audit.loaders.onnx.text import text
from shortcut_audit.loaders.onnx.written import Written
from shortcut_audit.names import displayable

if TYPE_CHECKING:
    from onnx import FunctionProto, GraphProto, NodeProto

UNROLLED = 10_000
"""Nodes that may be written out for the steps of loops, all together."""


def written_out(graph: GraphProto, opset: int, functions: Mapping[Key, FunctionProto], *, nested: bool) -> Written:
    """The model's own graph and all that it holds; `nested` where that are subgraphs or calls."""
    made = [*map(text, made_in(graph)), *(text(info.name) for info in graph.input)] if nested else []
    draft = Written(names=Names(made))
    _Flattening(functions, draft).add_graph(graph, Frame(opset))
    return draft


@dataclass(slots=True, eq=False, repr=False)
class _Flattening:
    """A model on its way into a draft."""

    functions: Mapping[Key, FunctionProto]
    draft: Written
    operators: dict[tuple[str, str, str, int], Operator] = field(default_factory=dict)
    to_unroll: int = UNROLLED
    """Nodes that may still be written out for further steps of loops."""

    def add_graph(self, graph: GraphProto, frame: Frame) -> None:
        """A graph and all that it holds."""
        self.draft.store_all(graph, frame)
        self.draft.record(graph.value_info, frame)
        self.draft.record(graph.output, frame)
        for node in graph.node:
            self._add(node, frame)

    def _add(self, node: NodeProto, frame: Frame) -> None:
        operator = self._operator(node, frame.opset)
        reads = [frame.meaning(name) for name in node.input]
        if operator.arity is not None:
            operator.arity.check(node, reads, node.output)
        attributes = attributes_of(node, frame.bound) if node.attribute else {}
        if operator.function is not None:
            self._add_call(node, operator.function, attributes, frame)
        elif operator.kind == "Constant":
            self._add_constant(node, attributes, frame)
        elif operator.kind in WIRINGS and (operator.kind != "Scan" or frame.opset > 8):
            self._add_bodies(node, WIRINGS[operator.kind](node, attributes), frame)
        else:
            bodies = [graph for attribute in attributes.values() for graph in graphs_in(attribute)]
            if bodies:
                reads += captured(bodies, frame)
                self.draft.oddities["holds a subgraph that is not looked into"].append(called(node))
            makes = [frame.meaning(name) for name in node.output]
            plain_attributes = plain(attributes) if attributes else {}
            self.draft.emit(operator.kind, operator.label, frame.place(node), reads, makes, plain_attributes)

    def _operator(self, node: NodeProto, opset: int) -> Operator:
        key = (node.domain, node.op_type, node.overload, opset)
        if key not in self.operators:
            self.operators[key] = operator_of(node, opset, self.functions, self.draft.undefined)
        return self.operators[key]

    def _add_constant(self, node: NodeProto, attributes: Bound, frame: Frame) -> None:
        name = frame.meaning(node.output[0])
        tensor = constant_of(attributes, name or "", self.draft.oddities)
        if tensor is None:
            raise UnreadableModel(f"{called(node)} has no value; export the model again")
        if name is not None:
            self.draft.store(tensor)

    def _add_bodies(self, node: NodeProto, wiring: Wiring, frame: Frame) -> None:
        """A node that holds bodies: their nodes, between those that lead values in and out."""
        given = [frame.meaning(name) for name in node.input]
        steps = self._steps(node, wiring.bodies[0].graph, frame)
        if steps is not None:
            self._add_steps(node, wiring.bodies[0].graph, steps, given, frame)
            return
        made: list[list[str | None]] = []
        carried: list[str | None] = []
        holder = self.draft.holders.fresh(_stem(node, frame))
        for body in wiring.bodies:
            inner = self._inside(node, body.graph, body.role, frame)
            inner = replace(inner, body=self._stands(node, body, holder, frame))
            for tie, name in zip(body.entries, body_inputs(body.graph), strict=True):
                state = inner.look_up(name) if name else None
                self._tie(tie, node, inner, [_nth(given, end.slot) for end in tie.reads], state)
                carried += [state] if tie.kind == "LoopState" else []
            self.add_graph(body.graph, inner)
            made.append([inner.meaning(info.name) for info in body.graph.output])
        for tie, output in zip(wiring.exits, node.output, strict=True):
            ends = [made[end.body][end.slot] if isinstance(end, Made) else _nth(given, end.slot) for end in tie.reads]
            self._tie(tie, node, frame, ends, frame.meaning(output))
        if carried:
            self._note_beside(node, frame, carried, made[0], given)

    def _stands(self, node: NodeProto, body: Body, holder: str, frame: Frame) -> Stands:
        """What the nodes of a body stand in."""
        if body.branch is not None:
            return Stands(holder, body.branch, frame.body, frame.meaning(node.input[0]))
        return Stands(holder, None, frame.body, whole=is_whole(node, body.graph, self.draft.number_in(frame)))

    def _note_beside(
        self,
        node: NodeProto,
        frame: Frame,
        carried: Sequence[str | None],
        made: Sequence[str | None],
        given: Sequence[str | None],
    ) -> None:
        """What a loop carries depends on what its body makes for the next step; how many steps there are, on more."""
        pairs = list(zip(carried, made, strict=False))
        if text(node.op_type) == "Loop":
            pairs += [(frame.meaning(name), end) for name in node.output for end in (*given[:2], made[0])]
        self.draft.beside += [(one, other) for one, other in pairs if one is not None and other is not None]

    def _steps(self, node: NodeProto, body: GraphProto, frame: Frame) -> int | None:
        """How many steps of a loop are written out; None where its body counts once."""
        steps = steps_of(node, body, self.draft.number_in(frame))
        if steps is None or steps * len(body.node) > self.to_unroll:
            return None
        return None if any(key_of(inner) in self.functions for inner in body.node) else steps

    def _add_steps(self, node: NodeProto, body: GraphProto, steps: int, given: list[str | None], frame: Frame) -> None:
        """A loop of so many steps, written out: each reads what the one before has made, and what the body stores."""
        self.to_unroll -= steps * len(body.node)
        whole = self._inside(node, body, "body", frame)
        assert whole.names is not None, "a body has names of its own"
        self.draft.store_all(body, whole)
        stored = [inner for inner in body.node if inner.op_type == "Constant"]
        for inner in stored:
            self._add(inner, whole)
        run = [inner for inner in body.node if inner.op_type != "Constant"]
        states, stacked = given[2:], [list[str | None]() for _ in body.output[len(given) - 1 :]]
        for step in range(steps):
            path = f"{whole.path}{step}/"
            own = {name: self.draft.new(path, name) for each in run for name in map(text, each.output) if name}
            read = (*(self.draft.step_literal(path, kind, step) for kind in ("int64", "bool")), *states)
            names = {**whole.names, **own, **dict(zip(body_inputs(body), read, strict=True))}
            inner = replace(whole, names=names, path=path)
            self.draft.record(body.value_info, inner)
            for each in run:
                self._add(each, inner)
            made = [inner.meaning(info.name) for info in body.output]
            states = made[1 : len(given) - 1]
            for line, element in zip(stacked, made[len(given) - 1 :], strict=True):
                line.append(element)
        label, place = displayable(text(node.op_type)), frame.place(node)
        for output, state in zip(node.output, states, strict=False):
            self.draft.emit("Identity", label, place, [state], [frame.meaning(output)], {})
        for output, line in zip(node.output[len(states) :], stacked, strict=True):
            self.draft.emit("Stack", label, place, line, [frame.meaning(output)], {"axis": 0})

    def _tie(self, tie: Tie, node: NodeProto, frame: Frame, reads: list[str | None], makes: str | None) -> None:
        self.draft.emit(tie.kind, displayable(text(node.op_type)), frame.place(node), reads, [makes], tie.attributes)

    def _inside(self, node: NodeProto, graph: GraphProto, role: str, frame: Frame) -> Frame:
        """The frame of a body: what it makes gets new names, all else is that of the graph around it."""
        path = f"{_stem(node, frame)}/{role}/"
        own = [*body_inputs(graph), *map(text, made_in(graph))]
        names: dict[str, str | None] = {name: self.draft.new(path, name) for name in own if name}
        place = frame.place(node)
        return replace(frame, names=names, outer=frame, path=path, scope=place.scope, source=place.source)

    def _add_call(self, node: NodeProto, function: FunctionProto, attributes: Bound, frame: Frame) -> None:
        """A call of a function: its nodes, reading and making what the call reads and makes."""
        _check_call(node, function)
        names: dict[str, str | None] = dict.fromkeys(map(text, function.input))
        names.update(zip(map(text, function.input), map(frame.meaning, node.input), strict=False))
        handed_on = _bind_outputs(node, function, frame, names)
        path = f"{_stem(node, frame)}/"
        for made in (text(output) for inner in function.node for output in inner.output):
            if made and made not in names:
                names[made] = self.draft.new(path, made)
        place, label = frame.place(node), displayable(text(node.op_type))
        scope = place.scope
        if scope == frame.scope:  # The call does not say which module it is: the function's name has to do.
            scope = displayable(".".join(filter(None, (scope, label))))
        bound = {**defaults_of(function), **attributes}
        inside = Frame(
            self._opset_of(function, frame.opset),
            names,
            path=path,
            bound=bound,
            caller=place.name,
            scope=scope,
            source=place.source,
            body=frame.body,
        )
        self.draft.record(function.value_info, inside)
        for inner in function.node:
            self._add(inner, inside)
        for formal, output in handed_on:
            self.draft.emit("Identity", label, place, [names.get(formal)], [output], {})

    def _opset_of(self, function: FunctionProto, around: int) -> int:
        versions = opset_versions(function.opset_import)
        own = max(versions, default=around)
        if len(versions) > 1:
            said = f"names several versions of ONNX's operators; read as opset {own}"
            self.draft.oddities[said].append(text(function.name))
        if own != around:
            self.draft.oddities[f"written for opset {own}, in a model of opset {around}"].append(text(function.name))
        return own


def _check_call(node: NodeProto, function: FunctionProto) -> None:
    """Raises UnreadableModel when a function is called with more than it takes."""
    for what, count, most in (
        ("inputs", len(node.input), len(function.input)),
        ("outputs", len(node.output), len(function.output)),
    ):
        if count > most:
            raise UnreadableModel(f"{called(node)} has {count} {what}, the function that it calls has {most}")


def _bind_outputs(
    node: NodeProto, function: FunctionProto, frame: Frame, names: dict[str, str | None]
) -> list[tuple[str, str]]:
    """Lets the function make the caller's values under the caller's names.

    What it only hands on, or makes twice, is returned: its name in the function, and that of the caller.
    """
    handed_on = []
    for formal, stored in zip(map(text, function.output), node.output, strict=False):
        output = frame.meaning(stored)
        if output is None:
            continue
        if formal in names:
            handed_on.append((formal, output))
        else:
            names[formal] = output
    return handed_on


def _stem(node: NodeProto, frame: Frame) -> str:
    """Whence names for what a node holds are made: its own name, or that of what it makes."""
    first = next((name for name in node.output if name), "")
    return displayable(frame.path + text(node.name or first or node.op_type))


def _nth(names: Sequence[str | None], slot: int) -> str | None:
    return names[slot] if slot < len(names) else None

"""To which operator applications does an ONNX graph come down, bodies and functions written out in place?

A graph is read within a `_Frame`, which says what its names stand for. The model's own names stand for themselves; what
a body or a function makes gets a new name, so that a name means one tensor over the whole draft.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from shortcut_audit.draft import Node, Tensor
from shortcut_audit.errors import UnreadableModel
from shortcut_audit.graph import Attribute, Source, TensorType
from shortcut_audit.loaders.onnx_arity import Arity, arity_of
from shortcut_audit.loaders.onnx_attributes import (
    Bound,
    attributes_of,
    called,
    constant_of,
    defaults_of,
    graphs_in,
    plain,
)
from shortcut_audit.loaders.onnx_bodies import WIRINGS, Made, Tie, Wiring, body_inputs
from shortcut_audit.loaders.onnx_functions import DEFAULT_DOMAINS, Key, key_of
from shortcut_audit.loaders.onnx_metadata import absorbs_norm, noted_tensors, scope_and_source
from shortcut_audit.loaders.onnx_tensors import Oddities, declared_type, sparse_tensor, stored_tensor
from shortcut_audit.loaders.onnx_text import text
from shortcut_audit.names import displayable

if TYPE_CHECKING:
    from onnx import FunctionProto, GraphProto, NodeProto, OperatorSetIdProto, ValueInfoProto

RUNTIME_DOMAINS = ("ai.onnx.", "com.microsoft")
"""How the domains of ONNX's further operators and of ONNX Runtime's begin."""


class _Place(NamedTuple):
    """Where a node stands."""

    name: str
    scope: str
    source: Source | None
    absorbs_norm: bool = False


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the names in a graph stand for."""

    opset: int
    """The version of the default operator set by which the graph's nodes are written."""
    names: dict[str, str | None] | None = None
    """In a body or function: the draft's name by the graph's own; None for an input that the call leaves out.
    None for the model's graph, whose names stand for themselves."""
    outer: _Frame | None = None
    """The graph around this one, whose values it may read. A function sees nothing of its caller's."""
    path: str = ""
    """Whence new names are made."""
    bound: Bound = field(default_factory=dict)
    """What attribute references stand for: the attributes of the call."""
    caller: str = ""
    """Where names of nodes come from a function: the name of the call."""
    scope: str = ""
    source: Source | None = None
    """What holds for a node that says nothing itself."""

    def place(self, node: NodeProto) -> _Place:
        """Where the node stands: what it says itself, completed by what holds in this frame."""
        scope, source = scope_and_source(node)
        name = text(node.name)
        if self.caller and name:
            name = displayable(f"{self.caller}/{name}")
        return _Place(name, scope or self.scope, source or self.source, absorbs_norm(node))

    def meaning(self, stored: str) -> str | None:
        """The draft's name of what a node reads or makes, which the file calls so; None for a slot that is left out.

        Raises UnreadableModel when it is a name in a function that nothing there makes.
        """
        return self.look_up(text(stored)) if stored else None

    def look_up(self, name: str) -> str | None:
        """The same for a name that is text already."""
        frame = self
        while frame.names is not None:
            if name in frame.names:
                return frame.names[name]
            if frame.outer is None:
                raise UnreadableModel(
                    f"a function reads '{displayable(name)}', which nothing in it makes; export the model again"
                )
            frame = frame.outer
        return name


@dataclass(frozen=True, slots=True)
class _Operator:
    """What is known of an operator, looked up once for all of its nodes."""

    kind: str
    label: str
    arity: Arity | None
    function: FunctionProto | None


@dataclass(slots=True)
class Flattening:
    """A model on its way into a draft: what is read so far."""

    functions: Mapping[Key, FunctionProto]
    nodes: list[Node] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    recorded: dict[str, TensorType] = field(default_factory=dict)
    oddities: Oddities = field(default_factory=lambda: defaultdict(list))
    taken: dict[str, int] = field(default_factory=dict)
    """Names in the draft, each with how many others were derived from it. Empty where no name needs to be made."""
    operators: dict[tuple[str, str, str, int], _Operator] = field(default_factory=dict)

    def add_model(self, graph: GraphProto, opset: int, *, nested: bool) -> None:
        """The model's own graph and all that it holds; `nested` where that are subgraphs or calls."""
        if nested:
            self.taken = dict.fromkeys([*map(text, _made_in(graph)), *(text(info.name) for info in graph.input)], 0)
        self._add_graph(graph, _Frame(opset))

    def _add_graph(self, graph: GraphProto, frame: _Frame) -> None:
        noted = noted_tensors(graph)
        for initializer in graph.initializer:
            if (name := frame.meaning(initializer.name)) is not None:
                learned = noted.get(text(initializer.name))
                self.tensors.append(stored_tensor(initializer, name, self.oddities, learned=learned))
        for sparse in graph.sparse_initializer:
            if (name := frame.meaning(sparse.values.name)) is not None:
                self.tensors.append(sparse_tensor(sparse, name))
        self._record(graph.value_info, frame)
        self._record(graph.output, frame)
        for node in graph.node:
            self._add(node, frame)

    def _record(self, infos: Iterable[ValueInfoProto], frame: _Frame) -> None:
        for info in infos:
            own = text(info.name)
            if name := own if frame.names is None else frame.names.get(own):
                self.recorded[name] = declared_type(info, self.oddities)

    def _add(self, node: NodeProto, frame: _Frame) -> None:
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
                reads += _captured(bodies, frame)
                self.oddities["holds a subgraph that is not looked into"].append(called(node))
            makes = [frame.meaning(name) for name in node.output]
            plain_attributes = plain(attributes) if attributes else {}
            self._emit(operator.kind, operator.label, frame.place(node), reads, makes, plain_attributes)

    def _operator(self, node: NodeProto, opset: int) -> _Operator:
        key = (node.domain, node.op_type, node.overload, opset)
        if key not in self.operators:
            self.operators[key] = self._looked_up(node, opset)
        return self.operators[key]

    def _looked_up(self, node: NodeProto, opset: int) -> _Operator:
        domain, label = text(node.domain), displayable(text(node.op_type))
        function = self.functions.get(key_of(node))
        if function is not None:
            return _Operator(label, label, None, function)
        if domain in DEFAULT_DOMAINS and opset == 0:
            raise UnreadableModel(f"{called(node)} is one of ONNX's operators, of which the file names no version")
        own = domain in DEFAULT_DOMAINS and "::" not in label
        kind = label if own else displayable(f"{domain or 'ai.onnx'}::{label}")
        arity = arity_of(label, opset) if own else None
        if arity is None and not domain.startswith(RUNTIME_DOMAINS):
            self.oddities["defined neither by ONNX, nor by ONNX Runtime, nor in the file; it stays opaque"].append(kind)
        return _Operator(kind, label, arity, None)

    def _add_constant(self, node: NodeProto, attributes: Bound, frame: _Frame) -> None:
        name = frame.meaning(node.output[0])
        tensor = constant_of(attributes, name or "", self.oddities)
        if tensor is None:
            raise UnreadableModel(f"{called(node)} has no value; export the model again")
        if name is not None:
            self.tensors.append(tensor)

    def _add_bodies(self, node: NodeProto, wiring: Wiring, frame: _Frame) -> None:
        """A node that holds bodies: their nodes, between those that lead values in and out."""
        given = [frame.meaning(name) for name in node.input]
        made: list[list[str | None]] = []
        for body in wiring.bodies:
            inner = self._inside(node, body.graph, body.role, frame)
            for tie, name in zip(body.entries, body_inputs(body.graph), strict=True):
                self._tie(
                    tie,
                    node,
                    frame,
                    [_nth(given, end.slot) for end in tie.reads],
                    inner.look_up(name) if name else None,
                )
            self._add_graph(body.graph, inner)
            made.append([inner.meaning(info.name) for info in body.graph.output])
        for tie, output in zip(wiring.exits, node.output, strict=True):
            ends = [made[end.body][end.slot] if isinstance(end, Made) else _nth(given, end.slot) for end in tie.reads]
            self._tie(tie, node, frame, ends, frame.meaning(output))

    def _tie(self, tie: Tie, node: NodeProto, frame: _Frame, reads: list[str | None], makes: str | None) -> None:
        self._emit(tie.kind, displayable(text(node.op_type)), frame.place(node), reads, [makes], tie.attributes)

    def _inside(self, node: NodeProto, graph: GraphProto, role: str, frame: _Frame) -> _Frame:
        """The frame of a body: what it makes gets new names, all else is that of the graph around it."""
        path = f"{_stem(node, frame)}/{role}/"
        own = [*body_inputs(graph), *map(text, _made_in(graph))]
        names: dict[str, str | None] = {name: self._new(path, name) for name in own if name}
        place = frame.place(node)
        return replace(frame, names=names, outer=frame, path=path, scope=place.scope, source=place.source)

    def _add_call(self, node: NodeProto, function: FunctionProto, attributes: Bound, frame: _Frame) -> None:
        """A call of a function: its nodes, reading and making what the call reads and makes."""
        _check_call(node, function)
        names: dict[str, str | None] = dict.fromkeys(map(text, function.input))
        names.update(zip(map(text, function.input), map(frame.meaning, node.input), strict=False))
        handed_on = _bind_outputs(node, function, frame, names)
        path = f"{_stem(node, frame)}/"
        for made in (text(output) for inner in function.node for output in inner.output):
            if made and made not in names:
                names[made] = self._new(path, made)
        place, label = frame.place(node), displayable(text(node.op_type))
        scope = place.scope
        if scope == frame.scope:  # The call does not say which module it is: the function's name has to do.
            scope = displayable(".".join(filter(None, (scope, label))))
        bound = {**defaults_of(function), **attributes}
        inside = _Frame(
            self._opset_of(function, frame.opset),
            names,
            path=path,
            bound=bound,
            caller=place.name,
            scope=scope,
            source=place.source,
        )
        self._record(function.value_info, inside)
        for inner in function.node:
            self._add(inner, inside)
        for formal, output in handed_on:
            self._emit("Identity", label, place, [names.get(formal)], [output], {})

    def _opset_of(self, function: FunctionProto, around: int) -> int:
        own = max(opset_versions(function.opset_import), default=around)
        if own != around:
            self.oddities[f"written for opset {own}, in a model of opset {around}"].append(text(function.name))
        return own

    def _new(self, path: str, name: str) -> str:
        """A name that nothing in the draft has yet."""
        wanted = path + displayable(name)
        found = wanted
        while found in self.taken:
            self.taken[wanted] = self.taken.get(wanted, 0) + 1
            found = f"{wanted}#{self.taken[wanted]}"
        self.taken[found] = 0
        return found

    def _emit(
        self,
        kind: str,
        label: str,
        place: _Place,
        reads: list[str | None],
        makes: list[str | None],
        attributes: Mapping[str, Attribute],
    ) -> None:
        self.nodes.append(
            Node(
                kind,
                tuple(reads),
                tuple(makes),
                place.name,
                label,
                attributes,
                place.scope,
                place.source,
                place.absorbs_norm,
            )
        )


def _check_call(node: NodeProto, function: FunctionProto) -> None:
    """Raises UnreadableModel when a function is called with more than it takes."""
    for what, count, most in (
        ("inputs", len(node.input), len(function.input)),
        ("outputs", len(node.output), len(function.output)),
    ):
        if count > most:
            raise UnreadableModel(f"{called(node)} has {count} {what}, the function that it calls has {most}")


def _bind_outputs(
    node: NodeProto, function: FunctionProto, frame: _Frame, names: dict[str, str | None]
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


def opset_versions(imports: Iterable[OperatorSetIdProto]) -> set[int]:
    """The versions of ONNX's own operators that are imported. Raises UnreadableModel for one that cannot exist."""
    versions = {entry.version for entry in imports if text(entry.domain) in DEFAULT_DOMAINS}
    for version in versions:
        if not 0 < version < 2**31:
            raise UnreadableModel(f"is written for version {version} of ONNX's operators, which does not exist")
    return versions


def _made_in(graph: GraphProto) -> Iterator[str]:
    """What the graph itself stores or makes, as the file has the names."""
    yield from (tensor.name for tensor in graph.initializer)
    yield from (sparse.values.name for sparse in graph.sparse_initializer)
    for node in graph.node:
        yield from node.output


@dataclass(frozen=True, slots=True)
class _Scope:
    """The names that a subgraph which is not looked into has of its own."""

    own: frozenset[str]
    outer: _Scope | None

    def has(self, name: str) -> bool:
        """Whether the name is the subgraph's own, or that of one around it."""
        scope: _Scope | None = self
        while scope is not None and name not in scope.own:
            scope = scope.outer
        return scope is not None


def _captured(bodies: Iterable[GraphProto], frame: _Frame) -> list[str | None]:
    """What subgraphs that are not looked into read from outside, each once."""
    found: dict[str, None] = {}
    waiting: list[tuple[GraphProto, _Scope | None]] = [(graph, None) for graph in bodies]
    while waiting:
        graph, around = waiting.pop()
        scope = _Scope(frozenset([*body_inputs(graph), *map(text, _made_in(graph))]), around)
        for node in graph.node:
            found.update((name, None) for name in map(text, node.input) if name and not scope.has(name))
            waiting.extend((inner, scope) for attribute in node.attribute for inner in graphs_in(attribute))
        outputs = (text(info.name) for info in graph.output)
        found.update((name, None) for name in outputs if name and not scope.has(name))
    return [frame.look_up(name) for name in found]


def _stem(node: NodeProto, frame: _Frame) -> str:
    """Whence names for what a node holds are made: its own name, or that of what it makes."""
    first = next((name for name in node.output if name), "")
    return displayable(frame.path + text(node.name or first or node.op_type))


def _nth(names: Sequence[str | None], slot: int) -> str | None:
    return names[slot] if slot < len(names) else None

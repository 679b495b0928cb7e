"""What does a program that torch.export has made say?

Reads an ExportedProgram, as it stands in memory, into an `AtenProgram`, as a .pt2 archive is read into one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.frozen import replace
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import Dim, Source, TensorType
from shortcut_audit.graph.sizes import canonical
from shortcut_audit.loaders.aten.graph import Argument, AtenGraph, AtenNode, AtenProgram, Ref
from shortcut_audit.loaders.provenance import innermost_frame, module_path
from shortcut_audit.loaders.torch.framework import torch

STORED: Mapping[str, bool] = {"PARAMETER": True, "BUFFER": False, "CONSTANT_TENSOR": False}
"""Kinds of inputs (torch.export.graph_signature.InputKind) that the module stores, and whether they are learned."""

RESULTS = ("USER_OUTPUT", "LOSS_OUTPUT", "BUFFER_MUTATION", "PARAMETER_MUTATION", "USER_INPUT_MUTATION")
"""Kinds of outputs that outlast the call: what the module hands back, and what it leaves in buffers and inputs."""


def program_of(exported: Any, source: str, form: str, notes: tuple[str, ...] = ()) -> AtenProgram:
    """The program in an ExportedProgram. `form` is the report's name of the format: module or torchscript."""
    graph = _Reading().graph(exported.graph_module)
    signature = exported.graph_signature
    stored: dict[str, Tensor] = {}
    first: dict[int, Tensor] = {}
    for spec in signature.input_specs:
        if spec.kind.name in STORED:
            tensor = _stored(spec.target, graph.types.get(spec.arg.name), learned=STORED[spec.kind.name])
            held = exported.state_dict.get(spec.target)
            stored[spec.arg.name] = tensor if held is None else first.setdefault(id(held), tensor)
    fed = {spec.arg.name for spec in signature.input_specs if spec.kind.name == "USER_INPUT"}
    results = tuple(Ref(spec.arg.name) for spec in signature.output_specs if _is_result(spec, graph))
    return AtenProgram(
        source=source,
        format=form,
        origin=f"torch.export, torch {torch().__version__}",
        graph=AtenGraph(graph.inputs, results, graph.nodes, graph.types, graph.strides),
        stored=stored,
        inputs=tuple(name for name in graph.inputs if name is not None and name in fed and name in graph.types),
        notes=notes,
    )


def _is_result(spec: Any, graph: AtenGraph) -> bool:
    return spec.kind.name in RESULTS and getattr(spec.arg, "name", None) in graph.types


def _stored(name: str, known: TensorType | None, *, learned: bool) -> Tensor:
    if known is None or known.shape is None:
        raise UnreadableModel(f"the exported program does not tell the shape of {name!r}")
    return Tensor(name, tuple(int(size or 0) for size in known.shape), known.dtype or "float32", learned=learned)


class Schema(NamedTuple):
    """What an operator of ATen's kind takes."""

    arguments: tuple[str, ...]
    """The names of its arguments."""
    writes: tuple[str, ...]
    """Those to which it writes."""


@dataclass(slots=True)
class _Reading:
    """One graph while it is read."""

    types: dict[str, TensorType] = field(default_factory=dict)
    strides: dict[str, tuple[Dim, ...]] = field(default_factory=dict)
    meant: dict[Any, Argument] = field(default_factory=dict)
    """What each fx node stands for: what it makes, by name; several results are a tuple."""
    kept: dict[str, Any] = field(default_factory=dict)
    """Tensors that the graph module itself holds, by the name of the node that reads them."""
    framework: Any = field(default_factory=torch)
    schemas: dict[Any, Schema] = field(default_factory=dict)
    """What the schema of each operator says: a model applies few operators many times."""

    def graph(self, module: Any) -> AtenGraph:
        """The graph of an fx.GraphModule."""
        inputs: list[str] = []
        nodes: list[AtenNode] = []
        outputs: tuple[Argument, ...] = ()
        for node in module.graph.nodes:
            match node.op:
                case "placeholder":
                    inputs.append(node.name)
                    self._note(node.name, node.meta.get("val"))
                    self.meant[node] = Ref(node.name)
                case "get_attr":
                    self._attribute(module, node)
                case "call_function":
                    nodes.extend(self._call(node))
                case "output":
                    outputs = tuple(self.argument(item) for item in _listed(node.args[0]))
                case _:
                    raise UnreadableModel(f"node {node.name!r} is a {node.op}, which torch.export never makes")
        return AtenGraph(tuple(inputs), outputs, tuple(nodes), self.types, self.strides)

    def _attribute(self, module: Any, node: Any) -> None:
        """The body of a higher-order op, or a tensor that the graph module holds."""
        found = module
        for part in node.target.split("."):
            found = getattr(found, part)
        if hasattr(found, "graph"):
            self.meant[node] = _body(found)
            return
        self._note(node.name, found)
        self.meant[node] = Ref(node.name)
        self.kept[node.name] = found

    def _call(self, node: Any) -> Iterable[AtenNode]:
        operator = self.framework._ops  # noqa: SLF001 -- the classes of operators have no public name
        if _is_getitem(node):
            whole, index = self.argument(node.args[0]), node.args[1]
            if isinstance(whole, tuple) and isinstance(index, int):
                self.meant[node] = whole[index]
                return
        value = node.meta.get("val")
        outputs: tuple[str | None, ...] = (node.name,)
        if isinstance(value, tuple | list):
            outputs = self._results(node, value)
            self.meant[node] = tuple(None if name is None else Ref(name) for name in outputs)
        elif value is None and not node.users:
            outputs = ()
        else:
            self._note(node.name, value)
            self.meant[node] = Ref(node.name)
        yield AtenNode(
            name=node.name,
            target=_target(node.target, operator),
            arguments=tuple(self._arguments(node, operator)),
            outputs=outputs,
            writes=self._writes(node, operator),
            scope=_scope(node),
            source=_source(node),
        )

    def _results(self, node: Any, values: Iterable[Any]) -> tuple[str | None, ...]:
        """Names of several results: those of the getitem nodes that take them."""
        taken = {user.args[1]: user.name for user in reversed(list(node.users)) if _is_getitem(user)}
        names: list[str | None] = []
        for position, value in enumerate(values):
            name = None if value is None else taken.get(position, f"{node.name}.{position}")
            names.append(name)
            if name is not None:
                self._note(name, value)
        return tuple(names)

    def _arguments(self, node: Any, operators: Any) -> Iterable[tuple[str, Argument]]:
        """Arguments by their names in the schema; arithmetic on sizes calls them a and b, higher-order ops nothing."""
        names: Sequence[str] = ("a", "b", "c")
        if isinstance(node.target, operators.OpOverload):
            names = self._schema(node.target).arguments
        elif isinstance(node.target, operators.HigherOrderOperator):
            names = [""] * len(node.args)
        yield from ((name, self.argument(value)) for name, value in zip(names, node.args, strict=False))
        yield from ((name, self.argument(value)) for name, value in node.kwargs.items())

    def _writes(self, node: Any, operators: Any) -> tuple[str, ...] | None:
        """The arguments to which an operator of ATen's kind writes, by their names in its schema."""
        return self._schema(node.target).writes if isinstance(node.target, operators.OpOverload) else None

    def _schema(self, operator: Any) -> Schema:
        if operator not in self.schemas:
            arguments = operator._schema.arguments  # noqa: SLF001 -- no other way
            writes = tuple(each.name for each in arguments if each.is_write)
            self.schemas[operator] = Schema(tuple(each.name for each in arguments), writes)
        return self.schemas[operator]

    def argument(self, value: Any) -> Argument:
        """An argument of an fx node."""
        if isinstance(value, str | bool | int | float | complex) or value is None:
            return value
        if isinstance(value, tuple | list):
            return tuple(self.argument(item) for item in value)
        if isinstance(value, dict):
            return tuple(self.argument(item) for item in value.values())
        if value in self.meant:
            return self.meant[value]
        if isinstance(value, self.framework.dtype):
            return dtype_name(value)
        if isinstance(value, self.framework._ops.OpOverload):  # noqa: SLF001 -- the class has no public name
            return _target(value, self.framework._ops)  # noqa: SLF001
        return None

    def _note(self, name: str, value: Any) -> None:
        """Keep what is known of a result: of a tensor its type and strides, of a symbolic number what it says."""
        framework = self.framework
        if isinstance(value, framework.Tensor):
            self.types[name] = tensor_type(value)
            if value.layout == framework.strided:
                self.strides[name] = tuple(map(size_of, value.stride()))
        elif isinstance(value, framework.SymInt | int) and not isinstance(value, bool):
            self.types[name] = TensorType((), "int64", (size_of(value),))
        elif isinstance(value, framework.SymFloat | float):
            self.types[name] = TensorType((), "float64")
        elif isinstance(value, framework.SymBool | bool):
            self.types[name] = TensorType((), "bool")


def _body(module: Any) -> AtenGraph:
    """The body of a higher-order op. A tensor that it holds is a constant of which only the shape matters."""
    reading = _Reading()
    graph = reading.graph(module)
    held = tuple(
        AtenNode(name, "aten.empty.memory_format", (("size", reading.types[name].shape),), (name,))
        for name in reading.kept
    )
    return replace(graph, nodes=held + graph.nodes)


def program_of_graph(module: Any, names: Mapping[int, Tensor], source: str, form: str) -> AtenProgram:
    """The program in an fx.GraphModule of ATen ops. `names`: stored tensors by the id() of the tensor that it holds."""
    reading = _Reading()
    graph = reading.graph(module)
    stored = {
        name: names.get(id(tensor)) or _stored(name, graph.types.get(name), learned=False)
        for name, tensor in reading.kept.items()
    }
    return AtenProgram(
        source=source,
        format=form,
        origin=f"torch {torch().__version__}",
        graph=graph,
        stored=stored,
        inputs=tuple(name for name in graph.inputs if name is not None and name in graph.types),
    )


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, tuple | list) else (value,)


def _is_getitem(node: Any) -> bool:
    target = node.target
    return (
        node.op == "call_function" and getattr(target, "__name__", "") == "getitem" and target.__module__ == "_operator"
    )


def _target(target: Any, operators: Any) -> str:
    if isinstance(target, operators.OpOverload):
        return str(target)
    if isinstance(target, operators.HigherOrderOperator):
        return f"higher_order.{target.name()}"
    return f"{target.__module__}.{target.__name__}"


def _scope(node: Any) -> str:
    stack = node.meta.get("nn_module_stack") or {}
    path = next(reversed(stack.values()), ("",))[0]
    return module_path(path)


def _source(node: Any) -> Source | None:
    return innermost_frame(node.meta.get("stack_trace") or "")


def tensor_type(value: Any) -> TensorType:
    """Shape and element type of a tensor."""
    return TensorType(tuple(map(size_of, value.shape)), dtype_name(value.dtype))


@cache
def dtype_name(dtype: Any) -> str:
    """numpy's name of an element type: "float32". The variants of float8 are not told apart."""
    name = str(dtype).removeprefix("torch.")
    return "float8" if name.startswith("float8") else name


def size_of(size: Any) -> Dim:
    """A size: a number, or the text of an expression over symbols."""
    if isinstance(size, int):
        return size
    known = size.node.maybe_as_int()
    return canonical(str(size)) if known is None else int(known)

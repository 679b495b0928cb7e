"""What does the JSON document of a PyTorch export archive say?

Reads the schema of torch/_export/serde/schema.py (major version 8) into an `AtenProgram`. Every field is checked as it
is read; nothing in it is evaluated: a symbolic size stays the text that it is. Names by which things are told apart
stay as the file has them; what is only shown (of nodes: name, target, scope, source) is made fit to be read.
"""

from __future__ import annotations

from collections.abc import Mapping

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.graph.draft import Tensor
from shortcut_audit.graph.model import Dim, TensorType
from shortcut_audit.loaders.aten.graph import Argument, AtenGraph, AtenNode, AtenProgram, Ref
from shortcut_audit.loaders.provenance import innermost_frame, module_path
from shortcut_audit.loaders.pt2.checked import Json, check_once, damaged, items, mapping, text, union
from shortcut_audit.loaders.pt2.types import dtype_of, number_of, symbolic, tensor_type
from shortcut_audit.names import displayable

SCHEMA_MAJORS = (8,)
"""Major versions of the schema that are understood. 8: PyTorch 2.6 and later."""

NESTING_LIMIT = 40
"""Graphs within graphs, and lists within lists, that are read."""

NUMBERS_HELD = range(-(2**63), 2**64)
"""Integers that PyTorch can hold."""


def program_of(document: Json, source: str, ties: Mapping[str, str], notes: tuple[str, ...]) -> AtenProgram:
    """The program that the document describes. `ties`: stored tensors that are another one under a second name."""
    top = mapping(document, "the document")
    version = mapping(top.get("schema_version"), "schema_version")
    major, minor = (version.get(key) for key in ("major", "minor"))
    if isinstance(major, dict | list) or not isinstance(minor, int | None):
        raise damaged("schema_version")
    if major not in SCHEMA_MAJORS:
        known = ", ".join(map(str, SCHEMA_MAJORS))
        raise UnreadableModel(
            f"schema version {displayable(str(major))} is not known, only {known} (PyTorch 2.6 and later); "
            "save the model again"
        )
    module = mapping(top.get("graph_module"), "graph_module")
    graph = graph_of(module.get("graph"), 0)
    signature = mapping(module.get("signature"), "signature")
    stored, inputs = _fed(items(signature.get("input_specs"), "input_specs"), graph, ties)
    results = _results(items(signature.get("output_specs"), "output_specs"))
    torch = top.get("torch_version")
    written_by = f", torch {displayable(torch)}" if isinstance(torch, str) else ""
    return AtenProgram(
        source=source,
        format="pt2",
        origin=f"torch.export schema {major}.{minor}{written_by}",
        graph=AtenGraph(graph.inputs, results, graph.nodes, graph.types, graph.strides),
        stored=stored,
        inputs=inputs,
        notes=notes,
    )


# -- graphs ---------------------------------------------------------------------------------------------------------

NUMBERS = (("sym_int_values", "int64"), ("sym_float_values", "float64"), ("sym_bool_values", "bool"))


def graph_of(value: Json, depth: int) -> AtenGraph:
    """A graph, with the bodies that stand among its nodes' arguments."""
    _check_depth(depth)
    graph = mapping(value, "a graph")
    types: dict[str, TensorType] = {}
    strides: dict[str, tuple[Dim, ...]] = {}
    for name, meta in mapping(graph.get("tensor_values"), "tensor_values").items():
        types[name], found = tensor_type(meta)
        if found is not None:
            strides[name] = found
    for field, kind in NUMBERS:
        for name, number in mapping(graph.get(field) or {}, field).items():
            if name in types:
                raise UnreadableModel(f"'{displayable(name)}' stands for two things; export the model again")
            types[name] = symbolic(number, kind)
    inputs = tuple(_made(item) for item in items(graph.get("inputs"), "a graph's inputs"))
    check_once(inputs, "a graph has the input")
    return AtenGraph(
        inputs=inputs,
        outputs=tuple(argument_of(item, depth) for item in items(graph.get("outputs"), "a graph's outputs")),
        nodes=tuple(_node(item, depth) for item in items(graph.get("nodes"), "nodes")),
        types=types,
        strides=strides,
    )


def _check_depth(depth: int) -> None:
    if depth > NESTING_LIMIT:
        raise UnreadableModel(f"graphs or lists are nested more than {NESTING_LIMIT} deep; this is no real model")


def _node(value: Json, depth: int) -> AtenNode:
    node = mapping(value, "a node")
    target = displayable(text(node.get("target"), "a node's target").removeprefix("torch.ops."))
    arguments = [mapping(item, "a node's input") for item in items(node.get("inputs"), "a node's inputs")]
    outputs = [name for item in items(node.get("outputs"), "a node's outputs") for name in _outputs(item)]
    called = node.get("name")
    name = displayable(called if isinstance(called, str) else next((made for made in outputs if made), ""))
    given = tuple((text(item.get("name")), argument_of(item.get("arg"), depth)) for item in arguments)
    check_once((key or None for key, _ in given), f"node '{name}' is given")
    metadata = node.get("metadata")
    stack, trace = (_note(metadata, key) for key in ("nn_module_stack", "stack_trace"))
    return AtenNode(
        name=name,
        target=target,
        arguments=given,
        outputs=tuple(outputs),
        scope=displayable(module_path(_innermost_module(stack))),
        source=innermost_frame(trace),
    )


def _note(metadata: Json, key: str) -> str:
    found = metadata.get(key) if isinstance(metadata, dict) else None
    return found if isinstance(found, str) else ""


def _innermost_module(stack: str) -> str:
    """The path of the last entry "key,path,class" of a stack of modules, which semicolons divide."""
    parts = stack.rpartition(";")[2].split(",", 2)
    return parts[1] if len(parts) > 2 else ""


def _outputs(value: Json) -> list[str | None]:
    """The names that an output of a node is given; a list of tensors has several."""
    tag, content = union(value, "an output")
    if tag in {"as_tensors", "as_optional_tensors"}:
        return [_made(item) for item in items(content, "a list of outputs")]
    return [_made(value)]


def _made(value: Json) -> str | None:
    """The name that an output, or an input of a graph, is given; None for what has none."""
    tag, content = "", value
    while "name" not in (made := mapping(content, "an output")):
        tag, content = union(made, "an output")
        if tag not in {"as_tensor", "as_optional_tensor"} or not isinstance(content, dict):
            break
    else:
        return text(made["name"])
    if tag.startswith("as_sym_") and isinstance(content, dict):
        name = content.get("as_name")
        return None if name is None else text(name)
    return None


RESULTS = frozenset({"user_output", "loss_output", "buffer_mutation", "parameter_mutation", "user_input_mutation"})
"""Tags of the outputs that outlast the call: what the model hands back, and what it leaves in buffers and inputs."""

LISTS = frozenset(
    {"as_tensors", "as_optional_tensors", "as_sym_ints", "as_sym_floats", "as_sym_bools", "as_ints", "as_floats"}
    | {"as_bools", "as_strings", "as_nested_tensors", "as_int_lists", "as_float_lists"}
)


WITHOUT_MEANING = frozenset({"as_none", "as_layout", "as_memory_format", "as_custom_obj"})
"""Nothing at all, or nothing that matters here. (The number in "as_complex" does not matter either.)"""


def argument_of(value: Json, depth: int) -> Argument:
    """An argument of a node. `depth`: graphs, and arguments made of arguments, that it stands in."""
    _check_depth(depth)
    tag, content = union(value, "an argument")
    if tag in LISTS:
        return tuple(_item(tag, item, depth) for item in items(content, f"an argument {tag}"))
    if tag in WITHOUT_MEANING:
        return None
    match tag, content:
        case "as_graph", dict():
            return graph_of(content.get("graph"), depth + 1)
        case "as_scalar_type", _:
            return dtype_of(content)
        case "as_device", dict():
            return _item("as_string", content.get("type"), depth)
        case "as_complex", _:
            return 1j
        case "as_string_to_argument", dict():
            return tuple(argument_of(item, depth + 1) for item in content.values())
    return _item(tag, content, depth)


FLOATS = frozenset({"as_float", "as_floats", "as_float_lists"})


def _item(tag: str, value: Json, depth: int) -> Argument:
    """A number, a string, or a reference to what is computed, alone or in a list. `tag` says what it is meant to be."""
    _check_depth(depth)
    value = number_of(value) if tag in FLOATS else value
    if isinstance(value, str):
        return displayable(value)
    if isinstance(value, int) and value not in NUMBERS_HELD:
        raise damaged("a number of more than 64 bits")
    if not isinstance(value, dict | list):
        return value
    if isinstance(value, list):
        return tuple(_item(tag, item, depth + 1) for item in value)
    if "name" in value:
        return Ref(text(value["name"]))
    tag, content = union(value, "an argument")
    if tag == "as_none":
        return None
    if tag == "as_name":
        return Ref(text(content))
    return _item(tag, content, depth + 1)


# -- signature ------------------------------------------------------------------------------------------------------

STORED: Mapping[str, tuple[str, bool]] = {
    "parameter": ("parameter_name", True),
    "buffer": ("buffer_name", False),
    "tensor_constant": ("tensor_constant_name", False),
}
"""Inputs of the graph that are stored: the field that tells the name in the module, and whether it is learned."""


def _fed(
    specs: list[Json], graph: AtenGraph, ties: Mapping[str, str]
) -> tuple[dict[str, Tensor], tuple[str, ...]]:  # fmt: skip
    """Stored tensors by their names in the graph, and the names of what the caller feeds."""
    stored: dict[str, Tensor] = {}
    inputs: list[str] = []
    named: dict[str, Tensor] = {}
    fed = [(tag, mapping(content, "an input")) for tag, content in (union(spec, "an input") for spec in specs)]
    meant = [(tag, given, _made(given.get("arg"))) for tag, given in fed if tag == "user_input" or tag in STORED]
    _check_fed([name for _, _, name in meant if name is not None], graph)
    for tag, given, name in meant:
        if name is None:
            continue
        if tag == "user_input":
            inputs.append(name)
            continue
        field, learned = STORED[tag]
        tensor = _tensor(text(given.get(field), "a parameter's name"), graph.types.get(name), learned)
        stored[name] = named[tensor.name] = _told_apart(tensor, named, ties)
    return stored, tuple(inputs)


def _check_fed(names: list[str], graph: AtenGraph) -> None:
    """Refuse an input of the graph that is fed two things, and what is fed to no input."""
    check_once(names, "the model feeds")
    known = frozenset(graph.inputs)
    missing = next((name for name in names if name not in known), None)
    if missing is not None:
        raise UnreadableModel(f"the model feeds '{displayable(missing)}', which is no input; export the model again")


def _told_apart(tensor: Tensor, named: Mapping[str, Tensor], ties: Mapping[str, str]) -> Tensor:
    """The stored tensor that this one is: itself, or one that came before, under the same name or tied to it."""
    before = named.get(tensor.name)
    twin = before if before is not None else named.get(ties.get(tensor.name, tensor.name))
    if twin is not None and (twin.shape, twin.dtype, twin.learned) == (tensor.shape, tensor.dtype, tensor.learned):
        return twin
    if before is not None:
        raise UnreadableModel(f"two tensors are stored as '{displayable(tensor.name)}'; export the model again")
    return tensor


def _tensor(name: str, known: TensorType | None, learned: bool) -> Tensor:
    if known is None or known.shape is None or known.dtype is None:
        raise damaged(f"the type of '{displayable(name)}'")
    sizes = tuple(size for size in known.shape if isinstance(size, int))
    if len(sizes) != len(known.shape):
        raise damaged(f"the shape of '{displayable(name)}'")
    return Tensor(name, sizes, known.dtype, learned=learned)


def _results(specs: list[Json]) -> tuple[Argument, ...]:
    """What outlasts the call."""
    found = []
    for spec in specs:
        tag, content = union(spec, "an output")
        if tag in RESULTS:
            name = _made(mapping(content, "an output").get("arg"))
            if name is not None:
                found.append(Ref(name))
    return tuple(found)

"""How does a test write down an ATen program, and see what became of it?

    drawn('''
        x: 1x8x4x4
        w: parameter 8x8x3x3
        y = aten.conv2d.default(input=x, weight=w, padding=[1, 1]) -> 1x8x4x4
        a, b = aten.split.Tensor(self=y, split_size=4, dim=1) -> 1x4x4x4, 1x4x4x4
        return a, b
    ''')

A name alone is an input of the model; "parameter" and "buffer" are stored. Types read "1x7:int64", "scalar",
"scalar:bool"; float32 where nothing is said. Strides are those of a contiguous tensor, or stand behind "@": "4x4@1x4".
"""

from __future__ import annotations

import ast
import re

from shortcut_audit.graph.draft import Draft, Tensor
from shortcut_audit.graph.model import Dim, TensorType
from shortcut_audit.loaders.aten.graph import Argument, AtenGraph, AtenNode, AtenProgram, Ref
from shortcut_audit.loaders.aten.translate import draft_of

LINE = re.compile(
    r"(?P<names>[\w, ]+?) *"
    r"(?:: *(?P<stored>parameter|buffer)? *(?P<type>\S+)|= *(?P<call>.+?\))(?: -> (?P<types>.+))?)$"
)


def drawn(text: str, **bodies: AtenGraph) -> list[str]:
    """The canonical nodes that a program becomes, one a line."""
    return drawing(translated(text, **bodies))


def translated(text: str, **bodies: AtenGraph) -> Draft:
    """The draft that a program becomes."""
    return draft_of(program(text, **bodies))


def body(text: str, **bodies: AtenGraph) -> AtenGraph:
    """The body of a higher-order op: a program whose inputs are its operands."""
    return program(text, **bodies).graph


def program(text: str, **bodies: AtenGraph) -> AtenProgram:
    inputs: list[str] = []
    stored: dict[str, Tensor] = {}
    nodes: list[AtenNode] = []
    outputs: tuple[str, ...] = ()
    types: dict[str, TensorType] = {}
    strides: dict[str, tuple[Dim, ...]] = {}

    def note(name: str, shown: str) -> None:
        types[name], strides[name] = type_of(shown)

    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("return "):
            outputs = tuple(line.removeprefix("return ").split(", "))
            continue
        found = LINE.match(line)
        assert found, f"cannot read {line!r}"
        names = [None if name == "_" else name for name in found["names"].split(", ")]
        if found["call"] is None:
            note(found["names"], found["type"])
            if found["stored"]:
                known = types[found["names"]]
                shape = tuple(size for size in known.shape or () if isinstance(size, int))
                stored[found["names"]] = Tensor(
                    found["names"], shape, known.dtype or "", learned=found["stored"] == "parameter"
                )
            else:
                inputs.append(found["names"])
            continue
        for name, shown in zip(names, (found["types"] or "").split(", "), strict=False):
            if name and shown:
                note(name, shown)
        nodes.append(call(found["call"], tuple(names), bodies))
    graph = AtenGraph((*stored, *inputs), tuple(map(Ref, outputs)), tuple(nodes), types, strides)
    return AtenProgram("test", "pt2", "", graph, stored, tuple(inputs))


def call(text: str, names: tuple[str | None, ...], bodies: dict[str, AtenGraph]) -> AtenNode:
    parsed = ast.parse(text, mode="eval").body
    assert isinstance(parsed, ast.Call)
    unnamed = tuple(("", argument(value, bodies)) for value in parsed.args)
    named = tuple((item.arg or "", argument(item.value, bodies)) for item in parsed.keywords)
    return AtenNode(names[0] or "unnamed", ast.unparse(parsed.func), unnamed + named, names)


def argument(value: ast.expr, bodies: dict[str, AtenGraph]) -> Argument:
    if isinstance(value, ast.Name):
        return bodies[value.id] if value.id in bodies else Ref(value.id)
    if isinstance(value, ast.List | ast.Tuple):
        return tuple(argument(item, bodies) for item in value.elts)
    found: Argument = ast.literal_eval(value)
    return found


def type_of(shown: str) -> tuple[TensorType, tuple[Dim, ...]]:
    shown, _, order = shown.partition("@")
    sizes, _, dtype = shown.partition(":")
    shape = sizes_of(sizes)
    return TensorType(shape, dtype or "float32"), sizes_of(order) if order else contiguous(shape)


def sizes_of(shown: str) -> tuple[Dim, ...]:
    return () if shown == "scalar" else tuple(int(size) if size.isdigit() else size for size in shown.split("x"))


def contiguous(shape: tuple[Dim, ...]) -> tuple[Dim, ...]:
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= size if isinstance(size, int) else 1
    return tuple(reversed(strides))


def drawing(draft: Draft) -> list[str]:
    """The nodes, one a line: "y = Slice(x, [0], [4], [1])". Numbers written in the code stand where they are read."""
    literals = {tensor.name: tensor for tensor in draft.tensors if tensor.literal}

    def shown(name: str | None) -> str:
        if name not in literals:
            return name or "_"
        tensor = literals[name]
        if tensor.data is None:
            return "?"
        return str(list(tensor.data)) if tensor.shape else str(tensor.data[0])

    return [
        f"{', '.join(name or '_' for name in node.outputs)} = {node.kind}({', '.join(map(shown, node.inputs))})"
        for node in draft.nodes
    ]

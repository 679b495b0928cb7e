"""How do you draw a test graph?

    sketch("x -> Conv.1 -> Relu -> Conv.2 -> Add",
           "x -> Conv.proj{k=1} -> Add")

Each line is a chain. A capitalised token is an op, `Kind.label`; the same token on two lines is the same op, and its
inputs come in the order of the lines. A lower-case token at the start of a chain is an input of the model, `#name` a
stored tensor, `#name[8,1,1]` one of that shape. `Split.0:1` is the second output of Split.0.

Ops that carry weights get their own: a Conv is 3x3 and keeps size and channels unless {k=, in=, out=, stride=, bias=1}
say otherwise; a MatMul with one value multiplies by a square matrix; norms have scale and bias.

Where a drawing says too little, write the ops out, and say what each name that nobody makes is:

    listing("c = Conv(x, w, _) pads=1,1,1,1 @stem",
            "y = Add(c, x)",
            x=(1, 8, 4, 4), w=stored(8, 8, 3, 3))

`_` is an input left out; `@stem` the module scope. Nodes are named after what they make.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from shortcut_audit.assembly.assemble import assemble
from shortcut_audit.graph.draft import Draft, Node, Tensor
from shortcut_audit.graph.model import Attribute, Datum, ModelGraph, TensorType
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from shortcut_audit.search import search
from shortcut_audit.search.found import Found

CHANNELS = 8
SHAPE = (1, CHANNELS, 4, 4)
TOKEN = re.compile(r"(?P<name>[#\w.:]+(?:\[[\w, ]*\])?)(?:\{(?P<options>[^}]*)\})?$")


@dataclass
class _Op:
    kind: str
    inputs: list[str] = field(default_factory=list)
    options: dict[str, int] = field(default_factory=dict)
    outputs: int = 1


def draft(*lines: str, shape: tuple[int | str | None, ...] = SHAPE, outputs: tuple[str, ...] = ()) -> Draft:
    """The drawing as a loader would hand it over. Outputs of the model: the ops that nobody reads, and `outputs`."""
    ops: dict[str, _Op] = {}
    inputs: dict[str, TensorType] = {}
    tensors: dict[str, Tensor] = {}
    for line in lines:
        previous = ""
        for token in line.split("->"):
            match = TOKEN.match(token.strip())
            assert match, f"cannot read {token!r}"
            name, options = match["name"], match["options"] or ""
            if name.startswith("#"):
                name, _, dims = name.partition("[")
                sizes = tuple(int(size) for size in dims.rstrip("]").split(",") if size) if dims else (CHANNELS, 1, 1)
                tensors[name] = Tensor(name, sizes, "float32")
            elif name[0].islower():
                inputs.setdefault(name, TensorType(shape, "float32"))
            else:
                base, _, output = name.partition(":")
                op = ops.setdefault(base, _Op(base.split(".")[0]))
                op.options |= {key.strip(): int(value) for key, value in re.findall(r"(\w+)=(-?\d+)", options)}
                op.outputs = max(op.outputs, int(output or 0) + 1)
                if previous:
                    op.inputs.append(previous)
                name = base if output in {"", "0"} else name
            previous = name
    nodes = tuple(node for name, op in ops.items() for node in _nodes(name, op, tensors))
    read = {name for node in nodes for name in node.inputs}
    unread = tuple(name for name in ops if name not in read)
    return Draft("sketch", "onnx", "", 17, tuple(inputs.items()), unread + outputs, tuple(tensors.values()), nodes)


def sketch(*lines: str, **options: object) -> ModelGraph:
    """The drawing as a graph."""
    return assemble(draft(*lines, **options))  # type: ignore[arg-type]


def audited(*lines: str, **options: object) -> ModelReport:
    """The report on a drawing."""
    return audit_draft(draft(*lines, **options))  # type: ignore[arg-type]


def kinds(*lines: str, **options: object) -> list[str]:
    """The kinds of the shortcuts in a drawing."""
    return [shortcut.kind for shortcut in audited(*lines, **options).shortcuts]


def found(graph: ModelGraph) -> list[Found]:
    """The shortcuts of a graph, before they are classified and priced."""
    return list(search(graph).found)


def reasons(*lines: str, **options: object) -> list[str]:
    """Why the other additions of a drawing are no shortcuts."""
    return [other.reason for other in audited(*lines, **options).other_adds]


LINE = re.compile(r"(?P<made>[^=]*) = (?P<kind>[\w.:]+)\((?P<read>[^)]*)\)(?P<attributes>[^@]*)(?:@(?P<scope>.+))?$")


def listing(
    *lines: str,
    outputs: tuple[str, ...] = (),
    opset: int = 17,
    **tensors: Tensor | TensorType | tuple[int | str | None, ...],
) -> Draft:
    """The ops as a loader would hand them over. Outputs of the model: `outputs`, or else what nobody reads."""
    nodes = tuple(node(line) for line in lines)
    kept = tuple(replace(given, name=name) for name, given in tensors.items() if isinstance(given, Tensor))
    fed = {name: given for name, given in tensors.items() if not isinstance(given, Tensor)}
    inputs = tuple((name, t if isinstance(t, TensorType) else TensorType(t, "float32")) for name, t in fed.items())
    read = {name for line in nodes for name in line.inputs}
    unread = tuple(name for line in nodes for name in line.outputs if name is not None and name not in read)
    return Draft("listing", "onnx", "", opset, inputs, outputs or unread, kept, nodes)


def node(line: str) -> Node:
    """One line of a listing."""
    match = LINE.match(line)
    assert match, f"cannot read {line!r}"
    attributes = dict(token.split("=", maxsplit=1) for token in match["attributes"].split())
    made, read = _names(match["made"]), _names(match["read"])
    return Node(
        match["kind"],
        read,
        made,
        next((name for name in made if name is not None), ""),
        attributes={key: _attribute(text) for key, text in attributes.items()},
        scope=match["scope"] or "",
    )


def stored(
    *shape: int,
    dtype: str = "float32",
    data: tuple[Datum, ...] | None = None,
    learned: bool | None = None,
    literal: bool = False,
) -> Tensor:
    """A tensor that the model stores; a listing gives it its name."""
    return Tensor("", shape, dtype, data, learned, literal)


def _names(listed: str) -> tuple[str | None, ...]:
    return tuple(None if name.strip() == "_" else name.strip() for name in listed.split(",") if name.strip())


def _attribute(text: str) -> Attribute:
    """`pads=1,1` and `axes=-1,` are integers; `equation=ij,jk->ik` is a text."""
    parts = [part for part in text.split(",") if part]
    if all(re.fullmatch(r"-?\d+", part) for part in parts):
        return tuple(int(part) for part in parts) if "," in text else int(text)
    return float(text) if re.fullmatch(r"-?\d+\.\d*", text) else text


def _nodes(name: str, op: _Op, tensors: dict[str, Tensor]) -> list[Node]:
    read = list(op.inputs)
    get = op.options.get
    attributes: dict[str, Attribute] = {}

    def stored(role: str, *shape: int, dtype: str = "float32", data: tuple[int, ...] | None = None) -> str:
        tensors[f"{name}.{role}"] = Tensor(f"{name}.{role}", shape, dtype, data)
        return f"{name}.{role}"

    width, out = get("in", CHANNELS), get("out", get("in", CHANNELS))
    match op.kind:
        case "Conv":
            k = get("k", 3)
            read.append(stored("weight", out, width // get("group", 1), k, k))
            if get("bias"):
                read.append(stored("bias", out))
            attributes = {"pads": (k // 2,) * 4, "strides": (get("stride", 1),) * 2, "group": get("group", 1)}
        case "MatMul" if len(read) == 1:
            read.append(stored("weight", width, out))
        case "Gemm" if len(read) == 1:
            read += [stored("weight", width, out), stored("bias", out)]
        case "BatchNormalization":
            read += [stored(role, width) for role in ("scale", "bias", "mean", "var")]
        case "LayerNormalization" | "GroupNormalization" | "InstanceNormalization":
            read += [stored(role, width) for role in ("scale", "bias")]
        case "AveragePool" | "MaxPool":
            k = get("k", 2)
            attributes = {"kernel_shape": (k, k), "strides": (get("stride", k),) * 2}
        case "Concat" | "Softmax":
            attributes = {"axis": get("axis", 1 if op.kind == "Concat" else -1)}
        case "Split":
            attributes = {"axis": get("axis", 1)}
        case "Gather":
            read.append(stored("index", dtype="int64", data=(0,)))
        case "Cast":
            attributes = {"to": 10}
        case "QuantizeLinear" | "DequantizeLinear":
            tensors["scale"] = Tensor("scale", (), "float32", (0.5,))
            tensors["zero"] = Tensor("zero", (), "int8", (0,))
            read += ["scale", "zero"]
        case "Pad":
            before = get("channels", CHANNELS) // 2
            read.append(stored("pads", 8, dtype="int64", data=(0, before, 0, 0, 0, before, 0, 0)))
        case "Slice":
            step = get("step", 2)
            read += [
                stored("starts", 2, dtype="int64", data=(0, 0)),
                stored("ends", 2, dtype="int64", data=(1 << 31, 1 << 31)),
                stored("axes", 2, dtype="int64", data=(2, 3)),
                stored("steps", 2, dtype="int64", data=(step, step)),
            ]
        case "ReduceMean":
            attributes = {"axes": (2, 3), "keepdims": get("keepdims", 1)}
        case "ReduceSum" | "Unsqueeze":
            read.append(stored("axes", 1, dtype="int64", data=(get("axis", 0),)))
            attributes = {"keepdims": 0} if op.kind == "ReduceSum" else {}
        case _:
            attributes = {}
    made = [name if slot == 0 else f"{name}:{slot}" for slot in range(op.outputs)]
    return [Node(op.kind, tuple(read), tuple(made), name, attributes=attributes)]

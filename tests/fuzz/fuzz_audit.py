"""Is there a file that makes the audit crash, hang or contradict itself?

A coverage-guided fuzzer (atheris, libFuzzer's Python front end) over the bytes of ONNX files and over the JSON document
of .pt2 files. It is no part of the test run; what it found is kept in tests/hostile/ as small makers of the same file.

    pip install atheris            # wheels for CPython 3.11 to 3.13 on Linux
    python tests/fuzz/fuzz_audit.py seeds corpus/
    python tests/fuzz/fuzz_audit.py onnx --findings findings/ corpus/onnx/ -max_total_time=1800
    python tests/fuzz/fuzz_audit.py pt2  --findings findings/ corpus/pt2/  -max_total_time=1800

What follows the corpus goes to libFuzzer. Each finding is written to the folder as NAME.input and NAME.txt (what went
wrong), one for each place in the code, and the run goes on. `... onnx FILE` runs one input.

What counts as a finding: any exception but a `ShortcutAuditError`; more than `SECONDS` of processor time; more than
`MEGABYTES` of memory; an error or a report that `failing` objects to. Mutations are those of libFuzzer on bytes, and,
more often, edits of the parsed model (`mutate_onnx`, `mutate_json`): bytes alone hardly ever make another valid graph.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import atheris

with atheris.instrument_imports(include=["shortcut_audit"]):
    from shortcut_audit import audit
    from shortcut_audit.errors import ShortcutAuditError
    from shortcut_audit.report import AuditReport, Failure, ModelReport
    from shortcut_audit.reporters import REPORTERS, Style

import onnx
from google.protobuf.message import DecodeError
from onnx import AttributeProto, ModelProto, TensorProto, ValueInfoProto, defs, helper

SECONDS = 5.0
"""Of processor time, under instrumentation, that one input may take."""

MEGABYTES = 2048

LONGEST = 60_000
"""Bytes of an input: what is larger takes longer than it tells."""

SAMPLES = Path(__file__).parents[2] / "samples"


class TooSlow(BaseException):
    """One input has had its time. No `Exception`: nothing in the audit may catch it."""


def _stop(signum: int, frame: FrameType | None) -> None:
    raise TooSlow


# -- one input ------------------------------------------------------------------------------------------------------


class Harness:
    """Runs inputs through the audit and every reporter, and keeps what goes wrong."""

    def __init__(self, kind: str, findings: Path | None) -> None:
        self._kind = kind
        self._findings = findings
        self._path = os.path.join(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None), f"m.{kind}")  # noqa: PTH118, S108
        self._known: set[str] = set()
        self.executions = self.audited = 0
        self.slowest = 0.0
        self._started = time.monotonic()

    def __call__(self, data: bytes) -> None:
        self.executions += 1
        Path(self._path).write_bytes(data if self._kind == "onnx" else archive(data))
        before = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        try:
            audited = self._audit()
        except TooSlow:
            self._keep("hang", data, traceback.format_exc())
        except Exception:
            self._keep("crash", data, traceback.format_exc())
        else:
            self.audited += audited
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        self.slowest = max(self.slowest, time.process_time() - before)
        if self.executions % 10_000 == 0:
            self.tell()

    def _audit(self) -> bool:
        try:
            model = audit(self._path)
        except ShortcutAuditError as error:
            report = AuditReport("0", (), errors=(Failure(self._path, str(error)),))
        else:
            check(model)
            report = AuditReport("0", (model,))
        for name, reporter in REPORTERS.items():
            check_text(name, reporter.render(report, Style(verbose=1)))
        return bool(report.models)

    def _keep(self, what: str, data: bytes, trace: str) -> None:
        """Writes a finding down unless one from the same place is known."""
        frames = [line for line in trace.splitlines() if "shortcut_audit" in line or "fuzz_audit" in line]
        place = what + "\n".join(frames[-1 if what == "crash" else -4 :])
        name = f"{what}-{hashlib.sha256(place.encode()).hexdigest()[:10]}"
        if name in self._known:
            return
        self._known.add(name)
        print(f"\n{name}\n{trace}", file=sys.stderr)
        if self._findings is None:
            sys.exit(1)
        self._findings.mkdir(parents=True, exist_ok=True)
        self._findings.joinpath(f"{name}.input").write_bytes(data)
        self._findings.joinpath(f"{name}.txt").write_text(trace)

    def tell(self) -> None:
        """One line of numbers."""
        seconds = time.monotonic() - self._started
        print(
            f"## {self._kind}: {self.executions} executions in {seconds:.0f} s, {self.audited} of them audited, "
            f"{len(self._known)} findings, slowest {self.slowest:.2f} s",
            file=sys.stderr,
            flush=True,
        )


def check(model: ModelReport) -> None:
    """Raises AssertionError for a report that contradicts itself: an addition lost, a number below zero."""
    merges = {(s.merge.name, s.merge.op, s.merge.also): 1 + len(s.merge.also) for s in model.shortcuts}
    listed = sum(merges.values()) + sum(1 + len(other.also) for other in model.other_adds)
    assert listed <= model.totals.adds, (listed, model.totals.adds)
    assert bool(listed) == bool(model.totals.adds)
    assert model.summary.shortcuts == len(model.shortcuts)
    for number in numbers(model.to_dict()):
        assert number >= 0, number


def numbers(thing: Any) -> Iterator[int]:
    """What is counted in a report: every integer that is not in a shape or a line number."""
    if isinstance(thing, dict):
        for key, value in thing.items():
            if key not in {"shape", "strides", "source"}:
                yield from numbers(value)
    elif isinstance(thing, list):
        for item in thing:
            yield from numbers(item)
    elif isinstance(thing, int):
        yield thing


def check_text(name: str, text: str) -> None:
    """Raises AssertionError for output that holds more than text, or is not what it says it is."""
    assert all(c.isprintable() or c == "\n" for c in text), name
    text.encode("utf-8")
    if name in {"json", "sarif", "gitlab"}:
        json.loads(text)


def archive(document: bytes) -> bytes:
    """A .pt2 file around the document of its graph."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("m/models/model.json", document)
    return buffer.getvalue()


# -- mutations of ONNX models ---------------------------------------------------------------------------------------

UNSUITABLE = (AttributeError, IndexError, ValueError, TypeError)
"""What an edit that does not suit a model raises, and then does nothing: an index into nothing, names of odd bytes."""

INTEGERS = (0, 1, -1, 2, 3, 64, 65, 1000, 2**31 - 1, 2**31, -(2**31), 2**40, 2**62, 2**63 - 1, -(2**63))
NAMES = ("", "x", "Add", "\x00", "\x1b[2J", "%s", "a\u202eb", "::error::", "[/]", "constructor", "axis", "body")
OPERATORS = sorted({s.name for s in defs.get_all_schemas_with_history() if s.domain == ""}) + [
    "SkipLayerNormalization", "SkipSimplifiedLayerNormalization", "FusedConv", "QLinearAdd", "BiasAdd", "SkipGroupNorm",
    "FusedMatMul", "FusedGemm", "MultiHeadAttention", "Attention", "MatMulNBits", "EmbedLayerNormalization", "BiasGelu",
]  # fmt: skip
ATTRIBUTES = sorted({name for s in defs.get_all_schemas() for name in s.attributes})


def mutate_onnx(data: bytes, max_size: int, seed: int) -> bytes:
    """Another file: bytes changed, or the model in them edited."""
    rng = random.Random(seed)
    if rng.random() < 0.25:
        return bytes(atheris.Mutate(data, max_size))
    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        return bytes(atheris.Mutate(data, max_size))
    for _ in range(1 + int(rng.expovariate(0.7))):
        graph = rng.choice(list(_graphs(model)))
        with contextlib.suppress(*UNSUITABLE):
            rng.choice(EDITS)(graph, model, rng)
    with contextlib.suppress(*UNSUITABLE):
        if rng.random() < 0.8:
            _repair(model, rng)
    made = model.SerializeToString()
    return made if len(made) <= max_size else bytes(atheris.Mutate(data, max_size))


def splice_onnx(one: bytes, other: bytes, max_size: int, seed: int) -> bytes:
    """Two models in one: messages of protobuf that follow each other are merged."""
    made = one + other
    with contextlib.suppress(DecodeError, *UNSUITABLE):
        model = ModelProto.FromString(made)
        _repair(model, random.Random(seed))
        made = model.SerializeToString()
    return made if len(made) <= max_size else one


def _repair(model: ModelProto, rng: random.Random) -> None:
    """Whatever dangles in the model's own graph is tied to something, whatever is made twice gets a name of its own."""
    graph = model.graph
    known = dict.fromkeys([*(info.name for info in graph.input), *(tensor.name for tensor in graph.initializer)])
    for node in graph.node:
        for slot, given in enumerate(node.input):
            if given and given not in known and known:
                node.input[slot] = rng.choice(list(known)[-12:])
        for slot, name in enumerate(node.output):
            if name in known:
                node.output[slot] = f"{name}.{len(known)}"
            known[node.output[slot]] = None
    for info in graph.output:
        if info.name not in known and known:
            info.name = list(known)[-1]
    if len(model.opset_import) > 1:
        del model.opset_import[2:]


def _graphs(model: ModelProto) -> Iterator[Any]:
    """Everything that has nodes: the graph, its subgraphs, the functions."""
    waiting: list[Any] = [model.graph, *model.functions]
    while waiting:
        graph = waiting.pop()
        yield graph
        for node in graph.node:
            for attribute in node.attribute:
                waiting.extend([*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs])


def _name(graph: Any, rng: random.Random) -> str:
    """The name of some value, mostly."""
    known = [name for node in graph.node for name in (*node.input, *node.output)]
    if hasattr(graph, "initializer"):
        known += [tensor.name for tensor in graph.initializer]
    return rng.choice(known) if known and rng.random() < 0.93 else rng.choice(NAMES)


def _rewire(graph: Any, model: ModelProto, rng: random.Random) -> None:
    node = rng.choice(graph.node)
    slots = node.input if rng.random() < 0.7 else node.output
    slots[rng.randrange(len(slots))] = _name(graph, rng)


def _lengthen(graph: Any, model: ModelProto, rng: random.Random) -> None:
    node = rng.choice(graph.node)
    slots = node.input if rng.random() < 0.7 else node.output
    if rng.random() < 0.5:
        slots.append(_name(graph, rng) if slots is node.input else f"o{rng.randrange(9999)}")
    else:
        del slots[-1]


def _drop(graph: Any, model: ModelProto, rng: random.Random) -> None:
    where = graph.node if rng.random() < 0.5 else getattr(graph, rng.choice(["initializer", "input", "output"]))
    del where[rng.randrange(len(where))]


def _insert(graph: Any, model: ModelProto, rng: random.Random) -> None:
    """A new operator on a tensor that is there; whoever read that reads the new one, now and then."""
    old, new = _name(graph, rng), f"n{rng.randrange(10**6)}"
    inputs = [old, *(_name(graph, rng) for _ in range(rng.randrange(3)))]
    if rng.random() < 0.4:
        for node in graph.node:
            for slot, given in enumerate(node.input):
                if given == old:
                    node.input[slot] = new
    kind = rng.choice(["Add", "Add", "Conv", "MatMul", "Mul", "Relu", "Identity", rng.choice(OPERATORS)])
    graph.node.add().CopyFrom(helper.make_node(kind, inputs, [new]))


def _swap(graph: Any, model: ModelProto, rng: random.Random) -> None:
    one, other = rng.randrange(len(graph.node)), rng.randrange(len(graph.node))
    kept = onnx.NodeProto()
    kept.CopyFrom(graph.node[one])
    graph.node[one].CopyFrom(graph.node[other])
    graph.node[other].CopyFrom(kept)


def _retype(graph: Any, model: ModelProto, rng: random.Random) -> None:
    node = rng.choice(graph.node)
    node.op_type = rng.choice(OPERATORS)
    if rng.random() < 0.2:
        node.domain = rng.choice(["", "ai.onnx", "com.microsoft", "com.microsoft.nchwc", "com.evil"])


def _attribute(graph: Any, model: ModelProto, rng: random.Random) -> None:
    node = rng.choice(graph.node)
    roll = rng.random()
    if roll < 0.2 and node.attribute:
        del node.attribute[rng.randrange(len(node.attribute))]
        return
    if roll < 0.5 or not node.attribute:
        schema = defs.get_schema(node.op_type) if defs.has(node.op_type) else None
        own = sorted(schema.attributes) if schema is not None else []
        attribute = node.attribute.add()
        attribute.name = rng.choice(own) if own and rng.random() < 0.8 else rng.choice(ATTRIBUTES)
    else:
        attribute = rng.choice(node.attribute)
    _fill(attribute, rng)


def _fill(attribute: AttributeProto, rng: random.Random) -> None:
    kind = rng.choice([attribute.type, attribute.type, 1, 2, 3, 4, 7, 6, 8])
    attribute.type = kind
    if kind == AttributeProto.INT:
        attribute.i = rng.choice(INTEGERS)
    elif kind == AttributeProto.FLOAT:
        attribute.f = rng.choice([0.0, -1.0, 0.5, 1e30, float("inf"), float("nan")])
    elif kind == AttributeProto.STRING:
        attribute.s = rng.choice(
            [b"SAME_UPPER", b"VALID", b"ij,jk->ik", b"...a,a...->", b"\xff", b"", b"NOTSET", b"linear"]
        )
    elif kind == AttributeProto.INTS:
        if attribute.ints and rng.random() < 0.6:
            attribute.ints[rng.randrange(len(attribute.ints))] = rng.choice(INTEGERS)
        else:
            del attribute.ints[:]
            attribute.ints.extend(rng.choice(INTEGERS) for _ in range(rng.randrange(6)))
    elif kind == AttributeProto.TENSOR:
        attribute.t.CopyFrom(_tensor("", rng))


def _tensor(name: str, rng: random.Random) -> TensorProto:
    count = rng.choice([0, 1, 1, 2, 4, 5])
    if rng.random() < 0.7:
        return helper.make_tensor(name, TensorProto.INT64, [count], [rng.choice(INTEGERS) for _ in range(count)])
    return helper.make_tensor(
        name, TensorProto.FLOAT, [count], [rng.choice([0.0, 1.5, float("nan"), float("inf")])] * count
    )


def _initializer(graph: Any, model: ModelProto, rng: random.Random) -> None:
    tensor = rng.choice(graph.initializer)
    roll = rng.random()
    if roll < 0.4 and tensor.dims:
        tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(INTEGERS)
    elif roll < 0.6:
        tensor.data_type = rng.randrange(30)
    elif roll < 0.8:
        tensor.CopyFrom(_tensor(tensor.name, rng))
    else:
        tensor.data_location = TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = rng.choice(["location", "offset", "length"]), rng.choice(["/etc/passwd", "abc", "-1"])


def _shape(graph: Any, model: ModelProto, rng: random.Random) -> None:
    info: ValueInfoProto = rng.choice([*graph.input, *graph.output, *graph.value_info])
    dims = info.type.tensor_type.shape.dim
    roll = rng.random()
    if roll < 0.2:
        del dims[rng.randrange(len(dims))]
    elif roll < 0.4:
        dims.add().dim_value = rng.choice(INTEGERS)
    elif roll < 0.7:
        dims[rng.randrange(len(dims))].dim_value = rng.choice(INTEGERS)
    else:
        dims[rng.randrange(len(dims))].dim_param = rng.choice(
            ["N", "batch", "N+1", "", "floor(N/2)", "__import__('os')"]
        )


def _version(graph: Any, model: ModelProto, rng: random.Random) -> None:
    if rng.random() < 0.8 and model.opset_import:
        rng.choice(model.opset_import).version = rng.choice([1, 5, 6, 7, 8, 9, 11, 12, 13, 15, 17, 18, 20, 21, 24, 99])
    else:
        model.ir_version = rng.choice([1, 3, 4, 8, 10, -1])


def _wrap(graph: Any, model: ModelProto, rng: random.Random) -> None:
    """A run of nodes moves into both branches of an If, the body of a Loop, or a function."""
    start = rng.randrange(len(graph.node))
    moved = list(graph.node[start : start + 1 + rng.randrange(4)])
    made = [name for node in moved for name in node.output if name]
    role = rng.choice(["If", "Loop", "function"])
    if role == "function":
        read = [name for node in moved for name in node.input if name and name not in made]
        name = f"F{rng.randrange(1000)}"
        model.functions.append(helper.make_function("local", name, read, made, moved, list(model.opset_import)))
        holder = helper.make_node(name, read, made, domain="local")
    else:
        infos = [ValueInfoProto(name=name) for name in made]
        if role == "If":
            body = helper.make_graph(moved, "b", [], infos)
            holder = helper.make_node(
                "If", [_name(graph, rng)], [f"{n}_" for n in made], then_branch=body, else_branch=body
            )
        else:
            body = helper.make_graph(
                moved, "b", [ValueInfoProto(name="i"), ValueInfoProto(name="c")], [ValueInfoProto(name="c"), *infos]
            )
            holder = helper.make_node("Loop", ["", ""], [f"{n}_" for n in made], body=body)
    del graph.node[start : start + len(moved)]
    graph.node.insert(start, holder)
    for node in graph.node if role != "function" else ():
        for slot, given in enumerate(node.input):
            if given in made:
                node.input[slot] = f"{given}_"


EDITS: tuple[Callable[[Any, ModelProto, random.Random], None], ...] = (
    _rewire, _rewire, _rewire, _lengthen, _drop, _insert, _insert, _swap, _retype, _retype, _attribute, _attribute,
    _attribute, _initializer, _initializer, _shape, _shape, _version, _wrap,
)  # fmt: skip


# -- mutations of .pt2 documents ------------------------------------------------------------------------------------

LEAVES: tuple[Any, ...] = (
    None, True, 0, 1, -1, 2**31, 2**63, 10**400, 0.5, 1e308, "", "x", [], {}, {"as_none": True}, {"as_int": -1}, "s0", "\x1b[2J", "\ud800",
    {"as_expr": {"expr_str": "__import__('os').system('x')", "hint": None}}, {"as_tensor": {"name": "x"}}, {"as_ints": [0, -1]},
)  # fmt: skip


def mutate_json(data: bytes, max_size: int, seed: int) -> bytes:
    """Another document: bytes changed, or the tree in them edited."""
    rng = random.Random(seed)
    if rng.random() < 0.1:
        return bytes(atheris.Mutate(data, max_size))
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return bytes(atheris.Mutate(data, max_size))
    for _ in range(1 + int(rng.expovariate(0.7))):
        _edit(tree, rng)
    made = json.dumps(tree).encode()
    return made if len(made) <= max_size else data


def _edit(tree: Any, rng: random.Random) -> None:
    """One place in the tree gets another value, mostly one that stands elsewhere in it under the same key."""
    slots = list(_slots(tree))
    if not slots:
        return
    holder, key = rng.choice(slots)
    roll = rng.random()
    if roll < 0.15:
        del holder[key]
    elif roll < 0.25 and isinstance(holder, list):
        holder.insert(rng.randrange(len(holder) + 1), holder[key])
    elif roll < 0.6:
        twins = [where[name] for where, name in slots if name == key]
        holder[key] = json.loads(json.dumps(rng.choice(twins)))
    elif roll < 0.75:
        where, name = rng.choice(slots)
        holder[key] = json.loads(json.dumps(where[name]))
    elif roll < 0.85 and key == "target":
        holder[key] = f"torch.ops.aten.{rng.choice(ATEN)}"
    else:
        holder[key] = rng.choice(LEAVES)


def _slots(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in the tree: what holds it, and under which key."""
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
            yield holder, key
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])


def splice_json(one: bytes, other: bytes, max_size: int, seed: int) -> bytes:
    """One document with a branch of the other in the place of its own."""
    rng = random.Random(seed)
    try:
        first, second = json.loads(one), json.loads(other)
        holder, key = rng.choice(list(_slots(first)))
        holder[key] = rng.choice([where[name] for where, name in _slots(second) if name == key])
    except (ValueError, IndexError, TypeError, RecursionError):
        return one
    made = json.dumps(first).encode()
    return made if len(made) <= max_size else one


ATEN = (
    "add.Tensor add_.Tensor sub.Tensor mul.Tensor conv2d.default linear.default matmul.default bmm.default addmm.default "
    "baddbmm.default lerp.Scalar relu.default relu_.default view.default reshape.default permute.default transpose.int cat.default "
    "stack.default split.Tensor chunk.default slice.Tensor select.int expand.default sum.dim_IntList mean.dim softmax.int "
    "layer_norm.default batch_norm.default group_norm.default max_pool2d.default avg_pool2d.default adaptive_avg_pool2d.default "
    "unsqueeze.default squeeze.dim pad.default copy_.default index.Tensor index_put_.default scaled_dot_product_attention.default "
    "lstm.input gru.input einsum.default sym_size.int arange.default zeros.default where.self dropout.default flatten.using_ints "
    "unbind.int narrow.default conv_transpose2d.input embedding.default upsample_nearest2d.vec roll.default unflatten.int addcmul.default"
).split()

# -- the command ----------------------------------------------------------------------------------------------------


def write_seeds(folder: Path) -> None:
    """What there is to begin with: small ONNX files, and the documents of small .pt2 files."""
    for kind, seeds in (("onnx", dict(_onnx_seeds())), ("pt2", dict(_pt2_seeds()))):
        target = folder / kind
        target.mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            if len(data) < LONGEST:
                target.joinpath(name).write_bytes(data)


def _onnx_seeds() -> Iterator[tuple[str, bytes]]:
    """Models of every operator that onnx has an example of, and the samples without their payloads."""
    from onnx.backend.test.case.node import collect_testcases

    from shortcut_audit.loaders.onnx.wire import skeleton

    yield from ((case.name, case.model.SerializeToString()) for case in collect_testcases(None) if case.model)
    yield from ((path.stem, skeleton(path)) for path in SAMPLES.glob("*.onnx"))
    examples = Path(onnx.__file__).parent / "backend" / "test" / "data"
    yield from ((path.parent.name, path.read_bytes()) for path in examples.glob("*/*/model.onnx"))


def _pt2_seeds() -> Iterator[tuple[str, bytes]]:
    """Programs of a few modules of torch each."""
    import torch
    from torch import nn

    image, words = torch.zeros(1, 4, 8, 8), torch.zeros(1, 6, 8)
    block = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True))
    modules: dict[str, tuple[nn.Module, torch.Tensor]] = {
        "block": (block, image),
        "rescaling": (nn.Sequential(nn.MaxPool2d(2), nn.Upsample(scale_factor=2), nn.PixelUnshuffle(2)), image),
        "transposed": (nn.Sequential(nn.ConvTranspose2d(4, 8, 2, 2), nn.GroupNorm(2, 8), nn.Hardswish()), image),
        "pooled": (nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2), nn.Softmax(-1)), image),
        "padded": (nn.Sequential(nn.ReflectionPad2d(1), nn.Unfold(3), nn.Dropout()), image),
        "layer": (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True), words),
        "lstm": (nn.LSTM(8, 4, 2, bidirectional=True), words),
        "gru": (nn.GRU(8, 8), words),
        "embedded": (
            nn.Sequential(nn.Embedding(9, 8), nn.LayerNorm(8), nn.GELU()),
            torch.zeros(1, 6, dtype=torch.long),
        ),
    }
    for name, (module, given) in modules.items():
        packed = io.BytesIO()
        torch.export.save(torch.export.export(module.eval(), (given,)), packed)
        with zipfile.ZipFile(packed) as archive:
            yield name, next(archive.read(n) for n in archive.namelist() if n.endswith("models/model.json"))


MUTATIONS = {"onnx": (mutate_onnx, splice_onnx), "pt2": (mutate_json, splice_json)}


def main() -> None:
    """The command line, as the module's docstring has it."""
    kind, *rest = sys.argv[1:]
    if kind == "seeds":
        write_seeds(Path(rest[0]))
        return
    findings = None
    if rest[0] == "--findings":
        findings, rest = Path(rest[1]), rest[2:]
    harness = Harness(kind, findings)
    signal.signal(signal.SIGVTALRM, _stop)
    mutate, splice = MUTATIONS[kind]
    options = ["-timeout=60", f"-rss_limit_mb={MEGABYTES}", f"-max_len={LONGEST}"]
    atheris.Setup([sys.argv[0], *options, *rest], harness, custom_mutator=mutate, custom_crossover=splice)
    try:
        atheris.Fuzz()
    finally:
        harness.tell()


if __name__ == "__main__":
    main()

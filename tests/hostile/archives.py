"""Which .pt2 archives run code, burst or lie?"""

from __future__ import annotations

import io
import json
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.hostile.case import ANYTHING, Case, Maker, audited, reject
from tests.hostile.drawing import content
from tests.loaders.pt2.pt2_archives import RESIDUAL, document

PROJECTION = """
    x: 1x4x8x8
    w: parameter 8x4x3x3
    s: parameter 8x4x1x1
    f = aten.conv2d.default(input=x, weight=w, padding=[1, 1]) -> 1x8x8x8
    r = aten.conv2d.default(input=x, weight=s) -> 1x8x8x8
    y = aten.add.Tensor(self=f, other=r) -> 1x8x8x8
    return y
"""
"""y = W_s x + conv(x): W_s is 1x1, 4 -> 8 channels."""

SHORTCUT = {"projection": 1, "extra_parameters": 32}  # 8 x 4 x 1 x 1

PROBE = "__import__('os').system('touch PROBE_CODE_EXECUTED')"
PICKLE = b"cos\nsystem\n(S'touch PROBE_CODE_EXECUTED'\ntR."


def packed(files: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def saved(model: Any, **more: bytes | str) -> Maker:
    """An archive around this document (or text); `more`: further files, "/" in their names written "__"."""
    text = model if isinstance(model, bytes | str) else json.dumps(model)
    files = {"model/models/model.json": text, "model/archive_format": "pt2"}
    files |= {f"model/{name.replace('__', '/').replace('_DOT_', '.')}": data for name, data in more.items()}
    return content(packed(files), "model.pt2")


def edited(edit: Callable[[Any], object]) -> Maker:
    """The clean twin, its document changed in place."""
    made = document(PROJECTION)
    edit(made)
    return saved(made)


def files(**named: bytes | str) -> Maker:
    return content(
        packed({name.replace("__", "/").replace("_DOT_", "."): data for name, data in named.items()}), "model.pt2"
    )


def _graph(made: Any) -> Any:
    return made["graph_module"]["graph"]


def _first_size(value: Any) -> Callable[[Any], None]:
    """Of every tensor that is computed from x, and x: the size of the batch."""

    def edit(made: Any) -> None:
        for name, meta in _graph(made)["tensor_values"].items():
            if name not in {"w", "s"}:
                meta["sizes"][0] = value

    return edit


def _treespec(made: Any) -> None:
    spec = json.dumps([1, {"type": "builtins.tuple", "context": '{"module": "this"}', "children_spec": []}])
    made["graph_module"]["module_call_graph"] = [{"fqn": "", "signature": {"in_spec": spec, "out_spec": spec}}]


def _weights(**entry: Any) -> str:
    meta = {"dtype": 7, "sizes": [{"as_int": 8}], "device": {"type": "cpu", "index": None}}
    return json.dumps({"config": {"conv.w": {"path_name": "weight_0", "is_param": True, "tensor_meta": meta, **entry}}})


def _reversed(made: Any) -> None:
    _graph(made)["nodes"].reverse()


def _bomb(folder: Path) -> Path:
    text = json.dumps(document(PROJECTION)) + " " * (300 * 2**20)
    return saved(text)(folder)  # type: ignore[return-value]


def _lying_bomb(folder: Path) -> Path:
    """The same, where the archive says that the document takes 1000 bytes."""
    path = _bomb(folder)
    data = path.read_bytes()
    size = struct.pack("<L", 300 * 2**20 + len(json.dumps(document(PROJECTION))))
    assert data.count(size) == 2
    path.write_bytes(data.replace(size, struct.pack("<L", 1000)))
    return path


def patched(old: bytes, new: bytes) -> Maker:
    """The clean twin with other bytes in its zip records."""
    data = packed({"model/models/model.json": json.dumps(document(PROJECTION))})
    assert old in data
    return content(data.replace(old, new), "model.pt2")


def _remarked() -> Maker:
    data = packed({"model/models/model.json": json.dumps(document(PROJECTION))})
    return content(data[:-2] + struct.pack("<H", 60_000) + b"PK\x05" * 20_000, "model.pt2")


NAME = b"m/models/model.json"


def records(
    name: bytes = NAME, local: bytes = b"", flags: int = 0, version: int = 20, at: int = 0, extra: bytes = b""
) -> Maker:
    """The clean twin in an archive whose list of contents says this of its only file (APPNOTE.TXT, 4.3.7 and 4.3.12).

    `local`: the name in front of the file itself, where it is another. `at`: where the file begins.
    """
    data = json.dumps(document(PROJECTION)).encode()
    fields = (0, 0, 0x21, zlib.crc32(data), len(data), len(data))
    front = struct.pack("<4s3H2H3L2H", b"PK\3\4", version, flags, *fields, len(local or name), 0) + (local or name)
    listed = struct.pack("<4s4H2H3L5H2L", b"PK\1\2", 20, version, flags, *fields, len(name), len(extra), 0, 0, 0, 0, at)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(listed + name + extra), len(front + data), 0)
    return content(front + data + listed + name + extra + end, "model.pt2")


def repeated(*named: tuple[str, str]) -> Maker:
    """An archive of these files, in this order: a name may stand there twice."""

    def make(folder: Path) -> Path:
        path = folder / "model.pt2"
        with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings(action="ignore"):
            for name, text in named:
                archive.writestr(name, text)
        return path

    return make


TWIN, OTHER = json.dumps(document(PROJECTION)), json.dumps(document(RESIDUAL))


def residual(edit: Callable[[Any], object]) -> Maker:
    """y = x + conv(x), its document changed in place."""
    made = document(RESIDUAL)
    edit(made)
    return saved(made)


def scaled_twin(x: str, s: str) -> Maker:
    """y = x + conv(s * x), where the input and the parameter have these names."""
    text = """
        X: 1x4x8x8
        S: parameter 1x4x8x8
        w: parameter 4x4x3x3
        g = aten.mul.Tensor(self=X, other=S) -> 1x4x8x8
        f = aten.conv2d.default(input=g, weight=w, padding=[1, 1]) -> 1x4x8x8
        y = aten.add.Tensor(self=X, other=f) -> 1x4x8x8
        return y
    """
    return saved(json.dumps(document(text)).replace('"X"', json.dumps(x)).replace('"S"', json.dumps(s)))


def _fed(*specs: dict[str, Any]) -> Callable[[Any], None]:
    """More is fed to the graph."""
    return lambda made: made["graph_module"]["signature"]["input_specs"].extend(specs)


def _hands_back(name: str) -> Callable[[Any], None]:
    def edit(made: Any) -> None:
        made["graph_module"]["signature"]["output_specs"][0]["user_output"]["arg"] = {"as_tensor": {"name": name}}

    return edit


def _user(name: str) -> dict[str, Any]:
    return {"user_input": {"arg": {"as_tensor": {"name": name}}}}


def _stored(name: str, called: str) -> dict[str, Any]:
    return {"parameter": {"arg": {"name": name}, "parameter_name": called}}


def _every_size(value: Any) -> Callable[[Any], None]:
    """Of every tensor that is computed from x, and x: all sizes."""

    def edit(made: Any) -> None:
        for name, meta in _graph(made)["tensor_values"].items():
            if name not in {"w", "s"}:
                meta["sizes"] = [value] * 4

    return edit


def _many(count: int) -> str:
    """JSON of so many objects, each in the one before it, 200 deep."""
    return "[" + ",".join(['{"":' * 200 + "0" + "}" * 200] * (count // 200)) + "]"


def _again(made: Any) -> None:
    """The node that makes f makes it twice."""
    _graph(made)["nodes"][0]["outputs"].append({"as_tensor": {"name": "f"}})


GOOD = packed({"model/models/model.json": json.dumps(document(PROJECTION))})


def _lists(depth: int) -> str:
    return "[" * depth + "]" * depth


def _nested(depth: int) -> str:
    """A document in which a list nests so deep."""
    made = document(PROJECTION)
    made["guards_code"] = "HERE"
    return json.dumps(made).replace('"HERE"', _lists(depth))


def _bodies(made: Any, levels: int) -> None:
    """Graphs in graphs, each an argument of the only node of the one around it."""
    inner: Any = {"as_graph": {"name": "g", "graph": _graph(document(PROJECTION))}}
    for _ in range(levels):
        around = _graph(document(PROJECTION))
        around["nodes"][0]["inputs"][0]["arg"] = inner
        inner = {"as_graph": {"name": "g", "graph": around}}
    _graph(made)["nodes"][0]["inputs"][0]["arg"] = inner


def _set(*path: Any, to: Any) -> Callable[[Any], None]:
    """What stands at this path of the graph becomes something else."""

    def edit(made: Any) -> None:
        where = _graph(made)
        for key in path[:-1]:
            where = where[key]
        where[path[-1]] = to

    return edit


LISTED: tuple[Case, ...] = (
    audited(
        "clean .pt2 written by the installed torch: one 1x1 projection 4->8", saved(document(PROJECTION)), **SHORTCUT
    ),
    audited(
        "weights_config use_pickle=true + payload",
        saved(
            document(PROJECTION),
            data__weights__model_weights_config_DOT_json=_weights(use_pickle=True),
            data__weights__weight_0=PICKLE,
        ),
        **SHORTCUT,
    ),
    audited(
        "SymInt expr_str is Python code: sympy.sympify evals it",
        edited(_first_size({"as_expr": {"expr_str": PROBE, "hint": {"as_int": 2}}})),
        **SHORTCUT,
        macs=None,
    ),
    audited("treespec context imports an attacker-chosen module (here stdlib `this`)", edited(_treespec), **SHORTCUT),
    audited(
        "archive with an AOTInductor .so (native code would be dlopen'ed by load_pt2)",
        saved(document(PROJECTION), data__aotinductor__model__model=b"\x7fELF"),
        "compiled code",
        **SHORTCUT,
    ),
    reject(
        "TorchScript archive",
        files(m__code____torch___DOT_py="x", m__constants_DOT_pkl=PICKLE, m__data_DOT_pkl=PICKLE),
        "TorchScript",
    ),
    reject("models/model.json inflates to 300 MiB from ~300 kB", _bomb, "inflates to"),
    reject("no models/*.json", files(m__version="3"), "without models/"),
    reject("truncated zip", content(GOOD[:-30], "model.pt2"), "truncated zip"),
    reject("not a zip", content(b"hello", "model.pt2"), "not a zip archive"),
    reject(
        "schema_version 999", edited(lambda made: made["schema_version"].update(major=999)), "999 is not known, only 8"
    ),
    reject("nodes in reverse order", edited(_reversed), "'y' reads 'f' before anything made it"),
)

UNLISTED: tuple[Case, ...] = (
    reject("0 bytes", content(b"", "model.pt2"), "empty file"),
    reject("an ONNX model named .pt2", content(b"\x08\x08abc", "model.pt2"), "ONNX"),
    reject(
        "a pickle named .pt2", content(b"\x80\x02" + PICKLE, "model.pt2"), "Python pickle, .* which is never loaded"
    ),
    reject("a zip archive of nothing", content(b"PK\x05\x06" + bytes(18), "model.pt2"), "without models/"),
    reject(
        "an archive cut off behind another one that it holds",
        content(GOOD[:-40] + packed({"inner/data.pkl": "x"}), "model.pt2"),
        "damaged or truncated zip archive .what is left holds inner/data.pkl",
    ),
    reject("a zip archive's first bytes", content(b"PK\x03\x04", "model.pt2"), "truncated zip"),
    audited("a program before the archive", content(b"PK#!/bin/sh\n" + GOOD, "model.pt2"), **SHORTCUT),
    audited("a remark of 60 kB behind the archive", _remarked(), **SHORTCUT),
    reject("a bomb that says it is none", _lying_bomb, "(?i)crc"),
    reject("a list of contents of 4 GB", patched(GOOD[-10:-6], b"\xf0\xff\xff\xff"), "list of contents|Bad offset"),
    audited("a list of contents, written record by record", records(), **SHORTCUT),
    reject("a name that is no UTF-8", records(b"\xff", flags=0x800), "damaged or truncated zip archive"),
    reject("a name that is no UTF-8 beside the file", records(local=b"\xff", flags=0x800), "cannot be unpacked"),
    reject("a version of zip that nobody knows", records(version=99), "damaged or truncated zip archive"),
    reject("a file that is encrypted in a new way", records(flags=0x41), "cannot be unpacked"),
    reject(
        "a file that begins at 2**64 - 1",
        records(at=0xFFFFFFFF, extra=struct.pack("<2HQ", 1, 8, 2**64 - 1)),
        "cannot be unpacked|damaged",
    ),
    reject("a file that begins behind the end", records(at=2**31), "cannot be unpacked"),
    reject("a name cut off by NUL", records(NAME + b"\0.txt"), "without models/"),
    reject(
        "one name twice",
        repeated((NAME.decode(), TWIN), (NAME.decode(), OTHER)),
        "several models .m/models/model.json, m/models/model.json",
    ),
    reject(
        "one name twice, once in capitals", repeated((NAME.decode(), TWIN), ("m/MODELS/Model.json", OTHER)), "several"
    ),
    reject("one weight twice", repeated((NAME.decode(), TWIN), ("m/a", ""), ("m/a", "b")), "holds m/a twice"),
    reject("two folders", repeated(("a/models/model.json", TWIN), ("b/models/model.json", OTHER)), "several models"),
    audited(
        "a folder beside it",
        repeated(("a/version", ""), (NAME.decode(), TWIN)),
        "^1 file lies outside of the model's folder, and was not looked at: a/version$",
        **SHORTCUT,
    ),
    audited(
        "a file that leads out of the folder into which it would be unpacked",
        repeated((NAME.decode(), TWIN), ("../../evil", "x"), ("/etc/evil", "x"), ("..\\evil", "x")),
        r"^3 files lie outside of the model's folder, and were not looked at: \.\./\.\./evil$",
        **SHORTCUT,
    ),
    reject("another model beside it", repeated((NAME.decode(), TWIN), ("m/models/zzz.json", OTHER)), "several models"),
    reject(
        "an encrypted document",
        patched(b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\1\0"),
        "cannot be unpacked",
    ),
    reject("a method of packing that nobody knows", patched(b"\x14\0\0\0\x08\0", b"\x14\0\0\0\x63\0"), "."),
    reject(
        "a document packed by bzip2",
        content(packed({"m/models/model.json": json.dumps(document())}, zipfile.ZIP_BZIP2), "model.pt2"),
        "PyTorch does not use",
    ),
    reject("a wrong checksum", patched(GOOD[14:18], b"\0\0\0\0"), "(?i)crc|damaged"),
    audited(
        "names that lead out of the archive",
        saved(document(PROJECTION), **{"..__..__SECRET": "x", "__etc__passwd": "x"}),
        **SHORTCUT,
    ),
    reject("two models", files(m__models__a_DOT_json="{}", m__models__b_DOT_json="{}"), "several models"),
    reject("a document that is a text", saved("hello"), "no JSON document"),
    reject("a document that is a list", saved("[]"), "damaged description"),
    reject("a document that is null", saved("null"), "damaged description"),
    reject("a document of nothing", saved("{}"), "schema_version is not as its schema says"),
    audited("a document in UTF-16", saved(json.dumps(document(PROJECTION)).encode("utf-16-be")), **SHORTCUT),
    reject("a document that is no text", saved(b"\xff\xfe\xfd\x80" * 10), "no JSON document"),
    reject("a document that is cut off", saved(json.dumps(document(PROJECTION))[:-5]), "no JSON document"),
    reject("lists 100 000 deep", saved(_nested(100_000)), "no JSON document"),
    audited("lists 100 deep", saved(_nested(100)), **SHORTCUT),
    reject(
        "a number of 100 000 digits",
        saved(json.dumps(document(PROJECTION)).replace('"as_int": 8', f'"as_int": {"9" * 100_000}')),
        "no JSON document",
    ),
    audited("a size of 10**300", edited(_first_size({"as_int": 10**300})), ANYTHING, **SHORTCUT, macs=None),
    audited("sizes of 10**2000", edited(_every_size({"as_int": 10**2000})), ANYTHING, **SHORTCUT, macs=None),
    audited("sizes of 2**63 - 1", edited(_every_size({"as_int": 2**63 - 1})), ANYTHING, **SHORTCUT),
    audited(
        "a tensor of 100 000 axes",
        edited(_set("tensor_values", "f", "sizes", to=[{"as_int": 1}] * 100_000)),
        ANYTHING,
        **SHORTCUT,
    ),
    audited("two names that look the same", scaled_twin("p\t", "p\\x09"), identity=1, parameters=400),
    audited("two names of a megabyte", scaled_twin("p" * 10**6, "p" * 10**6 + "q"), identity=1, parameters=400),
    reject("an input and a parameter of one name", scaled_twin("p", "p"), "the input 'p' twice"),
    reject("an input fed twice", residual(_fed(_user("x"))), "feeds 'x' twice"),
    reject("an input that is a parameter too", residual(_fed(_stored("x", "conv.v"))), "feeds 'x' twice"),
    reject("an input fed to nothing", residual(_fed(_user("ghost"))), "feeds 'ghost', which is no input"),
    reject("a node that makes one name twice", residual(_again), "'f' makes 'f' again"),
    reject("an output that nothing makes", residual(_hands_back("no")), "hands back 'no', which nothing makes"),
    reject(
        "two parameters of one name",
        edited(lambda made: made["graph_module"]["signature"]["input_specs"][1].update(_stored("s", "conv.w"))),
        "two tensors are stored as 'conv.w'",
    ),
    reject(
        "an argument given twice",
        edited(_set("nodes", 2, "inputs", 1, "name", to="self")),
        "node 'y' is given 'self' twice",
    ),
    reject(
        "a tensor that is a number too",
        edited(_set("sym_int_values", to={"x": {"as_int": 3}})),
        "'x' stands for two things",
    ),
    reject(
        "150,000 objects in one another", saved(f'{TWIN[:-1]}, "": {_many(1_000_000)}}}'), "holds more than 3,000,000"
    ),
    reject(
        "two documents of 400,000 objects",
        saved(
            f'{TWIN[:-1]}, "": {_many(500_000)}}}',
            data__weights__model_weights_config_DOT_json=f'{{"": {_many(500_000)}}}',
        ),
        "model.json holds more than 3,000,000",
    ),
    audited("a size below zero", edited(_first_size({"as_int": -1})), ANYTHING, **SHORTCUT, macs=None),
    audited("a size that is true", edited(_first_size({"as_int": True})), ANYTHING, **SHORTCUT),
    audited("a size that is a fraction", edited(_first_size({"as_int": 1.5})), ANYTHING, **SHORTCUT),
    audited("a size of NaN", edited(_first_size({"as_int": float("nan")})), ANYTHING, **SHORTCUT),
    reject("a size that is a list", edited(_first_size([1])), "a size is not as its schema says"),
    audited(
        "a size with half a character", edited(_first_size({"as_expr": {"expr_str": "s0\ud800"}})), ANYTHING, **SHORTCUT
    ),
    audited(
        "a size of a megabyte",
        edited(_first_size({"as_expr": {"expr_str": "Symbol('" * 100_000}})),
        ANYTHING,
        **SHORTCUT,
    ),
    reject("schema_version that is a text", edited(lambda made: made.update(schema_version="8")), "schema_version"),
    reject("schema_version '8'", edited(lambda made: made["schema_version"].update(major="8")), "."),
    audited(
        "torch_version that clears the screen",
        edited(lambda made: made.update(torch_version="\x1b[2J\n::error::")),
        **SHORTCUT,
    ),
    reject(
        "a node that reads what nothing makes",
        edited(_set("nodes", 0, "inputs", 0, "arg", to={"as_tensor": {"name": "no"}})),
        "'no'",
    ),
    reject(
        "two nodes that make one tensor",
        edited(_set("nodes", 0, "outputs", 0, to={"as_tensor": {"name": "r"}})),
        "makes 'r' again",
    ),
    reject(
        "a node that reads itself",
        edited(_set("nodes", 0, "inputs", 0, "arg", to={"as_tensor": {"name": "f"}})),
        "'f' reads 'f' before",
    ),
    reject("nodes that are null", edited(_set("nodes", to=None)), "nodes is not as its schema says"),
    reject("a target that is a number", edited(_set("nodes", 0, "target", to=7)), "target"),
    audited(
        "a target that nobody knows",
        edited(_set("nodes", 0, "target", to="torch.ops.evil.\x1b[2J.default")),
        reasons=["not understood"],
        lower_bound=True,
        uncounted=["evil::\\x1b[2J.default"],
    ),
    audited(
        "an addition of one operand",
        edited(_set("nodes", 2, "inputs", to=[])),
        "^320 parameters in 2 tensors are read by nothing",  # 288 + 32: what it does not add is dead
        adds=0,
        lower_bound=True,
        uncounted=["aten::add.Tensor"],
    ),
    audited(
        "an addition of texts", edited(_set("nodes", 2, "inputs", 1, "arg", to={"as_string": "x" * 10**6})), ANYTHING
    ),
    audited(
        "a stride that is a text",
        edited(_set("nodes", 0, "inputs", 2, "arg", to={"as_string": "\x1b"})),
        reasons=["not understood"],  # what the convolution does is not known, so what is added to it is not either
        lower_bound=True,
        uncounted=["aten::conv2d.default"],
    ),
    reject(
        "a stride of 10**300",
        edited(_set("nodes", 0, "inputs", 2, "arg", to={"as_ints": [10**300, -1]})),
        "a number of more than 64 bits",
    ),
    reject(
        "a list 600 deep among the arguments",
        saved(
            json.dumps(document(PROJECTION)).replace('{"as_ints": [1, 1]}', f'{{"as_nested_tensors": {_lists(600)}}}')
        ),
        "nested more than 40 deep",
    ),
    reject("a version 600 lists deep", saved(TWIN.replace('"minor": 20', f'"minor": {_lists(600)}')), "schema_version"),
    reject(
        "a weight's size 600 lists deep",
        saved(
            document(PROJECTION),
            data__weights__model_weights_config_DOT_json=_weights().replace('{"as_int": 8}', _lists(600)),
        ),
        "a size is not as its schema says",
    ),
    audited("metadata that are a list", edited(_set("nodes", 0, "metadata", to=[1])), **SHORTCUT),
    audited(
        "a stack trace of a megabyte",
        edited(_set("nodes", 2, "metadata", to={"stack_trace": 'File "' * 200_000, "nn_module_stack": "," * 10**6})),
        **SHORTCUT,
    ),
    audited(
        "a stack trace of empty lines, in a module of brackets",
        edited(
            _set("nodes", 2, "metadata", to={"stack_trace": "\n" * 400_000, "nn_module_stack": f"a,{'[' * 400_000},c"})
        ),
        **SHORTCUT,
    ),
    audited(
        "a stack trace that writes commands",
        edited(
            _set(
                "nodes",
                2,
                "metadata",
                to={
                    "stack_trace": 'File "\x1b[2J\n::error::a.py", line 3, in f\n  x',
                    "nn_module_stack": "L,\x1b[2J.0,C",
                },
            )
        ),
        **SHORTCUT,
    ),
    reject("graphs 60 deep", edited(lambda made: _bodies(made, 60)), "nested more than 40 deep"),
    audited(
        "weights that are a list",
        saved(document(PROJECTION), data__weights__model_weights_config_DOT_json="[1]"),
        **SHORTCUT,
    ),
    audited(
        "weights that lie outside",
        saved(
            document(PROJECTION), data__weights__model_weights_config_DOT_json=_weights(path_name="../../SECRET.bin")
        ),
        **SHORTCUT,
    ),
    reject(
        "a kernel of 10**300 x 4",
        edited(_set("tensor_values", "w", "sizes", 0, to={"as_int": 10**300})),
        "the shape of 'conv.w'",
    ),
    reject(
        "a kernel of unknown size",
        edited(_set("tensor_values", "w", "sizes", 0, to={"as_expr": {"expr_str": "s"}})),
        "shape of",
    ),
    audited(
        "an element type that nobody knows", edited(_set("tensor_values", "f", "dtype", to=999)), ANYTHING, **SHORTCUT
    ),
)

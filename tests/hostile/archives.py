"""Which .pt2 archives run code, burst or lie?"""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.hostile.case import ANYTHING, Case, Maker, audited, reject
from tests.hostile.drawing import content
from tests.loaders.pt2_archives import document

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


GOOD = packed({"model/models/model.json": json.dumps(document(PROJECTION))})


def _nested(depth: int) -> str:
    """A document in which a list nests so deep."""
    made = document(PROJECTION)
    made["guards_code"] = "HERE"
    return json.dumps(made).replace('"HERE"', "[" * depth + "]" * depth)


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
    reject("a pickle named .pt2", content(b"\x80\x02" + PICKLE, "model.pt2"), "pickle, which is never loaded"),
    reject("a zip archive of nothing", content(b"PK\x05\x06" + bytes(18), "model.pt2"), "without models/"),
    reject("a zip archive's first bytes", content(b"PK\x03\x04", "model.pt2"), "truncated zip"),
    audited("a program before the archive", content(b"PK#!/bin/sh\n" + GOOD, "model.pt2"), **SHORTCUT),
    audited("a remark of 60 kB behind the archive", _remarked(), **SHORTCUT),
    reject("a bomb that says it is none", _lying_bomb, "(?i)crc"),
    reject("a list of contents of 4 GB", patched(GOOD[-10:-6], b"\xf0\xff\xff\xff"), "list of contents"),
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
    audited("a size of 10**300", edited(_first_size({"as_int": 10**300})), ANYTHING, **SHORTCUT),
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
        ANYTHING,
        projection=1,
        lower_bound=True,
    ),
    audited("an addition of one operand", edited(_set("nodes", 2, "inputs", to=[])), ANYTHING),
    audited(
        "an addition of texts", edited(_set("nodes", 2, "inputs", 1, "arg", to={"as_string": "x" * 10**6})), ANYTHING
    ),
    audited(
        "a stride that is a text",
        edited(_set("nodes", 0, "inputs", 2, "arg", to={"as_string": "\x1b"})),
        ANYTHING,
        **SHORTCUT,
    ),
    audited(
        "a stride of 10**300",
        edited(_set("nodes", 0, "inputs", 2, "arg", to={"as_ints": [10**300, -1]})),
        ANYTHING,
        **SHORTCUT,
    ),
    audited("metadata that are a list", edited(_set("nodes", 0, "metadata", to=[1])), **SHORTCUT),
    audited(
        "a stack trace of a megabyte",
        edited(_set("nodes", 2, "metadata", to={"stack_trace": 'File "' * 200_000, "nn_module_stack": "," * 10**6})),
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
    audited(
        "a kernel of 10**300 x 4",
        edited(_set("tensor_values", "w", "sizes", 0, to={"as_int": 10**300})),
        ANYTHING,
        projection=1,
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

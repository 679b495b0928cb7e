"""Which graph does a PyTorch export archive hold?

A .pt2 file, as torch.export.save writes it, is a zip archive; models/NAME.json in it describes the graph. That document
and the list of weights are read with `zipfile` and `json` alone: no payload is opened, nothing is unpickled, imported,
evaluated or unpacked to disk. (torch.export.load runs code from the file in several ways and is never called.)
Layout: torch/export/pt2_archive/constants.py; until PyTorch 2.7 the document was serialized_exported_program.json.
"""

from __future__ import annotations

import json
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, cast

from shortcut_audit.draft import Draft
from shortcut_audit.errors import UnreadableModel
from shortcut_audit.loaders.aten.translate import draft_of
from shortcut_audit.loaders.pt2_document import Json, program_of
from shortcut_audit.names import displayable

DOCUMENT_LIMIT = 48 * 2**20
"""Bytes of the graph's description, inflated. A 70-billion-parameter decoder takes some 10 MB."""

VALUES_LIMIT = 3_000_000
"""JSON values in it: each costs some 100 bytes of memory, however few it takes in the file. Real documents have one for
every 15 to 20 bytes."""

DIRECTORY_LIMIT = 64 * 2**20
"""Bytes of the zip archive's list of contents: some 500,000 files."""

PIECE = 2**20
"""Bytes that are inflated at a time."""

PACKINGS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Of the others, zipfile inflates as much at a time as there is."""

MODEL = re.compile(r"(?:[^/]+/)?models/([^/]+)\.json")
OLD_MODEL = "serialized_exported_program.json"
WEIGHTS = "data/weights/{}_weights_config.json"
REMEDY = "save the model with torch.export.save, or export it to ONNX"

END_RECORD = struct.Struct("<4s4H2LH")
"""The last record of a zip archive (APPNOTE.TXT, 4.3.16); field 5 is the size of the list of contents."""

END_LOCATOR = struct.Struct("<4sLQL")
"""Before it, in archives over 4 GB: where the record is that holds the real sizes (4.3.15)."""

END_RECORD_64 = struct.Struct("<4sQ2H2L4Q")
"""That record (4.3.14); field 8 is the size of the list of contents."""


def load(path: Path) -> Draft:
    """The model in a .pt2 archive. Raises UnreadableModel, saying what the file is instead and what to do."""
    try:
        with _opened(path) as file:
            _check_kind(file)
            _check_directory(file)
            with zipfile.ZipFile(file) as archive:
                return _read(archive, path)
    except zipfile.BadZipFile as error:
        raise UnreadableModel(f"damaged or truncated zip archive ({error}); download or save it again") from error
    except OSError as error:
        raise UnreadableModel(f"cannot be read: {error.strerror or error}") from error


def _opened(path: Path) -> IO[bytes]:
    # Opening a named pipe would wait for a writer.
    return open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0)))


def _check_kind(file: IO[bytes]) -> None:
    """Refuse what is no regular file that begins like a zip archive."""
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableModel("not a regular file; name a model file")
    if status.st_size == 0:
        raise UnreadableModel("empty file; download or save it again")
    head = file.read(16)
    if not head.startswith(b"PK"):
        raise UnreadableModel(f"not a zip archive, as .pt2 files are: {_instead(head)}")


def _instead(head: bytes) -> str:
    """What a file is that begins like this, and what to do."""
    if head.startswith(b"version https://"):
        return "it looks like a Git LFS pointer; run `git lfs pull`"
    if head.startswith(b"\x80"):
        return f"it looks like a Python pickle, which is never loaded, as that runs code; {REMEDY}"
    if head.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return "it looks like HTML, such as an error page of a download; download the model again"
    if head[:1] == b"\x08":
        return "it looks like an ONNX model; name it .onnx"
    return f"no known format; {REMEDY}"


def _check_directory(file: IO[bytes]) -> None:
    """Refuse a list of contents that would take too much memory: `zipfile` reads it whole."""
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - END_RECORD.size - 0xFFFF)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < END_RECORD.size:
        raise UnreadableModel(
            "damaged or truncated zip archive (no list of contents at its end); download or save it again"
        )
    length = END_RECORD.unpack_from(tail, at)[5]
    if length == 0xFFFFFFFF and at >= END_LOCATOR.size:
        file.seek(min(size, END_LOCATOR.unpack_from(tail, at - END_LOCATOR.size)[2]))
        record = file.read(END_RECORD_64.size)
        length = END_RECORD_64.unpack(record)[8] if len(record) == END_RECORD_64.size else length
    if length > DIRECTORY_LIMIT:
        raise UnreadableModel(
            f"the zip archive's list of contents takes {length:,} bytes, more than {DIRECTORY_LIMIT:,}"
        )


def _read(archive: zipfile.ZipFile, path: Path) -> Draft:
    entry, name, prefix = _model_entry(archive)
    document = _json(archive, entry)
    ties = _ties(archive, prefix + WEIGHTS.format(name))
    program = program_of(document, str(path), ties, _notes(archive))
    return draft_of(program)


def _model_entry(archive: zipfile.ZipFile) -> tuple[zipfile.ZipInfo, str, str]:
    """The document that describes the graph, the model's name, and the folder that everything is in."""
    names = archive.namelist()
    found = {match[1]: name for name in names if (match := MODEL.fullmatch(name))}
    if "model" in found or len(found) == 1:
        key = "model" if "model" in found else next(iter(found))
        return archive.getinfo(found[key]), key, found[key].removesuffix(f"models/{key}.json")
    if found:
        listed = ", ".join(displayable(key) for key in sorted(found)[:8])
        raise UnreadableModel(f"the archive holds several models ({listed}); save each in a file of its own")
    if OLD_MODEL in names:
        return archive.getinfo(OLD_MODEL), "model", ""
    raise UnreadableModel(_other_archive(names))


def _other_archive(names: Sequence[str]) -> str:
    """What a zip archive without a model description is, and what to do."""
    inner = {name.partition("/")[2] for name in names} | set(names)
    if any(name.startswith("code/") for name in inner) or "constants.pkl" in inner:
        return f"a TorchScript archive: TorchScript is a program; {REMEDY}, or audit it with --torchscript and --input"
    if any(name.startswith("data/aotinductor/") for name in inner) or any(name.endswith(".so") for name in names):
        return f"an AOTInductor package: compiled code without a graph; {REMEDY}"
    if "data.pkl" in inner:
        return f"a torch.save archive (weights or a pickled module), which holds no graph; {REMEDY}"
    return f"a zip archive without models/*.json; {REMEDY}"


def _notes(archive: zipfile.ZipFile) -> tuple[str, ...]:
    compiled = any("data/aotinductor/" in name for name in archive.namelist())
    return ("the archive holds compiled code too (AOTInductor), which was not looked at",) if compiled else ()


def _ties(archive: zipfile.ZipFile, config: str) -> Mapping[str, str]:
    """Names of stored tensors that are another one under a second name, and that one's name.

    They share a payload, and see it in the same way. Tensors without a payload (device "meta") share one all the same.
    """
    if config not in archive.namelist():
        return {}
    document = _json(archive, archive.getinfo(config))
    listed = document.get("config") if isinstance(document, dict) else None
    first: dict[tuple[str, ...], str] = {}
    ties = {}
    for name, payload in listed.items() if isinstance(listed, dict) else ():
        key = _payload(payload)
        if key is not None and first.setdefault(key, name) != name:
            ties[name] = first[key]
    return ties


SEEN_AS = ("dtype", "sizes", "strides", "storage_offset")


def _payload(entry: Json) -> tuple[str, ...] | None:
    """What tells one stored tensor from the others: its payload, and how it is seen; None where there is none."""
    meta = entry.get("tensor_meta") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(meta, dict) or not isinstance(entry.get("path_name"), str):
        return None
    device = meta.get("device")
    if isinstance(device, dict) and device.get("type") == "meta":
        return None
    return (str(entry["path_name"]), *(json.dumps(meta.get(key)) for key in SEEN_AS))


def _json(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Json:
    """A JSON document of the archive, its size checked before it is inflated."""
    shown = displayable(entry.filename)
    if entry.file_size > DOCUMENT_LIMIT:
        raise UnreadableModel(f"{shown} inflates to {entry.file_size:,} bytes, more than {DOCUMENT_LIMIT:,}")
    if entry.compress_type not in PACKINGS:
        raise UnreadableModel(f"{shown} is packed in a way that PyTorch does not use; save the model again")
    try:
        with archive.open(entry) as file:
            # In pieces: asked for all at once, zipfile inflates whatever there is, and cuts it to size only then.
            text = b"".join(iter(lambda: file.read(PIECE), b""))
    except (zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise UnreadableModel(f"{shown} cannot be unpacked ({error}); download or save it again") from error
    if sum(map(text.count, (b",", b"[", b"{"))) > VALUES_LIMIT:
        raise UnreadableModel(f"{shown} holds more than {VALUES_LIMIT:,} values; this is no real model")
    try:
        return cast("Json", json.loads(text))
    except (ValueError, RecursionError) as error:
        raise UnreadableModel(
            f"{shown} is no JSON document ({displayable(str(error))}); save the model again"
        ) from error

"""Which graph does a PyTorch export archive hold?

A .pt2 file, as torch.export.save writes it, is a zip archive; models/NAME.json in it describes the graph. That document
and the list of weights are read with `zipfile` and `json` alone: no payload is opened, nothing is unpickled, imported,
evaluated or unpacked to disk. (torch.export.load runs code from the file in several ways and is never called.)
Layout: torch/export/pt2_archive/constants.py; until PyTorch 2.7 the document was serialized_exported_program.json.
"""

from __future__ import annotations

import io
import json
import os
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.frozen import frozen
from shortcut_audit.graph.draft import Draft
from shortcut_audit.loaders.aten.translate import draft_of
from shortcut_audit.loaders.lookalikes import HEAD, lookalike
from shortcut_audit.loaders.pt2.checked import Json
from shortcut_audit.loaders.pt2.document import program_of
from shortcut_audit.loaders.pt2.types import size_of, tensor_type
from shortcut_audit.loaders.regular import EMPTY, regular
from shortcut_audit.names import displayable

if TYPE_CHECKING:
    from shortcut_audit.loaders.remote.location import Location

DOCUMENT_LIMIT = 24 * 2**20
"""Bytes of the graph's description, inflated. A 70-billion-parameter decoder takes some 10 MB. One character beyond the
Basic Multilingual Plane, and Python holds the text in four times as many."""

TOKENS_LIMIT = 3_000_000
"""Brackets, commas and colons in all documents together, an opening brace counted twice: each stands for some 100 bytes
of memory, however few it takes in the file. Real documents have one for every 7 bytes."""

TOKENS: Mapping[bytes, int] = {b",": 1, b":": 1, b"[": 1, b"{": 2}

READ_LIMIT = 4 * 2**20
"""Bytes that are read from the file at a time. The zip archive's list of contents, which `zipfile` reads whole, takes
some 80 for each file in it."""

PIECE = 2**20
"""Bytes that are inflated at a time."""

PACKINGS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Compression methods that are inflated a little at a time; with any other, zipfile inflates as much at once as there
is."""

MODEL = re.compile(r"((?:[^/\0]+/)?)models/([^/\0]+)\.json", re.IGNORECASE)
OLD_MODEL = "serialized_exported_program.json"
TIES = "data/weights/{}_weights_config.json"
REMEDY = "save the model with torch.export.save, or export it to ONNX"

RESAVE = "download or save it again"


def load(path: Path) -> Draft:
    """The model in a .pt2 archive. Raises UnreadableModel, saying what the file is instead and what to do."""
    with _opened(path) as file:
        return _loaded(_Sipped(file, os.fstat(file.fileno()).st_size), str(path))


def load_at(location: Location, source: str) -> Draft:
    """The model in an archive that lies elsewhere, of which the list of contents and the documents are fetched."""
    from shortcut_audit.loaders.remote.ranges import RangesFile

    with location.opened() as data:
        return _loaded(_Sipped(RangesFile(data), len(data)), source)


def _loaded(file: _Sipped, source: str) -> Draft:
    _check_kind(file)
    with _intact("damaged or truncated zip archive"):
        archive = zipfile.ZipFile(file)
    with archive:
        return _read(archive, source)


class _Sipped(io.RawIOBase):
    """A file that hands over little at a time: `zipfile` takes as much at once as the archive's records tell it to."""

    def __init__(self, file: io.RawIOBase, size: int) -> None:
        self._file = file
        self.size = size
        """Bytes of the whole file."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes; all that are left where no number is given."""
        left = max(0, self.size - self.tell())
        wanted = left if size is None or size < 0 else size
        if wanted > READ_LIMIT:
            raise UnreadableModel(
                f"the zip archive's list of contents takes {wanted:,} bytes, more than {READ_LIMIT:,}; "
                "this is no real model"
            )
        return self._file.read(wanted) or b""


@contextmanager
def _opened(path: Path) -> Iterator[io.FileIO]:
    """The file, opened; whatever the system then objects to is an UnreadableModel."""
    try:
        with regular(path) as (descriptor, _), io.FileIO(descriptor, closefd=False) as file:
            yield file
    except OSError as error:
        raise UnreadableModel(f"cannot be read: {error.strerror or error}") from error


@contextmanager
def _intact(otherwise: str) -> Iterator[None]:
    """Work of `zipfile` alone: where an archive's records are nonsense, it raises nearly anything, not just BadZipFile.

    `otherwise`: what is then said to be wrong.
    """
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, ArithmeticError) as error:
        raise UnreadableModel(f"{otherwise} ({displayable(str(error))}); {RESAVE}") from error


def _check_kind(file: _Sipped) -> None:
    """Refuse what does not begin like a zip archive."""
    if file.size == 0:
        raise UnreadableModel(EMPTY)
    head = file.read(HEAD)
    if head.startswith(b"PK"):
        return
    found = "it looks like an ONNX model; name it .onnx" if head[:1] == b"\x08" else lookalike(head, REMEDY)
    raise UnreadableModel(f"not a zip archive, as .pt2 files are: {found or f'no known format; {REMEDY}'}")


@frozen
class _Entry:
    """The document that describes the graph."""

    name: str
    """Bytes of the archive's file."""
    model: str
    folder: str
    """The folder that everything is in, with a slash; empty for the archive's top."""


def _read(archive: zipfile.ZipFile, source: str) -> Draft:
    documents = _Documents(archive)
    names = documents.names
    entry = _model_entry(names, within=all(each.header_offset > 0 for each in archive.infolist()))
    _check_unambiguous(names)
    # What is needed of the weights' document is little: it is read first, so that the two are never held together.
    ties = _ties(documents, f"{entry.folder}{TIES.format(entry.model)}")
    program = program_of(documents.read(entry.name), source, ties, (*_notes(names), *_outside(names, entry)))
    return draft_of(program)


def _model_entry(names: Sequence[str], *, within: bool) -> _Entry:
    """The one model of an archive. `within`: it begins inside of the file, as what is left of one that was cut off."""
    found = [_Entry(name, match[2], match[1]) for name in names if (match := MODEL.fullmatch(name))]
    found += [_Entry(name, "model", "") for name in names if name == OLD_MODEL]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(displayable(entry.name) for entry in found[:8])
        raise UnreadableModel(f"the archive holds several models ({listed}); save each in a file of its own")
    if within and names:
        raise UnreadableModel(
            f"damaged or truncated zip archive (what is left holds {displayable(names[0])}); {RESAVE}"
        )
    raise UnreadableModel(_other_archive(names))


def _check_unambiguous(names: Sequence[str]) -> None:
    """Refuse an archive of which PyTorch may read another part than we do.

    It takes the first of two files with one name, whatever the case of its letters, and `zipfile` the last.
    """
    twice = next((name for name, count in Counter(map(str.lower, names)).items() if count > 1), None)
    if twice is not None:
        raise UnreadableModel(f"the archive holds {displayable(twice)} twice; save the model again")


def _outside(names: Sequence[str], entry: _Entry) -> Iterator[str]:
    """What is to be said of files beside the folder of the one model that there is, such as "../../evil".

    Nothing is unpacked, and nothing but that folder is read. PyTorch opens no such archive ("file in archive is not in
    a subdirectory", caffe2/serialize/inline_container.cc).
    """
    outside = [name for name in names if not name.startswith(entry.folder)]
    if outside:
        lie, were = ("1 file lies", "was") if len(outside) == 1 else (f"{len(outside):,} files lie", "were")
        yield f"{lie} outside of the model's folder, and {were} not looked at: {displayable(outside[0])}"


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


def _notes(names: Sequence[str]) -> tuple[str, ...]:
    compiled = any("data/aotinductor/" in name for name in names)
    return ("the archive holds compiled code too (AOTInductor), which was not looked at",) if compiled else ()


def _ties(documents: _Documents, config: str) -> Mapping[str, str]:
    """Names of stored tensors that are another one under a second name, and that one's name.

    They share a payload, and see it in the same way. Tensors without a payload (device "meta") share one all the same.
    """
    document = documents.read(config) if config in documents else None
    listed = document.get("config") if isinstance(document, dict) else None
    first: dict[tuple[object, ...], str] = {}
    ties = {}
    for name, payload in listed.items() if isinstance(listed, dict) else ():
        key = _payload(payload)
        if key is not None and first.setdefault(key, name) != name:
            ties[name] = first[key]
    return ties


def _payload(entry: Json) -> tuple[object, ...] | None:
    """What tells one stored tensor from the others: its payload, and how it is seen; None where there is none."""
    meta = entry.get("tensor_meta") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(meta, dict) or not isinstance(entry.get("path_name"), str):
        return None
    device, offset = meta.get("device"), meta.get("storage_offset")
    if isinstance(device, dict) and device.get("type") == "meta":
        return None
    return (entry["path_name"], *tensor_type(meta), None if offset is None else size_of(offset))


class _Documents:
    """The JSON documents of an archive, each measured before it is inflated. They share what may be read at all."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left = TOKENS_LIMIT
        self.names = [entry.orig_filename for entry in archive.infolist()]  # `filename` ends at a NUL
        self._entries = dict(zip(self.names, archive.infolist(), strict=True))

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str) -> Json:
        """A document."""
        shown, text = displayable(name), self._inflated(name)
        self._left -= sum(text.count(token) * weight for token, weight in TOKENS.items())
        if self._left < 0:
            raise UnreadableModel(f"{shown} holds more than {TOKENS_LIMIT:,} values; this is no real model")
        try:
            return cast("Json", json.loads(text))
        except (ValueError, RecursionError) as error:
            raise UnreadableModel(
                f"{shown} is no JSON document ({displayable(str(error))}); save the model again"
            ) from error

    def _inflated(self, name: str) -> bytes:
        shown, entry = displayable(name), self._entries[name]
        if entry.file_size > DOCUMENT_LIMIT:
            raise UnreadableModel(f"{shown} inflates to {entry.file_size:,} bytes, more than {DOCUMENT_LIMIT:,}")
        if entry.compress_type not in PACKINGS:
            raise UnreadableModel(f"{shown} is packed in a way that PyTorch does not use; save the model again")
        with _intact(f"{shown} cannot be unpacked"), self._archive.open(entry) as file:
            # In pieces: asked for all at once, zipfile inflates whatever there is, and cuts it to size only then.
            return b"".join(iter(lambda: file.read(PIECE), b""))

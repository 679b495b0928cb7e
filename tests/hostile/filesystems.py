"""Which files are no files, or have names that nobody gives?"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from tests.hostile.case import Case, Maker, audited, reject, same
from tests.hostile.drawing import clean, content

GOOD = clean().SerializeToString()


def named(name: str) -> Maker:
    """The clean twin under this name."""
    return content(GOOD, name)


def linked(target: str, name: str = "model.onnx") -> Maker:
    def make(folder: Path) -> Path:
        folder.joinpath("real.onnx").write_bytes(GOOD)
        folder.joinpath(name).symlink_to(target)
        return folder / name

    return make


def sparse(size: int) -> Maker:
    """A file of zeros that takes no room on the disk."""

    def make(folder: Path) -> Path:
        with folder.joinpath("model.onnx").open("wb") as file:
            file.truncate(size)
        return folder / "model.onnx"

    return make


def _directory(folder: Path) -> Path:
    folder.joinpath("model.onnx").mkdir()
    return folder / "model.onnx"


def _loop_of_folders(folder: Path) -> Path:
    folder.joinpath("models").mkdir()
    folder.joinpath("models", "model.onnx").write_bytes(GOOD)
    folder.joinpath("models", "again").symlink_to(".")
    return folder / "models"


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "model.onnx")
    return folder / "model.onnx"


def _socket(folder: Path) -> str:
    here = Path.cwd()
    os.chdir(folder)  # The path of a socket has at most 107 bytes.
    try:
        socket.socket(socket.AF_UNIX).bind("model.onnx")
    finally:
        os.chdir(here)
    return "model.onnx"


def _absent(folder: Path) -> Path:
    return folder / "model.onnx"


LISTED: tuple[Case, ...] = (
    reject("a directory named .onnx", _directory, "no model"),
    reject("symlink to /dev/zero: read() never ends", linked("/dev/zero"), "a device, pipe or socket"),
    reject("symlink loop", linked("model.onnx"), "(?i)too many levels of symbolic links"),
    same("newline and ESC in the FILE name", named("a\n\x1b[2J::error::b.onnx")),
    same("file name that is not UTF-8 (surrogateescape)", named(os.fsdecode(b"m\xff\xfe.onnx"))),
    reject(
        "3 GiB sparse file of zeros (0 disk blocks): over protobuf's 2 GiB limit",
        sparse(3 * 2**30),
        "over protobuf's limit of 2 GiB",
    ),
    same("no suffix", named("model")),
)

UNLISTED: tuple[Case, ...] = (
    reject("a pipe", _pipe, "a device, pipe or socket"),
    reject("a socket", _socket, "(?i)no such device|a device, pipe or socket"),
    reject("an endless device", lambda folder: "/dev/zero", "a device, pipe or socket"),
    reject("the null device", lambda folder: "/dev/null", "a device, pipe or socket"),
    reject("no such file", _absent, "no such file"),
    reject("a link to nowhere", linked("nowhere.onnx"), "(?i)no such file"),
    reject("a link to a pipe named .pt2", linked("/dev/zero", "model.pt2"), "a device, pipe or socket"),
    same("a link to a model", linked("real.onnx")),
    reject("1 GiB of zeros", sparse(2**30), "not an intact ONNX file"),
    audited("a folder that holds itself", _loop_of_folders, identity=1),
    same("a name that is a pattern", named("[a]*.onnx")),
    same("a name with a direction mark", named("a\u202exnno.onnx")),
    same("a name with a format string", named("%s{0}%n$(touch PROBE_CODE_EXECUTED).onnx")),
    same("a name of 250 bytes", named("n" * 245 + ".onnx")),
    same("a name that looks like an option", named("--schema.onnx")),
    same("a name that looks like a factory", named("os:system")),
    same("a name in capitals", named("MODEL.ONNX")),
    same("a name of another format", named("model.txt")),
    same("a name that is HTML", named("<img src=x onerror=alert(1)>.onnx")),
    same("a name that is Markdown", named("[x](javascript:alert(1))|`.onnx")),
    same("a name that is markup of rich", named("[bold red][link=x].onnx")),
)

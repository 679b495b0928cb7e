"""Which side files must never be looked for?"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from onnx import ModelProto, TensorProto

from tests.hostile.case import Case, Maker, same
from tests.hostile.drawing import clean

Trap = Callable[[Path], object]


def pointing(location: str, trap: Trap = lambda folder: None, **entries: str) -> Maker:
    """The clean twin, its kernel in another file; `trap` lays what lies there, beside the model's folder."""

    def make(folder: Path) -> Path:
        inside = folder / "models"
        inside.mkdir()
        folder.joinpath("SECRET.bin").write_bytes(b"secret" * 96)
        trap(inside)
        made = clean()
        _move_out(made, {"location": location, **entries})
        inside.joinpath("model.onnx").write_bytes(made.SerializeToString())
        return inside / "model.onnx"

    return make


def _move_out(made: ModelProto, entries: dict[str, str]) -> None:
    kernel = made.graph.initializer[0]
    kernel.ClearField("raw_data")
    kernel.data_location = TensorProto.EXTERNAL
    for key, value in entries.items():
        kernel.external_data.add(key=key, value=value)


def _symlink(folder: Path) -> None:
    folder.joinpath("weights.bin").symlink_to("../SECRET.bin")


def _hard_link(folder: Path) -> None:
    os.link(folder.parent / "SECRET.bin", folder / "weights.bin")


def _endless(folder: Path) -> None:
    folder.joinpath("weights.bin").symlink_to("/dev/zero")


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "weights.bin")


LISTED: tuple[Case, ...] = (
    same("external file absent (weights kept out of git)", pointing("weights.bin")),
    same("location sub/../../SECRET.bin (the bypass of the 2022 fix)", pointing("sub/../../SECRET.bin")),
    same("Windows absolute path", pointing("C:\\Windows\\win.ini")),
    same("NUL in location", pointing("weights\0.bin")),
    same("length 9e18", pointing("../SECRET.bin", length="9000000000000000000")),
    same("offset 'abc'", pointing("../SECRET.bin", offset="abc")),
    same("final symlink to ../SECRET.bin", pointing("weights.bin", _symlink)),
    same("hard link to ../SECRET.bin", pointing("weights.bin", _hard_link)),
    same("location is a symlink to /dev/zero: read() never ends", pointing("weights.bin", _endless)),
    same("location is a URL", pointing("http://localhost:1/weights.bin")),
)

UNLISTED: tuple[Case, ...] = (
    same("absolute location", pointing("/etc/passwd")),
    same("location is a pipe", pointing("weights.bin", _pipe)),
    same("location is the folder", pointing(".")),
    same("location is empty", pointing("")),
    same("location is the model itself", pointing("model.onnx")),
    same("location is the standard input", pointing("/dev/stdin")),
    same("location of a megabyte", pointing("w" * 2**20)),
    same("location with a terminal escape", pointing("\x1b[2J::error::")),
    same("location with a variable", pointing("$HOME/../${HOME}/~root/SECRET.bin")),
    same("location on another host", pointing("\\\\host\\share\\weights.bin")),
    same("location is a file: URL", pointing("file:///etc/passwd")),
    same("offset and length below zero", pointing("../SECRET.bin", offset="-9", length="-9")),
    same("length of a million digits", pointing("../SECRET.bin", length="9" * 1_000_000)),
    same("a checksum that is wrong", pointing("../SECRET.bin", checksum="0" * 40)),
    same("a key that nobody knows", pointing("../SECRET.bin", command="touch PROBE_CODE_EXECUTED")),
)

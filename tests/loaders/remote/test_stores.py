"""Is a model in an object store read by its parts, and does every fault end in one line?"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit import audit
from shortcut_audit.command.cli import execute

fsspec = pytest.importorskip("fsspec")

from shortcut_audit.loaders.remote import http  # noqa: E402

SAMPLES = Path(__file__).parents[3] / "samples"
RESNET18 = SAMPLES / "resnet18.onnx"

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """fsspec's filesystem in memory, with two models and a note in a folder."""
    monkeypatch.setattr(http, "PAUSE_SECONDS", 0.01)
    system = fsspec.filesystem("memory")
    for name in ("a.onnx", "deep/b.onnx", "note.txt"):
        system.pipe(f"/models/{name}", RESNET18.read_bytes())
    yield system
    system.rm("/models", recursive=True)


def test_any_filesystem_of_fsspec(memory: Any) -> None:
    assert replace(audit("memory://models/a.onnx"), source="") == replace(audit(RESNET18), source="")


@pytest.mark.parametrize(
    ("source", "models"),
    [
        ("memory://models/", ["memory:///models/a.onnx", "memory:///models/deep/b.onnx"]),
        ("memory://models/*.onnx", ["memory:///models/a.onnx"]),
        ("memory://models/a.onnx", ["memory://models/a.onnx"]),
    ],
)
def test_folders_and_patterns(memory: Any, source: str, models: list[str], capsys: Capture) -> None:
    assert execute(["-q", source]) == 0
    said = capsys.readouterr().out
    assert list(dict.fromkeys(re.findall(r"memory://[\w./]+\.\w+", said))) == models


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("memory://models/none.onnx", "not found; check the URL"),
        ("memory://models", "no file; name a model file, or end the URL of a folder with a slash"),
        ("memory://models/none/", "no model (.onnx, .pt2) there; check the URL"),
        ("nonsense://models/a.onnx", "nonsense:// names no filesystem that fsspec knows; check the URL"),
    ],
)
def test_a_fault_is_one_line(memory: Any, source: str, line: str, capsys: Capture) -> None:
    assert execute([source]) == 2
    assert capsys.readouterr().err == f"shortcut-audit: {source}: {line}\n"


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    assert execute(["gs://bucket/a.onnx"]) == 2
    line = 'gs:// needs the extra "remote" and gcsfs: pip install "shortcut-audit[remote]" gcsfs'
    assert capsys.readouterr().err == f"shortcut-audit: gs://bucket/a.onnx: {line}\n"


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        (lambda *_, **__: b"short", "cannot be fetched: the store sends 5 bytes instead of 65,536 (3 tries)"),
        (lambda *_, **__: 1 / 0, "cannot be fetched (ZeroDivisionError); check URL and credentials"),
    ],
)
def test_a_store_that_lies_or_breaks(memory: Any, broken: Any, line: str, capsys: Capture, monkeypatch: Any) -> None:
    monkeypatch.setattr(type(memory), "cat_file", broken)
    assert execute(["memory://models/a.onnx"]) == 2
    assert capsys.readouterr().err == f"shortcut-audit: memory://models/a.onnx: {line}\n"


def test_a_file_that_changes_while_it_is_read(memory: Any, capsys: Capture, monkeypatch: Any) -> None:
    read = type(memory).cat_file

    def reading(self: Any, path: str, **given: Any) -> bytes:
        data: bytes = read(self, path, **given)
        self.pipe(path, RESNET18.read_bytes())
        return data

    monkeypatch.setattr(type(memory), "cat_file", reading)
    assert execute(["memory://models/a.onnx"]) == 2
    assert "has changed while it was read; try again" in capsys.readouterr().err


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket on a real S3 server, on the loopback."""
    pytest.importorskip("s3fs")
    server_module = pytest.importorskip("moto.server")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AK1A", "AWS_SECRET_ACCESS_KEY": "5ecret", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "NO_PROXY": "*",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    system = s3fs.S3FileSystem()
    system.mkdir("models")
    yield system
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def test_an_s3_server(bucket: Any, capsys: Capture) -> None:
    bucket.pipe("models/a.onnx", RESNET18.read_bytes())
    bucket.pipe("models/b/c.pt2", (SAMPLES / "resnet18.pt2").read_bytes())
    assert replace(audit("s3://models/a.onnx"), source="") == replace(audit(RESNET18), source="")
    assert execute(["-q", "s3://models/"]) == 0
    said = capsys.readouterr().out
    assert "s3://models/a.onnx" in said
    assert "s3://models/b/c.pt2" in said
    assert execute(["s3://models/none.onnx"]) == 2
    assert execute(["s3://none/a.onnx"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == "shortcut-audit: s3://models/none.onnx: not found; check the URL"
    assert second.startswith("shortcut-audit: s3://none/a.onnx: ")
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in said + first + second

"""Does every argument mean the models that a user would expect?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shortcut_audit.command import sources
from shortcut_audit.report import Failure


def expand(arguments: list[str]) -> list[str | Failure]:
    """What they mean, by the names that reports use."""
    return [found.name if isinstance(found, sources.Named) else found for found in sources.expand(arguments)]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """models/{a.onnx, b.PT2, notes.txt, deep/c.onnx, .hidden/d.onnx}, a link in a loop, a file without a suffix."""
    for name in ("a.onnx", "b.PT2", "notes.txt", "deep/c.onnx", ".hidden/d.onnx", "weights"):
        file = tmp_path / "models" / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.touch()
    (tmp_path / "models" / "deep" / "loop").symlink_to(tmp_path / "models")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["models/notes.txt"], ["models/notes.txt"]),  # a file is itself, whatever its name
        (["models"], ["models/a.onnx", "models/b.PT2", "models/deep/c.onnx"]),
        (["./models"], ["models/a.onnx", "models/b.PT2", "models/deep/c.onnx"]),
        (["models/*"], ["models/a.onnx", "models/b.PT2", "models/deep/c.onnx"]),
        (["models/*.onnx"], ["models/a.onnx"]),
        (["models/**/*.onnx"], ["models/a.onnx", "models/deep/c.onnx"]),
        (["**/*.onnx"], ["models/a.onnx", "models/deep/c.onnx"]),
        (["models/.hidden/*.onnx"], ["models/.hidden/d.onnx"]),
        (["models/*.txt"], ["models/notes.txt"]),  # a pattern that spells out a suffix means it
        (["models/[ab].*"], ["models/a.onnx", "models/b.PT2"]),
        (["package.module:factory"], ["package.module:factory"]),
        (["models/a.onnx", "models", "models/a.onnx"], ["models/a.onnx", "models/b.PT2", "models/deep/c.onnx"]),
        (["models/deep/loop/deep/c.onnx"], ["models/deep/loop/deep/c.onnx"]),
    ],
)
def test_arguments(tree: Path, arguments: list[str], meant: list[str]) -> None:
    assert expand(arguments) == meant


def test_an_absolute_pattern(tree: Path) -> None:
    assert expand([f"{tree}/models/*.onnx"]) == [f"{tree}/models/a.onnx"]


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("models/none.onnx", "no such file"),
        ("models/*.bin", "nothing matches"),
        ("note*", "nothing matches"),
        ("models/n*", "no model (.onnx, .pt2) among what matches"),
        ("empty", "no model (.onnx, .pt2) in this folder"),
        ("", "no such file"),
        ("**x/*.onnx", "no such file, and no pattern"),
        ("a\0b", "no such file"),
        ("x" * 10_000, "no such file"),
        ("not a module:factory", "no such file"),
    ],
)
def test_what_means_no_model_is_a_failure(tree: Path, argument: str, reason: str) -> None:
    (failure,) = expand([argument])
    assert isinstance(failure, Failure)
    assert failure.source == argument
    assert reason in failure.message


def test_a_pattern_may_begin_above_but_not_climb_behind_a_wildcard(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "empty")
    assert expand(["../models/*.onnx"]) == ["../models/a.onnx"]
    refused = expand(["../*/../models/*.onnx"])
    assert [isinstance(found, Failure) and "'..' behind a wildcard" in found.message for found in refused] == [True]


def test_failures_keep_their_place(tree: Path) -> None:
    found = expand(["models/a.onnx", "nothing", "models/b.PT2"])
    assert [item.source if isinstance(item, Failure) else item for item in found] == [
        "models/a.onnx",
        "nothing",
        "models/b.PT2",
    ]


def test_a_broken_link_and_a_fifo_are_sources_for_the_loader_to_refuse(tree: Path) -> None:
    (tree / "empty" / "gone.onnx").symlink_to("nowhere")
    os.mkfifo(tree / "empty" / "pipe.onnx")
    assert expand(["empty"]) == ["empty/gone.onnx", "empty/pipe.onnx"]


def test_a_name_that_is_no_utf8(tree: Path) -> None:
    name = os.fsdecode(b"empty/\xff.onnx")
    Path(name).touch()
    assert expand(["empty"]) == [name]

"""Which models does a pattern name, and what lies outside the repository?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shortcut_audit.errors import ConfigError
from shortcut_audit.gate.paths import leaves, matches, read_regular, repository_of


@pytest.mark.parametrize(
    ("pattern", "source", "named"),
    [
        ("*", "models/deep/a.onnx", True),
        ("a.onnx", "models/deep/a.onnx", True),
        ("*.pt2", "models/a.onnx", False),
        ("models/*.onnx", "models/a.onnx", True),
        ("models/*.onnx", "models/deep/a.onnx", False),
        ("models/**/*.onnx", "models/a.onnx", True),
        ("models/**/*.onnx", "models/very/deep/a.onnx", True),
        ("**", "models/a.onnx", True),
        ("./models/a.onnx", "models/a.onnx", True),
        ("package.module:factory", "package.module:factory", True),
        ("a[0-9].onnx", "a7.onnx", True),
        ("**/" * 30 + "b", "a/" * 60 + "a", False),
    ],
)
def test_a_pattern_names_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, source: str, named: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    assert matches(pattern, source, tmp_path) is named


def test_a_pattern_is_relative_to_the_configuration_not_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path / "models")
    assert matches("models/a.onnx", "a.onnx", tmp_path)
    assert matches("models/a.onnx", str(tmp_path / "models" / "a.onnx"), tmp_path)


@pytest.mark.parametrize("given", ["/etc/passwd", "../outside", "sub/../../outside", "~/x", "a\0b", "link/x", "link"])
def test_a_path_leads_out_of_the_repository(tmp_path: Path, given: str) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "link").symlink_to(tmp_path)
    assert leaves(repository, repository, given)


def test_a_path_upwards_may_stay_inside_the_repository(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    assert not leaves(tmp_path, tmp_path / "team", "../models/*.onnx")


def test_the_repository_is_the_nearest_folder_with_git(tmp_path: Path) -> None:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "a" / "b").mkdir(parents=True)
    assert repository_of(tmp_path / "repo" / "a" / "b") == tmp_path / "repo"


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    """A FIFO would block for ever."""
    os.mkfifo(tmp_path / "fifo")
    for name in ("fifo", "missing", "."):
        with pytest.raises(ConfigError, match=r"baseline"):
            read_regular(tmp_path / name, 10, "baseline")
    (tmp_path / "file").write_bytes(b"0123456789abc")
    assert read_regular(tmp_path / "file", 10, "baseline") == b"0123456789"

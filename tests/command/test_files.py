"""Is a file written whole or not at all?"""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from shortcut_audit.command import files


def test_a_new_file_has_the_mode_that_any_new_file_has(tmp_path: Path) -> None:
    old_mask = os.umask(0o027)
    try:
        files.write(str(tmp_path / "report.md"), "ä\udcff\n")
    finally:
        os.umask(old_mask)
    assert (tmp_path / "report.md").read_bytes() == b"\xc3\xa4\\udcff\n"
    assert stat.S_IMODE((tmp_path / "report.md").stat().st_mode) == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["report.md"]


def test_an_old_file_is_replaced_through_its_link_and_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("old")
    (tmp_path / "old.json").chmod(0o600)
    (tmp_path / "link.json").symlink_to("old.json")
    files.write(str(tmp_path / "link.json"), "new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "old.json").read_text() == "new"
    assert stat.S_IMODE((tmp_path / "old.json").stat().st_mode) == 0o600


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "report.json").write_text("old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        files.write(str(tmp_path / "report.json"), "new")
    assert [file.name for file in tmp_path.iterdir()] == ["report.json"]
    assert (tmp_path / "report.json").read_text() == "old"


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.write(str(tmp_path / "none" / "report.json"), "x")


def test_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    files.write(str(pipe), "through")
    reader.join(10)
    assert read == ["through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_the_longest_name_that_a_folder_holds(tmp_path: Path) -> None:
    name = "漢" * 82 + ".json"  # 251 bytes, of 255
    files.write(str(tmp_path / name), "x")
    assert [file.name for file in tmp_path.iterdir()] == [name]

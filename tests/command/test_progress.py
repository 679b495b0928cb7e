"""Does somebody who waits see how far a run is, and nobody else?"""

from __future__ import annotations

import io
import sys
import time

import pytest

from shortcut_audit.command import console, progress
from shortcut_audit.command.attempt import Task, attempt

PLAIN = "samples/plain34.onnx"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_stages_of_a_model_are_told_in_order() -> None:
    told: list[tuple[str, str]] = []
    attempt(Task(PLAIN), lambda source, stage: told.append((source, stage)))
    assert told == [
        (PLAIN, "reading"),
        (PLAIN, "assembling its graph"),
        (PLAIN, "searching for shortcuts"),
        (PLAIN, "counting what they cost"),
    ]


def test_a_line_has_the_models_done_and_what_the_current_one_is_at() -> None:
    watched = progress.Watched(40)
    watched.at("models/a.onnx", "reading")
    assert watched.line(2, 80) == "0 of 40 models: models/a.onnx: reading"
    watched.done("models/a.onnx")
    watched.at("models/b.onnx", "searching for shortcuts")
    assert watched.line(4, 80) == "1 of 40 models, 0.2/s: models/b.onnx: searching for shortcuts"  # 1 / 4 s


def test_one_model_is_not_counted() -> None:
    watched = progress.Watched(1)
    watched.at("net:build", "reading")
    assert watched.line(2, 80) == "net:build: reading"


@pytest.mark.parametrize("width", [1, 10, 40, 60])
def test_a_line_never_wraps(width: int) -> None:
    watched = progress.Watched(2)
    watched.at("a/very/long/path/" * 9 + "模型.onnx", "searching for shortcuts")
    assert len(watched.line(2, width)) < width


def test_a_long_path_is_cut_between_its_folders() -> None:
    watched = progress.Watched(1)
    watched.at("shared/corpus/models/net.onnx", "reading")
    assert watched.line(2, 31) == "models/net.onnx: reading"  # with "corpus/" it would take all 31 cells


def test_who_waits_at_a_terminal_sees_it_and_it_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with progress.progress(2) as watch:
        watch.at("a.onnx", "reading")
        while "a.onnx" not in terminal.getvalue():
            time.sleep(0.01)
    assert "\r\x1b[K0 of 2 models: a.onnx: reading" in terminal.getvalue()
    assert terminal.getvalue().endswith(console.CLEARED)


def test_a_short_run_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.progress(2) as watch:
        watch.at("a.onnx", "reading")
    assert terminal.getvalue() == ""


@pytest.mark.parametrize(("stream", "total"), [(io.StringIO(), 2), (None, 2), (Terminal(), 0)])
def test_where_nobody_looks_no_thread_is_started(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None, total: int
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.progress(total) as watch:
        assert isinstance(watch, progress.Unwatched)

"""Does every audit end in a report or in one line?"""

from __future__ import annotations

from pathlib import Path

import pytest

from shortcut_audit import pipeline
from shortcut_audit.command.attempt import Task, attempt
from shortcut_audit.errors import UnreadableModel
from shortcut_audit.report import Failure, ModelReport

SAMPLE = str(Path(__file__).parents[2] / "samples" / "transformer.onnx")


def test_a_report() -> None:
    made = attempt(Task(SAMPLE, {"batch": 1}))
    assert isinstance(made.result, ModelReport)
    assert made.result.totals.macs == 173_670_400  # tests/test_samples.py says why
    assert made.traceback == ""


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (UnreadableModel("empty file; export the model again"), "empty file; export the model again"),
        (MemoryError(), "not enough memory to audit this model"),
        (KeyError("x"), "a bug in shortcut-audit (KeyError); please report it, -vv shows where"),
        (SystemExit(0), "its code ends the program (sys.exit); let it return the model"),
        (RecursionError(), "a bug in shortcut-audit (RecursionError); please report it, -vv shows where"),
    ],
)
def test_whatever_is_raised_is_a_failure(error: BaseException, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> ModelReport:
        raise error

    monkeypatch.setattr(pipeline, "draft_of", fail)
    made = attempt(Task("model.onnx"))
    assert made.result == Failure("model.onnx", message)
    assert bool(made.traceback) == message.startswith("a bug")


def test_an_ill_formed_shape_is_a_failure() -> None:
    made = attempt(Task(SAMPLE, inputs=("1x-3",)))
    assert isinstance(made.result, Failure)
    assert "'-3' is no size" in made.result.message

"""Is nothing lost or written twice, wherever a run ends?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit import pipeline
from shortcut_audit.command import collect
from shortcut_audit.command.attempt import Attempt, Task
from shortcut_audit.command.cli import execute
from shortcut_audit.command.journal import Journal, Kept
from shortcut_audit.command.revived import Mismatch, revived
from shortcut_audit.errors import UsageError
from shortcut_audit.operators.declaration import Declaration
from shortcut_audit.pipeline import audit_draft, draft_of
from shortcut_audit.report import Failure, ModelReport
from tests.loaders.remote.server import served
from tests.reporters import examples

SAMPLES = Path(__file__).parents[2] / "samples"
MODELS = sorted([*SAMPLES.glob("*.onnx"), *SAMPLES.glob("*.pt2")])
RESNET18, HIGHWAY = str(SAMPLES / "resnet18.onnx"), str(SAMPLES / "highway.onnx")
GUARD = 300
"""Seconds after which a test gives up a process that should have ended long ago, however busy the machine is."""

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.name)
def test_a_report_comes_back_as_it_was(model: Path) -> None:
    report = audit_draft(draft_of(str(model)))
    assert revived(ModelReport, json.loads(json.dumps(report.to_dict()))) == report


def test_what_was_appended_is_there_and_survives() -> None:
    here, there = Attempt(audit_draft(draft_of(RESNET18))), Attempt(Failure("b.onnx", "empty"), "Traceback")
    kept = Journal(Path("a.journal"), resume=False)
    kept.append(Task("a.onnx"), "1", here)
    kept.append(Task("b.onnx", {"n": 1}), "2", there)
    kept.close(keep=True)
    again = Journal(Path("a.journal"), resume=True)
    assert again.known(Task("a.onnx"), "1") == here
    assert again.known(Task("b.onnx", {"n": 1}), "2") == there


@pytest.mark.parametrize(
    ("task", "version"),
    [
        (Task("a.onnx"), "2"),  # another file by now
        (Task("a.onnx", operators={"a::B": Declaration("copy")}), "1"),  # an operator is declared by now
        (Task("a.onnx"), ""),  # nobody knows which
        (Task("b.onnx"), "1"),
        (Task("a.onnx", {"n": 1}), "1"),
        (Task("a.onnx", inputs=("1x3",)), "1"),
    ],
)
def test_what_is_not_the_same_is_not_known(task: Task, version: str) -> None:
    kept = Journal(Path("a.journal"), resume=False)
    kept.append(Task("a.onnx"), "1", Attempt(Failure("a.onnx", "empty")))
    kept.close(keep=True)
    assert Journal(Path("a.journal"), resume=True).known(task, version) is None


def test_wherever_it_is_cut_the_whole_lines_count_and_it_goes_on() -> None:
    kept = Journal(Path("a.journal"), resume=False)
    tasks = [Task(f"{name}.onnx") for name in "abc"]
    for task in tasks:
        kept.append(task, "1", Attempt(Failure(task.source, "empty")))
    kept.close(keep=True)
    whole = Path("a.journal").read_bytes()
    ends = [at for at, byte in enumerate(whole, start=1) if byte == ord("\n")]
    for cut in range(len(whole) + 1):
        Path("b.journal").write_bytes(whole[:cut])
        again = Journal(Path("b.journal"), resume=True)
        known = [task for task in tasks if again.known(task, "1")]
        assert known == tasks[: max(sum(end <= cut for end in ends) - 1, 0)]
        for task in tasks[len(known) :]:
            again.append(task, "1", Attempt(Failure(task.source, "empty")))
        again.close(keep=True)
        assert Path("b.journal").read_bytes() == whole


@pytest.mark.parametrize("first", [b"", b"no json\n", b'{"journal": 2}\n', b'{"journal": 1, "shortcut-audit": "0"}\n'])
def test_anothers_journal_is_begun_anew(first: bytes) -> None:
    Path("a.journal").write_bytes(first + b'{"task": "x", "version": "1"}\t{}\n')
    Journal(Path("a.journal"), resume=True).close(keep=True)
    assert Path("a.journal").read_bytes().count(b"\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="files are locked by POSIX's means")
def test_two_runs_do_not_write_one_journal() -> None:
    first = Journal(Path("a.journal"), resume=False)
    with pytest.raises(UsageError, match="another run is writing this journal"):
        Journal(Path("a.journal"), resume=False)
    first.close(keep=True)
    Journal(Path("a.journal"), resume=False).close(keep=False)
    assert not Path("a.journal").exists()


def test_reports_are_read_when_they_are_wanted() -> None:
    kept = Journal(None, resume=False)
    for model in (RESNET18, HIGHWAY):
        kept.append(Task(model), "1", Attempt(audit_draft(draft_of(str(model)))))
    models = Kept(kept, [kept.entry(Task(model)) for model in (HIGHWAY, RESNET18)])
    assert [model.source for model in models] == [HIGHWAY, RESNET18]
    assert (len(models), models[-1]) == (2, audit_draft(draft_of(RESNET18)))
    assert list(models[1:]) == [audit_draft(draft_of(RESNET18))]


# --- a run -----------------------------------------------------------------------------------------------------------


def copies(count: int) -> list[str]:
    """Hard links to the samples, in turn."""
    Path("models").mkdir()
    for number in range(count):
        os.link(MODELS[number % len(MODELS)], f"models/{number:03}{MODELS[number % len(MODELS)].suffix}")
    return sorted(map(str, Path("models").iterdir()))


def test_a_list_of_sources(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = copies(4)
    Path("list.txt").write_text("\n".join([*sources[:2], "", "none.onnx", *sources[2:]]) + "\r\n")
    assert execute(["--sources", "list.txt", "--format", "json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert [model["source"] for model in found["models"]] == sources
    assert [error["source"] for error in found["errors"]] == ["none.onnx"]
    run = subprocess.run(
        [sys.executable, "-m", "shortcut_audit", "--sources", "-", "--format", "json"],
        input=Path("list.txt").read_bytes(), capture_output=True, check=False, timeout=GUARD,
    )  # fmt: skip
    assert json.loads(run.stdout) == found
    assert execute(["--sources", "none.txt"]) == 2
    line = "shortcut-audit: none.txt: the list of sources cannot be read: No such file or directory\n"
    assert capsys.readouterr().err == line


def test_many_models_are_shown_as_few_are(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Held in memory or read back from a journal, the report is the same."""
    sources = [*copies(len(MODELS)), "none.onnx"]
    shown = []
    for many in (256, 3):
        monkeypatch.setattr(collect, "MANY", many)
        for form in ("text", "json", "markdown", "html", "sarif"):
            assert execute([*sources, "--format", form]) == 2
            shown.append(capsys.readouterr())
    assert shown[:5] == shown[5:]


def test_a_finished_run_leaves_its_table_and_no_journal() -> None:
    assert execute([RESNET18, "-o", "a.csv", "-q"]) == 0
    assert sorted(map(str, Path().iterdir())) == ["a.csv"]


def test_resume_needs_a_table(capsys: Capture) -> None:
    assert execute([RESNET18, "--resume"]) == 2
    assert "--resume needs a table (-o NAME.parquet, NAME.csv)" in capsys.readouterr().err


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sources that are audited from now on, in this process."""
    audited: list[str] = []
    real: Callable[..., Any] = pipeline.draft_of

    def drafted(source: str, **given: Any) -> Any:
        audited.append(source)
        return real(source, **given)

    monkeypatch.setattr(pipeline, "draft_of", drafted)
    return audited


def test_what_has_not_changed_is_not_audited_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = copies(3)
    audited = counted(monkeypatch)
    arguments = [*sources, "-q", "-o", "t.models.csv", "--resume"]
    assert execute(arguments) == 0
    table = Path("t.models.csv").read_bytes()
    assert execute(arguments) == 0
    assert (audited, Path("t.models.csv").read_bytes()) == (sources, table)
    Path(sources[1]).unlink()
    Path(sources[1]).write_bytes(Path(RESNET18).read_bytes())  # instead of the highway network
    assert execute(arguments) == 0
    assert audited == [*sources, sources[1]]
    assert Path("t.models.csv").read_bytes() != table
    assert execute(arguments[:-1]) == 0  # not asked to go on: all is done anew
    assert audited == [*sources, sources[1], *sources]


KILLED = """
import os, signal
from shortcut_audit.command import cli, journal

append, left = journal.Journal.append, [int(os.environ["ENDED_AFTER"])]

def killing(self, *rest):
    append(self, *rest)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)

journal.Journal.append = killing
if __name__ == "__main__":
    cli.main()
"""
"""The command, but that it is killed when it has written down so many models."""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_killed_twice_and_resumed_it_makes_the_same_table(jobs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    copies(12)
    assert execute(["models", "-q", "-o", "whole.csv", "-o", "whole.models.csv"]) == 0
    Path("killed.py").write_text(KILLED)
    arguments = ["models", "-q", "--jobs", jobs, "-o", "t.csv", "-o", "t.models.csv"]
    for after, more in (("3", []), ("4", ["--resume"])):
        line = [sys.executable, "killed.py", *arguments, *more]
        run = subprocess.run(line, check=False, timeout=GUARD, env={**os.environ, "ENDED_AFTER": after})
        assert run.returncode == -signal.SIGKILL
        assert not Path("t.csv").exists()
    assert Path("t.journal").read_bytes().count(b"\n") == 1 + 3 + 4
    audited = counted(monkeypatch)
    assert execute(["models", "-q", "-o", "t.csv", "-o", "t.models.csv", "--resume"]) == 0
    assert len(audited) == 12 - 3 - 4
    assert Path("t.csv").read_bytes() == Path("whole.csv").read_bytes()
    assert Path("t.models.csv").read_bytes() == Path("whole.models.csv").read_bytes()
    lines = Path("t.journal").read_text().splitlines()[1:]
    assert len({json.loads(line.partition("\t")[0])["task"] for line in lines}) == len(lines) == 12


def test_a_signal_leaves_what_was_done() -> None:
    copies(6)
    program = KILLED.replace("os.kill(os.getpid(), signal.SIGKILL)", "signal.raise_signal(signal.SIGTERM)")
    Path("ended.py").write_text(program)
    line, environment = [sys.executable, "ended.py", "models", "-o", "t.csv"], {**os.environ, "ENDED_AFTER": "2"}
    run = subprocess.run(line, capture_output=True, text=True, check=False, timeout=GUARD, env=environment)
    assert (run.returncode, run.stderr) == (143, "shortcut-audit: terminated\n")
    assert Path("t.journal").read_bytes().count(b"\n") == 1 + 2


def test_the_entries_of_a_journal_are_small() -> None:
    """What is held of a model in memory: its name and where it stands, some hundred bytes."""
    kept = Journal(None, resume=False)
    made = Attempt(audit_draft(draft_of(RESNET18)))
    for number in range(100):
        kept.append(Task(f"{number}.onnx"), "1", made)
    assert len(kept._entries) == 100
    assert all(sys.getsizeof(entry) < 100 for entry in kept._entries.values())


def test_a_model_elsewhere_is_not_fetched_again_while_its_tag_is_the_same() -> None:
    """One request asks for the tag; a new tag has the model read anew."""
    pytest.importorskip("aiohttp")
    with served({"/a.onnx": Path(RESNET18).read_bytes()}) as server:
        arguments = [f"{server.url}/a.onnx", "-q", "-o", "t.csv", "--resume"]
        counts = []
        for tag in ('"1"', '"1"', '"2"'):
            server.tag, before = tag, len(server.asked)
            assert execute(arguments) == 0
            counts.append(len(server.asked) - before)
    assert counts == [2, 1, 1 + 2]  # 74 kB take two requests
    assert Path("t.journal").read_bytes().count(b"\n") == 1 + 2


@pytest.mark.parametrize(
    ("field", "said"),
    [("source", 1), ("shortcuts", {}), ("notes", [1]), ("totals", None), ("inputs", [[]]), ("layers", "none")],
)
def test_what_is_no_report_is_refused(field: str, said: object) -> None:
    """A baseline may hold anything: whoever reads one back from it is told."""
    whole = json.loads(json.dumps(examples.RESNET18.to_dict()))
    assert revived(ModelReport, whole) == examples.RESNET18
    with pytest.raises(Mismatch):
        revived(ModelReport, {**whole, field: said})
    with pytest.raises(Mismatch):
        revived(ModelReport, {key: value for key, value in whole.items() if key != "source"})

"""Does the command do what it says, and say what it does?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shortcut_audit import __version__, pipeline
from shortcut_audit.command import limits
from shortcut_audit.command.cli import execute
from shortcut_audit.report import AuditReport
from shortcut_audit.reporters import REPORTERS, Reporter, Style
from tests.networks import network, save

SAMPLES = Path(__file__).parents[2] / "samples"
RESNET18, HIGHWAY, PLAIN = (str(SAMPLES / f"{name}.onnx") for name in ("resnet18", "highway", "plain34"))

OBJECTION = '[tool.shortcut-audit]\nmax-projections = 0\nmodels = ["*.onnx"]\n'
"""A configuration to which ResNet-18, with its 3 projections, is an error."""


GUARD = 300
"""Seconds after which a test gives up a process that should have ended long ago, however busy the machine is."""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in an empty folder, in a terminal of 80 columns without colour."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR", "LC_ALL", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


Capture = pytest.CaptureFixture[str]


def command(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own."""
    line = [sys.executable, "-m", "shortcut_audit", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, env={**os.environ, **environment}, check=False, timeout=GUARD)


def document(capsys: Capture) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = json.loads(capsys.readouterr().out)
    return found


def test_a_report_and_nothing_else(capsys: Capture) -> None:
    assert execute([RESNET18]) == 0
    said = capsys.readouterr()
    assert "8 shortcuts: 5 identity (no weights), 3 projections (W_s, with bias); option B\n" in said.out
    assert said.err == ""


def test_sources_come_in_their_order_and_a_bad_one_stops_nobody(capsys: Capture) -> None:
    Path("bad.onnx").write_bytes(b"")
    assert execute(["--format", "json", "-q", HIGHWAY, "bad.onnx", "none.onnx", RESNET18]) == 2
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert [model["source"] for model in found["models"]] == [HIGHWAY, RESNET18]
    assert [error["source"] for error in found["errors"]] == ["bad.onnx", "none.onnx"]
    first, second = said.err.splitlines()
    assert first.startswith("shortcut-audit: bad.onnx: ")
    assert "empty" in first
    assert second == "shortcut-audit: none.onnx: no such file or folder; check the path"


def test_only_failures_leave_stdout_empty(capsys: Capture) -> None:
    assert execute(["none.onnx"]) == 2
    assert capsys.readouterr().out == ""


def test_an_empty_folder_is_an_error(capsys: Capture) -> None:
    Path("models").mkdir()
    assert execute(["models"]) == 2
    assert "models: no model (.onnx, .pt2) in this folder" in capsys.readouterr().err


def test_no_source(capsys: Capture) -> None:
    assert execute([]) == 2
    assert capsys.readouterr().err.startswith("shortcut-audit: no SOURCE given")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ([], 1),  # the configuration's models
        ([RESNET18], 1),
        ([PLAIN], 0),
        ([RESNET18, "--fail-on", "never"], 0),
        ([RESNET18, "--exit-zero"], 0),
        ([RESNET18, "--ignore", "too-many-projections"], 0),
        ([RESNET18, "--select", "too-many-projections"], 1),
        ([RESNET18, "none.onnx"], 2),  # 2 beats 1
        (["none.onnx", "--exit-zero"], 2),
        ([RESNET18, "--select", "no-such-rule"], 2),
    ],
)
def test_exit_status(arguments: list[str], status: int) -> None:
    Path("pyproject.toml").write_text(OBJECTION)
    Path("model.onnx").write_bytes(Path(RESNET18).read_bytes())
    assert execute(arguments) == status


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--no-such"], "No such option"),
        (["--format", "pdf", RESNET18], "'pdf' is not one of 'text', 'json'"),
        (["-o", "report.pdf", RESNET18], "the suffix of 'report.pdf' must be one of .txt, .json"),
        (["--jobs", "0", RESNET18], "0 is not in the range x>=1"),
        (["-q", "-v", RESNET18], "-q and -v contradict each other"),
        (["--dim", "batch", RESNET18], "--dim batch: write NAME=SIZE"),
        (["--input", "x=1y3", RESNET18], "--input x=1y3: '1y3' is no size"),
        (["--config", "none.toml", RESNET18], "none.toml: cannot read"),
        (["--baseline", "none.json", RESNET18], "none.json: cannot read the baseline"),
        (["--explain", "no-such-rule"], "there is no rule and no word 'no-such-rule'"),
        (["--explain", ""], "there is no rule and no word ''"),
        (["--baseline", "", RESNET18], "'--baseline': an empty name is no file"),
        (["--write-baseline", "", RESNET18], "'--write-baseline': an empty name is no file"),
        (["--config", "", RESNET18], "'--config': an empty name is no file"),
        (["-o", "", RESNET18], "'-o' / '--output': an empty name is no file"),
        (["*/" * 1_500 + "x.onnx"], "it has more than 32 parts"),
        (["--no-\x1b[2J\n::error::x"], "::error::x"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(arguments: list[str], line: str, capsys: Capture) -> None:
    assert execute(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("shortcut-audit: ")
    assert said.err.count("\n") == 1
    assert "\x1b" not in said.err
    assert line in said.err


def test_json_is_a_whole_document_even_if_nothing_could_be_done(capsys: Capture) -> None:
    assert execute(["--format", "json", "--baseline", "none.json", RESNET18]) == 2
    found = document(capsys)
    assert found["models"] == []
    assert [error["source"] for error in found["errors"]] == ["shortcut-audit"]


def test_one_run_writes_every_format(capsys: Capture) -> None:
    files = ["a.txt", "b.JSON", "c.md", "d.sarif", "e.html", "f.sarif.json"]
    assert execute([PLAIN, "-q", *(word for file in files for word in ("-o", file))]) == 0
    assert Path("a.txt").read_text() == capsys.readouterr().out
    assert json.loads(Path("b.JSON").read_text())["models"][0]["source"] == PLAIN
    assert "plain34" in Path("c.md").read_text()
    assert json.loads(Path("d.sarif").read_text())["version"] == "2.1.0"
    assert Path("f.sarif.json").read_text() == Path("d.sarif").read_text()
    assert Path("e.html").read_text().startswith("<!doctype html>")


def test_a_file_that_cannot_be_written_is_status_2_and_the_others_are_written(capsys: Capture) -> None:
    assert execute([PLAIN, "-o", "no/folder/a.json", "-o", "b.json"]) == 2
    said = capsys.readouterr()
    assert said.err == "shortcut-audit: no/folder/a.json: cannot write: No such file or directory\n"
    assert "No shortcuts" in said.out
    assert Path("b.json").exists()


def test_quiet_is_a_line_a_model(capsys: Capture) -> None:
    assert execute(["-q", PLAIN, HIGHWAY, "--ignore", "impeded-identity"]) == 0
    heads, plain, highway, ending = capsys.readouterr().out.splitlines()
    assert heads.split()[:4] == ["model", "params", "MACs", "all"]
    assert plain.split()[:6] == [PLAIN, "21.6", "M", "3.64", "G", "0"]
    assert highway.split()[:11] == [HIGHWAY, "90.8", "k", "89.7", "k", "10", "0", "0", "10", "0", "mixed"]
    assert ending == "2 models, 10 shortcuts, 10 with weights"


def test_quiet_is_the_answer_alone_for_one_model(capsys: Capture) -> None:
    assert execute(["-q", PLAIN]) == 0
    assert capsys.readouterr().out == f"{PLAIN}: No shortcuts: the model has no additions\n"


def test_where_the_name_takes_the_stem_of_each_model_every_format_shows_that_one_alone() -> None:
    files = ("{stem}.layers.csv", "{stem}.html", "{stem}.json", "{stem}.csv")
    assert execute([PLAIN, HIGHWAY, "-q", *(word for file in files for word in ("-o", file))]) == 0
    assert not any("{" in path.name for path in Path().iterdir())
    layers = Path("plain34.layers.csv").read_text().splitlines()
    assert len(layers) == 35  # 33 convolutions, one linear map, and the heads
    assert {line.split(",")[0] for line in layers[1:]} == {PLAIN}
    for source, stem in ((PLAIN, "plain34"), (HIGHWAY, "highway")):
        assert [model["source"] for model in json.loads(Path(f"{stem}.json").read_text())["models"]] == [source]
    assert "highway" not in Path("plain34.html").read_text()
    assert execute([PLAIN, "-o", "{stem}.csv", "--resume"]) == 2


def test_a_picture_of_each_model_is_a_file_of_its_own(capsys: Capture) -> None:
    assert execute([PLAIN, HIGHWAY, "-q", "-o", "{stem}.svg"]) == 0
    assert Path("plain34.svg").read_text().startswith("<svg")
    assert "gated" in Path("highway.svg").read_text()
    assert execute([PLAIN, HIGHWAY, "-q", "-o", "one.svg"]) == 2
    assert "one.svg: .svg shows one model, and there are 2; write {stem} in its name" in capsys.readouterr().err
    assert execute([PLAIN, "-q", "-o", "one.svg"]) == 0
    files = ["-o", "all.model-explorer.json", "-o", "all.csv"]
    assert execute([PLAIN, HIGHWAY, "-q", *files]) == 2
    assert ".model-explorer.json shows one model" in capsys.readouterr().err
    assert [file.name for file in Path().glob("all.*")] == []  # nothing was audited, no journal was begun


def test_models_are_sorted_by_a_column(capsys: Capture) -> None:
    assert execute([HIGHWAY, PLAIN, "--format", "json", "--sort", "parameters"]) == 0
    assert [model["source"] for model in json.loads(capsys.readouterr().out)["models"]] == [PLAIN, HIGHWAY]
    assert execute([PLAIN, "--sort", "colour"]) == 2
    assert "no column 'colour'; there are source, parameters, macs" in capsys.readouterr().err


def test_a_part_is_listed_and_everything_is_counted(capsys: Capture) -> None:
    resnet = str(SAMPLES / "resnet18.onnx")
    assert execute([resnet, "--kind", "projection", "--only", "layer[23].*"]) == 0
    text = capsys.readouterr().out
    assert "2 of 8 shortcuts are listed (--kind projection --only layer[23].*)" in text
    assert "layer2.0" in text.split("listed")[1].split("extra weights")[0]
    assert "layer4.0" not in text.split("listed")[1].split("extra weights")[0]
    assert "8 shortcuts: 5 identity" in text


def test_the_difference_of_two_models_is_told_and_judged_by_nobody(capsys: Capture) -> None:
    old, new = str(SAMPLES / "resnet18.onnx"), str(SAMPLES / "resnet50.onnx")
    assert execute(["--diff", old, new]) == 0
    text = capsys.readouterr().out
    assert "layer1.0  identity → projection, +16,640 parameters, +51.4 M MACs" in text  # 64 · 256 + 256; 56² · 64 · 256
    assert "layer1.2, layer2.2…3, layer3.2…5, layer4.2  new: identity" in text
    assert "\n40 layers added\n" in text  # of 54, one is another fc, 13 are as in ResNet-18
    assert "error " not in text
    assert execute(["--diff", old, "missing.onnx"]) == 2
    assert execute(["--diff", old, new, PLAIN]) == 2
    assert execute(["--diff", old, new, "--baseline", old]) == 2


def test_dims_settle_what_is_open(capsys: Capture) -> None:
    transformer = str(SAMPLES / "transformer.onnx")
    assert execute([transformer, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["totals"]["macs"] is None
    assert execute([transformer, "--format", "json", "--dim", "batch=1"]) == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["totals"]["macs"] == 173_670_400  # tests/test_samples.py
    assert execute([transformer, "--format", "json", "--input", "2x64"]) == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["totals"]["macs"] == 347_340_800


def test_what_was_accepted_is_no_finding_and_what_was_not_is(capsys: Capture) -> None:
    Path("net.onnx").write_bytes(Path(PLAIN).read_bytes())
    assert execute(["net.onnx", "--write-baseline", "accepted.json"]) == 0
    assert execute(["net.onnx", "--baseline", "accepted.json"]) == 0
    Path("net.onnx").write_bytes(Path(RESNET18).read_bytes())
    capsys.readouterr()
    assert execute(["net.onnx", "--baseline", "accepted.json", "--format", "json"]) == 0
    found = document(capsys)
    rules = [f["rule"] for f in found["findings"]]
    assert (rules.count("shortcut-added"), rules.count("weighted-shortcut-added")) == (5, 3)
    assert execute([PLAIN, "--baseline", "net.onnx"]) == 1  # another model as the baseline: its shortcuts are gone
    assert execute(["net.onnx", "--write-baseline", "accepted.json"]) == 0
    assert execute(["net.onnx", "--baseline", "accepted.json"]) == 0


def test_the_first_baseline_can_be_written_where_the_configuration_misses_it() -> None:
    Path("pyproject.toml").write_text('[tool.shortcut-audit]\nbaseline = "accepted.json"\n')
    assert execute([RESNET18]) == 2
    assert execute([RESNET18, "--write-baseline", "accepted.json"]) == 0
    assert execute([RESNET18]) == 0


def test_no_baseline_is_written_of_half_a_run(capsys: Capture) -> None:
    assert execute([RESNET18, "none.onnx", "--write-baseline", "accepted.json"]) == 2
    assert not Path("accepted.json").exists()
    assert "accepted.json: not written: not every source could be audited" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (".", "the baseline (--write-baseline makes one) is no regular file"),
        (os.devnull, "the baseline (--write-baseline makes one) is no regular file"),
        ("net.onnx", "no JSON report: "),
        ("x" * 300, "cannot read the baseline (--write-baseline makes one): File name too long"),
    ],
)
def test_why_a_baseline_is_not_written_is_said_once_and_the_report_is_there(
    file: str, why: str, capsys: Capture
) -> None:
    Path("net.onnx").write_bytes(Path(PLAIN).read_bytes())
    assert execute(["net.onnx", "--write-baseline", file]) == 2
    said = capsys.readouterr()
    assert why in said.err
    assert said.err.count("\n") == 1
    assert "No shortcuts" in said.out
    assert Path("net.onnx").read_bytes() == Path(PLAIN).read_bytes()


def test_a_run_that_could_not_begin_says_nothing_of_the_baseline(capsys: Capture) -> None:
    assert execute([RESNET18, "--config", "none.toml", "--write-baseline", "accepted.json"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_jobs_change_nothing_but_the_time(capsys: Capture) -> None:
    sources = [RESNET18, "none.onnx", HIGHWAY, PLAIN]
    assert execute([*sources, "--format", "json"]) == 2
    one = capsys.readouterr()
    assert execute([*sources, "--format", "json", "--jobs", "3"]) == 2
    assert capsys.readouterr() == one


def test_a_bug_costs_one_model_and_says_so(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    real = pipeline.draft_of

    def buggy(source: str, **given: object) -> object:
        return real(source) if source == PLAIN else {}["a key\x1b"]

    monkeypatch.setattr(pipeline, "draft_of", buggy)
    assert execute([RESNET18, PLAIN, "-q"]) == 2
    said = capsys.readouterr()
    bug = f"shortcut-audit: {RESNET18}: a bug in shortcut-audit (KeyError); please report it, -vv shows where\n"
    assert said.err == bug
    assert PLAIN in said.out
    assert execute([RESNET18, "-vv"]) == 2
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def broken(form: str, monkeypatch: pytest.MonkeyPatch, at: str = "") -> None:
    """Makes a format fail on the model `at`, or on anything."""
    real = REPORTERS[form]

    def render(report: AuditReport, style: Style) -> str:
        if not at or any(model.source == at for model in report.models):
            raise ValueError("no such number")
        return real.render(report, style)

    monkeypatch.setitem(REPORTERS, form, Reporter(real.suffix, render))


def test_a_model_that_cannot_be_shown_is_an_error_and_the_others_are_shown(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken("sarif", monkeypatch, at=RESNET18)
    files = ["-o", "a.sarif", "-o", "b.md", "--write-baseline", "accepted.json"]
    assert execute([RESNET18, HIGHWAY, "--format", "json", *files]) == 2
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert [model["source"] for model in found["models"]] == [HIGHWAY]
    assert [error["source"] for error in found["errors"]] == [RESNET18]
    assert not [finding for finding in found["findings"] if finding["source"] == RESNET18]
    assert json.loads(Path("a.sarif").read_text())["runs"][0]["results"]
    assert "1 could not be audited" in Path("b.md").read_text()
    bug, missing = said.err.splitlines()
    assert bug == f"shortcut-audit: {RESNET18}: a bug in shortcut-audit (ValueError); please report it, -vv shows where"
    assert missing == "shortcut-audit: accepted.json: not written: not every source could be audited"


def test_the_only_model_cannot_be_shown(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    broken("json", monkeypatch, at=RESNET18)
    assert execute([RESNET18, "-o", "a.json", "-vv"]) == 2
    assert [error["source"] for error in json.loads(Path("a.json").read_text())["errors"]] == [RESNET18]
    assert "ValueError: no such number" in capsys.readouterr().err


def test_a_format_that_is_broken_costs_no_other(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    broken("sarif", monkeypatch)
    assert execute([RESNET18, PLAIN, "-q", "-o", "a.sarif", "-o", "b.json"]) == 2
    assert not Path("a.sarif").exists()
    assert len(json.loads(Path("b.json").read_text())["models"]) == 2
    bug = "a bug in shortcut-audit (ValueError); please report it, -vv shows where"
    assert capsys.readouterr().err == f"shortcut-audit: a.sarif: cannot show the report as sarif: {bug}\n"


def test_the_time_to_show_a_report_is_limited(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def spin(report: AuditReport, style: Style) -> str:
        ending = time.process_time() + (5 if report.models else 0)
        while time.process_time() < ending:
            pass
        return ""

    monkeypatch.setitem(REPORTERS, "json", Reporter(".json", spin))
    monkeypatch.setattr(limits, "REPORTING", limits.Bound(0.2, limits.AUDITING.bytes))
    assert execute([PLAIN, "--format", "json"]) == 2
    assert "takes more than 0.2 seconds of processor time" in capsys.readouterr().err


def test_a_report_that_is_too_long_is_an_error(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 15_000  # ResNet-18's report is 18,500 long, the plain network's 12,750
    monkeypatch.setattr("shortcut_audit.command.attempt.SIZE_LIMIT", limit)
    assert execute([RESNET18, PLAIN, "-q"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"shortcut-audit: {RESNET18}: the report on it would be over ")
    assert PLAIN in said.out


def test_what_a_model_prints_is_not_in_the_report(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    real = pipeline.draft_of

    def chatty(source: str, **given: object) -> object:
        sys.stdout.write("hello from the user's own code\n")
        return real(source)

    monkeypatch.setattr(pipeline, "draft_of", chatty)
    assert execute([PLAIN, "--format", "json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)
    assert said.err == "hello from the user's own code\n"


def test_schema_version_and_explanations(capsys: Capture) -> None:
    assert execute(["--schema"]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert execute(["--version"]) == 0
    assert capsys.readouterr().out == f"shortcut-audit {__version__}\n"
    assert execute(["--explain", "identity-lost"]) == 0
    assert capsys.readouterr().out.startswith("identity-lost (error)\n")


def test_github_gets_a_job_summary_too(capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert execute([PLAIN, "--format", "github"]) == 0
    assert summary.read_text().startswith("before\n")
    assert "plain34" in summary.read_text()
    assert execute([PLAIN, "-q"]) == 0
    assert summary.read_text().count("before") == 1


def test_help_is_short_and_names_every_option(capsys: Capture) -> None:
    assert execute(["--help"]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    for option in ("--format", "-o", "--input", "--dim", "--baseline", "--write-baseline", "--config", "--select"):
        assert option in shown
    for option in ("--ignore", "--fail-on", "--exit-zero", "--jobs", "-q", "-v", "--explain", "--schema", "--version"):
        assert option in shown


@pytest.mark.parametrize(
    ("environment", "escapes"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_color(environment: dict[str, str], escapes: bool) -> None:
    assert (b"\x1b[" in command(RESNET18, **environment).stdout) == escapes


@pytest.mark.parametrize(
    ("environment", "ascii_only"),
    [
        ({"PYTHONIOENCODING": "utf-8"}, False),
        ({"PYTHONIOENCODING": "ascii"}, True),
        ({"PYTHONIOENCODING": "latin-1"}, True),
        ({"LC_ALL": "C"}, True),
    ],
)
def test_a_terminal_without_unicode(environment: dict[str, str], ascii_only: bool) -> None:
    run = command(RESNET18, **environment)
    assert run.returncode == 0
    assert run.stdout.isascii() == ascii_only


@pytest.mark.parametrize("form", [name for name, reporter in REPORTERS.items() if reporter.printed])
def test_a_file_name_that_is_no_utf8(form: str, tmp_path: Path) -> None:
    name = os.fsdecode(b"mo\xff\ndel\x1b[31m.onnx")
    Path(name).write_bytes(Path(RESNET18).read_bytes())
    run = command(name, "none\udcfe.onnx", "--format", form, PYTHONIOENCODING="utf-8")
    assert run.returncode == 2
    assert run.stderr == b"shortcut-audit: none\\xfe.onnx: no such file or folder; check the path\n"
    assert b"\x1b" not in run.stdout
    assert run.stdout.decode("utf-8")


def shell(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False, timeout=GUARD)


AUDIT = f"{sys.executable} -m shortcut_audit"


def test_a_reader_that_goes_away() -> None:
    assert shell(f"({AUDIT} {RESNET18} -v; echo status $? >&2) | head -c 0").stderr == "status 0\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_disk_that_is_full() -> None:
    run = shell(f"{AUDIT} {PLAIN} > /dev/full")
    assert run.returncode == 2
    assert run.stderr == "shortcut-audit: cannot write to stdout: No space left on device\n"


def test_closed_streams() -> None:
    assert shell(f"{AUDIT} {PLAIN} >&-").returncode == 2
    run = shell(f"{AUDIT} -q {PLAIN} none.onnx 2>&-")
    assert run.returncode == 2
    assert run.stdout.splitlines()[0] == f"{PLAIN}: No shortcuts: the model has no additions"
    assert "none.onnx" not in run.stdout  # what is for stderr goes nowhere else


@pytest.mark.parametrize("option", ["--help", "--version", "--schema", "--explain all"])
def test_a_reader_of_help_that_goes_away(option: str) -> None:
    assert shell(f"({AUDIT} {option}; echo status $? >&2) | true").stderr == "status 0\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_on_a_disk_that_is_full(option: str) -> None:
    run = shell(f"{AUDIT} {option} > /dev/full")
    assert (run.returncode, run.stderr) == (2, "shortcut-audit: cannot write to stdout: No space left on device\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(
    "line",
    [
        "{audit} none.onnx 2> /dev/full",
        "{audit} --nope 2> /dev/full",
        "{audit} --config none.toml {plain} 2> /dev/full",
        "({audit} none.onnx {plain} 2>&1; echo $? > status) | true; exit $(cat status)",
    ],
)
def test_nobody_hears_but_the_exit_status_says_it(line: str) -> None:
    assert shell(line.format(audit=AUDIT, plain=PLAIN)).returncode == 2


def test_workers_have_streams_even_if_we_have_none() -> None:
    run = shell(f"{AUDIT} {PLAIN} none.onnx --jobs 2 -o a.json <&- >&-")
    assert run.returncode == 2
    assert run.stderr.splitlines() == [
        "shortcut-audit: none.onnx: no such file or folder; check the path",
        "shortcut-audit: cannot write to stdout: it is closed",
    ]
    assert len(json.loads(Path("a.json").read_text())["models"]) == 1


def test_the_current_folder_has_gone() -> None:
    run = shell(f"mkdir gone && cd gone && rmdir ../gone && {AUDIT} {PLAIN}")
    line = "shortcut-audit: the current folder cannot be used (No such file or directory); change to one that exists\n"
    assert (run.returncode, run.stdout, run.stderr) == (2, "", line)


# --- signals ---------------------------------------------------------------------------------------------------------

SLOW = """
import os, sys, time
from pathlib import Path
from shortcut_audit import pipeline
from shortcut_audit.command import cli
from shortcut_audit.errors import UnreadableModel

def slow(source, **given):
    Path(source).touch()
    try:
        time.sleep(3600)
    except BaseException:
        if source == "deaf:one":
            raise UnreadableModel("has heard nothing") from None
        raise

pipeline.draft_of = slow
if __name__ == "__main__":
    cli.main()
"""
"""The command, but that every audit takes an hour; the first that is deaf swallows whatever interrupts it."""


@pytest.mark.parametrize(
    ("number", "group", "jobs", "status", "said"),
    [
        (signal.SIGINT, True, 1, 130, "shortcut-audit: interrupted\n"),
        (signal.SIGTERM, False, 1, 143, "shortcut-audit: terminated\n"),
        (signal.SIGINT, True, 2, 130, "shortcut-audit: interrupted\n"),
        (signal.SIGTERM, False, 2, 143, "shortcut-audit: terminated\n"),
        (signal.SIGKILL, False, 2, -9, ""),
    ],
)
def test_a_signal_ends_the_run_and_its_workers(
    number: signal.Signals, group: bool, jobs: int, status: int, said: str
) -> None:
    Path("slow.py").write_text(SLOW)
    sources = ["a", "b"][:jobs]
    line = [sys.executable, "slow.py", "--jobs", str(jobs), *(f"{name}:f" for name in sources)]
    run = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_for(*(f"{name}:f" for name in sources))
    (os.killpg if group else os.kill)(run.pid, number)
    out, err = run.communicate(timeout=GUARD)  # returns when the last worker has let go of stderr
    assert (run.returncode, out) == (status, "")
    assert number == signal.SIGKILL or err == said  # then Python's own resource tracker may have a word to say


def test_a_signal_that_is_swallowed_comes_again() -> None:
    Path("slow.py").write_text(SLOW)
    line = [sys.executable, "slow.py", "deaf:one", "deaf:two"]
    run = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for("deaf:one")
    run.send_signal(signal.SIGTERM)
    wait_for("deaf:two")
    assert run.communicate(timeout=GUARD) == ("", "shortcut-audit: terminated\n")
    assert run.returncode == 143


def wait_for(*files: str) -> None:
    ending = time.monotonic() + GUARD
    while not all(Path(file).exists() for file in files):
        assert time.monotonic() < ending
        time.sleep(0.01)


EARLY = """
import signal, sys
from shortcut_audit import __main__

class Interrupter:
    def find_spec(self, name, *rest):
        if name == "shortcut_audit.command.cli":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupter())
__main__.main()
"""


def test_an_interrupt_before_the_command_line_is_there_says_nothing() -> None:
    run = subprocess.run([sys.executable, "-c", EARLY], capture_output=True, check=False, timeout=GUARD)
    assert (run.returncode, run.stdout, run.stderr) == (-signal.SIGINT, b"", b"")


SHORT = """
import sys

class Short:
    def find_spec(self, name, *rest):
        if name == sys.argv[1]:
            raise {error}

sys.meta_path.insert(0, Short())
from shortcut_audit import __main__
__main__.main()
"""
"""The command, with too little memory for a module: that is how the interpreter, and the system's loader, say so."""


@pytest.mark.parametrize(
    "error", ["MemoryError", "ImportError('libm.so: cannot map')", "SystemError", "OSError(12, 'no memory')"]
)
@pytest.mark.parametrize("module", ["click", "shortcut_audit.command.options", "shortcut_audit.command.run", "mmap"])
def test_without_memory_for_an_import_the_status_is_not_that_of_findings(module: str, error: str) -> None:
    save(Path("model.onnx"), network("identity"))
    program = SHORT.replace("{error}", error).replace("sys.argv[1]", repr(module))
    line = [sys.executable, "-c", program, "model.onnx"]
    run = subprocess.run(line, capture_output=True, text=True, check=False, timeout=GUARD)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert run.stderr.startswith("shortcut-audit: ")


def test_python_refuses_an_encoding_before_the_command_runs_unless_it_is_isolated() -> None:
    """As the README says: status 1 is Python's own then."""
    save(Path("model.onnx"), network("identity"))
    environment = {**os.environ, "PYTHONIOENCODING": "nonsense"}

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, *options, "-m", "shortcut_audit", "model.onnx", "-q"]
        return subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=GUARD)

    refused = run()
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Fatal Python error" in refused.stderr
    assert run("-I").returncode == 0


# --- a configuration, and a baseline, that take too much -------------------------------------------------------------


def test_patterns_that_never_end(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two links in a loop double what matches with every part of the pattern."""
    Path("one").symlink_to(".")
    Path("two").symlink_to(".")
    Path("pyproject.toml").write_text(f'[tool.shortcut-audit]\nmodels = ["{"*/" * 22}*.onnx"]\n')
    monkeypatch.setattr(limits, "AUDITING", limits.AUDITING._replace(seconds=0.2))
    assert execute([]) == 2
    line = "the patterns of the configuration's `models` take more than 0.2 seconds of processor time; simplify them"
    assert capsys.readouterr().err == f"shortcut-audit: {line}\n"


def test_a_baseline_that_takes_too_long(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    models = [{"source": f"{n}.onnx", "shortcuts": []} for n in range(100_000)]
    Path("accepted.json").write_text(json.dumps({"schema_version": 1, "models": models}))
    monkeypatch.setattr(limits, "AUDITING", limits.AUDITING._replace(seconds=0.05))
    assert execute([PLAIN, "--baseline", "accepted.json"]) == 2
    line = "the baselines take more than 0.05 seconds of processor time; simplify them"
    assert capsys.readouterr().err == f"shortcut-audit: {line}\n"


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("--select identity-", "identity-lost"),
        ("--ignore avoid", "avoidable-projection"),
        ("--sort extra_m", "extra_macs"),
        ("--format mark", "markdown"),
        ("--kind ga", "gated"),
    ],
)
def test_the_shell_completes_rules_formats_kinds_and_columns(words: str, completed: str) -> None:
    environment = {**os.environ, "_SHORTCUT_AUDIT_COMPLETE": "bash_complete", "COMP_CWORD": "2"}
    environment["COMP_WORDS"] = f"shortcut-audit {words}"
    program = "from shortcut_audit.command.cli import COMMAND; COMMAND.main(prog_name='shortcut-audit')"
    run = subprocess.run([sys.executable, "-c", program], check=True, env=environment, capture_output=True, text=True)
    assert run.stdout.splitlines() == [f"plain,{completed}"]


def test_graphs_and_tables_are_of_the_sizes_that_are_configured(capsys: Capture) -> None:
    """The open batch of the sample stands in the graph and in the formulas; bound by the project's file, in neither."""
    options = ["-q", "-o", "g.dot", "-o", "net.layers.csv"]
    assert execute([str(SAMPLES / "transformer.onnx"), *options]) == 0
    assert "batch" in Path("g.dot").read_text()
    assert "*batch" in Path("net.layers.csv").read_text()
    Path("pyproject.toml").write_text("[tool.shortcut-audit]\ndims = {batch = 3}\n")
    assert execute([str(SAMPLES / "transformer.onnx"), *options]) == 0
    assert "batch" not in Path("g.dot").read_text()
    assert "batch" not in Path("net.layers.csv").read_text()


def test_graphs_and_the_annotated_model_are_written(capsys: Capture) -> None:
    resnet = str(SAMPLES / "resnet18.onnx")
    files = ["g.graphml", "g.dot", "{stem}.model-explorer.json"]
    options = [word for file in files for word in ("-o", file)]
    assert execute([resnet, "-q", *options, "--annotate", "out.onnx"]) == 0
    assert Path("g.graphml").read_text().startswith("<graphml")
    assert Path("g.dot").read_text().startswith("digraph")
    assert "projection shortcut" in Path("resnet18.model-explorer.json").read_text()
    assert b"shortcut-audit: layer2.0: projection" in Path("out.onnx").read_bytes()
    capsys.readouterr()
    assert execute([str(SAMPLES / "resnet18.pt2"), "-q", "--annotate", "out.onnx"]) == 2
    assert "--annotate writes one ONNX file anew" in capsys.readouterr().err

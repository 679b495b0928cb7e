"""Does the README tell the truth?"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shortcut_audit.command.cli import execute
from shortcut_audit.gate.rules import RULES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

OUTPUTS = re.findall(r"<!-- output of: shortcut-audit (.*?) -->\n```text\n(.*?)\n```", README, re.DOTALL)
PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
LINKED_FILES = sorted(set(re.findall(r"`((?:samples|\.ci)/[\w./-]+)`", README)))


def run(*command: str) -> str:
    """What it prints on a terminal of 80 columns, run in the checkout's root on the installed package."""
    environment = {**os.environ, "COLUMNS": "80", "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-P", *command], cwd=ROOT, env=environment, check=True, capture_output=True, encoding="utf-8"
    ).stdout


def test_the_readme_shows_a_report_and_the_help() -> None:
    assert [arguments for arguments, _ in OUTPUTS] == ["samples/resnet18.onnx", "--help"]


@pytest.mark.parametrize(("arguments", "shown"), OUTPUTS)
def test_output_is_what_the_command_prints(arguments: str, shown: str) -> None:
    assert run("-m", "shortcut_audit", *arguments.split()).strip("\n") == shown


@pytest.mark.parametrize("program", PROGRAMS)
def test_python_runs(program: str) -> None:
    run("-c", program)


def test_rule_table_is_the_rules() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (error|warning|note|off) \| (.*) \|$", README, re.MULTILINE)
    assert rows == [(rule.id, rule.level, rule.what) for rule in RULES]


@pytest.mark.parametrize("marker", ["audit-command", "test-command"])
def test_commands_for_ci_are_one_line_in_an_environment_of_their_own(marker: str) -> None:
    """.ci/run finds them by these markers and runs them elsewhere than in `.venv`."""
    (command,) = re.findall(rf"<!-- {marker} -->\n```sh\n(.*)\n```", README)
    assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")


def test_files_it_names_exist() -> None:
    assert LINKED_FILES
    assert [name for name in LINKED_FILES if not (ROOT / name).exists()] == []


def test_it_shows_each_way_to_a_merge() -> None:
    """A baseline of git's, SARIF and a comment on GitHub, JUnit and Code Quality on GitLab."""
    for shown in (
        "shortcut-audit --baseline git:origin/main models/",
        "github/codeql-action/upload-sarif@v3",
        "comment: true",
        "codequality: shortcuts.gitlab.json",
        "junit: shortcuts.junit.xml",
    ):
        assert shown in README
    action = (ROOT / ".github/actions/shortcut-audit/action.yml").read_text(encoding="utf-8")
    given = re.findall(r"^          (models|arguments|comment): ", README, re.MULTILINE)
    assert given == ["models", "comment"]
    assert [name for name in given if f"\n  {name}:\n" not in action] == []


def test_models_are_held_against_themselves_at_a_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The README's command, in a clone of a repository with two models, that gets a third one and loses the first."""
    (tmp_path / "origin" / "models").mkdir(parents=True)
    for model in ("resnet18", "highway"):
        shutil.copy(ROOT / "samples" / f"{model}.onnx", tmp_path / "origin" / "models")
    git = ["git", "-c", "user.email=a@example.org", "-c", "user.name=A"]
    for folder, *command in (
        ("origin", "init", "--quiet", "--initial-branch=main"),
        ("origin", "add", "--all"),
        ("origin", "commit", "--quiet", "--message=accepted"),
        (".", "clone", "--quiet", "origin", "clone"),
    ):
        subprocess.run([*git, *command], cwd=tmp_path / folder, check=True)
    monkeypatch.chdir(tmp_path / "clone")
    asked = "--baseline git:origin/main models/ --format json".split()
    assert execute(asked) == 0
    shutil.copy(ROOT / "samples" / "plain34.onnx", "models")
    capsys.readouterr()
    assert execute(asked) == 0
    assert rules_said(capsys.readouterr().out, "plain34.onnx") == {("model-unaccepted", "warning")}
    Path("models/plain34.onnx").unlink()
    Path("models/resnet18.onnx").unlink()
    assert execute(asked) == 1
    assert rules_said(capsys.readouterr().out, "resnet18.onnx") == {("model-missing", "error")}


def rules_said(out: str, model: str) -> set[tuple[str, str]]:
    """The rules that object to a model, each with its level."""
    findings = json.loads(out)["findings"]
    return {(found["rule"], found["level"]) for found in findings if model in found["source"] + found["message"]}


CONFIGURED = re.findall(r"```toml\n(\[tool\.shortcut-audit\]\n.*?)```", README, re.DOTALL)


def test_the_example_configuration_fits_the_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The budgets, too, that a comment names; the dearest sample, ResNet-50, comes close to each but the last.

    Of its 25,530,472 parameters 2,772,736 (10.9 %) stand on shortcuts, of its 4,089,184,256 MACs 359,661,568 (8.8 %);
    the largest held value is 1 x 256 x 56 x 56 of float32, 3,211,264 bytes (3.1 MiB).
    """
    (config,) = CONFIGURED
    assert 'max-held-memory = "4MiB"' in config
    (tmp_path / ".git").mkdir()
    (tmp_path / "models").mkdir()
    for sample in (ROOT / "samples").glob("*.onnx"):
        shutil.copy(sample, tmp_path / "models")
    (tmp_path / "pyproject.toml").write_text(
        config.replace("max-projections = 4", 'max-projections = 4\nmax-macs = "4.1G"\nmax-held-memory = "4MiB"')
    )
    monkeypatch.chdir(tmp_path)
    assert execute(["--write-baseline", "shortcuts.json", "-q"]) == 0
    capsys.readouterr()
    assert execute(["--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert len(report["models"]) == len(list((ROOT / "samples").glob("*.onnx"))) > 5
    assert {(found["rule"], found["level"]) for found in report["findings"]} == {
        ("unused-setting", "warning"),  # the operators, which no sample has
        ("impeded-identity", "note"),
        ("strided-pointwise-projection", "note"),
    }
    tighter = [("11%", "10%"), ("9%", "8%"), ("max-projections = 4", "max-projections = 3"), ("26M", "25M")]
    for written, asked in tighter:
        (tmp_path / "pyproject.toml").write_text(config.replace(written, asked))
        assert execute(["models/resnet50.onnx", "-q"]) == 1
    capsys.readouterr()

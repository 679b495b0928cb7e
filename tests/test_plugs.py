"""Do the pre-commit hook and the GitHub Action call the command as it is?"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shortcut_audit.command.cli import execute
from tests.networks import network, save

ROOT = Path(__file__).parents[1]
ACTION = ROOT / ".github" / "actions" / "shortcut-audit"


@pytest.fixture
def runner(tmp_path: Path) -> dict[str, str]:
    """The environment of a step of a workflow, and a command that is this package."""
    command = tmp_path / "bin" / "shortcut-audit"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m shortcut_audit "$@"\n')
    command.chmod(0o755)
    return {
        **os.environ,
        "COMMAND": str(command),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }


def step(folder: Path, runner: dict[str, str], models: str, arguments: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ACTION / "audit.sh")],
        cwd=folder,
        env={**runner, "MODELS": models, "ARGUMENTS": arguments},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_action_annotates_and_hands_on(tmp_path: Path, runner: dict[str, str]) -> None:
    folder = tmp_path / "checkout"
    save(folder / "models" / "a b.onnx", network("projection", folder=str(folder)))
    save(folder / "models" / "c.onnx", network("identity"))
    done = step(
        folder, runner, "models/a b.onnx\r\n\n  \nmodels/c*.onnx\n", "--fail-on=warning\n--ignore\nimpeded-identity"
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::warning file=net.py,line=10,title=shortcut-audit%3A avoidable-projection::")
    assert "nothing" not in done.stdout.splitlines()[-1]
    outputs = dict(line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())
    assert outputs == {
        "status": "1",
        "sarif": str(tmp_path / "shortcut-audit.sarif"),
        "markdown": str(tmp_path / "shortcut-audit.md"),
    }
    assert len(json.loads(Path(outputs["sarif"]).read_text())["runs"][0]["results"]) == 1
    assert (tmp_path / "summary").read_text() == Path(outputs["markdown"]).read_text()


@pytest.mark.parametrize(
    ("models", "status"), [("models/a.onnx", 0), ("", 0), ("--exit-zero", 2), ("models/missing.onnx", 2)]
)
def test_the_action_exits_as_the_command_does(tmp_path: Path, runner: dict[str, str], models: str, status: int) -> None:
    """Without models, those of the configuration; no model's name is taken for an option."""
    save(tmp_path / "models" / "a.onnx", network("identity"))
    (tmp_path / "pyproject.toml").write_text('[tool.shortcut-audit]\nmodels = ["models/*.onnx"]\n')
    assert step(tmp_path, runner, models).returncode == status


def test_the_action_runs_no_input_as_code() -> None:
    """In a composite action, an expression in a script is pasted into it."""
    text = (ACTION / "action.yml").read_text(encoding="utf-8")
    scripts = re.findall(r"^ +run: (\|\n(?: {8}.*\n)+|.*)", text, re.MULTILINE)
    assert len(scripts) == 2
    assert not [script for script in scripts if "${{" in script]


def test_the_hook_calls_the_command_on_models_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Read by hand, since PyYAML is no dependency; `pre-commit try-repo` runs it for real."""
    text = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    hook = dict(re.findall(r"^[- ] (\w+): (.*)$", text, re.MULTILINE))
    assert (hook["id"], hook["entry"], hook["language"]) == ("shortcut-audit", "shortcut-audit", "python")
    chosen = [name for name in ("a.onnx", "b/c.pt2", "d.onnx.py", "e.pt") if re.search(hook["files"], name)]
    assert chosen == ["a.onnx", "b/c.pt2"]
    options = hook["args"].strip("[]").split(", ")
    assert execute([*options, str(save(tmp_path / "a.onnx", network("identity")))]) == 0
    assert capsys.readouterr().out.count("\n") == 1

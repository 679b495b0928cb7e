"""Does the README tell the truth?"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

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

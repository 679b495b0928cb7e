"""Do the pre-commit hook and the GitHub Action call the command as it is?"""

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


def test_a_report_of_an_earlier_step_is_not_handed_on(tmp_path: Path, runner: dict[str, str]) -> None:
    """Where the command is ended before it writes."""
    (tmp_path / "shortcut-audit.md").write_text("all good")
    (tmp_path / "shortcut-audit.sarif").write_text("{}")
    Path(runner["COMMAND"]).write_text("#!/bin/sh\nexit 137\n")
    assert step(tmp_path, runner, "a.onnx").returncode == 137
    assert not list(tmp_path.glob("shortcut-audit.*"))


def test_the_action_runs_no_input_as_code() -> None:
    """In a composite action, an expression in a script is pasted into it."""
    text = (ACTION / "action.yml").read_text(encoding="utf-8")
    scripts = re.findall(r"^ +run: (\|\n(?: {8}.*\n)+|.*)", text, re.MULTILINE)
    assert len(scripts) == 3
    assert not [script for script in scripts if "${{" in script]


GH = r"""#!{python}
import argparse, json, os, re, shutil, subprocess, sys
from pathlib import Path

state = Path(os.environ["RUNNER_TEMP"])
with (state / "calls").open("a") as calls:
    calls.write(json.dumps([a.replace(str(state), "TEMP") for a in sys.argv[1:]]) + "\n")

reader = argparse.ArgumentParser(prog="gh", allow_abbrev=False, exit_on_error=True)
api = reader.add_subparsers(required=True).add_parser("api", allow_abbrev=False)
api.add_argument("endpoint")
api.add_argument("-X", "--method")
api.add_argument("-F", "--field", action="append", default=[])
api.add_argument("-f", "--raw-field", action="append", default=[])
api.add_argument("-H", "--header", action="append", default=[])
api.add_argument("--paginate", action="store_true")
api.add_argument("--slurp", action="store_true")
api.add_argument("--input")
shown = api.add_mutually_exclusive_group()
shown.add_argument("-q", "--jq")
shown.add_argument("-t", "--template")
shown.add_argument("--silent", action="store_true")
shown.add_argument("--verbose", action="store_true")
asked = reader.parse_args()
method = asked.method or ("POST" if asked.field or asked.raw_field or asked.input else "GET")
thread, one = "repos/[^/]+/[^/]+/issues/[1-9][0-9]*/comments", "repos/[^/]+/[^/]+/issues/comments/[1-9][0-9]*"
routes = {{"GET": rf"{{thread}}(\?per_page=([1-9][0-9]?|100))?", "POST": thread, "PATCH": one}}
if asked.paginate and (method != "GET" or asked.input):
    sys.exit("the `--paginate` option is not supported for non-GET requests")
if asked.slurp and (not asked.paginate or asked.jq):
    sys.exit("the `--slurp` option is not supported with `--jq` or `--template`")
if not os.environ.get("GH_TOKEN"):
    sys.exit("gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable.")
if not re.fullmatch(routes.get(method, "-"), asked.endpoint):
    sys.exit(f"gh: Not Found (HTTP 404): {{method}} {{asked.endpoint}}")
if os.environ["GH_REFUSES"] in ("all", "reading" if method == "GET" else "writing"):
    sys.exit("gh: Resource not accessible by integration (HTTP 403)")
if method == "GET":
    if os.environ["GH_COMMENTS"] and shutil.which("jq"):
        for page in json.loads(os.environ["GH_COMMENTS"]):
            subprocess.run(["jq", "-r", asked.jq], input=json.dumps(page), text=True, check=True)
    else:
        print(os.environ["GH_OWN"])
else:
    sent = dict(field.split("=", 1) for field in asked.field)
    (file,) = [value[1:] for key, value in sent.items() if key == "body" and value.startswith("@")]
    if not 0 < len(Path(file).read_text(encoding="utf-8")) <= 65536:
        sys.exit("gh: Validation Failed (HTTP 422): body is too long (maximum is 65536 characters)")
    if not asked.silent:
        print("{{}}")
"""
"""Stands in for GitHub's command: takes what `gh api` takes (cli/cli, pkg/cmd/api/api.go) and refuses all else, knows
the paths and the limit of GitHub's comments, and answers with those that are a bot's, or by jq with those given."""


def comment(
    tmp_path: Path, *, own: str = "", comments: str = "", refuses: str = "", **step: str
) -> subprocess.CompletedProcess[str]:
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir(exist_ok=True)
    gh.write_text(GH.format(python=sys.executable))
    gh.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{gh.parent}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_REPOSITORY": "owner/name",
        "PULL_REQUEST": "7",
        "MARKDOWN": str(tmp_path / "report.md"),
        "STATUS": "0",
        "GH_OWN": own,
        "GH_COMMENTS": comments,
        "GH_TOKEN": "token",
        "GH_REFUSES": refuses,
        **step,
    }
    return subprocess.run(
        [str(ACTION / "comment.sh")], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )


def calls(tmp_path: Path) -> list[list[str]]:
    return [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]


BODY = "body=@TEMP/shortcut-audit.comment.md"
THREAD = "repos/owner/name/issues/7/comments"


@pytest.mark.parametrize(
    ("own", "asked"),
    [
        ("", ["api", "--method", "POST", THREAD, "--silent", "-F", BODY]),
        ("12\n34", ["api", "--method", "PATCH", "repos/owner/name/issues/comments/12", "--silent", "-F", BODY]),
    ],
)
def test_one_comment_is_written_or_brought_up_to_date(tmp_path: Path, own: str, asked: list[str]) -> None:
    (tmp_path / "report.md").write_text("# Shortcuts\n\n`a b` $HOME\n", encoding="utf-8")
    done = comment(tmp_path, own=own)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    listed, written = calls(tmp_path)
    assert listed[:3] == ["api", "--paginate", f"{THREAD}?per_page=100"]
    assert '.user.type == "Bot"' in listed[-1]  # nobody else's comment is written over
    assert written == asked
    text = (tmp_path / "shortcut-audit.comment.md").read_text(encoding="utf-8")
    assert text == "<!-- shortcut-audit -->\n# Shortcuts\n\n`a b` $HOME\n"


def said_by(number: int, kind: str, body: str) -> dict[str, object]:
    return {"id": number, "user": {"type": kind}, "body": body}


MARKED = "<!-- shortcut-audit -->\nreport"


@pytest.mark.skipif(shutil.which("jq") is None, reason="the filter is jq's")
@pytest.mark.parametrize(
    ("pages", "asked"),
    [
        ([[]], THREAD),
        ([[said_by(3, "User", MARKED), said_by(4, "Bot", "hello"), said_by(5, "Bot", f"quoting {MARKED}")]], THREAD),
        ([[said_by(3, "User", MARKED)], [said_by(6, "Bot", MARKED)]], "repos/owner/name/issues/comments/6"),
        ([[said_by(7, "Bot", MARKED), said_by(8, "Bot", MARKED)]], "repos/owner/name/issues/comments/7"),
    ],
)
def test_only_a_bots_own_comment_is_written_over(tmp_path: Path, pages: list[object], asked: str) -> None:
    (tmp_path / "report.md").write_text("# Shortcuts\n", encoding="utf-8")
    done = comment(tmp_path, comments=json.dumps(pages))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert calls(tmp_path)[1][3] == asked


def test_without_a_token_a_notice_says_so(tmp_path: Path) -> None:
    done = comment(tmp_path, GH_TOKEN="")
    assert (done.returncode, done.stdout.startswith("::notice title=shortcut-audit::no comment")) == (0, True)


def test_without_a_report_the_comment_is_not_left_green(tmp_path: Path) -> None:
    assert comment(tmp_path, own="12", STATUS="2").returncode == 0
    text = (tmp_path / "shortcut-audit.comment.md").read_text(encoding="utf-8")
    assert text.splitlines()[1].startswith("The audit has ended with exit status 2, without a report")
    assert "PATCH" in calls(tmp_path)[1]


def test_a_comment_is_no_longer_than_github_takes(tmp_path: Path) -> None:
    """65,536 characters; cut between lines, no character in two."""
    (tmp_path / "report.md").write_text("\N{RIGHTWARDS ARROW}" * 30 + "\n" + "line é\n" * 20_000, encoding="utf-8")
    assert comment(tmp_path).returncode == 0
    text = (tmp_path / "shortcut-audit.comment.md").read_text(encoding="utf-8")
    assert len(text.encode()) < 65_536
    assert text.endswith("line é\n\n\nThe report goes on in the job summary.\n")


@pytest.mark.parametrize(
    ("refuses", "step", "why"),
    [
        ("all", {}, "the token may not read comments"),
        ("writing", {}, "the token may not write one"),
        ("", {"PULL_REQUEST": ""}, "the workflow does not run for one"),
        ("", {"PULL_REQUEST": "7/../8"}, "the workflow does not run for one"),
    ],
)
def test_a_job_that_may_not_comment_does_not_fail(tmp_path: Path, refuses: str, step: dict[str, str], why: str) -> None:
    done = comment(tmp_path, refuses=refuses, **step)
    assert done.returncode == 0
    assert done.stdout.startswith(f"::notice title=shortcut-audit::no comment on the pull request: {why}")
    assert len(done.stdout.splitlines()) == 1


def test_a_comment_is_asked_for_and_comes_after_findings_too() -> None:
    text = (ACTION / "action.yml").read_text(encoding="utf-8")
    assert re.search(r'^  comment:\n    description: .*\n    default: "false"$', text, re.MULTILINE)
    assert "if: ${{ !cancelled() && inputs.comment == 'true' }}" in text.split("- name: Comment")[1]


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

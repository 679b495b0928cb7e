"""Does the command end with 1 where an identity that was accepted has become something else?

The edits of evasions.py, played through a repository: a model and its baseline are committed, the model is replaced,
and the command is run as a check before a merge runs it, by the baseline alone, by budgets alone, by kinds alone. And
the accepted block kept for show: in an output that nobody reads.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir, redirect_stdout
from pathlib import Path
from random import Random

import numpy as np
import onnx.parser
import pytest
from onnx import NodeProto, TensorProto, helper

from shortcut_audit.command.cli import execute
from tests.evasions import CHANGES_VALUES_ONLY, EVIL, Editor
from tests.networks import network, save

MODELS = '[tool.shortcut-audit]\nmodels = ["models/*.onnx"]\n'
BY_BASELINE = MODELS + 'baseline = "shortcuts.json"\n'
BY_BUDGETS = MODELS + "max-projections = 0\nmax-extra-parameters = 0\nmin-identities = 2\n"
BY_KINDS = MODELS + 'allowed-kinds = ["identity"]\n'
BY_KINDS_AND_COUNT = BY_KINDS + "min-identities = 2\n"
SHAPE = (1, 8, 16, 16)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository: two identities in models/net.onnx, accepted in shortcuts.json."""
    for arguments in (["init", "--quiet"], ["config", "user.email", "a@example.org"], ["config", "user.name", "A"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)  # noqa: S607
    save(tmp_path / "models" / "net.onnx", network("identity", "identity"))
    (tmp_path / "pyproject.toml").write_text(BY_BASELINE)
    assert command(tmp_path, "--write-baseline", "shortcuts.json", "-q") == 0
    subprocess.run(["git", "add", "--all"], cwd=tmp_path, check=True)  # noqa: S607
    subprocess.run(["git", "commit", "--quiet", "--message=accepted"], cwd=tmp_path, check=True)  # noqa: S607
    for config in (BY_BASELINE, BY_BUDGETS, BY_KINDS, BY_KINDS_AND_COUNT):
        assert in_process(tmp_path, config) == (0, [])
    return tmp_path


def command(folder: Path, *arguments: str) -> int:
    """The exit status of the command, in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB")}
    run = [sys.executable, "-P", "-m", "shortcut_audit", *arguments]
    return subprocess.run(run, cwd=folder, env=environment, capture_output=True, check=False).returncode


def in_process(folder: Path, config: str) -> tuple[int, list[str]]:
    """The exit status under a configuration, and the rules that were broken."""
    (folder / "pyproject.toml").write_text(config)
    with chdir(folder), redirect_stdout(io.StringIO()) as said:
        status = execute(("--format", "json"))
    found = json.loads(said.getvalue())["findings"]
    return status, [finding["rule"] for finding in found if finding["level"] == "error"]


def first_merge(edit: Editor) -> tuple[int, str, str]:
    """Where the first addition stands, what its branch makes, and its fork."""
    at = next(n for n, node in enumerate(edit.graph.node) if node.op_type == "Add")
    branch, fork = edit.graph.node[at].input
    return at, branch, fork


@pytest.mark.parametrize("evil", sorted(EVIL))
def test_each_evasion_ends_with_1(repository: Path, evil: str) -> None:
    edit = Editor(network("identity", "identity"), Random(0))
    at, _, _ = first_merge(edit)
    edit.reroute(at, 1, lambda x: EVIL[evil](edit, x, SHAPE))
    save(repository / "models" / "net.onnx", edit.model)

    assert command(repository, "-q") == 1  # by its baseline, as a check before a merge runs it
    assert in_process(repository, BY_BUDGETS)[0] == 1
    assert in_process(repository, BY_KINDS_AND_COUNT)[0] == 1
    if evil not in CHANGES_VALUES_ONLY:
        assert in_process(repository, BY_KINDS)[0] == 1


# --- the accepted block kept for show ---------------------------------------------------------------------------


OPSET_6 = """
<ir_version: 3, opset_import: ["" : 6]>
net (float[1,2,4,4] x, float[2,2,3,3] w) => (float[1,2,4,4] y) <float[2,2,3,3] w = {NUMBERS}> {
  a = Conv<pads=[1,1,1,1]>(x, w)
  r = Relu(a)
  f = Conv<pads=[1,1,1,1]>(r, w)
  s = Dropout<IS_TEST>(x)
  y = Add(f, s)
}
"""


@pytest.mark.parametrize(
    ("said", "expected"), [("is_test=1", []), ("is_test=0", ["identity-lost"]), ("ratio=0.5", ["identity-lost"])]
)
def test_a_dropout_of_opset_6_that_is_trained_is_no_identity(tmp_path: Path, said: str, expected: list[str]) -> None:
    """Dropout-6: is_test is 0 by default, and then it drops."""
    (tmp_path / "models").mkdir()
    (tmp_path / ".git").mkdir()
    text = OPSET_6.replace("NUMBERS", ", ".join(["0.1"] * 36))
    save(tmp_path / "models" / "net.onnx", onnx.parser.parse_model(text.replace("IS_TEST", "is_test=1")))
    (tmp_path / "pyproject.toml").write_text(BY_BASELINE)
    assert command(tmp_path, "--write-baseline", "shortcuts.json", "-q") == 0
    save(tmp_path / "models" / "net.onnx", onnx.parser.parse_model(text.replace("IS_TEST", said)))
    assert in_process(tmp_path, BY_BASELINE) == (int(bool(expected)), expected)
    by_kinds = in_process(tmp_path, BY_KINDS)
    assert by_kinds == (int(bool(expected)), ["kind-not-allowed"] if expected else [])


def other_way(edit: Editor, other_fork: Callable[[Editor, str], str]) -> str:
    """Beside the first block its twin from another fork, with a projection; the second block reads that one."""
    at, branch, fork = first_merge(edit)
    kept = edit.graph.node[at].output[0]
    edit.pending = []
    renamed = {fork: other_fork(edit, fork)}
    for node in list(edit.graph.node[:at]):
        if node.input[0] in renamed:
            twin = NodeProto.FromString(node.SerializeToString())
            renamed[node.output[0]] = twin.output[0] = twin.name = edit.name()
            twin.input[0] = renamed[node.input[0]]
            edit.pending.append(twin)
    projected = edit.op("Conv", renamed[fork], edit.floats(8, 8, 1, 1))
    made = edit.op("Add", renamed[branch], projected)
    for node in edit.graph.node:
        node.input[:] = [made if name == kept else name for name in node.input]
    edit.insert(at + 1, edit.pending)
    return kept


FORKS: dict[str, Callable[[Editor, str], str]] = {
    "the same": lambda edit, x: edit.op("Identity", x),
    "its equal": lambda edit, x: edit.op("Relu", x),
    "shifted": lambda edit, x: edit.op("Add", x, edit.floats(16)),
    "a stem of its own": lambda edit, x: edit.op("Conv", x, edit.floats(8, 8, 1, 1)),
}


@pytest.mark.parametrize("fork", FORKS)
def test_an_accepted_block_that_lives_on_in_another_output_has_gone(repository: Path, fork: str) -> None:
    edit = Editor(network("identity", "identity"), Random(0))
    kept = other_way(edit, FORKS[fork])
    edit.graph.output.append(helper.make_tensor_value_info(kept, TensorProto.FLOAT, list(SHAPE)))
    save(repository / "models" / "net.onnx", edit.model)

    assert command(repository, "-q") == 1
    assert "shortcut-removed" in in_process(repository, BY_BASELINE)[1]


def test_an_accepted_block_that_is_mixed_in_is_a_new_shortcut_beside_it(repository: Path) -> None:
    """Half of what the output says may come from a network of its own: nobody can tell that nothing does.

    What is said: a warning of the new projection. Budgets and kinds, which count it, end with 1.
    """
    edit = Editor(network("identity", "identity"), Random(0))
    kept = other_way(edit, FORKS["a stem of its own"])
    last = edit.graph.node[-1].output[0]
    edit.pending = []
    tiny = edit.op("Mul", edit.op("Tanh", kept), edit.tensor(np.full(1, 1e-9, np.float32)))
    mixed = edit.op("Concat", last, tiny, axis=1)
    edit.insert(len(edit.graph.node), edit.pending)
    del edit.graph.output[:]
    edit.graph.output.append(helper.make_tensor_value_info(mixed, TensorProto.FLOAT, [1, 16, 16, 16]))
    save(repository / "models" / "net.onnx", edit.model)

    assert in_process(repository, BY_BASELINE) == (0, [])
    assert command(repository, "-q", "--fail-on", "warning") == 1
    assert in_process(repository, BY_BUDGETS)[0] == in_process(repository, BY_KINDS)[0] == 1

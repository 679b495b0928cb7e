"""Does every hostile file come to what must come of it, in bounded time and memory, with nothing else read or run?

The listed files go through the real command, each in a process of its own and into every format; as many again, of the
same classes, through the same entry point in this process.
"""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from shortcut_audit.command import cli
from tests.hostile.case import Case, Result
from tests.hostile.command import run

CLASSES = (
    "containers", "models", "graphs", "subgraphs", "functions", "tensors", "externals", "injections", "filesystems",
    "archives",
)  # fmt: skip

WORK, MEGABYTES = 400, 500
"""What a listed file may cost, interpreter and all: processor time, in that of a million steps of a loop (some 40 to 50
milliseconds), and resident memory."""

ACTIVE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that are not seen, or that turn what stands beside them round."""

COMMAND = re.compile(r"##\w*\[|^\s*::(?!(error|warning|notice) file=)", re.MULTILINE)
"""What a CI agent that reads it in a log takes for a command, but for our own annotations."""


def cases(group: str) -> list[Any]:
    return [
        pytest.param(case, id=f"{name}: {case.what}")
        for name in CLASSES
        for case in getattr(import_module(f"tests.hostile.{name}"), group)
    ]


@pytest.mark.parametrize("case", cases("LISTED"))
def test_listed(case: Case) -> None:
    made = run(case)
    case.check(made.result)
    assert set(made.suspicious) <= {"ctypes.dlopen None"}  # the interpreter itself, opened as ctypes is imported
    assert made.traces == ()
    assert not [path for path in made.opened if "SECRET" in path or path.startswith("/dev/zero")]
    assert not {"torch", "this", "sympy", "onnxruntime"} & made.imported
    assert made.work < WORK
    assert made.megabytes < MEGABYTES
    assert not any("Traceback" in line for line in made.result.errors)
    for text in (*made.result.outputs.values(), *made.result.errors):
        assert not COMMAND.search(text)
        assert not [c for c in text if (c < " " and c not in "\n\r\t") or "\x7f" <= c <= "\x9f" or c in ACTIVE]


@pytest.mark.parametrize("case", cases("UNLISTED"))
def test_unlisted(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = case.make(tmp_path)
    source = str(made.relative_to(tmp_path)) if isinstance(made, Path) else made
    monkeypatch.chdir(tmp_path)
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = cli.execute(["--format", "json", "--", source])
    errors = err.getvalue().splitlines()
    assert not any("Traceback" in line or "a bug in" in line for line in errors), errors
    case.check(Result(source, status, json.loads(out.getvalue()), errors))

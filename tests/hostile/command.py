"""What does the real command do with a file, and what does it spend and touch on the way?"""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shortcut_audit.reporters import REPORTERS
from tests.hostile.case import Case, Result

SUFFIXES = {
    name: reporter.suffix
    for name, reporter in REPORTERS.items()
    if reporter.suffix and not reporter.suffix.endswith(".parquet")
}

CONFIGURATION = '[tool.shortcut-audit]\nallowed-kinds = ["gated"]\nmax-extra-macs = 0\n'
"""Objects to nearly everything, so that every format has a name to show."""

WATCHER = """
import atexit, os, sys, time

log = os.open(os.environ["HOSTILE_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)

WATCHED = ("open", "import", "ctypes.", "os.system", "os.exec", "os.posix_spawn", "pickle.", "socket.", "subprocess.")

def watch(event, arguments):
    if event.startswith(WATCHED):
        line = repr((event, str(arguments[0]) if arguments else ""))
        os.write(log, line.encode("utf-8", "backslashreplace") + b"\\n")

def measure():
    with open("/proc/self/status") as status:
        peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
    used, before = os.times(), time.process_time()
    sum(number * number for number in range(1_000_000))
    step = time.process_time() - before
    os.write(log, repr(("end", f"{(used.user + used.system) / step} {peak}")).encode() + b"\\n")

sys.addaudithook(watch)
atexit.register(measure)
"""
"""A `sitecustomize` module: logs what the interpreter opens, imports and starts, and at its end what it used.

Its processor time is told in that of a million steps of a loop, taken then and there: a machine that is slow, or busy
with something else, is so with both.
"""

DEADLINE = 600
"""Seconds after which a command is killed, whatever it does."""

MEMORY = 4 * 2**30


@dataclass(frozen=True, slots=True)
class Run:
    """One command, and what was seen of it."""

    result: Result
    work: float
    """Processor time, interpreter and all, in that of a million steps of a loop."""
    megabytes: float
    """At its peak, resident."""
    opened: tuple[str, ...]
    imported: frozenset[str]
    suspicious: tuple[str, ...]
    """What else it did: start programs, load libraries, talk to others, find classes in a pickle."""
    traces: tuple[str, ...]
    """What lies where it ran, and did not before."""


def run(case: Case, environment: dict[str, str] | None = None) -> Run:
    """The case's file, audited by `python -m shortcut_audit` into every format there is."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        inside, outside = Path(folder, "in"), Path(folder, "out")
        inside.mkdir()
        outside.mkdir()
        made = case.make(inside)
        source = str(made.relative_to(inside)) if isinstance(made, Path) else made
        outside.joinpath("sitecustomize.py").write_text(WATCHER)
        outside.joinpath("pyproject.toml").write_text(CONFIGURATION)
        before = set(_below(inside))
        status, stdout, stderr = _command(source, inside, outside, environment or {})
        traces = tuple(sorted(set(_below(inside)) - before))
        log = [eval(line) for line in outside.joinpath("log").read_text().splitlines()]  # noqa: S307 -- our own words
        outputs = {"github": stdout}
        files = {name: outside / f"report{suffix}" for name, suffix in SUFFIXES.items()}
        none = not json.loads(_read(files["json"]))["models"]  # then a format that shows one model has none to show
        outputs |= {name: _read(file) for name, file in files.items() if not (none and REPORTERS[name].of_one)}
    work, kilobytes = next((map(float, what.split()) for event, what in log if event == "end"), (math.inf, 0))
    return Run(
        Result(source, status, json.loads(outputs["json"]), stderr.splitlines(), outputs),
        work,
        kilobytes / 1024,
        tuple(what for event, what in log if event == "open"),
        frozenset(what for event, what in log if event == "import"),
        tuple(f"{event} {what}" for event, what in log if event not in {"open", "import", "end"}),
        traces,
    )


def _command(source: str, inside: Path, outside: Path, environment: dict[str, str]) -> tuple[int, str, str]:
    files = [argument for suffix in SUFFIXES.values() for argument in ("-o", str(outside / f"report{suffix}"))]
    options = ["--format", "github", "-v", "--config", str(outside / "pyproject.toml"), *files]
    path = os.pathsep.join(filter(None, [str(outside), os.environ.get("PYTHONPATH", "")]))
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "shortcut_audit", *options, "--", source],
        cwd=inside,
        env={**os.environ, "PYTHONPATH": path, "HOSTILE_LOG": str(outside / "log"), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (MEMORY, MEMORY))
    try:
        stdout, stderr = process.communicate(timeout=DEADLINE)
    finally:
        process.kill()
    return process.returncode, stdout.decode("utf-8"), stderr.decode("utf-8")


def _read(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def _below(folder: Path) -> Iterator[str]:
    for where, folders, files in os.walk(folder):
        yield from (os.path.relpath(os.path.join(where, name), folder) for name in folders + files)  # noqa: PTH118

"""What did a model look like at a revision of the repository?

`git:REF`, such as `git:origin/main`. The file is read by git's plumbing from the object store: nothing is checked out,
no filter and no hook runs, and the index is left alone.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO

from shortcut_audit.command.sources import MODEL_SUFFIXES
from shortcut_audit.errors import ConfigError
from shortcut_audit.gate.config_values import REVISION

SECONDS = 60
"""The longest that one question to git may take."""
LFS = b"version https://git-lfs.github.com/spec/v1"
"""How a file begins that stands for another one in Git LFS (git-lfs, docs/spec.md)."""


class Revision:
    """The models at one revision, written to a folder that is removed with it."""

    def __init__(self, given: str, here: Path) -> None:
        self._given = given
        self._here = here
        self._folder = tempfile.TemporaryDirectory(prefix="shortcut-audit-")
        ref = given.removeprefix(REVISION)
        if not ref or ref.startswith("-") or not ref.isprintable():
            raise ConfigError(f"{given}: no revision; write {REVISION}REF, such as {REVISION}origin/main")
        try:
            self._commit = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        except ConfigError:
            raise ConfigError(
                f"{given}: git knows no such revision here; fetch it (actions/checkout: fetch-depth: 0)"
            ) from None
        self._prefix = self._git("rev-parse", "--show-prefix")

    def __enter__(self) -> Revision:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        self._folder.cleanup()

    def models(self) -> list[str]:
        """The models at the revision, as the current folder names them."""
        listed = self._git("ls-tree", "-r", "-z", "--name-only", "--end-of-options", self._commit)
        return [name for name in listed.split("\0") if PurePosixPath(name).suffix.lower() in MODEL_SUFFIXES]

    def written(self, name: str) -> Path:
        """A copy of a model as it was. Raises ConfigError where it is none that git holds."""
        path = Path(self._folder.name) / f"model{PurePosixPath(name).suffix}"
        with path.open("wb") as file:
            self._run(["cat-file", "blob", f"{self._commit}:{self._prefix}{name}"], file)
        with path.open("rb") as file:
            if file.read(len(LFS)) == LFS:
                raise ConfigError(
                    f"{self._given}: {name} is a pointer to Git LFS, not the model; fetch it and name it by --baseline"
                )
        return path

    def _git(self, *arguments: str) -> str:
        with tempfile.TemporaryFile() as out:
            self._run(list(arguments), out)
            out.seek(0)
            return os.fsdecode(out.read()).removesuffix("\n")

    def _run(self, arguments: list[str], out: IO[bytes]) -> None:
        environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}
        command = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", *arguments]
        with tempfile.TemporaryFile() as errors:
            try:
                status = subprocess.call(  # noqa: S603 -- a list of arguments, no shell
                    command,
                    cwd=self._here,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=errors,
                    timeout=SECONDS,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise ConfigError(f"{self._given}: cannot ask git: {error}") from None
            if status:
                errors.seek(0)
                said = os.fsdecode(errors.read(4096)).strip().partition("\n")[0] or f"status {status}"
                raise ConfigError(f"{self._given}: git: {said}")

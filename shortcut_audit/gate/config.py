"""What does the team ask of its models?

`[tool.shortcut-audit]` of the nearest pyproject.toml up to the repository root, or the file that `--config` names. The
file is part of the change under review: it names neither code to import nor a path outside the repository. Whatever is
wrong with it is said at once, all of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from shortcut_audit.errors import ConfigError, UsageError
from shortcut_audit.frozen import frozen, replace
from shortcut_audit.gate.config_values import (
    DOCUMENT,
    REVISION,
    Override,
    as_fields,
    whole_numbers,
)
from shortcut_audit.gate.document import Wrong, did_you_mean, shown, table
from shortcut_audit.gate.paths import glob, is_there, leaves, matches, read_regular, repository_of
from shortcut_audit.gate.rules import RULE_IDS, RULES
from shortcut_audit.gate.settings import FailOn, Ignore, Settings
from shortcut_audit.operators.declaration import Declaration

SIZE_LIMIT = 2**20
"""Bytes of a configuration that is read."""

_DEEP_KEY = re.compile(rb"""^[ \t]*\[{0,2}[ \t]*(?:[^\s.=]+[ \t]*\.[ \t]*){100}""", re.MULTILINE)
"""A key of over a hundred parts, a.b.c..., for which tomllib takes time and memory with the square of their number."""


@frozen
class Options:
    """What the command line says of the same matters; it beats the configuration."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: FailOn | None = None
    baseline: str | None = None
    dims: Mapping[str, int] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()


@frozen
class Config:
    """Everything that is asked, of all models and of some."""

    file: str = ""
    """The file it is from, as the current folder sees it; empty when there is none."""
    root: Path = field(default_factory=Path.cwd)
    """The folder of that file, to which its paths and globs are relative."""
    models: tuple[str, ...] = ()
    """Globs of the models that are audited when the command line names none."""
    settings: Settings = field(default_factory=Settings)
    overrides: tuple[Override, ...] = ()
    ignores: tuple[Ignore, ...] = ()
    operators: Mapping[str, Declaration] = field(default_factory=dict)
    """What is declared of operators that are not understood, by name: of all models."""
    options: Options = field(default_factory=Options)
    _asked: dict[str, Settings] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What `settings_for` has answered: it is asked for every finding."""

    def with_options(self, options: Options) -> Config:
        """The configuration with what the command line overrides. Raises UsageError for a rule that does not exist."""
        for name in (*options.select, *options.ignore):
            if name not in RULE_IDS:
                raise UsageError(
                    f"there is no rule {shown(name)}{did_you_mean(name, RULE_IDS)}; --explain all lists them"
                )
        return replace(self, options=options)

    def settings_for(self, source: str) -> Settings:
        """What is asked of the model `source`: the configuration, its overrides in order, the command line."""
        if source not in self._asked:
            settings = self.settings
            for override in self.overrides:
                if matches(override.path, source, self.root):
                    settings = _changed(settings, override.fields)
            self._asked[source] = _under(settings, self.options)
        return self._asked[source]

    def baselines(self) -> tuple[str, ...]:
        """Every baseline that some model may be held against."""
        if self.options.baseline is not None:
            return (self.options.baseline,)
        named = [self.settings.baseline, *(override.fields.get("baseline") for override in self.overrides)]
        return tuple(dict.fromkeys(file for file in named if file is not None))

    def sources(self) -> tuple[str, ...]:
        """The models that `models` names, as the current folder sees them, sorted. Raises ConfigError.

        A glob that names no file is an error: a gate that guards nothing must not look closed.
        """
        found: set[str] = set()
        repository = repository_of(self.root) or self.root
        for pattern in self.models:
            try:
                paths = [path for path in glob(self.root, pattern) if path.is_file()]
            except (ValueError, OSError) as error:
                raise ConfigError(f"{self.file}: models: {shown(pattern)} is no glob: {error}") from None
            if not paths:
                raise ConfigError(f"{self.file}: models: {shown(pattern)} names no file")
            named = [str(path.relative_to(self.root)) for path in paths]
            outside = next((name for name in named if leaves(repository, self.root, name)), None)
            if outside is not None:
                raise ConfigError(f"{self.file}: models: {shown(outside)} is a link out of the repository")
            found.update(os.path.relpath(path) for path in paths)
        return tuple(sorted(found))


def _changed(settings: Settings, fields: Mapping[str, Any]) -> Settings:
    """An override replaces a field; rules and dims it changes one by one."""
    merged = {name: {**getattr(settings, name), **fields[name]} for name in ("rules", "dims") if name in fields}
    return replace(settings, **{**fields, **merged})


def _under(settings: Settings, options: Options) -> Settings:
    levels = dict(settings.rules)
    for rule in RULES:
        if rule.id in options.ignore or (options.select and rule.id not in options.select):
            levels[rule.id] = "off"
        elif rule.id in options.select and levels.get(rule.id, rule.level) == "off":
            levels[rule.id] = "warning" if rule.level == "off" else rule.level
    return replace(
        settings,
        rules=levels,
        fail_on=options.fail_on or settings.fail_on,
        baseline=settings.baseline if options.baseline is None else options.baseline,
        dims={**settings.dims, **options.dims},
        inputs=options.inputs or settings.inputs,
    )


def load(path: Path | None = None, cwd: Path | None = None) -> Config:
    """The configuration in `path`, or the nearest one above `cwd` (default: the current folder), or an empty one.

    Raises ConfigError, one line that lists everything that is wrong.
    """
    here = Path.cwd() if cwd is None else cwd
    if path is not None:
        return _config(here / path, _section(here / path), here)
    for candidate in _candidates(here):
        section = _section(candidate)
        if section is not None:
            return _config(candidate, section, here)
    return Config(root=here)


def _candidates(here: Path) -> Sequence[Path]:
    """Each pyproject.toml from here to the repository root. Outside a repository only the one that lies here."""
    repository = repository_of(here)
    above = [here, *here.parents]
    folders = above[: above.index(repository) + 1] if repository is not None else above[:1]
    return [file for folder in folders if is_there(file := folder / "pyproject.toml", follow_links=False)]


def _section(file: Path) -> Mapping[str, Any] | None:
    """The table [tool.shortcut-audit]; of a file that is no pyproject.toml and has none, the whole file."""
    data = read_regular(file, SIZE_LIMIT + 1, "configuration")
    if len(data) > SIZE_LIMIT:
        raise ConfigError(f"{file}: a configuration of over {SIZE_LIMIT >> 20} MiB is not read")
    if _DEEP_KEY.search(data):
        raise ConfigError(f"{file}: no TOML that is read: a key has over a hundred parts")
    import tomllib

    try:
        document = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file}: no TOML: {str(error) or 'nested too deeply'}") from None
    tools = document.get("tool")
    section = tools.get("shortcut-audit") if isinstance(tools, dict) else None
    return document if section is None and file.name != "pyproject.toml" else section


def _config(file: Path, section: Mapping[str, Any] | None, here: Path) -> Config:
    shown = os.path.relpath(file, here)
    if section is None:
        raise ConfigError(f"{shown}: has no [tool.shortcut-audit]")
    folder = Path(os.path.abspath(file.parent))  # noqa: PTH100 - resolve() would follow links out of the repository
    try:
        whole_numbers(section)
        found = table(section, DOCUMENT)
    except Wrong as wrong:
        raise ConfigError(_listed(shown, wrong.args)) from None
    outside = _outside(found, folder)
    if outside:
        raise ConfigError(_listed(shown, outside))
    special = {"models": "models", "models-overrides": "overrides", "ignore": "ignores", "operators": "operators"}
    settings = as_fields({key: value for key, value in found.items() if key not in special})
    return Config(
        file=shown,
        root=folder,
        settings=Settings(file=shown, **_from_here(settings, folder, here)),
        models=found.get("models", ()),
        overrides=tuple(
            replace(o, fields=_from_here(o.fields, folder, here)) for o in found.get("models-overrides", ())
        ),
        ignores=found.get("ignore", ()),
        operators=found.get("operators", {}),
    )


def _listed(shown: str, problems: Sequence[str]) -> str:
    number = f"{len(problems)} problems: " if len(problems) > 1 else ""
    return f"{shown}: {number}{'; '.join(problems)}"


def _outside(found: Mapping[str, Any], folder: Path) -> list[str]:
    """The paths and globs that lead out of the repository; without one, out of the configuration's folder."""
    repository = repository_of(folder) or folder
    named = [("models", pattern) for pattern in found.get("models", ())]
    named += [("baseline", found[key]) for key in ("baseline",) if key in found]
    named += [
        (f"models-overrides: entry {n}: baseline", override.fields["baseline"])
        for n, override in enumerate(found.get("models-overrides", ()), start=1)
        if "baseline" in override.fields
    ]
    return [
        f"{key}: {shown(given)} lies outside the repository"
        for key, given in named
        if not given.startswith(REVISION) and leaves(repository, folder, given)
    ]


def _from_here(fields: Mapping[str, Any], folder: Path, here: Path) -> dict[str, Any]:
    """The fields with the baseline's path as the current folder sees it."""
    if "baseline" not in fields or fields["baseline"].startswith(REVISION):
        return dict(fields)
    return {**fields, "baseline": os.path.relpath(folder / fields["baseline"], here)}

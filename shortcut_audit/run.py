"""What does one run audit, and what does it object to?

sources -> models -> held against the baseline -> judged -> the report of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from shortcut_audit import __version__
from shortcut_audit.attempt import Attempt, Task, attempt
from shortcut_audit.errors import ConfigError, UsageError
from shortcut_audit.gate import accepted, baseline, config, policy
from shortcut_audit.gate.settings import FailOn, Settings
from shortcut_audit.inputs import parse_dims, parse_inputs
from shortcut_audit.report import AuditReport, Comparison, Failure, Finding, ModelReport
from shortcut_audit.sources import expand

Done = Callable[[str], object]
"""Is told each source that is done with."""
Progress = Callable[[int], AbstractContextManager[Done]]
"""Given how many sources there are: who is told, within the context, what is done with."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asks for."""

    sources: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    dims: tuple[str, ...] = ()
    baseline: str | None = None
    write_baseline: str | None = None
    config: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: FailOn | None = None
    jobs: int = 1
    torchscript: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    report: AuditReport
    objected: bool
    """Whether there is a finding at or over the fail level."""
    accepted: str | None
    """The text of the baseline that was asked for; None where none was, or where a source could not be audited."""
    tracebacks: tuple[str, ...]


def run(request: Request, progress: Progress) -> Outcome:
    """Audits and judges. Raises ConfigError or UsageError for what concerns all sources, with one line for the user."""
    settings = _configured(request)
    sources = _sources(request, settings)
    accepted_before = _Baselines(settings, [source for source in sources if isinstance(source, str)])
    attempts = _attempts(sources, settings, request, progress)
    models = [made.result for made in attempts if isinstance(made.result, ModelReport)]
    comparisons = tuple(filter(None, map(accepted_before.compare, models)))
    if request.baseline is not None and comparisons and all(made.counterpart is None for made in comparisons):
        raise ConfigError(f"{request.baseline}: knows none of the models that were audited; check the path")
    findings = _judged(models, comparisons, settings)
    failures = tuple(made.result for made in attempts if isinstance(made.result, Failure))
    return Outcome(
        AuditReport(__version__, tuple(models), findings, failures, comparisons),
        objected=any(policy.fails(found, settings.settings_for(found.source).fail_on) for found in findings),
        accepted=_accepted(Path(request.write_baseline), models) if request.write_baseline and not failures else None,
        tracebacks=tuple(made.traceback for made in attempts if made.traceback),
    )


def _configured(request: Request) -> config.Config:
    parse_inputs(request.inputs)  # what is ill-formed concerns all sources: say it once, before any is opened
    options = config.Options(
        select=request.select,
        ignore=request.ignore,
        fail_on=request.fail_on,
        baseline=request.baseline,
        dims=parse_dims(request.dims),
        inputs=request.inputs,
    )
    found = config.load(None if request.config is None else Path(request.config)).with_options(options)
    if request.write_baseline and request.baseline is None:
        return _without_baseline(found)
    return found


def _without_baseline(found: config.Config) -> config.Config:
    """Whoever accepts what there is, the first time or again, is not held against what was accepted before."""
    overrides = tuple(
        replace(o, fields={key: value for key, value in o.fields.items() if key != "baseline"}) for o in found.overrides
    )
    return replace(found, settings=replace(found.settings, baseline=None), overrides=overrides)


def _sources(request: Request, settings: config.Config) -> Sequence[str | Failure]:
    if request.sources:
        return expand(request.sources)
    configured = settings.sources()
    if not configured:
        raise UsageError("no SOURCE given, and no `models` configured; name a model file, a folder or a pattern")
    return configured


def _attempts(
    sources: Sequence[str | Failure], settings: config.Config, request: Request, progress: Progress
) -> Sequence[Attempt]:
    """One for each source, in their order."""
    named = [source for source in sources if isinstance(source, str)]
    tasks = [replace(_task(name, settings.settings_for(name)), torchscript=request.torchscript) for name in named]
    with progress(len(tasks)) as done:
        made = iter(_in_turn(tasks, done) if request.jobs == 1 else _side_by_side(tasks, request.jobs, done))
    return [Attempt(source) if isinstance(source, Failure) else next(made) for source in sources]


def _in_turn(tasks: Sequence[Task], done: Done) -> list[Attempt]:
    attempts = []
    for task in tasks:
        attempts.append(attempt(task))
        done(task.source)
    return attempts


def _side_by_side(tasks: Sequence[Task], jobs: int, done: Done) -> list[Attempt]:
    from shortcut_audit.jobs import attempt_all

    return attempt_all(tasks, jobs, done)


def _task(source: str, settings: Settings) -> Task:
    return Task(source, settings.dims, settings.inputs)


class _Baselines:
    """The baselines that the models are held against, each read once, before any model is audited."""

    def __init__(self, settings: config.Config, sources: Sequence[str]) -> None:
        self._settings = settings
        self._sources = sources
        named = {file: source for source in sources if (file := settings.settings_for(source).baseline) is not None}
        self._read = {file: _baseline(file, settings.settings_for(source)) for file, source in named.items()}

    def compare(self, model: ModelReport) -> Comparison | None:
        file = self._settings.settings_for(model.source).baseline
        if file is None:
            return None
        alone = len(self._sources) == 1 and self._settings.options.baseline is not None
        return baseline.compare(model, accepted.counterpart(self._read[file], model.source, alone=alone), file)


def _baseline(file: str, settings: Settings) -> accepted.Baseline:
    """The baseline in a JSON report, or in another model: that model as it is."""
    if accepted.is_report(Path(file)):
        return accepted.read(Path(file))
    found = attempt(_task(file, settings)).result
    if isinstance(found, Failure):
        raise ConfigError(f"{file}: cannot be used as a baseline: {found.message}")
    return accepted.Baseline(file, (accepted.accept(found),))


def _judged(
    models: Sequence[ModelReport], comparisons: Sequence[Comparison], settings: config.Config
) -> tuple[Finding, ...]:
    beside = {comparison.source: comparison for comparison in comparisons}
    findings = [
        finding
        for model in models
        for finding in policy.judge(model, settings.settings_for(model.source), beside.get(model.source))
    ]
    sources = [model.source for model in models]
    return policy.waive(findings, settings, sources, date.today())  # noqa: DTZ011 -- the day on the user's calendar


def _accepted(file: Path, models: Sequence[ModelReport]) -> str:
    return accepted.rewrite(file, map(accepted.accept, models), Path.cwd())

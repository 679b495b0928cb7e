"""What does one run audit, and what does it object to?

sources -> models -> held against the baseline -> judged -> the report of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from shortcut_audit.command import limits
from shortcut_audit.command.attempt import Attempt, Task, guarded
from shortcut_audit.command.collect import collected, ledger_for
from shortcut_audit.command.limits import bounded
from shortcut_audit.command.request import Outcome, Progress, Request
from shortcut_audit.command.sources import Named, expand, listed
from shortcut_audit.errors import PROGRAM, ConfigError, Lost, UsageError
from shortcut_audit.frozen import frozen, replace
from shortcut_audit.gate import config, policy
from shortcut_audit.installed import __version__
from shortcut_audit.loaders.inputs import parse_dims, parse_inputs
from shortcut_audit.report import AuditReport, Comparison, Failure, Finding, ModelReport

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from shortcut_audit.command.baselines import Asked, Baselines
    from shortcut_audit.gate.kept import Renewed
    from shortcut_audit.loaders.remote.ranges import Transfer


@frozen
class _Judged:
    """What is to be said of a model."""

    source: str
    comparison: Comparison | None
    findings: tuple[Finding, ...]


def run(request: Request, progress: Progress) -> Outcome:
    """Audits and judges. Raises ConfigError or UsageError for what concerns all sources, with one line for the user."""
    here = _here()
    settings = _configured(request, here)
    sources = _sources(request, settings)
    named = [source for source in sources if isinstance(source, Named)]
    tasks = _tasks(request, settings, named)
    baselines = _baselines(request, settings, [source.name for source in named], here)
    ledger = ledger_for(len(tasks), Path(request.journal) if request.journal else None, resume=request.resume)
    made = _Made()
    with progress(len(tasks)) as watch:
        try:
            for number, attempted in collected(tasks, ledger, _executor(request, len(tasks)), watch.at):
                made.take(number, tasks[number], attempted, _judged(attempted, settings, baselines))
                watch.done(tasks[number].source)
        except Lost as lost:
            made.lost = f"{lost}; {len(tasks) - made.tried:,} of {len(tasks):,} models were not audited"
    renamed, on_the_set = baselines.settled()
    judged = [_recognised(each, renamed.get(each.source)) for each in made.judged]
    comparisons = tuple(each.comparison for each in judged if each.comparison is not None)
    on_the_set = [*on_the_set, *policy.unused_settings(settings, made.unused(), made.declared, _first(tasks))]
    findings = _waived(judged, on_the_set, settings)
    failures = made.failures(sources)
    models, file = ledger.models(made.sound), request.write_baseline
    failing = frozenset(f for f in findings if policy.fails(f, settings.settings_for(f.source).fail_on))
    return Outcome(
        AuditReport(__version__, models, findings, failures, comparisons, failing),
        objected=bool(failing),
        accepted=None if file is None else _accepted(file, models, failures, _asked(request, here), here),
        tracebacks=tuple(made.tracebacks),
        transfers=_transfers(made.transfers),
        ledger=ledger,
        whole=not made.lost,
        tasks={task.source: task for task in tasks},
    )


def _first(tasks: Sequence[Task]) -> str:
    """The source for which something stands that is asked of all."""
    return tasks[0].source if tasks else ""


class _Made:
    """What has come of the tasks, but for the reports, which the ledger keeps."""

    def __init__(self) -> None:
        self.tracebacks: list[str] = []
        self.transfers: list[tuple[str, Transfer]] = []
        self.declared: set[str] | None = None
        """The operators of the models that are declared; None where no model could be audited."""
        self.lost = ""
        """Why nothing more could be audited; empty where all was."""
        self._placed: dict[str, bool] = {}
        """Of all that gives a size (`Task.sized`), whether some model has a place for it."""
        self._judged: dict[int, _Judged] = {}
        self._failures: dict[int, Failure] = {}

    def take(self, number: int, task: Task, made: Attempt[ModelReport], judged: Attempt[_Judged]) -> None:
        """Notes what came of a task, and what is to be said of it."""
        if made.transfer is not None and made.transfer.requests:
            self.transfers.append((task.source, made.transfer))
        if judged.traceback:
            self.tracebacks.append(judged.traceback)
        if not isinstance(made.result, Failure):
            for key in task.sized():
                self._placed[key] = self._placed.get(key, False) or key not in made.lacking
            self.declared = (self.declared or set()).union(each.op for each in made.result.declared)
        if isinstance(judged.result, Failure):
            self._failures[number] = judged.result
        else:
            self._judged[number] = judged.result

    def unused(self) -> tuple[str, ...]:
        """What gives sizes to what no model has for which it is meant."""
        return tuple(sorted(key for key, placed in self._placed.items() if not placed))

    @property
    def tried(self) -> int:
        """How many tasks were done."""
        return len(self._judged) + len(self._failures)

    @property
    def sound(self) -> list[int]:
        """The numbers of the tasks of which there is a report, in order."""
        return sorted(self._judged)

    @property
    def judged(self) -> list[_Judged]:
        """What is to be said of each, in their order."""
        return [self._judged[number] for number in self.sound]

    def failures(self, sources: Sequence[Named | Failure]) -> tuple[Failure, ...]:
        """What failed, each in its source's place, and at the end why the run ended, if it did."""
        found: list[Failure] = []
        number = 0
        for source in sources:
            if isinstance(source, Failure):
                found.append(source)
                continue
            if number in self._failures:
                found.append(self._failures[number])
            number += 1
        return (*found, Failure(PROGRAM, self.lost)) if self.lost else tuple(found)


def _executor(request: Request, tasks: int) -> AbstractContextManager[Executor] | None:
    """Where the models are audited; None for this process."""
    if request.scheduler is not None:
        from shortcut_audit.command.executors import dask

        return dask(request.scheduler)
    if request.jobs == 1:
        return None
    from shortcut_audit.command.executors import local

    return local(min(request.jobs, max(tasks, 1)))


TOLD_APART = 20
"""Models of which each is said what was read of it; of more, what was read of all."""


def _transfers(read: Sequence[tuple[str, Transfer]]) -> tuple[str, ...]:
    if len(read) <= TOLD_APART:
        return tuple(f"{source}: {transfer}" for source, transfer in read)
    total = type(read[0][1])(
        *(sum(getattr(each, part) for _, each in read) for part in ("size", "fetched", "requests"))
    )
    return (f"{total} of {len(read):,} models",)


def _here() -> Path:
    """The current folder. Somebody may have removed it."""
    try:
        return Path.cwd()
    except OSError as error:
        raise UsageError(f"the current folder cannot be used ({error.strerror}); change to one that exists") from None


def _configured(request: Request, here: Path) -> config.Config:
    parse_inputs(request.inputs)  # what is ill-formed concerns all sources: say it once, before any is opened
    options = config.Options(
        select=request.select,
        ignore=request.ignore,
        fail_on=request.fail_on,
        baseline=request.baseline,
        dims=parse_dims(request.dims),
        inputs=request.inputs,
    )
    with bounded("the settings of the configuration"):
        found = config.load(None if request.config is None else Path(request.config), here).with_options(options)
    if found.operators:
        _refuse_understood(found)
    if request.write_baseline is not None and request.baseline is None:
        return _without_baseline(found)
    return found


def _refuse_understood(found: config.Config) -> None:
    from shortcut_audit.pipeline import refuse_understood

    try:
        refuse_understood(found.operators)
    except UsageError as error:
        raise ConfigError(f"{found.file}: operators: {error}") from None


def _without_baseline(found: config.Config) -> config.Config:
    """Whoever accepts what there is, the first time or again, is not held against what was accepted before."""
    overrides = tuple(
        replace(o, fields={key: value for key, value in o.fields.items() if key != "baseline"}) for o in found.overrides
    )
    return replace(found, settings=replace(found.settings, baseline=None), overrides=overrides)


def _sources(request: Request, settings: config.Config) -> Sequence[Named | Failure]:
    if request.sources or request.source_list is not None:
        return expand([*request.sources, *(listed(request.source_list) if request.source_list is not None else ())])
    with bounded("the patterns of the configuration's `models`"):
        configured = settings.sources()
    if not configured:
        raise UsageError("no SOURCE given, and no `models` configured; name a model file, a folder or a pattern")
    return [Named(source) for source in configured]  # never a URL


def _asked(request: Request, here: Path) -> Asked:
    from shortcut_audit.command.baselines import Asked

    return Asked(request.sources, here, listed=request.source_list is not None)


class _NoBaselines:
    """What the models are held against where there is no baseline."""

    def fail(self, source: str) -> None:
        """Nobody misses it."""

    def compare(self, model: ModelReport) -> None:
        """There is nothing beside it."""

    def settled(self) -> tuple[dict[str, Comparison], list[Finding]]:
        """Nobody was renamed, nobody is missing."""
        return {}, []


_Baselines: TypeAlias = "Baselines | _NoBaselines"


def _baselines(request: Request, settings: config.Config, sources: Sequence[str], here: Path) -> _Baselines:
    if not settings.baselines():
        return _NoBaselines()
    from shortcut_audit.command.baselines import Baselines

    return Baselines(settings, sources, _asked(request, here), here)


def _tasks(request: Request, settings: config.Config, named: Sequence[Named]) -> list[Task]:
    configured = "" if request.dims or request.inputs else settings.file
    asked_for = tuple(parse_dims(request.dims))
    with bounded("the overrides of the configuration"):
        asked = [settings.settings_for(each.name) for each in named]
    return [
        Task(each.name, own.dims, own.inputs, request.torchscript, settings.operators, configured, asked_for, each.url)
        for each, own in zip(named, asked, strict=True)
    ]


def _judged(
    made: Attempt[ModelReport], settings: config.Config, baselines: Baselines | _NoBaselines
) -> Attempt[_Judged]:
    """A model beside what was accepted of it, and what the rules say. Trouble with it is that model's alone."""
    model = made.result
    if isinstance(model, Failure):
        baselines.fail(model.source)
        return Attempt(model, made.traceback)

    def judge() -> _Judged:
        comparison = baselines.compare(model)
        return _Judged(model.source, comparison, policy.judge(model, settings.settings_for(model.source), comparison))

    return guarded(model.source, limits.limited(limits.REPORTING), judge)


def _recognised(judged: _Judged, renamed: Comparison | None) -> _Judged:
    """What is to be said of a model that was accepted under another name, which nobody could know before the end."""
    if renamed is None:
        return judged
    findings = tuple(found for found in judged.findings if found.rule != "model-unaccepted")
    return replace(judged, comparison=renamed, findings=findings)


def _waived(
    judged: Sequence[_Judged], on_the_set: Sequence[Finding], settings: config.Config
) -> tuple[Finding, ...]:  # fmt: skip
    """All findings but those that the configuration ignores: on the models in turn, then on which models there are."""
    findings = [*(found for made in judged for found in made.findings), *policy.levelled(on_the_set, settings)]
    today = date.today()  # noqa: DTZ011 -- the day on the user's calendar
    with bounded("the `ignore` entries of the configuration"):
        return policy.waive(findings, settings, [made.source for made in judged], today)


def _accepted(
    file: str, models: Sequence[ModelReport], failures: Sequence[Failure], asked: Asked, here: Path
) -> Renewed | Failure:
    """The baseline that accepts these models. What the run asked for and did not find is dropped from it."""
    from shortcut_audit.gate.accepted import accept
    from shortcut_audit.gate.kept import rewrite

    if failures:
        return Failure(file, "not every source could be audited")
    work = partial(rewrite, Path(file), [accept(model) for model in models], here, asked)
    made = guarded(file, bounded("the baselines"), work).result
    return replace(made, message=made.message.removeprefix(f"{Path(file)}: ")) if isinstance(made, Failure) else made

"""What comes of the audit of one model?

A report or a failure, never an exception: one model's trouble is no other's. That holds for whatever is done with one
model (`guarded`): auditing it, judging it, showing it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field
from functools import cache, partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from shortcut_audit.command.limits import BUILDING, limited
from shortcut_audit.errors import Lacking, ShortcutAuditError, UnreadableModel, UsageError
from shortcut_audit.frozen import frozen, parts, replace
from shortcut_audit.loaders.factories import is_factory
from shortcut_audit.loaders.inputs import InputSpec, parse_inputs
from shortcut_audit.operators.declaration import Declaration
from shortcut_audit.report import Failure, ModelReport

if TYPE_CHECKING:
    from shortcut_audit.graph.draft import Draft
    from shortcut_audit.loaders.remote.location import Location
    from shortcut_audit.loaders.remote.ranges import Transfer

SIZE_LIMIT = 20_000_000
"""Characters of the JSON report on one model, roughly. A chain of 8,000 residual blocks makes 6 million."""

Made = TypeVar("Made")


@frozen
class Task:
    """One model to audit."""

    source: str
    dims: Mapping[str, int] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    """Shapes of inputs as `--input` takes them."""
    torchscript: bool = False
    """Whether a file that is neither ONNX nor .pt2 may be run as TorchScript."""
    operators: Mapping[str, Declaration] = field(default_factory=dict)
    """What is declared of operators that are not understood."""
    configured: str = ""
    """The configuration that all sizes are from: what a model lacks of them is meant for others. Empty: asked for."""
    asked: tuple[str, ...] = ()
    """The dimensions that are asked for on the command line."""
    url: str = field(default="", repr=False)
    """The URL of a source that lies elsewhere, as the user wrote it; `source` is what may be shown of it."""

    def sized(self) -> tuple[str, ...]:
        """What gives sizes to named dimensions and inputs: "dims.batch", "inputs.x", and "--dim.batch" if asked for.

        An input that is asked for and is not there is an error at once.
        """
        if not self.configured:
            return tuple(f"--dim.{name}" for name in self.asked)
        named = [spec.name for spec in parse_inputs(self.inputs) if spec.name is not None]
        return (*(f"dims.{name}" for name in self.dims), *(f"inputs.{name}" for name in named))


@frozen
class Attempt(Generic[Made]):
    """What came of a task."""

    result: Made | Failure
    traceback: str = ""
    """The traceback of an exception that should not have been raised; empty where there was none."""
    transfer: Transfer | None = None
    """What it took to read a model that lies elsewhere."""
    lacking: tuple[str, ...] = ()
    """What gives a size to a dimension or an input that this model does not have, as `Task.sized` says it."""


Numbered = tuple[int, Attempt[ModelReport]]
"""The place of a task among all, and what came of it."""


Stage = Callable[[str, str], object]
"""Is told the source that is being audited, and what begins with it."""


def unheard(source: str, stage: str) -> None:
    """Nobody wants to know."""


def attempt(task: Task, stage: Stage = unheard) -> Attempt[ModelReport]:
    """Audits one model here."""
    from shortcut_audit.pipeline import audit_draft  # the engine, once there is a file for it

    def audited(draft: Draft, operators: Mapping[str, Declaration]) -> ModelReport:
        return _sized(audit_draft(draft, operators, partial(stage, task.source)))

    stage(task.source, "reading")
    return drafted(task, audited)


def drafted(task: Task, work: Callable[[Draft, Mapping[str, Declaration]], Made]) -> Attempt[Made]:
    """What comes of some work on the model of a task, once it is read, and on the operators that are declared."""
    lacking: list[str] = []

    def worked(own: Task, draft: Draft) -> Made:
        lacking.extend(f"{'dims' if own.configured else '--dim'}.{name}" for name in draft.unplaced)
        return work(draft, own.operators)

    if not task.url:
        bound = limited() if _is_only_read(task) else nullcontext()
        made = guarded(task.source, bound, lambda: _leniently(task, lambda own: worked(own, _read(own)), lacking))
        return replace(made, lacking=tuple(lacking))
    from shortcut_audit.loaders.remote.location import Location
    from shortcut_audit.loaders.remote.urls import secrets_of

    location = Location(task.url)
    bound = limited(BUILDING if location.is_repository else None, waits=True)
    made = guarded(
        task.source, bound, lambda: _leniently(task, lambda own: worked(own, _fetched(own, location)), lacking)
    )
    trace = made.traceback
    for secret in secrets_of(task.url):
        trace = trace.replace(secret, "...")
    return Attempt(made.result, trace, location.transfer, tuple(lacking))


def _read(task: Task) -> Draft:
    from shortcut_audit.pipeline import draft_of

    return draft_of(task.source, dims=task.dims, inputs=_shapes(task), torchscript=task.torchscript)


def _fetched(task: Task, location: Location) -> Draft:
    from shortcut_audit.pipeline import draft_at

    return draft_at(location, task.source, dims=task.dims, inputs=_shapes(task))


def _shapes(task: Task) -> tuple[InputSpec, ...]:
    """The shapes of inputs that are given, each with where it is."""
    specs = parse_inputs(task.inputs)
    if not task.configured:
        return specs
    return tuple(replace(s, said=f"`{'.'.join(filter(None, ('inputs', s.name)))}` of {task.configured}") for s in specs)


def in_turn(tasks: Iterable[tuple[int, Task]], stage: Stage = unheard) -> Iterator[Numbered]:
    """Audits one model after the other here.

    Who cuts a file short while it is read ends this process (SIGBUS): a status that is not 0, and no report. In a
    process of its own, that too costs one model alone.
    """
    for number, task in tasks:
        yield number, attempt(task, stage)


def guarded(source: str, bound: AbstractContextManager[None], work: Callable[[], Made]) -> Attempt[Made]:
    """What comes of some work on the model `source`, within a bound. Whatever it raises is the attempt's Failure."""
    try:
        with bound:
            return Attempt(work())
    except ShortcutAuditError as error:
        return Attempt(Failure(source, str(error)))
    except MemoryError:
        return Attempt(Failure(source, "not enough memory to audit this model"))
    except SystemExit:  # of the user's own code: left alone, it would end the run, and with status 0 if it likes
        return Attempt(Failure(source, "its code ends the program (sys.exit); let it return the model"))
    except Exception as error:  # noqa: BLE001 -- the boundary: one model's crash is no other's
        import traceback

        what = f"a bug in shortcut-audit ({type(error).__name__}); please report it, -vv shows where"
        return Attempt(Failure(source, what), traceback.format_exc())


def _leniently(task: Task, work: Callable[[Task], Made], lacking: list[str]) -> Made:
    """Reads a model without the configured sizes that it has no place for, which are noted as `lacking`."""
    try:
        return work(task)
    except Lacking as error:
        if not task.configured:
            raise
        lacking += error.keys
    except UsageError as error:
        keys = [f"`{key}`" for key, sizes in (("inputs", task.inputs), ("dims", task.dims)) if sizes]
        if not task.configured or not keys or task.configured in str(error):
            raise
        raise UsageError(f"{error} ({' and '.join(keys)} of {task.configured})") from None
    dims = {name: size for name, size in task.dims.items() if f"dims.{name}" not in lacking}
    inputs = tuple(spec for spec in task.inputs if f"inputs.{_input_of(spec)}" not in lacking)
    return _leniently(replace(task, dims=dims, inputs=inputs), work, lacking)


def _input_of(spec: str) -> str:
    """The input that is named; empty where the order says it."""
    return parse_inputs((spec,))[0].name or ""


def _sized(found: ModelReport) -> ModelReport:
    """A report, unless it is too long."""
    if _is_over(found, SIZE_LIMIT):
        raise UnreadableModel(
            f"the report on it would be over {SIZE_LIMIT // 10**6} MB long, which no known model's is; "
            "if this one is real, please report it"
        )
    return found


def _is_over(noun: Any, limit: int) -> bool:
    """Whether a report is longer than `limit`. What is shared in memory is written as often as it is named."""
    waiting, size = [noun], 0
    while waiting and size <= limit:
        thing = waiting.pop()
        size += 20
        if isinstance(thing, str):
            size += len(thing)
        elif isinstance(thing, tuple):
            waiting += thing
        elif thing is not None and not isinstance(thing, int):
            waiting += _parts_of(thing.__class__)(thing)
    return size > limit


@cache
def _parts_of(noun: Any) -> Callable[[Any], tuple[Any, ...]]:
    """Takes a value of a class apart; a number has no parts."""
    names = [part.name for part in parts(noun)]
    return attrgetter(*names) if len(names) > 1 else lambda thing: tuple(getattr(thing, name) for name in names)


def _is_only_read(task: Task) -> bool:
    """Whether the source may be a stranger's. Code that the user asked for, and its framework, take what they take."""
    return not task.torchscript and (os.path.lexists(task.source) or not is_factory(task.source))

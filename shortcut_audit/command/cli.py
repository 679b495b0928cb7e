"""What does the command line mean, and what becomes of the run?

argv in, exit status out: 0 audited and nothing to object to, 1 audited with findings at or over the fail level, 2 could
not audit. Heavy imports wait until they are needed.
"""

from __future__ import annotations

import contextlib
import gc
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from shortcut_audit.command.console import complain, put, shown_path, tell
from shortcut_audit.command.options import EPILOG, PARAMETERS, Answer, is_graph, journal_of
from shortcut_audit.command.signals import Stopped, fill_descriptors, settle, stoppable
from shortcut_audit.errors import PROGRAM, ShortcutAuditError, UsageError
from shortcut_audit.installed import __version__
from shortcut_audit.reporters import Style

if TYPE_CHECKING:
    from shortcut_audit.command.attempt import Task
    from shortcut_audit.command.places import Place
    from shortcut_audit.command.request import Outcome
    from shortcut_audit.gate.kept import Renewed
    from shortcut_audit.report import AuditReport, Failure

AUDITED, OBJECTED, FAILED = 0, 1, 2
STOPPED = 128
"""Plus the signal's number: the exit status of a run that a signal has ended, as shells have it."""


def main() -> None:
    """The console script."""
    fill_descriptors()
    with stoppable():
        status = execute(sys.argv[1:])
    gc.freeze()  # a process that ends would look through all that it holds for garbage, a tenth of a run's time
    sys.exit(status)


def execute(arguments: Sequence[str]) -> int:
    """Runs one command line; the exit status."""
    try:
        status = COMMAND.main(list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except Answer as answer:
        return AUDITED if put(answer.text) else FAILED
    except click.ClickException as error:
        return _failed(f"{error.format_message().rstrip('.')}; see {PROGRAM} --help")
    except ShortcutAuditError as error:
        return _failed(str(error))
    except (click.Abort, KeyboardInterrupt):
        return _ended(signal.SIGINT)
    except Stopped as stopped:
        return _ended(stopped.number)
    except SystemExit as ending:  # click's own: a pipe is broken, or the shell has its completions
        return FAILED if isinstance(ending.__context__, OSError) or not isinstance(ending.code, int) else ending.code
    except Exception as error:  # noqa: BLE001 -- the boundary: the user gets a line, and the traceback on request
        return _broken(error, verbose="-vv" in arguments)
    return status if isinstance(status, int) else AUDITED


def _failed(why: str) -> int:
    complain(why)
    return FAILED


def _broken(error: Exception, *, verbose: bool) -> int:
    if isinstance(error.__cause__, Stopped):  # Python raises a RuntimeError from what comes while it makes a class
        return _ended(error.__cause__.number)
    if isinstance(error, MemoryError):
        return _failed("not enough memory")
    complain(f"a bug in {PROGRAM} ({type(error).__name__}); please report it, -vv shows where")
    if verbose:
        import traceback

        tell(traceback.format_exc())
    return FAILED


def _ended(number: int) -> int:
    settle()
    complain("interrupted" if number == signal.SIGINT else "terminated")
    return STOPPED + number


SHOWN = ("quiet", "verbose", "diagram", "kinds", "only")
"""The options that say how much of a report is shown, as Style calls them."""


def _command(form: str, outputs: tuple[str, ...], exit_zero: bool, sort: str | None, **asked: Any) -> int:
    """Which shortcuts of a residual network are identities, which are learned projections, and what do they cost?"""
    from shortcut_audit.command.places import check, places
    from shortcut_audit.command.render import show
    from shortcut_audit.command.request import Outcome
    from shortcut_audit.report import AuditReport, Failure

    style = Style(**{name: asked.pop(name) for name in SHOWN})
    if style.quiet and style.verbose:
        raise click.UsageError("-q and -v contradict each other")
    annotate = asked.pop("annotate")
    check(outputs, asked["diff"] or asked["sources"])
    asked["journal"] = journal_of(outputs)
    if asked["resume"] and asked["journal"] is None:
        raise click.UsageError("--resume needs a table (-o NAME.parquet, NAME.csv), beside which the journal lies")
    try:
        with contextlib.redirect_stdout(sys.stderr):  # for what a user's own model code prints
            outcome = _run(asked, quiet=style.quiet)
    except ShortcutAuditError as error:
        failed = AuditReport(__version__, (), errors=(Failure(PROGRAM, str(error)),))
        outcome = Outcome(failed, objected=False, accepted=None, tracebacks=())
    report = outcome.report if sort is None else _in_order(outcome.report, sort)
    texts = [file for file in outputs if not is_graph(file)]
    where = list(places(form, texts, style, [model.source for model in report.models]))
    shown = show(report, [place.wanted for place in where])
    for line in () if style.quiet else outcome.transfers:
        complain(line)
    _diagnose(shown.report, (*outcome.tracebacks, *shown.tracebacks), style.verbose)
    written = [
        *(_deliver(place, text) for place, text in zip(where, shown.texts, strict=True)),
        _accept(asked["write_baseline"], outcome.accepted, shown.report, quiet=style.quiet),
        *_graphs([file for file in outputs if is_graph(file)], annotate, shown.report, outcome.tasks),
    ]
    if outcome.ledger is not None:  # what a run that did not finish has done is kept, to go on with
        outcome.ledger.close(keep=asked["resume"] or not outcome.whole or not all(written))
    if shown.report.errors or not all(written):
        return FAILED
    return OBJECTED if outcome.objected and not exit_zero else AUDITED


def _in_order(report: AuditReport, sort: str) -> AuditReport:
    from shortcut_audit.reporters.shared.columns import in_order

    return in_order(report, sort)


def _graphs(
    files: Sequence[str], annotate: str | None, report: AuditReport, tasks: Mapping[str, Task]
) -> Iterator[bool]:
    """Writes what is written from the graphs of the models; whether each file was."""
    if not files and annotate is None:
        return
    from shortcut_audit.command.graphs import annotated, drawn
    from shortcut_audit.command.places import named

    for file in files:
        for source, name in named(file, [model.source for model in report.models]):
            yield _written(name, drawn(file, tasks[source]))
    if annotate is not None:
        yield _written(annotate, annotated(report.models))


def _written(file: str, made: str | bytes | Failure) -> bool:
    from shortcut_audit.command.places import write

    if isinstance(made, str | bytes):
        return write(file, made)
    complain(f"{shown_path(file)}: not written: {made.message}")
    return False


def _run(asked: Mapping[str, Any], *, quiet: bool) -> Outcome:
    from shortcut_audit.command.request import Outcome, Request
    from shortcut_audit.command.sources import nowhere
    from shortcut_audit.report import AuditReport

    failures = nowhere(asked["sources"]) if asked["write_baseline"] is None else []
    if failures:  # before anything is imported that audits
        return Outcome(AuditReport(__version__, (), errors=tuple(failures)), False, None, ())

    from shortcut_audit.command.progress import progress, unwatched
    from shortcut_audit.command.run import run

    watched = unwatched if quiet else progress
    fields = dict(asked)
    pair = fields.pop("diff")
    if pair is None:
        return run(Request(**fields), watched)
    if fields["sources"]:
        raise UsageError("--diff OLD NEW names the models; leave other sources out")
    from shortcut_audit.command.differ import differ

    return differ(Request(**{**fields, "sources": pair}), watched)


def _diagnose(report: AuditReport, tracebacks: Sequence[str], verbose: int) -> None:
    """One line on stderr for each source that could not be audited; -vv adds where the code broke."""
    for failure in report.errors:
        file = "" if failure.source == PROGRAM else f"{shown_path(failure.source)}: "
        complain(file + failure.message)
    if verbose > 1:
        for where in tracebacks:
            tell(where)


def _deliver(place: Place, text: str | bytes | Failure) -> bool:
    if isinstance(text, str | bytes):
        return place.put(text)
    complain(f"{shown_path(place.name)}: cannot show the report as {place.wanted.form}: {text.message}")
    return False


def _accept(file: str | None, accepted: Renewed | Failure | None, report: AuditReport, *, quiet: bool) -> bool:
    """Writes the baseline that was asked for, and says what has changed in it."""
    if file is None or accepted is None:
        return True
    from shortcut_audit.command.places import write
    from shortcut_audit.report import Failure
    from shortcut_audit.report.wording import counted

    if not isinstance(accepted, Failure) and not report.errors:
        written = write(file, accepted.text)
        if written and not quiet:
            shortcuts = counted(sum(model.summary.shortcuts for model in report.models), "shortcut")
            complain(f"{shown_path(file)}: written; accepts {shortcuts} of {accepted.said()}")
        return written
    why = accepted.message if isinstance(accepted, Failure) else "not every source could be audited"
    complain(f"{shown_path(file)}: not written: {why}")
    return False


COMMAND = click.Command(
    PROGRAM,
    params=list(PARAMETERS),
    callback=_command,
    help=_command.__doc__,
    epilog=EPILOG,
    add_help_option=False,
    context_settings={"max_content_width": 100},
)

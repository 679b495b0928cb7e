"""What does the command line mean, and what becomes of the run?

argv in, exit status out: 0 audited and nothing to object to, 1 audited with findings at or over the fail level, 2 could
not audit. The only module that prints. Heavy imports wait until they are needed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from shortcut_audit import __version__
from shortcut_audit.command.signals import Stopped, fill_descriptors, settle, stoppable
from shortcut_audit.errors import ShortcutAuditError
from shortcut_audit.names import PATH_LIMIT, displayable, displayable_text, loggable
from shortcut_audit.reporters import REPORTERS, Style, format_of

if TYPE_CHECKING:
    from shortcut_audit.command.render import Wanted
    from shortcut_audit.command.run import Outcome, Request
    from shortcut_audit.report import AuditReport, Failure

PROGRAM = "shortcut-audit"
AUDITED, OBJECTED, FAILED = 0, 1, 2
STOPPED = 128
"""Plus the signal's number: the exit status of a run that a signal has ended, as shells have it."""
SUFFIXES = [reporter.suffix for reporter in REPORTERS.values() if reporter.suffix]

EPILOG = """\
A SOURCE is an ONNX file, a .pt2 file of torch.export, a folder (all of these below it), a pattern, or
package.module:factory: your own code, called to make a torch.nn.Module. Weights are never read.

Exit status: 0 audited, nothing to object to; 1 findings at or over the fail level; 2 a source could not be audited.
"""


def main() -> None:
    """The console script."""
    fill_descriptors()
    with stoppable():
        status = execute(sys.argv[1:])
    sys.exit(status)


def execute(arguments: Sequence[str]) -> int:
    """Runs one command line; the exit status."""
    try:
        status = command.main(list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except click.ClickException as error:
        _complain(f"{error.format_message().rstrip('.')}; see {PROGRAM} --help")
        return FAILED
    except ShortcutAuditError as error:
        _complain(str(error))
        return FAILED
    except (click.Abort, KeyboardInterrupt):
        return _ended(signal.SIGINT)
    except Stopped as stopped:
        return _ended(stopped.number)
    except SystemExit as ending:  # click's own: a pipe is broken, or the shell has its completions
        return FAILED if isinstance(ending.__context__, OSError) or not isinstance(ending.code, int) else ending.code
    except Exception as error:  # noqa: BLE001 -- the boundary: the user gets a line, and the traceback on request
        if isinstance(error.__cause__, Stopped):  # Python raises a RuntimeError from what comes while it makes a class
            return _ended(error.__cause__.number)
        _complain(f"a bug in {PROGRAM} ({type(error).__name__}); please report it, -vv shows where")
        if "-vv" in arguments:
            _tell(traceback.format_exc())
        return FAILED
    return status if isinstance(status, int) else AUDITED


def _ended(number: int) -> int:
    settle()
    _complain("interrupted" if number == signal.SIGINT else "terminated")
    return STOPPED + number


def _print_and_exit(
    text: Callable[[click.Context, Any], str],
) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        if value not in (None, False) and not context.resilient_parsing:
            context.exit(AUDITED if _put(text(context, value)) else FAILED)

    return callback


def _schema(context: click.Context, given: bool) -> str:
    from shortcut_audit.reporters import json

    return json.schema()


def _explanation(context: click.Context, word: str) -> str:
    from shortcut_audit.command.explain import explain

    return explain(word)


def _help(context: click.Context, given: bool) -> str:
    return f"{context.get_help()}\n"


def _version(context: click.Context, given: bool) -> str:
    return f"{PROGRAM} {__version__}\n"


def _file(context: click.Context, parameter: click.Parameter, file: str | None) -> str | None:
    """The name of a file. An empty one, such as a variable that is not set, must not pass for "none"."""
    if file == "":
        raise click.BadParameter("an empty name is no file; name one, or leave the option out")
    return file


def _output(context: click.Context, parameter: click.Parameter, files: tuple[str, ...]) -> tuple[str, ...]:
    for file in files:
        _file(context, parameter, file)
        if format_of(file) is None:
            raise click.BadParameter(f"the suffix of {file!r} must be one of {', '.join(SUFFIXES)}")
    return files


@click.command(epilog=EPILOG, add_help_option=False, context_settings={"max_content_width": 100})
@click.argument("sources", metavar="SOURCE...", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice([name for name, reporter in REPORTERS.items() if reporter.printed]),
    default="text",
    show_default=True,
    help="What goes to stdout.",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    metavar="FILE",
    multiple=True,
    callback=_output,
    help="Write the report here, too; the suffix is the format. Repeatable.",
)
@click.option(
    "--input", "inputs", metavar="[NAME=]1x3x224x224[:dtype]", multiple=True, help="Shape of an input. Repeatable."
)
@click.option("--dim", "dims", metavar="NAME=SIZE", multiple=True, help="Size of a symbolic dimension. Repeatable.")
@click.option(
    "--baseline",
    metavar="FILE",
    callback=_file,
    help="What was accepted: an earlier JSON report, or another model.",
)
@click.option("--write-baseline", metavar="FILE", callback=_file, help="Accept what there is: write it as a baseline.")
@click.option(
    "--config",
    metavar="FILE",
    callback=_file,
    help="Instead of the nearest pyproject.toml with [tool.shortcut-audit].",
)
@click.option(
    "--select", metavar="RULE", multiple=True, help="Apply this rule and those selected with it only. Repeatable."
)
@click.option("--ignore", metavar="RULE", multiple=True, help="Do not apply this rule. Repeatable.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    help="Findings that make the exit status 1.  [default: error]",
)
@click.option("--exit-zero", is_flag=True, help="Exit status 0 instead of 1. Never instead of 2.")
@click.option("--torchscript", is_flag=True, help="Run a .pt file as TorchScript, a program: trusted files only.")
@click.option(
    "--jobs", metavar="N", type=click.IntRange(min=1), default=1, show_default=True, help="Audit N models at a time."
)
@click.option("-q", "--quiet", is_flag=True, help="One line a model, and the findings.")
@click.option("-v", "--verbose", count=True, help="Every route, weight and reason.")
@click.option(
    "--explain",
    metavar="WORD",
    is_eager=True,
    expose_value=False,
    callback=_print_and_exit(_explanation),
    help="What a rule objects to, why, and what to do; what a word of a report means. 'all' lists them.",
)
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_and_exit(_schema),
    help="The JSON Schema of the JSON report.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_and_exit(_version),
    help="Show the version and exit.",
)
@click.option(
    "-h",
    "--help",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_and_exit(_help),
    help="Show this message and exit.",
)
def command(form: str, outputs: tuple[str, ...], exit_zero: bool, quiet: bool, verbose: int, **asked: Any) -> int:
    """Which shortcuts of a residual network are identities, which are learned projections, and what do they cost?"""
    from shortcut_audit.command.render import show
    from shortcut_audit.command.run import Outcome, Request
    from shortcut_audit.report import AuditReport, Failure

    if quiet and verbose:
        raise click.UsageError("-q and -v contradict each other")
    request = Request(**asked)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # for what a user's own model code prints
            outcome = _run(request, quiet=quiet)
    except ShortcutAuditError as error:
        failed = AuditReport(__version__, (), errors=(Failure(PROGRAM, str(error)),))
        outcome = Outcome(failed, objected=False, accepted=None, tracebacks=())
    places = list(_places(form, outputs, verbose, quiet))
    shown = show(outcome.report, [place.wanted for place in places])
    _diagnose(shown.report, (*outcome.tracebacks, *shown.tracebacks), verbose)
    written = [
        *(_deliver(place, text) for place, text in zip(places, shown.texts, strict=True)),
        _accept(request.write_baseline, outcome.accepted, whole=not shown.report.errors),
    ]
    if shown.report.errors or not all(written):
        return FAILED
    return OBJECTED if outcome.objected and not exit_zero else AUDITED


def _run(request: Request, *, quiet: bool) -> Outcome:
    from shortcut_audit.command.run import run

    @contextlib.contextmanager
    def progress(total: int) -> Iterator[Callable[[str], object]]:
        if quiet or total < 2 or sys.stderr is None or not sys.stderr.isatty():
            yield lambda source: None
            return
        with click.progressbar(length=total, label="auditing", file=sys.stderr, item_show_func=_last) as bar:
            yield lambda source: bar.update(1, source)

    return run(request, progress)


def _last(source: str | None) -> str:
    return "" if source is None else _shown(source)[-40:]


def _style(stream: Any, verbose: int, quiet: bool) -> Style:
    """What the reader of a stream, or of a file (None), can see."""
    columns = shutil.get_terminal_size((80, 24)).columns
    if stream is None:
        return Style(columns, verbose=verbose, quiet=quiet)
    return Style(columns, _colored(stream), _ascii_only(stream), verbose, quiet)


def _colored(stream: Any) -> bool:
    """https://no-color.org and https://force-color.org: an empty variable says nothing."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"


def _ascii_only(stream: Any) -> bool:
    """Where the encoding lacks the report's characters, or the user asked for LC_ALL=C (which PEP 540 makes UTF-8)."""
    try:
        "→…─·≥".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return os.environ.get("LC_ALL") in {"C", "POSIX"}


@dataclass(frozen=True, slots=True)
class _Place:
    """A place that the report goes to."""

    name: str
    wanted: Wanted
    put: Callable[[str], bool]
    """Takes the text there; whether it has arrived."""


def _places(form: str, outputs: Sequence[str], verbose: int, quiet: bool) -> Iterator[_Place]:
    from shortcut_audit.command.render import Wanted

    yield _Place("stdout", Wanted(form, _style(sys.stdout, verbose, quiet)), _put)
    for file in outputs:
        written = format_of(file) or "text"
        yield _Place(file, Wanted(written, _style(None, verbose, quiet)), partial(_write, file))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if form == "github" and summary:  # GitHub shows what is appended to this file on the page of the workflow run
        yield _Place(summary, Wanted("markdown", _style(None, 0, quiet=False)), partial(_append, summary))


def _diagnose(report: AuditReport, tracebacks: Sequence[str], verbose: int) -> None:
    """One line on stderr for each source that could not be audited; -vv adds where the code broke."""
    for failure in report.errors:
        file = "" if failure.source == PROGRAM else f"{_shown(failure.source)}: "
        _complain(file + failure.message)
    if verbose > 1:
        for where in tracebacks:
            _tell(where)


def _deliver(place: _Place, text: str | Failure) -> bool:
    if isinstance(text, str):
        return place.put(text)
    _complain(f"{_shown(place.name)}: cannot show the report as {place.wanted.form}: {text.message}")
    return False


def _accept(file: str | None, accepted: str | Failure | None, *, whole: bool) -> bool:
    """Writes the baseline that was asked for."""
    if file is None or accepted is None:
        return True
    if isinstance(accepted, str) and whole:
        return _write(file, accepted)
    why = "not every source could be audited" if isinstance(accepted, str) else accepted.message
    _complain(f"{_shown(file)}: not written: {why}")
    return False


def _write(file: str, text: str) -> bool:
    from shortcut_audit.command import files

    try:
        files.write(file, text)
    except (OSError, ValueError) as error:
        _complain(f"{_shown(file)}: cannot write: {getattr(error, 'strerror', None) or error}")
        return False
    return True


def _append(file: str, text: str) -> bool:
    try:
        with open(file, "a", encoding="utf-8", errors="backslashreplace") as stream:  # noqa: PTH123
            stream.write(text)
    except OSError as error:
        _complain(f"{_shown(file)}: cannot write the job summary: {error.strerror}")
        return False
    return True


def _put(text: str) -> bool:
    """Text to stdout, whatever its encoding. A reader that has gone away (`| head`) is no error."""
    if sys.stdout is None:
        _complain("cannot write to stdout: it is closed")
        return False
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        _mute(1)
    except OSError as error:
        _mute(1)
        _complain(f"cannot write to stdout: {error.strerror}")
        return False
    return True


def _complain(line: str) -> None:
    _tell(f"{PROGRAM}: {loggable(displayable_text(line, 2 * PATH_LIMIT))}")


def _tell(text: str) -> None:
    """Text to stderr. Where nobody can hear it, the exit status must still say what it says: this raises nothing."""
    if sys.stderr is None:  # for print, None is stdout
        return
    try:
        print(text, file=sys.stderr, flush=True)
    except (OSError, ValueError):  # a full disk, a reader that has gone away, a stream that somebody has closed
        _mute(2)


def _mute(descriptor: int) -> None:
    """Sends the rest nowhere, or Python tries to write it once more at the end, and makes the exit status 120."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def _shown(path: str) -> str:
    return displayable(path, PATH_LIMIT)

"""What can be asked on the command line?

One table of click's parameters. Options that are answered by a text of their own (--help, --schema, ...) raise it as an
`Answer`; heavy imports wait until one is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import click
from click.shell_completion import CompletionItem

from shortcut_audit.errors import PROGRAM
from shortcut_audit.installed import __version__
from shortcut_audit.report.words import KINDS
from shortcut_audit.reporters import REPORTERS, STEM, format_of

GRAPHS = (".graphml", ".dot")
"""The suffixes of files that are written from a model's graph (graphs.py)."""
SUFFIXES = [reporter.suffix for reporter in REPORTERS.values() if reporter.suffix]

EPILOG = """\
A SOURCE is an ONNX file, a .pt2 file of torch.export, a folder (all of these below it), a pattern, or
package.module:factory: your own code, called to make a torch.nn.Module. Weights are never read. Of a
URL (https://, s3://, gs://, hf://ORG/REPO, ...; extra "remote") only the graph is fetched.

Exit status: 0 audited, nothing to object to; 1 findings at or over the fail level; 2 a source could not be audited.
"""


class Answer(Exception):
    """The text that answers an option which asks for nothing else."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def _answered(text: Callable[[click.Context, Any], str]) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        if value not in (None, False) and not context.resilient_parsing:
            raise Answer(text(context, value))

    return callback


def _asking(names: list[str], answer: Callable[[click.Context, Any], str], what: str) -> click.Option:
    """A flag that is answered at once, whatever else is asked."""
    return click.Option(names, is_flag=True, is_eager=True, expose_value=False, callback=_answered(answer), help=what)


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


def is_graph(file: str) -> bool:
    """Whether a file is written from a model's graph, and not from its report."""
    return file.lower().endswith(GRAPHS)


def _output(context: click.Context, parameter: click.Parameter, files: tuple[str, ...]) -> tuple[str, ...]:
    for file in files:
        _file(context, parameter, file)
        if format_of(file) is None and not is_graph(file):
            raise click.BadParameter(f"the suffix of {file!r} must be one of {', '.join((*SUFFIXES, *GRAPHS))}")
        if file.lower().endswith(".parquet") and find_spec("pyarrow") is None:
            raise click.BadParameter(f'{file!r} needs the extra "table": pip install "{PROGRAM}[table]"')
    return files


def _column(context: click.Context, parameter: click.Parameter, column: str | None) -> str | None:
    if column is not None:
        from shortcut_audit.reporters.shared.columns import SORTABLE

        if column not in SORTABLE:
            raise click.BadParameter(f"no column {column!r}; there are {', '.join(SORTABLE)}")
    return column


def _rules(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The rules whose names begin so, for the shell's completion."""
    from shortcut_audit.gate.rules import RULES

    return [CompletionItem(rule.id, help=rule.what) for rule in RULES if rule.id.startswith(begun)]


def _columns(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    from shortcut_audit.reporters.shared.columns import SORTABLE

    return [CompletionItem(column) for column in SORTABLE if column.startswith(begun)]


PARAMETERS: tuple[click.Parameter, ...] = (
    click.Argument(["sources"], metavar="SOURCE...", nargs=-1),
    click.Option(
        ["--format", "form"],
        type=click.Choice([name for name, reporter in REPORTERS.items() if reporter.printed]),
        default="text",
        show_default=True,
        help="What goes to stdout.",
    ),
    click.Option(
        ["-o", "--output", "outputs"],
        metavar="FILE",
        multiple=True,
        callback=_output,
        help="Write the report here, too; the suffix is the format. "
        "{stem} in the name: a file for each model. Repeatable.",
    ),
    click.Option(
        ["--input", "inputs"],
        metavar="[NAME=]1x3x224x224[:dtype]",
        multiple=True,
        help="Shape of an input. Repeatable.",
    ),
    click.Option(
        ["--dim", "dims"], metavar="NAME=SIZE", multiple=True, help="Size of a symbolic dimension. Repeatable."
    ),
    click.Option(
        ["--baseline"],
        metavar="FILE",
        callback=_file,
        help="What was accepted: an earlier JSON report, or another model.",
    ),
    click.Option(
        ["--write-baseline"], metavar="FILE", callback=_file, help="Accept what there is: write it as a baseline."
    ),
    click.Option(
        ["--config"],
        metavar="FILE",
        callback=_file,
        help="Instead of the nearest pyproject.toml with [tool.shortcut-audit].",
    ),
    click.Option(
        ["--select"],
        shell_complete=_rules,
        metavar="RULE",
        multiple=True,
        help="Apply this rule and those selected with it only. Repeatable.",
    ),
    click.Option(
        ["--ignore"], shell_complete=_rules, metavar="RULE", multiple=True, help="Do not apply this rule. Repeatable."
    ),
    click.Option(
        ["--fail-on"],
        type=click.Choice(["error", "warning", "never"]),
        help="Findings that make the exit status 1.  [default: error]",
    ),
    click.Option(["--exit-zero"], is_flag=True, help="Exit status 0 instead of 1. Never instead of 2."),
    click.Option(["--torchscript"], is_flag=True, help="Run a .pt file as TorchScript, a program: trusted files only."),
    click.Option(
        ["--jobs"],
        metavar="N",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Audit N models at a time.",
    ),
    click.Option(
        ["--sources", "source_list"],
        metavar="FILE",
        callback=_file,
        help="A list of sources, one a line; - reads it from stdin.",
    ),
    click.Option(
        ["--resume"],
        is_flag=True,
        help="Go on where an earlier run into the same table (-o NAME.parquet, NAME.csv) ended.",
    ),
    click.Option(
        ["--scheduler"],
        metavar="ADDRESS",
        callback=_file,
        help="Audit on the Dask cluster whose scheduler listens there.",
    ),
    click.Option(["-q", "--quiet"], is_flag=True, help="One line a model, and the findings."),
    click.Option(["--diagram"], is_flag=True, help="Draw the network and its shortcuts, too."),
    click.Option(
        ["--kind", "kinds"],
        type=click.Choice(KINDS),
        multiple=True,
        help="List shortcuts of this kind only. Repeatable.",
    ),
    click.Option(
        ["--only"], metavar="GLOB", multiple=True, help="List shortcuts under such keys only: 'layer3.*'. Repeatable."
    ),
    click.Option(
        ["--sort"],
        shell_complete=_columns,
        metavar="COLUMN",
        callback=_column,
        help="Order of the models: source, parameters, macs, projection, ...",
    ),
    click.Option(
        ["--annotate"],
        metavar="OUT.onnx",
        callback=_file,
        help="Write the ONNX model without weights, the verdict at each merge: for Netron.",
    ),
    click.Option(["--diff"], metavar="OLD NEW", nargs=2, help="What is different between two models? Judges nothing."),
    click.Option(["-v", "--verbose"], count=True, help="Every route, weight and reason."),
    click.Option(
        ["--explain"],
        shell_complete=_rules,
        metavar="WORD",
        is_eager=True,
        expose_value=False,
        callback=_answered(_explanation),
        help="What a rule objects to, why, and what to do; what a word of a report means. 'all' lists them.",
    ),
    _asking(["--schema"], _schema, "The JSON Schema of the JSON report."),
    _asking(["--version"], _version, "Show the version and exit."),
    _asking(["-h", "--help"], _help, "Show this message and exit."),
)


TABLES = (".parquet", ".csv")


def journal_of(outputs: Sequence[str]) -> str | None:
    """The journal that belongs to the first table of all models that is written; None where there is none."""
    for file in outputs:
        if file.lower().endswith(TABLES) and STEM not in file:
            form = format_of(file)
            stem = file[: -len(REPORTERS[form].suffix or "")] if form is not None else file
            return f"{stem}.journal"
    return None

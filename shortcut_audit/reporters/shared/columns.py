"""What stands in a row of the table that puts models side by side, and in which order are they?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile

from shortcut_audit.frozen import frozen, replace
from shortcut_audit.report import AuditReport, ModelReport
from shortcut_audit.report.wording import Amount, exact, in_brief, option_of, share, short
from shortcut_audit.reporters.shared import records


@frozen
class Column:
    """One column, behind the models' names."""

    name: str
    """The name by which --sort and the .models.csv call it."""
    head: str
    brief: Callable[[ModelReport], str]
    """The amount as a terminal shows it: "1.81 G"."""
    whole: Callable[[ModelReport], str]
    """Every digit, with its share of the model in percent."""


def _part(number: Amount, percentage: str) -> str:
    return f"{exact(number)} ({percentage})" if number not in {None, 0, "0"} and percentage else exact(number)


def extra_parameters_share(model: ModelReport) -> str:
    """The shortcuts' share of the model's parameters: "1.48 %"; empty where it cannot be known."""
    return share(model.summary.extra_parameters, model.totals.parameters)


def extra_macs_share(model: ModelReport) -> str:
    """The share of its MACs that shortcuts take; empty where they are a lower bound."""
    return "" if model.totals.lower_bound else share(model.summary.extra_macs_formula, model.totals.macs_formula)


def _bound(model: ModelReport, said: str) -> str:
    return f"≥ {said}" if model.totals.lower_bound and model.totals.macs_formula is not None else said


def _option(model: ModelReport) -> str:
    """A, B, C, "A = B" where nothing changes size, mixed or none."""
    return (
        option_of(model)[0].removeprefix("option ") if model.summary.option in {"A", "B", "C"} else model.summary.option
    )


COLUMNS = (
    Column("parameters", "parameters", lambda m: short(m.totals.parameters), lambda m: exact(m.totals.parameters)),
    Column(
        "macs", "MACs",
        lambda m: _bound(m, short(m.totals.macs_formula)), lambda m: _bound(m, exact(m.totals.macs_formula)),
    ),
    Column("shortcuts", "shortcuts", lambda m: exact(m.summary.shortcuts), lambda m: exact(m.summary.shortcuts)),
    Column("identity", "identity", lambda m: exact(m.summary.identity), lambda m: exact(m.summary.identity)),
    Column(
        "parameter_free", "parameter-free",
        lambda m: exact(m.summary.parameter_free), lambda m: exact(m.summary.parameter_free),
    ),
    Column("gated", "gated", lambda m: exact(m.summary.gated), lambda m: exact(m.summary.gated)),
    Column("projection", "projection", lambda m: exact(m.summary.projection), lambda m: exact(m.summary.projection)),
    Column("option", "option", _option, _option),
    Column(
        "extra_parameters", "extra parameters",
        lambda m: short(m.summary.extra_parameters),
        lambda m: _part(m.summary.extra_parameters, extra_parameters_share(m)),
    ),
    Column(
        "extra_macs", "extra MACs",
        lambda m: short(m.summary.extra_macs_formula),
        lambda m: _part(m.summary.extra_macs_formula, extra_macs_share(m)),
    ),
    Column(
        "elementwise_adds", "additions",
        lambda m: short(m.summary.elementwise_adds_formula), lambda m: exact(m.summary.elementwise_adds_formula),
    ),
    Column(
        "held_bytes", "held memory",
        lambda m: in_brief(m.summary.held_bytes_formula), lambda m: in_brief(m.summary.held_bytes_formula),
    ),
)  # fmt: skip
"""The columns in order: the first eight say what there is, the others what it costs."""
WHAT_THERE_IS = 8

SORTABLE = ("source", *(column.name for column in COLUMNS))


def in_order(report: AuditReport, column: str) -> AuditReport:
    """The report with its models sorted: names from a to z, numbers from the greatest, what is not known at the end."""
    models: Sequence[ModelReport]
    if column in {"source", "option"}:
        models = sorted(report.models, key=lambda model: str(records.of_model(model)[column]))
    else:
        models = sorted(report.models, key=lambda model: _greatest_first(records.of_model(model)[column]))
    return replace(report, models=tuple(models))


def _greatest_first(cell: records.Cell) -> tuple[bool, int]:
    return (True, 0) if not isinstance(cell, int) else (False, -cell)


def folder_of(names: Sequence[str]) -> str:
    """The folder that all models lie in, with its last "/"; empty where there is none, or one model only."""
    if len(names) < 2:
        return ""
    parts = [name.split("/")[:-1] for name in names]
    same = takewhile(lambda level: len(set(level)) == 1, zip(*parts, strict=False))
    return "".join(f"{level[0]}/" for level in same)

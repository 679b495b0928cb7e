"""How is a report shown in every format that is asked for, whatever a model has put into it?

A model that one format cannot show is shown in none of them: it becomes an error, so that all formats of a run agree.
A format that still fails then fails alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from shortcut_audit.command import limits
from shortcut_audit.command.attempt import Attempt, guarded
from shortcut_audit.frozen import frozen, replace
from shortcut_audit.report import AuditReport, Failure, ModelReport
from shortcut_audit.reporters import REPORTERS, Style

Text = str | bytes
"""What a format is written as."""


@frozen
class Wanted:
    """One text that is asked for."""

    form: str
    """The format's name on the command line."""
    style: Style
    source: str | None = None
    """The model that it shows, where it shows but one."""


@frozen
class Shown:
    """A report in all the formats that were asked for."""

    report: AuditReport
    """What the texts show: the models that could be shown."""
    texts: tuple[Text | Failure, ...]
    """One for each format, in their order."""
    tracebacks: tuple[str, ...]


def show(report: AuditReport, wanted: Sequence[Wanted]) -> Shown:
    """The report in each format; raises nothing."""
    whole = _texts(report, wanted)
    if not isinstance(whole.result, Failure):
        return Shown(report, whole.result, ())
    none = _part(report, [])
    sound = [one for one in wanted if not isinstance(_texts(none, [one]).result, Failure)]
    if len(report.models) == 1 and sound == list(wanted):
        alone = [whole]  # what the model does alone has just been seen
    else:
        alone = [_texts(_part(report, [model]), sound) for model in report.models]
    failed = [made for made in alone if isinstance(made.result, Failure)]
    failures = [made.result for made in alone if isinstance(made.result, Failure)]
    lost = {failure.source for failure in failures}
    rest = _part(report, [model for model in report.models if model.source not in lost], failures)
    each = [_texts(rest, [one]) for one in wanted]
    texts = tuple(made.result if isinstance(made.result, Failure) else made.result[0] for made in each)
    return Shown(rest, texts, tuple(made.traceback for made in (*failed, *each) if made.traceback))


def _texts(report: AuditReport, wanted: Sequence[Wanted]) -> Attempt[tuple[Text, ...]]:
    """All texts, or the failure of the first that fails, which is put down to the only model if there is but one."""
    source = report.models[0].source if len(report.models) == 1 else ""
    bound = limits.limited(limits.REPORTING, models=len(report.models), times=len(wanted))
    return guarded(source, bound, lambda: tuple(_text(report, one) for one in wanted))


def _text(report: AuditReport, wanted: Wanted) -> Text:
    if wanted.source is not None:
        report = _part(report, [model for model in report.models if model.source == wanted.source])
    return REPORTERS[wanted.form].render(report, wanted.style)


def _part(report: AuditReport, models: Sequence[ModelReport], failures: Sequence[Failure] = ()) -> AuditReport:
    """The report on some of its models, with more errors."""
    others = {model.source for model in report.models} - {model.source for model in models}
    return replace(
        report,
        models=tuple(models),
        findings=tuple(found for found in report.findings if found.source not in others),
        errors=(*report.errors, *failures),
        comparisons=tuple(made for made in report.comparisons if made.source not in others),
    )

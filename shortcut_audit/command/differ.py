"""What is different between two models? (--diff OLD NEW)

A run over both, in which nothing is judged: the report has the two models, and the new one beside the old one.
"""

from __future__ import annotations

from shortcut_audit.command.request import Outcome, Progress, Request
from shortcut_audit.command.run import run
from shortcut_audit.errors import UsageError
from shortcut_audit.frozen import replace
from shortcut_audit.gate.difference import difference


def differ(request: Request, progress: Progress) -> Outcome:
    """Audits both models. Raises UsageError where the request names more than two, or what is to be judged."""
    if request.baseline is not None or request.write_baseline is not None:
        raise UsageError("--diff judges nothing; leave --baseline and --write-baseline out")
    outcome = run(request, progress)
    models = outcome.report.models
    comparisons = (difference(models[0], models[-1]),) if len(models) in {1, 2} and not outcome.report.errors else ()
    if len(models) > 2:
        raise UsageError("--diff takes two models; name a file each")
    report = replace(outcome.report, findings=(), comparisons=comparisons)
    return replace(outcome, report=report, objected=False)

"""In which order do the stages run?

load -> bind -> assemble -> merges -> shortcuts -> compose. One screen; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shortcut_audit import merges, shortcuts
from shortcut_audit.assemble import assemble
from shortcut_audit.bind import bind
from shortcut_audit.compose import compose
from shortcut_audit.draft import Draft
from shortcut_audit.inputs import InputSpec
from shortcut_audit.lineage import Lineage
from shortcut_audit.loaders import load
from shortcut_audit.report import ModelReport


def audit_file(source: str, *, dims: Mapping[str, int] | None = None, inputs: Sequence[InputSpec] = ()) -> ModelReport:
    """The report on the model in a file. Raises UnreadableModel or UsageError, each with one line for the user."""
    return audit_draft(bind(load(source), dims or {}, inputs))


def audit_draft(draft: Draft) -> ModelReport:
    """The report on a loaded model. Raises UnreadableModel when the draft is no graph."""
    graph = assemble(draft)
    lineage = Lineage(graph)
    found: list[shortcuts.Found] = []
    candidates, refusals = merges.find(graph)
    others = list(refusals)
    for merge in candidates:
        verdict = shortcuts.find(lineage, merge)
        if isinstance(verdict, merges.Refusal):
            others.append(verdict)
        else:
            found.extend(verdict)
    return compose(graph, lineage.measure, found, others)

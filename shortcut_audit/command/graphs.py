"""Which files are written from a model's graph, and not from its report?

The graph itself (.graphml, .dot), and the ONNX file with the verdicts in it (--annotate). The model is read once more:
after the report nobody sees the graph.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shortcut_audit.command.attempt import Task, drafted, guarded
from shortcut_audit.command.limits import limited
from shortcut_audit.errors import UsageError
from shortcut_audit.operators.declaration import Declaration
from shortcut_audit.report import Failure, ModelReport
from shortcut_audit.report.wording import UNICODE, counted, short
from shortcut_audit.reporters.figure.captions import of_shortcut

if TYPE_CHECKING:
    from shortcut_audit.graph.draft import Draft


def drawn(file: str, task: Task) -> str | Failure:
    """The text of a file of a model's graph: the model that was audited, its sizes and operators as they were given."""
    from shortcut_audit.graph.written import dot, graphml
    from shortcut_audit.pipeline import hold_draft

    def written(draft: Draft, operators: Mapping[str, Declaration]) -> str:
        graph = hold_draft(draft, operators)
        return graphml(graph) if file.lower().endswith(".graphml") else dot(graph)

    return drafted(task, written).result


def annotated(models: Sequence[ModelReport]) -> bytes | Failure:
    """The only model's ONNX file with the verdict at each merge. Raises UsageError where there is not one such."""
    if len(models) != 1 or models[0].format != "onnx" or not os.path.isfile(models[0].source):  # noqa: PTH113
        raise UsageError("--annotate writes one ONNX file anew; name one")
    from shortcut_audit.loaders.onnx.annotated import annotated as write

    (model,) = models
    remarks: dict[str, str] = {}
    for shortcut in model.shortcuts:
        price = f"{counted(shortcut.parameters, 'parameter')}, {short(shortcut.macs)} MACs"
        said = f"{shortcut.key}: {of_shortcut(shortcut, UNICODE)}; {price}"
        before = remarks.get(shortcut.merge.name)
        remarks[shortcut.merge.name] = f"{before}; {said}" if before else said
    return guarded(model.source, limited(), lambda: write(Path(model.source), remarks)).result

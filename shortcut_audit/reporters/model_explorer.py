"""How is a report laid over the graph that Google's Model Explorer shows?

As node data (`GraphNodeData` of ai-edge-model-explorer): merges in the colour of their kind, what stands on routes, and
forks. Keys are the names of nodes, and of the tensors that forks are.
"""

from __future__ import annotations

from shortcut_audit.names import displayable
from shortcut_audit.report import AuditReport, ModelReport
from shortcut_audit.report.words import Kind
from shortcut_audit.reporters import WHOLE, Style
from shortcut_audit.reporters.json import dumped

COLORS: dict[Kind, str] = {
    "identity": "#b7e4c7",
    "parameter-free": "#a5e4ee",
    "gated": "#eebefa",
    "projection": "#ffd8a8",
}
FORK = "#ffec99"


def format(report: AuditReport, style: Style = WHOLE) -> str:  # noqa: A001 -- what every reporter's function is called
    """The node data of the report's only model."""
    results = _results(report.models[0]) if report.models else {}
    return dumped({"name": "shortcut-audit", "results": results}, indent=1) + "\n"


def _results(model: ModelReport) -> dict[str, dict[str, str]]:
    """What is said of each node; what it merges says more than what it forks."""
    found: dict[str, dict[str, str]] = {}
    for shortcut in model.shortcuts:
        found.setdefault(displayable(shortcut.fork.name), {"value": "fork", "bgColor": FORK})
    for shortcut in model.shortcuts:
        for step in shortcut.route:
            if step.name:
                said = {"value": f"on a {shortcut.kind} shortcut", "bgColor": COLORS[shortcut.kind]}
                found[displayable(step.name)] = said
    for shortcut in model.shortcuts:
        said = {"value": f"{shortcut.kind} shortcut", "bgColor": COLORS[shortcut.kind]}
        found[displayable(shortcut.merge.name)] = said
    return found

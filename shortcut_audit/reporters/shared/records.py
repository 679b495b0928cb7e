"""Which rows and columns is a report, for a spreadsheet or a data frame?

One row a shortcut, a model or a layer. The names of the columns are stable; a later version may add some at the end.
What cannot be known is None, never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from shortcut_audit.frozen import frozen
from shortcut_audit.report import AuditReport, Layer, ModelReport, Shape, Shortcut, Source, wording
from shortcut_audit.reporters import Style
from shortcut_audit.reporters.shared.part import listed

Cell: TypeAlias = "str | int | bool | None"
Record: TypeAlias = Mapping[str, Cell]


@frozen
class Table:
    """Records of one sort: their columns in order, and the rows."""

    columns: tuple[str, ...]
    rows: Callable[[AuditReport, Style], Iterator[Record]]


def of_shortcut(model: ModelReport, shortcut: Shortcut) -> Record:
    """A row of the table of shortcuts."""
    merge, span = shortcut.merge, shortcut.span
    return {
        "source": model.source,
        "key": shortcut.key,
        "kind": shortcut.kind,
        "parameters": shortcut.parameters,
        "macs": shortcut.macs,
        "flops": shortcut.flops,
        "has_weight": shortcut.has_weight,
        "has_bias": shortcut.has_bias,
        "weights_in_words": shortcut.weights_in_words,
        "route": " > ".join(step.op for step in shortcut.route),
        "fork": shortcut.fork.name,
        "fork_shape": _shape(shortcut.fork.shape),
        "merge": merge.name,
        "merge_op": merge.op,
        "merge_shape": _shape(merge.shape),
        "elementwise_adds": shortcut.elementwise_adds,
        "held_bytes": shortcut.held_bytes,
        "skipped_layers": span.weight_layers,
        "skipped_ops": span.ops,
        "skipped_parameters": span.parameters,
        "skipped_macs": span.macs,
        "first_layer": shortcut.first_layer,
        "last_layer": shortcut.last_layer,
        **_line(merge.source),
        "notes": "; ".join(shortcut.notes),
        "macs_formula": shortcut.macs_formula,
        "elementwise_adds_formula": shortcut.elementwise_adds_formula,
        "held_bytes_formula": shortcut.held_bytes_formula,
        "skipped_macs_formula": span.macs_formula,
    }


def of_model(model: ModelReport) -> Record:
    """A row of the table of models."""
    totals, summary = model.totals, model.summary
    return {
        "source": model.source,
        "format": model.format,
        "parameters": totals.parameters,
        "buffers": totals.buffers,
        "macs": totals.macs,
        "flops": totals.flops,
        "lower_bound": totals.lower_bound,
        "ops": totals.ops,
        "adds": totals.adds,
        "layers": len(model.layers),
        "shortcuts": summary.shortcuts,
        "identity": summary.identity,
        "parameter_free": summary.parameter_free,
        "gated": summary.gated,
        "projection": summary.projection,
        "extra_parameters": summary.extra_parameters,
        "extra_macs": summary.extra_macs,
        "extra_flops": summary.extra_flops,
        "elementwise_adds": summary.elementwise_adds,
        "held_bytes": summary.held_bytes,
        "option": summary.option,
        "macs_formula": totals.macs_formula,
        "extra_macs_formula": summary.extra_macs_formula,
        "elementwise_adds_formula": summary.elementwise_adds_formula,
        "held_bytes_formula": summary.held_bytes_formula,
    }


def of_layer(model: ModelReport, number: int, layer: Layer) -> Record:
    """A row of the table of layers."""
    return {
        "source": model.source,
        "layer": number,
        "name": layer.name,
        "scope": layer.scope,
        "op": layer.op,
        "detail": layer.detail,
        "shape": _shape(layer.shape),
        "parameters": layer.parameters,
        "macs": layer.macs,
        "flops": layer.flops,
        "shortcut": layer.shortcut,
        **_line(layer.source),
        "macs_formula": layer.macs_formula,
    }


def _shape(sizes: Shape) -> str | None:
    return None if sizes is None else wording.shape(sizes)


def _line(source: Source | None) -> dict[str, Cell]:
    return {"file": None if source is None else source.file, "line": None if source is None else source.line}


def _shortcuts(report: AuditReport, style: Style) -> Iterator[Record]:
    return (of_shortcut(model, shortcut) for model in report.models for shortcut in listed(model, style))


def _models(report: AuditReport, style: Style) -> Iterator[Record]:
    return map(of_model, report.models)


def _layers(report: AuditReport, style: Style) -> Iterator[Record]:
    return (of_layer(model, number, layer) for model in report.models for number, layer in enumerate(model.layers))


SHORTCUTS = Table(
    (
        "source", "key", "kind", "parameters", "macs", "flops", "has_weight", "has_bias", "weights_in_words", "route",
        "fork", "fork_shape", "merge", "merge_op", "merge_shape", "elementwise_adds", "held_bytes", "skipped_layers",
        "skipped_ops", "skipped_parameters", "skipped_macs", "first_layer", "last_layer", "file", "line", "notes",
        "macs_formula", "elementwise_adds_formula", "held_bytes_formula", "skipped_macs_formula",
    ),
    _shortcuts,
)  # fmt: skip
MODELS = Table(
    (
        "source", "format", "parameters", "buffers", "macs", "flops", "lower_bound", "ops", "adds", "layers",
        "shortcuts", "identity", "parameter_free", "gated", "projection", "extra_parameters", "extra_macs",
        "extra_flops", "elementwise_adds", "held_bytes", "option", "macs_formula",
        "extra_macs_formula", "elementwise_adds_formula", "held_bytes_formula",
    ),
    _models,
)  # fmt: skip
LAYERS = Table(
    (
        "source", "layer", "name", "scope", "op", "detail", "shape", "parameters", "macs", "flops", "shortcut",
        "file", "line", "macs_formula",
    ),
    _layers,
)  # fmt: skip

TABLES = {"shortcuts": SHORTCUTS, "models": MODELS, "layers": LAYERS}

BOOLEANS = frozenset({"has_weight", "has_bias", "lower_bound"})
NUMBERS = frozenset(
    "parameters buffers macs flops ops adds layers shortcuts identity parameter_free gated projection extra_parameters "
    "extra_macs extra_flops elementwise_adds held_bytes skipped_layers skipped_ops skipped_parameters skipped_macs "
    "first_layer last_layer line layer".split()
)
PATHS = frozenset({"source", "file"})
FORMULAS = frozenset(
    "macs_formula extra_macs_formula elementwise_adds_formula held_bytes_formula skipped_macs_formula".split()
)
"""What a number is in a model that leaves sizes open: the same cost as a formula over them."""
SENTENCES = frozenset({"notes", "detail", "weights_in_words", "route"}) | FORMULAS
"""Which columns are truths, numbers, paths and running text; the others are names."""

"""What has the audit found? (the nouns that come out)

The nouns are frozen and hold no trace of the graph: reporters, policy and baseline see nothing but this. Their fields
are named as in the JSON report (reporters/json.py), which `reporters/schema.json` describes.

Units: parameters are learned scalars; MACs are multiply-accumulates of contractions; FLOPs = 2 x MACs; bytes are bytes.
None always means "cannot be known", never 0. A cost that depends on sizes which the model leaves open is no number:
beside each stands the same as a formula over them (`macs_formula`; algebra/formula.py gives the grammar).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortcut_audit.installed import on_demand

if TYPE_CHECKING:
    from shortcut_audit.report.model import Declared, ModelReport, Price, Summary, Totals, WhatIf
    from shortcut_audit.report.places import (
        Concatenation,
        ForkInfo,
        Layer,
        MergeInfo,
        OtherAdd,
        Shortcut,
        Source,
        Span,
        Step,
        TensorInfo,
        Uncounted,
        WeightInfo,
    )
    from shortcut_audit.report.run import (
        SCHEMA_VERSION,
        AuditReport,
        Change,
        Comparison,
        Detached,
        Failure,
        Finding,
        LayerChange,
        Side,
    )
    from shortcut_audit.report.words import (
        KINDS,
        OUTPUTS_TOLD_APART,
        REASONS,
        Kind,
        Level,
        Option,
        Quantisation,
        Reason,
        Role,
        Shape,
        Trend,
    )

__all__ = [
    "KINDS", "OUTPUTS_TOLD_APART", "REASONS", "SCHEMA_VERSION", "AuditReport", "Change", "Comparison",
    "Concatenation", "Declared", "Detached", "Failure", "Finding", "ForkInfo", "Kind", "Layer",
    "LayerChange", "Level", "MergeInfo",
    "ModelReport", "Option", "OtherAdd", "Price", "Quantisation", "Reason", "Role", "Shape", "Shortcut", "Side",
    "Source", "Span", "Step", "Summary", "TensorInfo", "Totals", "Trend", "Uncounted", "WeightInfo", "WhatIf",
]  # fmt: skip

__getattr__ = on_demand(
    __name__,
    model="Declared ModelReport Price Summary Totals WhatIf",
    places="Concatenation ForkInfo Layer MergeInfo OtherAdd Shortcut Source Span Step TensorInfo Uncounted WeightInfo",
    run="SCHEMA_VERSION AuditReport Change Comparison Detached Failure Finding LayerChange Side",
    words="KINDS OUTPUTS_TOLD_APART REASONS Kind Level Option Quantisation Reason Role Shape Trend",
)

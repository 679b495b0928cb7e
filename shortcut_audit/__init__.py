"""Which residual shortcuts of a model are identities, which are learned projections, and what do they cost?

The public API; everything else may change. Names are imported when they are used, so that `import shortcut_audit` is
cheap.

    from shortcut_audit import audit
    assert audit("model.onnx").summary.projection == 0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortcut_audit.installed import __version__, on_demand

if TYPE_CHECKING:
    from shortcut_audit.api import audit, audit_many, load
    from shortcut_audit.errors import ConfigError, ShortcutAuditError, UnreadableModel, UsageError
    from shortcut_audit.report import AuditReport, Failure, Finding, ModelReport, OtherAdd, Shortcut, Summary, Totals

__all__ = [
    "AuditReport", "ConfigError", "Failure", "Finding", "ModelReport", "OtherAdd", "Shortcut", "ShortcutAuditError",
    "Summary", "Totals", "UnreadableModel", "UsageError", "__version__", "audit", "audit_many", "load",
]  # fmt: skip

__getattr__ = on_demand(
    __name__,
    api="audit audit_many load",
    errors="ConfigError ShortcutAuditError UnreadableModel UsageError",
    report="AuditReport Failure Finding ModelReport OtherAdd Shortcut Summary Totals",
)

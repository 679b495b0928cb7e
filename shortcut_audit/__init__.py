"""Which residual shortcuts of a model are identities, which are learned projections, and what do they cost?

The public API; everything else may change. Names are imported when they are used, so that `import shortcut_audit` is
cheap.

    from shortcut_audit import audit
    assert audit("model.onnx").summary.projection == 0
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shortcut_audit.api import audit, audit_many, load
    from shortcut_audit.errors import ConfigError, ShortcutAuditError, UnreadableModel, UsageError
    from shortcut_audit.report import AuditReport, Failure, Finding, ModelReport, OtherAdd, Shortcut, Summary, Totals

__version__ = "0.1.0"

__all__ = [
    "AuditReport",
    "ConfigError",
    "Failure",
    "Finding",
    "ModelReport",
    "OtherAdd",
    "Shortcut",
    "ShortcutAuditError",
    "Summary",
    "Totals",
    "UnreadableModel",
    "UsageError",
    "__version__",
    "audit",
    "audit_many",
    "load",
]

_HOMES = {
    "shortcut_audit.api": ("audit", "audit_many", "load"),
    "shortcut_audit.errors": ("ConfigError", "ShortcutAuditError", "UnreadableModel", "UsageError"),
    "shortcut_audit.report": (
        "AuditReport", "Failure", "Finding", "ModelReport", "OtherAdd", "Shortcut", "Summary", "Totals",
    ),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

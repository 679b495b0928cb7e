"""Is PyTorch there?

It is an optional extra. The loaders that need it ask for it here, when they run and not when they are imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from shortcut_audit.errors import UsageError

OLDEST = (2, 6)
"""The first release whose torch.export records every op with its overload, its module and its line."""


def torch() -> Any:
    """The module `torch`. Untyped: its annotations change from release to release. Raises UsageError without it."""
    try:
        module: Any = import_module("torch")
    except ImportError as error:
        raise UsageError(
            f"this needs PyTorch, which cannot be imported ({error}); pip install 'shortcut-audit[torch]'"
        ) from error
    version = tuple(int(part) for part in module.__version__.split(".")[:2] if part.isdigit())
    if version < OLDEST:
        raise UsageError(f"this needs PyTorch {OLDEST[0]}.{OLDEST[1]} or later, not {module.__version__}")
    return module

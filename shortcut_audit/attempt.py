"""What comes of the audit of one model?

A report or a failure, never an exception: one model's trouble is no other's.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field

from shortcut_audit.errors import ShortcutAuditError
from shortcut_audit.factories import is_factory
from shortcut_audit.inputs import parse_inputs
from shortcut_audit.limits import limited
from shortcut_audit.pipeline import audit_file
from shortcut_audit.report import Failure, ModelReport


@dataclass(frozen=True, slots=True)
class Task:
    """One model to audit."""

    source: str
    dims: Mapping[str, int] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    """Shapes of inputs as `--input` takes them."""
    torchscript: bool = False
    """Whether a file that is neither ONNX nor .pt2 may be run as TorchScript."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of a task."""

    result: ModelReport | Failure
    traceback: str = ""
    """Of an exception that should not have been raised; empty otherwise."""


def attempt(task: Task) -> Attempt:
    """Audits one model here. No model raises anything: what goes wrong is the attempt's Failure."""
    try:
        inputs = parse_inputs(task.inputs)
        with limited() if _is_only_read(task) else nullcontext():
            return Attempt(audit_file(task.source, dims=task.dims, inputs=inputs, torchscript=task.torchscript))
    except ShortcutAuditError as error:
        return Attempt(Failure(task.source, str(error)))
    except MemoryError:
        return Attempt(Failure(task.source, "not enough memory to audit this model"))
    except Exception as error:  # noqa: BLE001 -- the boundary: one model's crash is no other's
        what = f"a bug in shortcut-audit ({type(error).__name__}); please report it, -vv shows where"
        return Attempt(Failure(task.source, what), traceback.format_exc())


def _is_only_read(task: Task) -> bool:
    """Whether the source may be a stranger's. Code that the user asked for, and its framework, take what they take."""
    return not task.torchscript and (os.path.lexists(task.source) or not is_factory(task.source))

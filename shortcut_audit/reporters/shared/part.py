"""Which of a model's shortcuts are listed, where a part of them was asked for?

Totals, the picture and the verdict are the whole model's: --kind and --only choose what is listed, nothing else.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from shortcut_audit.report import ModelReport, Shortcut
from shortcut_audit.report.wording import counted, exact
from shortcut_audit.reporters import Style


def listed(model: ModelReport, style: Style) -> tuple[Shortcut, ...]:
    """The shortcuts of the kinds (none named: of any), and under the keys, that were asked for."""
    return tuple(shortcut for shortcut in model.shortcuts if _is_asked_for(shortcut, style))


def _is_asked_for(shortcut: Shortcut, style: Style) -> bool:
    by_kind = not style.kinds or shortcut.kind in style.kinds
    return by_kind and (not style.only or any(fnmatchcase(shortcut.key, pattern) for pattern in style.only))


def left_out(model: ModelReport, style: Style) -> str:
    """Says that a part is listed: "2 of 8 shortcuts are listed (--kind projection)"; empty where all are."""
    if not style.kinds and not style.only:
        return ""
    found = len(listed(model, style))
    asked = [f"--kind {kind}" for kind in style.kinds] + [f"--only {pattern}" for pattern in style.only]
    number = f"{exact(found)} of {counted(len(model.shortcuts), 'shortcut')}"
    return f"{number} {'is' if found == 1 else 'are'} listed ({' '.join(asked)})"

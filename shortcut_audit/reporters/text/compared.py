"""How is what has changed in a model shown at a terminal?

Beside the report on the model, where it is held against what was accepted; before anything else, where two models are
what was asked about.
"""

from __future__ import annotations

from collections.abc import Sequence

from shortcut_audit.names import PATH_LIMIT
from shortcut_audit.report import Comparison
from shortcut_audit.report.wording import counted, exact
from shortcut_audit.reporters.shared import changed
from shortcut_audit.reporters.shared.ranges import LABELS_SHOWN, in_ranges
from shortcut_audit.reporters.text.canvas import Page


def difference(page: Page, comparison: Comparison) -> None:
    """The answer to --diff: how much has changed, then what."""
    old, new = (page.name(source, PATH_LIMIT) for source in (comparison.against, comparison.source))
    page.prose((f"{changed.in_short(comparison)}", "bold"), hang=2)
    page.prose(f"from {old} to {new}", hang=2)
    if page.style.quiet:
        return
    groups = changed.alike(comparison.changes, page.glyphs.arrow)
    if groups:
        page.line()
    for group in groups:
        _alike(page, group)
    _layers(page, comparison, apart=True)


def comparison(page: Page, made: Comparison) -> None:
    """What changed since it was accepted, side by side."""
    against = page.name(made.against, PATH_LIMIT)
    if made.counterpart is None:
        page.prose((f"{against} does not know this model", "bold"), hang=2)
        return
    changes = f"{exact(made.unchanged)} unchanged, {exact(len(made.changes))} changed"
    page.prose(("against ", "bold"), (against, "bold"), f": {changes}", hang=2)
    for group in changed.alike(made.changes, page.glyphs.arrow):
        _alike(page, group)
    _layers(page, made, apart=False)


def named(page: Page, keys: Sequence[str]) -> str:
    """Shortcuts by their keys, those that are counted through in one label: "layer3.1…5, layer4.1"."""
    labels = list(map(page.name, keys)) if page.style.verbose else in_ranges(map(page.name, keys), page.glyphs.ellipsis)
    shown = labels if page.style.verbose else labels[:LABELS_SHOWN]
    more = [f"{exact(len(labels) - len(shown))} more"] if len(labels) > len(shown) else []
    return ", ".join([*shown, *more])


def _layers(page: Page, made: Comparison, *, apart: bool) -> None:
    for heap in changed.of_layers(made):
        if apart:
            page.line()
        page.line(f"{counted(heap.number, 'layer')} {heap.what}")
        for group in heap.groups:
            _alike(page, group)


def _alike(page: Page, group: changed.Alike) -> None:
    page.prose((named(page, group.keys), "bold"), f"  {page.said(group.what)}", indent=2, hang=4)

"""What is said of the gallery's graphs if one thing in them is another?

Each graph of the gallery (gallery.py) is changed in one place at a time. tests/golden/varied.txt holds, for each graph,
what is said of it then: each answer once, behind it the changes to which it is the answer. Of an answer stands what is
not said of the graph as it is; changes that are not named leave the verdict as it is. What a change is called tells
changes.py.

    WRITE_GOLDEN=1 pytest tests/test_varied.py

writes the answers anew.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from zlib import crc32

from shortcut_audit.graph.draft import Draft
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import ModelReport
from tests.changes import changes, detours
from tests.gallery import Picture, pictures

FILE = Path(__file__).parent / "golden" / "varied.txt"

CHANGES = 16
"""How many changes of either sort are tried of one graph, drawn from all there are."""


def drawn(picture: Picture) -> list[tuple[str, Draft]]:
    """The changes of a picture that are tried."""
    chance = Random(crc32(picture.title.encode()))
    sorts = list(changes(picture.draft())), list(detours(picture.draft()))
    return [each for sort in sorts for each in (sort if len(sort) <= CHANGES else chance.sample(sort, CHANGES))]


def said(report: ModelReport) -> list[str]:
    """What is said of a graph, a few words for each thing."""
    found = []
    for one in report.shortcuts:
        steps = "+".join(f"{step.op} {step.step_class}" for step in one.route) or "bare"
        adds, held = one.elementwise_adds or one.elementwise_adds_formula, one.held_bytes or one.held_bytes_formula
        span, macs = one.span, one.macs_formula if one.macs is None else one.macs
        branch = span.macs_formula if span.macs is None else span.macs
        found.append(
            f"{one.merge.name}: {one.kind} of {one.fork.name} by {steps}, {one.parameters} p, {macs} m, {adds} adds, "
            f"{held} held, skips {span.weight_layers} of {span.ops}, {span.parameters} p, {branch} m"
            + f", {len(one.notes)} notes"
            * bool(one.notes)
        )
    found += [f"{other.name}: {other.reason}" for other in report.other_adds]
    found += [f"joint {joint.name}" for joint in report.concatenations or ()]
    totals, prices = report.totals, report.summary.what_if
    macs = totals.macs_formula if totals.macs is None else totals.macs
    least = " at least" * totals.lower_bound + " at least p" * totals.parameters_lower_bound
    found.append(f"total {totals.ops} ops, {totals.parameters} p, {totals.buffers} b, {macs} m{least}")
    found += [f"uncounted {one.name}" for one in report.uncounted]
    found.append(
        f"option {report.summary.option}: "
        + " ".join(f"{price.parameters}/{price.macs}" for price in (prices.A, prices.B, prices.C, prices.plain))
    )
    return found


def answers(picture: Picture) -> tuple[str, ...]:
    """What else is said of a picture, and to which changes."""
    own = set(said(audit_draft(picture.draft())))
    asked: dict[str, list[str]] = {}
    for name, draft in drawn(picture):
        asked.setdefault(" / ".join(line for line in said(audit_draft(draft)) if line not in own), []).append(name)
    asked.pop("", None)
    return tuple(f"{', '.join(names)} => {answer}" for answer, names in asked.items())


def recorded() -> dict[str, tuple[str, ...]]:
    """The answers of the file, by the title of the picture."""
    entries = (entry.splitlines() for entry in FILE.read_text(encoding="utf-8").split("== ")[1:])
    return {title: tuple(line for line in lines if line) for title, *lines in entries}


def write() -> None:
    """Writes the file, with the answers of today."""
    entries = ["\n".join([f"== {picture.title}", *answers(picture), "", ""]) for picture in pictures()]
    FILE.write_text("".join(entries), encoding="utf-8")

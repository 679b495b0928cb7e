"""Is still objected to the changed graphs of the gallery what was objected to, and does a file tell the same?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shortcut_audit.gate import kept
from shortcut_audit.gate.accepted import accept
from shortcut_audit.gate.baseline import compare
from shortcut_audit.graph.draft import Draft
from shortcut_audit.pipeline import audit_draft
from tests.gallery import Picture
from tests.gate.objections import FILE, cases, said, write

if os.environ.get("WRITE_GOLDEN"):
    write()

CASES = list(cases())
RECORDED = ["== " + entry.rstrip("\n") for entry in FILE.read_text(encoding="utf-8").split("== ")[1:]]


@pytest.mark.parametrize(("case", "recorded"), list(zip(CASES, RECORDED, strict=True)), ids=range(len(CASES)))
def test_what_is_objected_to_is_as_it_was(case: tuple[Picture, str, Draft], recorded: str) -> None:
    assert said(*case).rstrip("\n") == recorded


@pytest.mark.parametrize("case", CASES[::8], ids=lambda case: f"{case[0].title} {case[1]}")
def test_a_file_tells_what_was_accepted(case: tuple[Picture, str, Draft], tmp_path: Path) -> None:
    """A model beside a baseline that has been to a file and back differs as beside the one that has not."""
    picture, _, draft = case
    then, now = accept(audit_draft(picture.draft())), audit_draft(draft)
    file = tmp_path / "base.json"
    file.write_text(kept.write([then], tmp_path), encoding="utf-8")
    (read,) = kept.read(file).models
    assert compare(now, read, "base.json") == compare(now, then, "base.json")

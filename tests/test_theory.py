"""Does the theory answer for every word that a report can say?"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

import shortcut_audit
from shortcut_audit import report
from shortcut_audit.account import notes
from shortcut_audit.command import theory
from shortcut_audit.report.words import KINDS
from shortcut_audit.search.steps import Step

PACKAGE = Path(shortcut_audit.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
CITATION = re.compile(r"\(theory: ([^()]+)\)")


@pytest.mark.parametrize("kind", KINDS)
def test_kinds(kind: str) -> None:
    assert theory.section(kind) == kind


@pytest.mark.parametrize("step", [step.name.lower() for step in Step])
def test_classes_of_steps(step: str) -> None:
    assert theory.section(step) == step


@pytest.mark.parametrize("option", get_args(report.Option))
def test_options(option: str) -> None:
    assert option == "none" or theory.section(f"option {option}") or theory.section(option)


@pytest.mark.parametrize("reason", report.REASONS)
def test_reasons(reason: str) -> None:
    assert theory.section(reason) == reason


def notes_said() -> list[str]:
    """What each note on a shortcut says, or begins with: the texts that notes.py returns."""
    tree = ast.parse(Path(notes.__file__).read_text(encoding="utf-8"))
    returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value is not None]
    texts = (part.value for value in returned for part in ast.walk(value) if isinstance(part, ast.Constant))
    return [notes.TIED, *notes.MARKED.values(), *(text for text in texts if isinstance(text, str) and len(text) > 12)]


@pytest.mark.parametrize("note", notes_said())
def test_notes(note: str) -> None:
    assert theory.section(note) is not None


def test_every_section_that_a_docstring_cites_is_there() -> None:
    cited = {
        (module.name, word.strip())
        for module in SOURCES
        for words in CITATION.findall(module.read_text(encoding="utf-8"))
        for word in words.split(",")
    }
    assert len(cited) > 10
    assert [(name, word) for name, word in sorted(cited) if theory.section(word) is None] == []


def test_nothing_cites_what_the_repository_does_not_hold() -> None:
    elsewhere = re.compile(r"\bdesign[,:] (section )?\d")
    assert [module.name for module in SOURCES if elsewhere.search(module.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("asked", "heading"),
    [
        ("Projections", "projection"),
        ("parameter free", "parameter-free"),
        ("B", "option B"),
        ("held_memory", "held memory"),
        ("the shortcut is subtracted: y = F(x) - x", "note: the shortcut is subtracted"),
        ("subtracted", None),
        ("", None),
    ],
)
def test_a_word_is_found_however_it_is_written(asked: str, heading: str | None) -> None:
    assert theory.section(asked) == heading


def test_every_section_says_something() -> None:
    """A sentence at least, and no heading twice: of two the first would be lost."""
    headings = re.findall(r"^### (.+)$", theory.text(), re.MULTILINE)
    assert len(headings) == len(set(headings)) == len(theory.sections())
    sentence = re.compile(r"""[\w`)][.:]"?$""", re.MULTILINE)
    assert [word for word, body in theory.sections().items() if not sentence.search(body)] == []

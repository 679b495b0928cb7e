"""What does a workflow run show, and can a name give it orders?"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from shortcut_audit.report import AuditReport, Failure, Finding
from shortcut_audit.reporters import github
from tests import goldens
from tests.reporters.examples import ESCAPES, HOSTILE, JUDGED, RESNET18, TRANSFORMER, report

ATTACKS = (
    *ESCAPES,
    "::error::fake",
    "  ::set-output name=x::y",
    "##[error]fake",
    "a ##vso[task.setvariable variable=x]y",
    "a,line=1::b",
    "100%0A::error::x",
)
COMMAND = re.compile(r"::(error|warning|notice) file=[^:,]*(,line=\d+)?,title=[^:,]*::.*")


def orders(text: str) -> list[str]:
    """The lines on which GitHub's runner would act (actions/runner, ActionCommand.cs), or Azure's agent."""
    return [line for line in text.splitlines() if line.lstrip().startswith("::") or re.search(r"##(\w*)\[", line)]


def test_the_annotations() -> None:
    goldens.check("judged.github", github.format(JUDGED))


def test_nothing_to_object_to() -> None:
    assert github.format(report(RESNET18)) == (
        "models/resnet18.onnx: 8 shortcuts: 5 identity (no weights), 3 projections (W_s, with bias); option B\n"
        "nothing to object to in 1 model\n"
    )


def test_ten_annotations_at_most_gravest_first() -> None:
    notes = tuple(Finding("shortcut-added", "note", "m.onnx", f"layer{n}", "is new") for n in range(30))
    error = Finding("identity-lost", "error", "m.onnx", "layer99", "…")
    text = github.format(AuditReport("0", (), (*notes, error), (Failure("bad.onnx", "empty file"),)))
    assert len(orders(text)) == 10
    assert [line.split(" ")[0] for line in text.splitlines()[:3]] == ["::error", "::error", "::notice"]
    assert text.splitlines()[10] == "22 more are in the job summary, not annotated"


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_name_gives_orders(attack: str) -> None:
    finding = Finding("identity-lost", "error", attack, attack, attack)
    hostile = replace(HOSTILE, source=attack)
    text = github.format(AuditReport("0", (hostile,), (finding,), (Failure(attack, attack),)))
    found = orders(text)
    assert len(found) == 2  # the failure and the finding
    assert all(COMMAND.fullmatch(line) for line in found)
    assert all(character.isprintable() for line in text.split("\n") for character in line)
    assert len(text.splitlines()) == 4


def test_a_command_reads_back_as_what_was_said() -> None:
    """Percent signs, commas and colons are escaped as the runner unescapes them."""
    finding = Finding("identity-lost", "error", "a,b:c.onnx", None, "50% of it: a, b")
    (line, *_) = github.format(AuditReport("0", (), (finding,))).splitlines()
    assert line == "::error file=a%2Cb%3Ac.onnx,title=shortcut-audit%3A identity-lost::50%25 of it: a, b"


def test_a_model_without_line_numbers_is_annotated_itself() -> None:
    finding = Finding("identity-lost", "error", TRANSFORMER.source, "gone", "…")
    assert github.format(AuditReport("0", (TRANSFORMER,), (finding,))).startswith("::error file=vit-b.onnx,title=")

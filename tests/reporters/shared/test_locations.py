"""Which line does a reviewer see?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from shortcut_audit.report import AuditReport, Finding, Source
from shortcut_audit.reporters.shared.grouped import remarks
from shortcut_audit.reporters.shared.locations import Place, Places, about
from tests.reporters.examples import FINDINGS, JUDGED, RESNET18

ON_BLOCK, _, ON_MODEL = FINDINGS
GONE = Finding("shortcut-removed", "error", "models/resnet18.onnx", "layer9.9", "…")


def written_at(file: str, line: int = 101) -> Place:
    """The place of a finding on a block that an exporter says was written there."""
    first = RESNET18.shortcuts[2]
    moved = replace(first, merge=replace(first.merge, source=Source(file, line)))
    return Places(AuditReport("0", (replace(RESNET18, shortcuts=(moved,)),))).of(ON_BLOCK)


def test_a_block_is_at_its_line_of_python() -> None:
    assert Places(JUDGED).of(ON_BLOCK) == Place("net.py", 101, in_code=True, node="/layer2/0/Add")
    assert about(ON_BLOCK, Places(JUDGED).of(ON_BLOCK)) == "layer2.0 of models/resnet18.onnx"


def test_a_model_is_at_its_file() -> None:
    assert Places(JUDGED).of(ON_MODEL) == Place("models/resnet18.onnx", 1, in_code=False)
    assert about(ON_MODEL, Places(JUDGED).of(ON_MODEL)) == ""


def test_a_block_that_has_gone_is_at_its_model() -> None:
    place = Places(JUDGED).of(GONE)
    assert place == Place("models/resnet18.onnx", 1, in_code=False)
    assert about(GONE, place) == "layer9.9"


@pytest.mark.parametrize(
    "file",
    [
        "/usr/lib/python3/net.py",
        "../net.py",
        "src/../../net.py",
        "C:\\net.py",
        "https://example.org/net.py",
        ".venv/lib/python3.12/site-packages/torchvision/models/resnet.py",
        "",
        ".",
        "net\0.py",
    ],
)
def test_a_line_outside_the_repository_is_no_place(file: str) -> None:
    assert written_at(file) == Place("models/resnet18.onnx", 1, in_code=False, node="/layer2/0/Add")


@pytest.mark.parametrize("file", [".///evil.example/net.py", "./evil.example//net.py", "evil.example/./net.py"])
def test_a_place_is_no_address_of_another_machine(file: str) -> None:
    assert written_at(file).file == "evil.example/net.py"


@pytest.mark.parametrize("line", [0, -1, 10**9])
def test_a_line_that_cannot_be_is_no_place(line: int) -> None:
    assert not written_at("net.py", line).in_code


def test_what_is_said_of_many_shortcuts_is_said_once() -> None:
    same = [Finding("r", "note", "models/resnet18.onnx", key, "the same") for key in ("layer1.0", "layer1.1")]
    other = Finding("r", "note", "models/resnet18.onnx", "layer9.9", "the same")
    found = remarks(replace(JUDGED, findings=(*same, other, ON_BLOCK)))
    assert [(r.level, r.shortcuts, r.line) for r in found] == [
        ("error", ("layer2.0",), "net.py:101"),
        ("note", ("layer1.0", "layer1.1"), "net.py:101"),
        ("note", ("layer9.9",), ""),
    ]

"""Is the difference of two models told as a person would tell it, whole?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

import shortcut_audit
from shortcut_audit.gate.difference import difference
from shortcut_audit.report import AuditReport
from shortcut_audit.reporters import Style, github, junit, markdown, sarif
from shortcut_audit.reporters.text.terminal import format as render
from tests import goldens

SAMPLES = Path(__file__).parents[3] / "samples"


def told(old: str, new: str) -> AuditReport:
    models = tuple(replace(shortcut_audit.audit(SAMPLES / name), source=f"samples/{name}") for name in (old, new))
    return AuditReport("0.1.0", models, (), (), (difference(*models),))


@pytest.mark.parametrize(
    ("golden", "old", "style"),
    [
        ("difference.txt", "resnet18.onnx", Style()),
        ("difference.narrow.txt", "resnet18.onnx", Style(width=60, ascii_only=True)),
        ("difference.quiet.txt", "resnet18.onnx", Style(quiet=True)),
        ("difference.none.txt", "resnet50.onnx", Style()),
    ],
)
def test_the_difference_at_a_terminal(golden: str, old: str, style: Style) -> None:
    goldens.check(golden, render(told(old, "resnet50.onnx"), style))


def test_a_network_that_is_exported_in_another_way_has_the_same_layers_with_other_parameters() -> None:
    """Of a .pt2 the BatchNorms stand beside the convolutions; ONNX folds them in: a bias for each output channel."""
    goldens.check("difference.folded.txt", render(told("resnet18.pt2", "resnet18.onnx"), Style()))


@pytest.mark.parametrize("reporter", [github, junit, sarif])
def test_the_difference_in_logs(reporter: ModuleType) -> None:
    said = reporter.format(told("resnet18.onnx", "resnet50.onnx")).replace("&gt;", ">").replace("-\\u003e", "->")
    for line in (
        "12 shortcuts changed, 4 unchanged; layers: 1 changed, 40 added, 7 removed, 13 unchanged: from samples",
        "layer1.0: identity -> projection, +16,640 parameters, +51.4 M MACs",  # 64 * 256 + 256; 56 * 56 * 64 * 256
        "layer1.2, layer2.2...3, layer3.2...5, layer4.2: new: identity",
        "layers added: layer3.0...5.conv3: conv 1x1, 256 -> 1024, 6 x 263,168 parameters",  # 256 * 1024 + 1024
    ):
        assert line in said
    assert "nothing to object to" not in said


def test_the_difference_in_markdown() -> None:
    goldens.check("difference.md", markdown.format(told("resnet18.onnx", "resnet50.onnx")))

"""Is the picture a drawing that any viewer shows, whatever names are in it?"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from shortcut_audit import audit
from shortcut_audit.reporters.figure.svg import draw
from tests.reporters.examples import HIGHWAY, HOSTILE, RESNET18, TRANSFORMER

SAMPLES = Path(__file__).parents[3] / "samples"
SVG = "{http://www.w3.org/2000/svg}"


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 -- our own text


def texts(root: ET.Element) -> list[str]:
    return [node.text or "" for node in root.iter(f"{SVG}text")]


def test_kinds_differ_by_pattern_and_the_legend_says_which() -> None:
    root = parsed(draw(RESNET18))
    arcs = [node.get("class") for node in root.iter(f"{SVG}path") if (node.get("class") or "").startswith("arc")]
    # layer1.0 and layer1.1 are drawn once; two in the legend
    assert arcs.count("arc identity") == 4 + 1
    assert arcs.count("arc projection") == 3 + 1
    assert "× 2" in texts(root)
    style = root.find(f"{SVG}style")
    assert style is not None
    assert style.text is not None
    dashes = re.findall(
        r"\.(identity|parameter-free|gated|projection)\{stroke:#\w+(?:;stroke-dasharray:([\d ]+))?", style.text
    )
    assert len({pattern for _, pattern in dashes[:4]}) == 4


@pytest.mark.parametrize("model", [RESNET18, TRANSFORMER, HIGHWAY, HOSTILE], ids=lambda model: model.source[:12])
def test_it_stands_alone(model: object) -> None:
    text = draw(model)  # type: ignore[arg-type]
    root = parsed(text)
    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= {
        "svg", "title", "desc", "style", "rect", "text", "g", "path", "circle",
    }  # fmt: skip
    assert "href" not in text
    assert "url(" not in text
    assert "##" not in text


def test_a_picture_of_a_sample_fits_its_frame() -> None:
    root = parsed(draw(audit(SAMPLES / "resnet50.onnx")))
    width, height = int(root.get("width") or 0), int(root.get("height") or 0)
    for node in root.iter(f"{SVG}text"):
        assert 0 <= int(node.get("x") or 0) <= width
        assert 0 <= int(node.get("y") or 0) <= height
    assert len(draw(audit(SAMPLES / "resnet50.onnx"))) < 20_000  # bytes; ResNet-152 folds to the same rows

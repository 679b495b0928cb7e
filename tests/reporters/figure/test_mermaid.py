"""Is the chart one that GitHub draws?"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from shortcut_audit.report import AuditReport
from shortcut_audit.reporters import markdown
from shortcut_audit.reporters.figure.mermaid import ARROW_LIMIT, chart
from tests.browser.zoo import ZOO
from tests.reporters.examples import PLAIN, RESNET18


def test_every_arrow_joins_nodes_that_are_there() -> None:
    text = chart(RESNET18)
    nodes = set(re.findall(r"^  (n\d+)[\[(]", text, re.MULTILINE))
    arrows = re.findall(r"^  (n\d+) (-->|-\.->|==>)(?:\|\"[^\"|]*\"\|)? (n\d+)$", text, re.MULTILINE)
    assert {node for start, _, end in arrows for node in (start, end)} == nodes
    assert text.count("subgraph") == text.count("  end") == 1  # layer1.0 and layer1.1
    assert text.count('-.->|"projection') == 3


@pytest.mark.parametrize(("name", "copies"), [("decoder", 80), ("resnet152", 35), ("focalnet", 12)])
def test_a_deep_network_is_within_what_mermaid_and_github_draw(name: str, copies: int) -> None:
    """Mermaid's own maxTextSize is 50,000 characters, maxEdges 500; GitHub leaves both.

    A decoder of 80 layers has 160 shortcuts, which are drawn as 2.
    """
    text = chart(ZOO[name]())
    assert text.startswith("flowchart TD")
    assert len(text) < 50_000
    assert len(re.findall(r"-->|-\.->|==>", text)) < 500
    assert f"× {copies}" in text


def test_a_picture_of_2_000_shortcuts_is_left_out_in_words() -> None:
    """No two of them fold: at least 2,000 arrows."""
    model = ZOO["thousands"]()
    assert chart(model) == ""
    page = markdown.format(AuditReport("0", (model,)))
    assert "```mermaid" not in page
    assert "The picture of `thousands.onnx` is larger than GitHub draws one: `-o NAME.svg` has it." in page


def test_no_name_is_markup() -> None:
    attacked = replace(
        RESNET18, shortcuts=tuple(replace(s, key='"]; click n1 "javascript:') for s in RESNET18.shortcuts)
    )
    assert 'click n1 "' not in chart(attacked)


def test_none_is_drawn_that_github_would_refuse() -> None:
    many = tuple(
        replace(one, key=f"{n}", parameters=n, merge=replace(one.merge, name=f"{n}"), first_layer=None, last_layer=None)
        for n, one in enumerate(RESNET18.shortcuts * (ARROW_LIMIT // 8))
    )
    assert chart(replace(RESNET18, shortcuts=many)) == ""
    assert chart(replace(PLAIN, layers=())) == ""

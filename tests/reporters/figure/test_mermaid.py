"""Is the chart one that GitHub draws?"""

from __future__ import annotations

import re
from dataclasses import replace

from shortcut_audit.reporters.figure.mermaid import ARROW_LIMIT, chart
from tests.reporters.examples import PLAIN, RESNET18


def test_every_arrow_joins_nodes_that_are_there() -> None:
    text = chart(RESNET18)
    nodes = set(re.findall(r"^  (n\d+)[\[(]", text, re.MULTILINE))
    arrows = re.findall(r"^  (n\d+) (-->|-\.->|==>)(?:\|\"[^\"|]*\"\|)? (n\d+)$", text, re.MULTILINE)
    assert {node for start, _, end in arrows for node in (start, end)} == nodes
    assert text.count("subgraph") == text.count("  end") == 1  # layer1.0 and layer1.1
    assert text.count('-.->|"projection') == 3


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

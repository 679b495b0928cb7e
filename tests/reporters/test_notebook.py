"""Does a report show itself?"""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

import pytest

from shortcut_audit import UsageError, audit

SAMPLE = Path(__file__).parents[2] / "samples" / "resnet18.onnx"


def test_a_notebook_shows_the_page_in_a_frame_where_nothing_runs() -> None:
    shown = audit(SAMPLE)._repr_html_()
    (page,) = re.fullmatch(
        r'<iframe sandbox="" title="[\w-]+" style="[^"]*" srcdoc="([^"]*)"></iframe>', shown
    ).groups()  # type: ignore[union-attr]
    assert html.unescape(page).startswith("<!doctype html>")
    assert "8 shortcuts: 5 identity" in page


def test_it_prints_as_at_the_terminal_and_draws_itself() -> None:
    report = audit(SAMPLE)
    assert str(report).splitlines()[0].endswith("resnet18.onnx")
    assert "8 shortcuts: 5 identity (no weights), 3 projections (W_s, with bias); option B" in str(report)
    assert report._repr_svg_().startswith("<svg")
    assert report._repr_markdown_().startswith("## shortcut-audit")


def test_a_frame_has_a_row_a_shortcut() -> None:
    pandas = pytest.importorskip("pandas")
    frame = audit(SAMPLE).to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["kind"]).count("projection") == 3
    assert int(frame["parameters"].sum()) == 172_928


def test_without_pandas_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match="pip install pandas"):
        audit(SAMPLE).to_frame()

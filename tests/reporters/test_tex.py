"""Is the table one that LaTeX reads, whatever a model is called?"""

from __future__ import annotations

import re
from dataclasses import replace

from shortcut_audit.reporters.tex import format as render
from tests.reporters.examples import RESNET18, UNBOUND, report


def test_a_row_a_model_between_the_rules_of_booktabs() -> None:
    text = render(report(RESNET18, UNBOUND))
    lines = text.splitlines()
    assert [line for line in lines if line.endswith("rule")] == ["\\toprule", "\\midrule", "\\bottomrule"]
    rows = [line for line in lines if line.endswith("\\\\")]
    assert [row.count(" & ") for row in rows] == [12, 12, 12]
    assert rows[1].startswith("models/resnet18.onnx & 11.7 M & 1.81 G & 8 & 5 & 0 & 0 & 3 & B & ")


def test_the_folder_that_all_models_lie_in_is_said_once() -> None:
    pair = (replace(RESNET18, source=f"nets/old_ones/{name}.onnx") for name in ("a", "b"))
    lines = render(report(*pair)).splitlines()
    assert lines[0] == "% in nets/old_ones/"
    assert [line.split(" & ")[0] for line in lines if ".onnx" in line] == ["a.onnx", "b.onnx"]


def test_no_name_is_a_command() -> None:
    text = render(report(replace(RESNET18, source="\\input{/etc/passwd} & 50% $x$ ~^_#")))
    row = next(line for line in text.splitlines() if "passwd" in line)
    assert not re.search(r"\\input|(?<!\\)[%$#_]", row)
    assert len(re.findall(r"(?<!\\)&", row)) == 12


def test_no_row_is_a_command_of_a_ci_agent() -> None:
    text = render(report(replace(RESNET18, source="::error::x")))
    assert not re.search("^::", text, re.MULTILINE)

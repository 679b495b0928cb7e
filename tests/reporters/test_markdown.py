"""What does a pull request show, and can a name write Markdown?"""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from shortcut_audit.report import AuditReport, Change, Comparison, Failure, Finding, Side
from shortcut_audit.reporters import markdown
from tests import goldens
from tests.reporters.examples import ESCAPES, HOSTILE, JUDGED, PLAIN, RESNET18, TRANSFORMER, UNKNOWN, report

ATTACKS = (
    *ESCAPES,
    "a | b | c",
    "a \\| b",
    "`code` ``more``",
    "**bold** _it_ ~~no~~",
    "[link](http://evil.example)",
    "![image](http://evil.example/x.png)",
    "http://evil.example www.evil.example me@evil.example",
    "@somebody fixes #1",
    "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "</details></summary>",
    "$\\sqrt{x}$ and $`y`$",
    "\\",
    "\\`",
    "| --- |",
)
GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OWN_TAGS = {
    "h2",
    "p",
    "ul",
    "li",
    "code",
    "strong",
    "pre",
    "br",
    "sub",
    "details",
    "summary",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}


def rendered(text: str) -> str:
    return str(GITHUB.render(text))


def tags(page: str) -> set[str]:
    return set(re.findall(r"<([a-z][a-z0-9]*)", page))


def test_the_report() -> None:
    goldens.check("judged.md", markdown.format(JUDGED))


def test_the_verdict_comes_first_and_details_are_folded() -> None:
    text = markdown.format(JUDGED)
    assert text.startswith("## shortcut-audit: 1 error, 1 warning, 1 note in 2 models; 1 could not be audited\n")
    assert text.index("identity-lost") < text.index("<details>")
    assert markdown.format(report(PLAIN)).startswith("## shortcut-audit: nothing to object to in 1 model\n")


def test_what_was_held_against_no_rule_is_not_said_to_be_in_order() -> None:
    """As `audit` in Python makes it: no run has judged it."""
    text = markdown.format(AuditReport("0.1.0", (PLAIN,)))
    assert text.startswith("## shortcut-audit: no rule was asked in 1 model\n")


def test_what_cannot_be_known_is_called_unknown() -> None:
    row = next(line for line in markdown.format(report(UNKNOWN)).splitlines() if line.startswith("| `decoder.onnx`"))
    assert row == (  # 65,536 of 2,898,176 are 2.2613 %
        "| `decoder.onnx` | 2,898,176 | unknown | 3 | 2 | 0 | 0 | 1 | mixed | 65,536 (2.26 %) "
        "| unknown | unknown | unknown |"
    )


def test_equal_blocks_share_a_row() -> None:
    """Twelve layers of two shortcuts each."""
    text = markdown.format(report(TRANSFORMER))
    first, last = "model.encoder.layers.0.self_attention", "model.encoder.layers.11.self_attention"
    assert f"| `{first}` … `{last}` (12 times) | identity |" in text
    assert text.count("identity |") == 3  # two rows, and the head of the table of models


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_name_writes_markdown(attack: str) -> None:
    """Whatever it is called, it is shown as it is called, and the page has the same shape."""
    side = Side(attack, "identity", (1, attack), None, 0, None)
    audit = AuditReport(
        "0",
        (replace(HOSTILE, source=attack),),
        (Finding("identity-lost", "error", attack, attack, attack),),
        (Failure(attack, attack),),
        (Comparison(attack, attack, attack, 0, (Change(side, side, "grew"),)),),
    )
    page = rendered(markdown.format(audit))
    assert tags(page) <= OWN_TAGS
    assert page.count("<tr>") == 1 + 1 + 1 + 1 + 1 + 1 + 1 + len(ESCAPES)  # a head and its rows: four tables
    assert all(row.count("<td") in {2, 4, 7, 13} for row in re.findall(r"<tr>(?!\n<th)(.*?)</tr>", page, re.DOTALL))
    outside_code = re.sub(r"<code[^>]*>.*?</code>", "", page, flags=re.DOTALL)
    assert not re.search(r"[@#$]\w", html.unescape(outside_code))
    assert all(line.isprintable() for line in page.split("\n"))


@pytest.mark.parametrize("attack", ["##[error]x", "##vso[task.complete result=Failed;]x", "##teamcity[x]", "a##[x]"])
def test_in_a_log_no_name_is_a_command(attack: str) -> None:
    """Markdown that goes to stdout stands in the log, where a code span stops nobody."""
    text = markdown.format(
        AuditReport("0", (), (Finding("identity-lost", "error", attack, attack, attack),), (Failure(attack, attack),))
    )
    assert not re.search(r"##\w*\[", text)
    assert html.unescape(re.sub("<[^>]*>", "", rendered(text))).count(attack) == 5


@pytest.mark.parametrize("attack", ["http://evil.example", "https://evil.example", "www.evil.example"])
def test_no_message_holds_a_link(attack: str) -> None:
    """GitHub links bare addresses, which CommonMark does not: they must not stand in the source as such."""
    text = markdown.format(AuditReport("0", (), (Finding("identity-lost", "error", "m", None, f"see {attack}"),)))
    assert attack not in text
    assert f"see {attack}" in html.unescape(rendered(text))


def test_an_ordinary_name_is_easily_read() -> None:
    text = markdown.format(AuditReport("0", (), (), (Failure("models/res net_18.onnx", "empty file"),)))
    assert "- `models/res net_18.onnx`: empty file\n" in text


def test_a_comment_stays_under_900_kilobytes() -> None:
    """Forty models of 200 different rows of long names each would take several megabytes."""
    blocks = tuple(
        replace(RESNET18.shortcuts[0], key=f"{'é' * 150}.{n}", weights_in_words=f"{n} " + "é" * 1_000)
        for n in range(200)
    )
    models = tuple(replace(RESNET18, source=f"{n}.onnx", shortcuts=blocks) for n in range(40))
    findings = tuple(
        Finding("identity-lost", "error", "é" * 5_000, "|" * 900 + str(n), "<|>" * 900) for n in range(900)
    )
    text = markdown.format(AuditReport("0", models, findings, tuple(Failure("é" * 900, "&" * 900) for _ in range(900))))
    assert len(text.encode()) < 900_000
    assert re.search(r"\n\d+ folded tables left out: this comment would not hold them\.\n", text)
    assert text.count("<details>") == text.count("</details>") > 0
    assert "\nand 850 more\n" in text

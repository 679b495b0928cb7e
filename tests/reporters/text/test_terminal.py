"""Can a person read the report, whatever the terminal and whatever the model?

The whole texts are in tests/golden; the tests here say what holds for all of them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from itertools import product

import pytest

from shortcut_audit.report import AuditReport, Comparison, Failure, Finding, ModelReport, Uncounted
from shortcut_audit.reporters import Style
from shortcut_audit.reporters.text.canvas import Page
from shortcut_audit.reporters.text.terminal import format as render
from tests import goldens
from tests.reporters import examples
from tests.reporters.examples import report

MODELS = {
    "resnet18": examples.RESNET18,
    "transformer": examples.TRANSFORMER,
    "highway": examples.HIGHWAY,
    "unbound": examples.UNBOUND,
    "plain": examples.PLAIN,
    "hostile": examples.HOSTILE,
}


@pytest.mark.parametrize("name", MODELS)
def test_each_model_at_80_columns(name: str) -> None:
    goldens.check(f"{name}.txt", render(report(MODELS[name]), Style()))


@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("resnet18.wide.txt", Style(width=120)),
        ("resnet18.ascii.txt", Style(ascii_only=True)),
        ("resnet18.verbose.txt", Style(verbose=1)),
        ("resnet18.quiet.txt", Style(quiet=True)),
        ("resnet18.color.txt", Style(color=True)),
        ("resnet18.narrow.txt", Style(width=40)),
        ("transformer.ascii.txt", Style(ascii_only=True)),
        ("transformer.wide.txt", Style(width=140)),
        ("transformer.narrow.txt", Style(width=50)),
        ("highway.verbose.txt", Style(verbose=1)),
    ],
)
def test_each_style(name: str, style: Style) -> None:
    goldens.check(name, render(report(MODELS[name.partition(".")[0]]), style))


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_terminal_breaks_a_line_of_a_quiet_report_and_a_pipe_gets_it_whole(width: int) -> None:
    several = report(examples.RESNET18, examples.TRANSFORMER, examples.PLAIN)
    shown = render(several, Style(width=width, quiet=True, watched=True)).splitlines()
    assert max(map(len, shown)) <= width
    assert len(render(several, Style(width=width, quiet=True)).splitlines()) == 1 + 3 + 1  # heads, models, the sum


def test_a_word_whose_style_changes_is_broken_nowhere() -> None:
    """The colon belongs to the name before it, which alone would just fit: 28 + 1 + 11 cells."""
    page = Page(Style(width=40))
    page.prose(f"{'x' * 28} ", ("layer2.0..9", "bold"), ": here")
    assert page.text().splitlines() == ["x" * 28, "layer2.0..9: here"]


def test_findings_comparison_and_failures() -> None:
    goldens.check("judged.txt", render(examples.JUDGED, Style()))
    goldens.check("judged.quiet.txt", render(examples.JUDGED, Style(quiet=True)))


STYLES = [
    Style(width, color, ascii_only, verbose)
    for width in (1, 40, 80, 300)
    for color in (False, True)
    for ascii_only in (False, True)
    for verbose in (0, 1)
]


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_no_name_does_anything(style: Style) -> None:
    shown = render(report(examples.HOSTILE), style)
    without_colors = re.sub(r"\x1b\[[0-9;]*m", "", shown) if style.color else shown
    for line in without_colors.split("\n"):
        assert not {unicodedata.category(character) for character in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
        assert not line.lstrip().startswith("::")
        assert len(line) <= max(style.width, 240)
    if style.ascii_only:
        assert shown.isascii()
    if style.color:
        assert without_colors == render(report(examples.HOSTILE), replace(style, color=False))


@pytest.mark.parametrize("model", [examples.RESNET18, examples.TRANSFORMER, examples.HIGHWAY], ids=lambda m: m.source)
@pytest.mark.parametrize("width", range(40, 161, 5))
def test_every_width_is_kept_and_no_number_is_cut(model: ModelReport, width: int) -> None:
    shown = render(report(model), Style(width))
    assert max(map(len, shown.split("\n"))) <= width
    for number in (model.totals.parameters, model.totals.macs, model.summary.extra_macs, model.summary.what_if.C.macs):
        assert f"{number:,}" in shown


def test_the_answer_comes_before_the_table() -> None:
    shown = render(report(examples.RESNET18), Style())
    answer = "8 shortcuts: 5 identity (no weights), 3 projections (W_s, with bias); option B\n"
    assert shown.index(answer) < shown.index("layer1.0")


def test_colors_are_the_sixteen_of_every_terminal() -> None:
    shown = render(report(examples.RESNET18), Style(color=True))
    assert set(re.findall(r"\x1b\[([0-9;]*)m", shown)) <= {"0", "1", "2", "31", "32", "33", "35", "36"}


def test_twenty_thousand_shortcuts_are_cut_with_a_note() -> None:
    one = examples.UNBOUND.shortcuts[0]
    letters = ["".join(chosen) for chosen in product("abcdefghij", repeat=4)]  # 10,000 names without a number
    names = [f"{kept}.{name}" for kept in ("x", "y") for name in letters]
    many = tuple(replace(one, key=name, parameters=n) for n, name in enumerate(names))
    shown = render(report(replace(examples.UNBOUND, shortcuts=many)), Style())
    assert "19,900 more shortcuts in 19,900 rows (-v shows all)" in shown
    assert "x.aajj " in shown  # the hundredth
    assert "x.abaa " not in shown


def test_twenty_thousand_shortcuts_that_differ_in_numbers_are_a_row() -> None:
    one = examples.UNBOUND.shortcuts[0]
    many = tuple(replace(one, key=f"block.{n}", parameters=n + 1) for n in range(20_000))
    shown = render(report(replace(examples.UNBOUND, shortcuts=many)), Style())
    assert re.search(r"block\.0…19999 +identity x20000 .* 1…20,000 ", shown)


def test_a_long_table_says_once_what_differs_in_sizes_only() -> None:
    """Two merges in each block of seven stages of two, which grow: 14 rows of runs, two where a screen is short."""
    one = examples.UNBOUND.shortcuts[0]
    many = tuple(
        replace(one, key=f"stages.{n // 2}.blocks.{n % 2}{rest}", parameters=96 * 2 ** (n // 2) + bool(rest))
        for n in range(14)
        for rest in ("", "#1")
    )
    model = replace(examples.UNBOUND, shortcuts=many)
    shown = render(report(model), Style())
    assert re.search(r"stages\.0…6\.blocks\.0…1 +identity x14 +96…6,144\n", shown)  # 96 x 2**6 = 6,144
    assert re.search(r"stages\.0…6\.blocks\.0…1#1 +identity x14 +97…6,145\n", shown)
    whole = render(report(model), Style(verbose=1))
    assert len(re.findall(r"^  stages\.[0-6]\.blocks\.0…1.* identity x2 ", whole, re.MULTILINE)) == 14


def test_a_name_that_is_too_long_stands_above_its_row_and_is_never_cut() -> None:
    first, _, third, *_ = examples.RESNET18.shortcuts
    long = ".".join(["a_module_of_some_length"] * 2)
    model = replace(examples.RESNET18, shortcuts=(replace(first, key=long), third))
    assert f"\n  {long}\n            identity    1x64x56x56 " in render(report(model), Style(80))
    assert all(f"\n  {long}" in render(report(model), Style(width)) for width in range(50, 120))


def test_what_all_rows_have_in_common_is_said_once() -> None:
    shown = render(report(examples.TRANSFORMER), Style())
    assert "in every row: x and its merge 2x128x768, W_s none, parameters 0, MACs 0\n" in shown
    assert "  W_s  " not in shown


def test_verbose_lists_every_other_addition() -> None:
    shown = render(report(examples.TRANSFORMER), Style(verbose=1))
    assert "(-v lists them)" not in shown
    assert all(other.name in shown for other in examples.TRANSFORMER.other_adds)
    assert "net.py:49" in shown
    assert "with /embeddings/Add_1" in shown


def test_the_same_note_is_written_once() -> None:
    first, second = examples.HIGHWAY.shortcuts[:2]
    shown = render(report(replace(examples.HIGHWAY, shortcuts=(first, replace(second, parameters=1)))), Style())
    assert shown.count("[1]") == 3  # at both rows and before the note
    assert shown.count("the gate 1 - T(x)") == 1


def test_a_lower_bound_says_so_and_names_what_is_missing() -> None:
    shown = render(report(examples.TRANSFORMER), Style())
    assert "≥ 22,951,231,488 MACs" in shown
    assert "not counted: com.example::Rotary\n" in shown


def test_what_is_not_counted_is_a_sentence_for_each_reason() -> None:
    hidden = Uncounted("Conv", "/stem", "the shape of its input is unknown: NonZero /find makes it")
    alike = tuple(replace(hidden, name=f"/{n}") for n in range(3))
    shown = render(report(replace(examples.TRANSFORMER, uncounted=(hidden, *alike))), Style())
    assert "not counted: Conv /stem and 3 like it: the shape of its input is" in shown
    verbose = render(report(replace(examples.TRANSFORMER, uncounted=(hidden, *alike))), Style(verbose=1))
    assert all(f"Conv {op.name}: " in verbose for op in (hidden, *alike))


def test_open_dimensions_say_which_dim_settles_them() -> None:
    shown = render(report(examples.UNBOUND), Style())
    assert "(2.10 M + 1.02 k x seq_len) x batch x seq_len MACs" in shown
    assert "add --dim batch=SIZE --dim seq_len=SIZE\n" in shown


def test_a_symbol_cannot_add_to_the_command_that_a_reader_copies() -> None:
    shown = render(report(replace(examples.UNBOUND, symbols=("n; rm -rf ~",))), Style())
    assert "add --dim 'n; rm -rf ~=SIZE'\n" in shown


def test_findings_on_which_a_rule_says_the_same_share_a_line() -> None:
    finding = examples.FINDINGS[1]
    many = tuple(replace(finding, shortcut=f"layer{n}") for n in range(1, 12))
    judged = AuditReport("0.1.0", (examples.RESNET18,), many)
    assert "layer1…11: reads a" in " ".join(render(judged, Style()).split())
    assert "layer10, layer11: reads a" in " ".join(render(judged, Style(verbose=1)).split())
    apart = tuple(replace(finding, shortcut=f"layer{n}") for n in range(0, 22, 2))
    shown = render(AuditReport("0.1.0", (examples.RESNET18,), apart), Style())
    assert "layer12, layer14, 3 more: reads a" in " ".join(shown.split())


def test_the_command_that_accepts_is_said_once() -> None:
    source = examples.RESNET18.source
    command = f"To accept: shortcut-audit {source} --write-baseline base.json"
    added = [Finding("shortcut-added", "note", source, key, f"is new: an identity. {command}") for key in "abc"]
    findings = (Finding("identity-lost", "error", source, "d", f"was an identity. {command}"), *added)
    beside = (Comparison(source, "base.json", source, 0),)
    shown = render(AuditReport("0.1.0", (examples.RESNET18,), findings, (), beside), Style())
    assert shown.count("To accept") == 1
    assert f": is new: an identity {command} 1 error, 3 notes" in " ".join(shown.split())


def test_only_failures_show_nothing() -> None:
    assert render(AuditReport("0.1.0", (), errors=(Failure("bad.onnx", "empty file"),)), Style()) == ""


def test_a_model_that_cannot_be_priced_has_no_zeros() -> None:
    shown = render(report(examples.UNKNOWN), Style())
    assert re.search(r"A: no weights on any +unknown +unknown\n", shown)
    assert "extra work     unknown MACs and FLOPs" in shown
    assert "held memory    unknown: x" in shown


def test_a_quiet_answer_is_broken_between_words_at_a_terminal_and_has_the_picture_that_was_asked_for() -> None:
    one = examples.report(examples.RESNET18)
    assert len(render(one, Style(width=60, quiet=True)).splitlines()) == 1
    shown = render(one, Style(width=60, quiet=True, watched=True)).splitlines()
    assert len(shown) > 1
    assert " ".join(line.strip() for line in shown) == render(one, Style(width=60, quiet=True)).strip()
    drawn = render(one, Style(quiet=True, diagram=True))
    assert "⊕─╯  layer1.0 identity" in drawn
    assert "what if" not in drawn

"""Does every word of a report have an answer?"""

from __future__ import annotations

import pytest

from shortcut_audit.command.explain import explain
from shortcut_audit.command.theory import section
from shortcut_audit.errors import UsageError
from shortcut_audit.gate.rules import RULE_IDS
from shortcut_audit.operators.declaration import MEANINGS


def test_a_word_is_answered_from_the_theory() -> None:
    answer = explain("parallel branches")
    assert answer.startswith("parallel branches\n\nThe operands have a past in common")
    assert "\n    y = W_1 x + W_2 x\n" in answer
    assert max(map(len, answer.splitlines())) <= 78


@pytest.mark.parametrize("rule", RULE_IDS)
def test_a_rule_answers_for_itself(rule: str) -> None:
    assert explain(rule).startswith(f"{rule} (")


def test_all_lists_rules_and_words() -> None:
    listed = explain("all")
    assert "identity-lost" in listed
    assert "held memory" in listed


def test_operators_lists_what_may_be_declared() -> None:
    answer = explain("operators")
    assert "  matmul(A, B) " in answer
    assert all(f"\n  {word} " in answer for word in MEANINGS)


def test_an_unknown_word_is_met_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'gated'"):
        explain("gatd")


@pytest.mark.parametrize(
    "word",
    [
        *("extra weights", "extra work", "merging", "held memory", "option", "what if", "plain", "MACs", "FLOPs"),
        *("params", "all", "identity", "free", "gated", "proj", "extra params", "extra MACs", "additions", "held"),
        *("block", "kind", "x", "F(x)", "y", "W_s", "skips", "parameters", "bias", "folded normalisation", "opset"),
        *("element-wise additions", "other additions", "per sample", "layers", "fork", "route", "depthwise", "buffers"),
        *("model", "output", "from", "in every row", "x2", "x 23", "#1", "1x1/2", "3x3/2", "changed", "new", "gone"),
        *("discards 3 of 4 positions", "reads one position in 9", "a learned diagonal"),
    ],
)
def test_every_label_and_head_of_a_report_is_explained(word: str) -> None:
    """As the report at a terminal, the page and the tables say them."""
    assert section(word) is not None

"""What does a rule object to, and what does a word of a report mean?

The rules answer for themselves; every other word is looked up in the theory.
"""

from __future__ import annotations

import textwrap

from shortcut_audit.command import theory
from shortcut_audit.errors import UsageError
from shortcut_audit.gate import policy
from shortcut_audit.gate.document import did_you_mean, shown
from shortcut_audit.gate.rules import RULE_IDS
from shortcut_audit.operators.declaration import FORMULAS, MEANINGS

WIDTH = 78

OPERATORS = """operators: what an operator does that is not understood, by "domain::Name"

[tool.shortcut-audit.operators]
"qonnx.custom_op.general::Quant" = "copy"
"my_lib::mix" = { kind = "linear", data = [0], weights = [1], macs = "matmul", of = [0, 1] }

A word, or a table: `kind` is the word, `data`, `weights` and `scales` list inputs (from 0), `macs` names a formula and
`of` the inputs on which it is asked. Inputs of a torch.library op are the tensors of the call, in order; what it writes
to is among what it makes, and all that it makes is what it is declared as. The words:"""

FORMULAS_ARE = "Without a formula, the MACs of linear and nonlinear are unknown; the others take none. The formulas:"


def explain(word: str) -> str:
    """The answer as text; of "all", one line for each rule and the other words that have an answer.

    Raises UsageError for a word that no report says.
    """
    if word == "all":
        return f"{policy.explain('all')}\n{_words()}operators: what may be declared of one that is not understood\n"
    if word == "operators":
        return _operators()
    if word in RULE_IDS:
        return policy.explain(word)
    heading = theory.section(word)
    if heading is not None:
        return f"{heading}\n\n{_wrapped(theory.sections()[heading])}\n"
    known = ("operators", *RULE_IDS, *theory.sections())
    raise UsageError(f"there is no rule and no word {shown(word)}{did_you_mean(word, known)}; --explain all lists them")


def _operators() -> str:
    """What may be declared of an operator in [tool.shortcut-audit.operators]."""
    said = [f"  {word:13}  {meaning}" for word, meaning in MEANINGS.items()]
    counted = [f"  {name + '(' + ', '.join(takes) + ')':18}  {what}" for name, (takes, what) in FORMULAS.items()]
    return "\n".join([OPERATORS, "", *said, "", FORMULAS_ARE, "", *counted, ""])


def _words() -> str:
    words = ", ".join(word for word in theory.sections() if not word.startswith("note: "))
    return textwrap.fill(f"words: {words}", WIDTH, subsequent_indent="  ", break_on_hyphens=False) + "\n"


def _wrapped(markdown: str) -> str:
    """The paragraphs of a section, as wide as a terminal; examples, which are indented, and lists stay as they are."""
    paragraphs = markdown.split("\n\n")
    return "\n\n".join(
        part if part.startswith(("    ", "1. ")) else textwrap.fill(part, WIDTH, break_on_hyphens=False)
        for part in paragraphs
    )

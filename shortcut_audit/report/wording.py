"""How is a number, a shape or a verdict said to people?

Nothing here is cut off with dots but names and the shapes of absurd rank; what is not known is called "unknown".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from shortcut_audit.algebra import spoken
from shortcut_audit.algebra.bounds import ratio
from shortcut_audit.algebra.formula import number_of
from shortcut_audit.algebra.polynomial import Cost, formula, is_vague, names
from shortcut_audit.frozen import frozen
from shortcut_audit.report import ModelReport, Option, Shape, Shortcut, Span
from shortcut_audit.report.words import KINDS, Kind

UNKNOWN = "unknown"
SYMBOL = re.compile(r"\w[\w.:-]*")
"""A symbolic size that is a name; any other is an expression over names."""

RANK_SHOWN = 8
"""Sizes of a shape that are spelled out."""

LONGEST_NUMBER = 1300
"""Digits: no cost has more (graph.model.COUNT_LIMIT)."""

SIZE_SHOWN = 24
"""Characters of a size that is a formula."""

_PREFIXES = ("", "k", "M", "G", "T", "P", "E", "Z", "Y", "R", "Q")
_BINARY = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")


@frozen
class Glyphs:
    """The characters beyond letters that a report is drawn with."""

    arrow: str
    ellipsis: str
    rule: str
    dot: str
    at_least: str


UNICODE = Glyphs(arrow="→", ellipsis="…", rule="─", dot="·", at_least="≥")
ASCII = Glyphs(arrow="->", ellipsis="...", rule="-", dot="-", at_least=">=")


Amount: TypeAlias = "int | str | None"
"""A number, or a formula over open sizes; None where it cannot be known."""


def _said(amount: Amount, say: Callable[[int], str]) -> str:
    number = _number(amount)
    if number is None:
        return UNKNOWN
    return say(number) if isinstance(number, int) else spoken.formula(number, say)


def _number(amount: Amount) -> Cost:
    if not isinstance(amount, str):
        return amount
    return int(amount) if amount.isdigit() and len(amount) < LONGEST_NUMBER else number_of(amount)


def doubled(amount: Amount) -> Amount:
    """Twice as much: FLOPs of so many MACs."""
    number = _number(amount)
    return None if number is None else formula(2 * number)


def exact(amount: Amount) -> str:
    """Every digit: 1814073344 is "1,814,073,344". Numbers over 60 digits, which no real model has, are shortened."""
    return _said(amount, _exact)


def _exact(number: int) -> str:
    return f"{number:,}" if number.bit_length() <= 200 else _short(number)


def short(amount: Amount) -> str:
    """Three digits and an SI prefix: 1814073344 is "1.81 G"; below 1,000 and 0 exact."""
    return _said(amount, _short)


def _short(number: int) -> str:
    if number < 0:
        return f"-{_short(-number)}"
    if number.bit_length() > 3000:
        return f"over 2^{number.bit_length() - 1}"
    digits = str(number)
    if len(digits) <= 3:
        return digits
    mantissa, power = _rounded(digits)
    if power // 3 >= len(_PREFIXES):
        return f"{mantissa[0]}.{mantissa[1:]}e{power}"
    whole = power % 3 + 1
    return f"{mantissa[:whole]}{'.' if whole < 3 else ''}{mantissa[whole:]} {_PREFIXES[power // 3]}"


def _rounded(digits: str) -> tuple[str, int]:
    """The first three digits, rounded half up, and the power of ten of the first."""
    rounded = str((int(digits[:4]) + 5) // 10) if len(digits) > 3 else digits
    return rounded[:3], len(digits) - 1 + (len(rounded) - 3)


def in_bytes(amount: Amount) -> str:
    """Bytes: "802,816 bytes (784 KiB)"."""
    return _said(amount, _in_bytes)


def in_brief(amount: Amount) -> str:
    """Bytes in brief: "784 KiB"."""
    return _said(amount, lambda number: _in_bytes(number).rpartition("(")[2].rstrip(")"))


def _in_bytes(number: int) -> str:
    power = min((number.bit_length() - 1) // 10, len(_BINARY) - 1) if number else 0
    if power == 0:
        return f"{exact(number)} bytes"
    tenths = (number * 20 + (1 << (10 * power))) >> (10 * power + 1)
    rough = f"{tenths // 10:,}" if tenths >= 1000 or tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"
    return f"{exact(number)} bytes ({rough} {_BINARY[power]})"


def share(part: Amount, whole: Amount) -> str:
    """A part of the model in percent: "1.48 %"; empty where it cannot be known, or depends on open sizes."""
    found = ratio(_number(part), _number(whole))
    return "" if found is None else percent(found.numerator, found.denominator) + " %"


def change(then: Amount, now: Amount) -> str:
    """A price against another: "+3.02 %", "=" for none; empty where it cannot be known, or depends on open sizes."""
    before, after = _number(then), _number(now)
    if before is None or after is None or before == 0:
        return ""
    if before == after:
        return "="
    found = ratio(after - before, before)
    return "" if found is None else f"{'+' if found > 0 else ''}{percent(found.numerator, found.denominator)} %"


def percent(part: int, whole: int) -> str:
    """100 x part / whole with three digits, in integer arithmetic: "1.48", "0", "under 0.01"."""
    hundredths = (abs(part) * 10_000 * 2 + whole) // (2 * whole)
    sign = "-" if part < 0 else ""
    if part and not hundredths:
        return f"{sign}under 0.01" if part > 0 else "over -0.01"
    if hundredths >= 10_000:
        return f"{sign}{exact((hundredths + 50) // 100)}"
    text = f"{hundredths // 100}.{hundredths % 100:02}" if hundredths < 1_000 else f"{(hundredths + 5) // 10 / 10:.1f}"
    return sign + (text if hundredths else "0")


def counted(number: int | None, noun: str, plural: str = "") -> str:
    """A number of things: "1 identity", "3 projections"."""
    return f"{exact(number)} {noun if number == 1 else plural or noun + 's'}"


def shape(sizes: Shape) -> str:
    """A shape as `--input` takes it: "1x3x224x224"; parted by commas where a size is a symbol; "?" where unknown."""
    if sizes is None:
        return "unknown shape"
    if not sizes:
        return "scalar"
    mark = "x" if all(isinstance(size, int | None) for size in sizes) else ","
    shown = [_size(size) for size in sizes[:RANK_SHOWN]]
    rest = f"{mark}.. ({len(sizes)} dimensions)" if len(sizes) > RANK_SHOWN else ""
    return mark.join(shown) + rest


def formula_of_size(size: str) -> str:
    """A size that is a formula, in words; "?" for a long one: JSON has it in full."""
    text = exact(size)
    plain = all(spoken.label(name) == name for name in names(number_of(size)))
    return text if plain and len(text) <= SIZE_SHOWN else "?"


def _size(size: int | str | None) -> str:
    if isinstance(size, str) and not SYMBOL.fullmatch(size):
        return formula_of_size(size)
    if isinstance(size, int) and size.bit_length() > 200:
        return short(size)
    return "?" if size is None else str(size)


def skipped(span: Span) -> tuple[str, ...]:
    """What a shortcut skips, in words, from the most to the least that there is to say."""
    if not span.weight_layers:
        return (counted(span.ops, "op"),)
    layers = counted(span.weight_layers, "layer")
    macs = f"{short(span.macs_formula)} MACs"
    return (f"{layers}, {exact(span.parameters)} parameters, {macs}", f"{layers}, {macs}", layers)


_KIND_WORDS: dict[Kind, tuple[str, str]] = {
    "identity": ("identity", "identity"),
    "parameter-free": ("parameter-free", "parameter-free"),
    "gated": ("gated", "gated"),
    "projection": ("projection", "projections"),
}

OPTIONS: dict[Option, tuple[str, str]] = {
    "A": ("option A", "no weights on any shortcut (He et al. 2015)"),
    "B": ("option B", "projections where dimensions change (He et al. 2015)"),
    "C": ("option C", "projections on all shortcuts (He et al. 2015)"),
    "mixed": ("option", "a mixture, none of A, B and C (He et al. 2015)"),
    "undecided": ("option", "undecided: open or unknown sizes decide whether dimensions change"),
    "none": ("option", "none: there are no shortcuts"),
}
"""He et al. 2015, section 3.3: a label, and what it means."""


def undecided(model: ModelReport) -> tuple[str, ...]:
    """The open sizes on which it depends what a report can say at all: a cost of too many terms, the option."""
    prices = model.summary.what_if
    costs = (model.totals.macs_formula, model.summary.extra_macs_formula, prices.B.macs_formula)
    vague = any(is_vague(_number(cost)) for cost in costs)
    return model.symbols if vague or model.summary.option == "undecided" else ()


def per_sample(model: ModelReport) -> str:
    """One line, where only the batch is open: every figure is also one for each sample. Empty otherwise.

    The batch is what the first axis of the inputs is open in, if every cost is so much for each of it.
    """
    total = _number(model.totals.macs_formula)
    name = None if total is None else spoken.per_one(total)
    leading = {given.shape[0] for given in model.inputs if given.shape}
    if name is None or model.symbols != (name,) or leading != {name}:
        return ""
    return f"only {spoken.label(name)} is open: what stands before x {spoken.label(name)} is per sample"


CONVENTION = "1 MAC = 2 FLOPs; per MAC, torch's FlopCounterMode counts 2, fvcore and paper 1"
"""What stands beside the numbers, since others count otherwise."""


_NO_SHORTCUTS = {
    0: "No shortcuts: the model has no additions",
    1: "No shortcuts: the only addition is no residual merge",
}


def verdict(model: ModelReport) -> str:
    """The answer, in one sentence: "8 shortcuts: 5 identity (no weights), 3 projections (W_s, no bias); option B"."""
    unknown = model.summary.unknown
    open_question = f"{counted(unknown, 'addition')} not understood" if unknown else ""
    if not model.shortcuts and unknown:
        return f"No shortcut is certain: {open_question}"
    if not model.shortcuts:
        none = _NO_SHORTCUTS.get(model.totals.adds) or (
            f"No shortcuts: none of the {exact(model.totals.adds)} additions is a residual merge"
        )
        joined = len(model.concatenations or ())
        return f"{none}; it skips by {counted(joined, 'concatenation')}" if joined else none
    parts = [part for kind in KINDS if (part := _of_kind(kind, [s for s in model.shortcuts if s.kind == kind]))]
    option = model.summary.option
    ending = f"; {option_of(model)[0]}" if option in {"A", "B", "C"} else ""
    ending += f"; {open_question}" if unknown else ""
    return f"{counted(len(model.shortcuts), 'shortcut')}: {', '.join(parts)}{ending}"


def option_of(model: ModelReport) -> tuple[str, str]:
    """The paper's option that a model follows: a label, and what it means. Where nothing changes size, A is B."""
    option = model.summary.option
    if option == "A" and all(s.fork.shape is not None and s.fork.shape == s.merge.shape for s in model.shortcuts):
        return "option A = B", "no weights on any shortcut; nothing changes size, so A and B are the same"
    return OPTIONS[option]


def _of_kind(kind: Kind, found: Sequence[Shortcut]) -> str:
    if not found:
        return ""
    singular, plural = _KIND_WORDS[kind]
    return f"{counted(len(found), singular, plural)} ({weights_of(found)})"


def weights_of(found: Sequence[Shortcut]) -> str:
    """Do these shortcuts hold a weight, and a bias? "no weights", "W_s, no bias", "W_s, with bias".

    A gate has no W_s: its weights make the gate. Neither has a lone normalisation or scale: that is a diagonal.
    """
    diagonal = [shortcut for shortcut in found if is_diagonal(shortcut)]
    maps = [shortcut for shortcut in found if not is_diagonal(shortcut)]
    parts = [_weights(maps, "learned gate" if found[0].kind == "gated" else "W_s")] if maps else []
    if diagonal:
        parts.append(f"{f'{exact(len(diagonal))} of them ' if maps else ''}a learned diagonal")
    return "; ".join(parts)


def is_diagonal(shortcut: Shortcut) -> bool:
    """Whether a projection has no matrix: a normalisation or a learned scale is all that its weights are for."""
    steps = {step.step_class for step in shortcut.route if step.weights}
    return shortcut.kind == "projection" and bool(steps) and "linear" not in steps


def _weights(found: Sequence[Shortcut], name: str) -> str:
    weighted = sum(shortcut.has_weight for shortcut in found)
    biased = sum(shortcut.has_bias for shortcut in found)
    if not weighted and not biased:
        return "no weights"
    weights = (
        name
        if weighted == len(found)
        else f"{exact(weighted)} of {exact(len(found))} with {'a ' * (name != 'W_s')}{name}"
    )
    if not biased:
        return f"{weights}, no bias"
    return f"{weights}, " + ("with bias" if biased == len(found) else f"{exact(biased)} with bias")

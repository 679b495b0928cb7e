"""How is a formula over open sizes read?

The grammar is a part of Python's, so that `eval(formula, {"floor": ..., **sizes})` is never needed and always possible:

    formula := term (("+" | "-") term)*
    term    := factor (("*" | "//" | "%" | "/") factor)*
    factor  := "-" factor | operand (("**" | "^") number)?
    operand := number | name | "'any name'" | function "(" formula ("," formula)* ")" | "(" formula ")"

What the tool writes uses + - * // ** max min broadcast depends. Files hold what exporters write (sympy's spelling: Max,
Mod, FloorDiv, ceiling, a floor around a fraction); what is no formula is the name of a size.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, reduce
from math import lcm

from shortcut_audit.algebra.derived import (
    ceil_divided,
    exactly_divided,
    floor_divided,
    larger,
    remainder,
    smaller,
    stretched,
)
from shortcut_audit.algebra.polynomial import FORMULA_LIMIT, NAME, VAGUE, Cost, Number, symbol, total, vague

TOKEN = (
    rf"\s*(?:(?P<number>\d{{1,1300}}(?![\w.]))|(?P<name>{NAME.pattern})|'(?P<quoted>(?:[^']|'')*)'"
    r"|(?P<mark>\*\*|//|[-+*/%^(),]))"
)

DEPTH_LIMIT = 40
"""Parentheses within parentheses."""

LONGEST = FORMULA_LIMIT
"""Characters of a formula that is read."""

CACHED = 2048


class _NoFormula(Exception):
    """The text is a name."""


@lru_cache(CACHED)
def number_of(text: str) -> Number:
    """The number that a formula stands for; what is no formula is a size of that name."""
    found = parsed(text)
    return symbol(text) if found is None else found


def parsed(text: str) -> Number | None:
    """The number that a formula stands for; None where the text is no formula, or comes to nothing sensible."""
    if len(text) > LONGEST:
        return None
    try:
        return _Reader(text).whole()
    except _NoFormula:
        return None


class _Fraction:
    """A formula over a positive number: a file may divide what it rounds later."""

    __slots__ = ("above", "below")

    def __init__(self, above: Number, below: int = 1) -> None:
        self.above, self.below = above, below

    def number(self) -> Number:
        """It is whole."""
        found = self.above if self.below == 1 else exactly_divided(self.above, self.below)
        if found is None:
            raise _NoFormula
        return found


class _Reader:
    """Takes a formula apart, from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        text, token = text.rstrip(), re.compile(TOKEN)
        while at < len(text):
            found = token.match(text, at)
            if found is None:
                raise _NoFormula
            at = found.end()
            kind = found.lastgroup or ""
            self._tokens.append((kind, found[kind].replace("''", "'") if kind == "quoted" else found[kind]))
        self._at, self._depth = 0, 0

    def whole(self) -> Number:
        """The number, once nothing is left to read."""
        found = self._sum().number()
        if self._at < len(self._tokens):
            raise _NoFormula
        return found

    def _take(self, *marks: str) -> str:
        """The next token, if it is one of these marks; empty otherwise."""
        if self._at < len(self._tokens) and self._tokens[self._at] in [("mark", mark) for mark in marks]:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return ""

    def _demand(self, mark: str) -> None:
        if not self._take(mark):
            raise _NoFormula

    def _sum(self) -> _Fraction:
        signed = [(1, self._term())]
        while sign := self._take("+", "-"):
            signed.append((1 if sign == "+" else -1, self._term()))
        below = lcm(*(term.below for _, term in signed))
        return _Fraction(total(term.above * (sign * below // term.below) for sign, term in signed), below)

    def _term(self) -> _Fraction:
        found = self._factor()
        while mark := self._take("*", "//", "%", "/"):
            other = self._factor()
            if mark == "*":
                found = _Fraction(found.above * other.above, found.below * other.below)
            elif mark == "/":
                found = _quotient(found, other)
            else:
                rule = floor_divided if mark == "//" else remainder
                found = _Fraction(_sensible(rule(found.number(), other.number())))
        return found

    def _factor(self) -> _Fraction:
        if self._take("-"):
            negated = self._nested(self._factor)
            return _Fraction(-1 * negated.above, negated.below)
        found = self._operand()
        if self._take("**", "^"):
            kind, text = self._next()
            if kind != "number" or int(text) > 64:
                raise _NoFormula
            found = _Fraction(reduce(lambda power, _: power * found.number(), range(int(text)), _one()))
        return found

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise _NoFormula
        self._at += 1
        return self._tokens[self._at - 1]

    def _operand(self) -> _Fraction:
        kind, text = self._next()
        if kind == "number":
            return _Fraction(int(text))
        if kind == "quoted":
            return _Fraction(symbol(text))
        if kind == "name":
            return self._applied(text) if self._take("(") else _Fraction(symbol(text))
        if text != "(":
            raise _NoFormula
        found = self._nested(self._sum)
        self._demand(")")
        return found

    def _applied(self, function: str) -> _Fraction:
        arguments = [self._nested(self._sum)]
        while self._take(","):
            arguments.append(self._nested(self._sum))
        self._demand(")")
        if function in ROUNDED and len(arguments) == 1:
            return _Fraction(_sensible(ROUNDED[function](arguments[0].above, arguments[0].below)))
        if function not in FUNCTIONS:
            raise _NoFormula
        return _Fraction(_sensible(FUNCTIONS[function]([argument.number() for argument in arguments])))

    def _nested(self, read: Callable[[], _Fraction]) -> _Fraction:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise _NoFormula
        found = read()
        self._depth -= 1
        return found


def _one() -> Number:
    return 1


def _quotient(above: _Fraction, below: _Fraction) -> _Fraction:
    if not isinstance(below.above, int) or below.above <= 0:
        raise _NoFormula
    return _Fraction(above.above * below.below, above.below * below.above)


def _sensible(found: Cost) -> Number:
    if found is None:
        raise _NoFormula
    return found


def _two(rule: Callable[[Number, Number], Cost]) -> Callable[[list[Number]], Cost]:
    return lambda numbers: rule(*numbers) if len(numbers) == 2 else None


ROUNDED: Mapping[str, Callable[[Number, int], Cost]] = {
    "floor": floor_divided, "ceil": ceil_divided, "ceiling": ceil_divided,
}  # fmt: skip

FUNCTIONS: Mapping[str, Callable[[list[Number]], Cost]] = {
    **dict.fromkeys(("max", "Max"), lambda numbers: reduce(larger, numbers)),
    **dict.fromkeys(("min", "Min"), lambda numbers: reduce(smaller, numbers)),
    **dict.fromkeys(("mod", "Mod", "PythonMod"), _two(remainder)),
    **dict.fromkeys(("FloorDiv", "CleanDiv"), _two(floor_divided)),
    "broadcast": _two(stretched),
    VAGUE: lambda numbers: vague(*(number.terms for number in numbers if not isinstance(number, int))),
}

"""How is a formula over open sizes said to people?

`4089184256*batch` is "4.09 G x batch", `64*batch*((h + 1)//2)` "64 x batch x ceil(h/2)". What all terms share is said
once, and of many terms the first few. Symbols come out of files: what is no plain letter of a name is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from shortcut_audit.algebra.derived import common_factor, without_factor
from shortcut_audit.algebra.polynomial import (
    Atom,
    Derived,
    Monomial,
    Number,
    Polynomial,
    is_vague,
    names,
    symbol,
    terms_of,
)

TERMS_SHOWN = 4
NAMES_SHOWN = 4
LONGEST_NAME = 40
LONGEST_TERM = 60
"""Characters of a derived term that is spelled out."""

_ODD = re.compile(r"[^A-Za-z0-9_.\[\]-]+")


def formula(number: Polynomial, say: Callable[[int], str]) -> str:
    """The formula in words; `say` says a number."""
    if is_vague(number):
        return f"depends on {listed(names(number))}"
    _, shared = common_factor(number)
    rest = without_factor(number, 1, shared)
    if isinstance(rest, int):
        return _product(say(rest) if rest != 1 else "", shared)
    return _product(f"({_sum(rest, say)})" if shared else _sum(rest, say), shared)


def listed(symbols: Iterable[str]) -> str:
    """The names of open sizes: "batch, h and 3 more"."""
    found = list(symbols)
    more = f" and {len(found) - NAMES_SHOWN} more" if len(found) > NAMES_SHOWN else ""
    return ", ".join(map(label, found[:NAMES_SHOWN])) + more


def label(name: str) -> str:
    """A symbol as it is shown: its plain letters."""
    return _ODD.sub("_", name)[:LONGEST_NAME].strip("_") or "size"


def _sum(number: Polynomial, say: Callable[[int], str]) -> str:
    terms = sorted(number.terms.items(), key=lambda term: (-abs(term[1]), term[1] < 0))
    counts = ["" if abs(times) == 1 and monomial else say(abs(times)) for monomial, times in terms]
    shown = [_product(count, monomial) for count, (monomial, _) in zip(counts, terms, strict=True)]
    signs = ["-" if times < 0 else "+" for _, times in terms]
    text = (f"-{shown[0]}" if signs[0] == "-" else shown[0]) + "".join(
        f" {sign} {term}" for sign, term in zip(signs[1:TERMS_SHOWN], shown[1:TERMS_SHOWN], strict=True)
    )
    return f"{text} + {len(terms) - TERMS_SHOWN} more terms" if len(terms) > TERMS_SHOWN else text


def _product(count: str, monomial: Monomial) -> str:
    factors = [_atom(atom) + (f"^{exponent}" if exponent > 1 else "") for atom, exponent in monomial]
    return " x ".join(filter(None, [count, *factors]))


def _atom(atom: Atom) -> str:
    if isinstance(atom, str):
        return label(atom)
    text = _derived(atom)
    return text if len(text) <= LONGEST_TERM else f"({atom.function} of {listed(_symbols(atom))})"


def _symbols(atom: Derived) -> list[str]:
    return list(dict.fromkeys(name for argument in atom.arguments for name in names(argument)))


def _derived(atom: Derived) -> str:
    if atom.function != "//":
        return f"{atom.function}({', '.join(map(_plain, atom.arguments))})"
    above, below = atom.arguments
    constant = terms_of(above).get((), 0)
    if isinstance(below, int) and constant == below - 1:
        return f"ceil({_operand(above - constant)}/{below})"
    return f"floor({_operand(above)}/{_operand(below)})"


def _plain(number: Number) -> str:
    return str(number) if isinstance(number, int) else _sum(number, str)


def _operand(number: Number) -> str:
    text = _plain(number)
    return f"({text})" if " " in text else text


def per_one(number: Number) -> str | None:
    """The symbol of the only open size, where the number is so much for each of it; None otherwise."""
    found = names(number)
    alone = not isinstance(number, int) and len(found) == 1 and set(number.terms) == set(symbol(found[0]).terms)
    return found[0] if alone and found else None

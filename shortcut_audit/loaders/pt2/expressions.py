"""How is a symbolic size written for people?

PyTorch saves it as sympy's `srepr` writes it: "Mul(Integer(8), Symbol('s0', positive=True, integer=True))". People, and
programs in memory, write "8*s0". Nothing is evaluated, and what is not as expected stays as it is.
"""

from __future__ import annotations

import re
from typing import NamedTuple

TOKEN = re.compile(r"Symbol\('(?P<symbol>\w+)'[^()]*\)|Integer\((?P<number>-?\d+)\)|(?P<function>\w+)\(|(?P<end>\))|, ")

LONGEST = 1000
"""Characters of an expression beyond which it is left as it is."""


def readable(expression: str) -> str:
    """The expression with sums and products written as such."""
    if len(expression) > LONGEST:
        return expression
    calls: list[tuple[str, list[_Term]]] = [("", [])]
    at = 0
    while at < len(expression):
        found = TOKEN.match(expression, at)
        if found is None or (found["end"] and len(calls) == 1):
            return expression
        at = found.end()
        if found["function"]:
            calls.append((found["function"], []))
        elif found["end"]:
            name, terms = calls.pop()
            calls[-1][1].append(_written(name, terms))
        elif found["symbol"] or found["number"]:
            calls[-1][1].append(_Term(found["symbol"] or found["number"]))
    return calls[0][1][0].text if len(calls) == 1 and len(calls[0][1]) == 1 else expression


class _Term(NamedTuple):
    text: str
    is_sum: bool = False


def _written(name: str, terms: list[_Term]) -> _Term:
    if name == "Add":
        return _Term(" + ".join(term.text for term in terms), is_sum=True)
    if name == "Mul":
        return _Term("*".join(f"({term.text})" if term.is_sum else term.text for term in terms))
    return _Term(f"{name}({', '.join(term.text for term in terms)})")

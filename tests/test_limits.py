"""How far is looked, and how much is listed?

A verdict just before a limit may be another one than just behind it, and so may a report. Whoever moves a limit finds
here that it is one, and reads in its docstring what it stands for.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import shortcut_audit

LIMITS = {
    "account.describe": {"STEPS_SHOWN": 64, "OPS_SHOWN": 64},
    "account.whatif": {"STEPS_FOLLOWED": 64},
    "account.entries": {"NAMES_SHOWN": 64},
    "account.uncounted": {"NAMED": 80},
    "gate.accepted": {"COUNT_LIMIT": 10**100},
    "gate.config": {"SIZE_LIMIT": 1_048_576},
    "gate.document": {"ENTRIES": 1_000},
    "gate.kept": {"SIZE_LIMIT": 16_777_216, "NAMES_SAID": 8, "SCHEMA_VERSION": 1},
    "gate.paths": {"PARTS": 32},
    "gate.roll": {"COMPARED": 16},
    "operators.declaration": {"SLOT_LIMIT": 1_000},
    "operators.shapes.call": {"SIZE_LIMIT": 9_223_372_036_854_775_807, "NUMBER_LIMIT": 18_446_744_073_709_551_616},
    "operators.shapes.resampling": {"EXACT": 256},
    "operators.shapes.selection": {"END": 2_147_483_647},
    "operators.counting.packing": {"BYTE": 8},
    "operators.counting.attention": {"ONE_SEQUENCE": 2},
    "search.ancestry": {"BLOCK": 1_024},
    "search.between": {"KEPT": 65_536, "TIDIED": 64},
    "search.beside": {"TAKEN_OUT": 64},
    "search.cones": {"PARTED_OPERANDS": 8, "CUTS": 32},
    "search.gates": {"REACH": 64},
    "search.holdings": {"FEW": 32},
    "search.lineage": {"TIDIED": 64},
    "search.linear": {"NESTED": 4},
    "search.logits": {"LOGIT_REACH": 64},
    "search.marks": {"AGAIN": 3},
    "search.opaque": {"NEAREST": 4},
    "search.positions": {"FOLLOWED": 64},
    "search.prices": {"CLASS_BITS": 32},
    "search.totals": {"OVERLAID": 8},
    "search.rewrites.cuts": {"WALKED": 16},
    "search.rewrites.pieces": {"READERS": 64, "WALKED": 50},
    "search.rewrites.products": {"FACTORS": 16, "READERS": 16},
    "search.rewrites.sums": {"WIDE": 32, "DEPTH": 4, "LOOKS": 32},
    "search.rewrites.values": {"OPSET": 17},
    "search.shortcuts": {"FORKS": 6},
    "search.siblings": {"READERS": 64, "WHOLE_VALUES": 64},
    "search.stacks": {"VIEWS": 8},
    "search.trial": {"MARKED": 8, "TIES": 16},
    "search.unseen": {"WALKED": 50},
}

ROOMS = ("account", "gate", "operators", "search")


def written() -> Iterator[tuple[str, str]]:
    """The modules of these rooms, each with the name of a whole number that it sets for all of itself."""
    package = Path(shortcut_audit.__file__).parent
    for file in (file for room in ROOMS for file in (package / room).rglob("*.py")):
        module = ".".join(file.relative_to(package).with_suffix("").parts)
        for name in re.findall(r"^([A-Z_]+)(?:: \w+)? = ", file.read_text(encoding="utf-8"), re.MULTILINE):
            if type(getattr(importlib.import_module(f"shortcut_audit.{module}"), name)) is int:
                yield module, name


@pytest.mark.parametrize("module", LIMITS)
def test_a_limit_is_what_it_was(module: str) -> None:
    found = importlib.import_module(f"shortcut_audit.{module}")
    assert {name: getattr(found, name) for name in LIMITS[module]} == LIMITS[module]


def test_every_limit_is_listed() -> None:
    """The places in a tuple and in a mask are numbers, too, and a version is one, and no limits."""
    places = {("gate.baseline", "CHANNELS"), ("search.streams", "POSITIONS"), ("search.walk", "LEAPT")}
    places.add(("search.ranks", "OPSET"))
    listed = {(module, name) for module, names in LIMITS.items() for name in names}
    assert set(written()) == listed | places

"""What do the rules object to where a graph of the gallery has been changed?

The graph as the gallery draws it is what was accepted, the changed one is what stands before the judge, and the
settings lie at the boundary: each budget is the cost, or one more, or one less, as chance has it. In half of the cases
nodes stand in modules, some of which are elsewhere in the changed graph.
tests/golden/objections.txt holds what is said then. An entry opens with `==`, the title of the graph and the change;
then come the settings and the objections, and behind `--` what has become of the layers.

    WRITE_GOLDEN=1 pytest tests/gate/test_objections.py

writes the objections anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random
from zlib import crc32

from shortcut_audit.gate.accepted import accept
from shortcut_audit.gate.baseline import compare
from shortcut_audit.gate.difference import difference
from shortcut_audit.gate.policy import judge
from shortcut_audit.gate.settings import Budget, Settings
from shortcut_audit.graph.draft import Draft
from shortcut_audit.pipeline import audit_draft
from shortcut_audit.report import KINDS, ModelReport
from tests.gallery import Picture, pictures
from tests.varied import drawn

FILE = Path(__file__).parents[1] / "golden" / "objections.txt"

CASES = 2
"""How many changes of a graph are judged."""

OFF = ("identity-lost", "weighted-shortcut-added", "shortcut-cost-grew", "avoidable-projection")


def cases() -> Iterator[tuple[Picture, str, Draft]]:
    """The pictures, each with changes."""
    for picture in pictures():
        tried = drawn(picture)
        for name, draft in Random(crc32(picture.title.encode()) + 1).sample(tried, min(CASES, len(tried))):
            yield picture, name, draft


def scoped(draft: Draft, name: str, *, moved: bool) -> Draft:
    """The draft, of every second change with its nodes in modules, by their names; some of which may have moved."""
    number = crc32(name.encode())
    if number % 2:
        return draft
    nodes = []
    for node in draft.nodes:
        mark = crc32(f"{name} {node.name}".encode())
        scope = f"block{len(node.name) % 3}.part{mark % 2}"
        if moved and mark % 5 == 0:
            scope = (f"{scope}.inner", "", scope.partition(".")[0], "other.part0")[mark % 4]
        nodes.append(replace(node, scope=scope))
    return replace(draft, nodes=tuple(nodes))


def a_budget(chance: Random, cost: int | None, total: int | None) -> Budget | None:
    """About as much as is taken: a count, or a share of all; or none at all."""
    near = max(0, (cost or 0) + chance.choice([-1, 0, 0, 1]))
    if chance.random() < 0.4:
        return None
    if total and chance.random() < 0.3:
        return Budget("a share", Fraction(near, total), relative=True)
    return Budget(str(near), Fraction(near))


def settings(chance: Random, model: ModelReport) -> Settings:
    """What is asked of a model, by chance, near what it has."""
    summary, totals = model.summary, model.totals
    return Settings(
        max_extra_parameters=a_budget(chance, summary.extra_parameters, totals.parameters),
        max_extra_macs=a_budget(chance, summary.extra_macs, totals.macs),
        max_parameters=a_budget(chance, totals.parameters, None),
        max_macs=a_budget(chance, totals.macs, None),
        max_held_memory=a_budget(chance, summary.held_bytes, None),
        max_projections=chance.choice([None, max(0, summary.projection - 1), summary.projection]),
        min_identities=chance.choice([None, summary.identity, summary.identity + 1]),
        allowed_kinds=chance.choice([None, ("identity",), KINDS[:2], KINDS]),
        rules={chance.choice(OFF): "off"} if chance.random() < 0.3 else {},
    )


def asked(given: Settings) -> str:
    """The settings in words."""
    budgets = [
        f"{key} {budget.limit}"
        for key in ("max_extra_parameters", "max_extra_macs", "max_parameters", "max_macs", "max_held_memory")
        if (budget := getattr(given, key)) is not None
    ]
    others = [
        f"{key} {value}" for key in ("max_projections", "min_identities") if (value := getattr(given, key)) is not None
    ]
    kinds = [] if given.allowed_kinds is None else ["kinds " + "+".join(given.allowed_kinds)]
    return ", ".join([*budgets, *others, *kinds, *(f"{rule} off" for rule in given.rules)])


def said(picture: Picture, name: str, draft: Draft) -> str:
    """An entry of the file."""
    before, after = scoped(picture.draft(), name, moved=False), scoped(draft, name, moved=True)
    then, now = audit_draft(before), audit_draft(after)
    given = settings(Random(crc32(f"{picture.title} {name}".encode())), now)
    found = judge(now, given, compare(now, accept(then), "base.json"))
    objections = [f"{one.level} {one.rule} {one.shortcut or ''}: {one.message}" for one in found]
    gone = difference(then, now)
    layers = [f"added {layer.name}" for layer in gone.layers_added]
    layers += [f"removed {layer.name}" for layer in gone.layers_removed]
    layers += [f"changed {one.then.name} to {one.now.name}" for one in gone.layers_changed]
    changes = [f"{one.cost} {one.then and one.then.key} to {one.now and one.now.key}" for one in gone.changes]
    last = ", ".join([*layers, f"{gone.layers_unchanged} layers unchanged", *changes])
    shorter = (line.replace(" To accept: shortcut-audit listing --write-baseline base.json", "") for line in objections)
    return "\n".join([f"== {picture.title} | {name}", asked(given), *shorter, f"-- {last}", ""])


def write() -> None:
    """Writes the file, with the objections of today."""
    FILE.write_text("\n".join(said(*case) for case in cases()), encoding="utf-8")

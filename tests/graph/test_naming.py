from __future__ import annotations

import time

from shortcut_audit.graph.naming import Names


def test_a_name_is_as_wanted_unless_somebody_has_it() -> None:
    names = Names(["x", "x~1"])
    assert [names.fresh(wanted) for wanted in ("y", "x", "x", "y", "x~1")] == ["y", "x~2", "x~3", "y~1", "x~1~1"]


def test_a_derived_name_is_never_the_name_itself() -> None:
    assert Names().beside("x") == "x~1"


def test_names_taken_on_purpose_cost_one_attempt_each() -> None:
    """Quadratic, 50,000 names of which each asks for the same would take minutes of processor time."""
    names = Names(f"x~{number}" for number in range(50_000))
    start = time.process_time()
    made = {names.beside("x") for _ in range(50_000)}
    assert len(made) == 50_000
    assert time.process_time() - start < 5

"""How is a size written that a file spells otherwise?"""

from __future__ import annotations

from shortcut_audit.graph.sizes import canonical


def test_a_formula_is_written_one_way() -> None:
    assert canonical("2 + b") == canonical("b+2") == "b + 2"
    assert canonical(7) == 7
    assert canonical(None) is None


def test_a_name_longer_than_any_formula_is_cut_and_stays_itself() -> None:
    one, other = canonical("n" * 8001), canonical("n" * 8002)
    assert isinstance(one, str)
    assert isinstance(other, str)
    assert len(one.strip("'")) == len(other.strip("'")) == 200
    assert one != other
    assert canonical(one) == one
    assert canonical("n" * 8000) == "n" * 8000

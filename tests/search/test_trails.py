"""Which steps lead from a fork to a value?"""

from __future__ import annotations

import pytest

from shortcut_audit.search.lineage import Lineage
from shortcut_audit.search.steps import Step
from shortcut_audit.search.trails import Link, Trail, Trails
from tests.sketch import sketch


def trail(steps: int) -> Trail:
    """x, transposed again and again."""
    lineage = Lineage(sketch("x -> " + " -> ".join(f"Transpose.{n}" for n in range(steps)), shape=(1, 8, 8)))
    trails = Trails(lineage.values)
    made = trails.at(lineage.number["x"])
    for n in range(steps):
        made = trails.on(made, lineage.number[f"Transpose.{n}"], 0, int(Step.VIEW))
    return made


def nth(link: Link) -> int:
    return int(link.op.name.removeprefix("Transpose."))


def test_a_trail_lists_its_steps_from_the_fork_on() -> None:
    assert [nth(link) for link in trail(5)] == [0, 1, 2, 3, 4]
    assert not trail(1).before


@pytest.mark.parametrize(
    ("steps", "first", "last"), [(4, [0, 1, 2, 3], []), (5, [0, 1], [3, 4]), (40, [0, 1], [38, 39])]
)
def test_of_a_long_one_the_ends_are_listed(steps: int, first: list[int], last: list[int]) -> None:
    """Half of four at each end; four steps are all of them."""
    assert [list(map(nth, links)) for links in trail(steps).ends(4)] == [first, last]


def test_the_same_steps_are_the_same_trail() -> None:
    lineage = Lineage(sketch("x -> Relu -> Transpose", shape=(1, 8, 8)))
    trails, relu = Trails(lineage.values), lineage.number["Relu"]
    assert trails.on(trails.at(0), relu, 0, 6) is trails.on(trails.at(0), relu, 0, 6)
    assert trails.on(trails.at(0), relu, 0, 6) is not trails.on(trails.at(0), relu, 0, 0)


def test_what_is_asked_of_a_trail_is_asked_of_each_step_once() -> None:
    asked: list[int] = []

    def is_third(link: Link) -> bool:
        asked.append(nth(link))
        return nth(link) == 2

    long = trail(10)
    assert long.before is not None
    found = long.before.first(is_third)
    assert found is not None
    assert (found.length, found.last) == (3, [*long][2])
    assert long.first(is_third) is found
    assert long.any(is_third)
    assert asked == [0, 1, 2]


def test_a_fold_adds_up_the_steps_in_their_order() -> None:
    def listed(names: tuple[int, ...], upto: Trail) -> tuple[int, ...]:
        assert upto.last is not None
        return (*names, nth(upto.last))

    long = trail(3)
    assert long.before is not None
    assert long.before.fold("names", (), listed) == (0, 1)
    assert long.fold("names", (), listed) == (0, 1, 2)


def test_the_last_step_that_passes_a_test() -> None:
    long = trail(10)
    assert long.latest(lambda link: nth(link) % 4 == 2) is long.up_to(7)  # Transpose.6 makes value 7
    assert long.latest(lambda link: nth(link) > 9) is None


@pytest.mark.parametrize("steps", [1, 2, 7, 40])
def test_how_far_a_trail_leads_up_to_a_value(steps: int) -> None:
    """x is value 0, and step n makes value n + 1."""
    long = trail(steps)
    assert [len(long.up_to(number)) for number in range(steps + 2)] == [*range(steps + 1), steps]
    assert len(long.up_to(-1)) == 0
    assert [long.leads_through(number) for number in range(-1, steps + 2)] == [False, *[True] * (steps + 1), False]

"""Do the operands of one op fit together, and how large is each of its axes?"""

from __future__ import annotations

import pytest

from shortcut_audit.graph.model import COUNT_LIMIT, Shape
from shortcut_audit.operators.counting.axes import Axes, labelled, product


@pytest.mark.parametrize(
    ("factors", "made"),
    [
        ((), 1), ((7,), 7), ((2, 3, 4), 24), ((2, 0), 0), ((2, None), None), ((0, None), None), ((2, -1), None),
        ((0, -1), None), ((COUNT_LIMIT,), COUNT_LIMIT), ((COUNT_LIMIT, 2), None), ((COUNT_LIMIT, 2, 0), 0),
        ((COUNT_LIMIT + 1,), None), ((1, COUNT_LIMIT, 1), COUNT_LIMIT),
    ],
)  # fmt: skip
def test_a_product(factors: tuple[int | None, ...], made: int | None) -> None:
    assert product(*factors) == made


@pytest.mark.parametrize(
    ("term", "shape", "named"),
    [
        ("mk", (2, 3), [("m", 2), ("k", 3)]),
        ("mk", (2,), None), ("mk", (2, 3, 4), None), ("", (), []), ("", (2,), None),
        ("...mk", (2, 3), [("m", 2), ("k", 3)]),
        ("...mk", (5, 6, 2, 3), [("…1", 5), ("…0", 6), ("m", 2), ("k", 3)]),
        ("b...k", (5, 6, 3), [("b", 5), ("…0", 6), ("k", 3)]),
        ("...", (5, 6), [("…1", 5), ("…0", 6)]),
        ("...mk", (2,), None),
        ("m1", (2, 3), None), ("mß", (2, 3), None),
    ],
)  # fmt: skip
def test_the_axes_of_an_operand(term: str, shape: tuple[int, ...], named: list[tuple[str, int]] | None) -> None:
    assert labelled(term, shape) == named


@pytest.mark.parametrize(("rank", "known"), [(64, True), (65, False)])
def test_a_tensor_has_sixty_four_axes_at_most(rank: int, known: bool) -> None:
    assert (labelled("...", (1,) * rank) is not None) is known


@pytest.mark.parametrize(
    ("left", "right", "count"),
    [
        ((2, 3), (3, 4), 24), ((2, 3), (5, 4), None), ((2, None), (3, 4), 24), ((2, 3), (None, 4), 24),
        ((2, None), (None, 4), None), (None, (3, 4), None), ((2,), (3, 4), None), ((0, 3), (3, 4), 0),
        ((7, 2, 3), (3, 4), 168),  # 7 x 24
        ((7, 2, 3), (1, 3, 4), 168), ((1, 2, 3), (7, 3, 4), 168), ((7, 2, 3), (7, 3, 4), 168),
        ((7, 2, 3), (6, 3, 4), None), ((5, 7, 2, 3), (7, 3, 4), 840), ((5, 1, 2, 3), (7, 3, 4), 840),
    ],
)  # fmt: skip
def test_a_product_of_matrices(left: Shape, right: Shape, count: int | None) -> None:
    """m x k times k x n, for every pair of matrices; whatever stands before them is stretched."""
    axes = Axes()
    axes.read("...mk", left)
    axes.read("...kn", right)
    assert axes.count("...mkn") == count


def test_what_the_result_says_holds_for_all_operands_together() -> None:
    axes = Axes()
    axes.read("mk", (None, 3))
    axes.read("kn", (3, 4))
    assert axes.size("m") is None
    axes.made("mn", (2, 4))
    assert (axes.size("m"), axes.size("k"), axes.count("mkn")) == (2, 3, 24)
    axes.made("mn", (2, 5))  # of 4 columns
    assert (axes.possible, axes.count("mkn")) == (False, None)


def test_of_an_operand_without_a_shape_nobody_knows_over_what_it_is_stretched() -> None:
    axes = Axes()
    axes.read("...mk", None)
    axes.read("...kn", (3, 4))
    axes.made("...mn", None)
    assert axes.count("...mkn") is None
    axes.made("...mn", (7, 2, 4))  # the result has all of it
    assert axes.count("...mkn") == 168


def test_what_is_not_open_is_not_stretched_by_its_result() -> None:
    axes = Axes()
    axes.read("...mk", (2, 3))
    axes.read("...kn", (3, 4))
    axes.made("...mn", (7, 2, 4))
    assert (axes.possible, axes.count("...mkn")) == (False, None)


@pytest.mark.parametrize(("sizes", "larger"), [((1, 4), 4), ((4, 1), 4), ((4, 4), 4), ((3, 4), None)])
def test_named_axes_that_are_stretched(sizes: tuple[int, int], larger: int | None) -> None:
    axes = Axes()
    for size in sizes:
        axes.read("a", (size,), stretched=True)
    assert axes.count("a") == larger
    fixed = Axes()
    for size in sizes:
        fixed.read("a", (size,))
    assert fixed.count("a") == (4 if sizes == (4, 4) else None)


def test_several_terms_are_added() -> None:
    axes = Axes()
    axes.read("ab", (2, 3))
    axes.read("c", (5,))
    assert axes.count("ab", "c") == 11
    assert axes.count("ab", "d") is None
    axes.demand(True)
    assert axes.count("ab") == 6
    axes.demand(False)
    axes.demand(True)
    assert axes.count("ab") is None

"""Which pattern is repeated from here on?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

LONGEST_PATTERN = 8
"""Items of a pattern: a decoder layer has three merges, a Swin stage alternates two layers of two."""
FEWEST_REPEATS = 2


def pattern(
    looks: Sequence[Hashable], start: int, fewest: Callable[[int], int] = lambda length: FEWEST_REPEATS
) -> tuple[int, int]:
    """The length of the pattern that covers most from `start` on, and how often it comes; (1, 1) for none.

    Of those that cover as much, the shortest. `fewest`: how often a pattern of some length must come. Linear in what is
    covered.
    """
    best = 1, 1
    for length in range(1, LONGEST_PATTERN + 1):
        end = start + length
        while end < len(looks) and looks[end] == looks[end - length]:
            end += 1
        repeats = (end - start) // length
        if repeats >= fewest(length) and length * repeats > best[0] * best[1]:
            best = length, repeats
    return best

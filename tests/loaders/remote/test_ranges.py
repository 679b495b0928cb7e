"""Is a distant file the same bytes, and little of it fetched?"""

from __future__ import annotations

import io
import random
from concurrent.futures import Future

import pytest

from shortcut_audit.errors import UnreadableModel
from shortcut_audit.loaders.remote import ranges
from shortcut_audit.loaders.remote.ranges import Ranges, RangesFile, Transfer

SIZE = 3_000_000
DATA = random.Random(0).randbytes(SIZE)


def distant(asked: list[tuple[int, int]], head: int = 1_000) -> Ranges:
    def fetch(start: int, end: int) -> bytes:
        assert 0 <= start < end <= SIZE
        asked.append((start, end))
        return DATA[start:end]

    return Ranges(fetch, SIZE, DATA[:head], Transfer())


@pytest.mark.parametrize("seed", range(20))
def test_any_order_gives_the_same_bytes_and_none_comes_twice(seed: int) -> None:
    chance, asked = random.Random(seed), []
    data = distant(asked)
    for _ in range(200):
        start = chance.randrange(SIZE)
        end = start + chance.choice([1, 10, 1_000, 100_000])
        assert data[start:end] == DATA[start:end]
        assert data[start] == DATA[start]
    fetched = [(0, 1_000), *asked]
    assert sum(end - start for start, end in fetched) == len({at for s, e in fetched for at in range(s, e)})


def test_reading_on_takes_few_requests() -> None:
    """8 kB, then twice as much each time up to 1 MiB: 8 + 16 + ... + 1,024 kB = 2 MB in eight, and one for the rest."""
    asked: list[tuple[int, int]] = []
    data = distant(asked)
    assert bytes(data[at] for at in range(SIZE)) == DATA
    assert len(asked) == 9


def test_what_is_far_is_leapt_over() -> None:
    asked: list[tuple[int, int]] = []
    data = distant(asked)
    for at in range(500_000, SIZE, 500_000):
        assert data[at] == DATA[at]
    assert [start for start, _ in asked] == [500_000, 1_000_000, 1_500_000, 2_000_000, 2_500_000]
    assert sum(end - start for start, end in asked) == 5 * ranges.LANDING


def test_what_is_near_is_read_through() -> None:
    asked: list[tuple[int, int]] = []
    data = distant(asked)
    assert data[1_000 + ranges.NEAR] == DATA[1_000 + ranges.NEAR]
    assert [start for start, _ in asked] == [1_000]


def looking_ahead(asked: list[tuple[int, int]], begun: list[tuple[int, int]], fault: Exception | None = None) -> Ranges:
    def fetch(start: int, end: int) -> bytes:
        asked.append((start, end))
        return DATA[start:end]

    def begin(start: int, end: int) -> Future[bytes]:
        begun.append((start, end))
        coming: Future[bytes] = Future()
        if fault is not None:
            coming.set_exception(fault)
        else:
            coming.set_result(DATA[start:end])
        return coming

    return Ranges(fetch, SIZE, DATA[:1_000], Transfer(), begin)


def test_what_comes_next_is_asked_for_ahead() -> None:
    """Two equal leaps, 300,000 to 400,000 to 500,000, tell the other 24, and one more, to the file's last 512 bytes."""
    asked: list[tuple[int, int]] = []
    begun: list[tuple[int, int]] = []
    data = looking_ahead(asked, begun)
    for at in range(300_000, SIZE, 100_000):
        assert data[at : at + 50] == DATA[at : at + 50]
    assert [start for start, _ in asked] == [300_000, 400_000, 500_000]
    assert len(begun) == 25


def test_what_failed_ahead_is_asked_for_again() -> None:
    asked: list[tuple[int, int]] = []
    data = looking_ahead(asked, [], UnreadableModel("gone"))
    for at in range(300_000, SIZE, 100_000):
        assert data[at : at + 50] == DATA[at : at + 50]
    assert len(asked) == 27


@pytest.mark.parametrize("seed", range(20))
def test_looking_ahead_changes_no_byte(seed: int) -> None:
    chance = random.Random(seed)
    data, at = looking_ahead([], []), 0
    strides = [chance.choice([20_000, 70_000, 150_000]) for _ in range(chance.choice([1, 2, 3]))]
    for turn in range(200):
        at += strides[turn % len(strides)] + chance.choice([0, 0, 0, 3, 700, 90_000])
        length = chance.choice([1, 100, 9_000, 40_000])
        if chance.random() < 0.05:
            at = chance.randrange(SIZE)
        assert data[at : at + length] == DATA[at : at + length]


@pytest.mark.parametrize("at", [SIZE, -1])
def test_there_is_nothing_beyond_the_end(at: int) -> None:
    with pytest.raises(IndexError):
        distant([])[at]


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "REQUESTS_LIMIT", 3)
    data = distant([])
    with pytest.raises(UnreadableModel, match="download it, and audit the file"):
        [data[at] for at in range(0, SIZE, 200_000)]


def test_it_is_a_file() -> None:
    file = RangesFile(distant([]))
    assert file.seek(-10, io.SEEK_END) == SIZE - 10
    assert file.read() == DATA[-10:]
    assert file.read(5) == b""
    file.seek(7)
    file.seek(3, io.SEEK_CUR)
    assert (file.read(4), file.tell()) == (DATA[10:14], 14)
    with pytest.raises(OSError, match="Invalid"):
        file.seek(-1)


def test_what_was_read_in_words() -> None:
    assert str(Transfer(1_213_000_000, 400_000, 104)) == "read 0.4 of 1,213.0 MB in 104 requests"
    assert str(Transfer(27_348, 27_348, 1)) == "read 27.3 of 27.3 kB in 1 request"

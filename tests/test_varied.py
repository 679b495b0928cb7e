"""Is still said of the gallery's graphs, changed in one place, what was said of them?"""

from __future__ import annotations

import os

import pytest

from tests.gallery import Picture, pictures
from tests.varied import answers, recorded, write

if os.environ.get("WRITE_GOLDEN"):
    write()

RECORDED = recorded()


@pytest.mark.parametrize("picture", pictures(), ids=lambda picture: picture.title)
def test_what_is_said_of_changed_graphs_is_as_it_was(picture: Picture) -> None:
    assert answers(picture) == RECORDED[picture.title]

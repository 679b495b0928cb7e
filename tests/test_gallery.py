"""Is still said of the gallery's graphs what was said of them?"""

from __future__ import annotations

import os

import pytest

from shortcut_audit.pipeline import audit_draft
from tests.gallery import Picture, pictures, told, write

if os.environ.get("WRITE_GOLDEN"):
    write(pictures())


@pytest.mark.parametrize("picture", pictures(), ids=lambda picture: picture.title)
def test_a_verdict_is_as_it_was(picture: Picture) -> None:
    assert told(audit_draft(picture.draft())) == picture.verdict

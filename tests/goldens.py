"""Is this text, whole, the one that was accepted?

    WRITE_GOLDEN=1 pytest tests/reporters

writes the texts anew; what changed is then for a person to read.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def check(name: str, text: str) -> None:
    """Compares a text with tests/golden/NAME."""
    file = FOLDER / name
    if os.environ.get("WRITE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")

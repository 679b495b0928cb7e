"""Which picture opens the README? Draws samples/resnet18.svg from samples/resnet18.onnx.

python samples/make_picture.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from shortcut_audit import audit
from shortcut_audit.reporters.figure.svg import draw

FOLDER = Path(__file__).parent


def picture() -> str:
    """The drawing, whatever folder it is made in."""
    return draw(replace(audit(FOLDER / "resnet18.onnx"), source="resnet18.onnx"))


if __name__ == "__main__":
    (FOLDER / "resnet18.svg").write_text(picture(), encoding="utf-8")

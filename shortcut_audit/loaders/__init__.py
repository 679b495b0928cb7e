"""What graph is in this file? One module a source; each framework is imported in its own module only, lazily."""

from __future__ import annotations

from pathlib import Path

from shortcut_audit.draft import Draft


def load(source: str) -> Draft:
    """The model in a file, as the file tells it. The suffix decides the format, or the content where there is none.

    Raises UnreadableModel when the file is no model that can be read.
    """
    path = Path(source)
    if path.suffix.lower() == ".pt2":
        from shortcut_audit.loaders.pt2 import load as load_pt2

        return load_pt2(path)
    from shortcut_audit.loaders.onnx_file import load as load_onnx

    return load_onnx(path)

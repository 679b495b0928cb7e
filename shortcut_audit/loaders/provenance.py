"""Where in the user's code does a node come from, as exporters record it?"""

from __future__ import annotations

import re
from functools import lru_cache

from shortcut_audit.graph.model import Source
from shortcut_audit.names import PATH_LIMIT, displayable

FRAME = re.compile(r'^[ \t]*File "([^"\n]+)", line (\d{1,9})\b', re.MULTILINE)
"""A line of a Python traceback that names a place."""

SUBSCRIPT = re.compile(r"\[['\"]?([^\[\]'\"]*)['\"]?\]")
"""A part of a module's path as Python writes it: "[0]", "['self']"."""

LONGEST = 2**16
"""Characters of a traceback, or of a module's path, that are looked at: the last ones."""


@lru_cache(maxsize=8)  # the nodes of one line of a model's code stand together
def innermost_frame(trace: str) -> Source | None:
    """The line of the last frame of a traceback, code that was generated ("<eval_with_key>.7") left aside."""
    frames = FRAME.findall(trace[-LONGEST:])
    places = [(file, int(line)) for file, line in frames if not file.startswith("<")]
    return Source(displayable(places[-1][0], PATH_LIMIT), places[-1][1]) if places else None


def module_path(path: str) -> str:
    """The dotted path of a module as PyTorch's `named_modules` has it: "layer1.0".

    Exporters write "L['self'].layer1[0]", and for what was traced in another way a note that begins with an underscore.
    """
    if path.startswith("_empty_nn_module_stack"):
        return ""
    path = SUBSCRIPT.sub(r".\1", path[-LONGEST:])
    return path.removeprefix("L.self").removeprefix("L__self__").strip(".")

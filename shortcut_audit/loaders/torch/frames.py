"""Which line of the user's code runs an op while it is traced?

PyTorch keeps only the frames of functions that are called `forward`: of an addition in a helper it records the line
that calls the helper. Here the innermost line counts that is the user's, or that of a module of torch.nn.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from traceback import FrameSummary, StackSummary
from typing import Any

from shortcut_audit.loaders.torch.framework import torch


@contextmanager
def innermost_lines() -> Iterator[None]:
    """Within it, what is traced is recorded with the line that runs it.

    PyTorch's filter of frames is replaced. Releases that have none record what they record.
    """
    tracer: Any = import_module("torch.fx.proxy").TracerBase
    original = getattr(tracer, "_filter_traceback_frames", None)
    if original is None:
        yield
        return
    folder = f"{Path(torch().__file__).parent}{os.sep}"

    def innermost(self: Any, summary: StackSummary) -> StackSummary:
        return StackSummary.from_list(_innermost(summary, folder))

    tracer._filter_traceback_frames = innermost  # noqa: SLF001 -- there is no other way to say which frames count
    try:
        yield
    finally:
        tracer._filter_traceback_frames = original  # noqa: SLF001


def _innermost(frames: StackSummary, folder: str) -> list[FrameSummary]:
    """The last frame that counts, if a `forward` is being run at all: nothing before it belongs to the model.

    Code that was generated has no file: the line of its caller is not that of the op, and none is told.
    """
    kept = [frame for frame in frames if _counts(frame.filename, folder)]
    runs = any(frame.name == "forward" for frame in kept)
    return kept[-1:] if runs and not kept[-1].filename.startswith("<") else []


def _counts(filename: str, folder: str) -> bool:
    """Whether a file is not PyTorch's, or defines modules of torch.nn; in module.py is what calls them."""
    modules = f"{folder}nn{os.sep}modules{os.sep}"
    return not filename.startswith(folder) or (filename.startswith(modules) and filename != f"{modules}module.py")

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
    """The last frame that counts, if a `forward` is being run at all: nothing before it belongs to the model."""
    kept = [frame for frame in frames if _counts(frame.filename, folder)]
    runs = next((i for i, frame in enumerate(kept) if frame.name == "forward"), None)
    return [] if runs is None else kept[runs:][-1:]


def _counts(filename: str, folder: str) -> bool:
    """Whether a file is the user's, or defines modules of torch.nn; code that was generated is nobody's."""
    if filename.startswith("<"):
        return False
    return not filename.startswith(folder) or f"{os.sep}nn{os.sep}modules{os.sep}" in filename

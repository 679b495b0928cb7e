"""What does a process that audits have from the start, beside the engine (attempt.py)?

The message classes, which a first file would load. The process that all others are forked from imports this module last
(executors.py).
"""

from __future__ import annotations

import gc

from shortcut_audit.loaders.onnx.messages import classes

classes()
gc.freeze()  # What is loaded is no garbage, and stays where it is: a page that the collector writes to is copied.

"""What has every process that audits from the start?

The engine: it is loaded once, in the process that all others are forked from (executors.py), which imports this module.
"""

from __future__ import annotations

import gc

from shortcut_audit.loaders.onnx.messages import classes

classes()
gc.freeze()  # What is loaded is no garbage, and stays where it is: a page that the collector writes to is copied.
